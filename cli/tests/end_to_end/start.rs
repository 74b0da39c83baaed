//! The start-up proof: what it refuses, how it says so, and that it says what starting shows.

use attar_testing::engine::{self, Docker};
use attar_testing::start::{CASES, Judge, natives};
use attar_testing::{Finished, Scratch, need};
use serde_json::{Value, json};

use crate::support::{EXAMPLES, Examples, attar};

/// Builds a spec beside a program of the host that needs the C library.
fn build(scratch: &Scratch, spec: &str) -> Finished {
    std::fs::copy("/usr/bin/printf", scratch.join("printf")).expect("a program of the host");
    scratch.write("attar.yaml", spec);
    attar()
        .current_dir(scratch.path())
        .args(["build", "--platform", "linux/amd64", "-o", "oci:layout", "--metadata-file", "report.json"])
        .run()
}

const DYNAMIC: &str = "contents: {files: [{from: printf, to: /app}]}\nentrypoint: [/app]\n";

#[test]
fn a_dynamic_program_upon_nothing_is_refused_with_the_package_to_add() {
    let scratch = Scratch::new();
    let said = build(&scratch, DYNAMIC).fails(2);
    for word in [
        "/app needs the dynamic linker `/lib64/ld-linux-x86-64.so.2`",
        "[linux/amd64]",
        "package `libc6` has it",
    ] {
        assert!(said.contains(word), "no `{word}` in:\n{said}");
    }
    assert!(!scratch.has("layout"), "something was written:\n{said}");
    build(&scratch, &format!("{}packages: [libc6], {}", &DYNAMIC[..11], &DYNAMIC[11..])).success();
}

#[test]
fn what_the_spec_accepts_is_shown_in_every_report() {
    let scratch = Scratch::new();
    let spec = format!(
        "{DYNAMIC}start: {{allow: [{{path: /app, missing: /lib64/ld-linux-x86-64.so.2, reason: mounted}}]}}\n"
    );
    for run in ["new", "remembered"] {
        let built = build(&scratch, &spec);
        assert!(
            built
                .stderr
                .contains("`/app` lacks `/lib64/ld-linux-x86-64.so.2`, which the spec accepts: mounted"),
            "{run}: {built}"
        );
        built.success();
        let report: Value = serde_json::from_str(&scratch.read("report.json")).expect("JSON");
        let start = &report["images"][0]["platforms"][0]["start"];
        assert_eq!(start["entrypoint"], "/app", "{run}: {start}");
        assert_eq!(start["accepted"][0]["reason"], "mounted", "{run}: {start}");
    }
}

#[test]
fn what_is_left_out_is_named_with_who_depends_on_it() {
    let scratch = Scratch::new();
    let lacking = |entrypoint: &str| {
        format!("contents: {{packages: [jq], without: {{packages: [libonig5]}}}}\n{entrypoint}")
    };
    let said = build(&scratch, &lacking("entrypoint: [jq]\n")).fails(2);
    let expected = "needs `libonig.so.5`, which is not in the image [linux/amd64]";
    assert!(said.contains(expected) && said.contains("depends on `libonig5` for it"), "{said}");
    // Nothing says that it will be started, but it was broken on purpose.
    let said = build(&scratch, &lacking("")).fails(2);
    assert!(said.contains(expected), "{said}");
}

#[test]
fn the_package_of_an_interpreter_is_looked_up() {
    let scratch = Scratch::new();
    let spec = "contents: {files: [{text: \"#!/usr/bin/lua5.4\\n\", to: /app, permissions: 0755}]}\nentrypoint: [/app]\n";
    let said = build(&scratch, spec).fails(2);
    assert!(said.contains("/app is a script for `/usr/bin/lua5.4`, which is not in the image"), "{said}");
    assert!(said.contains("`lua5.4` has it") || said.contains("attar search"), "{said}");
}

#[test]
fn own_programs_start_as_the_proof_says() {
    let docker = need!(Docker::find());
    let judge = Judge { attar: &attar, docker };
    let mut answers = [0, 0];
    for native in need!(natives()) {
        let compared = judge.compare_spec(&native.scratch, &native.spec, native.name, "linux/amd64");
        let compared = compared.unwrap_or_else(|error| panic!("{}: {error}", native.name));
        assert!(compared.agrees(), "{}: {compared:?}", native.name);
        answers[usize::from(compared.starts)] += 1;
    }
    assert!(answers.iter().all(|count| *count > 3), "both answers occur: {answers:?}");
}

#[track_caller]
fn programs_start_as_the_proof_says(platform: &str, names: &[&str]) {
    let docker = need!(Docker::find());
    need!(engine::can_start(platform));
    let judge = Judge { attar: &attar, docker };
    for case in CASES.iter().filter(|case| case.quick && (names.is_empty() || names.contains(&case.name))) {
        for lacking in [false, true] {
            let compared = judge
                .compare(case, lacking, platform)
                .unwrap_or_else(|error| panic!("{}: {error}", case.name));
            assert!(compared.agrees(), "{}, lacking: {lacking}: {compared:?}", case.name);
            assert_eq!(compared.starts, !lacking, "{} needs `{}`", case.name, case.lacking);
        }
    }
}

#[test]
fn programs_of_packages_start_as_the_proof_says_on_amd64() {
    programs_start_as_the_proof_says("linux/amd64", &[]);
}

#[test]
fn programs_of_packages_start_as_the_proof_says_on_arm64() {
    programs_start_as_the_proof_says("linux/arm64", &["jq", "busybox"]);
}

#[test]
fn examples_are_proven_whole() {
    let examples = Examples::copy();
    for name in EXAMPLES {
        let report = examples.join("report.json");
        attar().arg("build").arg(examples.spec(name)).arg("--metadata-file").arg(&report).run().success();
        let report: Value = serde_json::from_str(&examples.scratch.read("report.json")).expect("JSON");
        for platform in report["images"][0]["platforms"].as_array().expect("platforms") {
            let start = &platform["start"];
            assert_eq!((&start["accepted"], &start["others"]), (&json!([]), &json!(0)), "{name}: {start}");
        }
    }
}
