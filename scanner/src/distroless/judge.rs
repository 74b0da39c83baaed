//! Runs the checks, lets pass what is allowed, and sums up.

use std::collections::BTreeMap;

use super::allow::Allowances;
use super::checks::{Budget, CHECKS, Check, CheckId, Draft, Findings};
use super::verdict::{Answer, Excuse, Finding, Grade, Level, Outcome, Place, Severity, State, Verdict};
use super::view::View;
use super::{Rules, Subject};

/// Judges an image.
pub fn judge(subject: &Subject<'_>, rules: &Rules) -> Verdict {
    let view = View::new(subject, rules);
    let allowances = Allowances::new(&rules.allow, rules.today);
    let checks: Vec<Outcome> = CHECKS.iter().map(|check| outcome(check, &view, &allowances)).collect();
    Verdict {
        profile: rules.profile,
        answer: answer(&checks),
        grade: grade(&checks),
        levels: levels(&checks),
        checks,
        stale: allowances.stale(),
    }
}

fn outcome(check: &Check, view: &View<'_>, allowances: &Allowances<'_>) -> Outcome {
    let (id, name) = (check.id, check.name);
    let (drafts, doubt) = match (check.run)(view) {
        Findings::NotApplicable(why) => {
            return Outcome { id, name, state: State::NotApplicable(why), findings: Vec::new() };
        }
        Findings::Found { drafts, doubt } => (drafts, doubt),
    };
    let mut findings: Vec<Finding> =
        drafts.into_iter().flat_map(|draft| split(id, draft, view, allowances)).collect();
    if let Some(budget) = check.budget {
        weigh(&mut findings, &budget(view.rules));
    }
    findings.sort_by_key(|finding| (finding.excuse.is_some(), finding.severity));
    let counting = findings.iter().filter(|finding| finding.excuse.is_none());
    let state = match (counting.map(|finding| finding.severity).min(), doubt) {
        (Some(Severity::Fail), _) => State::Failed,
        (_, Some(doubt)) => State::CannotJudge(doubt),
        (Some(Severity::Warning), None) => State::Warned,
        (Some(Severity::Info), None) => State::Noted,
        (None, None) if findings.is_empty() => State::Passed,
        (None, None) => State::Allowed,
    };
    Outcome { id, name, state, findings }
}

/// Makes a finding of what counts of a draft, and one of what each entry of the allow list lets pass.
fn split(id: CheckId, draft: Draft, view: &View<'_>, allowances: &Allowances<'_>) -> Vec<Finding> {
    let Draft { severity, what, why, setting, places, fix, is_runtime, permitted } = draft;
    let excuse = permitted.map(|reason| Excuse::Profile { reason });
    let whole = Finding { id, severity, what, why, setting, places: Vec::new(), fix, is_runtime, excuse };
    let place = |place: super::checks::Spot| {
        let layer = place.layer.or_else(|| view.subject.origins.layer(&place.path));
        let created_by = layer.and_then(|layer| view.subject.origins.created_by(layer)).map(str::to_owned);
        // The owner of a hidden file may be another one than that of what stands there now.
        let package = match place.hidden_by {
            None => view.subject.origins.package(&place.path),
            Some(_) => None,
        };
        let super::checks::Spot { path, bytes, hidden_by, .. } = place;
        Place { path, bytes, layer, created_by, hidden_by, package }
    };
    if places.is_empty() {
        let by = match &whole.setting {
            _ if whole.excuse.is_some() => None,
            Some(setting) => allowances.setting(id, setting),
            None => allowances.setting(id, ""),
        };
        let excuse = by.and_then(|number| allowances.excuse(number)).or(whole.excuse.clone());
        return vec![Finding { excuse, ..whole }];
    }
    let mut groups: BTreeMap<Option<usize>, Vec<Place>> = BTreeMap::new();
    for spot in places {
        let by = if whole.excuse.is_some() { None } else { allowances.path(id, &spot.path) };
        groups.entry(by).or_default().push(place(spot));
    }
    let finding = |(by, places): (Option<usize>, Vec<Place>)| {
        let excuse = by.and_then(|number| allowances.excuse(number)).or(whole.excuse.clone());
        Finding { places, excuse, ..whole.clone() }
    };
    groups.into_iter().map(finding).collect()
}

/// Makes findings count by what they sum up to.
fn weigh(findings: &mut [Finding], budget: &Budget) {
    let counting = findings.iter().filter(|finding| finding.excuse.is_none());
    let bytes: u64 = counting.flat_map(|finding| &finding.places).filter_map(|place| place.bytes).sum();
    let severity = match bytes > budget.bytes {
        true if budget.is_set => Severity::Fail,
        true => Severity::Warning,
        false => Severity::Info,
    };
    for finding in findings {
        finding.severity = severity;
    }
}

/// Says whether a check is one of those that decide whether an image is distroless.
fn decides(id: CheckId) -> bool {
    id <= CheckId::D11 || id == CheckId::D13
}

fn is_budget(id: CheckId) -> bool {
    matches!(id, CheckId::D12 | CheckId::D14 | CheckId::D17)
}

fn is_unknown(check: &Outcome) -> bool {
    matches!(check.state, State::CannotJudge(_))
}

fn answer(checks: &[Outcome]) -> Answer {
    if checks.iter().any(|check| check.state == State::Failed) {
        Answer::No
    } else if checks.iter().any(|check| decides(check.id) && is_unknown(check)) {
        Answer::CannotJudge
    } else {
        Answer::Yes
    }
}

fn grade(checks: &[Outcome]) -> Option<Grade> {
    let failed = checks.iter().filter(|check| check.state == State::Failed).map(|check| match check.id {
        CheckId::D01 | CheckId::D02 | CheckId::D03 | CheckId::D11 | CheckId::D13 => Grade::F,
        id if is_budget(id) => Grade::C,
        _ => Grade::D,
    });
    if let Some(worst) = failed.max() {
        return Some(worst);
    }
    if checks.iter().any(|check| decides(check.id) && is_unknown(check)) {
        return None;
    }
    // The runtime of the entrypoint is no blemish where the profile is for images that have one.
    let is_blemish = |finding: &Finding| match finding.excuse {
        Some(_) => !finding.is_runtime,
        None => finding.severity < Severity::Info,
    };
    let has_blemish = checks.iter().flat_map(|check| &check.findings).any(is_blemish);
    Some(if has_blemish { Grade::B } else { Grade::A })
}

fn levels(checks: &[Outcome]) -> Vec<Level> {
    // What only a profile lets pass is no part of a level, but for the runtime.
    let counts = |finding: &&Finding| !matches!(finding.excuse, Some(Excuse::List { .. }));
    let fails = |finding: &Finding| finding.severity == Severity::Fail;
    let deciding = || {
        let checks = checks.iter().filter(|check| decides(check.id));
        checks.flat_map(|check| &check.findings).filter(counts).filter(|finding| fails(finding))
    };
    let is_known = !checks.iter().any(|check| decides(check.id) && is_unknown(check));
    let runtime = is_known && deciding().all(|finding| finding.is_runtime);
    let strict = is_known && deciding().next().is_none();
    let over = |check: &Outcome| matches!(check.state, State::Failed | State::Warned);
    let slim = runtime && !checks.iter().any(|check| is_budget(check.id) && over(check));
    // What decides nothing may be unknown.
    let speaks = |check: &Outcome| check.findings.iter().any(|finding| finding.excuse.is_none());
    let full = slim && !checks.iter().any(speaks);
    let all = [(runtime, Level::Runtime), (strict, Level::Strict), (slim, Level::Slim), (full, Level::Full)];
    all.into_iter().filter(|(reached, _)| *reached).map(|(_, level)| level).collect()
}

#[cfg(test)]
mod tests;
