//! Two images side by side: what is compared, what a tree of both shows, what workers are asked and say.

mod document;

use std::fmt;
use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_image::path::TreePath;
use attar_image::stack::{Form, PathId, Stack};
use attar_packages::ownership::Ownership;
use serde::Serialize;

use super::listing::Listing;
use super::source::{Failure, Opened};
use super::task::{Matches, Showing, Snapshot, Subject, Unfold, Version, is_same_thing};
use crate::browse::filter::Filter;
use crate::browse::pair::{Pair, PairId, PairMark, PairSettings};
use crate::browse::{Query, Rows, Sort};
use crate::compare::{Figure, LayerChange, Setting};
use crate::preview::Preview;

/// One of the two images.
#[derive(Clone, Debug)]
pub struct PairSide {
    /// Its documents and blobs.
    pub opened: Opened,
    /// Its layers' entries, all of them that can be read.
    pub snapshot: Arc<Snapshot>,
}

/// Both images, the first before the second.
pub type Sides = [PairSide; 2];

/// Everything that is computed of two images, whatever of it is shown.
pub struct Compared {
    /// The images.
    pub sides: Sides,
    /// All paths of both.
    pub pair: Arc<Pair>,
    /// How many files differ, and how.
    pub totals: Totals,
    /// Which layers they share.
    pub layers: LayerChange,
    /// Settings and annotations that differ.
    pub settings: Vec<Setting>,
    /// Why some of what differs may not differ in truth, one line each.
    pub doubts: Vec<String>,
    /// Bytes of the blobs that must be read to compare the contents that nobody hashed so far; none once
    /// they are compared, or cannot be.
    pub unread: Option<u64>,
}

/// How many files differ, and how; directories do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Only in the second image.
    pub added: usize,
    /// Only in the first.
    pub removed: usize,
    /// In both, and not alike.
    pub changed: usize,
    /// In both, and not compared.
    pub unknown: usize,
    /// In both, and alike.
    pub same: usize,
    /// Files of each.
    pub files: Figure,
    /// Bytes of these.
    pub bytes: Figure,
}

/// What a tree of two images shows, and what it was computed of.
pub struct PairShown {
    /// The images.
    pub compared: Arc<Compared>,
    /// What was wanted.
    pub settings: PairSettings,
    /// The tree.
    pub pair: Arc<Pair>,
}

/// Something to compute of two images, on a thread of its own.
#[derive(Clone, Debug)]
pub enum CompareTask {
    /// Compare them: at once as far as all is known, then with all contents.
    Compare {
        /// The images.
        sides: Box<Sides>,
        /// One for each layer of each.
        meters: [Vec<Arc<Meter>>; 2],
    },
    /// Show some of what was compared.
    Show {
        /// What was compared.
        compared: Arc<Compared>,
        /// What of it, and how.
        settings: Box<PairSettings>,
        /// The rows as they are; none where the user has not seen them all yet.
        rows: Option<Arc<Rows<Pair>>>,
    },
    /// Unfold more than can be unfolded between two frames.
    Unfold {
        /// The rows as they are.
        rows: Arc<Rows<Pair>>,
        /// What of them.
        what: Unfold,
    },
    /// Find paths.
    Search {
        /// Where.
        shown: Arc<PairShown>,
        /// What, as it was typed.
        text: String,
        /// What that means.
        query: Box<Query>,
        /// Where one is, and whether a match there counts as the first.
        from: Option<(PairId, bool)>,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Compare the packages.
    Packages {
        /// What was compared.
        compared: Arc<Compared>,
        /// Who has what, in each.
        owners: [Arc<Ownership>; 2],
    },
    /// Make something to look at of what stands at a path of both.
    Preview {
        /// What was compared.
        compared: Arc<Compared>,
        /// The path.
        node: PairId,
        /// Which of both, or how they differ.
        version: Version,
        /// Ends it.
        meter: Arc<Meter>,
    },
}

/// Something that was computed of two images.
#[derive(Clone, Debug)]
pub enum CompareEvent {
    /// They are compared, as far as it says.
    Compared(Arc<Compared>),
    /// What was to be shown, and the rows of its tree.
    Shown(Arc<PairShown>, Arc<Rows<Pair>>),
    /// Rows that were unfolded, and of which rows.
    Unfolded(Arc<Rows<Pair>>, Arc<Rows<Pair>>),
    /// Paths that match what was typed, and of what.
    Found(Arc<Compared>, Matches<PairId>),
    /// The packages that differ, and in a few words how many.
    Packages(Arc<Compared>, Listing, String),
    /// What stands at a path of both.
    Preview(Subject, Result<Arc<Preview>, Failure>),
}

impl Compared {
    /// Says whether it is of these layers.
    pub fn is_of(&self, snapshots: &[Arc<Snapshot>; 2]) -> bool {
        self.sides.iter().zip(snapshots).all(|(side, snapshot)| Arc::ptr_eq(&side.snapshot, snapshot))
    }

    /// Returns what was read of both.
    pub fn snapshots(&self) -> [Arc<Snapshot>; 2] {
        self.sides.each_ref().map(|side| side.snapshot.clone())
    }

    /// Returns the layers of both.
    pub fn stacks(&self) -> [&Stack; 2] {
        [&self.sides[0].snapshot.stack, &self.sides[1].snapshot.stack]
    }

    /// Returns the path of a node.
    pub fn path(&self, node: PairId) -> TreePath {
        match (self.pair.paths(node), self.stacks()) {
            ([_, Some(path)], [_, stack]) | ([Some(path), None], [stack, _]) => stack.paths().path(path),
            ([None, None], [stack, _]) => stack.paths().path(PathId::ROOT),
        }
    }

    /// Finds the node of a path, if one of both has it.
    pub fn find(&self, path: &TreePath) -> Option<PairId> {
        let [one, other] = self.stacks();
        let second = || other.paths().find(path).and_then(|path| self.pair.find_second(path));
        one.paths().find(path).and_then(|path| self.pair.find_first(path)).or_else(second)
    }

    /// Says whether a path is a directory in every image that has it.
    pub fn is_directory(&self, node: PairId) -> bool {
        let (paths, entries, stacks) = (self.pair.paths(node), self.pair.entries(node), self.stacks());
        (0..2).filter(|side| paths[*side].is_some()).all(|side| {
            // What is only implied is a directory.
            entries[side]
                .is_none_or(|entry| stacks[side].row(stacks[side].linked(entry)).form == Form::Directory)
        })
    }
}

impl Totals {
    /// Counts the files of both.
    pub(super) fn of(compared: &Compared) -> Self {
        let pair = &compared.pair;
        let [before, after] = pair.bytes(PairId::ROOT);
        let mut totals = Self { bytes: Figure { before, after }, ..Self::default() };
        for node in pair.all().filter(|node| !compared.is_directory(*node)) {
            let [before, after] = pair.paths(node).map(|path| u64::from(path.is_some()));
            totals.files.before += before;
            totals.files.after += after;
            *match pair.mark(node) {
                PairMark::Added => &mut totals.added,
                PairMark::Removed => &mut totals.removed,
                PairMark::Modified => &mut totals.changed,
                PairMark::Unknown => &mut totals.unknown,
                PairMark::Same => &mut totals.same,
            } += 1;
        }
        totals
    }

    /// Says whether no file differs, as far as that is known.
    pub fn are_same(&self) -> bool {
        (self.added, self.removed, self.changed, self.unknown) == (0, 0, 0, 0)
    }
}

impl Showing for PairShown {
    type Forest = Pair;
    type Of = Compared;
    type Settings = PairSettings;

    fn of(&self) -> &Arc<Compared> {
        &self.compared
    }

    fn settings(&self) -> &PairSettings {
        &self.settings
    }

    fn path(&self, node: PairId) -> TreePath {
        self.compared.path(node)
    }

    fn nearest(&self, path: &TreePath) -> PairId {
        let mut path = path.clone();
        loop {
            match self.compared.find(&path).filter(|node| self.pair.is_shown(*node)) {
                Some(node) => return node,
                None => match path.parent() {
                    Some(parent) => path = parent,
                    None => return PairId::ROOT,
                },
            }
        }
    }

    fn is_same(one: &PairSettings, other: &PairSettings) -> bool {
        let plain = |settings: &PairSettings| (settings.hide, settings.sort, settings.is_reversed);
        let mut owners = one.owners.iter().zip(&other.owners);
        plain(one) == plain(other)
            && is_same_thing(&one.filter, &other.filter)
            && owners.all(|(one, other)| is_same_thing(one, other))
    }

    fn filter(settings: &PairSettings) -> &Option<Arc<Filter>> {
        &settings.filter
    }

    fn next_sort(sort: Sort) -> Sort {
        match sort {
            Sort::Name => Sort::Delta,
            Sort::Delta => Sort::Size,
            Sort::Size => Sort::Change,
            Sort::Change | Sort::Waste => Sort::Name,
        }
    }
}

impl fmt::Debug for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compared({:?}, {:?})", self.sides, self.totals)
    }
}

impl fmt::Debug for PairShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PairShown({:?}, {} matches)", self.compared, self.pair.matches())
    }
}
