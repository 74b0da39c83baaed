//! D17: sizes, in uncompressed bytes, and the number of entries.

use super::{Draft, Findings};
use crate::distroless::Figures;
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::View;

/// What no container sees before it is worth a warning: both, or it is not.
const RECLAIMABLE: (u64, u64) = (8 << 20, 20);

pub(super) fn run(view: &View<'_>) -> Findings {
    let of_tree = || {
        let sizes = view.subject.tree.iter().filter_map(|(_, entry)| entry.content());
        let entries = view.subject.tree.len() as u64;
        Figures { total: sizes.map(|content| content.size).sum(), entries, ..Figures::default() }
    };
    let figures = view.subject.figures.clone().unwrap_or_else(of_tree);
    let limits = &view.rules.limits;
    let mut drafts = Vec::new();
    let mut over = |setting: &str, what: String, severity, fix: Fix| {
        let why = "every node pulls, stores and scans it";
        drafts.push(Draft::fail(what, why, fix).with_severity(severity).setting(setting));
    };
    let smaller = || Fix::spec("without: {packages: […], paths: […]}");
    if let Some(limit) = limits.size.filter(|limit| figures.total > *limit) {
        let what = format!("the image has {}, more than {}", shown(figures.total), shown(limit));
        over("size", what, Severity::Fail, smaller());
    }
    if let Some(limit) = limits.entries.filter(|limit| figures.entries > *limit) {
        let what = format!("the image has {} entries, more than {limit}", figures.entries);
        over("entries", what, Severity::Fail, smaller());
    }
    if let Some(limit) = limits.layer {
        for (number, bytes) in figures.layers.iter().enumerate().filter(|(_, bytes)| **bytes > limit) {
            let number = number + 1;
            let what = format!("layer {number} has {}, more than {}", shown(*bytes), shown(limit));
            over(&format!("layer:{number}"), what, Severity::Fail, Fix::spec("layering: {budget: …}"));
        }
    }
    let wasted = figures.reclaimable;
    let (bytes, share) = RECLAIMABLE;
    let severity = match limits.reclaimable {
        Some(limit) if wasted > limit => Some(Severity::Fail),
        None if wasted > bytes && wasted.saturating_mul(share) > figures.total => Some(Severity::Warning),
        _ => None,
    };
    if let Some(severity) = severity {
        let what =
            format!("{} of {} are in layers and seen by no container", shown(wasted), shown(figures.total));
        let fix = Fix::spec("attar's own layers hide nothing: build the image from a spec")
            .dockerfile("delete in the step that adds, or COPY --from into a last stage");
        over("reclaimable", what, severity, fix);
    }
    Findings::of(drafts)
}

/// Shows a number of bytes in words.
pub(super) fn shown(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
