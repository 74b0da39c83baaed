//! Searching: what was searched for, where it is, and going from match to match.

use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_image::stack::PathId;

use super::{App, Overlay, Screen, Tab};
use crate::browse::Query;
use crate::browse::pair::PairId;
use crate::tui::comparison::Compared;
use crate::tui::task::{Matches, Showing as _, Shown, Snapshot, Task};

/// What was searched for, and where it is.
#[derive(Debug, Default)]
pub struct Found {
    /// As it was typed.
    pub text: String,
    /// Paths that match, in the order of the tree.
    pub paths: Vec<PathId>,
    /// The same paths in the order of their numbers.
    numbers: Vec<PathId>,
    /// The one that is looked at.
    pub at: usize,
    /// Rows that match, in a list.
    pub rows: Vec<usize>,
    /// Whether the search goes on.
    pub is_pending: bool,
    pub(super) meter: Option<Arc<Meter>>,
    /// Paths of two images that match.
    pub pairs: Matches<PairId>,
    /// What was asked for, and of which layers.
    pub(super) query: Option<Query>,
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// What of two images was searched.
    pub(super) compared: Option<Arc<Compared>>,
    /// Whether the cursor stays where it is.
    pub(super) stays: bool,
}

impl Found {
    /// Returns how many places match.
    pub fn count(&self) -> usize {
        self.paths.len().max(self.rows.len()).max(self.pairs.paths.len())
    }

    /// Says whether one went to what was found.
    pub(super) fn is_shown(&self) -> bool {
        !self.is_pending || self.stays
    }

    /// Says whether a path matches what was searched for.
    pub fn has(&self, path: PathId) -> bool {
        self.numbers.binary_search(&path).is_ok()
    }
}

impl App {
    /// Searches while it is typed: lists at once, trees on a thread of their own.
    pub(super) fn search(&mut self, text: &str) {
        self.search_from(text, true);
    }

    /// Searches from where one is on; says whether a match there is the first one.
    fn search_from(&mut self, text: &str, counts: bool) {
        let Some(current) = self.current else {
            let rows = self.images.matches(text);
            if let Some(row) = rows.first().filter(|_| !text.is_empty()) {
                self.images.cursor.at = *row;
            }
            return;
        };
        let tab = &mut self.tabs[current];
        tab.clear_found();
        tab.found.text = text.to_owned();
        if text.is_empty() {
            return;
        }
        if let Some(list) = tab.list() {
            let (rows, at) = (list.matches(text), list.cursor.at);
            tab.found.at = rows.iter().position(|row| *row >= at).unwrap_or(0);
            tab.found.rows = rows;
            tab.show_match();
            return;
        }
        let query = match Query::parse(text) {
            Ok(query) => query,
            Err(error) => {
                if let Some(Overlay::Prompt(prompt)) = &mut self.overlay {
                    prompt.error = Some(error.to_string());
                }
                return;
            }
        };
        let task = match (tab.compared().is_some(), tab.tree.shown.clone()) {
            (true, _) => tab.ask_found_pairs(query, counts),
            (false, Some(shown)) => Some(tab.ask_found(query, shown, counts)),
            (false, None) => {
                // Once there are files.
                tab.found.query = Some(query);
                None
            }
        };
        self.tasks.extend(task);
    }

    pub(super) fn match_again(&mut self, forward: bool, count: usize) {
        let Some(tab) = self.tab_mut() else { return };
        if tab.found.text.is_empty() {
            return self.say("nothing was searched for");
        }
        let found = &tab.found;
        let is_elsewhere = match (tab.list(), tab.compared()) {
            (Some(_), _) => false,
            (None, Some(comparison)) => {
                !found.pairs.paths.is_empty()
                    && found.pairs.paths.get(found.at).copied() != comparison.tree.selected()
            }
            (None, None) => {
                !found.paths.is_empty() && found.paths.get(found.at).copied() != tab.tree.selected()
            }
        };
        if is_elsewhere {
            // One went elsewhere since: from there on.
            let text = tab.found.text.clone();
            return self.search_from(&text, false);
        }
        tab.next_match(forward, count);
    }
}

impl Tab {
    pub(super) fn clear_found(&mut self) {
        if let Some(meter) = &self.found.meter {
            meter.cancel();
        }
        self.found = Found::default();
    }

    /// Goes to a match so many further, around the end.
    pub(super) fn next_match(&mut self, forward: bool, count: usize) {
        let all = self.found.count();
        if all > 0 {
            let step = if forward { count % all } else { all - count % all };
            self.found.at = (self.found.at + step) % all;
            self.show_match();
        }
    }

    /// Goes to the match that is looked at.
    pub(super) fn show_match(&mut self) {
        if let Some(row) = self.found.rows.get(self.found.at).copied() {
            if let Some(list) = self.list_mut() {
                list.cursor.at = row;
            }
            return;
        }
        let pair = self.found.pairs.paths.get(self.found.at).copied();
        if let Some((comparison, node)) = self.compared_mut().zip(pair) {
            if let Some(path) = comparison.tree.shown.as_ref().map(|shown| shown.path(node)) {
                comparison.tree.go_to(&path);
            }
            return;
        }
        if let (Some(path), Some(shown)) = (self.found.paths.get(self.found.at), &self.tree.shown) {
            let path = shown.snapshot.stack.paths().path(*path);
            self.tree.go_to(&path);
        }
    }

    /// Takes what was found, unless something else was searched for since, or elsewhere.
    pub(super) fn take_found(&mut self, snapshot: &Arc<Snapshot>, matches: Matches) {
        let found = &mut self.found;
        let is_of = found.snapshot.as_ref().is_some_and(|asked| Arc::ptr_eq(asked, snapshot));
        if matches.text != found.text || !is_of {
            return;
        }
        found.is_pending = false;
        found.at = matches.first;
        (found.paths, found.numbers) = (matches.paths, matches.numbers);
        self.show_found();
    }

    /// Searches again when layers were added: paths have other numbers then.
    pub(super) fn search_again(&mut self) -> Option<Task> {
        if self.screen == Screen::Compare {
            return None;
        }
        let (shown, query) = (self.tree.shown.clone()?, self.found.query.clone()?);
        let before = self.found.snapshot.take();
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &shown.snapshot)) {
            self.found.snapshot = before;
            return None;
        }
        self.begin_again(before.is_some());
        Some(self.ask_found(query, shown, true))
    }

    /// Forgets what was found, since the same is searched for again.
    pub(super) fn begin_again(&mut self, was_asked: bool) {
        let text = std::mem::take(&mut self.found.text);
        let was_shown = self.found.is_shown();
        self.clear_found();
        self.found.text = text;
        // What was found before is looked at; what was searched for before there were files is not.
        self.found.stays = was_asked && was_shown;
    }

    /// Goes to what was found, unless the cursor stays.
    pub(super) fn show_found(&mut self) {
        if !std::mem::take(&mut self.found.stays) {
            self.show_match();
        }
    }

    /// Asks for what matches among what is shown.
    pub(super) fn ask_found(&mut self, query: Query, shown: Arc<Shown>, counts: bool) -> Task {
        let meter = Arc::<Meter>::default();
        let from = self.tree.selected().map(|here| (here, counts));
        let found = &mut self.found;
        found.is_pending = true;
        found.meter = Some(meter.clone());
        found.query = Some(query.clone());
        found.snapshot = Some(shown.snapshot.clone());
        Task::Search { tab: self.id, shown, text: found.text.clone(), query, from, meter }
    }

    /// Finds the rows again that match, when a list has others now.
    pub(super) fn find_rows(&mut self) {
        if self.screen == Screen::Tree || self.found.rows.is_empty() {
            return;
        }
        let text = &self.found.text;
        let rows = self.list().map(|list| list.matches(text)).unwrap_or_default();
        self.found.at = self.found.at.min(rows.len().saturating_sub(1));
        self.found.rows = rows;
    }
}
