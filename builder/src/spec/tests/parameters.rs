//! `${…}` in texts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Selection, effective, fault, load_files};

fn arguments(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Returns the environment of a spec on one platform, with arguments.
fn environment(text: &str, platform: Option<&str>, pairs: &[(&str, &str)]) -> Value {
    let document = load_files(&[("attar.yaml", text)]).expect("a valid spec");
    let arguments = arguments(pairs);
    let selection = Selection { platform, arguments: Some(&arguments), ..Selection::default() };
    let effective = document.effective(selection).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    serde_json::to_value(effective.spec.environment).expect("a map is JSON")
}

const PLATFORM: &str = "environment: {X: '${os} ${arch} ${variant} ${platform} ${debian-arch} ${triplet} ${machine} ${rust-target}'}\n";

#[test]
fn platforms_have_their_names() {
    for (platform, expected) in [
        ("linux/amd64", "linux amd64  linux/amd64 amd64 x86_64-linux-gnu x86_64 x86_64-unknown-linux-gnu"),
        ("aarch64", "linux arm64  linux/arm64 arm64 aarch64-linux-gnu aarch64 aarch64-unknown-linux-gnu"),
        (
            "linux/arm/v7",
            "linux arm v7 linux/arm/v7 armhf arm-linux-gnueabihf armv7l armv7-unknown-linux-gnueabihf",
        ),
        (
            "linux/ppc64le",
            "linux ppc64le  linux/ppc64le ppc64el powerpc64le-linux-gnu ppc64le powerpc64le-unknown-linux-gnu",
        ),
    ] {
        assert_eq!(environment(PLATFORM, Some(platform), &[]), json!({ "X": expected }), "{platform}");
    }
}

#[test]
fn arguments_override_defaults_and_defaults_hold_parameters() {
    let text =
        "args: {B: '${A}-${arch}', A: one, C: 1.10}\nenvironment: {X: '${B} ${C}', Y: '$$A $A ${A}$'}\n";
    let amd64 = Some("linux/amd64");
    assert_eq!(environment(text, amd64, &[]), json!({"X": "one-amd64 1.10", "Y": "$A $A one$"}));
    assert_eq!(environment(text, amd64, &[("A", "two")]), json!({"X": "two-amd64 1.10", "Y": "$A $A two$"}));
    // What comes from the command line stands for itself.
    assert_eq!(
        environment(text, amd64, &[("A", "${x}$$")]),
        json!({"X": "${x}$$-amd64 1.10", "Y": "$A $A ${x}$$$"})
    );
}

#[test]
fn without_a_platform_texts_stay_templates() {
    let text = "args: {A: a}\nenvironment: {X: '${A} ${arch} $$'}\n";
    assert_eq!(environment(text, None, &[]), json!({"X": "a ${arch} $$"}));
    assert_eq!(environment(text, None, &[("A", "$")]), json!({"X": "$$ ${arch} $$"}));
}

#[test]
fn parameters_stand_for_numbers_and_modes_too() {
    let effective = effective(
        "\
args: {UID: 10001, MODE: 0750, NAME: app, OFF: 'true'}
name: '${NAME}'
accounts: {users: [{username: '${NAME}', uid: '${UID}'}], run-as: '${UID}'}
paths: [{path: '/srv/${arch}', type: directory, permissions: '${MODE}', recursive: '${OFF}'}]
contents: {files: [{from: {linux/amd64: '${NAME}', linux/arm64: b}, to: '/${NAME}'}]}
",
    );
    let spec = serde_json::to_value(effective.spec).expect("a spec is JSON");
    assert_eq!(spec["accounts"], json!({"run-as": "10001", "users": [{"username": "app", "uid": 10001}]}));
    assert_eq!(
        spec["paths"],
        json!([{"path": "/srv/amd64", "type": "directory", "permissions": "0750", "recursive": true}])
    );
    assert_eq!(spec["name"], json!("app"));
    assert_eq!(spec["args"], json!({"UID": "10001", "MODE": "0750", "NAME": "app", "OFF": "true"}));
}

#[test]
fn unknown_parameters_are_shown_where_they_stand() {
    let text = "\
args: {VERSION: dev}
environment:
  A: x${VERSON}y
  B: \"${JAVA_OPTS}\"
  C: ${
  D: |
    one
    ${arhc}
";
    insta::assert_snapshot!(fault(text), @r#"
        error: unknown parameter `VERSON`
         --> attar.yaml:3:7
          |
        3 |   A: x${VERSON}y
          |       ^^^^^^^^^ did you mean `VERSION`?
          |
          = help: `args` declares parameters; `$$` is a dollar: nothing expands variables at run time

        error: unknown parameter `JAVA_OPTS`
         --> attar.yaml:4:7
          |
        4 |   B: "${JAVA_OPTS}"
          |       ^^^^^^^^^^^^
          |
          = help: `args` declares parameters; `$$` is a dollar: nothing expands variables at run time

        error: `${` has no closing `}`
         --> attar.yaml:5:6
          |
        5 |   C: ${
          |      ^^
          |
          = help: `$$` is a dollar

        error: unknown parameter `arhc`
         --> attar.yaml:8:5
          |
        8 |     ${arhc}
          |     ^^^^^^^ did you mean `arch`?
          |
          = help: `args` declares parameters; `$$` is a dollar: nothing expands variables at run time
    "#);
}

#[test]
fn keys_and_includes_have_no_parameters() {
    insta::assert_snapshot!(fault("args: {A: a}\nlabels: {'${A}': x}\ninclude: '${A}.yaml'\n"), @"
        error: `labels`: parameters stand in values, not in keys
         --> attar.yaml:2:10
          |
        2 | labels: {'${A}': x}
          |          ^^^^^^

        error: `include`: expected a path without parameters, found `${A}.yaml`
         --> attar.yaml:3:10
          |
        3 | include: '${A}.yaml'
          |          ^^^^^^^^^^^
          |
          = help: files are read before parameters are known
    ");
}

#[test]
fn parameters_cannot_hold_themselves() {
    insta::assert_snapshot!(fault("args: {A: '${B}', B: 'x${A}', C: '${C}'}\n"), @"
        error: the parameter `A` needs its own value
         --> attar.yaml:1:11
          |
        1 | args: {A: '${B}', B: 'x${A}', C: '${C}'}
          |           ^^^^^^

        error: the parameter `B` needs its own value
         --> attar.yaml:1:22
          |
        1 | args: {A: '${B}', B: 'x${A}', C: '${C}'}
          |                      ^^^^^^^

        error: the parameter `C` needs its own value
         --> attar.yaml:1:34
          |
        1 | args: {A: '${B}', B: 'x${A}', C: '${C}'}
          |                                  ^^^^^^
    ");
}

#[test]
fn names_of_the_platform_are_taken() {
    insta::assert_snapshot!(fault("args: {arch: x, 'a b': y}\n"), @"
        error: `args`: expected another name, found `arch`
         --> attar.yaml:1:8
          |
        1 | args: {arch: x, 'a b': y}
          |        ^^^^
          |
          = help: `${arch}` is the platform's own

        error: `args`: expected a name of letters, digits, `_`, `-`, found `a b`
         --> attar.yaml:1:17
          |
        1 | args: {arch: x, 'a b': y}
          |                 ^^^^^
    ");
}

#[test]
fn parameters_that_grow_without_end_are_refused() {
    let mut text = "args:\n  A: 0123456789abcdef\n".to_owned();
    for (name, below) in ["A", "B", "C", "D", "E", "F"].windows(2).map(|pair| (pair[1], pair[0])) {
        text.push_str(&format!("  {name}: '{}'\n", format!("${{{below}}}").repeat(16)));
    }
    assert!(fault(&text).contains("the text is too long when its parameters are expanded"));
}

#[test]
fn an_argument_must_be_declared() {
    let document = load_files(&[("attar.yaml", "args: {VERSION: dev}\n")]).expect("a valid spec");
    let arguments = arguments(&[("VERSON", "1")]);
    let selection = Selection { arguments: Some(&arguments), ..Selection::default() };
    insta::assert_snapshot!(document.effective(selection).expect_err("it is not declared"), @"
        error: `args` declares no parameter `VERSON`
        help: did you mean `VERSION`?
    ");
}

#[test]
fn what_a_parameter_expands_to_is_checked() {
    let text = "args: {DIR: app, N: x}\npaths: [{path: '${DIR}/x', type: directory, uid: '${N}'}]\n";
    insta::assert_snapshot!(fault(text), @"
        error: `path`: expected a path that starts with `/`, found `app/x`
         --> attar.yaml:2:16
          |
        2 | paths: [{path: '${DIR}/x', type: directory, uid: '${N}'}]
          |                ^^^^^^^^^^ write `/app/x`

        error: `uid`: expected a number, found `x`
         --> attar.yaml:2:50
          |
        2 | paths: [{path: '${DIR}/x', type: directory, uid: '${N}'}]
          |                                                  ^^^^^^
    ");
    let text = "args: {A: /x}\npaths: [{path: /x, type: directory}, {path: '${A}', type: directory}]\n";
    insta::assert_snapshot!(fault(text), @"
        error: `paths` has this entry twice
         --> attar.yaml:2:38
          |
        2 | paths: [{path: /x, type: directory}, {path: '${A}', type: directory}]
          |         ---------------------------  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |         |
          |         first here
    ");
}

#[test]
fn an_unknown_platform_is_named() {
    let document = load_files(&[("attar.yaml", "{}\n")]).expect("a valid spec");
    let selection = Selection { platform: Some("linux/amd46"), ..Selection::default() };
    insta::assert_snapshot!(document.effective(selection).expect_err("there is no such platform"), @"
        error: expected a platform such as `linux/arm64`, found `linux/amd46`
        help: did you mean `linux/amd64`?
    ");
}
