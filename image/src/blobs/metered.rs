//! Blobs that tell a meter how far they are read.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Blob, Blobs, Meter};
use crate::digest::Digest;
use crate::layout::LayoutError;
use crate::manifest::Descriptor;

/// Blobs that tell a meter how far each is read. Once it is cancelled none can be opened any more, nor
/// read on.
pub struct Metered {
    /// What gives the blobs.
    pub blobs: Arc<dyn Blobs>,
    /// Hears of it.
    pub meter: Arc<Meter>,
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metered({:?})", self.meter)
    }
}

impl Blobs for Metered {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        self.meter.check().map_err(|cancelled| LayoutError::Elsewhere(cancelled.into()))?;
        Ok(self.blobs.open(descriptor)?.metered(Arc::clone(&self.meter)))
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
