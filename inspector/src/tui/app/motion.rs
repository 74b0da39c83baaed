//! Moving in whatever has the focus.

use super::{App, Screen, Tab};
use crate::tui::action::Action;
use crate::tui::start::Pane;

/// What a motion does to a line number, when a page has so many lines.
pub(super) fn distance(action: Action, count: usize, page: usize) -> Option<isize> {
    let page = page.max(1) as isize;
    let count = isize::try_from(count).unwrap_or(isize::MAX);
    Some(match action {
        Action::Up => -count,
        Action::Down => count,
        Action::PageUp => -page.saturating_mul(count),
        Action::PageDown => page.saturating_mul(count),
        Action::HalfPageUp => -(page / 2).max(1).saturating_mul(count),
        Action::HalfPageDown => (page / 2).max(1).saturating_mul(count),
        // Far beyond any list, and far from overflowing.
        Action::First => isize::MIN / 2,
        Action::Last => isize::MAX / 2,
        _ => return None,
    })
}

impl App {
    /// Moves if the action is a motion; says whether it was one.
    pub(super) fn move_by(&mut self, action: Action, count: usize) -> bool {
        let areas = self.layout.areas(self);
        let page = usize::from(areas.main_rows());
        let Some(tab) = self.current.and_then(|current| self.tabs.get_mut(current)) else {
            let length = self.images.rows.len();
            let Some(by) = distance(action, count, page) else { return false };
            self.images.cursor.step(by, length);
            return true;
        };
        if let Action::PreviewUp | Action::PreviewDown = action {
            let by = count as isize;
            tab.preview.scroll(if action == Action::PreviewUp { -by } else { by });
            return true;
        }
        if let Some(by) = distance(action, count, page) {
            tab.step(by);
            return true;
        }
        match action {
            Action::Left | Action::Right | Action::Parent => tab.sideways(action),
            _ => return false,
        }
        true
    }
}

impl Tab {
    fn step(&mut self, by: isize) {
        match self.focus {
            Pane::Layers => {
                let count = self.layer_count();
                self.layer.step(by, count);
            }
            Pane::Tree => match self.list_mut() {
                Some(list) => list.step(by),
                None => {
                    self.stay_here();
                    let (cursor, length) = self.tree_cursor();
                    cursor.step(by, length);
                }
            },
            Pane::Preview => self.preview.scroll(by),
            Pane::Facts => self.details_top = self.details_top.saturating_add_signed(by),
        }
    }

    /// Forgets where to go once it is there: the user goes elsewhere.
    pub(super) fn stay_here(&mut self) {
        match self.compared_mut() {
            Some(comparison) => comparison.tree.stay_here(),
            None => self.tree.stay_here(),
        }
    }

    fn sideways(&mut self, action: Action) {
        if self.focus == Pane::Tree && self.list().is_none() {
            self.stay_here();
            match self.compared_mut() {
                Some(comparison) => comparison.tree.sideways(action),
                None => self.tree.sideways(action),
            }
        } else if self.screen == Screen::Compare {
            self.focus = if action == Action::Right { Pane::Preview } else { Pane::Tree };
        } else if action == Action::Right && self.focus == Pane::Layers {
            self.focus = Pane::Tree;
        } else if action == Action::Left && self.focus != Pane::Layers {
            self.focus = Pane::Layers;
        }
    }
}
