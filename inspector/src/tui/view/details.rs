//! Draws the details of the chosen layer, and the figures of the whole image.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{beginning, layers, pane, put};
use crate::tui::app::{App, Tab};
use crate::tui::format;
use crate::tui::layout::Spot;
use crate::tui::start::Pane;
use crate::tui::task::LayerState;
use crate::tui::text;
use crate::tui::theme::Role;
use attar_image::text::escape_line;

/// Columns of what stands before a value.
const LABEL: usize = 11;

pub(super) fn draw(app: &App, tab: &Tab, spot: Spot, buffer: &mut Buffer) {
    pane(app, spot, tab.focus == Pane::Facts, "details", buffer);
    let area = spot.body;
    let lines = lines(tab, usize::from(area.width));
    let top = tab.details_top.min(end(&lines, area.height));
    for (y, (line, role)) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
        put(buffer, area.x, y, line, area.width, app.theme.style(*role));
    }
}

/// Returns the line that stands at the top when the end of the details is seen.
pub(crate) fn details_end(tab: &Tab, area: Rect) -> usize {
    end(&lines(tab, usize::from(area.width)), area.height)
}

fn end(lines: &[(String, Role)], height: u16) -> usize {
    lines.len().saturating_sub(usize::from(height))
}

fn lines(tab: &Tab, width: usize) -> Vec<(String, Role)> {
    let mut lines: Vec<(String, Role)> = Vec::new();
    for (label, value, role) in facts(tab) {
        let value = escape_line(beginning(&value));
        let parts = text::wrap(&value, width.saturating_sub(LABEL).max(1));
        // An empty line has no parts, and stands all the same.
        let first = parts.first().copied().unwrap_or_default();
        lines.push((format!("{label:<LABEL$}{first}"), role));
        lines.extend(parts.iter().skip(1).map(|part| (format!("{:LABEL$}{part}", ""), role)));
    }
    lines
}

type Detail = (&'static str, String, Role);

fn facts(tab: &Tab) -> Vec<Detail> {
    let mut facts = image(tab);
    facts.push(("", String::new(), Role::Text));
    facts.extend(layer(tab));
    facts
}

/// Returns the figures of the image.
fn image(tab: &Tab) -> Vec<Detail> {
    let mut facts = Vec::new();
    let mut add = |label, value: String, role| facts.push((label, value, role));
    if let Some(opened) = tab.opened() {
        add("platform", opened.image.platform.to_string(), Role::Text);
    } else if let Some(platform) = &tab.outline.platform {
        add("platform", platform.clone(), Role::Text);
    }
    let Some(snapshot) = &tab.snapshot else { return facts };
    let analysis = &snapshot.analysis;
    let so_far = if snapshot.is_complete { "" } else { " so far" };
    add("pulled", format::bytes(analysis.compressed), Role::Text);
    add("files", format!("{}, {}{so_far}", analysis.files, format::bytes(analysis.total)), Role::Text);
    let role = if analysis.waste > 0 { Role::Waste } else { Role::Good };
    let percent = analysis.waste_percent();
    add("dead", format!("{}, {percent:.1} %{so_far}", format::bytes(analysis.waste)), role);
    if !analysis.is_complete() && snapshot.is_complete {
        add("", "some layers were not read: the figures say too little".to_owned(), Role::Warning);
    }
    facts
}

fn layer(tab: &Tab) -> Vec<Detail> {
    let number = tab.layer.at;
    let mut facts = Vec::new();
    let mut add = |label, value: String, role| facts.push((label, value, role));
    add("layer", (number + 1).to_string(), Role::Title);
    match tab.layers.get(number) {
        Some(LayerState::Absent(why)) => add("not read", why.clone(), Role::Bad),
        Some(LayerState::Failed(failure)) => {
            // First what is short: the pane may not have room for all.
            failure.hint.iter().for_each(|hint| add("hint", hint.clone(), Role::Warning));
            add("not read", failure.message.clone(), Role::Bad);
        }
        Some(LayerState::Cancelled) => {
            add("not read", "stopped: `reload` reads it".to_owned(), Role::Warning)
        }
        _ => {}
    }
    if let Some(known) = tab.snapshot.as_ref().and_then(|snapshot| snapshot.analysis.layers.get(number)) {
        if known.uncompressed.is_some() {
            let word = if known.entries == 1 { "entry" } else { "entries" };
            add("files", format!("{} {word}, {}", known.entries, format::bytes(known.bytes)), Role::Text);
            let changes = [
                (known.added, "added"),
                (known.modified, "modified"),
                (known.unchanged, "written unchanged"),
                (known.removed, "removed"),
            ];
            let changes = changes.into_iter().filter(|(count, _)| *count > 0);
            let changes: Vec<String> = changes.map(|(count, word)| format!("{count} {word}")).collect();
            if !changes.is_empty() {
                add("changes", changes.join(", "), Role::Text);
            }
        }
        if known.waste > 0 {
            add("dead", format!("{} of its bytes", format::bytes(known.waste)), Role::Waste);
        }
        if known.killed > 0 {
            add("killed", format!("{} died by it", format::bytes(known.killed)), Role::Waste);
        }
    }
    if let Some(descriptor) = tab.opened().and_then(|opened| opened.image.manifest.layers.get(number)) {
        add("blob", format::bytes(descriptor.size), Role::Text);
        add("type", descriptor.media_type.clone(), Role::Muted);
        add("digest", descriptor.digest.to_string(), Role::Muted);
    }
    if let Some(layer) = tab.snapshot.as_ref().and_then(|snapshot| snapshot.stack.layers().get(number))
        && let Some(diff_id) = layer.diff_id
    {
        add("diff ID", diff_id.to_string(), Role::Muted);
    }
    add("command", layers::command(tab, number), Role::Text);
    facts
}
