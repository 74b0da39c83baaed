//! Draws what is over everything else.

use ratatui::buffer::Buffer;
use ratatui::widgets::{Clear, Widget as _};

use super::{give_way, listing, pane};
use crate::tui::app::App;
use crate::tui::layout::Spot;
use crate::tui::theme::Role;

pub(super) fn draw(app: &App, spot: Spot, buffer: &mut Buffer) {
    let Some(overlay) = &app.overlay else { return };
    for y in spot.frame.top()..spot.frame.bottom() {
        give_way(buffer, spot.frame.x, y);
    }
    Clear.render(spot.frame, buffer);
    buffer.set_style(spot.frame, app.theme.style(Role::Text));
    let list = overlay.list();
    pane(app, spot, true, &list.title, buffer);
    listing::draw(app, list, spot, true, buffer);
}
