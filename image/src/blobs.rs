//! Where the blobs of an image are: files of their own in a layout, or parts of an archive.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod meter;
mod metered;

pub use meter::{Cancelled, Meter};
pub use metered::Metered;

use crate::digest::{Digest, VerifyingReader};
use crate::layout::LayoutError;
use crate::manifest::{Descriptor, Document, InvalidDocument, Kind, MAX_DOCUMENT};

/// Opens the blobs of images.
pub trait Blobs: Send + Sync {
    /// Opens a blob without reading it, after checking its size.
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError>;

    /// Says whether the blob is there with the size that the descriptor says; its bytes are not read.
    fn has(&self, descriptor: &Descriptor) -> bool {
        self.open(descriptor).is_ok()
    }

    /// Says whether opening a blob brings it from elsewhere first, which is better avoided.
    fn is_elsewhere(&self, _descriptor: &Descriptor) -> bool {
        false
    }

    /// Returns what messages call a blob.
    fn place(&self, digest: &Digest) -> PathBuf {
        digest.to_string().into()
    }

    /// Reads a small blob whole and verifies it. One of more than [`MAX_DOCUMENT`] bytes is an error.
    fn read(&self, descriptor: &Descriptor) -> Result<Arc<[u8]>, LayoutError> {
        read_verified(self, descriptor)
    }
}

/// Reads a small blob whole and verifies it.
pub(crate) fn read_verified(
    blobs: &(impl Blobs + ?Sized),
    descriptor: &Descriptor,
) -> Result<Arc<[u8]>, LayoutError> {
    let path = blobs.place(&descriptor.digest);
    if descriptor.size > MAX_DOCUMENT {
        let source = InvalidDocument::TooLarge { kind: "document", size: descriptor.size };
        return Err(LayoutError::Document { path, source });
    }
    let mut reader = VerifyingReader::new(blobs.open(descriptor)?, descriptor.digest, descriptor.size);
    let mut bytes = Vec::with_capacity(usize::try_from(descriptor.size).unwrap_or(0));
    match reader.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes.into()),
        Err(error) => Err(LayoutError::reading(&path, error)),
    }
}

/// Reads a document and verifies it.
pub fn document<T: Kind>(blobs: &dyn Blobs, descriptor: &Descriptor) -> Result<Document<T>, LayoutError> {
    let invalid = |source| LayoutError::Document { path: blobs.place(&descriptor.digest), source };
    if descriptor.size > MAX_DOCUMENT {
        return Err(invalid(InvalidDocument::TooLarge { kind: T::NAME, size: descriptor.size }));
    }
    Document::parse(blobs.read(descriptor)?).map_err(invalid)
}

/// The bytes of a blob: a part of a file, read from any position.
#[derive(Debug)]
pub struct Blob {
    file: File,
    start: u64,
    length: u64,
    position: u64,
    identity: Identity,
    meter: Option<Arc<Meter>>,
}

/// What tells the bytes of a local blob from what stood there before, without reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// Seconds and nanoseconds.
    changed: (i64, i64),
    /// Where in the file the blob starts.
    start: u64,
    length: u64,
}

impl Blob {
    /// Returns a whole file.
    pub fn whole(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self::of(file, &metadata, 0, metadata.len()))
    }

    /// Returns a part of a file; one that goes beyond the file's end is an error.
    pub fn part(file: File, start: u64, length: u64) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if start.checked_add(length).is_none_or(|end| end > metadata.len()) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is truncated"));
        }
        Ok(Self::of(file, &metadata, start, length))
    }

    fn of(file: File, metadata: &Metadata, start: u64, length: u64) -> Self {
        let identity = Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            start,
            length,
        };
        Self { file, start, length, position: 0, identity, meter: None }
    }

    /// Tells a meter how far the blob is read, and stops when the meter says so.
    pub fn metered(self, meter: Arc<Meter>) -> Self {
        Self { meter: Some(meter), ..self }
    }

    /// Returns the number of bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns what tells these bytes from others that stood there before.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..wanted], self.start + self.position)?;
        self.position += read as u64;
        if let Some(meter) = &self.meter {
            meter.check()?;
            meter.reach(self.position);
        }
        Ok(read)
    }
}

impl Seek for Blob {
    /// Moves within the blob; a position beyond its end is an error, so that nothing that is missing
    /// is skipped unnoticed.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        match position {
            Some(position) if position <= self.length => {
                self.position = position;
                Ok(position)
            }
            Some(_) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob is truncated")),
            None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_part_is_all_there_is() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"before|blob|after").expect("the disk takes it");
        let mut blob = Blob::part(file.try_clone().expect("a handle"), 7, 4).expect("a part");
        let mut text = String::new();
        blob.read_to_string(&mut text).expect("readable");
        assert_eq!((text.as_str(), blob.length()), ("blob", 4));
        blob.seek(SeekFrom::Start(2)).expect("inside");
        text.clear();
        blob.read_to_string(&mut text).expect("readable");
        assert_eq!(text, "ob");
        assert!(blob.seek(SeekFrom::Current(1)).is_err(), "nothing is beyond the end");
        let error = Blob::part(file, 7, 11).expect_err("the file is shorter");
        assert_eq!(error.to_string(), "the file is truncated");
    }
}
