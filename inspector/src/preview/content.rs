//! What a preview is made of.

use std::sync::Arc;

/// As many bytes of a file are read at first.
pub const MAX_READ: u64 = 1 << 20;

/// As many bytes of a file are read at most, when [`Preview::more`](super::Preview::more) asks for them.
pub const MAX_WHOLE: u64 = 64 << 20;

/// The beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its path or only its name: any bytes.
    pub name: Vec<u8>,
    /// Its bytes from the first one on; at most [`MAX_WHOLE`] of them are looked at.
    pub bytes: Arc<[u8]>,
    /// The size of the whole file in bytes.
    pub size: u64,
}

impl Content {
    /// Returns the beginning of a file of `size` bytes, which is never shorter than what is known of it.
    pub fn new(name: impl Into<Vec<u8>>, bytes: impl Into<Arc<[u8]>>, size: u64) -> Self {
        let bytes = bytes.into();
        Self { name: name.into(), size: size.max(bytes.len() as u64), bytes }
    }

    /// Returns a file that is known to its end.
    pub fn whole(name: impl Into<Vec<u8>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(name, bytes, 0)
    }

    /// Says whether the bytes are all of the file.
    pub fn is_complete(&self) -> bool {
        self.bytes.len() as u64 == self.size
    }

    /// Returns how many bytes would say more than those that are there; `None` when they are enough or
    /// reading on is not worth it.
    pub(super) fn more(&self) -> Option<u64> {
        let wanted = self.size.min(MAX_WHOLE);
        (wanted > self.bytes.len() as u64).then_some(wanted)
    }

    /// Returns the last component of the name.
    pub(super) fn file_name(&self) -> &[u8] {
        self.name.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }
}
