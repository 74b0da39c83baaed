//! Draws the layers: size, waste, what is shared, the command that made each.

use std::collections::BTreeSet;

use attar_image::digest::Digest;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{highlight, pane, put, shortened};
use crate::tui::app::{App, Scope, Tab};
use crate::tui::format;
use crate::tui::layout::Spot;
use crate::tui::start::Pane;
use crate::tui::task::LayerState;
use crate::tui::theme::Role;

/// Columns of a size.
const SIZE: usize = 9;
/// From so many columns on what is dead is shown.
const WASTE: u16 = 34;

pub(super) fn draw(app: &App, tab: &Tab, spot: Spot, buffer: &mut Buffer) {
    let has_focus = tab.focus == Pane::Layers;
    let count = tab.layer_count();
    let read = tab.layers.iter().filter(|state| matches!(state, LayerState::Read)).count();
    let title = match tab.is_reading() {
        true => format!("layers: {read} of {count} read {}", app.spinner()),
        false => format!("layers: {count}"),
    };
    pane(app, spot, has_focus, &title, buffer);
    let others = others(app, tab);
    let area = spot.body;
    let columns = Columns::of(tab, area.width);
    if let Some(heading) = spot.heading {
        let waste = if columns.waste { format!("{:>SIZE$} ", "dead") } else { String::new() };
        let text = format!(" {:>width$} {:>SIZE$} {waste}  command", "", "size", width = columns.number);
        put(buffer, heading.x, heading.y, &text, heading.width, app.theme.style(Role::Muted));
    }
    for (y, layer) in (area.y..area.bottom()).zip(tab.layer.top..count) {
        let line = Rect { y, height: 1, ..area };
        draw_layer(app, tab, layer, columns, &others, line, buffer);
        if layer == tab.layer.at {
            highlight(app, line, has_focus, buffer);
        }
    }
    super::bars::scroll_bar(app, spot, tab.layer.top, count, buffer);
}

/// Which columns there are.
#[derive(Clone, Copy, Debug)]
struct Columns {
    /// How wide the number is.
    number: usize,
    /// Whether what is dead is shown: where something is, and where there is room.
    waste: bool,
}

impl Columns {
    fn of(tab: &Tab, width: u16) -> Self {
        let is_dead = tab.snapshot.as_ref().is_some_and(|snapshot| snapshot.analysis.waste > 0);
        Self { number: tab.layer_count().to_string().len().max(2), waste: is_dead && width >= WASTE }
    }
}

/// Returns the blobs of the other images that are open.
fn others(app: &App, tab: &Tab) -> BTreeSet<Digest> {
    app.tabs.iter().filter(|other| other.id != tab.id).flat_map(Tab::blobs).collect()
}

fn draw_layer(
    app: &App,
    tab: &Tab,
    layer: usize,
    columns: Columns,
    others: &BTreeSet<Digest>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let range = tab.span.range(tab.layer.at);
    let marker = match tab.span.scope {
        Scope::UpToHere if layer < range.from => app.glyphs.line,
        _ if range.from <= layer && layer <= range.to => app.glyphs.selected,
        _ => " ",
    };
    let style = app.theme.style(Role::Text);
    let mut x = put(buffer, area.x, area.y, marker, 1, app.theme.style(Role::Focus));
    let width = columns.number;
    let mut cell = |text: &str, role: Role| {
        let room = area.right().saturating_sub(x);
        x = put(buffer, x, area.y, text, room, app.theme.style(role));
    };
    cell(&format!("{:>width$} ", layer + 1), Role::Text);
    let (size, role) = size(app, tab, layer);
    cell(&format!("{size:>SIZE$} "), role);
    if columns.waste {
        let waste = tab.snapshot.as_ref().and_then(|snapshot| snapshot.analysis.layers.get(layer));
        let waste = waste.map_or(0, |layer| layer.waste);
        let shown = if waste == 0 { String::new() } else { format::bytes(waste) };
        cell(&format!("{shown:>SIZE$} "), Role::Waste);
    }
    let digest = tab.opened().and_then(|opened| opened.image.manifest.layers.get(layer));
    let is_shared = digest.is_some_and(|layer| others.contains(&layer.digest));
    cell(if is_shared { app.glyphs.shared } else { " " }, Role::Good);
    cell(" ", Role::Text);
    let room = usize::from(area.right().saturating_sub(x));
    let command = shortened(app, &command(tab, layer), room);
    put(buffer, x, area.y, &command, area.right().saturating_sub(x), style);
}

/// Returns what stands in the column of sizes: how far the layer is, until it is read.
fn size(app: &App, tab: &Tab, layer: usize) -> (String, Role) {
    let bytes = tab.snapshot.as_ref().and_then(|snapshot| snapshot.analysis.layers.get(layer));
    let blob = || {
        let opened = tab.opened()?;
        Some(opened.image.manifest.layers.get(layer)?.size)
    };
    match tab.layers.get(layer) {
        None => {
            let size = tab.outline.layers.get(layer).and_then(|layer| layer.1);
            (size.map(format::bytes).unwrap_or_default(), Role::Muted)
        }
        Some(LayerState::Read) => match bytes.filter(|layer| layer.uncompressed.is_some()) {
            Some(layer) => (format::bytes(layer.bytes), Role::Text),
            None => (blob().map(format::bytes).unwrap_or_default(), Role::Muted),
        },
        Some(LayerState::Waiting) => (blob().map(format::bytes).unwrap_or_default(), Role::Muted),
        Some(LayerState::Reading) => {
            let done = tab.done(layer);
            let percent = blob().filter(|size| *size > 0).map_or(0, |size| done.saturating_mul(100) / size);
            (format!("{} {:>3} %", app.spinner(), percent.min(100)), Role::Modified)
        }
        Some(LayerState::Absent(_)) => ("absent".to_owned(), Role::Warning),
        Some(LayerState::Failed(_)) => ("damaged".to_owned(), Role::Bad),
        Some(LayerState::Cancelled) => ("stopped".to_owned(), Role::Warning),
    }
}

/// Returns the command that made a layer, as people write it.
pub(super) fn command(tab: &Tab, layer: usize) -> String {
    let of_stack =
        tab.snapshot.as_ref().and_then(|snapshot| snapshot.stack.layers().get(layer)?.created_by.clone());
    let of_history = || {
        let history = &tab.opened()?.image.config.history;
        history.iter().filter(|step| !step.empty_layer).nth(layer)?.created_by.clone()
    };
    let of_outline = || tab.outline.layers.get(layer)?.0.clone();
    let command = of_stack.or_else(of_history).or_else(of_outline).unwrap_or_default();
    format::command(super::beginning(&command))
}
