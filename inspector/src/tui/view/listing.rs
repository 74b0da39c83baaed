//! Draws a list: headings, rows, the row under the cursor.

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{beginning, highlight, put, say, shortened};
use crate::tui::app::App;
use crate::tui::layout::Spot;
use crate::tui::listing::{Column, Line, Listing, Width};
use crate::tui::text;
use crate::tui::theme::Role;
use attar_image::text::escape_line;

/// Rows that decide how wide a column is: those on the screen, and some more.
const MEASURED: usize = 200;
/// The narrowest column of what is left, as long as others can give way; less in narrow lists, which would
/// have nothing else any more.
const REST: RangeInclusive<u16> = 12..=30;

pub(super) fn draw(app: &App, list: &Listing, spot: Spot, has_focus: bool, buffer: &mut Buffer) {
    let area = spot.body;
    let widths = widths(list, area.width);
    if let Some(heading) = spot.heading {
        let style = app.theme.style(Role::Muted);
        let mut x = heading.x;
        for (column, width) in list.columns.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            let is_order = list.order.is_some_and(|(place, _)| list.columns.get(place) == Some(column));
            let style = if is_order { app.theme.style(Role::Title) } else { style };
            put(buffer, x, heading.y, &align(column, column.title, *width, app), *width, style);
            x += width + 1;
        }
    }
    if list.rows.iter().all(|line| line.is_heading) && !list.filter.is_empty() {
        let text = format!("no row has {}: `esc` shows all again", list.filter);
        return say(app, area, &[(text, Role::Muted)], buffer);
    }
    if let Some(note) = list.note.as_ref().filter(|_| list.rows.is_empty()) {
        return say(app, area, &[(note.clone(), Role::Muted)], buffer);
    }
    let rows = list.rows.iter().enumerate().skip(list.cursor.top);
    for (y, (number, row)) in (area.y..area.bottom()).zip(rows) {
        let line = Rect { y, height: 1, ..area };
        draw_row(app, list, row, &widths, line, buffer);
        if number == list.cursor.at && !row.is_heading {
            highlight(app, line, has_focus, buffer);
        }
    }
    super::bars::scroll_bar(app, spot, list.cursor.top, list.rows.len(), buffer);
}

fn draw_row(app: &App, list: &Listing, row: &Line, widths: &[u16], area: Rect, buffer: &mut Buffer) {
    let style = app.theme.style(row.role.unwrap_or(Role::Text));
    if row.is_heading {
        let text = escape_line(row.cells.first().map_or("", |cell| beginning(cell)));
        put(buffer, area.x, area.y, &text, area.width, style);
        return;
    }
    let mut x = area.x;
    for ((column, cell), width) in list.columns.iter().zip(&row.cells).zip(widths) {
        if *width > 0 {
            put(buffer, x, area.y, &align(column, cell, *width, app), *width, style);
            x += width + 1;
        }
    }
}

fn align(column: &Column, cell: &str, width: u16, app: &App) -> String {
    let width = usize::from(width);
    let cell = shortened(app, cell, width);
    match column.width {
        Width::Number(_) => " ".repeat(width - text::width(&cell).min(width)) + &cell,
        Width::Text(_) | Width::Rest => cell,
    }
}

/// Returns the width of each column; 0 for those that have no room.
fn widths(list: &Listing, room: u16) -> Vec<u16> {
    let rows = || list.rows.iter().skip(list.cursor.top).take(MEASURED).filter(|row| !row.is_heading);
    let natural = |number: usize, column: &Column| {
        let cells = rows()
            .filter_map(|row| row.cells.get(number))
            .map(|cell| text::width(&escape_line(beginning(cell))));
        let widest = cells.max().unwrap_or(0).max(column.title.len());
        match column.width {
            Width::Number(most) | Width::Text(most) => widest.min(usize::from(most)) as u16,
            Width::Rest => (room * 2 / 5).clamp(*REST.start(), *REST.end()),
        }
    };
    let mut widths: Vec<u16> =
        list.columns.iter().enumerate().map(|(number, column)| natural(number, column)).collect();
    let is_last = |column: &Column| column.width == Width::Rest && column.rank == 0;
    loop {
        let shown = widths.iter().filter(|width| **width > 0).count() as u16;
        let needed: u16 = widths.iter().sum::<u16>() + shown.saturating_sub(1);
        let left = room.saturating_sub(needed);
        if needed <= room || shown <= 1 {
            for (width, column) in widths.iter_mut().zip(&list.columns) {
                if column.width == Width::Rest && *width > 0 {
                    *width += left;
                }
                *width = (*width).min(room);
            }
            return widths;
        }
        // What everything else stands beside stays to the end.
        let columns = list.columns.iter().enumerate();
        let columns = columns.filter(|(number, column)| widths[*number] > 0 && !is_last(column));
        let Some((least, _)) = columns.max_by_key(|(number, column)| (column.rank, *number)) else {
            return widths;
        };
        widths[least] = 0;
    }
}
