//! What is dead and why, and what is largest.

use attar_image::stack::PathId;

use crate::browse::MAX_LARGEST;
use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::task::{Shown, Snapshot};
use crate::tui::theme::Role;

/// Paths with dead bytes that are listed at most: the largest come first, and nobody reads on for ever.
pub(crate) const MAX_LISTED: usize = 5_000;

/// Lists what to change first, then every path with dead bytes.
pub(crate) fn waste(snapshot: &Snapshot) -> Listing {
    let analysis = &snapshot.analysis;
    let columns = vec![
        Column::new("bytes", Width::Number(12), 0),
        Column::new("came", Width::Number(5), 1),
        Column::new("died", Width::Number(5), 1),
        Column::new("why", Width::Text(22), 2),
        Column::new("path", Width::Rest, 0),
    ];
    let mut list = Listing::new("waste", columns);
    if analysis.dead.is_empty() {
        list.note = Some(match snapshot.is_complete && analysis.is_complete() {
            true => "nothing is dead: every byte of every layer is part of the image".into(),
            false => "nothing is dead in the layers that were read; others were not".into(),
        });
        return list;
    }
    let number = |layer: usize| (layer + 1).to_string();
    list.rows.push(Line::heading("what to change"));
    for advice in &snapshot.advice {
        let cells = [
            format::bytes(advice.bytes),
            number(advice.introduced),
            number(advice.killed),
            advice.cause.name().to_owned(),
            advice.fix.clone(),
        ];
        let jump = advice.paths.first().map(|path| (path.clone(), advice.introduced));
        let mut line = Line::of(cells).like(Role::Waste).number(0, advice.bytes);
        line.jump = jump.map(|(path, layer)| Jump::Path { path, layer: Some(layer) });
        line.detail = vec![advice.fix.clone(), String::new()];
        line.detail.push(format!(
            "{} files, {} of the blob:",
            advice.files,
            format::bytes(advice.compressed)
        ));
        line.detail.extend(advice.paths.iter().map(ToString::to_string));
        list.rows.push(line);
    }
    list.rows.push(Line::heading("paths"));
    for dead in &analysis.dead {
        for copy in &dead.copies {
            let cells = [
                format::bytes(copy.bytes),
                number(copy.introduced),
                number(copy.killed),
                copy.reason.name().to_owned(),
                dead.path.to_string(),
            ];
            let jump = Jump::Path { path: dead.path.clone(), layer: Some(copy.introduced) };
            list.rows.push(Line::of(cells).to(jump).number(0, copy.bytes));
        }
    }
    if snapshot.more_dead > 0 {
        let more = snapshot.more_dead;
        list.note = Some(format!("{more} more paths are smaller: `attar inspect -o json` lists them all"));
    }
    list.cursor.at = 1;
    list
}

/// Lists the largest files that are shown.
pub(crate) fn largest(shown: &Shown) -> Listing {
    let columns = vec![
        Column::new("size", Width::Number(12), 0),
        Column::new("layer", Width::Number(5), 1),
        Column::new("change", Width::Text(10), 2),
        Column::new("path", Width::Rest, 0),
    ];
    let mut list = Listing::new("largest files", columns);
    let stack = &shown.snapshot.stack;
    let line = |path: &PathId| {
        let entry = shown.view.entry(*path)?;
        let layer = stack.layer_of(entry);
        let size = stack.row(stack.linked(entry)).size;
        let cells = [
            format::bytes(size),
            (layer + 1).to_string(),
            shown.view.mark(*path)?.name().to_owned(),
            stack.paths().path(*path).to_string(),
        ];
        let jump = Jump::Path { path: stack.paths().path(*path), layer: None };
        Some(Line::of(cells).to(jump).number(0, size))
    };
    list.rows = shown.view.largest(MAX_LARGEST).iter().filter_map(line).collect();
    if list.rows.is_empty() {
        list.note = Some("no regular file is shown".into());
    }
    list
}
