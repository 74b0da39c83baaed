//! What a range of layers does to each path, and what stands there.

use std::sync::Arc;

use attar_image::filesystem::Metadata;
use attar_image::stack::{EntryId, Form, PathId, Stack};

use super::figures::{Figures, Sums};
use super::index::Index;

/// A range of layers, numbered from 0 for the lowest; both ends belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first layer.
    pub from: usize,
    /// The last layer.
    pub to: usize,
}

impl Range {
    /// Returns the range with both ends among `count` layers, and in order.
    pub(super) fn within(self, count: usize) -> Self {
        let to = self.to.min(count.saturating_sub(1));
        Self { from: self.from.min(to), to }
    }
}

/// What a range of layers does to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Nothing stood there before.
    Added,
    /// Something else stood there; or, of a directory, something below it is not unchanged. A file that was
    /// taken away by one layer and brought again by another, of the same size, counts as something else
    /// unless the stack has the digests of contents: nothing else compares the two.
    Modified,
    /// The same content was written again, whether or not for another owner, mode or time. A directory is
    /// rewritten when only its time differs.
    Rewritten,
    /// What stood there before, or in some layer of the range but the last, is gone.
    Removed,
    /// The same stands there still.
    Unchanged,
}

impl Mark {
    /// All marks.
    pub const ALL: [Self; 5] = [Self::Added, Self::Modified, Self::Rewritten, Self::Removed, Self::Unchanged];

    /// Returns its name, as a filter has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Rewritten => "rewritten",
            Self::Removed => "removed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Marks and figures of all paths for one range: 17 bytes a path, and 24 more for directories and
/// for what has dead copies.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) range: Range,
    marks: Vec<Option<Mark>>,
    before: Vec<Option<EntryId>>,
    after: Vec<Option<EntryId>>,
    figures: Sums,
    parents: Arc<[PathId]>,
}

/// What a pass over all entries finds of one path.
#[derive(Clone, Copy, Default)]
struct Presence {
    before: bool,
    after: bool,
    gone: bool,
}

impl Marks {
    /// Computes them in passes over all entries and all paths.
    pub(super) fn of(stack: &Stack, index: &Index, range: Range) -> Self {
        let count = index.count();
        let mut marks = Self {
            range: range.within(stack.layers().len()),
            marks: vec![None; count],
            before: vec![None; count],
            after: vec![None; count],
            figures: Sums::new(count),
            parents: index.parents(),
        };
        let mut present = vec![Presence::default(); count];
        // There always is a root.
        present[0] = Presence { before: true, after: true, gone: false };
        let mut gone = marks.place(stack, &mut present);
        marks.spread(&mut present);
        for path in stack.paths().iter() {
            let number = path.index();
            if !present[number].after
                && present[number].gone
                && let Some(entry) = gone[number].take()
            {
                marks.after[number] = Some(entry);
            }
            marks.marks[number] = marks.own(stack, path, present[number]);
        }
        marks.add_up(stack);
        marks
    }

    pub(super) fn mark(&self, path: PathId) -> Option<Mark> {
        self.marks[path.index()]
    }

    pub(super) fn before(&self, path: PathId) -> Option<EntryId> {
        self.before[path.index()]
    }

    /// Returns what stands at a path after the range; of what is removed, what stood there last.
    pub(super) fn entry(&self, path: PathId) -> Option<EntryId> {
        self.after[path.index()]
    }

    pub(super) fn figures(&self, path: PathId) -> Figures {
        self.figures.get(path.index())
    }

    pub(super) fn parent(&self, path: PathId) -> PathId {
        self.parents[path.index()]
    }

    pub(super) fn count(&self) -> usize {
        self.marks.len()
    }

    /// Puts every entry where it stands before and after the range; returns what went within it. Dead bytes
    /// are noted at their paths.
    fn place(&mut self, stack: &Stack, present: &mut [Presence]) -> Vec<Option<EntryId>> {
        let Range { from, to } = self.range;
        let mut gone: Vec<Option<EntryId>> = vec![None; present.len()];
        let last = stack.layers().len().min(to + 1);
        for layer in 0..last {
            for entry in stack.entries(layer).filter(|entry| stands(stack, *entry)) {
                let place = stack.place(entry).index();
                let end = stack.end_of_name(entry).map(|death| death.layer);
                let is_over = |layer: usize| end.is_some_and(|end| end <= layer);
                if stack.row(entry).size > 0 && stack.death(entry).is_some() {
                    let size = stack.row(entry).size;
                    self.figures.change(place, |own| own.dead = own.dead.saturating_add(size));
                }
                if end == Some(layer) {
                    continue;
                }
                if layer < from && !is_over(from - 1) {
                    self.before[place] = Some(entry);
                    present[place].before = true;
                }
                if !is_over(to) {
                    self.after[place] = Some(entry);
                    present[place].after = true;
                } else if end.is_some_and(|end| end >= from) {
                    gone[place] = Some(entry);
                    present[place].gone = true;
                }
            }
        }
        gone
    }

    /// Lets directories be where something below them is, though no layer has an entry for them.
    fn spread(&self, present: &mut [Presence]) {
        for number in (1..present.len()).rev() {
            let below = present[number];
            let above = &mut present[self.parents[number].index()];
            above.before |= below.before;
            above.after |= below.after;
            above.gone |= below.gone;
        }
    }

    /// Returns the mark of a path without regard to what is below it.
    fn own(&self, stack: &Stack, path: PathId, present: Presence) -> Option<Mark> {
        match (present.before, present.after) {
            (false, false) => present.gone.then_some(Mark::Removed),
            (true, false) => Some(Mark::Removed),
            (false, true) => Some(Mark::Added),
            (true, true) => Some(compare(stack, self.before(path), self.entry(path))),
        }
    }

    /// Adds up figures from below, and marks directories of which only what is below them differs.
    fn add_up(&mut self, stack: &Stack) {
        for number in (0..self.marks.len()).rev() {
            if self.marks[number].is_some()
                && let Some(entry) = self.after[number]
            {
                let row = stack.row(entry);
                self.figures.change(number, |own| {
                    own.bytes = own.bytes.saturating_add(row.size);
                    own.files += u32::from(row.form != Form::Directory);
                });
            }
            if number == 0 {
                break;
            }
            let (own, mark) = (self.figures.get(number), self.marks[number]);
            let above = self.parents[number].index();
            let is_counted = match mark {
                None => false,
                Some(Mark::Removed) => self.marks[above] == Some(Mark::Removed),
                Some(_) => true,
            };
            self.figures.change(above, |sum| {
                sum.dead = sum.dead.saturating_add(own.dead);
                if is_counted {
                    sum.bytes = sum.bytes.saturating_add(own.bytes);
                    sum.files += own.files;
                }
            });
            let differs = mark.is_some_and(|mark| mark != Mark::Unchanged);
            let above = &mut self.marks[above];
            if differs && matches!(above, Some(Mark::Unchanged | Mark::Rewritten)) {
                *above = Some(Mark::Modified);
            }
        }
        self.figures.shrink();
    }
}

/// Says whether an entry came to stand somewhere: a link to nothing does not, nor a root that is no
/// directory.
pub(super) fn stands(stack: &Stack, entry: EntryId) -> bool {
    let row = stack.row(entry);
    let is_doubtful = match row.form {
        Form::HardLink => true,
        Form::Directory => false,
        _ => stack.place(entry) == PathId::ROOT,
    };
    row.form.is_entry() && !(is_doubtful && stack.is_idle(entry))
}

/// Says how what stands at a path differs from what stood there; no entry is a directory that is only
/// implied by what is below it.
pub(super) fn compare(stack: &Stack, before: Option<EntryId>, after: Option<EntryId>) -> Mark {
    if before == after {
        return Mark::Unchanged;
    }
    let form =
        |entry: Option<EntryId>| entry.map_or(Form::Directory, |entry| stack.row(stack.linked(entry)).form);
    if form(before) != form(after) {
        return Mark::Modified;
    }
    match (before, after) {
        _ if form(after) == Form::Directory => compare_directories(stack, before, after),
        (Some(before), Some(after)) => {
            let is_same = stack.holds_the_same(before, stack, after) == Some(true)
                && stack.symlink(before) == stack.symlink(after)
                && stack.device(before) == stack.device(after);
            if is_same { Mark::Rewritten } else { Mark::Modified }
        }
        // Only directories can be implied.
        _ => Mark::Modified,
    }
}

fn compare_directories(stack: &Stack, before: Option<EntryId>, after: Option<EntryId>) -> Mark {
    // A directory that is only implied is made as root's, open to read.
    let metadata = |entry: Option<EntryId>| {
        entry.map_or_else(|| Metadata::root(0o755, 0), |entry| stack.metadata(entry))
    };
    let (old, new) = (metadata(before), metadata(after));
    if old == new {
        return Mark::Unchanged;
    }
    let is_same = Metadata { mtime: new.mtime, ..old } == new;
    if is_same { Mark::Rewritten } else { Mark::Modified }
}
