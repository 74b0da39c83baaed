//! Keys and types that are wrong, as a user sees it.

use super::fault;

#[test]
fn an_unknown_key_names_the_nearest() {
    let text = "entrypont: [/app]
";
    insta::assert_snapshot!(fault(text), @"
        error: unknown key `entrypont`
         --> attar.yaml:1:1
          |
        1 | entrypont: [/app]
          | ^^^^^^^^^ did you mean `entrypoint`?
    ");
}

#[test]
fn an_unknown_key_without_a_near_one_lists_what_there_is() {
    let text = "layering: {foo: 1}
";
    insta::assert_snapshot!(fault(text), @"
        error: unknown key `foo`
         --> attar.yaml:1:12
          |
        1 | layering: {foo: 1}
          |            ^^^
          |
          = help: the keys here are `strategy` and `budget`
    ");
}

#[test]
fn a_key_of_another_tool_is_understood() {
    let text = "env: {A: b}
expose: [80]
workdir: /srv
user: app
";
    insta::assert_snapshot!(fault(text), @"
        error: unknown key `env`
         --> attar.yaml:1:1
          |
        1 | env: {A: b}
          | ^^^ did you mean `environment`?

        error: unknown key `expose`
         --> attar.yaml:2:1
          |
        2 | expose: [80]
          | ^^^^^^ did you mean `ports`?

        error: unknown key `workdir`
         --> attar.yaml:3:1
          |
        3 | workdir: /srv
          | ^^^^^^^ did you mean `work-dir`?

        error: unknown key `user`
         --> attar.yaml:4:1
          |
        4 | user: app
          | ^^^^ `run-as` stands in `accounts`
    ");
}

#[test]
fn a_key_on_the_wrong_level_is_sent_home() {
    let text = "packages: [libc6]
run-as: app
contents:
  volumes: [/data]
";
    insta::assert_snapshot!(fault(text), @"
        error: unknown key `packages`
         --> attar.yaml:1:1
          |
        1 | packages: [libc6]
          | ^^^^^^^^ `packages` stands in `contents`

        error: unknown key `run-as`
         --> attar.yaml:2:1
          |
        2 | run-as: app
          | ^^^^^^ `run-as` stands in `accounts`

        error: unknown key `volumes`
         --> attar.yaml:4:3
          |
        4 |   volumes: [/data]
          |   ^^^^^^^ `volumes` stands at the top level
    ");
}

#[test]
fn several_errors_come_at_once() {
    let text = "name: Acme/Report
contents:
  packages:
    - libc6=2.41
    - {name: libssl3t64, only: [/usr/lib], without: [manuals]}
  files:
    - {from: dist/app, text: x, to: app}
platforms: [linux/amd46]
";
    insta::assert_snapshot!(fault(text), @"
        error: `name`: expected a repository such as `acme/report`, found `Acme/Report`
         --> attar.yaml:1:7
          |
        1 | name: Acme/Report
          |       ^^^^^^^^^^^
          |
          = help: repositories are lower case

        error: `packages`: expected `name` or `name (>= version)`, found `libc6=2.41`
         --> attar.yaml:4:7
          |
        4 |     - libc6=2.41
          |       ^^^^^^^^^^ write `libc6 (= 2.41)`

        error: `without`: expected a glob that starts with `/`, or the name of a set, found `manuals`
         --> attar.yaml:5:54
          |
        5 |     - {name: libssl3t64, only: [/usr/lib], without: [manuals]}
          |                                                      ^^^^^^^ did you mean `man`?
          |
          = help: the sets are `completions`, `debug`, `desktop`, `development`, `docs`, `gconv`, `info`, `locales`, `man`, `packaging`, `python-tests`, `services`, `tools`

        error: `from` and `text` exclude each other
         --> attar.yaml:7:24
          |
        7 |     - {from: dist/app, text: x, to: app}
          |        ----            ^^^^
          |
          = help: exactly one of `from`, `text`, `archive` says what the file holds

        error: `to`: expected a path that starts with `/`, found `app`
         --> attar.yaml:7:37
          |
        7 |     - {from: dist/app, text: x, to: app}
          |                                     ^^^ write `/app`

        error: `platforms`: expected a platform such as `linux/arm64`, found `linux/amd46`
         --> attar.yaml:8:13
          |
        8 | platforms: [linux/amd46]
          |             ^^^^^^^^^^^ did you mean `linux/amd64`?
    ");
}

#[test]
fn a_wrong_type_says_what_to_write() {
    let text = r#"volumes: /data
environment: [A=b]
accounts: {users: [{username: app, uid: "10001"}]}
layering: {budget: many}
contents: {full-relations: yes}
"#;
    insta::assert_snapshot!(fault(text), @r#"
        error: `volumes`: expected a list, found text
         --> attar.yaml:1:10
          |
        1 | volumes: /data
          |          ^^^^^ write `[/data]`

        error: `environment`: expected a map, found a list
         --> attar.yaml:2:14
          |
        2 | environment: [A=b]
          |              ^^^^^
          |
          = help: a map is written `NAME: value`, without dashes

        error: `uid`: expected a number, found text
         --> attar.yaml:3:41
          |
        3 | accounts: {users: [{username: app, uid: "10001"}]}
          |                                         ^^^^^^^ write `10001` without quotes

        error: `budget`: expected a number, found `many`
         --> attar.yaml:4:20
          |
        4 | layering: {budget: many}
          |                    ^^^^

        error: `full-relations`: expected `true` or `false`, found `yes`
         --> attar.yaml:5:28
          |
        5 | contents: {full-relations: yes}
          |                            ^^^ write `true`
    "#);
}

#[test]
fn labels_as_one_text() {
    let text = "labels: a=b
";
    insta::assert_snapshot!(fault(text), @"
        error: `labels`: expected a map, found text
         --> attar.yaml:1:9
          |
        1 | labels: a=b
          |         ^^^ write `{a: b}`
    ");
}

#[test]
fn text_that_looks_like_a_number() {
    let text = "name: 5
contents: {without: {packages: [1.0]}}
";
    insta::assert_snapshot!(fault(text), @r#"
        error: `name`: expected text, found a number
         --> attar.yaml:1:7
          |
        1 | name: 5
          |       ^ write `"5"`

        error: `packages`: expected text, found a number
         --> attar.yaml:2:33
          |
        2 | contents: {without: {packages: [1.0]}}
          |                                 ^^^ write `"1.0"`
    "#);
}

#[test]
fn a_word_of_a_choice() {
    let text = "contents: {foundation: statik}
paths: [{path: /a, type: dir}]
";
    insta::assert_snapshot!(fault(text), @"
        error: `foundation`: expected `static` or `none`, found `statik`
         --> attar.yaml:1:24
          |
        1 | contents: {foundation: statik}
          |                        ^^^^^^ did you mean `static`?

        error: `type`: expected `directory`, `empty-file`, `hardlink`, `symlink` or `permissions`, found `dir`
         --> attar.yaml:2:26
          |
        2 | paths: [{path: /a, type: dir}]
          |                          ^^^ did you mean `directory`?
    ");
}

#[test]
fn a_missing_key_says_what_it_is() {
    let text = "accounts: {users: [{username: app}]}
";
    insta::assert_snapshot!(fault(text), @"
        error: `users`: `uid` is missing
         --> attar.yaml:1:20
          |
        1 | accounts: {users: [{username: app}]}
          |                    ^^^^^^^^^^^^^^^
          |
          = help: `uid`: the user's number
    ");
}

#[test]
fn base_is_reserved() {
    let text = "base: debian:13
";
    insta::assert_snapshot!(fault(text), @"
        error: `base` has no meaning here
         --> attar.yaml:1:1
          |
        1 | base: debian:13
          | ^^^^
          |
          = help: `base` is reserved: building upon another image comes later
    ");
}

#[test]
fn a_number_with_a_zero_before_it() {
    let text = "accounts: {users: [{username: a, uid: 010}]}
";
    insta::assert_snapshot!(fault(text), @"
        error: `uid`: expected a decimal number, found `010`
         --> attar.yaml:1:39
          |
        1 | accounts: {users: [{username: a, uid: 010}]}
          |                                       ^^^ write `10` without the zero
    ");
}

#[test]
fn an_empty_value_without_a_base() {
    let text = "environment:
  A:
";
    insta::assert_snapshot!(fault(text), @"
        error: `A` has no value
         --> attar.yaml:2:3
          |
        2 |   A:
          |   ^
          |
          = help: an empty value takes out what an included spec or, for a variant, the plain image has
    ");
}

#[test]
fn an_empty_key_without_a_base() {
    let text = "contents:
  packages:
";
    insta::assert_snapshot!(fault(text), @"
        error: `packages` has no value
         --> attar.yaml:2:3
          |
        2 |   packages:
          |   ^^^^^^^^
          |
          = help: an empty value takes out what an included spec or, for a variant, the plain image has
    ");
}

#[test]
fn an_empty_item() {
    let text = "contents:
  packages:
    - curl
    -
";
    insta::assert_snapshot!(fault(text), @"
        error: `packages` has an item without a value
         --> attar.yaml:4:6
          |
        4 |     -
          |      ^
    ");
}

#[test]
fn what_is_wrong_with_accepted_findings() {
    let text = "check:
  profile: runtme
  allow:
    - {id: d1, reason: no}
    - {id: shell, reason: no}
    - {id: D10}
    - {id: D08, reason: \" \", expires: 2027-02-30, paths: [usr/bin/su]}
  fail-on: warn
  limits: {size: 20 parsecs, unreachable: 1.5MB, layer: 5}
";
    insta::assert_snapshot!(fault(text), @r#"
        error: `profile`: expected `strict`, `runtime`, `init`, `debug`, `static`, `base`, `java`, `node` or `python`, found `runtme`
         --> attar.yaml:2:12
          |
        2 |   profile: runtme
          |            ^^^^^^ did you mean `runtime`?

        error: `id`: expected a check from `D01` to `D17`, found `d1`
         --> attar.yaml:4:12
          |
        4 |     - {id: d1, reason: no}
          |            ^^ did you mean `D01`?

        error: `id`: expected a check from `D01` to `D17`, found `shell`
         --> attar.yaml:5:12
          |
        5 |     - {id: shell, reason: no}
          |            ^^^^^ did you mean `D01`?

        error: `allow`: `reason` is missing
         --> attar.yaml:6:7
          |
        6 |     - {id: D10}
          |       ^^^^^^^^^
          |
          = help: `reason`: why what it finds may be there

        error: `reason`: expected words that say why, found ` `
         --> attar.yaml:7:25
          |
        7 |     - {id: D08, reason: " ", expires: 2027-02-30, paths: [usr/bin/su]}
          |                         ^^^

        error: `expires`: expected a day such as `2027-06-30`, found `2027-02-30`
         --> attar.yaml:7:39
          |
        7 |     - {id: D08, reason: " ", expires: 2027-02-30, paths: [usr/bin/su]}
          |                                       ^^^^^^^^^^

        error: `paths`: expected a glob that starts with `/`, or a setting such as `env:NAME`, found `usr/bin/su`
         --> attar.yaml:7:59
          |
        7 |     - {id: D08, reason: " ", expires: 2027-02-30, paths: [usr/bin/su]}
          |                                                           ^^^^^^^^^^ write `/usr/bin/su`

        error: `fail-on`: expected `fail`, `warning`, `info` or `never`, found `warn`
         --> attar.yaml:8:12
          |
        8 |   fail-on: warn
          |            ^^^^ did you mean `warning`?

        error: `size`: expected a size such as `20 MB` or `512 KiB`, found `20 parsecs`
         --> attar.yaml:9:18
          |
        9 |   limits: {size: 20 parsecs, unreachable: 1.5MB, layer: 5}
          |                  ^^^^^^^^^^
    "#);
}
