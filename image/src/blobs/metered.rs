//! Blobs that tell a meter how far they are read.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Blob, Blobs, Meter};
use crate::digest::Digest;
use crate::layout::LayoutError;
use crate::manifest::Descriptor;

/// Blobs that tell meters how far each is read. What has a meter that is cancelled can neither be opened
/// any more, nor read on.
pub struct Metered {
    blobs: Arc<dyn Blobs>,
    /// The meter of those that have none of their own.
    usual: Option<Arc<Meter>>,
    own: BTreeMap<Digest, Arc<Meter>>,
}

impl Metered {
    /// Tells one meter of all blobs.
    pub fn all(blobs: Arc<dyn Blobs>, meter: Arc<Meter>) -> Self {
        Self { blobs, usual: Some(meter), own: BTreeMap::new() }
    }

    /// Tells each meter of its blob, and nobody of the others.
    pub fn each(blobs: Arc<dyn Blobs>, meters: impl IntoIterator<Item = (Digest, Arc<Meter>)>) -> Self {
        Self { blobs, usual: None, own: meters.into_iter().collect() }
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metered({:?}, {:?})", self.usual, self.own)
    }
}

impl Blobs for Metered {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let Some(meter) = self.own.get(&descriptor.digest).or(self.usual.as_ref()) else {
            return self.blobs.open(descriptor);
        };
        meter.check().map_err(|cancelled| LayoutError::Elsewhere(cancelled.into()))?;
        Ok(self.blobs.open(descriptor)?.metered(Arc::clone(meter)))
    }

    fn has(&self, descriptor: &Descriptor) -> bool {
        self.blobs.has(descriptor)
    }

    fn is_elsewhere(&self, descriptor: &Descriptor) -> bool {
        self.blobs.is_elsewhere(descriptor)
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        self.blobs.place(digest)
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Arc<[u8]>, LayoutError> {
        self.blobs.read(descriptor)
    }
}
