//! What was asked for and does not come: nothing waits for it, and it is not asked for again and again.

use std::sync::Arc;

use super::{Comparison, Known, Phase, Tab};
use crate::tui::source::Failure;
use crate::tui::undone::Undone;

impl Tab {
    /// Gives up what does not come; says whether it was waited for.
    pub(super) fn give_up(&mut self, what: &Undone, failure: &Failure) -> bool {
        match what {
            Undone::View(snapshot, settings) => {
                let is_awaited = self.tree.refuse(snapshot, settings);
                if is_awaited && self.tree.shown.is_none() {
                    // There is nothing else of it to look at.
                    self.phase = Phase::Failed(failure.clone());
                }
                is_awaited
            }
            Undone::Unfold(rows) => self.tree.refuse_unfolding(rows),
            Undone::Search(snapshot, text) => {
                let asked = self.found.snapshot.as_ref();
                let is_of = asked.is_some_and(|asked| Arc::ptr_eq(asked, snapshot));
                is_of && self.give_up_search(text)
            }
            Undone::SearchPair(compared, text) => {
                let asked = self.found.compared.as_ref();
                let is_of = asked.is_some_and(|asked| asked.is_of(&compared.snapshots()));
                is_of && self.give_up_search(text)
            }
            what => self.comparison.as_mut().is_some_and(|comparison| comparison.give_up(what, failure)),
        }
    }

    fn give_up_search(&mut self, text: &str) -> bool {
        let is_awaited = self.found.is_pending && self.found.text == text;
        self.found.is_pending &= !is_awaited;
        is_awaited
    }
}

impl Comparison {
    fn give_up(&mut self, what: &Undone, failure: &Failure) -> bool {
        let is_of = |compared| self.compared.as_ref().is_some_and(|known| Arc::ptr_eq(known, compared));
        let is_awaited = match what {
            Undone::Compare(snapshots) => self.is_asked(snapshots) && self.compared.is_none(),
            Undone::Show(compared, settings) => self.tree.refuse(compared, settings),
            Undone::UnfoldPair(rows) => return self.tree.refuse_unfolding(rows),
            Undone::Packages(compared) if is_of(compared) => {
                self.packages = Known::Failed(failure.clone());
                return true;
            }
            _ => false,
        };
        if is_awaited && self.tree.shown.is_none() {
            self.failure = Some(failure.clone());
        }
        is_awaited
    }
}
