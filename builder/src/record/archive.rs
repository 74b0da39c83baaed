//! A verified package file, with what the cache keeps of it: its record, and its files uncompressed.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attar_image::Digest;
use attar_image::digest::HashingWriter;

use super::read::{self, ReadError};
use super::{PackageData, PackageRecord};
use crate::cache::{Cache, CacheError, Shelf};

/// A verified package file.
#[derive(Clone, Debug)]
pub(crate) struct PackageArchive {
    cache: Cache,
    digest: Digest,
    path: PathBuf,
}

/// A package file whose contents cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The package is damaged or hostile.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl PackageArchive {
    /// Names the package file at `path` whose SHA-256 was found to be `digest`.
    pub(crate) fn new(cache: &Cache, digest: Digest, path: impl Into<PathBuf>) -> Self {
        Self { cache: cache.clone(), digest, path: path.into() }
    }

    /// Returns where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the record, reading the package when the cache has none; then its files are at hand too.
    pub(crate) fn record(&self) -> Result<(Arc<PackageRecord>, Option<PackageData>), ArchiveError> {
        let key = PackageRecord::key(&self.digest);
        let known = self.cache.get(Shelf::Records, &key);
        if let Some(record) = known.and_then(|bytes| PackageRecord::from_bytes(&bytes)) {
            return Ok((Arc::new(record), None));
        }
        let (record, data) = read::read(&self.path)?;
        self.keep(&data)?;
        self.cache.put(Shelf::Records, &key, &record.to_bytes())?;
        Ok((Arc::new(record), Some(data)))
    }

    /// Returns the files, decompressing the package when the cache no longer has them.
    pub(crate) fn data(&self) -> Result<PackageData, ArchiveError> {
        if let Some(data) = self.kept() {
            return Ok(data);
        }
        let data = read::read_data(&self.path)?;
        self.keep(&data)?;
        Ok(data)
    }

    /// Returns the files if the cache has them uncompressed.
    pub(crate) fn kept(&self) -> Option<PackageData> {
        let stored = self.cache.lookup(Shelf::Data, &self.digest.hex())?;
        File::open(stored.path).ok().map(PackageData::Spooled)
    }

    /// Keeps the files uncompressed: decompressing them is most of the work of making a segment anew.
    /// Archives that are too large for memory would push everything else out of the cache.
    fn keep(&self, data: &PackageData) -> Result<(), CacheError> {
        let PackageData::Memory(bytes) = data else { return Ok(()) };
        let key = self.digest.hex();
        let mut file = HashingWriter::new(self.cache.temporary()?);
        let path = self.cache.path(Shelf::Data, &key);
        file.write_all(bytes).map_err(CacheError::io("write", path))?;
        let (file, digest, _) = file.finish();
        self.cache.store(file, Shelf::Data, &key, digest, 0).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use attar_testing::Scratch;

    use super::*;
    use crate::event::Events;
    use crate::record::Location;

    /// A package in a folder of its own, and an empty cache beside it.
    fn package() -> (Scratch, PackageArchive) {
        let scratch = Scratch::new();
        let bytes = attar_testing::deb::deb("Package: demo\nVersion: 1\n", &[("./usr/share/demo", "hello")])
            .expect("a package");
        let path = scratch.write("demo.deb", &bytes);
        let cache = Cache::open(scratch.join("cache"), Events::ignore()).expect("a new cache");
        let archive = PackageArchive::new(&cache, Digest::of(&bytes), path);
        (scratch, archive)
    }

    fn hello(archive: &PackageArchive) -> Vec<u8> {
        let record = archive.record().expect("readable").0;
        let location: Location = *record.locations().get(&Digest::of(b"hello")).expect("recorded");
        archive.data().expect("readable").with(location, <[u8]>::to_vec).expect("inside")
    }

    #[test]
    fn a_package_is_decompressed_once() {
        let (_scratch, archive) = package();
        assert!(archive.kept().is_none());
        assert!(archive.record().expect("readable").1.is_some());
        // Only what was kept can answer now.
        fs::remove_file(archive.path()).expect("removable");
        assert!(archive.record().expect("cached").1.is_none());
        assert_eq!(hello(&archive), b"hello");
    }

    #[test]
    fn what_was_damaged_is_decompressed_again() {
        let (_scratch, archive) = package();
        archive.record().expect("readable");
        let kept = archive.cache.path(Shelf::Data, &archive.digest.hex());
        let mut bytes = fs::read(&kept).expect("kept");
        let position = bytes.windows(5).position(|window| window == b"hello").expect("inside");
        bytes[position] = b'j';
        fs::write(&kept, bytes).expect("writable");
        assert!(archive.kept().is_none());
        assert_eq!(hello(&archive), b"hello");
        assert!(archive.kept().is_some());
    }
}
