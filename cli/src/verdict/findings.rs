//! The verdict as findings, from which Markdown, SARIF and JUnit are written.

use attar_scanner::distroless::{self, Severity, State};

use super::show::meaning;
use super::{FailOn, Judged};
use crate::output::findings::{Figure, Finding, Findings, LayerName, Level, Location, Rule};

/// Returns what one verdict found.
pub(super) fn of(judged: &Judged) -> Findings {
    let verdict = &judged.verdict;
    let rules = verdict.checks.iter().map(|outcome| Rule {
        id: outcome.id.to_string(),
        title: outcome.name.to_owned(),
        help: format!("`attar check` judges {} as {} of docs/distroless.md says.", outcome.name, outcome.id),
        not_judged: match &outcome.state {
            State::CannotJudge(reason) => Some(reason.clone()),
            _ => None,
        },
    });
    let results = verdict.checks.iter().flat_map(|outcome| &outcome.findings);
    let mut results: Vec<Finding> = results.map(|finding| self::finding(judged, finding)).collect();
    results.sort_by_key(|finding| finding.level);
    let figure = |name: &str, value: String, failed: bool| Figure {
        name: name.to_owned(),
        value,
        failed,
        ..Figure::default()
    };
    let grade = verdict.grade.map(|grade| figure("grade", format!("{grade}: {}", meaning(grade)), false));
    let levels: Vec<String> = verdict.levels.iter().map(ToString::to_string).collect();
    let levels = if levels.is_empty() { "none".to_owned() } else { levels.join(", ") };
    Findings {
        verb: "check",
        image: judged.subject.subject.clone(),
        subject: judged.name(),
        rules: rules.collect(),
        results,
        figures: grade
            .into_iter()
            .chain([figure("profile", verdict.profile.to_string(), false), figure("levels", levels, false)])
            .collect(),
        tables: Vec::new(),
    }
}

fn finding(judged: &Judged, finding: &distroless::Finding) -> Finding {
    let layer = |number: usize| {
        let digest = *judged.layers.get(number)?;
        Some(LayerName { number: number + 1, digest })
    };
    let location = |place: &distroless::Place| Location::Image {
        path: place.path.clone(),
        layer: place.layer.and_then(layer),
    };
    Finding {
        rule: finding.id.to_string(),
        level: level(finding.severity, judged.fail_on),
        message: format!("{}: {}", finding.what, finding.why),
        locations: finding.places.iter().map(location).collect(),
        fix: Some(finding.fix.spec.clone()).filter(|fix| !fix.is_empty()),
        identity: finding.setting.clone().unwrap_or_default(),
        allowed: finding.excuse.as_ref().map(ToString::to_string),
    }
}

/// Returns how bad a finding is by what makes the answer no.
fn level(severity: Severity, fail_on: FailOn) -> Level {
    let least = match fail_on {
        FailOn::Fail => Some(Severity::Fail),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    };
    match severity {
        severity if least.is_some_and(|least| severity <= least) => Level::Error,
        Severity::Fail | Severity::Warning => Level::Warning,
        Severity::Info => Level::Note,
    }
}
