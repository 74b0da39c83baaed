//! Files that are wrong as a whole, as a user sees it.

use super::{fault, faults};

#[test]
fn yaml_that_ends_too_early() {
    let text = "contents: {packages: [a, b}
";
    insta::assert_snapshot!(fault(text), @"
        error: cannot read YAML: while parsing a flow sequence, expected ',' or ']'
         --> attar.yaml:1:27
          |
        1 | contents: {packages: [a, b}
          |                           ^
    ");
}

#[test]
fn yaml_with_an_unquoted_parameter() {
    let text = "contents:
  files:
    - {from: build/${arch}, to: /app}
";
    insta::assert_snapshot!(fault(text), @"
        error: cannot read YAML: while parsing a flow mapping, did not find expected ',' or '}'
         --> attar.yaml:3:21
          |
        3 |     - {from: build/${arch}, to: /app}
          |                     ^
          |
          = help: text with `${…}` needs quotes inside `{…}` and `[…]`
    ");
}

#[test]
fn yaml_with_an_unquoted_glob() {
    let text = "contents:
  files:
    - from: a
      to: /a
      exclude:
        - **/x
";
    insta::assert_snapshot!(fault(text), @r#"
        error: cannot read YAML: `*` begins an alias, and there is no such anchor
         --> attar.yaml:6:11
          |
        6 |         - **/x
          |           ^
          |
          = help: text that starts with `*` needs quotes: `"**/x"`
    "#);
}

#[test]
fn yaml_with_an_unquoted_removal() {
    let text = "contents:
  without:
    packages:
      - !perl-base
";
    insta::assert_snapshot!(fault(text), @r#"
        error: YAML reads `!perl-base` as a tag, not as text
         --> attar.yaml:4:9
          |
        4 |       - !perl-base
          |         ^^^^^^^^^^ write `"!perl-base"`
    "#);
}

#[test]
fn yaml_with_tabs() {
    let text = "contents:
	packages: [a]
";
    insta::assert_snapshot!(fault(text), @"
        error: cannot read YAML: tabs disallowed within this context (block indentation)
         --> attar.yaml:2:2
          |
        2 |     packages: [a]
          |     ^
          |
          = help: YAML is indented with spaces, never with tabs
    ");
}

#[test]
fn yaml_with_a_colon() {
    let text = "annotations:
  a: b: c
";
    insta::assert_snapshot!(fault(text), @"
        error: cannot read YAML: mapping values are not allowed in this context
         --> attar.yaml:2:7
          |
        2 |   a: b: c
          |       ^
          |
          = help: text with `: ` needs quotes; else look at the indentation
    ");
}

#[test]
fn yaml_with_a_key_twice() {
    let text = "cmd: a
name: acme
cmd: b
";
    insta::assert_snapshot!(fault(text), @"
        error: the key `cmd` stands here twice
         --> attar.yaml:3:1
          |
        1 | cmd: a
          | --- first here
        2 | name: acme
        3 | cmd: b
          | ^^^ again here
    ");
}

#[test]
fn yaml_with_two_documents() {
    let text = "cmd: a
---
cmd: b
";
    insta::assert_snapshot!(fault(text), @"
        error: a spec is one YAML document, found a second
         --> attar.yaml:2:1
          |
        2 | ---
          | ^^^
          |
          = help: `---` begins another document
    ");
}

#[test]
fn yaml_that_is_a_list() {
    let text = "- a
- b
";
    insta::assert_snapshot!(fault(text), @"
        error: a spec is a map, found a list
         --> attar.yaml:1:1
          |
        1 | - a
          | ^^^
          |
          = help: it begins with keys such as `contents:`
    ");
}

#[test]
fn yaml_that_is_empty() {
    let text = "# nothing yet
";
    insta::assert_snapshot!(fault(text), @"
        error: `attar.yaml` is empty
        help: `attar init` writes a spec to start from
    ");
}

#[test]
fn yaml_with_a_tag() {
    let text = "cmd: !!binary aGVsbG8=
";
    insta::assert_snapshot!(fault(text), @"
        error: a spec has no YAML tags, found `!!binary`
         --> attar.yaml:1:6
          |
        1 | cmd: !!binary aGVsbG8=
          |      ^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn yaml_that_aliases_itself() {
    let text = "contents: &a {files: [*a]}
";
    insta::assert_snapshot!(fault(text), @"
        error: the alias stands inside what it names
         --> attar.yaml:1:23
          |
        1 | contents: &a {files: [*a]}
          |                       ^^
          |
          = help: an anchor cannot hold itself
    ");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    insta::assert_snapshot!(fault("na\u{1b}[31mme: x\n"), @"
        error: unknown key `na␛[31mme`
         --> attar.yaml:1:1
          |
        1 | na␛[31mme: x
          | ^^^^^^^^^
          |
          = help: the keys here are `name`, `include`, `args`, `contents`, `certificates`, `accounts`, `paths`, `entrypoint`, `cmd`, `work-dir`, `stop-signal`, `volumes`, `ports`, `healthcheck`, `environment`, `labels`, `annotations`, `platforms`, `layering`, `compression`, `check`, `start` and `variants`
    ");
}

#[test]
fn files_that_cannot_be_read() {
    insta::assert_snapshot!(faults(&[]), @"error: cannot read `attar.yaml`: no such file");
    insta::assert_snapshot!(faults(&[("attar.yaml", "include: common/base.yaml\n")]), @"
        error: cannot read the included `common/base.yaml`
         --> attar.yaml:1:10
          |
        1 | include: common/base.yaml
          |          ^^^^^^^^^^^^^^^^ no such file
    ");
    insta::assert_snapshot!(fault("include: https://example.org/base.yaml\n"), @"
        error: `include`: expected the path of a file, found `https://example.org/base.yaml`
         --> attar.yaml:1:10
          |
        1 | include: https://example.org/base.yaml
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: a remote include would change what is built without a change here: keep a copy
    ");
}

#[test]
fn an_include_cycle_is_shown() {
    let files = [
        ("attar.yaml", "include: common/a.yaml\n"),
        ("common/a.yaml", "include: [../b.yaml]\n"),
        ("b.yaml", "include: ./common/../attar.yaml\n"),
    ];
    insta::assert_snapshot!(faults(&files), @"
        error: a spec cannot include itself
         --> b.yaml:1:10
          |
        1 | include: ./common/../attar.yaml
          |          ^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: attar.yaml -> common/a.yaml -> b.yaml -> attar.yaml
    ");
}

#[test]
fn what_is_wrong_in_an_included_file_is_shown_there() {
    let files = [
        ("attar.yaml", "include: common/a.yaml\nfoo: 1\n"),
        ("common/a.yaml", "environment: {A: b}\nvolumes: x\n"),
    ];
    insta::assert_snapshot!(faults(&files), @"
        error: unknown key `foo`
         --> attar.yaml:2:1
          |
        2 | foo: 1
          | ^^^
          |
          = help: the keys here are `name`, `include`, `args`, `contents`, `certificates`, `accounts`, `paths`, `entrypoint`, `cmd`, `work-dir`, `stop-signal`, `volumes`, `ports`, `healthcheck`, `environment`, `labels`, `annotations`, `platforms`, `layering`, `compression`, `check`, `start` and `variants`

        error: `volumes`: expected a list, found text
         --> common/a.yaml:2:10
          |
        2 | volumes: x
          |          ^ write `[x]`
    ");
}

#[test]
fn variants_that_do_not_fit() {
    let text = "
variants:
  Debug: {cmd: a}
  root: {extends: [debug], accounts: {run-as: root}}
  a: {name: acme, extends: [b]}
  b: {layering: {budget: 3}, extends: [a], variants: {}}
  c:
";
    insta::assert_snapshot!(fault(text), @"
        error: `variants`: expected a name of lower-case letters, digits, `.`, `_`, `-`, as it becomes part of a tag, found `Debug`
         --> attar.yaml:3:3
          |
        3 |   Debug: {cmd: a}
          |   ^^^^^

        error: `name` cannot differ between variants
         --> attar.yaml:5:7
          |
        5 |   a: {name: acme, extends: [b]}
          |       ^^^^

        error: `layering` cannot differ between variants
         --> attar.yaml:6:7
          |
        6 |   b: {layering: {budget: 3}, extends: [a], variants: {}}
          |       ^^^^^^^^

        error: `variants` cannot differ between variants
         --> attar.yaml:6:44
          |
        6 |   b: {layering: {budget: 3}, extends: [a], variants: {}}
          |                                            ^^^^^^^^

        error: the variant `c` has no value
         --> attar.yaml:7:3
          |
        7 |   c:
          |   ^
          |
          = help: `{}` is a variant without a difference
    ");
    let text = "
variants:
  debug: {cmd: a}
  root: {extends: [debgu], accounts: {run-as: root}}
  a: {extends: [b]}
  b: {extends: [a]}
";
    insta::assert_snapshot!(fault(text), @"
        error: there is no variant `debgu`
         --> attar.yaml:4:20
          |
        4 |   root: {extends: [debgu], accounts: {run-as: root}}
          |                    ^^^^^ did you mean `debug`?
          |
          = help: the variants are `a`, `b`, `debug` and `root`

        error: the variant `a` extends itself
         --> attar.yaml:5:17
          |
        5 |   a: {extends: [b]}
          |                 ^

        error: the variant `b` extends itself
         --> attar.yaml:6:17
          |
        6 |   b: {extends: [a]}
          |                 ^
    ");
}
