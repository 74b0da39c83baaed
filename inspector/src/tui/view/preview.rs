//! Draws the preview of the file under the cursor, or more about the row of a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{failed, pane, put, say, signs};
use crate::preview::{Line, Mode, Preview};
use crate::tui::app::{App, Known, Tab};
use crate::tui::layout::Spot;
use crate::tui::start::Pane;
use crate::tui::text;
use crate::tui::theme::Role;

pub(super) fn draw(app: &App, tab: &Tab, spot: Spot, buffer: &mut Buffer) {
    let has_focus = tab.focus == Pane::Preview;
    let area = spot.body;
    if let Some(list) = tab.list() {
        pane(app, spot, has_focus, "more", buffer);
        let detail = list.selected().map(|line| line.detail.as_slice()).unwrap_or_default();
        let lines: Vec<(String, Role)> = detail.iter().map(|line| (line.clone(), Role::Text)).collect();
        return say(app, area, lines.get(tab.preview.top.min(lines.len())..).unwrap_or_default(), buffer);
    }
    let title = match &tab.preview.shown {
        Known::Known(preview) => {
            let mode = tab.preview.mode().unwrap_or(Mode::Facts);
            format!("{}: {}", preview.kind, mode.name())
        }
        _ => "preview".to_owned(),
    };
    let title = match tab.preview.is_under_way() {
        true => format!("{title} {}", app.spinner()),
        false => title,
    };
    pane(app, spot, has_focus, &title, buffer);
    let area = super::heading::draw(app, tab, area, buffer);
    match &tab.preview.shown {
        Known::Unasked | Known::Asked => {}
        Known::Failed(failure) => say(app, area, &failed(failure), buffer),
        Known::Known(preview) => {
            let mode = tab.preview.mode().unwrap_or(Mode::Facts);
            draw_lines(app, tab, preview, mode, area, buffer);
            let count = preview.line_count(mode, usize::from(area.width));
            super::bars::scroll_bar(app, spot, tab.preview.top, count, buffer);
        }
    }
}

fn draw_lines(app: &App, tab: &Tab, preview: &Preview, mode: Mode, area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let count = preview.line_count(mode, columns);
    let top = tab.preview.top.min(count.saturating_sub(1));
    let mut y = area.y;
    for line in preview.lines(mode, columns, top..top + usize::from(area.height)) {
        if y >= area.bottom() {
            return;
        }
        if tab.preview.is_wrapped && line.width() > columns {
            let style = app.theme.style(Role::Text);
            for part in text::wrap(&signs(app, &line.text()), columns) {
                if y < area.bottom() {
                    put(buffer, area.x, y, part, area.width, style);
                    y += 1;
                }
            }
        } else {
            draw_line(app, &line, Rect { y, height: 1, ..area }, buffer);
            y += 1;
        }
    }
}

fn draw_line(app: &App, line: &Line, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for span in &line.spans {
        let room = area.right().saturating_sub(x);
        x = put(buffer, x, area.y, &signs(app, &span.text), room, app.theme.style(span.style.into()));
    }
    if line.width() > usize::from(area.width) && area.width > 1 {
        put(buffer, area.right() - 1, area.y, app.glyphs.ellipsis, 1, app.theme.style(Role::Muted));
    }
}
