//! What is known of the path under the cursor, above its preview.

use std::sync::Arc;

use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form, Stack};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{attributes, layers, put, shortened};
use crate::tui::app::{App, Comparison, Known, Tab, files_of_image, files_of_view};
use crate::tui::format;
use crate::tui::task::Snapshot;
use crate::tui::text;
use crate::tui::theme::Role;

/// The least lines that are left for the preview itself.
const BODY: u16 = 5;
/// Columns of the owner of one of two images' files.
const OWNER: usize = 17;

/// Draws as many lines as there is room for; returns the area below them.
pub(super) fn draw(app: &App, tab: &Tab, area: Rect, buffer: &mut Buffer) -> Rect {
    let lines = lines(app, tab, usize::from(area.width));
    let room = area.height.saturating_sub(BODY);
    let mut y = area.y;
    for (line, role) in lines.into_iter().take(usize::from(room)) {
        let line = shortened(app, &line, usize::from(area.width));
        put(buffer, area.x, y, &line, area.width, app.theme.style(role));
        y += 1;
    }
    Rect { y, height: area.bottom() - y, ..area }
}

fn lines(app: &App, tab: &Tab, width: usize) -> Vec<(String, Role)> {
    if let Some(comparison) = tab.compared() {
        return lines_of_both(app, tab, comparison, width);
    }
    let (Some(shown), Some(path)) = (&tab.tree.shown, tab.tree.selected()) else { return Vec::new() };
    let stack = &shown.snapshot.stack;
    let name = stack.paths().path(path);
    let shown_name = text::cut_path(&name.to_string(), width, app.glyphs.ellipsis).into_owned();
    let mut lines = vec![(shown_name, Role::Title)];
    if let Some(entry) = shown.view.entry(path) {
        let owners = tab.accounts.owners(&shown.snapshot, files_of_view(shown));
        let attributes = attributes::lines(app, stack, entry, owners, width);
        lines.extend(attributes.into_iter().map(|line| (line, Role::Muted)));
        lines.push((origin(tab, stack, entry), Role::Muted));
    }
    let form = shown.view.entry(path).map(|entry| stack.row(entry).form);
    if form.is_some_and(|form| form != Form::Directory) {
        lines.extend(owner(tab, &name));
    }
    if let Some(entry) = shown.view.entry(path) {
        lines.extend(digest(tab, &shown.snapshot, entry, width));
    }
    lines.push((app.glyphs.border.horizontal_top.repeat(width), Role::Border));
    lines
}

/// Says what two images have at one path.
fn lines_of_both(app: &App, tab: &Tab, comparison: &Comparison, width: usize) -> Vec<(String, Role)> {
    let (Some(shown), Some(node)) = (&comparison.tree.shown, comparison.tree.selected()) else {
        return Vec::new();
    };
    let name = shown.compared.path(node).to_string();
    let mut lines = vec![(text::cut_path(&name, width, app.glyphs.ellipsis).into_owned(), Role::Title)];
    let sides = ["first", "second"].into_iter().zip(shown.pair.entries(node)).zip(&shown.compared.sides);
    for ((which, entry), side) in sides {
        let stack = &side.snapshot.stack;
        if let Some(entry) = entry {
            let owners = tab.accounts.owners(&side.snapshot, files_of_image(&side.snapshot));
            let attributes = attributes::attributes(app, stack, entry, owners, OWNER);
            let time = format::date(stack.row(entry).mtime);
            let layer = stack.layer_of(entry) + 1;
            lines.push((format!("{which:<6} {attributes}  layer {layer}  {time}"), Role::Muted));
            lines.extend(digest(tab, &side.snapshot, entry, width));
        }
    }
    lines.push((app.glyphs.border.horizontal_top.repeat(width), Role::Border));
    lines
}

/// Returns the digest of a file's content, if it is known.
fn digest(tab: &Tab, snapshot: &Arc<Snapshot>, entry: EntryId, width: usize) -> Vec<(String, Role)> {
    let Some(digest) = tab.digests.get(snapshot, entry) else { return Vec::new() };
    let digest = digest.to_string();
    text::wrap(&digest, width).into_iter().map(|part| (part.to_owned(), Role::Muted)).collect()
}

/// Says which layer brought an entry, and what became of it.
fn origin(tab: &Tab, stack: &Stack, entry: EntryId) -> String {
    let layer = stack.layer_of(entry);
    let ended =
        stack.end_of_name(entry).map(|end| format!(", {} by layer {}", end.reason.name(), end.layer + 1));
    let command = layers::command(tab, layer);
    format!("layer {}{}: {command}", layer + 1, ended.unwrap_or_default())
}

/// Says which package has a path.
fn owner(tab: &Tab, path: &TreePath) -> Option<(String, Role)> {
    match &tab.owners {
        Known::Known(owners) => match owners.owner(path.as_bytes()) {
            Some(package) => Some((format!("package {} {}", package.name, package.version), Role::Note)),
            None if owners.packages().is_empty() => None,
            None => Some(("in no package".to_owned(), Role::Muted)),
        },
        Known::Unasked | Known::Asked => None,
        Known::Failed(failure) => Some((failure.message.clone(), Role::Bad)),
    }
}
