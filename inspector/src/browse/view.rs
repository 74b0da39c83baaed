//! What of a range of layers is shown, in which order.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use attar_image::stack::{EntryId, Form, PathId, Paths, Stack};
use attar_packages::ownership::Ownership;

use super::figures::Figures;
use super::filter::{Filter, Subject};
use super::index::{Index, Lists};
use super::marks::{Mark, Marks, Range};
use super::rows::Forest;

/// What a view shows, and how.
#[derive(Clone, Debug, Default)]
pub struct ViewSettings {
    /// The layers.
    pub range: Range,
    /// What is left out.
    pub hide: Hide,
    /// What is left in.
    pub filter: Option<Arc<Filter>>,
    /// In which order the paths of a directory stand.
    pub sort: Sort,
    /// Whether that order is reversed.
    pub is_reversed: bool,
    /// Which package has which path, for filters that ask for it; without it they match nothing.
    pub owners: Option<Arc<Ownership>>,
}

/// Which marks are left out. What is [`Rewritten`](Mark::Rewritten) goes with what is modified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hide {
    /// What is added.
    pub added: bool,
    /// What is modified or rewritten.
    pub modified: bool,
    /// What is removed.
    pub removed: bool,
    /// What is unchanged.
    pub unchanged: bool,
}

impl Hide {
    /// Every mark that can be left out, with the word for it.
    pub const ALL: &[(&str, Self)] = &[
        ("added", Self { added: true, ..Self::NONE }),
        ("modified", Self { modified: true, ..Self::NONE }),
        ("removed", Self { removed: true, ..Self::NONE }),
        ("unchanged", Self { unchanged: true, ..Self::NONE }),
        ("none", Self::NONE),
    ];

    /// Only what is unchanged, as views of changes leave it out by themselves.
    pub const UNCHANGED: Self = Self { unchanged: true, ..Self::NONE };

    /// Leaves nothing out.
    pub const NONE: Self = Self { added: false, modified: false, removed: false, unchanged: false };

    /// Finds what a word leaves out.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == name).map(|(_, hide)| *hide)
    }

    /// Returns the words for what is left out; `none` where that is nothing.
    pub fn names(self) -> Vec<&'static str> {
        let is_in = |hide: Self| hide != Self::NONE && self.or(hide) == self;
        let names: Vec<&str> =
            Self::ALL.iter().filter(|(_, hide)| is_in(*hide)).map(|(name, _)| *name).collect();
        if names.is_empty() { vec!["none"] } else { names }
    }

    /// Returns what leaves out what either does.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            added: self.added || other.added,
            modified: self.modified || other.modified,
            removed: self.removed || other.removed,
            unchanged: self.unchanged || other.unchanged,
        }
    }

    /// Returns what leaves out what this does and the other does not.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            added: self.added && !other.added,
            modified: self.modified && !other.modified,
            removed: self.removed && !other.removed,
            unchanged: self.unchanged && !other.unchanged,
        }
    }

    /// Says whether nothing is left out.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn hides(self, mark: Mark) -> bool {
        match mark {
            Mark::Added => self.added,
            Mark::Modified | Mark::Rewritten => self.modified,
            Mark::Removed => self.removed,
            Mark::Unchanged => self.unchanged,
        }
    }
}

/// As many of the largest files are known.
pub const MAX_LARGEST: usize = 5_000;

/// In which order the paths of a directory stand; where it says nothing, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By the bytes of the names.
    #[default]
    Name,
    /// The most bytes first.
    Size,
    /// What is added first, what is unchanged last.
    Change,
    /// The most dead bytes first.
    Waste,
    /// What grew or shrank most from one image to another first; one image alone has no such order.
    Delta,
}

impl Sort {
    /// All orders.
    pub const ALL: &[Self] = &[Self::Name, Self::Size, Self::Change, Self::Waste, Self::Delta];

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Change => "change",
            Self::Waste => "waste",
            Self::Delta => "growth",
        }
    }

    /// Finds an order by its word.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|sort| sort.name() == name)
    }
}

/// What a container of the layers up to the end of a range sees, with what layers of the range took
/// away, as far as it is shown.
///
/// A path is shown when it is not hidden and matches the filter, or when something below it does.
#[derive(Clone, Debug)]
pub struct View {
    marks: Arc<Marks>,
    children: Lists<PathId>,
    is_match: Vec<bool>,
    matches: usize,
    largest: Vec<PathId>,
}

impl Default for View {
    /// Returns the view of an image without layers.
    fn default() -> Self {
        Self::of(&Stack::default(), &Index::default(), &ViewSettings::default())
    }
}

impl View {
    /// Makes the view of a range of layers; the index is the stack's. Its time grows with the stack.
    pub fn of(stack: &Stack, index: &Index, settings: &ViewSettings) -> Self {
        Self::showing(Arc::new(Marks::of(stack, index, settings.range)), stack, index, settings)
    }

    /// Makes another view of the same stack; takes less time than [`View::of`] while the range is the same.
    pub fn with(&self, stack: &Stack, index: &Index, settings: &ViewSettings) -> Self {
        let range = settings.range.within(stack.layers().len());
        if range != self.marks.range || self.marks.count() != index.count() {
            return Self::of(stack, index, settings);
        }
        Self::showing(Arc::clone(&self.marks), stack, index, settings)
    }

    fn showing(marks: Arc<Marks>, stack: &Stack, index: &Index, settings: &ViewSettings) -> Self {
        let is_match = matching(&marks, stack, index, settings);
        let mut is_shown = is_match.clone();
        for number in (1..is_shown.len()).rev() {
            if is_shown[number] {
                is_shown[index.parent(number).index()] = true;
            }
        }
        let matches = is_match.iter().filter(|is_match| **is_match).count();
        let mut children = Lists::default();
        for path in stack.paths().iter() {
            if is_shown[path.index()] {
                for child in index.children(path).iter().filter(|child| is_shown[child.index()]) {
                    children.push(*child);
                }
                sort(children.last_mut(), &marks, settings);
            }
            children.end();
        }
        let mut view = Self { marks, children, is_match, matches, largest: Vec::new() };
        view.largest = view.files_by_size(stack);
        view
    }

    /// Returns the layers, both ends among those that there are.
    pub fn range(&self) -> Range {
        self.marks.range
    }

    /// Returns what the layers do to a path; `None` if it is not there, neither after them nor in between.
    pub fn mark(&self, path: PathId) -> Option<Mark> {
        self.marks.mark(path)
    }

    /// Returns what stands at a path after the layers; of what is removed, what stood there last. A
    /// directory that is only implied by what is below it has no entry.
    pub fn entry(&self, path: PathId) -> Option<EntryId> {
        self.marks.entry(path)
    }

    /// Returns what stood at a path before the layers.
    pub fn before(&self, path: PathId) -> Option<EntryId> {
        self.marks.before(path)
    }

    /// Returns the figures of a path with all below it, shown or not.
    pub fn figures(&self, path: PathId) -> Figures {
        self.marks.figures(path)
    }

    /// Returns what is shown directly below a path, in order.
    pub fn children(&self, path: PathId) -> &[PathId] {
        self.children.list(path.index())
    }

    /// Returns the directory above a path; the root is its own.
    pub fn parent(&self, path: PathId) -> PathId {
        self.marks.parent(path)
    }

    /// Says whether a path is shown for its own sake, not only for what is below it. The root never is.
    pub fn is_match(&self, path: PathId) -> bool {
        self.is_match.get(path.index()).copied().unwrap_or_default()
    }

    /// Says whether a path is shown: the root always is.
    pub fn is_shown(&self, path: PathId) -> bool {
        path == PathId::ROOT || self.is_match(path) || !self.children(path).is_empty()
    }

    /// Returns how many paths are shown for their own sake.
    pub fn matches(&self) -> usize {
        self.matches
    }

    /// Returns the largest regular files that are shown, by size: at most `limit` of them, and at most
    /// [`MAX_LARGEST`]. Hard links are not among them.
    pub fn largest(&self, limit: usize) -> &[PathId] {
        &self.largest[..limit.min(self.largest.len())]
    }

    fn files_by_size(&self, stack: &Stack) -> Vec<PathId> {
        let sized = |path: PathId| {
            let row = stack.row(self.entry(path).filter(|_| self.is_match(path))?);
            (row.form == Form::File).then_some((Reverse(row.size), path))
        };
        let mut files = Vec::new();
        for file in stack.paths().iter().filter_map(sized) {
            if files.len() == 2 * MAX_LARGEST {
                files.select_nth_unstable(MAX_LARGEST);
                files.truncate(MAX_LARGEST);
            }
            files.push(file);
        }
        files.sort_unstable();
        files.into_iter().take(MAX_LARGEST).map(|(_, path)| path).collect()
    }
}

impl Forest for View {
    type Node = PathId;

    fn root(&self) -> PathId {
        PathId::ROOT
    }

    fn count(&self) -> usize {
        self.marks.count()
    }

    fn number(&self, node: PathId) -> usize {
        node.index()
    }

    fn children(&self, node: PathId) -> &[PathId] {
        self.children(node)
    }

    fn parent(&self, node: PathId) -> PathId {
        self.parent(node)
    }
}

/// Says of each path whether it is neither hidden nor filtered out.
fn matching(marks: &Marks, stack: &Stack, index: &Index, settings: &ViewSettings) -> Vec<bool> {
    let mut is_match = vec![false; marks.count()];
    let is_visible = |path: PathId| marks.mark(path).filter(|mark| !settings.hide.hides(*mark));
    let Some(filter) = &settings.filter else {
        for path in stack.paths().iter().skip(1) {
            is_match[path.index()] = is_visible(path).is_some();
        }
        return is_match;
    };
    let owners = settings.owners.as_deref();
    walk(stack.paths(), index, |path, name| {
        if let Some(mark) = is_visible(path) {
            let (entry, figures) = (marks.entry(path), marks.figures(path));
            is_match[path.index()] =
                filter.matches(&Subject { path: name, stack, entry, mark, figures, owners });
        }
        marks.mark(path).is_some()
    });
    is_match
}

/// Goes through all paths but the root: a directory before what is in it, siblings by name. `visit` gets the
/// whole path, with a slash in front, and says whether to go on below it.
pub(super) fn walk(paths: &Paths, index: &Index, mut visit: impl FnMut(PathId, &[u8]) -> bool) {
    let mut bytes = Vec::new();
    let mut pending: Vec<(PathId, usize)> =
        index.children(PathId::ROOT).iter().rev().map(|path| (*path, 0)).collect();
    while let Some((path, length)) = pending.pop() {
        bytes.truncate(length);
        bytes.push(b'/');
        bytes.extend_from_slice(paths.name(path));
        if visit(path, &bytes) {
            pending.extend(index.children(path).iter().rev().map(|child| (*child, bytes.len())));
        }
    }
}

/// Puts paths of one directory, which are by name, in order.
fn sort(paths: &mut [PathId], marks: &Marks, settings: &ViewSettings) {
    let by_figure = |figure: fn(Figures) -> u64| {
        move |one: &PathId, other: &PathId| figure(marks.figures(*other)).cmp(&figure(marks.figures(*one)))
    };
    let by_mark = |one: &PathId, other: &PathId| -> Ordering { marks.mark(*one).cmp(&marks.mark(*other)) };
    match settings.sort {
        Sort::Name | Sort::Delta => {}
        Sort::Size => paths.sort_by(by_figure(|figures| figures.bytes)),
        Sort::Change => paths.sort_by(by_mark),
        Sort::Waste => paths.sort_by(by_figure(|figures| figures.dead)),
    }
    if settings.is_reversed {
        paths.reverse();
    }
}

#[cfg(test)]
mod tests;
