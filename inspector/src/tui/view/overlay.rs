//! Draws what is over everything else.

use ratatui::buffer::Buffer;
use ratatui::widgets::{Clear, Widget as _};

use super::{listing, pane};
use crate::tui::app::App;
use crate::tui::layout::Spot;
use crate::tui::theme::Role;

pub(super) fn draw(app: &App, spot: Spot, buffer: &mut Buffer) {
    let Some(overlay) = &app.overlay else { return };
    Clear.render(spot.frame, buffer);
    buffer.set_style(spot.frame, app.theme.style(Role::Text));
    let list = overlay.list();
    pane(app, spot, true, &list.title, buffer);
    listing::draw(app, list, spot, true, buffer);
}
