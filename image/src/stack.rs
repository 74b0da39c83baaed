//! The layered view of an image: what each layer brings and takes away, and what is left.
//!
//! Reading goes through every layer once. It decompresses all of it anyway, so it also verifies the
//! blobs and the diff IDs: what a stack says is proven to be the image's.

mod layer;
mod merge;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use rayon::prelude::*;

pub(crate) use layer::Name;
pub use layer::{Layer, LowerLink, Members, Whiteout, read_members};
pub use merge::{Change, Event};

use crate::digest::{DiffId, Digest, VerifyingReader};
use crate::filesystem::{Content, FileTree};
use crate::layer::compression::decoder;
use crate::layer::reader::TarError;
use crate::layout::{Image, Layout, LayoutError};
use crate::path::TreePath;

/// An image's layers and their merged view.
#[derive(Clone, Debug)]
pub struct Stack {
    layers: Vec<Layer>,
    tree: FileTree,
    origins: BTreeMap<TreePath, usize>,
}

/// A layer that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The layout could not give the layer.
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

impl Stack {
    /// Reads and verifies all layers of an image.
    pub fn read(layout: &Layout, image: &Image) -> Result<Self, StackError> {
        let (layers, diff_ids) = (image.manifest.layers.len(), image.config.rootfs.diff_ids.len());
        if layers != diff_ids {
            return Err(StackError::LayerCount { image: image.descriptor.digest, layers, diff_ids });
        }
        let mut steps = image.config.history.iter().filter(|step| !step.empty_layer);
        let created_by: Vec<_> =
            (0..layers).map(|_| steps.next().and_then(|step| step.created_by.clone())).collect();
        let layers: Vec<_> = image.layers().zip(created_by).collect();
        let layers = layers
            .into_par_iter()
            .map(|((descriptor, expected), created_by)| {
                let members = read_members(layout, descriptor)?;
                if members.diff_id != expected {
                    let (digest, found) = (descriptor.digest, members.diff_id);
                    return Err(StackError::DiffId { digest, expected, found });
                }
                Ok(Layer::new(descriptor.clone(), created_by, members))
            })
            // Of several errors the lowest layer's is reported, whichever was found first.
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self::of(layers))
    }

    /// Returns the stack of these layers, the lowest first.
    pub fn of(layers: Vec<Layer>) -> Self {
        let (tree, origins) = merge::merge(&layers);
        Self { layers, tree, origins }
    }

    /// Returns the layers, the lowest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Returns what a container sees.
    pub fn tree(&self) -> &FileTree {
        &self.tree
    }

    /// Returns the number of the layer that wrote what stands at `path` in the merged view.
    pub fn origin(&self, path: &TreePath) -> Option<usize> {
        self.origins.get(path).copied()
    }

    /// Returns what each layer did to `path` of the merged view, the lowest layer first.
    pub fn history(&self, path: &TreePath) -> Vec<Event> {
        merge::history(&self.layers, path)
    }

    /// Reads contents of regular files, each at most `limit` bytes long; longer ones are left out.
    pub fn contents(
        &self,
        layout: &Layout,
        wanted: &BTreeSet<Digest>,
        limit: u64,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StackError> {
        let mut found = BTreeMap::new();
        self.visit_contents(layout, wanted, |content, reader| {
            if content.size <= limit {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes)?;
                found.insert(content.digest, bytes);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `visit` with each of the `wanted` contents of regular files, wherever it stands first.
    ///
    /// Each layer is decompressed at most once, and no further than its last wanted content. The
    /// reader fails at its end when the bytes are not those that were read at first.
    pub fn visit_contents(
        &self,
        layout: &Layout,
        wanted: &BTreeSet<Digest>,
        mut visit: impl FnMut(Content, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), StackError> {
        let mut wanted = wanted.clone();
        for layer in &self.layers {
            let mut places: Vec<(u64, Content)> =
                wanted.iter().filter_map(|digest| layer.place(digest)).collect();
            if places.is_empty() {
                continue;
            }
            places.sort_unstable_by_key(|(offset, _)| *offset);
            let digest = layer.descriptor.digest;
            let failed = |source| StackError::Read { digest, source };
            let blob = layout
                .open_unverified(&layer.descriptor)
                .map_err(|source| StackError::Layout { digest, source: Box::new(source) })?;
            let mut plain = decoder(blob).map_err(failed)?;
            let mut position = 0;
            for (offset, content) in places {
                let gap = offset - position;
                io::copy(&mut (&mut plain).take(gap), &mut io::sink()).map_err(failed)?;
                let mut bytes =
                    VerifyingReader::new((&mut plain).take(content.size), content.digest, content.size);
                visit(content, &mut bytes).map_err(failed)?;
                // What `visit` did not read is skipped, and verified all the same.
                io::copy(&mut bytes, &mut io::sink()).map_err(failed)?;
                position = offset + content.size;
                wanted.remove(&content.digest);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
