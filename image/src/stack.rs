//! The layered view of an image: what each layer brings and takes away, what is left, and what of all
//! that is dead weight.
//!
//! ```text
//! read_layer(blobs, descriptor)   one layer -> Table: headers only, where the archive is not compressed
//! Stack::of(layers)               the tables on top of each other -> the fate of every entry
//! Stack::read(blobs, image)       both, the layers in parallel
//! read_pair(one, other)           two stacks, for comparing what they hold
//! ```
//!
//! Total is what all regular-file entries of all layers hold. An entry is dead when a later one, of a
//! higher layer or of the same archive, deletes it, replaces it, hides it with its directory, or puts
//! something of another type in the place of it or of a directory above it. A file with several hard
//! links lives as long as one of its names. What is dead could be reclaimed, and whoever pulls the
//! image pulls it all the same: it can be read by everybody who has the image.
//!
//! Memory: at most 100 bytes an entry (140 with digests), plus names, link targets and extended
//! attributes; no content is ever held.

mod cache;
mod contents;
mod members;
mod merge;
mod name;
mod pair;
mod paths;
mod read;
mod table;
mod view;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::{fmt, io};

use rayon::prelude::*;

pub use cache::Analyses;
pub use members::{Members, read_members};
pub use merge::TooManyEntries;
pub(crate) use name::Name;
pub use name::Whiteout;
pub use pair::{Place, hash_alike, read_pair, side_by_side};
pub use paths::{PathId, Paths, TooManyNames};
pub use read::{Settings, read_layer};
pub use table::{Form, MAX_ENTRIES, Magic, Row, Table, TooLarge};
pub use view::{Change, Figures, Touch};

use crate::blobs::Blobs;
use crate::digest::{DiffId, Digest};
use crate::layer::reader::TarError;
use crate::layout::{Image, LayoutError};
use crate::manifest::{Descriptor, media_type};
use crate::path::escape;
use merge::{Merged, PlacedRows};
use table::Hashes;

/// An image's layers and their merged view.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    layers: Vec<Layer>,
    merged: Merged,
}

/// One layer of a stack.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The blob.
    pub descriptor: Descriptor,
    /// The digest of the uncompressed bytes, as the configuration says or as computed; `None` where
    /// neither does.
    pub diff_id: Option<DiffId>,
    /// What the image's history says about it.
    pub created_by: Option<String>,
    /// Whether its entries are known.
    pub state: State,
    hashes: Arc<Hashes>,
}

/// Whether the entries of a layer are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// They are.
    Read {
        /// Number of uncompressed bytes.
        size: u64,
        /// Whether the blob was compared with its digest.
        is_verified: bool,
    },
    /// They are not: nothing is said about what the layer holds.
    Absent(Absence),
}

/// Why the entries of a layer are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The layer is to be fetched from elsewhere, and is not in the image.
    Foreign,
    /// The blob is not there.
    Missing,
    /// The media type is none of a layer that can be read, such as that of an encrypted one.
    MediaType(String),
}

impl fmt::Display for Absence {
    /// Says why in words that follow the name of the layer, or of its blob.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("is to be fetched from elsewhere"),
            Self::Missing => f.write_str("is not there"),
            Self::MediaType(found) => {
                write!(f, "has the media type `{}`, which cannot be read", escape(found.as_bytes()))
            }
        }
    }
}

/// An entry of a layer. `Option<EntryId>` takes no more room, as lists of a million of them are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(NonZeroU32);

const _: () = assert!(size_of::<Option<EntryId>>() == 4);

impl EntryId {
    /// Returns the entry with a number among those of all layers, from 0.
    fn of(number: u32) -> Self {
        // `Merged::push` lets no number come near the end.
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    /// Returns its number among the entries of all layers, from 0.
    fn number(self) -> u32 {
        self.0.get() - 1
    }
}

/// How an entry ended: which layer ended it, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// The layer that did it; the entry's own when a later entry of the same archive did.
    pub layer: usize,
    /// Why.
    pub reason: Reason,
}

/// Why an entry is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Reason {
    /// A whiteout names it.
    Deleted,
    /// A whiteout names a directory above it.
    DirectoryDeleted,
    /// A directory above it was made opaque.
    Opaque,
    /// Another file stands there now.
    Replaced,
    /// The same file, with the same owner, mode and time, was written again.
    RewrittenIdentical,
    /// The same content was written again for another owner, mode, time or extended attribute.
    MetadataOnly,
    /// Something of another type stands there now, or in the place of a directory above it.
    TypeChange,
    /// The same archive has a later entry for the path.
    SameLayer,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::Deleted,
        Self::DirectoryDeleted,
        Self::Opaque,
        Self::Replaced,
        Self::RewrittenIdentical,
        Self::MetadataOnly,
        Self::TypeChange,
        Self::SameLayer,
    ];

    /// Returns the word that stands for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::DirectoryDeleted => "directory-deleted",
            Self::Opaque => "opaque",
            Self::Replaced => "replaced",
            Self::RewrittenIdentical => "rewritten-identical",
            Self::MetadataOnly => "metadata-only",
            Self::TypeChange => "type-change",
            Self::SameLayer => "same-layer",
        }
    }
}

/// A layer that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The layer's blob cannot be opened.
    #[error("cannot read layer {digest}")]
    Layout {
        /// The layer.
        digest: Digest,
        /// Why.
        source: Box<LayoutError>,
    },
    /// The layer cannot be decompressed, or is not what its digest promises.
    #[error("cannot read layer {digest}")]
    Read {
        /// The layer.
        digest: Digest,
        /// Why.
        source: io::Error,
    },
    /// The layer is no tar archive, or a damaged one.
    #[error("cannot read layer {digest}")]
    Tar {
        /// The layer.
        digest: Digest,
        /// Why.
        source: TarError,
    },
    /// The layer is larger than can be analysed.
    #[error("cannot read layer {digest}")]
    TooLarge {
        /// The layer.
        digest: Digest,
        /// What there is too much of.
        source: TooLarge,
    },
    /// All layers together are more than can be analysed.
    #[error("cannot put the layers on top of each other")]
    TooManyEntries(#[from] TooManyEntries),
    /// All layers together have more names than can be analysed.
    #[error("cannot put the layers on top of each other")]
    TooManyNames(#[from] TooManyNames),
    /// The layer is another one than the configuration says.
    #[error("layer {digest} has another diff ID: expected {expected}, found {found}")]
    DiffId {
        /// The layer.
        digest: Digest,
        /// What the configuration says.
        expected: DiffId,
        /// The digest of the uncompressed bytes.
        found: DiffId,
    },
    /// Manifest and configuration disagree.
    #[error("image {image} has {layers} layers and {diff_ids} diff IDs")]
    LayerCount {
        /// The manifest.
        image: Digest,
        /// The layers that the manifest names.
        layers: usize,
        /// The diff IDs that the configuration names.
        diff_ids: usize,
    },
}

/// One layer for [`Stack::of`]: what is known of it besides its entries, and these if they are known.
#[derive(Clone, Debug)]
pub struct Input {
    /// The blob.
    pub descriptor: Descriptor,
    /// What the configuration says of the uncompressed bytes.
    pub diff_id: Option<DiffId>,
    /// What the image's history says about the layer.
    pub created_by: Option<String>,
    /// The entries, or why they are not known.
    pub table: Result<Table, Absence>,
}

impl Input {
    /// Returns what manifest and configuration say of the layers, the lowest first; no entries are known
    /// yet, and every layer counts as missing.
    ///
    /// A configuration without any diff ID, such as that of a root file system, is accepted.
    pub fn of_image(image: &Image) -> Result<Vec<Self>, StackError> {
        let (layers, diff_ids) = (&image.manifest.layers, &image.config.rootfs.diff_ids);
        if layers.len() != diff_ids.len() && !diff_ids.is_empty() {
            let (layers, diff_ids) = (layers.len(), diff_ids.len());
            return Err(StackError::LayerCount { image: image.descriptor.digest, layers, diff_ids });
        }
        let mut steps = image.config.history.iter().filter(|step| !step.empty_layer);
        let input = |(number, descriptor): (usize, &Descriptor)| Self {
            descriptor: descriptor.clone(),
            diff_id: diff_ids.get(number).copied(),
            created_by: steps.next().and_then(|step| step.created_by.clone()),
            table: Err(Absence::Missing),
        };
        Ok(layers.iter().enumerate().map(input).collect())
    }

    /// Reads the entries.
    pub fn read(&mut self, blobs: &dyn Blobs, settings: &Settings<'_>) -> Result<(), StackError> {
        self.table = if !media_type::is_readable_layer(&self.descriptor.media_type) {
            Err(Absence::MediaType(self.descriptor.media_type.clone()))
        } else {
            match read_layer(blobs, &self.descriptor, self.diff_id, settings) {
                Ok(table) => Ok(table),
                Err(StackError::Layout { source, .. }) if source.is_missing_blob() => {
                    Err(match media_type::is_foreign(&self.descriptor.media_type) {
                        true => Absence::Foreign,
                        false => Absence::Missing,
                    })
                }
                Err(error) => return Err(error),
            }
        };
        Ok(())
    }
}

impl Stack {
    /// Reads all layers of an image, in parallel. A layer whose blob is not there, or that is none that
    /// can be read, is [absent](State::Absent); one that is damaged is an error.
    pub fn read(blobs: &dyn Blobs, image: &Image, settings: &Settings<'_>) -> Result<Self, StackError> {
        let mut inputs = Input::of_image(image)?;
        read_all(inputs.iter_mut().map(|input| (input, blobs)).collect(), settings)?;
        let mut stack = Self::of(inputs)?;
        stack.tell_rewritten(blobs, settings)?;
        Ok(stack)
    }

    /// Returns the stack of these layers, the lowest first.
    ///
    /// Files that were written again are [replaced](Reason::Replaced), the same content or not, until
    /// [`tell_rewritten`](Self::tell_rewritten) compares what is not known to differ.
    pub fn of(inputs: Vec<Input>) -> Result<Self, StackError> {
        let mut stack = Self::default();
        for Input { descriptor, diff_id, created_by, table } in inputs {
            let (state, diff_id, hashes, rows) = match table {
                Ok(Table { names, rows, hashes, size, diff_id: found, is_verified }) => {
                    let rows = PlacedRows {
                        rows,
                        paths: Arc::make_mut(&mut stack.merged.paths).absorb(&names)?.into(),
                    };
                    (State::Read { size, is_verified }, found.or(diff_id), hashes, rows)
                }
                Err(absence) => (State::Absent(absence), diff_id, Arc::default(), PlacedRows::default()),
            };
            stack.merged.push(rows)?;
            stack.layers.push(Layer { descriptor, diff_id, created_by, state, hashes });
        }
        stack.merged.shrink();
        Ok(stack)
    }

    /// Returns the stack of the lowest layers up to one, numbered from 0, as [`of`](Self::of) does. What
    /// both hold is held once.
    pub fn up_to(&self, layer: usize) -> Result<Self, StackError> {
        let layers = self.layers.iter().take(layer.saturating_add(1)).cloned().collect();
        Ok(Self { layers, merged: self.merged.up_to(layer)? })
    }

    /// Returns the layers, the lowest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

/// Reads layers in parallel. Of several errors that of the first layer is returned, whichever was found
/// first.
fn read_all(layers: Vec<(&mut Input, &dyn Blobs)>, settings: &Settings<'_>) -> Result<(), StackError> {
    let mut order: Vec<_> = layers.into_iter().enumerate().collect();
    // The largest first, so that none is left for the end.
    order.sort_by_key(|(_, (input, _))| std::cmp::Reverse(input.descriptor.size));
    let failures = order
        .into_par_iter()
        .with_max_len(1)
        .filter_map(|(place, (input, blobs))| Some((place, input.read(blobs, settings).err()?)));
    match failures.min_by_key(|(place, _)| *place) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
