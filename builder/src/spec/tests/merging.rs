//! How layers of a spec are put upon each other: one test for each rule.

use serde_json::{Value, json};

use super::{Selection, faults, image, load_files};

/// Returns one value of the effective spec of an image, by JSON pointer.
fn value(files: &[(&str, &str)], variant: Option<&str>, pointer: &str) -> Value {
    let spec = serde_json::to_value(image(files, variant).spec).expect("a spec is JSON");
    spec.pointer(pointer).cloned().unwrap_or_default()
}

/// Returns one value of a spec that lies upon another.
fn merged(base: &str, overlay: &str, pointer: &str) -> Value {
    let overlay = format!("include: base.yaml\n{overlay}");
    value(&[("base.yaml", base), ("attar.yaml", &overlay)], None, pointer)
}

/// Returns what is said about a spec that lies upon another.
fn wrong(base: &str, overlay: &str) -> String {
    let overlay = format!("include: base.yaml\n{overlay}");
    faults(&[("base.yaml", base), ("attar.yaml", &overlay)])
}

#[test]
fn maps_merge() {
    let base = "environment: {A: base, B: base}\naccounts: {run-as: root}\n";
    let overlay = "environment: {B: overlay, C: overlay}\nlayering: {budget: 3}\n";
    assert_eq!(merged(base, overlay, "/environment"), json!({"A": "base", "B": "overlay", "C": "overlay"}));
    assert_eq!(merged(base, overlay, "/accounts"), json!({"run-as": "root"}));
    assert_eq!(merged(base, overlay, "/layering"), json!({"strategy": "origin", "budget": 3}));
}

#[test]
fn packages_merge_by_name_and_the_later_takes_the_place_of_the_earlier() {
    let base = "contents: {packages: [curl, 'git (>= 2)', zsh]}\n";
    let overlay = "contents: {packages: [{name: git, only: [/usr/bin/git]}, bash]}\n";
    assert_eq!(
        merged(base, overlay, "/contents/packages"),
        json!(["curl", {"name": "git", "only": ["/usr/bin/git"]}, "zsh", "bash"])
    );
}

#[test]
fn accounts_merge_by_name() {
    let base =
        "accounts:\n  users: [{username: a, uid: 7, shell: /bin/sh}]\n  groups: [{groupname: g, gid: 7}]\n";
    let overlay = "accounts:\n  users: [{username: a, uid: 8}, {username: b, uid: 9}]\n  groups: [{groupname: g, gid: 8}]\n";
    assert_eq!(
        merged(base, overlay, "/accounts/users"),
        json!([{"username": "a", "uid": 8}, {"username": "b", "uid": 9}])
    );
    assert_eq!(merged(base, overlay, "/accounts/groups"), json!([{"groupname": "g", "gid": 8}]));
}

#[test]
fn files_merge_by_target_in_any_spelling() {
    let base = "contents: {files: [{text: a, to: /etc/motd}, {text: b, to: /etc/issue}]}\n";
    let overlay = "contents: {files: [{from: motd, to: //etc/./motd}]}\n";
    assert_eq!(
        merged(base, overlay, "/contents/files"),
        json!([{"from": "motd", "to": "//etc/./motd"}, {"text": "b", "to": "/etc/issue"}])
    );
}

#[test]
fn files_below_a_directory_merge_by_source_as_well() {
    let base = "contents: {files: [{from: a, to: /app/}, {from: b, to: /app/}]}\n";
    let overlay = "contents: {files: [{from: ./b, to: /app/, owner: app}, {archive: b, to: /app/}]}\n";
    assert_eq!(
        merged(base, overlay, "/contents/files"),
        json!([
            {"from": "a", "to": "/app/"},
            {"from": "b", "to": "/app/", "owner": "app"},
            {"archive": "b", "to": "/app/"},
        ])
    );
}

#[test]
fn a_source_is_the_same_file_whichever_directory_names_it() {
    let files = [
        ("common/base.yaml", "contents: {files: [{from: ../app, to: /a/}, {from: app, to: /a/}]}\n"),
        (
            "attar.yaml",
            "include: common/base.yaml\ncontents: {files: [{from: app, to: /a/, remove: true}]}\n",
        ),
    ];
    assert_eq!(value(&files, None, "/contents/files"), json!([{"from": "common/app", "to": "/a/"}]));
}

#[test]
fn paths_merge_by_path() {
    let base = "paths: [{path: /data, type: directory}, {path: /x, type: empty-file}]\n";
    let overlay = "paths: [{path: /data/../data, type: directory}]\n";
    insta::assert_snapshot!(wrong(base, overlay), @"
        error: `path`: expected a path without `..`, found `/data/../data`
         --> attar.yaml:2:16
          |
        2 | paths: [{path: /data/../data, type: directory}]
          |                ^^^^^^^^^^^^^
    ");
    let overlay = "paths: [{path: /x, type: symlink, source: y}]\n";
    assert_eq!(
        merged(base, overlay, "/paths"),
        json!([{"path": "/data", "type": "directory"}, {"path": "/x", "type": "symlink", "source": "y"}])
    );
}

#[test]
fn repositories_merge_by_kind_and_value() {
    let base = "contents:\n  repositories: [{debian: trixie}, {debs: ./local}]\n";
    let overlay = "contents:\n  repositories: [{debs: local/, priority: 5}, {debian: sid}]\n";
    assert_eq!(
        merged(base, overlay, "/contents/repositories"),
        json!([{"debian": "trixie"}, {"debs": "local", "priority": 5}, {"debian": "sid"}])
    );
}

#[test]
fn certificates_merge_by_file_or_name() {
    let pem = "content: \"-----BEGIN CERTIFICATE-----\\n-----END CERTIFICATE-----\\n\"";
    let base = format!("certificates: {{additional: [a.pem, {{name: b, {pem}}}]}}\n");
    let overlay = "certificates: {additional: [./a.pem, c.pem, {name: b, remove: true}]}\n";
    assert_eq!(merged(&base, overlay, "/certificates/additional"), json!(["a.pem", "c.pem"]));
    assert_eq!(
        merged(
            "certificates: {additional: [a.pem]}\n",
            "certificates: {additional: ['!a.pem']}\n",
            "/certificates"
        ),
        Value::Null
    );
}

#[test]
fn accepted_findings_merge_by_object_and_library() {
    let base = "start: {allow: [{path: /a, missing: x, reason: r}, {path: /a, missing: y, reason: r}]}\n";
    let overlay = "start: {allow: [{path: /a, missing: y, remove: true}]}\n";
    assert_eq!(merged(base, overlay, "/start/allow"), json!([{"path": "/a", "missing": "x", "reason": "r"}]));
}

#[test]
fn the_same_key_twice_in_one_file_is_an_error() {
    insta::assert_snapshot!(wrong("{}", "contents:\n  packages:\n    - git\n    - {name: git (>= 2)}\n"), @"
        error: `packages` has this entry twice in one file
         --> attar.yaml:5:7
          |
        4 |     - git
          |       --- first here
        5 |     - {name: git (>= 2)}
          |       ^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn remove_takes_an_entry_out() {
    let base = "contents: {packages: [a1, b1, c1], files: [{text: x, to: /x}]}\npaths: [{path: /d, type: directory}]\n";
    let overlay = "contents: {packages: [{name: b1, remove: true}, '!c1'], files: [{to: /x, remove: true}]}\n\
                   paths: [{path: /d, remove: true}]\n";
    assert_eq!(merged(base, overlay, "/contents/packages"), json!(["a1"]));
    assert_eq!(merged(base, overlay, "/contents/files"), Value::Null);
    assert_eq!(merged(base, overlay, "/paths"), Value::Null);
}

#[test]
fn remove_says_nothing_else() {
    let overlay = "contents:\n  packages: [{name: a1, only: [/x], remove: true}]\n  files: [{to: /x, remove: yes}, {remove: true}]\n";
    insta::assert_snapshot!(wrong("{}", overlay), @"
        error: `only` has no meaning beside `remove: true`
         --> attar.yaml:3:25
          |
        3 |   packages: [{name: a1, only: [/x], remove: true}]
          |                         ^^^^
          |
          = help: an entry is taken out by `name` alone

        error: `remove`: expected `true`, found `yes`
         --> attar.yaml:4:28
          |
        4 |   files: [{to: /x, remove: yes}, {remove: true}]
          |                            ^^^

        error: which entry of `files` is to be removed?
         --> attar.yaml:4:34
          |
        4 |   files: [{to: /x, remove: yes}, {remove: true}]
          |                                  ^^^^^^^^^^^^^^
          |
          = help: an entry is named by `to`, `from` and `archive`
    ");
}

#[test]
fn lists_of_names_are_appended_and_a_mark_takes_one_out() {
    let base = "contents: {without: {packages: [a1, b1]}}\nvolumes: [/a, /b]\nports: [80]\n";
    let overlay =
        "contents: {without: {packages: ['!a1', c1]}}\nvolumes: [/c, '!/a', /b]\nports: [443, '!80']\n";
    assert_eq!(merged(base, overlay, "/contents/without/packages"), json!(["b1", "c1"]));
    assert_eq!(merged(base, overlay, "/volumes"), json!(["/b", "/c"]));
    assert_eq!(merged(base, overlay, "/ports"), json!(["443"]));
}

#[test]
fn patterns_are_appended_and_a_mark_keeps_its_meaning() {
    let base = "contents: {without: {paths: [docs, /usr/share/x]}}\n";
    let overlay = "contents: {without: {paths: ['!/usr/share/x/y', docs]}}\n";
    assert_eq!(
        merged(base, overlay, "/contents/without/paths"),
        json!(["docs", "/usr/share/x", "!/usr/share/x/y", "docs"])
    );
}

#[test]
fn commands_platforms_and_scalars_replace() {
    let base = "entrypoint: [/a, x]\ncmd: [y]\nplatforms: [linux/amd64, linux/arm64]\nwork-dir: /a\n";
    let overlay = "entrypoint: {command: /b}\ncmd: z w\nplatforms: [linux/amd64]\nwork-dir: /b\n";
    assert_eq!(merged(base, overlay, "/entrypoint"), json!({"command": ["/b"]}));
    assert_eq!(merged(base, overlay, "/cmd"), json!(["z", "w"]));
    assert_eq!(merged(base, overlay, "/platforms"), json!(["linux/amd64"]));
    assert_eq!(merged(base, overlay, "/work-dir"), json!("/b"));
    // Where both are maps they merge, and what is a list in them replaces.
    let base = "entrypoint: {command: [/a, x]}\nhealthcheck: {command: [/h, x], retries: 3}\n";
    let overlay = "entrypoint: {command: [/b]}\nhealthcheck: {command: [/i]}\n";
    assert_eq!(merged(base, overlay, "/entrypoint"), json!({"command": ["/b"]}));
    assert_eq!(merged(base, overlay, "/healthcheck"), json!({"command": ["/i"], "retries": 3}));
}

#[test]
fn another_spelling_of_a_key_is_the_same_key() {
    assert_eq!(merged("archs: [x86_64]\n", "platforms: [arm64]\n", "/platforms"), json!(["linux/arm64"]));
    assert_eq!(merged("platforms: [arm64]\n", "archs: [x86_64]\n", "/platforms"), json!(["linux/amd64"]));
}

#[test]
fn an_empty_value_takes_a_key_out() {
    let base = "environment: {A: a, B: b}\nargs: {X: x}\nlabels: {l: a}\nannotations: {n: a}\ncmd: [a]\nwork-dir: /a\n";
    let overlay =
        "environment: {A: }\nargs: {X: ~}\nlabels: {l: null}\nannotations: {n: ~}\ncmd:\nwork-dir: ~\n";
    for (pointer, left) in [
        ("/environment", json!({"B": "b"})),
        ("/args", Value::Null),
        ("/labels", Value::Null),
        ("/annotations", Value::Null),
        ("/cmd", Value::Null),
        ("/work-dir", Value::Null),
    ] {
        assert_eq!(merged(base, overlay, pointer), left, "{pointer}");
    }
    assert_eq!(
        merged("contents: {packages: [a1]}\n", "contents: {packages: ~}\n", "/contents/packages"),
        Value::Null
    );
}

#[test]
fn an_empty_text_is_a_value() {
    assert_eq!(merged("environment: {A: a}\n", "environment: {A: ''}\n", "/environment"), json!({"A": ""}));
    assert_eq!(merged("environment: {A: a}\n", "environment: {A: '~'}\n", "/environment"), json!({"A": "~"}));
}

#[test]
fn an_empty_value_is_an_error_anywhere_else() {
    let overlay = "contents:\n  packages: [~]\n  files: [{from: ~, text: x, to: /x}]\n";
    insta::assert_snapshot!(wrong("{}", overlay), @"
        error: `packages` has an item without a value
         --> attar.yaml:3:14
          |
        3 |   packages: [~]
          |              ^

        error: `from` has no value
         --> attar.yaml:4:12
          |
        4 |   files: [{from: ~, text: x, to: /x}]
          |            ^^^^

        error: `from` and `text` exclude each other
         --> attar.yaml:4:21
          |
        4 |   files: [{from: ~, text: x, to: /x}]
          |            ----     ^^^^
          |
          = help: exactly one of `from`, `text`, `archive` says what the file holds
    ");
}

#[test]
fn taking_out_what_is_not_there_is_an_error() {
    let base = "environment: {A: a}\ncontents: {packages: [git]}\n";
    let overlay = "\
environment: {B: ~}
volumes: ~
contents:
  packages: ['!curl', {name: zsh, remove: true}]
  files: [{to: /app/, from: x, remove: true}]
  without: {packages: ['!perl-base']}
";
    insta::assert_snapshot!(wrong(base, overlay), @"
        error: cannot take out `B`: it is not there
         --> attar.yaml:2:15
          |
        2 | environment: {B: ~}
          |               ^
          |
          = help: neither an included spec nor, for a variant, the plain image has it

        error: cannot take out `volumes`: it is not there
         --> attar.yaml:3:1
          |
        3 | volumes: ~
          | ^^^^^^^
          |
          = help: neither an included spec nor, for a variant, the plain image has it

        error: cannot take out `curl`: it is not there
         --> attar.yaml:5:14
          |
        5 |   packages: ['!curl', {name: zsh, remove: true}]
          |              ^^^^^^^
          |
          = help: neither an included spec nor, for a variant, the plain image has it

        error: cannot take out `zsh`: it is not there
         --> attar.yaml:5:23
          |
        5 |   packages: ['!curl', {name: zsh, remove: true}]
          |                       ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: neither an included spec nor, for a variant, the plain image has it

        error: cannot take out `/app/` and `from x`: it is not there
         --> attar.yaml:6:11
          |
        6 |   files: [{to: /app/, from: x, remove: true}]
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: neither an included spec nor, for a variant, the plain image has it

        error: cannot take out `perl-base`: it is not there
         --> attar.yaml:7:24
          |
        7 |   without: {packages: ['!perl-base']}
          |                        ^^^^^^^^^^^^
          |
          = help: neither an included spec nor, for a variant, the plain image has it
    ");
}

#[test]
fn the_included_spec_is_the_base_and_its_paths_are_its_own() {
    let files = [
        (
            "common/base.yaml",
            "contents:\n  repositories: [{debs: debs}, {deb: 'https://packages.example.org/', suites: [./], signed-by: ../keys/a.asc}]\n  \
             packages: [{name: acme, from: ./debs}]\n  files: [{from: {amd64: ./a, arm64: /abs}, to: /a}, {archive: v.tar, to: /v}]\n\
             certificates: {additional: [ca.pem]}\n",
        ),
        ("attar.yaml", "include: common/base.yaml\ncontents: {files: [{from: ./b, to: /b}]}\n"),
    ];
    assert_eq!(
        value(&files, None, "/contents"),
        json!({
            "repositories": [
                {"debs": "common/debs"},
                {"deb": "https://packages.example.org/", "suites": ["./"], "signed-by": "common/../keys/a.asc"},
            ],
            "packages": [{"name": "acme", "from": "common/debs"}],
            "files": [
                {"from": {"linux/amd64": "common/a", "linux/arm64": "/abs"}, "to": "/a"},
                {"archive": "common/v.tar", "to": "/v"},
                {"from": "b", "to": "/b"},
            ],
            "foundation": "static",
        })
    );
    assert_eq!(value(&files, None, "/certificates/additional"), json!(["common/ca.pem"]));
}

#[test]
fn several_includes_lie_upon_each_other_and_each_file_counts_once() {
    let files = [
        ("a.yaml", "environment: {X: a, Y: a, Z: a}\n"),
        ("b.yaml", "include: a.yaml\nenvironment: {X: b, Y: b}\n"),
        ("c.yaml", "include: ./a.yaml\nenvironment: {Y: c}\n"),
        ("attar.yaml", "include: [b.yaml, c.yaml]\nenvironment: {W: d}\n"),
    ];
    assert_eq!(value(&files, None, "/environment"), json!({"W": "d", "X": "b", "Y": "c", "Z": "a"}));
}

#[test]
fn variants_lie_upon_the_plain_image_and_upon_what_they_extend() {
    let files = [(
        "attar.yaml",
        "\
contents: {packages: [git]}
variants:
  root: {accounts: {run-as: root}, environment: {V: root}}
  debug: {contents: {packages: [zsh]}, environment: {V: debug}}
  both: {extends: [debug, root], contents: {packages: ['!git']}}
",
    )];
    assert_eq!(value(&files, None, "/contents/packages"), json!(["git"]));
    assert_eq!(value(&files, Some("debug"), "/contents/packages"), json!(["git", "zsh"]));
    assert_eq!(value(&files, Some("both"), "/contents/packages"), json!(["zsh"]));
    assert_eq!(value(&files, Some("both"), "/environment"), json!({"V": "root"}));
    assert_eq!(value(&files, Some("both"), "/accounts"), json!({"run-as": "root"}));
    assert_eq!(value(&files, Some("root"), "/contents/packages"), json!(["git"]));
}

#[test]
fn variants_of_an_included_spec_merge() {
    let files = [
        ("base.yaml", "variants: {debug: {environment: {A: base, B: base}}}\n"),
        (
            "attar.yaml",
            "include: base.yaml\ncmd: a\nvariants: {debug: {environment: {B: ~, C: top}}, x: {extends: [debug]}}\n",
        ),
    ];
    assert_eq!(value(&files, Some("debug"), "/environment"), json!({"A": "base", "C": "top"}));
    assert_eq!(value(&files, Some("x"), "/environment"), json!({"A": "base", "C": "top"}));
}

#[test]
fn what_a_variant_takes_out_must_be_there() {
    let text = "variants:\n  debug: {contents: {packages: ['!git']}}\n";
    insta::assert_snapshot!(faults(&[("attar.yaml", text)]), @"
        error: cannot take out `git`: it is not there
         --> attar.yaml:2:33
          |
        2 |   debug: {contents: {packages: ['!git']}}
          |                                 ^^^^^^
          |
          = help: neither an included spec nor, for a variant, the plain image has it
    ");
}

#[test]
fn an_unknown_variant_names_the_nearest() {
    let document = load_files(&[("attar.yaml", "variants: {debug: {}, root: {}}\n")]).expect("a valid spec");
    let select = |variant| document.effective(Selection { variant: Some(variant), ..Selection::default() });
    insta::assert_snapshot!(select("debgu").expect_err("there is no such variant"), @"
        error: there is no variant `debgu`
        help: did you mean `debug`?
    ");
    insta::assert_snapshot!(select("x").expect_err("there is no such variant"), @"
        error: there is no variant `x`
        help: the variants are `debug` and `root`
    ");
}

#[test]
fn aliases_and_merge_keys_of_yaml_are_read() {
    let text = "\
environment: &env {A: '1', B: '2'}
labels: {<<: *env, B: own}
annotations: {<<: [*env, {C: 3}]}
contents:
  packages: [&git git]
  without: {packages: []}
variants: {x: {contents: {packages: [{name: zsh}]}}}
";
    let files = [("attar.yaml", text)];
    assert_eq!(value(&files, None, "/labels"), json!({"A": "1", "B": "own"}));
    assert_eq!(value(&files, None, "/annotations"), json!({"A": "1", "B": "2", "C": "3"}));
}

#[test]
fn accepted_findings_merge_by_check_and_paths() {
    let base =
        "check: {profile: strict, allow: [{id: D10, reason: old}, {id: D01, reason: a, paths: [/a, /b]}]}\n";
    let overlay = "check:\n  allow:\n  - {id: D10, reason: new}\n  - {id: D01, reason: c, paths: [/c]}\n  - {id: D01, paths: [/b, /a], remove: true}\n";
    assert_eq!(
        merged(base, overlay, "/check"),
        json!({"profile": "strict", "allow": [
            {"id": "D10", "reason": "new"},
            {"id": "D01", "reason": "c", "paths": ["/c"]},
        ]})
    );
    let variant = "check: {profile: runtime}\nvariants:\n  root: {check: {allow: [{id: D10, reason: asked for}]}}\n  debug: {check: {profile: debug}}\n";
    let of = |name| value(&[("attar.yaml", variant)], Some(name), "/check");
    assert_eq!(of("root"), json!({"profile": "runtime", "allow": [{"id": "D10", "reason": "asked for"}]}));
    assert_eq!(of("debug"), json!({"profile": "debug"}));
}
