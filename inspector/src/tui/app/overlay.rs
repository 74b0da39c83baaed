//! What is over everything else: lists that are looked at and closed again, and lines that are typed.

use super::{App, Place, Prompt, PromptKind};
use crate::tui::action::Action;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::listings;
use crate::tui::theme::Role;

/// What is over everything else.
#[derive(Debug)]
pub enum Overlay {
    /// A line that is typed.
    Prompt(Prompt),
    /// All keys.
    Help(Listing),
    /// What was said.
    Messages(Listing),
    /// Bookmarks of an image.
    Bookmarks(Listing, Vec<Place>),
}

impl Overlay {
    pub(super) fn help(app: &App) -> Self {
        Self::Help(listings::help(&app.keymap))
    }

    pub(super) fn messages(app: &App) -> Self {
        let mut list = Listing::new("messages", vec![Column::new("message", Width::Rest, 0)]);
        for message in app.messages.iter().rev() {
            let line = Line::of([message.text.clone()]);
            list.rows.push(if message.is_failure { line.like(Role::Bad) } else { line });
            if let Some(hint) = &message.hint {
                list.rows.push(Line::of([format!("  hint: {hint}")]).like(Role::Muted));
            }
        }
        let notes = app.tab().into_iter().flat_map(|tab| &tab.notes);
        list.rows.extend(notes.map(|note| Line::of([note.clone()])));
        if list.rows.is_empty() {
            list.note = Some("nothing was said yet".into());
        }
        Self::Messages(list)
    }

    pub(super) fn bookmarks(app: &App) -> Self {
        let columns = vec![
            Column::new("path", Width::Rest, 0),
            Column::new("layer", Width::Number(6), 1),
            Column::new("view", Width::Text(10), 2),
        ];
        let mut list = Listing::new("bookmarks", columns);
        let places = app.tab().map(|tab| tab.places.bookmarks.clone()).unwrap_or_default();
        for place in &places {
            let path = place.path.as_ref().map(ToString::to_string).unwrap_or_default();
            list.rows.push(Line::of([path, (place.layer + 1).to_string(), place.screen.name().into()]));
        }
        if places.is_empty() {
            list.note = Some("no bookmark is set in this image".into());
        }
        Self::Bookmarks(list, places)
    }

    /// Returns the list that has the cursor.
    pub fn list(&self) -> &Listing {
        match self {
            Self::Prompt(prompt) => &prompt.choices,
            Self::Help(list) | Self::Messages(list) | Self::Bookmarks(list, _) => list,
        }
    }

    pub(super) fn list_mut(&mut self) -> &mut Listing {
        match self {
            Self::Prompt(prompt) => &mut prompt.choices,
            Self::Help(list) | Self::Messages(list) | Self::Bookmarks(list, _) => list,
        }
    }

    pub(super) fn settle(&mut self, height: usize) {
        let list = self.list_mut();
        let length = list.rows.len();
        super::within(&mut list.cursor, length, height);
    }
}

impl App {
    /// Does what is asked of the list on top; says whether that was meant for it.
    pub(super) fn act_on_overlay(&mut self, action: Action, count: usize) -> bool {
        let page = usize::from(self.layout.areas(self).overlay_rows());
        let Some(overlay) = &mut self.overlay else { return false };
        match action {
            Action::Escape | Action::Quit | Action::Left => self.overlay = None,
            Action::Help | Action::Messages | Action::Palette | Action::Redraw | Action::Suspend => {
                return false;
            }
            Action::CycleTheme => return false,
            // The palette is the same list, narrowed by what is typed.
            Action::Search | Action::Filter if matches!(overlay, Overlay::Help(_)) => {
                self.overlay = None;
                self.prompt(PromptKind::Palette);
            }
            Action::Enter | Action::Right => self.enter_overlay(),
            action => {
                if let Some(by) = super::motion::distance(action, count, page) {
                    overlay.list_mut().step(by);
                }
            }
        }
        true
    }

    /// Does what the line under the cursor of the list on top is for.
    pub(super) fn enter_overlay(&mut self) {
        match self.overlay.take() {
            Some(Overlay::Prompt(prompt)) => {
                self.overlay = Some(Overlay::Prompt(prompt));
                self.submit();
            }
            Some(Overlay::Bookmarks(list, mut places)) if list.cursor.at < places.len() => {
                self.visit(places.swap_remove(list.cursor.at));
            }
            Some(Overlay::Help(list)) => match list.selected().and_then(|line| line.jump.clone()) {
                Some(Jump::Action(action)) => self.update(action, 1),
                _ => self.overlay = Some(Overlay::Help(list)),
            },
            other => self.overlay = other,
        }
    }
}
