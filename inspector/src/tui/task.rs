//! What the state asks to be done outside of it, and what comes back.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, PathId, Stack};
use attar_packages::ownership::Ownership;

use super::listing::Listing;
use super::source::{Extracted, Failure, Listed, Opened, Outline, Verdict, Wanted};
use crate::advice::Advice;
use crate::analysis::Analysis;
use crate::browse::Query;
use crate::browse::{Index, Rows, View, ViewSettings};
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
}

/// Paths that match what was typed.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// As it was typed.
    pub text: String,
    /// The paths in the order of the tree.
    pub paths: Vec<PathId>,
    /// Which of them comes first from where one is.
    pub first: usize,
    /// The paths in the order of their numbers.
    pub numbers: Vec<PathId>,
}

/// Everything that is computed of an image's layers, as far as they were read.
pub struct Snapshot {
    /// The layers on top of each other.
    pub stack: Stack,
    /// What stands where.
    pub index: Index,
    /// The figures.
    pub analysis: Analysis,
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
    /// The rows of its tree.
    pub rows: Arc<Rows<View>>,
}

impl Shown {
    /// Says whether a path is shown.
    pub fn holds(&self, path: &TreePath) -> bool {
        self.snapshot.stack.paths().find(path).is_some_and(|path| self.view.is_shown(path))
    }

    /// Says whether it is what is wanted of these layers.
    pub fn is_of(&self, snapshot: &Arc<Snapshot>, settings: &ViewSettings) -> bool {
        Arc::ptr_eq(&self.snapshot, snapshot) && is_same(&self.settings, settings)
    }
}

/// Says whether two settings are the same, filters and owners not only alike.
pub(super) fn is_same(one: &ViewSettings, other: &ViewSettings) -> bool {
    let plain =
        |settings: &ViewSettings| (settings.range, settings.hide, settings.sort, settings.is_reversed);
    let filter = |settings: &ViewSettings| settings.filter.as_ref().map(Arc::as_ptr);
    let owners = |settings: &ViewSettings| settings.owners.as_ref().map(Arc::as_ptr);
    plain(one) == plain(other) && filter(one) == filter(other) && owners(one) == owners(other)
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
    /// What was asked for is computed.
    View(Arc<Shown>),
    /// Rows that were unfolded, and of which rows.
    Unfolded(Arc<Rows<View>>, Arc<Rows<View>>),
    /// Paths were found.
    Found(Matches),
    /// A file was read, or its beginning: then more of it follows, as the preview says.
    Preview(Subject, Result<Arc<Preview>, Failure>),
    /// Who has what.
    Owners(Result<Arc<Ownership>, Failure>),
    /// What packages take.
    Packages(Result<Listing, Failure>),
    /// Whether it is distroless.
    Verdict(Result<Arc<Verdict>, Failure>),
    /// A tree was written.
    Extracted(TreePath, Result<Extracted, Failure>),
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
