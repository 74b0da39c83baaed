//! Whether an image is distroless, check by check, with what was found.

use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::source::{Check, CheckState, Evidence, Verdict};
use crate::tui::theme::Role;

/// Lists the checks, failures first, each with its findings.
pub(crate) fn verdict(verdict: &Verdict) -> Listing {
    let columns = vec![
        Column::new("check", Width::Text(6), 1),
        Column::new("says", Width::Text(16), 0),
        Column::new("about", Width::Rest, 0),
        Column::new("layer", Width::Number(6), 2),
        Column::new("package", Width::Text(24), 3),
    ];
    let mut list = Listing::new(verdict.summary.clone(), columns);
    let mut checks: Vec<&Check> = verdict.checks.iter().collect();
    checks.sort_by_key(|check| rank(check.state));
    for check in checks {
        let (says, role) = words(check.state);
        let about = match &check.reason {
            Some(reason) => format!("{}: {reason}", check.name),
            None => check.name.clone(),
        };
        let cells = [check.id.clone(), says.to_owned(), about, String::new(), String::new()];
        list.rows.push(Line::of(cells).like(role));
        list.rows.extend(check.findings.iter().flat_map(evidence));
    }
    list
}

fn evidence(finding: &Evidence) -> Vec<Line> {
    let detail = vec![
        finding.what.clone(),
        String::new(),
        finding.why.clone(),
        String::new(),
        format!("fix: {}", finding.fix),
    ];
    let cells = |about: String, layer: String, package: String| {
        [String::new(), String::new(), format!("  {about}"), layer, package]
    };
    if finding.places.is_empty() {
        let line = Line::of(cells(finding.what.clone(), String::new(), String::new()));
        return vec![line.with(detail)];
    }
    let several = finding.places.len() > 1;
    let mut lines = Vec::new();
    if several {
        let line = Line::of(cells(finding.what.clone(), String::new(), String::new()));
        lines.push(line.with(detail.clone()));
    }
    for place in &finding.places {
        let hidden = if place.is_hidden { " (only in a lower layer)" } else { "" };
        let about = match several {
            true => format!("  {}{hidden}", place.path),
            false => format!("{}{hidden}", finding.what),
        };
        let layer = place.layer.map(|layer| (layer + 1).to_string()).unwrap_or_default();
        let line = Line::of(cells(about, layer, place.package.clone().unwrap_or_default()));
        let layer = place.layer.filter(|_| place.is_hidden);
        lines.push(line.to(Jump::Path { path: place.path.clone(), layer }).with(detail.clone()));
    }
    lines
}

fn rank(state: CheckState) -> u8 {
    match state {
        CheckState::Failed => 0,
        CheckState::Unknown => 1,
        CheckState::Warned => 2,
        CheckState::Allowed => 3,
        CheckState::Noted => 4,
        CheckState::Passed => 5,
        CheckState::NotApplicable => 6,
    }
}

fn words(state: CheckState) -> (&'static str, Role) {
    match state {
        CheckState::Failed => ("fails", Role::Bad),
        CheckState::Unknown => ("cannot judge", Role::Warning),
        CheckState::Warned => ("warns", Role::Warning),
        CheckState::Allowed => ("allowed", Role::Muted),
        CheckState::Noted => ("notes", Role::Muted),
        CheckState::Passed => ("passes", Role::Good),
        CheckState::NotApplicable => ("not applicable", Role::Muted),
    }
}
