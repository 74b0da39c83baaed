//! The mouse: clicks, double clicks, the wheel, borders and scroll bars that are dragged.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{App, Overlay};
use crate::tui::action::Action;
use crate::tui::layout::Areas;
use crate::tui::start::Pane;

/// Lines that one step of the wheel scrolls.
const WHEEL: isize = 3;

/// What is being dragged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dragged {
    /// Nothing.
    #[default]
    Nothing,
    /// The border at the right of a pane.
    Border(Pane),
    /// The scroll bar of a pane.
    ScrollBar(Pane),
}

impl App {
    /// Takes what the mouse does; `is_double` says that it is the second click at one place.
    pub fn mouse(&mut self, event: MouseEvent, is_double: bool) {
        let at = Position::new(event.column, event.row);
        let areas = self.layout.areas(self);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(&areas, at, -WHEEL),
            MouseEventKind::ScrollDown => self.wheel(&areas, at, WHEEL),
            MouseEventKind::Down(MouseButton::Left) => self.click(&areas, at, is_double),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(&areas, at),
            MouseEventKind::Up(MouseButton::Left) => self.dragged = Dragged::Nothing,
            _ => {}
        }
        self.settle();
    }

    fn click(&mut self, areas: &Areas, at: Position, is_double: bool) {
        self.notice = None;
        if let Some(overlay) = &mut self.overlay {
            return match areas.overlay.map(|spot| spot.body).filter(|area| area.contains(at)) {
                None if !matches!(overlay, Overlay::Prompt(_)) => self.overlay = None,
                None => {}
                Some(area) => {
                    let list = overlay.list_mut();
                    if let Some(row) = row_at(area, at, list.cursor.top).filter(|row| *row < list.rows.len())
                    {
                        list.cursor.at = row;
                        if is_double {
                            self.enter_overlay();
                        }
                    }
                }
            };
        }
        if let Some(tab) = areas.tab_at(at, self) {
            self.current = Some(tab);
            return;
        }
        if let Some(pane) = areas.border_at(at) {
            self.dragged = Dragged::Border(pane);
            return;
        }
        let Some((pane, area)) = areas.pane_at(at) else { return };
        if at.x + 1 == area.right() && pane != Pane::Facts && self.tab().is_some() {
            self.dragged = Dragged::ScrollBar(pane);
            return self.scroll_to(pane, area, at);
        }
        let Some(tab) = self.current.and_then(|current| self.tabs.get_mut(current)) else {
            let rows = self.images.rows.len();
            if let Some(row) = row_at(area, at, self.images.cursor.top).filter(|row| *row < rows) {
                self.images.cursor.at = row;
                if is_double {
                    self.act_on_images(Action::Enter);
                }
            }
            return;
        };
        tab.focus = pane;
        match pane {
            Pane::Layers => {
                let row = row_at(area, at, tab.layer.top).filter(|row| *row < tab.layer_count());
                tab.layer.at = row.unwrap_or(tab.layer.at);
            }
            Pane::Tree if tab.list().is_none() => {
                tab.stay_here();
                let (cursor, length) = tab.tree_cursor();
                let Some(row) = row_at(area, at, cursor.top).filter(|row| *row < length) else { return };
                cursor.at = row;
                if is_double || areas.is_fold_mark(at, self) {
                    self.update(Action::ToggleFold, 1);
                }
            }
            Pane::Tree => {
                if let Some(list) = tab.list_mut()
                    && let Some(row) = row_at(area, at, list.cursor.top).filter(|row| *row < list.rows.len())
                {
                    list.cursor.at = row;
                    if is_double {
                        self.enter();
                    }
                }
            }
            Pane::Preview | Pane::Facts => {}
        }
    }

    fn wheel(&mut self, areas: &Areas, at: Position, by: isize) {
        let height = usize::from(areas.main_rows());
        if let Some(overlay) = &mut self.overlay {
            let list = overlay.list_mut();
            let length = list.rows.len();
            return list.cursor.scroll(by, length, usize::from(areas.overlay_rows()));
        }
        let Some(tab) = self.current.and_then(|current| self.tabs.get_mut(current)) else {
            let length = self.images.rows.len();
            return self.images.cursor.scroll(by, length, height);
        };
        match areas.pane_at(at).map(|(pane, _)| pane) {
            Some(Pane::Layers) => {
                let count = tab.layer_count();
                tab.layer.step(by.signum(), count);
            }
            Some(Pane::Tree) if tab.list().is_none() => {
                let (cursor, length) = tab.tree_cursor();
                cursor.scroll(by, length, height);
            }
            Some(Pane::Tree) => {
                if let Some(list) = tab.list_mut() {
                    let length = list.rows.len();
                    list.cursor.scroll(by, length, height);
                }
            }
            Some(Pane::Preview) => tab.preview.scroll(by),
            Some(Pane::Facts) => tab.details_top = tab.details_top.saturating_add_signed(by),
            None => {}
        }
    }

    fn drag(&mut self, areas: &Areas, at: Position) {
        match self.dragged {
            Dragged::Nothing => {}
            Dragged::Border(pane) => {
                if let Some(area) = areas.of(pane) {
                    let by = i32::from(at.x) - i32::from(area.right());
                    self.layout.widen(pane, by.clamp(-500, 500) as i16);
                }
            }
            Dragged::ScrollBar(pane) => {
                if let Some(area) = areas.of(pane) {
                    self.scroll_to(pane, area, at);
                }
            }
        }
    }

    fn scroll_to(&mut self, pane: Pane, area: Rect, at: Position) {
        let Some(tab) = self.tab_mut() else { return };
        let height = usize::from(area.height.max(2)) - 1;
        let place = usize::from(at.y.saturating_sub(area.y)).min(height);
        let of = |length: usize| length.saturating_sub(1) * place / height;
        match pane {
            Pane::Layers => tab.layer.at = of(tab.layer_count()),
            Pane::Tree if tab.list().is_none() => {
                let (cursor, length) = tab.tree_cursor();
                cursor.at = of(length);
            }
            Pane::Tree => {
                if let Some(list) = tab.list_mut() {
                    list.cursor.at = of(list.rows.len());
                }
            }
            Pane::Preview => tab.preview.scroll_to(place, height),
            Pane::Facts => {}
        }
    }
}

/// Returns the row of a list that stands at a place of its area.
fn row_at(area: Rect, at: Position, top: usize) -> Option<usize> {
    area.contains(at).then(|| top + usize::from(at.y - area.y))
}
