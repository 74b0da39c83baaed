//! `attar check`: the examples pass, what is no distroless image does not, and both say the same whether
//! they are judged as a spec or as an image.

mod answers;
mod controls;
mod examples;
mod gate;
mod hidden;
mod page;
mod workloads;

use std::collections::BTreeMap;
use std::path::Path;

use attar_testing::Finished;
use serde_json::Value;

use crate::support::attar;

/// What a verdict comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    profile: String,
    answer: String,
    grade: String,
    /// The checks that fail.
    failed: Vec<String>,
    /// What the allow list lets pass: the check with its reason.
    allowed: Vec<String>,
    /// The first thing that fails, warns, or is allowed.
    first: String,
}

/// Runs `attar check -o json` and returns what it says by variant, platform and subject.
#[track_caller]
fn judged(run: &Finished) -> BTreeMap<(String, String, String), Said> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{run}"));
    assert_eq!(document["schema"], "attar.check/1");
    let verdicts = document["verdicts"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = |verdict: &Value| {
        let checks = verdict["checks"].as_array().expect("a list");
        assert_eq!(checks.len(), 17, "every check answers");
        let of = |state: &str| checks.iter().filter(|check| check["state"] == state).collect::<Vec<_>>();
        let findings = |check: &Value| check["findings"].as_array().cloned().unwrap_or_default();
        let excused = checks.iter().flat_map(findings).filter(|finding| finding["excuse"]["by"] == "list");
        let telling = ["failed", "allowed", "warned"].iter().flat_map(|state| of(state)).flat_map(findings);
        Said {
            profile: text(&verdict["profile"]),
            answer: text(&verdict["answer"]),
            grade: text(&verdict["grade"]),
            failed: of("failed").iter().map(|check| text(&check["id"])).collect(),
            allowed: excused
                .map(|finding| format!("{}: {}", text(&finding["id"]), text(&finding["excuse"]["reason"])))
                .collect(),
            first: telling.map(|finding| text(&finding["what"])).next().unwrap_or_default(),
        }
    };
    let key =
        |verdict: &Value| (text(&verdict["variant"]), text(&verdict["platform"]), text(&verdict["subject"]));
    verdicts.iter().map(|verdict| (key(verdict), said(verdict))).collect()
}

/// Judges a spec with all its variants.
#[track_caller]
fn judge_spec(spec: &Path, more: &[&str]) -> BTreeMap<(String, String, String), Said> {
    judged(&attar().args(["check", "--all-variants", "-o", "json"]).args(more).arg(spec).run())
}
