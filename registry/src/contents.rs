//! What is pushed: manifests with their exact bytes, and where their blobs come from.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use attar_image::layout::LayoutError;
use attar_image::manifest::{Descriptor, Document, Index, InvalidDocument, Kind, Manifest, media_type};
use attar_image::{Digest, Layout};

use crate::blob::{BlobSource, LayoutBlobs};

/// How deeply indexes may hold indexes.
const MAX_DEPTH: usize = 4;

/// A manifest or index with its exact bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct RawManifest {
    /// What names it.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// The blobs it needs: a configuration and layers; none for an index.
    pub blobs: Vec<Descriptor>,
    /// The manifest that it is about.
    pub subject: Option<Descriptor>,
}

/// Manifests and the blobs behind them.
#[derive(Clone)]
pub struct Contents {
    /// The manifests; what an index names stands before it, and the last one is the image.
    pub manifests: Vec<RawManifest>,
    /// Where the blobs come from.
    pub blobs: Arc<dyn BlobSource>,
}

impl RawManifest {
    /// Keeps a manifest or index with its bytes.
    pub fn new<T: Parts>(descriptor: Descriptor, document: &Document<T>) -> Self {
        let value = document.value();
        let (blobs, subject) = (value.blobs(), value.subject());
        Self { descriptor, bytes: document.bytes().into(), blobs, subject }
    }

    /// Reads a manifest or index, by its media type.
    pub fn parse(descriptor: Descriptor, bytes: Arc<[u8]>) -> Result<Self, InvalidDocument> {
        if media_type::is_index(&descriptor.media_type) {
            Ok(Self::new(descriptor, &Document::<Index>::parse(bytes)?))
        } else {
            Ok(Self::new(descriptor, &Document::<Manifest>::parse(bytes)?))
        }
    }

    /// Says whether this is an index.
    pub fn is_index(&self) -> bool {
        media_type::is_index(&self.descriptor.media_type)
    }
}

/// What a push has to know of a document.
pub trait Parts: Kind {
    /// The blobs that must be there before it.
    fn blobs(&self) -> Vec<Descriptor>;
    /// The manifest that it is about.
    fn subject(&self) -> Option<Descriptor>;
}

impl Parts for Manifest {
    fn blobs(&self) -> Vec<Descriptor> {
        // What may be fetched from elsewhere is not pushed, as its licence forbids.
        let own = |layer: &&Descriptor| layer.urls.is_empty();
        std::iter::once(&self.config).chain(self.layers.iter().filter(own)).cloned().collect()
    }

    fn subject(&self) -> Option<Descriptor> {
        self.subject.clone()
    }
}

impl Parts for Index {
    fn blobs(&self) -> Vec<Descriptor> {
        Vec::new()
    }

    fn subject(&self) -> Option<Descriptor> {
        self.subject.clone()
    }
}

impl Contents {
    /// Collects an entry of a layout: the image, or the index with all its images.
    pub fn of_layout(layout: &Layout, entry: &Descriptor) -> Result<Self, LayoutError> {
        let mut manifests = Vec::new();
        collect(layout, entry, 0, &mut BTreeSet::new(), &mut manifests)?;
        Ok(Self { manifests, blobs: Arc::new(LayoutBlobs(layout.clone())) })
    }

    /// Returns the manifest that names all others.
    pub fn root(&self) -> Option<&RawManifest> {
        self.manifests.last()
    }
}

fn collect(
    layout: &Layout,
    entry: &Descriptor,
    depth: usize,
    seen: &mut BTreeSet<Digest>,
    manifests: &mut Vec<RawManifest>,
) -> Result<(), LayoutError> {
    if !seen.insert(entry.digest) {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(LayoutError::TooDeep { digest: entry.digest });
    }
    if media_type::is_index(&entry.media_type) {
        let index: Document<Index> = layout.document(entry)?;
        for child in &index.manifests {
            collect(layout, child, depth + 1, seen, manifests)?;
        }
        manifests.push(RawManifest::new(entry.clone(), &index));
    } else {
        let manifest: Document<Manifest> = layout.document(entry)?;
        manifests.push(RawManifest::new(entry.clone(), &manifest));
    }
    Ok(())
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("manifests", &self.manifests).finish_non_exhaustive()
    }
}
