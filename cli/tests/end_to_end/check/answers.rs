//! How `attar check` answers: for people, for machines, by its exit code; and what a policy says.

use attar_testing::Scratch;
use serde_json::Value;

use crate::support::attar;

const SPEC: &str = "\
contents:
  packages: [hello, dash]
  without: {paths: [docs, man, locales, gconv]}
entrypoint: [/usr/bin/hello]
accounts: {run-as: root}
platforms: [linux/amd64]
";

#[test]
fn a_table_says_what_where_whose_and_how_to_fix_it() {
    let scratch = Scratch::new();
    let spec = scratch.write("attar.yaml", SPEC);
    let run = attar().current_dir(scratch.path()).args(["check", "--profile", "strict"]).arg(&spec).run();
    assert_eq!(run.code, Some(2), "{run}");
    // How much is unreachable changes with each version of the C library.
    let lines: Vec<&str> =
        run.stdout.lines().filter(|line| !line.starts_with("  D1") || line.contains("D10")).collect();
    let table = lines.join("\n").replace(&scratch.path().display().to_string(), "DIR");
    insta::assert_snapshot!(table, @r"
    DIR/attar.yaml for linux/amd64: no, grade F as strict
      D01 shell: a shell lets whoever breaks in run what they like
        /usr/bin/dash is a shell
          /usr/bin/dash (package dash)
          /usr/bin/sh (package dash)
          fix: without: {packages: [dash]}, or of it without: {paths: [/usr/bin/dash, /usr/bin/sh]}
      D10 user: whoever breaks in is root in the container
        the program runs as root: the user is `0`
          fix: accounts: {run-as: nonroot}, or leave it out: the default is 65532
    ");
}

#[test]
fn one_run_has_as_many_answers_as_wanted() {
    let scratch = Scratch::new();
    scratch.write("attar.yaml", SPEC);
    let mut run = attar().current_dir(scratch.path()).arg("check");
    for format in ["table", "json=a.json", "sarif=a.sarif", "junit=a.xml", "markdown=a.md", "cst=a.yaml"] {
        run = run.args(["-o", format]);
    }
    let run = run.run();
    assert_eq!(run.code, Some(2), "{run}");
    let read = |name: &str| {
        std::fs::read_to_string(scratch.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).expect("JSON");
    assert_eq!(
        (&json("a.json")["schema"], &json("a.json")["answer"]),
        (&"attar.check/1".into(), &"no".into())
    );
    let results = json("a.sarif")["runs"][0]["results"].clone();
    let errors = results.as_array().expect("a list").iter().filter(|result| result["level"] == "error");
    let mut rules: Vec<&str> = errors.filter_map(|result| result["ruleId"].as_str()).collect();
    rules.dedup();
    assert_eq!(rules, ["D01", "D10"]);
    assert!(read("a.xml").contains("failures=\"2\""), "{}", read("a.xml"));
    assert!(read("a.md").contains("dash"), "{}", read("a.md"));
    let tests = attar_testing::yaml::documents(&read("a.yaml")).expect("YAML").remove(0);
    assert_eq!(tests["schemaVersion"], "2.0.0");
    assert_eq!(tests["metadataTest"]["entrypoint"][0], "/usr/bin/hello");
    let files = tests["fileExistenceTests"].as_array().expect("a list");
    let test = |path: &str| files.iter().find(|test| test["path"] == path);
    assert_eq!(test("/tmp").map(|test| &test["permissions"]), Some(&"dtrwxrwxrwx".into()));
    assert_eq!(test("/usr/bin/bash").map(|test| &test["shouldExist"]), Some(&false.into()));
    assert_eq!(test("/bin/dash"), None, "what is there is not said to be absent");
}

#[test]
fn a_policy_holds_for_images_and_for_specs_when_it_is_named() {
    let scratch = Scratch::new();
    scratch.write("attar.yaml", SPEC);
    let attar = || attar().current_dir(scratch.path());
    attar().args(["build", "-o", "oci:image"]).run().success();
    let policy = "check:\n  profile: strict\n  allow:\n    - {id: D01, paths: [/usr/bin/*], reason: a script needs it}\n    - {id: D10, reason: it was always so, expires: 2999-12-31}\n";
    scratch.write("attar-policy.yaml", policy);
    let run = attar().args(["check", "oci:image"]).run();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("D01 shell: allowed: /usr/bin/dash is a shell (a script needs it)"), "{run}");
    assert!(run.stdout.contains("(it was always so (until 2999-12-31))"), "{run}");
    assert_eq!(attar().arg("check").run().code, Some(2), "a spec has its own rules");
    assert_eq!(attar().args(["check", "--policy", "attar-policy.yaml"]).run().code, Some(0));

    scratch.write("expired.yaml", policy.replace("2999", "2020"));
    let run = attar().args(["check", "oci:image", "--policy", "expired.yaml"]).run();
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stdout.contains("D10 was allowed until 2020-12-31: it was always so"), "{run}");
    assert_eq!(
        attar().args(["check", "oci:image", "--policy", "expired.yaml", "--fail-on", "never"]).run().code,
        Some(0)
    );

    scratch.write("wrong.yaml", "check: {profile: strikt, alow: []}\n");
    let message = attar().args(["check", "oci:image", "--policy", "wrong.yaml"]).run().fails(1);
    for part in ["wrong.yaml:1:18", "did you mean `strict`?", "unknown key `alow`", "did you mean `allow`?"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn wrong_usage_is_named() {
    let scratch = Scratch::new();
    scratch.write("attar.yaml", SPEC);
    scratch.write("service.yaml", "apiVersion: v1\nkind: Service\n");
    let attar = || attar().current_dir(scratch.path()).arg("check");
    for (arguments, code, part) in [
        (&["--profile", "strikt"][..], 64, "invalid value 'strikt'"),
        (&["-o", "xml"], 64, "`markdown`, `sarif`, `junit` or `cst`"),
        (&["service.yaml"], 64, "`service.yaml` describes no container"),
        (&["oci:nothing"], 1, "nothing"),
        (&["--platform", "linux/riscv64"], 1, "linux/riscv64"),
        (&["--policy", "nothing.yaml"], 1, "cannot read `nothing.yaml`"),
    ] {
        let run = attar().args(arguments).run();
        let message = run.clone().fails(code);
        assert!(message.contains(part), "{run}");
    }
}
