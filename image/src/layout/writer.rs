//! Writing to a layout: blobs, then the entry that names them.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::ops::Deref;
use std::path::Path;

use super::error::mismatch;
use super::{Layout, LayoutError, is_partial};
use crate::digest::{Digest, HashingWriter, Mismatch};
use crate::filesystem::Content;
use crate::manifest::{Descriptor, Document};

/// How much a finished write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process at any point. The operating system writes to disk when it likes.
    #[default]
    Process,
    /// A power failure too: every file is on disk before `index.json` names it.
    Disk,
}

/// A piece of a blob that is put together from several.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// A whole file.
    File(&'a Path),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Writes to a layout under its lock; reads as the [`Layout`] does.
///
/// The lock is held from before the first blob is put to after the entry is replaced, so no other
/// writer takes a blob for garbage that is about to be named. Threads may share one writer.
#[derive(Debug)]
pub struct Writer {
    layout: Layout,
    pub(super) durability: Durability,
    /// The folder itself carries the lock: no file of ours stays in the layout. The system drops
    /// the lock with the file, whatever ends the process.
    _lock: File,
}

impl Deref for Writer {
    type Target = Layout;

    fn deref(&self) -> &Layout {
        &self.layout
    }
}

impl Writer {
    pub(super) fn new(layout: Layout, durability: Durability) -> Result<Self, LayoutError> {
        let directory = layout.directory();
        let lock = File::open(directory)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|source| LayoutError::io("lock", directory, source))?;
        let writer = Self { layout, durability, _lock: lock };
        writer.remove_partial()?;
        Ok(writer)
    }

    /// Stores a blob and returns its descriptor.
    ///
    /// With `expected`, bytes of another size or digest are an error, and no more than the expected
    /// size is read. A damaged blob of the same name is replaced.
    pub fn put(
        &self,
        media_type: &str,
        reader: impl Read,
        expected: Option<Content>,
    ) -> Result<Descriptor, LayoutError> {
        let limit = expected.map_or(u64::MAX, |content| content.size.saturating_add(1));
        let failed = |error| self.storing(expected, error);
        let mut file = HashingWriter::new(self.partial().map_err(failed)?);
        io::copy(&mut reader.take(limit), &mut file).map_err(failed)?;
        let (file, digest, size) = file.finish();
        if let Some(content) = expected {
            check(content, Content { digest, size })?;
        }
        self.name_blob(file, &digest)?;
        Ok(Descriptor::new(media_type, digest, size))
    }

    /// Stores a document and returns its descriptor.
    pub fn put_document<T>(
        &self,
        media_type: &str,
        document: &Document<T>,
    ) -> Result<Descriptor, LayoutError> {
        let descriptor = document.descriptor(media_type);
        if !self.has(&descriptor) {
            self.put(media_type, document.bytes(), None)?;
        }
        Ok(descriptor)
    }

    /// Stores the concatenation of several pieces as one blob.
    ///
    /// With `known`, the caller vouches for the digest: the pieces are checked for their size
    /// alone, and where the file system can, they are shared instead of copied. Files are never
    /// hard-linked, so nothing that happens to the layout reaches them.
    pub fn put_concatenation(
        &self,
        media_type: &str,
        parts: &[Part<'_>],
        known: Option<Content>,
    ) -> Result<Descriptor, LayoutError> {
        let Some(content) = known else {
            let chained = Chain { parts: parts.iter(), current: None };
            return self.put(media_type, chained, None);
        };
        let descriptor = Descriptor::new(media_type, content.digest, content.size);
        if self.has(&descriptor) {
            return Ok(descriptor);
        }
        let failed = |error| self.storing(known, error);
        let mut file = self.partial().map_err(failed)?;
        let size = copy_parts(parts, file.as_file_mut()).map_err(failed)?;
        check(content, Content { digest: content.digest, size })?;
        self.name_blob(file, &content.digest)?;
        Ok(descriptor)
    }

    /// Removes what a killed writer left. Whoever holds the lock is the only one that writes.
    fn remove_partial(&self) -> Result<(), LayoutError> {
        let directory = self.directory();
        let failed = |source| LayoutError::io("list", directory, source);
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_str().is_some_and(is_partial) {
                let path = entry.path();
                fs::remove_file(&path).map_err(|source| LayoutError::io("remove", &path, source))?;
            }
        }
        Ok(())
    }

    fn name_blob(&self, file: tempfile::NamedTempFile, digest: &Digest) -> Result<(), LayoutError> {
        let path = self.blob_path(digest);
        let named = self.sync(file.as_file()).and_then(|()| {
            file.persist(&path)?;
            match self.durability {
                Durability::Process => Ok(()),
                Durability::Disk => File::open(self.blobs())?.sync_all(),
            }
        });
        named.map_err(|source| LayoutError::io("write", &path, source))
    }

    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        match self.durability {
            Durability::Process => Ok(()),
            Durability::Disk => file.sync_all(),
        }
    }

    fn storing(&self, expected: Option<Content>, error: io::Error) -> LayoutError {
        match (mismatch(error), expected) {
            (Ok(source), Some(content)) => LayoutError::Unexpected { digest: content.digest, source },
            (Ok(source), None) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, source);
                LayoutError::io("store a blob in", self.directory(), error)
            }
            (Err(error), _) => LayoutError::io("store a blob in", self.directory(), error),
        }
    }
}

fn check(expected: Content, found: Content) -> Result<(), LayoutError> {
    let source = if expected.size != found.size {
        Mismatch::Size { expected: expected.size, found: found.size }
    } else if expected.digest != found.digest {
        Mismatch::Digest { expected: expected.digest, found: found.digest }
    } else {
        return Ok(());
    };
    Err(LayoutError::Unexpected { digest: expected.digest, source })
}

/// Copies all pieces; the kernel copies between files, or shares their blocks, by itself.
fn copy_parts(parts: &[Part<'_>], out: &mut File) -> io::Result<u64> {
    if let [Part::File(path)] = parts {
        let file = File::open(path)?;
        if rustix::fs::ioctl_ficlone(&*out, &file).is_ok() {
            return out.seek(io::SeekFrom::End(0));
        }
    }
    let mut size = 0;
    for part in parts {
        size += match part {
            Part::File(path) => io::copy(&mut File::open(path)?, out)?,
            Part::Bytes(bytes) => out.write_all(bytes).map(|()| bytes.len() as u64)?,
        };
    }
    Ok(size)
}

/// Reads pieces one after the other, each opened when it is its turn.
struct Chain<'a> {
    parts: std::slice::Iter<'a, Part<'a>>,
    current: Option<Box<dyn Read + 'a>>,
}

impl Read for Chain<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(current) = &mut self.current {
                match current.read(buffer)? {
                    0 if !buffer.is_empty() => self.current = None,
                    read => return Ok(read),
                }
            }
            match self.parts.next() {
                None => return Ok(0),
                Some(Part::File(path)) => self.current = Some(Box::new(File::open(path)?)),
                Some(Part::Bytes(bytes)) => self.current = Some(Box::new(*bytes)),
            }
        }
    }
}
