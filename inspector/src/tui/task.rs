//! What the state asks to be done outside of it, and what comes back.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use attar_image::accounts::Names;
use attar_image::blobs::Meter;
use attar_image::digest::Digest;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, PathId, Stack};
use attar_packages::ownership::Ownership;

use super::comparison::{CompareEvent, CompareTask, PairShown};
use super::listing::Listing;
use super::source::{Extracted, Failure, Listed, Opened, Outline, Verdict, Wanted};
use super::undone::Undone;
use crate::advice::Advice;
use crate::analysis::Analysis;
use crate::browse::filter::Filter;
use crate::browse::pair::PairId;
use crate::browse::{Forest, Index, Query, Rows, Sort, View, ViewSettings};
use crate::preview::Preview;

/// Number of an image that is open; never used twice.
pub type TabId = u32;

/// Something to do on a thread of its own.
#[derive(Clone, Debug)]
pub enum Task {
    /// Find the images of this machine.
    List,
    /// Open an image.
    Open {
        /// For which tab.
        tab: TabId,
        /// Which.
        wanted: Wanted,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Read the layers of an image.
    Read {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// One for each layer.
        meters: Vec<Arc<Meter>>,
    },
    /// Compute what a range of layers shows.
    View {
        /// For which tab.
        tab: TabId,
        /// The layers' entries.
        snapshot: Arc<Snapshot>,
        /// What is wanted.
        settings: Box<ViewSettings>,
        /// What was shown until now; what is unfolded stays so.
        before: Option<Arc<Shown>>,
        /// The rows as they are.
        rows: Option<Arc<Rows<View>>>,
    },
    /// Unfold more than can be unfolded between two frames.
    Unfold {
        /// For which tab.
        tab: TabId,
        /// The rows as they are.
        rows: Arc<Rows<View>>,
        /// What of them.
        what: Unfold,
    },
    /// Find paths.
    Search {
        /// For which tab.
        tab: TabId,
        /// Where.
        shown: Arc<Shown>,
        /// What, as it was typed.
        text: String,
        /// What that means.
        query: Query,
        /// Where one is, and whether a match there counts as the first.
        from: Option<(PathId, bool)>,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Read a file and make something to look at of it.
    Preview {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// The layers' entries.
        snapshot: Arc<Snapshot>,
        /// What of it.
        subject: Subject,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Read which package has which path.
    Owners {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// The layers' entries.
        snapshot: Arc<Snapshot>,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Add up what packages take and waste.
    Packages {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// The layers' entries.
        snapshot: Arc<Snapshot>,
        /// Who has what.
        owners: Arc<Ownership>,
    },
    /// Judge whether the image is distroless.
    Verdict {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Write a file or a tree to a folder of this machine.
    Extract {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// What is seen.
        shown: Arc<Shown>,
        /// What of it, with all below it.
        path: PathId,
        /// Where to.
        folder: PathBuf,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Read what users and groups are called.
    Names {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// The layers' entries.
        snapshot: Arc<Snapshot>,
        /// The files among them that say so.
        entries: Vec<EntryId>,
        /// Whether layers are fetched for that.
        fetches: bool,
        /// Ends it.
        meter: Arc<Meter>,
    },
    /// Hash a file's content.
    Hash {
        /// For which tab.
        tab: TabId,
        /// The image.
        opened: Opened,
        /// The layers' entries.
        snapshot: Arc<Snapshot>,
        /// The file among them.
        entry: EntryId,
        /// How much of its layer's blob is read; ends it, too, and tells it from others.
        meter: Arc<Meter>,
        /// How many bytes of the file are hashed.
        hashed: Arc<Meter>,
    },
    /// Compute something of two images.
    Compare {
        /// For which tab.
        tab: TabId,
        /// What.
        task: CompareTask,
    },
    /// Write what is shown as JSON to a file of this machine that is not there yet.
    Export {
        /// What.
        what: Exported,
        /// The file.
        file: PathBuf,
    },
    /// Hand a text to the terminal's clipboard.
    Copy {
        /// What it is, for the message.
        what: String,
        /// The text.
        text: String,
    },
    /// Draw everything again.
    Redraw,
    /// Go back to the shell until it calls back.
    Suspend,
    /// End.
    Quit,
}

/// What is exported.
#[derive(Clone, Debug)]
pub enum Exported {
    /// A list.
    List(Box<Listing>),
    /// A tree, with all that is folded.
    Tree(Arc<Shown>),
    /// A tree of two images, what they are called, and what else differs.
    Pair(Arc<PairShown>, [String; 2]),
}

/// What is unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfold {
    /// Everything.
    All,
    /// One row.
    Row(usize),
    /// One row, and all below it.
    Below(usize),
}

/// What a preview is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An entry of a layer.
    Entry(EntryId),
    /// A directory that is only implied by what is below it.
    Implied(PathId),
    /// How an entry differs from another one at its path.
    Difference {
        /// The entry of the lower layer.
        before: EntryId,
        /// The entry.
        after: EntryId,
    },
    /// A path of two images.
    Pair {
        /// The path.
        node: PairId,
        /// Which of both, or how they differ.
        version: Version,
    },
}

/// Which of two images' files is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// How they differ, if they do.
    #[default]
    Difference,
    /// That of the first image.
    First,
    /// That of the second.
    Second,
}

/// Paths that match what was typed.
#[derive(Clone, Debug)]
pub struct Matches<N = PathId> {
    /// As it was typed.
    pub text: String,
    /// The paths in the order of the tree.
    pub paths: Vec<N>,
    /// Which of them comes first from where one is.
    pub first: usize,
    /// The paths in the order of their numbers.
    pub numbers: Vec<N>,
}

impl<N> Default for Matches<N> {
    fn default() -> Self {
        Self { text: String::new(), paths: Vec::new(), first: 0, numbers: Vec::new() }
    }
}

/// Everything that is computed of an image's layers, as far as they were read.
pub struct Snapshot {
    /// The layers on top of each other.
    pub stack: Stack,
    /// What stands where.
    pub index: Index,
    /// The figures; of the paths with dead bytes only as many as are listed.
    pub analysis: Analysis,
    /// How many more paths have dead bytes.
    pub more_dead: usize,
    /// What to change.
    pub advice: Vec<Advice>,
    /// Whether all layers are in it that can be.
    pub is_complete: bool,
}

/// What a range of layers shows, and what it was computed of.
pub struct Shown {
    /// The layers' entries.
    pub snapshot: Arc<Snapshot>,
    /// What was wanted.
    pub settings: ViewSettings,
    /// The figures and marks.
    pub view: Arc<View>,
}

/// What a tree shows, and what that was computed of.
pub trait Showing: fmt::Debug {
    /// The tree itself.
    type Forest: Forest<Node: fmt::Debug> + fmt::Debug;
    /// What it is a tree of.
    type Of: fmt::Debug;
    /// What of it was wanted, and how.
    type Settings: Clone + fmt::Debug;

    /// Returns what it was computed of.
    fn of(&self) -> &Arc<Self::Of>;

    /// Returns what was wanted.
    fn settings(&self) -> &Self::Settings;

    /// Returns the path of a node.
    fn path(&self, node: <Self::Forest as Forest>::Node) -> TreePath;

    /// Returns the node of a path, or of the nearest directory above it that is shown.
    fn nearest(&self, path: &TreePath) -> <Self::Forest as Forest>::Node;

    /// Says whether two settings are the same, filters and owners not only alike.
    fn is_same(one: &Self::Settings, other: &Self::Settings) -> bool;

    /// Says whether nothing is to come any more.
    fn is_complete(&self) -> bool {
        true
    }

    /// Returns what had to match, if anything.
    fn filter(settings: &Self::Settings) -> &Option<Arc<Filter>>;

    /// Returns the order that follows another one.
    fn next_sort(sort: Sort) -> Sort;

    /// Says whether it is what is wanted.
    fn is(&self, of: &Arc<Self::Of>, settings: &Self::Settings) -> bool {
        Arc::ptr_eq(self.of(), of) && Self::is_same(self.settings(), settings)
    }
}

impl Showing for Shown {
    type Forest = View;
    type Of = Snapshot;
    type Settings = ViewSettings;

    fn of(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    fn is_complete(&self) -> bool {
        self.snapshot.is_complete
    }

    fn settings(&self) -> &ViewSettings {
        &self.settings
    }

    fn path(&self, node: PathId) -> TreePath {
        self.snapshot.stack.paths().path(node)
    }

    fn nearest(&self, path: &TreePath) -> PathId {
        let mut node = PathId::ROOT;
        for name in path.components() {
            match self.snapshot.stack.paths().find_child(node, name) {
                Some(child) if self.view.is_shown(child) => node = child,
                _ => break,
            }
        }
        node
    }

    fn is_same(one: &ViewSettings, other: &ViewSettings) -> bool {
        let plain =
            |settings: &ViewSettings| (settings.range, settings.hide, settings.sort, settings.is_reversed);
        plain(one) == plain(other)
            && is_same_thing(&one.filter, &other.filter)
            && is_same_thing(&one.owners, &other.owners)
    }

    fn filter(settings: &ViewSettings) -> &Option<Arc<Filter>> {
        &settings.filter
    }

    fn next_sort(sort: Sort) -> Sort {
        match sort {
            Sort::Name => Sort::Size,
            Sort::Size => Sort::Change,
            Sort::Change => Sort::Waste,
            Sort::Waste | Sort::Delta => Sort::Name,
        }
    }
}

/// Says whether two are one thing, not only alike, or both nothing.
pub(super) fn is_same_thing<T>(one: &Option<Arc<T>>, other: &Option<Arc<T>>) -> bool {
    one.as_ref().map(Arc::as_ptr) == other.as_ref().map(Arc::as_ptr)
}

impl Shown {
    /// Says whether a path is shown.
    pub fn holds(&self, path: &TreePath) -> bool {
        self.snapshot.stack.paths().find(path).is_some_and(|path| self.view.is_shown(path))
    }
}

/// How far a layer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LayerState {
    /// Others come first.
    #[default]
    Waiting,
    /// It is being brought here or read.
    Reading,
    /// Its entries are known.
    Read,
    /// It is not there, or is none that can be read, and why.
    Absent(String),
    /// It is damaged, or could not be brought here, and why.
    Failed(Failure),
    /// Nobody waits for it any more.
    Cancelled,
}

/// Something that was done, or happened meanwhile.
#[derive(Clone, Debug)]
pub enum Event {
    /// An image of this machine was found.
    Listed(Listed),
    /// All images of this machine were found.
    ListEnded,
    /// Something about an image.
    Tab(TabId, TabEvent),
    /// Something was done, in one line.
    Done(String),
    /// Something could not be done.
    Failed(Failure),
}

/// Something about one image.
#[derive(Clone, Debug)]
pub enum TabEvent {
    /// What is known before it can be read.
    Outline(Outline),
    /// So much of it is here.
    Progress(u64, Option<u64>),
    /// Something worth knowing.
    Note(String),
    /// It can be read, or not.
    Opened(Result<Box<Opened>, Failure>),
    /// How far a layer is.
    Layer(usize, LayerState),
    /// More of its layers, or all, were read.
    Snapshot(Result<Arc<Snapshot>, Failure>),
    /// What was asked for is computed, and the rows of its tree.
    View(Arc<Shown>, Arc<Rows<View>>),
    /// Rows that were unfolded, and of which rows.
    Unfolded(Arc<Rows<View>>, Arc<Rows<View>>),
    /// Paths were found, of which layers' entries.
    Found(Arc<Snapshot>, Matches),
    /// A file of these layers' entries was read, or its beginning: then more of it follows, as the preview
    /// says.
    Preview(Subject, Arc<Snapshot>, Result<Arc<Preview>, Failure>),
    /// Who has what.
    Owners(Result<Arc<Ownership>, Failure>),
    /// What packages take.
    Packages(Result<Listing, Failure>),
    /// Whether it is distroless.
    Verdict(Result<Arc<Verdict>, Failure>),
    /// Something was computed of two images.
    Compare(CompareEvent),
    /// What users and groups are called by files of these layers' entries; nothing of a file whose layer
    /// would have to be fetched.
    Names(Arc<Snapshot>, Arc<[(EntryId, Option<Names>)]>),
    /// A file's content was hashed, the one that has this meter.
    Hashed(Arc<Meter>, Result<Digest, Failure>),
    /// A tree was written.
    Extracted(TreePath, Result<Extracted, Failure>),
    /// Something else that was asked for does not come.
    Undone(Undone, Failure),
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} layers, {} paths)", self.stack.layers().len(), self.stack.paths().count())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shown({:?}, {} matches)", self.snapshot, self.view.matches())
    }
}
