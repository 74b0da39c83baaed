//! Going somewhere: to a path, a layer, a list, back and forward.

use super::{App, Look, Overlay, Place, Scope, Screen, Span, Tab};
use crate::browse::filter::Filter;
use crate::tui::cursor::Cursor;
use crate::tui::listing::Jump;
use crate::tui::start::{Pane, Start, View};
use crate::tui::task::LayerState;

impl App {
    /// Shows what the command line asked for.
    pub(super) fn begin_at(&mut self, start: &Start) {
        let Some(tab) = self.tab_mut() else { return };
        if let Some(layer) = start.layer {
            tab.layer.at = layer;
        }
        tab.tree.begin(start);
        if let Some(range) = &start.range {
            tab.span = Span { scope: Scope::Range, mark: *range.start() };
            tab.layer.at = *range.end();
            tab.tree.hide.unchanged |= start.is_changes;
        } else if start.is_changes {
            tab.span.scope = Scope::Changes;
        }
        tab.preview.begin(start.preview);
        tab.tree.wanted.clone_from(&start.at);
        tab.focus = start.pane.unwrap_or(if start.at.is_some() { Pane::Tree } else { Pane::Layers });
        tab.span.mark = tab.span.mark.min(tab.layer_count().saturating_sub(1));
        let focus = tab.focus;
        let is_comparing = tab.compared().is_some();
        if let Some(comparison) = tab.compared_mut() {
            comparison.tree.begin(start);
            comparison.tree.wanted.clone_from(&start.at);
        }
        self.layout.reveal(focus);
        match start.view.map(|view| (view, Screen::of(view))) {
            _ if is_comparing => self.begin_comparison(start),
            Some((_, Some(Screen::Compare))) => self.ask_comparison(),
            Some((_, Some(Screen::Blame))) => self.show_blame(),
            Some((_, Some(screen))) => self.show(screen),
            Some((View::Help, None)) => self.overlay = Some(Overlay::help(self)),
            Some((View::Images, None)) => self.show_images(),
            _ => {}
        }
        let Some(filter) = &start.filter else { return };
        match self.list() {
            Some(_) => self.filter_list(filter),
            None => self.filter(filter),
        }
    }

    /// Puts something else in the middle.
    pub(super) fn show(&mut self, screen: Screen) {
        let Some(tab) = self.tab_mut() else { return };
        if tab.screen != screen {
            tab.leave();
            tab.turn_to(screen);
        }
        tab.focus = Pane::Tree;
    }

    /// Shows what each layer did to the path under the cursor.
    pub(super) fn show_blame(&mut self) {
        let Some(tab) = self.tab_mut() else { return };
        tab.leave();
        tab.turn_to(Screen::Blame);
        tab.focus = Pane::Tree;
        tab.blamed = tab.tree.wanted.clone().or_else(|| tab.tree.selected_path());
        tab.is_blamed = false;
    }

    /// Does what the line under the cursor is for.
    pub(super) fn enter(&mut self) {
        let Some(tab) = self.tab_mut() else { return };
        match (tab.focus, tab.screen) {
            (Pane::Layers, _) => tab.focus = Pane::Tree,
            (Pane::Tree, Screen::Tree) => match tab.tree.is_on_directory() {
                true => tab.tree.toggle(),
                false => self.focus(Pane::Preview),
            },
            (Pane::Tree, _) => {
                if let Some(jump) = tab.list().and_then(|list| list.selected()?.jump.clone()) {
                    self.jump(jump);
                }
            }
            (Pane::Preview | Pane::Facts, _) => {}
        }
    }

    /// Goes where a line leads.
    pub(super) fn jump(&mut self, jump: Jump) {
        match jump {
            Jump::Image(wanted) => return self.open(wanted),
            Jump::Action(action) => return self.update(action, 1),
            Jump::Filter { filter, with_dead } => {
                self.show(Screen::Tree);
                if let Some(tab) = self.tab_mut().filter(|_| with_dead) {
                    // The changes of all layers: what came and went is among them.
                    tab.span = Span { scope: Scope::Range, mark: 0 };
                    tab.layer.at = tab.layer_count().saturating_sub(1);
                }
                return self.filter(&filter);
            }
            Jump::Path { .. } | Jump::Layer(_) => {}
        }
        let Some(tab) = self.tab_mut() else { return };
        tab.leave();
        match jump {
            Jump::Path { path, layer } => {
                let has = |tab: &Tab| tab.tree.shown.as_ref().is_some_and(|shown| shown.holds(&path));
                // Where the path is seen already nothing else changes.
                let wanted = match layer {
                    Some(layer) => layer,
                    None if has(tab) => tab.layer.at,
                    None => tab.layer_count().saturating_sub(1),
                };
                tab.layer.at = wanted;
                tab.turn_to(Screen::Tree);
                tab.focus = Pane::Tree;
                tab.tree.filter = None;
                tab.tree.wanted = Some(path.clone());
                tab.tree.go_to(&path);
            }
            Jump::Layer(layer) => {
                tab.layer.at = layer;
                tab.focus = Pane::Layers;
            }
            _ => {}
        }
    }

    /// Shows only what matches.
    pub(super) fn filter(&mut self, text: &str) {
        let parsed = Filter::parse(text);
        let Some(tab) = self.tab_mut() else { return };
        if text.trim().is_empty() {
            *tab.filter_mut() = None;
            return;
        }
        match parsed {
            Ok(filter) => *tab.filter_mut() = Some(filter.into()),
            Err(error) => self.fail(crate::tui::source::Failure { message: error.to_string(), hint: None }),
        }
    }

    pub(super) fn focus(&mut self, pane: Pane) {
        self.layout.reveal(pane);
        if let Some(tab) = self.tab_mut() {
            tab.focus = pane;
        }
    }

    pub(super) fn turn_pane(&mut self, forward: bool) {
        let hides_preview = self.layout.hides_preview();
        let Some(tab) = self.tab_mut() else { return };
        // From left to right; one that has no room gets it once one is there.
        let panes = [Pane::Layers, Pane::Facts, Pane::Tree, Pane::Preview];
        let panes = if tab.screen == Screen::Compare { &panes[2..] } else { &panes };
        let panes = &panes[..panes.len() - usize::from(hides_preview)];
        let at = panes.iter().position(|pane| *pane == tab.focus).unwrap_or(0);
        let next = if forward { at + 1 } else { at + panes.len() - 1 };
        tab.focus = panes[next % panes.len()];
    }

    pub(super) fn go_back(&mut self) {
        let Some(tab) = self.tab_mut() else { return };
        let here = tab.place();
        match tab.places.back(here) {
            Some(place) => tab.take_place(place),
            None => self.say("nothing to go back to"),
        }
    }

    pub(super) fn go_forward(&mut self) {
        let Some(tab) = self.tab_mut() else { return };
        let here = tab.place();
        match tab.places.forward(here) {
            Some(place) => tab.take_place(place),
            None => self.say("nothing to go forward to"),
        }
    }

    pub(super) fn toggle_bookmark(&mut self) {
        let Some(tab) = self.tab_mut() else { return };
        let place = tab.place();
        let is_set = tab.places.toggle(place);
        self.say(if is_set { "bookmark set" } else { "bookmark removed" });
    }

    /// Goes to a place that was noted.
    pub(super) fn visit(&mut self, place: Place) {
        if let Some(tab) = self.tab_mut() {
            tab.leave();
            tab.take_place(place);
        }
    }
}

impl Tab {
    /// Notes the place that is left.
    pub(super) fn leave(&mut self) {
        let place = self.place();
        self.places.leave(place);
    }

    /// Puts something else in the middle. What was found in one image is not found in two.
    pub(super) fn turn_to(&mut self, screen: Screen) {
        if (self.screen == Screen::Compare) != (screen == Screen::Compare) {
            self.clear_found();
        }
        self.screen = screen;
    }

    /// Shows what stands in the middle as it was shown before.
    fn look_as(&mut self, look: Look) {
        let Look { span, filter, sort, list: (text, order), part } = look;
        self.span = span;
        match self.compared_mut().zip(part) {
            Some((comparison, part)) => {
                comparison.part = part;
                comparison.tree.arrange(filter, sort);
            }
            None => self.tree.arrange(filter, sort),
        }
        if let Some(list) = self.list_mut() {
            list.sift(&text, order);
        }
    }

    fn take_place(&mut self, place: Place) {
        let Place { screen, layer, path, row, look } = place;
        if screen == Screen::Compare && self.comparison.is_none() {
            // The other image is closed.
            self.turn_to(Screen::Tree);
        } else {
            self.turn_to(screen);
            self.look_as(look);
        }
        self.layer.at = layer;
        if let Some(path) = path {
            match self.compared_mut() {
                Some(comparison) => comparison.tree.go_back_to(path),
                None => self.tree.go_back_to(path),
            }
        }
        if let Some(list) = self.list_mut() {
            list.cursor = Cursor { at: row, ..list.cursor };
        }
        self.focus = Pane::Tree;
    }

    /// Returns why the layer that is looked at has nothing to show.
    pub fn trouble(&self) -> Option<&str> {
        match self.layers.get(self.layer.at)? {
            LayerState::Absent(why) => Some(why),
            LayerState::Failed(failure) => Some(&failure.message),
            _ => None,
        }
    }
}
