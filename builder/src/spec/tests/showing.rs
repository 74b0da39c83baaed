//! What is shown of a spec, and the schema that editors have.

use serde_json::json;

use super::{Effective, Selection, image, json_schema, load_files, show, sketch};

/// Returns the effective spec of what `show` printed.
fn shown_again(effective: &Effective) -> Effective {
    image(&[("attar.yaml", &show(effective))], None)
}

#[test]
fn each_line_says_where_it_comes_from() {
    let base = "\
environment: {LANG: C.UTF-8, TOKEN: '$${x}'}
layering: {budget: 3}
contents:
  files: [{from: {arm64: b, amd64: ./a}, to: /a, permissions: 755}]
";
    let spec = "\
include: common/base.yaml
cmd: serve --port '80 81'
archs: [x86_64, arm64]
contents:
  packages: [git, {name: 'zsh (>= 5)', without: [docs, man]}]
accounts: {users: [{username: app, uid: 10001}], run-as: 10001}
annotations: {a.b/c: '1.10', empty: '', multi: \"x\\ny: z\"}
entrypoint: [/bin/a, '-b: c']
variants:
  debug:
    environment: {DEBUG: 1}
";
    let files = [("common/base.yaml", base), ("attar.yaml", spec)];
    insta::assert_snapshot!(show(&image(&files, Some("debug"))), @r#"
        contents:                                     # common/base.yaml:3
          repositories:                               # default
            - debian: trixie                          # default
          packages:                                   # attar.yaml:5
            - git                                     # attar.yaml:5
            - name: zsh (>= 5)                        # attar.yaml:5
              without:                                # attar.yaml:5
                - docs                                # attar.yaml:5
                - man                                 # attar.yaml:5
          files:                                      # common/base.yaml:4
            - from:                                   # common/base.yaml:4
                linux/amd64: common/a                 # common/base.yaml:4
                linux/arm64: common/b                 # common/base.yaml:4
              to: /a                                  # common/base.yaml:4
              permissions: 0755                       # common/base.yaml:4
          foundation: static                          # default
        accounts:                                     # attar.yaml:6
          run-as: 10001                               # attar.yaml:6
          users:                                      # attar.yaml:6
            - username: app                           # attar.yaml:6
              uid: 10001                              # attar.yaml:6
        entrypoint:                                   # attar.yaml:8
          command:                                    # attar.yaml:8
            - /bin/a                                  # attar.yaml:8
            - "-b: c"                                 # attar.yaml:8
        cmd:                                          # attar.yaml:2
          - serve                                     # attar.yaml:2
          - "--port"                                  # attar.yaml:2
          - 80 81                                     # attar.yaml:2
        environment:                                  # common/base.yaml:1
          DEBUG: 1                                    # attar.yaml:11
          LANG: C.UTF-8                               # common/base.yaml:1
          TOKEN: "$${x}"                              # common/base.yaml:1
        annotations:                                  # attar.yaml:7
          a.b/c: 1.10                                 # attar.yaml:7
          empty: ""                                   # attar.yaml:7
          multi: "x\ny: z"                            # attar.yaml:7
        platforms:                                    # attar.yaml:3
          - linux/amd64                               # attar.yaml:3
          - linux/arm64                               # attar.yaml:3
        layering:                                     # common/base.yaml:2
          strategy: origin                            # default
          budget: 3                                   # common/base.yaml:2
        compression: gzip                             # default
    "#);
}

#[test]
fn what_is_shown_means_the_same() {
    for platform in ["linux/amd64", "linux/arm64"] {
        for variant in [None, Some("debug"), Some("root")] {
            let document = load_files(&[("attar.yaml", sketch())]).expect("a valid spec");
            let selection = Selection { variant, platform: Some(platform), ..Selection::default() };
            let effective = document.effective(selection).expect("a valid spec");
            assert_eq!(shown_again(&effective).spec, effective.spec, "{platform} {variant:?}");
        }
    }
}

#[test]
fn templates_are_shown_as_templates() {
    let document =
        load_files(&[("attar.yaml", "environment: {A: '${arch} $$ $x'}\n")]).expect("a valid spec");
    let effective = document.effective(Selection::default()).expect("a valid spec");
    assert!(show(&effective).starts_with("contents:"));
    assert!(show(&effective).contains(r#"  A: "${arch} $$ $x" "#));
    assert_eq!(shown_again(&effective).spec.environment["A"], "amd64 $ $x");
}

#[test]
fn the_schema_knows_every_key_and_nothing_of_ours() {
    let schema = json_schema();
    let text = schema.to_string();
    assert!(!text.contains("\"x-"), "an extension is left");
    assert!(!text.contains("http") || text.matches("http").count() == 1, "only the dialect is an address");
    assert_eq!(schema["title"], "attar.yaml");
    let keys: Vec<_> = schema["properties"].as_object().expect("a map").keys().map(String::as_str).collect();
    insta::assert_snapshot!(keys.join(" "), @"accounts annotations archs args certificates check cmd compression contents entrypoint environment healthcheck include labels layering name paths platforms ports start stop-signal variants volumes work-dir");
    assert_eq!(
        schema["properties"]["environment"],
        json!({
            "description": "Environment variables. `PATH` and `SSL_CERT_FILE` have defaults.",
            "type": ["object", "null"],
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
        })
    );
    let users = &schema["$defs"]["Accounts"]["properties"]["users"];
    assert_eq!(users["type"], json!(["array", "null"]));
    assert_eq!(users["items"]["anyOf"][0], json!({ "$ref": "#/$defs/User" }));
    assert_eq!(users["items"]["anyOf"][1]["required"], json!(["remove"]));
    assert_eq!(
        schema["$defs"]["User"]["properties"]["uid"],
        json!({
            "description": "The user's number.",
            "anyOf": [
                { "type": "integer", "format": "uint32", "minimum": 0 },
                { "$ref": "#/$defs/Parameter" },
            ],
        })
    );
    assert_eq!(schema["$defs"]["Mode"]["pattern"], r"(^(0o)?[0-7]{3,4}$)|\$\{");
}
