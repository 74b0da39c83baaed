//! What can be done where two images stand side by side.

use super::{Comparison, Part};
use crate::tui::action::Action;
use crate::tui::app::{App, Overlay, PromptKind, Scope, Screen, Span, Tab};
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::source::Wanted;
use crate::tui::start::{Pane, Start, View};
use crate::tui::task::{TabId, Version};

impl App {
    /// Asks which image to compare with, or says why there is none to compare.
    pub(in crate::tui::app) fn ask_comparison(&mut self) {
        if self.tab().is_none() {
            return self.say("open an image first: that is the one to compare");
        }
        if self.images.rows.is_empty() && !self.is_listing {
            self.list_images();
        }
        self.prompt(PromptKind::Compare);
    }

    /// Returns what fits a typed text: the text itself, images that are open, images of this machine.
    pub(in crate::tui::app) fn comparison_choices(&self, text: &str) -> Listing {
        let columns = vec![Column::new("image", Width::Rest, 0), Column::new("where", Width::Text(16), 1)];
        let mut list = Listing::new("images", columns);
        let mut add = |wanted: Wanted, place: &str| {
            let mut name = wanted.word.clone();
            if let Some(platform) = &wanted.platform {
                name += &format!(" {platform}");
            }
            let jump = Jump::Image(wanted);
            if !list.rows.iter().any(|line| line.jump.as_ref() == Some(&jump)) {
                list.rows.push(Line::of([name, place.to_owned()]).to(jump));
            }
        };
        let typed = text.trim();
        let fits = |word: &str| word.to_lowercase().contains(&typed.to_lowercase());
        if !typed.is_empty() {
            add(Wanted { word: typed.to_owned(), platform: None }, "as typed");
        }
        for tab in &self.tabs {
            if Some(tab.id) != self.tab().map(|tab| tab.id) && fits(&tab.wanted.word) {
                add(tab.wanted.clone(), "open");
            }
        }
        for line in &self.images.rows {
            if let Some(Jump::Image(wanted)) = &line.jump
                && fits(&wanted.word)
                && self.tab().is_none_or(|tab| tab.wanted != *wanted)
            {
                add(wanted.clone(), line.cells.last().map_or("", String::as_str));
            }
        }
        list
    }

    /// Puts another image, which is opened if it is not yet, beside the one that is looked at.
    pub(in crate::tui::app) fn compare_with(&mut self, wanted: Wanted) {
        let Some(current) = self.current else { return };
        self.open(wanted);
        let other = self.tab().map(|tab| tab.id);
        self.current = Some(current);
        let (Some(other), Some(tab)) = (other, self.tab_mut()) else { return };
        if tab.screen != Screen::Compare {
            tab.leave();
        }
        tab.clear_found();
        (tab.screen, tab.focus) = (Screen::Compare, Pane::Tree);
        if tab.comparison.as_ref().is_none_or(|comparison| comparison.other != other) {
            let mut comparison = Comparison::new(other);
            comparison.tree.wanted = tab.tree.wanted.clone().or_else(|| tab.tree.selected_path());
            if let Some(before) = tab.comparison.replace(Box::new(comparison)) {
                before.cancel();
            }
        }
    }

    /// Follows an image that got another number when it was read again.
    pub(in crate::tui::app) fn renumber(&mut self, old: TabId, new: TabId) {
        let comparisons = self.tabs.iter_mut().filter_map(|tab| tab.comparison.as_mut());
        for comparison in comparisons.filter(|comparison| comparison.other == old) {
            comparison.other = new;
            comparison.layers = None;
        }
    }

    /// Shows the part of a comparison that the command line names.
    pub(in crate::tui::app) fn begin_comparison(&mut self, start: &Start) {
        self.turn_part(match (start.view, start.pane) {
            (Some(View::Packages), _) => Part::Packages,
            (Some(View::Facts), _) => Part::Settings,
            (_, Some(Pane::Layers)) => Part::Layers,
            _ => Part::Files,
        });
        match start.view {
            Some(View::Help) => self.overlay = Some(Overlay::help(self)),
            Some(View::Images) => self.show_images(),
            _ => {}
        }
        if start.pane == Some(Pane::Preview) {
            self.focus(Pane::Preview);
        }
    }

    fn turn_part(&mut self, part: Part) {
        let Some(tab) = self.tab_mut() else { return };
        tab.clear_found();
        tab.focus = Pane::Tree;
        if let Some(comparison) = &mut tab.comparison {
            comparison.part = part;
        }
    }

    /// Does what is asked of a comparison; says whether that was meant for it.
    pub(in crate::tui::app) fn act_on_comparison(&mut self, action: Action) -> bool {
        let Some(part) = self.tab().and_then(Tab::compared).map(|comparison| comparison.part) else {
            if let Action::ShowInFirst | Action::ShowInSecond = action {
                self.say("no two images stand side by side: `compare` does that");
                return true;
            }
            return false;
        };
        match action {
            Action::ShowTree if part != Part::Files => self.turn_part(Part::Files),
            Action::ShowPackages => self.turn_part(Part::Packages),
            Action::FocusLayers => self.turn_part(Part::Layers),
            Action::ShowFacts | Action::FocusFacts => self.turn_part(Part::Settings),
            Action::ShowInFirst => self.show_in(false),
            Action::ShowInSecond => self.show_in(true),
            Action::Enter => self.enter_comparison(part),
            Action::DiffWithPrevious => self.turn_version(),
            Action::CycleScope | Action::ScopeChanges | Action::ScopeUpToHere | Action::MarkRange => {
                self.say("all layers of both images are compared: `<` and `>` show those of one");
            }
            Action::Extract => {
                self.say("`<` and `>` go to the path in one of the images, to extract it there")
            }
            action => {
                let tab = self.tab_mut();
                let Some(comparison) = tab.and_then(Tab::compared_mut) else { return false };
                return part == Part::Files && comparison.tree.act(action);
            }
        }
        true
    }

    /// Goes to the path under the cursor in one of the images alone.
    fn show_in(&mut self, is_second: bool) {
        let Some(comparison) = self.tab().and_then(Tab::compared) else { return };
        let (path, other) = (comparison.tree.selected_path(), comparison.other);
        if is_second {
            self.current = self.tabs.iter().position(|tab| tab.id == other).or(self.current);
        }
        let Some(tab) = self.tab_mut() else { return };
        tab.leave();
        tab.turn_to(Screen::Tree);
        tab.focus = Pane::Tree;
        // Where all of the image is seen the path is.
        tab.layer.at = tab.layer_count().saturating_sub(1);
        tab.span = Span { scope: Scope::UpToHere, ..tab.span };
        tab.tree.filter = None;
        if let Some(path) = path {
            tab.tree.wanted = Some(path.clone());
            tab.tree.go_to(&path);
        }
    }

    fn enter_comparison(&mut self, part: Part) {
        let Some(comparison) =
            self.tab_mut().filter(|tab| tab.focus == Pane::Tree).and_then(Tab::compared_mut)
        else {
            return;
        };
        match (part, comparison.list().and_then(|list| list.selected()?.jump.clone())) {
            (Part::Files, _) if comparison.tree.is_on_directory() => comparison.tree.toggle(),
            (Part::Files, _) => self.focus(Pane::Preview),
            (_, Some(Jump::Filter { filter, .. })) => {
                self.tab_mut().into_iter().for_each(Tab::leave);
                self.turn_part(Part::Files);
                self.filter(&filter);
            }
            _ => self.focus(Pane::Preview),
        }
    }

    /// Shows how two files differ, the one, or the other.
    fn turn_version(&mut self) {
        self.layout.reveal(Pane::Preview);
        let Some(tab) = self.tab_mut() else { return };
        let is_seen = tab.focus == Pane::Preview || tab.preview.subject.is_some();
        let Some(comparison) = tab.compared_mut() else { return };
        if !is_seen {
            // The difference is shown at first.
            return self.focus(Pane::Preview);
        }
        comparison.version = match comparison.version {
            Version::Difference => Version::First,
            Version::First => Version::Second,
            Version::Second => Version::Difference,
        };
    }
}
