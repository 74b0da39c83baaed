//! The uncompressed data archive of a package: in memory when it is small, else in an unnamed file.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::FileExt;

use super::Location;

/// Archives up to this size are kept in memory; with one package a thread this bounds the memory.
const IN_MEMORY: usize = 128 << 20;

/// The uncompressed data archive of a package.
#[derive(Debug)]
pub enum PackageData {
    /// The bytes.
    Memory(Vec<u8>),
    /// A file without a name.
    Spooled(File),
}

impl PackageData {
    /// Reads all of `archive`, at most `limit` bytes. `None` when there are more.
    pub(crate) fn read(
        mut archive: impl Read,
        limit: u64,
        spool: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        (&mut archive).take(IN_MEMORY as u64).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Ok(None);
        }
        if bytes.len() < IN_MEMORY {
            return Ok(Some(Self::Memory(bytes)));
        }
        let mut file = spool()?;
        file.write_all(&bytes)?;
        drop(bytes);
        let rest = limit - IN_MEMORY as u64;
        let copied = io::copy(&mut archive.take(rest + 1), &mut file)?;
        if copied > rest {
            return Ok(None);
        }
        file.rewind()?;
        Ok(Some(Self::Spooled(file)))
    }

    /// Calls `use_it` with the bytes at `location`.
    pub fn with<T>(&self, location: Location, use_it: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        let size = usize::try_from(location.size).map_err(|_| io::ErrorKind::OutOfMemory)?;
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(location.offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(size);
                bytes.get(start..end).map(use_it).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            Self::Spooled(file) => {
                let mut bytes = vec![0; size];
                file.read_exact_at(&mut bytes, location.offset)?;
                Ok(use_it(&bytes))
            }
        }
    }

    /// Returns a reader of the whole archive from its start.
    pub(crate) fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Memory(bytes) => Box::new(&bytes[..]),
            Self::Spooled(file) => Box::new(io::BufReader::with_capacity(256 << 10, file)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_refused() {
        let read = |limit| PackageData::read(&[7; 100][..], limit, || Err(io::ErrorKind::Other.into()));
        assert!(read(99).expect("readable").is_none());
        let data = read(100).expect("readable").expect("within the limit");
        assert_eq!(data.with(Location { offset: 98, size: 2 }, <[u8]>::to_vec).expect("inside"), [7, 7]);
        assert!(data.with(Location { offset: 98, size: 3 }, <[u8]>::to_vec).is_err());
    }
}
