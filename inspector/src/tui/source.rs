//! What the interface needs from outside: images, owners, verdicts.
//!
//! Every method may take as long as it needs: it is called on a thread of its own, and what it returns
//! reaches the interface through a channel. None may write to the terminal.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use attar_image::blobs::{Blobs, Meter};
use attar_image::digest::Digest;
use attar_image::layout::Image;
use attar_image::path::TreePath;
use attar_image::platform::Platform;
use attar_image::stack::{Analyses, Stack};
use attar_packages::ownership::Ownership;

/// Gives the interface images and what is known of them.
pub trait Source: Send + Sync {
    /// Finds the images of this machine, and hands each over as it is found. A place that is not there has
    /// no images; one that is there and does not answer is a note.
    fn list(&self, found: &mut dyn FnMut(Found));

    /// Opens an image. What is known early goes to `told` before it returns.
    ///
    /// Layers may still be elsewhere: [`Blobs::open`] of what it returns may wait for them.
    fn open(&self, wanted: &Wanted, told: &dyn Told) -> Result<Opened, Failure>;

    /// Reads which package has which path of a stack of an opened image.
    fn owners(&self, opened: &Opened, stack: &Stack) -> Result<Ownership, Failure>;

    /// Judges whether an opened image is distroless. It ends with an error soon after the meter is
    /// cancelled.
    fn verdict(&self, opened: &Opened, meter: &Arc<Meter>) -> Result<Verdict, Failure>;

    /// Words an error that the interface met itself when it read an image: with all that caused it, and
    /// what helps.
    fn failure(&self, error: &(dyn Error + 'static)) -> Failure;
}

/// Hears of what is known of an image before it can be read.
pub trait Told: Sync {
    /// The documents of the image are known, or its engine's summary of them.
    fn outline(&self, outline: Outline);

    /// So much of what must be brought here is here.
    fn progress(&self, done: u64, total: Option<u64>);

    /// Something worth knowing, in one line.
    fn note(&self, note: String);

    /// Says whether nobody waits for the image any more; then opening it should end with an error.
    fn is_cancelled(&self) -> bool;
}

/// An image that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// What the user calls it, in the grammar of the command line.
    pub word: String,
    /// The platform; none for this machine's, else the first.
    pub platform: Option<String>,
}

/// What listing the images of this machine finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An image.
    Image(Listed),
    /// Why a place may have more images than were found, in one line.
    Note(String),
}

/// An image of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The word that opens it.
    pub word: String,
    /// Where it was found: `docker`, `podman`, `here`.
    pub place: String,
    /// Bytes, as the place counts them.
    pub size: Option<u64>,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
}

/// What is known of an image before its layers are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The platform.
    pub platform: Option<String>,
    /// What made each layer, the lowest first, and the bytes that its source says it has.
    pub layers: Vec<(Option<String>, Option<u64>)>,
}

/// An image that can be read.
#[derive(Clone)]
pub struct Opened {
    /// Its documents.
    pub image: Image,
    /// What gives its blobs; holds everything that must stay as long as they are read.
    pub blobs: Arc<dyn Blobs>,
    /// What fetches blobs that are still elsewhere; none where all of them are here.
    pub fetching: Option<Arc<dyn Fetching>>,
    /// Where analyses of layers are kept.
    pub analyses: Option<Arc<dyn Analyses>>,
    /// The platforms that there are, this one included.
    pub platforms: Vec<Platform>,
    /// Whether this is a root file system without documents of an image.
    pub is_root: bool,
    /// Where it is, as messages call it: `docker:app:1`, `oci:image`.
    pub place: String,
}

/// Fetches blobs when they are opened, and says how far that is.
pub trait Fetching: Send + Sync {
    /// Returns how many bytes of a blob are here.
    ///
    /// To cancel it ends the fetch: whoever waits in [`Blobs::open`] gets an error soon. Opening the blob
    /// once more begins anew, with another meter.
    fn meter(&self, digest: &Digest) -> Arc<Meter>;

    /// Returns what was said since the last call, one line each: a request is repeated, a transfer goes on.
    fn notes(&self) -> Vec<String>;
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({} for {})", self.place, self.image.platform)
    }
}

/// Something that could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What, to which thing, and why: the whole chain in one line.
    pub message: String,
    /// What helps.
    pub hint: Option<String>,
}

/// Whether an image is distroless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The answer in one line.
    pub summary: String,
    /// Whether it passes; none if that cannot be judged.
    pub passes: Option<bool>,
    /// Every check in order.
    pub checks: Vec<Check>,
}

/// What one check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its number: `D01`.
    pub id: String,
    /// What it looks at, in a word or two.
    pub name: String,
    /// How it ended.
    pub state: CheckState,
    /// Why nothing could be said, or need not be.
    pub reason: Option<String>,
    /// What it found.
    pub findings: Vec<Evidence>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// Nothing was found.
    Passed,
    /// Something was found that has no place in the image.
    Failed,
    /// Something was found that should be looked at.
    Warned,
    /// Something was found that is worth knowing.
    Noted,
    /// All that was found is allowed.
    Allowed,
    /// There is nothing to look at.
    NotApplicable,
    /// It could not be looked at.
    Unknown,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// How to get rid of it.
    pub fix: String,
    /// Where it stands.
    pub places: Vec<EvidencePlace>,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidencePlace {
    /// The path.
    pub path: TreePath,
    /// The layer that brings it, from 0 for the lowest.
    pub layer: Option<usize>,
    /// The package that has it.
    pub package: Option<String>,
    /// Whether only a lower layer has it, below what took it away.
    pub is_hidden: bool,
}

/// A file or tree that was written to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// Where it stands now.
    pub path: PathBuf,
    /// Files, links and directories.
    pub entries: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Entries that stay in the image: devices, pipes, hard links to what is not there.
    pub left_out: u64,
}
