//! The verdict of `attar check` as the interface shows it.

use std::sync::Arc;

use attar_image::blobs::{Meter, Metered};
use attar_image::path::TreePath;
use attar_image::stack::{self, Stack};
use attar_inspector::tui::source::{Check, CheckState, Evidence, EvidencePlace, Opened, Verdict};
use attar_scanner::distroless::{Answer, Finding, Outcome, Place, State};

use crate::ownership;
use crate::policy;
use crate::settings::Settings;
use crate::verdict::{Asked, Judged, Judging, Name, judge_image};
use crate::workload::Overrides;

/// Judges an image by the rules that `attar check IMAGE` has here.
pub(super) fn of(opened: &Opened, settings: &Settings, meter: &Arc<Meter>) -> anyhow::Result<Verdict> {
    let policy = policy::find(None)?.and_then(|policy| policy.sections.check);
    let terms = Asked::new(policy, settings.now).terms(None, None)?;
    let blobs = Metered::all(Arc::clone(&opened.blobs), Arc::clone(meter));
    let how = stack::Settings { digests: true, cache: opened.analyses.as_deref(), ..Default::default() };
    let stack = Stack::read(&blobs, &opened.image, &how)?;
    let ownership = ownership::of(&stack, &blobs)?;
    meter.check()?;
    let judged = judge_image(
        &Judging {
            name: Name {
                subject: opened.place.clone(),
                platform: opened.image.platform.to_string(),
                variant: None,
                container: None,
                role: None,
            },
            image: &opened.image,
            stack: &stack,
            blobs: &blobs,
            referrers: None,
            overrides: &Overrides::default(),
            packages: &|path: &TreePath| ownership.owner(path.as_bytes()).map(|package| package.name.clone()),
            threads: settings.threads.get(),
        },
        &terms,
    )?;
    // What could not be read again because of the end is missing in it.
    meter.check()?;
    Ok(shown(&judged))
}

fn shown(judged: &Judged) -> Verdict {
    let passes = match judged.answer() {
        Answer::Yes => Some(true),
        Answer::No => Some(false),
        Answer::CannotJudge => None,
    };
    Verdict { summary: judged.summary(), passes, checks: judged.verdict.checks.iter().map(check).collect() }
}

fn check(outcome: &Outcome) -> Check {
    let (state, reason) = match &outcome.state {
        State::Passed => (CheckState::Passed, None),
        State::Failed => (CheckState::Failed, None),
        State::Warned => (CheckState::Warned, None),
        State::Noted => (CheckState::Noted, None),
        State::Allowed => (CheckState::Allowed, None),
        State::NotApplicable(reason) => (CheckState::NotApplicable, Some(reason.clone())),
        State::CannotJudge(reason) => (CheckState::Unknown, Some(reason.clone())),
    };
    Check {
        id: outcome.id.to_string(),
        name: outcome.name.to_owned(),
        state,
        reason,
        findings: outcome.findings.iter().map(evidence).collect(),
    }
}

fn evidence(finding: &Finding) -> Evidence {
    let what = match &finding.excuse {
        Some(excuse) => format!("{} (allowed: {excuse})", finding.what),
        None => finding.what.clone(),
    };
    Evidence {
        what,
        why: finding.why.to_owned(),
        fix: finding.fix.spec.clone(),
        places: finding.places.iter().map(place).collect(),
    }
}

fn place(place: &Place) -> EvidencePlace {
    EvidencePlace {
        path: place.path.clone(),
        layer: place.layer,
        package: place.package.clone(),
        is_hidden: place.hidden_by.is_some(),
    }
}
