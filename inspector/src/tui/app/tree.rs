//! Trees of files: what of them is shown, what is unfolded, where one is; one image's, or two side by side.

use std::sync::Arc;

use attar_image::path::TreePath;
use attar_packages::ownership::Ownership;

use crate::browse::filter::Filter;
use crate::browse::{Forest, Hide, Range, Row, Rows, Sort, TooManyRows, ViewSettings};
use crate::tui::action::Action;
use crate::tui::cursor::Cursor;
use crate::tui::start::Start;
use crate::tui::task::{Showing, Shown, Snapshot, Unfold, is_same_thing};

/// Which layers the tree of an image shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// What a container of the layers up to the chosen one sees, with the changes of that one marked.
    #[default]
    UpToHere,
    /// What the chosen layer changes, and nothing else.
    Changes,
    /// What a container sees, with the changes of a range of layers marked.
    Range,
}

impl Scope {
    /// Returns the next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::UpToHere => Self::Changes,
            Self::Changes => Self::Range,
            Self::Range => Self::UpToHere,
        }
    }
}

/// Which layers the tree of an image shows when one is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Which.
    pub scope: Scope,
    /// Where a range of layers starts.
    pub mark: usize,
}

impl Span {
    /// Returns the layers that are shown when this one is chosen.
    pub fn range(self, layer: usize) -> Range {
        match self.scope {
            Scope::Changes | Scope::UpToHere => Range { from: layer, to: layer },
            Scope::Range => Range { from: self.mark.min(layer), to: self.mark.max(layer) },
        }
    }
}

/// A tree of files: what of it is shown, what is unfolded, where one is.
#[derive(Debug)]
pub struct Tree<S: Showing = Shown> {
    /// What is left out.
    pub hide: Hide,
    /// The order of what is in one directory.
    pub sort: Sort,
    /// Whether the order is reversed.
    pub is_reversed: bool,
    /// What must match.
    pub filter: Option<Arc<Filter>>,
    /// What is shown.
    pub shown: Option<Arc<S>>,
    /// The rows of it. Nobody else has them for long, so that folding copies none.
    pub rows: Option<Arc<Rows<S::Forest>>>,
    /// Whether they are others than a worker left them.
    pub(super) is_touched: bool,
    /// Where one is.
    pub cursor: Cursor,
    /// Where to go once it is there.
    pub wanted: Option<TreePath>,
    /// The rows as they were before anything was filtered: they come back after it.
    kept: Option<Folds<S>>,
    /// What was asked for and is not there yet.
    asked: Option<Asked<S>>,
    /// What was asked for and does not come.
    refused: Option<Asked<S>>,
    /// What is to be unfolded by a worker, and whether it is.
    unfold: Option<(Unfold, bool)>,
}

/// Rows, and what they are rows of.
type Folds<S> = (Arc<S>, Arc<Rows<<S as Showing>::Forest>>);

/// What was asked for.
#[derive(Debug)]
struct Asked<S: Showing> {
    of: Arc<S::Of>,
    settings: S::Settings,
    /// The rows at that time.
    rows: Option<Arc<Rows<S::Forest>>>,
}

impl<S: Showing> Asked<S> {
    fn is(&self, of: &Arc<S::Of>, settings: &S::Settings) -> bool {
        Arc::ptr_eq(&self.of, of) && S::is_same(&self.settings, settings)
    }
}

impl<S: Showing> Default for Tree<S> {
    fn default() -> Self {
        Self {
            hide: Hide::default(),
            sort: Sort::default(),
            is_reversed: false,
            filter: None,
            shown: None,
            rows: None,
            is_touched: false,
            cursor: Cursor::default(),
            wanted: None,
            kept: None,
            asked: None,
            refused: None,
            unfold: None,
        }
    }
}

impl Tree {
    /// Returns what is to be computed of these layers, unless it is there or was asked for already.
    pub(super) fn ask(
        &mut self,
        snapshot: &Arc<Snapshot>,
        span: Span,
        layer: usize,
        owners: Option<&Arc<Ownership>>,
    ) -> Option<ViewSettings> {
        if self.needs_owners() && owners.is_none() {
            // They are on their way.
            return None;
        }
        let mut hide = self.hide;
        hide.unchanged |= span.scope == Scope::Changes;
        let settings = ViewSettings {
            range: span.range(layer),
            hide,
            filter: self.filter.clone(),
            sort: self.sort,
            is_reversed: self.is_reversed,
            owners: owners.filter(|_| self.needs_owners()).cloned(),
        };
        self.ask_for(snapshot, settings)
    }
}

impl<S: Showing> Tree<S> {
    /// Takes what the command line says of trees.
    pub(super) fn begin(&mut self, start: &Start) {
        self.hide = start.hide.unwrap_or(self.hide);
        (self.sort, self.is_reversed) = (start.sort, start.is_reversed);
    }

    /// Says whether what is shown is not yet what is wanted.
    pub fn is_pending(&self) -> bool {
        self.asked.is_some() || self.unfold.is_some()
    }

    /// Says whether what is shown is what the filter leaves, and not what one before it left.
    pub fn is_filtered(&self) -> bool {
        let shown = self.shown.as_ref().map(|shown| S::filter(shown.settings()));
        shown.is_some_and(|filter| is_same_thing(filter, &self.filter))
    }

    /// Says whether the filter asks who owns what.
    pub fn needs_owners(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.needs_owners())
    }

    /// Forgets where to go once it is there: the user goes elsewhere.
    pub(super) fn stay_here(&mut self) {
        if self.length() > 0 {
            self.wanted = None;
        }
    }

    /// Shows what matches, in an order.
    pub(super) fn arrange(&mut self, filter: Option<Arc<Filter>>, (sort, is_reversed): (Sort, bool)) {
        (self.filter, self.sort, self.is_reversed) = (filter, sort, is_reversed);
    }

    /// Goes to a path, and once more when what is to be shown is there.
    pub(super) fn go_back_to(&mut self, path: TreePath) {
        self.go_to(&path);
        self.wanted = Some(path);
    }

    /// Returns the number of rows.
    pub fn length(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.len())
    }

    /// Returns the row under the cursor.
    pub fn row(&self) -> Option<Row<Node<S>>> {
        self.rows.as_ref()?.get(self.cursor.at)
    }

    /// Returns what stands under the cursor.
    pub fn selected(&self) -> Option<Node<S>> {
        Some(self.row()?.node)
    }

    /// Returns the path under the cursor.
    pub fn selected_path(&self) -> Option<TreePath> {
        Some(self.shown.as_ref()?.path(self.selected()?))
    }

    /// Says whether something that can be unfolded is under the cursor.
    pub fn is_on_directory(&self) -> bool {
        self.row().is_some_and(|row| row.has_children)
    }

    /// Returns what is to be computed, unless it is there or was asked for already.
    pub(super) fn ask_for(&mut self, of: &Arc<S::Of>, settings: S::Settings) -> Option<S::Settings> {
        if self.shown.as_ref().is_some_and(|shown| shown.is(of, &settings)) {
            self.asked = None;
            return None;
        }
        if self.asked.as_ref().is_some_and(|asked| asked.is(of, &settings)) {
            return None;
        }
        if self.refused.as_ref().is_some_and(|refused| refused.is(of, &settings)) {
            return None;
        }
        self.refused = None;
        if self.filter.is_some() && self.kept.is_none() {
            self.kept = self.shown.clone().zip(self.rows.clone());
        }
        let (of, rows) = (of.clone(), self.rows.clone());
        self.asked = Some(Asked { of, settings: settings.clone(), rows });
        Some(settings)
    }

    /// Returns the rows whose folds the next ones have, and what they are rows of: those before the filter,
    /// once it is gone.
    pub(super) fn folds(&self) -> Option<Folds<S>> {
        let kept = self.kept.as_ref().filter(|_| self.filter.is_none()).cloned();
        kept.or_else(|| self.shown.clone().zip(self.rows.clone()))
    }

    /// Returns what a worker is to unfold.
    pub(super) fn ask_unfold(&mut self) -> Option<(Arc<Rows<S::Forest>>, Unfold)> {
        let (what, is_asked) = self.unfold.as_mut()?;
        let rows = self.rows.clone().filter(|_| !*is_asked)?;
        *is_asked = true;
        Some((rows, *what))
    }

    /// Takes what was computed, and the rows of it, unless something else was asked for since.
    pub(super) fn take(&mut self, shown: Arc<S>, rows: Arc<Rows<S::Forest>>) -> bool {
        let Some(asked) = self.asked.take_if(|asked| asked.is(shown.of(), shown.settings())) else {
            return false;
        };
        let is_untouched = match (&asked.rows, &self.rows) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        drop(asked);
        // After a filter the folds of before count, whatever was unfolded in between.
        let returns = S::filter(shown.settings()).is_none() && self.kept.is_some();
        let is_same = self.shown.as_ref().is_some_and(|now| Arc::ptr_eq(now.of(), shown.of()));
        if !is_untouched && !returns && !is_same {
            // Paths of other layers have other numbers: asked for once more, with the rows of now.
            return false;
        }
        if returns {
            self.kept = None;
        }
        let is_wanted = self.wanted.is_some();
        let place = self.wanted.take().or_else(|| self.selected_path());
        self.is_touched = !is_untouched && !returns;
        match self.rows.as_mut().filter(|_| self.is_touched) {
            // What was folded and unfolded meanwhile counts.
            Some(own) => Arc::make_mut(own).replace(rows.forest().clone()),
            None => self.rows = Some(rows),
        }
        self.unfold = None;
        // It may be in a layer that is still to come.
        let comes_later = is_wanted && !shown.is_complete();
        self.wanted = place.clone().filter(|path| comes_later && shown.path(shown.nearest(path)) != *path);
        self.shown = Some(shown);
        if let Some(path) = place {
            self.go_to(&path);
        }
        true
    }

    /// Gives up what does not come, until something else is wanted; says whether it was waited for.
    pub(super) fn refuse(&mut self, of: &Arc<S::Of>, settings: &S::Settings) -> bool {
        let Some(asked) = self.asked.take_if(|asked| asked.is(of, settings)) else { return false };
        self.refused = Some(Asked { rows: None, ..asked });
        if let Some(shown) = &self.shown {
            // What is seen is what the filter before left.
            self.filter.clone_from(S::filter(shown.settings()));
        }
        true
    }

    /// Gives up to unfold more than can be unfolded at once; says whether that was waited for.
    pub(super) fn refuse_unfolding(&mut self, of: &Arc<Rows<S::Forest>>) -> bool {
        let is_awaited = self.rows.as_ref().is_some_and(|rows| Arc::ptr_eq(rows, of));
        self.unfold.take_if(|_| is_awaited).is_some()
    }

    /// Takes rows that a worker unfolded, unless they changed meanwhile.
    pub(super) fn take_unfolded(&mut self, before: &Arc<Rows<S::Forest>>, rows: Arc<Rows<S::Forest>>) {
        if !self.rows.as_ref().is_some_and(|now| Arc::ptr_eq(now, before)) {
            // Tried again with what is there now.
            self.unfold = self.unfold.map(|(what, _)| (what, false));
            return;
        }
        self.unfold = None;
        let node = self.selected();
        self.rows = Some(rows);
        self.is_touched = true;
        self.stay_on(node);
        if let Some(path) = self.wanted.take() {
            self.go_to(&path);
        }
    }

    /// Puts the cursor on a path, or on the nearest directory above it that is shown.
    pub(super) fn go_to(&mut self, path: &TreePath) {
        let (Some(shown), Some(rows)) = (self.shown.clone(), &mut self.rows) else {
            self.wanted = Some(path.clone());
            return;
        };
        let node = shown.nearest(path);
        if node == rows.forest().root() {
            return;
        }
        if let Some(at) = rows.position(node) {
            self.cursor.at = at;
            return;
        }
        self.is_touched = true;
        match Arc::make_mut(rows).reveal(node) {
            Ok(Some(at)) => self.cursor.at = at,
            Ok(None) => {}
            Err(TooManyRows) => {
                self.wanted = Some(path.clone());
                self.unfold = Some((Unfold::All, false));
            }
        }
    }
}

/// A node of what a tree shows.
type Node<S> = <<S as Showing>::Forest as Forest>::Node;

/// Moving and unfolding.
impl<S: Showing> Tree<S> {
    /// Does what is asked of any tree; says whether that was meant for it.
    pub(super) fn act(&mut self, action: Action) -> bool {
        match action {
            Action::ToggleAdded => self.hide.added = !self.hide.added,
            Action::ToggleModified => self.hide.modified = !self.hide.modified,
            Action::ToggleRemoved => self.hide.removed = !self.hide.removed,
            Action::ToggleUnchanged => self.hide.unchanged = !self.hide.unchanged,
            Action::CycleSort => self.sort = S::next_sort(self.sort),
            Action::ReverseSort => self.is_reversed = !self.is_reversed,
            Action::ClearFilter => self.filter = None,
            Action::ToggleFold => self.toggle(),
            Action::ExpandAll => self.expand_all(),
            Action::CollapseAll => self.collapse_all(),
            Action::ExpandSubtree => self.expand_below(),
            _ => return false,
        }
        true
    }

    /// Folds or unfolds the directory under the cursor.
    pub(super) fn toggle(&mut self) {
        let at = self.cursor.at;
        self.unfold(Unfold::Row(at), |rows| rows.toggle(at));
    }

    pub(super) fn expand_all(&mut self) {
        self.unfold(Unfold::All, Rows::expand_all);
    }

    pub(super) fn collapse_all(&mut self) {
        self.unfold(Unfold::All, |rows| {
            rows.collapse_all();
            Ok(())
        });
    }

    pub(super) fn expand_below(&mut self) {
        let at = self.cursor.at;
        self.unfold(Unfold::Below(at), |rows| rows.expand_below(at));
    }

    /// Folds the directory under the cursor, or goes to the one above.
    pub(super) fn fold_or_leave(&mut self) {
        match self.row() {
            Some(row) if row.is_unfolded => self.toggle(),
            _ => self.leave(),
        }
    }

    /// Unfolds the directory under the cursor, or goes to what is first in it.
    pub(super) fn unfold_or_enter(&mut self) {
        match self.row() {
            Some(row) if row.is_unfolded => self.cursor.at += 1,
            Some(row) if row.has_children => self.toggle(),
            _ => {}
        }
    }

    /// Unfolds, folds or leaves the directory under the cursor.
    pub(super) fn sideways(&mut self, action: Action) {
        match action {
            Action::Left => self.fold_or_leave(),
            Action::Right => self.unfold_or_enter(),
            _ => self.leave(),
        }
    }

    /// Goes to the directory above.
    pub(super) fn leave(&mut self) {
        let above = self.rows.as_ref().and_then(|rows| rows.parent(self.cursor.at));
        self.cursor.at = above.unwrap_or(self.cursor.at);
    }

    /// Changes what is unfolded, or leaves that to a worker; the cursor stays on what it is on.
    fn unfold(&mut self, what: Unfold, change: impl FnOnce(&mut Rows<S::Forest>) -> Result<(), TooManyRows>) {
        let node = self.selected();
        let Some(rows) = &mut self.rows else { return };
        self.is_touched = true;
        match change(Arc::make_mut(rows)) {
            Ok(()) => self.stay_on(node),
            Err(TooManyRows) => self.unfold = Some((what, false)),
        }
    }

    /// Puts the cursor on a node, or on the nearest one above it that has a row.
    fn stay_on(&mut self, node: Option<Node<S>>) {
        let (Some(rows), Some(mut node)) = (&self.rows, node) else { return };
        while node != rows.forest().root() {
            if let Some(position) = rows.position(node) {
                self.cursor.at = position;
                return;
            }
            node = rows.forest().parent(node);
        }
    }
}
