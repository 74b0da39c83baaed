//! The command line that opens what is seen.

use super::comparison::Part;
use super::{App, Scope, Screen, Tab};
use crate::tui::start::{Pane, Start, View};

impl App {
    /// Returns the command line that shows somebody else what is seen here, as a shell takes it.
    pub(in crate::tui) fn command(&self) -> String {
        let words = ["attar".to_owned(), "inspect".to_owned()].into_iter().chain(self.seen().words());
        let quoted = |word: String| shlex::try_quote(&word).map_or(word.clone(), |word| word.into_owned());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// Returns what an interface would have to start with to show this.
    pub(in crate::tui) fn seen(&self) -> Start {
        let filter = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let Some(tab) = self.tab() else {
            return Start { filter: filter(&self.images.filter), ..Start::default() };
        };
        let start = Start {
            images: vec![tab.wanted.clone()],
            filter: match tab.list() {
                Some(list) => filter(&list.filter),
                None => tab.filter().map(|filter| filter.as_str().to_owned()),
            },
            ..Start::default()
        };
        match tab.compared() {
            Some(comparison) => Start {
                compare: self.other(comparison).map(|other| other.wanted.clone()),
                at: comparison.tree.selected_path().filter(|_| comparison.part == Part::Files),
                hide: Some(comparison.tree.hide).filter(|hide| hide.names() != ["unchanged"]),
                sort: comparison.tree.sort,
                is_reversed: comparison.tree.is_reversed,
                view: match comparison.part {
                    Part::Packages => Some(View::Packages),
                    Part::Settings => Some(View::Facts),
                    Part::Files | Part::Layers => None,
                },
                pane: match (comparison.part, tab.focus) {
                    (Part::Layers, _) => Some(Pane::Layers),
                    (_, Pane::Preview) => Some(Pane::Preview),
                    _ => None,
                },
                ..start
            },
            None => tab.seen(start),
        }
    }
}

impl Tab {
    fn seen(&self, start: Start) -> Start {
        let range = self.span.range(self.layer.at);
        let is_range = self.span.scope == Scope::Range;
        let is_top = self.layer.at + 1 >= self.layer_count();
        let at = match self.screen {
            Screen::Tree => self.selected_path(),
            Screen::Blame => self.blamed.clone(),
            _ => None,
        };
        let usual = if at.is_some() { Pane::Tree } else { Pane::Layers };
        Start {
            view: Some(self.screen.into()).filter(|view| *view != View::Tree),
            layer: Some(self.layer.at).filter(|_| !is_top && !is_range),
            range: is_range.then_some(range.from..=range.to),
            is_changes: self.span.scope == Scope::Changes,
            hide: Some(self.tree.hide).filter(|hide| *hide != crate::browse::Hide::default()),
            sort: self.tree.sort,
            is_reversed: self.tree.is_reversed,
            preview: self.preview.turned().filter(|_| self.screen == Screen::Tree),
            pane: Some(self.focus)
                .filter(|pane| *pane != usual && (self.screen == Screen::Tree || *pane != Pane::Tree)),
            at,
            ..start
        }
    }
}
