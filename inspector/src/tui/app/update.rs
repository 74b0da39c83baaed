//! From an action to a new state.

use super::{App, Overlay, Part, PromptKind, Scope, Screen, Span, Tab};
use crate::tui::action::Action;
use crate::tui::start::Pane;
use crate::tui::task::Task;
use crate::tui::view::tree::Columns;

impl App {
    /// Does what was asked for, so many times.
    pub fn update(&mut self, action: Action, count: usize) {
        self.notice = None;
        self.act(action, count.max(1));
        self.settle();
    }

    fn act(&mut self, action: Action, count: usize) {
        if self.overlay.is_some() && self.act_on_overlay(action, count) {
            return;
        }
        match action {
            Action::Quit => self.task(Task::Quit),
            Action::Suspend => self.task(Task::Suspend),
            Action::Redraw => self.task(Task::Redraw),
            Action::Escape => self.escape(),
            Action::Help => self.overlay = Some(Overlay::help(self)),
            Action::Messages => self.overlay = Some(Overlay::messages(self)),
            Action::Palette => self.prompt(PromptKind::Palette),
            Action::Open => self.prompt(PromptKind::Open),
            Action::Compare => self.ask_comparison(),
            Action::CycleTheme => self.theme = self.theme.next(),
            Action::Images => self.show_images(),
            Action::NextTab => self.turn(count as isize),
            Action::PreviousTab => self.turn(-(count as isize)),
            Action::CloseTab => self.close(),
            Action::Zoom => self.layout.toggle_zoom(),
            Action::TogglePreview => self.layout.toggle_preview(),
            Action::Wider | Action::Narrower => {
                let by = if action == Action::Wider { 2 } else { -2 };
                let pane = self.tab().map_or(Pane::Tree, |tab| tab.focus);
                self.layout.widen(pane, by);
            }
            Action::Search => self.prompt(PromptKind::Search),
            Action::NextMatch | Action::PreviousMatch => self.match_again(action == Action::NextMatch, count),
            action if self.move_by(action, count) => {}
            action if self.current.is_none() => self.act_on_images(action),
            action if self.act_on_comparison(action) => {}
            action => self.act_on_tab(action),
        }
    }

    /// Closes, clears or cancels what is on top.
    fn escape(&mut self) {
        self.pending.clear();
        if self.overlay.take().is_some() {
            return;
        }
        if self.stop_hashing() {
            return self.say("stopped: nothing was copied");
        }
        if self.layout.is_zoomed() {
            return self.layout.toggle_zoom();
        }
        let Some(tab) = self.tab_mut() else { return self.images.set_filter("") };
        if !tab.found.text.is_empty() {
            tab.clear_found();
        } else if let Some(list) = tab.list_mut().filter(|list| !list.filter.is_empty()) {
            list.set_filter("");
        } else if tab.filter_mut().take().is_some() {
            // All is shown again.
        } else if self.stop() {
            // What was there so far stays.
        } else if let Some(tab) = self.tab_mut() {
            match (tab.screen, tab.compared_mut()) {
                (Screen::Tree, _) => {}
                (_, Some(comparison)) if comparison.part != Part::Files => comparison.part = Part::Files,
                _ => self.show(Screen::Tree),
            }
        }
    }

    fn cancel(&mut self) {
        if self.stop_hashing() {
            return self.say("stopped: nothing was copied");
        }
        if let Some(meter) = self.tab().and_then(|tab| tab.extracting.as_ref()) {
            // What was written stays, and the worker tells so.
            return meter.cancel();
        }
        if !self.stop() {
            self.say("nothing is being read");
        }
    }

    /// Ends what is opened, read or compared where one is; says whether there was anything to end.
    fn stop(&mut self) -> bool {
        let beside = self.tab().and_then(Tab::compared).map(|comparison| comparison.other);
        let beside = self.tabs.iter().position(|tab| Some(tab.id) == beside);
        let reads = |at: &usize| self.tabs[*at].is_opening() || self.tabs[*at].is_reading();
        if let Some(at) = self.current.into_iter().chain(beside).find(reads) {
            let tab = &mut self.tabs[at];
            let which = if Some(at) == self.current { String::new() } else { tab.wanted.word.clone() + ": " };
            let what = match tab.is_opening() {
                true => "stopped: `reload` opens it again",
                false => "stopped: what was read so far stays; `reload` reads the rest",
            };
            tab.cancel();
            self.say(which + what);
            return true;
        }
        let comparison = self.tab().and_then(Tab::compared).filter(|it| it.can_be_stopped());
        let Some(comparison) = comparison else { return false };
        comparison.cancel();
        self.say("stopped: what was not compared is marked with `?`");
        true
    }

    fn toggle_attributes(&mut self) {
        let is_tree = self.tab().is_some_and(|tab| tab.screen == Screen::Tree);
        let main = self.layout.areas(self).main.filter(|_| is_tree);
        if main.is_some_and(|spot| !Columns::has_room(spot.body.width)) {
            // Otherwise the key would seem to do nothing.
            return self.say("the tree is too narrow for mode and owner: `zoom` gives it the whole screen");
        }
        self.layout.toggle_attributes();
    }

    fn act_on_tab(&mut self, action: Action) {
        match action {
            Action::NextPane | Action::PreviousPane => self.turn_pane(action == Action::NextPane),
            Action::FocusLayers => self.focus(Pane::Layers),
            Action::FocusTree => self.focus(Pane::Tree),
            Action::FocusPreview => self.focus(Pane::Preview),
            Action::FocusFacts => self.focus(Pane::Facts),
            Action::ToggleAttributes => self.toggle_attributes(),
            Action::ShowTree => self.show(Screen::Tree),
            Action::ShowWaste => self.show(Screen::Waste),
            Action::ShowLargest => self.show(Screen::Largest),
            Action::ShowPackages => self.show(Screen::Packages),
            Action::ShowVerdict => self.show(Screen::Verdict),
            Action::ShowFacts => self.show(Screen::Facts),
            Action::ShowBlame => self.show_blame(),
            Action::Filter => self.prompt(PromptKind::Filter),
            Action::GoToPath => self.prompt(PromptKind::GoTo),
            Action::Bookmarks => self.overlay = Some(Overlay::bookmarks(self)),
            Action::Back => self.go_back(),
            Action::Forward => self.go_forward(),
            Action::LastPlace => self.go_back(),
            Action::ToggleBookmark => self.toggle_bookmark(),
            Action::Enter => self.enter(),
            Action::Cancel => self.cancel(),
            Action::Reload => self.reload(),
            Action::NextPlatform => self.next_platform(),
            Action::CopyPath
            | Action::CopyDigest
            | Action::CopyFromLine
            | Action::CopyContent
            | Action::CopyCommand => self.copy(action),
            Action::Extract => self.prompt(PromptKind::Extract),
            Action::Export => self.prompt(PromptKind::Export),
            action => self.act_on_tree(action),
        }
    }

    fn act_on_tree(&mut self, action: Action) {
        let Some(tab) = self.tab_mut() else { return };
        if let Some(list) = tab.list_mut() {
            match action {
                Action::CycleSort => return list.cycle_order(),
                Action::ReverseSort => return list.reverse(),
                Action::ClearFilter => return list.set_filter(""),
                _ => {}
            }
        }
        if tab.tree.act(action) {
            return;
        }
        match action {
            Action::CycleScope => tab.span.scope = tab.span.scope.next(),
            Action::ScopeChanges => tab.span.scope = Scope::Changes,
            Action::ScopeUpToHere => tab.span.scope = Scope::UpToHere,
            Action::MarkRange => tab.span = Span { scope: Scope::Range, mark: tab.layer.at },
            Action::DiffWithPrevious => tab.preview.is_difference = !tab.preview.is_difference,
            Action::ToggleWrap => tab.preview.is_wrapped = !tab.preview.is_wrapped,
            Action::PreviewMode => tab.preview.turn_mode(),
            _ => {}
        }
    }
}
