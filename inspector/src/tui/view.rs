//! Draws the state. Nothing here changes it, and all text from outside is made harmless first.

mod attributes;
mod bars;
mod choice;
pub(super) mod compare;
mod details;
mod heading;
mod layers;
mod listing;
mod overlay;
mod preview;
pub(super) mod tree;

use std::borrow::Cow;
use std::num::NonZeroU16;

use ratatui::Frame;
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth as _};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Block, Widget as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::app::{App, Phase, Screen};
use super::layout::Spot;
use super::source::Failure;
use super::start::Pane;
use super::text;
use super::theme::Role;
use attar_image::text::escape_line;

pub(super) use bars::Titles;
pub(super) use details::details_end;

/// Bytes of a character with its marks.
const MAX_MARKED: usize = 32;
/// Columns of the widest character.
const WIDEST: u16 = 8;
/// Bytes of a text that are looked at: more than any screen shows, fewer than a hostile image has.
const MAX_TEXT: usize = 4 << 10;

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    buffer.set_style(area, app.theme.style(Role::Text));
    let areas = app.layout.areas(app);
    bars::tabs(app, areas.tabs, buffer);
    match app.tab() {
        None => {
            let Some(main) = areas.main else { return };
            pane(app, main, true, &app.images.title, buffer);
            listing::draw(app, &app.images, main, true, buffer);
        }
        Some(tab) => {
            if let Some(spot) = areas.layers {
                layers::draw(app, tab, spot, buffer);
            }
            if let Some(spot) = areas.details {
                details::draw(app, tab, spot, buffer);
            }
            if let Some(comparison) = tab.compared() {
                compare::draw(app, tab, comparison, &areas, buffer);
            } else if let Some(spot) = areas.main {
                middle(app, spot, buffer);
            }
            if let Some(spot) = areas.preview {
                preview::draw(app, tab, spot, buffer);
            }
        }
    }
    if let Some(spot) = areas.overlay {
        overlay::draw(app, spot, buffer);
    }
    bars::hints(app, areas.hints, buffer);
    if let Some(at) = bars::line(app, areas.line, buffer) {
        frame.set_cursor_position(at);
    }
}

/// Draws the tree or the list in the middle, or why there is none yet.
fn middle(app: &App, spot: Spot, buffer: &mut Buffer) {
    let Some(tab) = app.tab() else { return };
    let area = spot.body;
    let has_focus = tab.focus == Pane::Tree;
    match (&tab.phase, tab.screen) {
        (Phase::Open(_), Screen::Tree) => tree::draw(app, tab, spot, buffer),
        (Phase::Open(_), _) => {
            let Some(list) = tab.list() else { return };
            match tab.screen {
                Screen::Largest => pane(app, spot, has_focus, &choice::title(app, tab, true), buffer),
                _ => pane(app, spot, has_focus, &list.title, buffer),
            }
            match bars::waiting(app, tab) {
                Some(lines) if list.rows.is_empty() => say(app, area, &lines, buffer),
                _ => listing::draw(app, list, spot, has_focus, buffer),
            }
        }
        (Phase::Opening(done, total), _) => {
            pane(app, spot, has_focus, "files", buffer);
            let mut lines = vec![(format!("{} opening {}", app.spinner(), tab.wanted.word), Role::Text)];
            if *done > 0 {
                lines.push((bars::progress(app, *done, *total, area.width), Role::Muted));
            }
            lines.extend(tab.notes.iter().map(|note| (note.clone(), Role::Muted)));
            say(app, area, &lines, buffer);
        }
        (Phase::Failed(failure), _) => {
            pane(app, spot, has_focus, "files", buffer);
            let mut lines = failed(failure);
            lines.extend(tab.notes.iter().map(|note| (note.clone(), Role::Muted)));
            say(app, area, &lines, buffer);
        }
    }
}

/// Returns lines that say what failed, and what helps.
fn failed(failure: &Failure) -> Vec<(String, Role)> {
    let mut lines = vec![(failure.message.clone(), Role::Bad)];
    lines.extend(failure.hint.iter().map(|hint| (format!("hint: {hint}"), Role::Text)));
    lines
}

/// Draws the border and the title of a pane, where there is room for them.
fn pane(app: &App, spot: Spot, has_focus: bool, title: &str, buffer: &mut Buffer) {
    let Spot { frame, body, .. } = spot;
    if frame == body {
        return;
    }
    // The title is underlined: under a line there is nothing to underline.
    let style = app.theme.style(if has_focus { Role::Focus } else { Role::Border });
    border(app, frame, style.remove_modifier(Modifier::UNDERLINED), buffer);
    if frame.width < 5 {
        return;
    }
    let title = shortened(app, title, usize::from(frame.width) - 4);
    let role = if has_focus { Role::Focus } else { Role::Title };
    put(buffer, frame.x + 1, frame.y, &format!(" {title} "), frame.width - 2, app.theme.style(role));
}

fn border(app: &App, frame: Rect, style: Style, buffer: &mut Buffer) {
    Block::bordered().border_set(app.glyphs.border).border_style(style).render(frame, buffer);
}

/// Returns a text that is harmless and takes at most so many columns.
fn shortened(app: &App, text: &str, width: usize) -> String {
    text::cut(&in_signs(app, text), width, app.glyphs.ellipsis).into_owned()
}

/// Returns a text that is harmless, in the signs that may be drawn.
fn in_signs(app: &App, text: &str) -> String {
    signs(app, &escape_line(beginning(text))).into_owned()
}

/// Returns a text with the signs that may be drawn in the place of those that texts are written with.
fn signs<'a>(app: &App, text: &'a str) -> Cow<'a, str> {
    match app.glyphs.ellipsis {
        "…" => text.into(),
        sign => text.replace('…', sign).replace('→', app.glyphs.arrow).into(),
    }
}

/// Returns as much of a text as may be drawn.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

/// Marks the line under the cursor, in one colour from end to end.
fn highlight(app: &App, line: Rect, has_focus: bool, buffer: &mut Buffer) {
    let role = if has_focus { Role::Cursor } else { Role::Selected };
    let style = app.theme.style(Role::Text).patch(app.theme.style(role));
    let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
    buffer.set_style(line, plain.patch(style));
}

/// Writes lines of words, broken at the width of the area.
fn say(app: &App, area: Rect, lines: &[(String, Role)], buffer: &mut Buffer) {
    let mut y = area.y;
    for (line, role) in lines {
        for part in text::wrap(&in_signs(app, line), usize::from(area.width)) {
            if y >= area.bottom() {
                return;
            }
            put(buffer, area.x, y, part, area.width, app.theme.style(*role));
            y += 1;
        }
    }
}

/// Writes a harmless text, at most so many columns of it; returns the column behind it.
fn put(buffer: &mut Buffer, x: u16, y: u16, text: &str, width: u16, style: Style) -> u16 {
    let width = width.min(buffer.area.right().saturating_sub(x));
    if width == 0 || y >= buffer.area.bottom() {
        return x;
    }
    give_way(buffer, x, y);
    let (mut x, end) = (x, x + width);
    for grapheme in text.graphemes(true).filter(|grapheme| !grapheme.contains(char::is_control)) {
        let columns = text::width(grapheme) as u16;
        if columns == 0 {
            continue;
        }
        if columns > end - x {
            break;
        }
        set(&mut buffer[(x, y)], bounded(grapheme), columns, style);
        for hidden in x + 1..x + columns {
            buffer[(hidden, y)].reset();
        }
        x += columns;
    }
    x
}

/// Writes a character with its marks into a cell. Where ratatui counts other columns than terminals do, as
/// for voiced sound marks of half width, it is told.
fn set(cell: &mut Cell, grapheme: &str, columns: u16, style: Style) {
    cell.set_symbol(grapheme).set_style(style).set_diff_option(CellDiffOption::None);
    if let Some(columns) = NonZeroU16::new(columns).filter(|columns| columns.get() != cell.cell_width()) {
        cell.set_diff_option(CellDiffOption::ForcedWidth(columns));
    }
}

/// Takes a wide character away whose end is written over.
fn give_way(buffer: &mut Buffer, x: u16, y: u16) {
    if y < buffer.area.bottom() {
        for before in x.saturating_sub(WIDEST).max(buffer.area.left())..x {
            let cell = &mut buffer[(before, y)];
            if before + cell.cell_width() > x {
                cell.set_symbol(" ").set_diff_option(CellDiffOption::None);
            }
        }
    }
}

/// Leaves out marks beyond the first few of a character: terminals draw them over the lines around it.
fn bounded(grapheme: &str) -> &str {
    &grapheme[..grapheme.floor_char_boundary(MAX_MARKED)]
}
