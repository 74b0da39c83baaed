//! The cache folder: verified packages, package records, compressed segments, digests of layers.
//!
//! Everything is written to a temporary file and renamed, so a killed build leaves nothing half
//! written, and two builds may share one cache. Small files carry their own checksum. A large file
//! has a note beside it with its digest and what `stat` said when it was written; as long as `stat`
//! says the same it is believed, else it is hashed again, and made anew when the bytes changed.

mod note;
mod prune;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use attar_image::Digest;
use attar_image::digest::HashingWriter;
use tempfile::{NamedTempFile, TempDir};

use crate::event::Events;
use note::Note;
pub use prune::{Pruned, Usage};

/// Generation of the cache's layout; a folder of a newer one is refused.
pub const FORMAT: u32 = 1;

/// A part of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Package archives by SHA-256.
    Packages,
    /// Package indexes by SHA-256.
    Indexes,
    /// Lists of the files of all packages, as downloaded, by SHA-256.
    Contents,
    /// Releases and other small documents by where they came from.
    Documents,
    /// Data archives of packages, uncompressed, by SHA-256 of the package.
    Data,
    /// Package records by SHA-256 of the package and format of the record.
    Records,
    /// Compressed segments by key.
    Segments,
    /// Digests of layers by their list of segments.
    Layers,
    /// Digests of the host files that a spec names.
    Inputs,
    /// Results of whole builds by everything that went into them.
    Builds,
    /// Analyses of layers, by digest or by digest and file.
    Analyses,
}

impl Shelf {
    /// All shelves.
    pub const ALL: [Self; 11] = [
        Self::Packages,
        Self::Indexes,
        Self::Contents,
        Self::Documents,
        Self::Data,
        Self::Records,
        Self::Segments,
        Self::Layers,
        Self::Inputs,
        Self::Builds,
        Self::Analyses,
    ];

    /// Returns the folder's name below the cache.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Packages => "packages/sha256",
            Self::Indexes => "indexes",
            Self::Contents => "contents",
            Self::Documents => "documents",
            Self::Data => "data",
            Self::Records => "records",
            Self::Segments => "segments",
            Self::Layers => "layers",
            Self::Inputs => "inputs",
            Self::Builds => "builds",
            Self::Analyses => "analyses",
        }
    }
}

/// The cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A newer attar wrote the folder.
    #[error(
        "the cache `{}` has format {found}, which a newer attar wrote; this one reads format {FORMAT}",
        folder.display()
    )]
    Newer {
        /// The cache folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A file of the cache cannot be read or written.
    #[error("cannot {action} `{}` in the cache", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl CacheError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

/// A large file in the cache whose bytes are known to be the ones that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it is.
    pub path: PathBuf,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What the writer noted besides.
    pub remark: u64,
}

/// The cache folder.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    events: Events,
}

impl Cache {
    /// Opens the cache folder, making it when it is not there.
    pub fn open(root: impl Into<PathBuf>, events: Events) -> Result<Self, CacheError> {
        let root = root.into();
        let version = root.join("format");
        match fs::read_to_string(&version) {
            Ok(text) => {
                let found = text.trim().parse().unwrap_or(u32::MAX);
                if found > FORMAT {
                    return Err(CacheError::Newer { folder: root, found });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(root.join("tmp")).map_err(CacheError::io("create", &root))?;
                let cache = Self { root, events };
                let mut file = cache.temporary()?;
                writeln!(file, "{FORMAT}").map_err(CacheError::io("write", &version))?;
                file.persist(&version).map_err(|error| CacheError::io("write", &version)(error.error))?;
                return Ok(cache);
            }
            Err(error) => return Err(CacheError::io("read", version)(error)),
        }
        Ok(Self { root, events })
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes an empty cache in a folder of this one's, which goes away with the returned value. What was
    /// downloaded and verified is shared; of what was made, nothing is there.
    pub fn without_results(&self) -> Result<TempDir, CacheError> {
        let failed = |path: &Path| CacheError::io("create", path.to_owned());
        // A link to a relative path would lead elsewhere.
        let root = std::path::absolute(&self.root).map_err(failed(&self.root))?;
        let folder = root.join("tmp");
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let fresh =
            tempfile::Builder::new().prefix("attar-cache-").tempdir_in(&folder).map_err(failed(&folder))?;
        for shelf in [Shelf::Packages, Shelf::Indexes, Shelf::Contents, Shelf::Documents] {
            let (here, shared) = (fresh.path().join(shelf.folder()), root.join(shelf.folder()));
            for path in [shared.as_path(), here.parent().unwrap_or(fresh.path())] {
                fs::create_dir_all(path).map_err(failed(path))?;
            }
            std::os::unix::fs::symlink(&shared, &here).map_err(failed(&here))?;
        }
        Ok(fresh)
    }

    /// Returns where `key` stands or would stand.
    pub fn path(&self, shelf: Shelf, key: &str) -> PathBuf {
        self.root.join(shelf.folder()).join(key)
    }

    /// Makes a temporary file on the cache's file system, for [`Cache::store`].
    pub fn temporary(&self) -> Result<NamedTempFile, CacheError> {
        let folder = self.root.join("tmp");
        let create = || tempfile::Builder::new().prefix("attar-").tempfile_in(&folder);
        create()
            .or_else(|_| fs::create_dir_all(&folder).and_then(|()| create()))
            .map_err(CacheError::io("create a temporary file in", folder))
    }

    /// Puts a small value, replacing what was there.
    pub fn put(&self, shelf: Shelf, key: &str, value: &[u8]) -> Result<(), CacheError> {
        let path = self.path(shelf, key);
        let mut file = self.temporary()?;
        file.write_all(Digest::of(value).as_bytes())
            .and_then(|()| file.write_all(value))
            .map_err(CacheError::io("write", &path))?;
        self.persist(file, &path)
    }

    /// Returns a small value; a damaged one counts as missing and is reported.
    pub fn get(&self, shelf: Shelf, key: &str) -> Option<Vec<u8>> {
        let path = self.path(shelf, key);
        let mut bytes = fs::read(&path).ok()?;
        let intact = bytes.len() >= 32 && Digest::of(&bytes[32..]).as_bytes() == &bytes[..32];
        if !intact {
            self.events.warn(format!("`{}` in the cache is damaged and is made anew", path.display()));
            return None;
        }
        note::touch(&path);
        Some(bytes.split_off(32))
    }

    /// Moves a finished temporary file to its place and notes its digest, size and a remark.
    pub fn store(
        &self,
        file: NamedTempFile,
        shelf: Shelf,
        key: &str,
        digest: Digest,
        remark: u64,
    ) -> Result<Stored, CacheError> {
        let path = self.path(shelf, key);
        if let Some(stored) = self.lookup(shelf, key)
            && stored.digest == digest
        {
            return Ok(stored);
        }
        self.persist(file, &path)?;
        let note = Note::of(&path, digest, remark).map_err(CacheError::io("read", &path))?;
        self.write_note(&path, &note)?;
        Ok(Stored { path, digest, size: note.size, remark })
    }

    /// Returns a large file if its bytes are the ones that were written.
    pub fn lookup(&self, shelf: Shelf, key: &str) -> Option<Stored> {
        let path = self.path(shelf, key);
        let note = Note::read(&path)?;
        let Note { digest, remark, size, .. } = note;
        let stored = Stored { path, digest, size, remark };
        let now = Note::of(&stored.path, digest, remark).ok()?;
        if now == note {
            note::touch(&note::path_of(&stored.path));
            return Some(stored);
        }
        let found = hash_file(&stored.path).ok()?;
        if found != (digest, size) {
            self.events.warn(format!("`{}` in the cache is damaged and is made anew", stored.path.display()));
            let _ = fs::remove_file(&stored.path);
            return None;
        }
        // A copy of the cache, or a restored one: the bytes are right, so note them as they are now.
        let _ = self.write_note(&stored.path, &now);
        Some(stored)
    }

    fn write_note(&self, path: &Path, note: &Note) -> Result<(), CacheError> {
        let place = note::path_of(path);
        let mut file = self.temporary()?;
        file.write_all(&note.to_bytes()).map_err(CacheError::io("write", &place))?;
        self.persist(file, &place)
    }

    fn persist(&self, file: NamedTempFile, path: &Path) -> Result<(), CacheError> {
        let mut file = file;
        for attempt in 0..2 {
            match file.persist(path) {
                Ok(_) => return Ok(()),
                Err(error) if attempt == 0 && error.error.kind() == io::ErrorKind::NotFound => {
                    let folder = path.parent().unwrap_or(&self.root);
                    fs::create_dir_all(folder).map_err(CacheError::io("create", folder))?;
                    file = error.file;
                }
                Err(error) => return Err(CacheError::io("write", path)(error.error)),
            }
        }
        Ok(())
    }
}

/// Returns digest and size of a file.
pub(crate) fn hash_file(path: &Path) -> io::Result<(Digest, u64)> {
    let mut hasher = HashingWriter::new(io::sink());
    let mut file = fs::File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.write_all(&buffer[..read])?,
        }
    }
    let (_, digest, size) = hasher.finish();
    Ok((digest, size))
}

#[cfg(test)]
mod tests;
