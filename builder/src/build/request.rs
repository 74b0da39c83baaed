//! What a build is asked for, and what comes out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use attar_image::manifest::{Document, Index};

use crate::assemble::Image;
use crate::evidence::Evidence;
use crate::lock::Lock;
use crate::locking::{Change, Options};
use crate::resolve::{DroppedRelation, Lag};

/// What a build is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The spec.
    pub spec: PathBuf,
    /// The lock. It need not exist.
    pub lock: PathBuf,
    /// Values of the spec's `args`.
    pub arguments: BTreeMap<String, String>,
    /// Which images.
    pub variants: Variants,
    /// The platforms to build; all of the spec's when empty.
    pub platforms: Vec<String>,
    /// An absent or outdated lock is an error.
    pub locked: bool,
    /// How the lock is made when it is.
    pub locking: Options,
    /// Time of creation of the image in seconds since 1970, instead of the lock's.
    pub epoch: Option<i64>,
    /// Annotations besides those of the spec.
    pub annotations: BTreeMap<String, String>,
    /// Labels besides those of the spec.
    pub labels: BTreeMap<String, String>,
}

impl Request {
    /// Asks for the plain image of a spec on all its platforms, locked beside it in `attar.lock`.
    pub fn new(spec: impl Into<PathBuf>) -> Self {
        let spec = spec.into();
        Self {
            lock: lock_beside(&spec),
            spec,
            arguments: BTreeMap::new(),
            variants: Variants::Plain,
            platforms: Vec::new(),
            locked: false,
            locking: Options::default(),
            epoch: None,
            annotations: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// Returns where the lock of a spec stands: `attar.lock` beside `attar.yaml`, `NAME.lock` beside any
/// other `NAME.yaml`.
pub fn lock_beside(spec: &std::path::Path) -> PathBuf {
    spec.with_extension("lock")
}

/// Which images of a spec are built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Variants {
    /// The plain image.
    #[default]
    Plain,
    /// The plain image, then these variants.
    Named(Vec<String>),
    /// The plain image, then all variants.
    All,
}

/// What a build gives.
#[derive(Debug)]
pub struct Outcome {
    /// The images, the plain one first.
    pub built: Vec<Built>,
    /// The lock they were built from.
    pub lock: Lock,
    /// What happened to the lock.
    pub locking: LockOutcome,
}

/// What happened to a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockOutcome {
    /// The lock was written.
    pub written: bool,
    /// There was no lock before.
    pub new: bool,
    /// How the spec differs from the old lock.
    pub differences: Vec<String>,
    /// Packages that differ from the old lock.
    pub changes: Vec<Change>,
    /// Relations that were not followed.
    pub dropped: Vec<DroppedRelation>,
    /// Packages that are older than they could be, because platforms agree.
    pub lags: Vec<Lag>,
    /// Source packages that changed their layer: name, old layer, new layer.
    pub moved: Vec<(String, u32, u32)>,
}

/// One image on all its platforms.
#[derive(Clone, Debug)]
pub struct Built {
    /// The variant; empty for the plain image.
    pub variant: String,
    /// The spec's `name`.
    pub name: Option<String>,
    /// The index over the platforms.
    pub index: Document<Index>,
    /// The images in the order of the spec's platforms.
    pub images: Vec<Image>,
    /// What decided about its bytes.
    pub evidence: Evidence,
}
