//! The examples are what the verdict is measured by: each passes in its own profile, and only there.

use std::path::{Path, PathBuf};

use super::{judge_spec, page};
use crate::support::attar;

/// The examples, each with the profile of its plain image.
pub(super) const EXAMPLES: [(&str, &str); 11] = [
    ("static", "strict"),
    ("base-nossl", "strict"),
    ("base", "strict"),
    ("cc", "strict"),
    ("python3", "runtime"),
    ("program", "runtime"),
    ("nodejs", "runtime"),
    ("java", "runtime"),
    ("nginx", "runtime"),
    ("redis", "runtime"),
    ("postgresql", "runtime"),
];

fn spec(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name).join("attar.yaml")
}

#[test]
fn every_image_of_the_examples_passes_in_its_own_profile() {
    let mut rows = Vec::new();
    for (name, profile) in EXAMPLES {
        let verdicts = judge_spec(&spec(name), &[]);
        assert!(verdicts.len() >= 6, "{name}: {verdicts:#?}");
        for ((variant, platform, _), said) in &verdicts {
            assert_eq!(said.answer, "yes", "{name} {variant} for {platform}: {said:#?}");
            let expected = match variant.as_str() {
                "" | "root" => profile,
                "debug" | "debug-root" => "debug",
                other => other,
            };
            assert_eq!(said.profile, expected, "{name} {variant}");
            let is_root = said.allowed.iter().any(|allowed| allowed.starts_with("D10: "));
            assert_eq!(is_root, variant.ends_with("root"), "{name} {variant}: {said:#?}");
            if variant.is_empty() && profile == "strict" {
                assert_eq!((said.grade.as_str(), said.first.as_str()), ("A", ""), "{name}");
            }
            let same =
                &verdicts[&(variant.clone(), "linux/amd64".to_owned(), spec(name).display().to_string())];
            assert_eq!((&said.grade, &said.failed), (&same.grade, &same.failed), "{name} {variant}");
            if platform == "linux/amd64" {
                rows.push(page::Row::of(name, variant, said));
            }
        }
    }
    assert_eq!(rows.len(), 10 * 4 + 3, "all variants of all examples");
    page::keep("examples", &rows);
}

#[test]
fn tool_boxes_and_first_steps_pass_in_no_other_profile() {
    let platform = ["--platform", "linux/amd64"];
    // The variants come from one file that all examples include.
    for name in ["static", "cc", "python3", "redis", "postgresql"] {
        let verdicts = judge_spec(&spec(name), &[&platform[..], &["--profile", "runtime"]].concat());
        for ((variant, ..), said) in verdicts {
            let expected = if variant.starts_with("debug") || variant == "init" { "no" } else { "yes" };
            assert_eq!(said.answer, expected, "{name} {variant}: {said:#?}");
            assert_eq!(
                said.failed,
                if expected == "no" { &["D01", "D02"][..] } else { &[] },
                "{name} {variant}"
            );
        }
    }
}

#[test]
fn root_passes_only_because_it_is_allowed() {
    let scratch = attar_testing::Scratch::new();
    let base = spec("static");
    let text = format!(
        "include: {}\nplatforms: [linux/amd64]\nvariants:\n  root:\n    check: {{allow: [{{id: D10, paths: \
         [user], remove: true}}]}}\n",
        base.canonicalize().expect("an example").display()
    );
    let spec = scratch.write("attar.yaml", text);
    let run = attar().args(["check", "--variant", "root"]).arg(&spec).run();
    let stdout = run.stdout.clone();
    run.fails(2);
    assert!(stdout.contains("(root): no, grade D as strict"), "{stdout}");
    assert!(stdout.contains("D10 user: whoever breaks in is root in the container"), "{stdout}");
    assert!(stdout.contains("fix: accounts: {run-as: nonroot}"), "{stdout}");
}
