//! What is judged: an image, or a tree that shall become one.

use std::sync::Arc;

use attar_image::linkage::{self, Files};
use attar_image::{Content, Entry, FileTree, ImageConfig, TreePath};

use super::Marks;

/// What is judged.
#[derive(Clone)]
pub struct Subject<'a> {
    /// The merged tree of the image.
    pub tree: &'a FileTree,
    /// What its files hold, and those in `hidden`.
    pub evidence: &'a dyn Evidence,
    /// Platform, how to run it, history. Of a tree in memory, layers and history may be empty.
    pub config: &'a ImageConfig,
    /// The start-up proof of the same tree. Findings that the spec allows (`start:`) are left out by
    /// the caller.
    pub start: &'a linkage::Report,
    /// Where paths come from.
    pub origins: &'a dyn Origins,
    /// Files of lower layers that a container does not see, and anybody can recover.
    pub hidden: &'a [Hidden],
    /// What is attached to the image; `None` where that is not known.
    pub referrers: Option<Referrers>,
    /// Sizes; `None` where there are no layers to measure.
    pub figures: Option<Figures>,
}

/// What files hold: ELF facts and small texts by way of [`Files`], [`Marks`] by content.
pub trait Evidence: Files {
    /// Returns the marks of a content that [`wanted`](super::wanted) named; `None` when it could not
    /// be read, which makes the verdict say so.
    fn marks(&self, content: &Content) -> Option<Arc<Marks>>;
}

/// Where paths of the merged tree come from. Nothing is known by default.
pub trait Origins {
    /// Returns the number of the layer that wrote a path, the lowest being 0.
    fn layer(&self, _path: &TreePath) -> Option<usize> {
        None
    }

    /// Returns the command that made a layer.
    fn created_by(&self, _layer: usize) -> Option<&str> {
        None
    }

    /// Returns the package that brought a path.
    fn package(&self, _path: &TreePath) -> Option<String> {
        None
    }
}

/// The origins of which nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unknown;

impl Origins for Unknown {}

/// A file of a lower layer that an upper one deletes or replaces. It stays in the layer's archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Where it stood.
    pub path: TreePath,
    /// What stood there.
    pub entry: Entry,
    /// The layer that holds it.
    pub layer: usize,
    /// The layer that hides it.
    pub killer: usize,
}

/// What is attached to an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Referrers {
    /// A list of what is inside.
    pub sbom: bool,
    /// A statement on how it was built.
    pub provenance: bool,
}

/// Sizes of an image, in uncompressed bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// All layers together.
    pub total: u64,
    /// What no container sees.
    pub reclaimable: u64,
    /// Each layer, the lowest first.
    pub layers: Vec<u64>,
    /// Entries of the merged tree.
    pub entries: u64,
}
