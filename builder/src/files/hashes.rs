//! Digests of host files that did not change since they were hashed.
//!
//! A file counts as unchanged when its size, times, device and inode are those noted, and both times
//! are older than the note: a change within the resolution of the clock would not show otherwise.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use attar_image::{Content, Digest};
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, CacheError, Shelf, hash_file};

/// How much older than its note a file must be, in nanoseconds: more than a kernel's clock tick.
pub(crate) const MARGIN: i128 = 50_000_000;

/// The digests of the host files of one spec.
#[derive(Debug)]
pub struct Hashes {
    key: String,
    known: BTreeMap<Vec<u8>, Hashed>,
    used: BTreeMap<Vec<u8>, Hashed>,
    changed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hashed {
    identity: [i128; 5],
    noted: i128,
    digest: [u8; 32],
}

impl Hashes {
    /// Knows no file.
    pub(crate) fn none() -> Self {
        Self { key: String::new(), known: BTreeMap::new(), used: BTreeMap::new(), changed: false }
    }

    /// Takes what was noted for this spec out of the cache.
    pub fn load(cache: &Cache, spec: &Path) -> Self {
        let key = Digest::of([b"hashes ", spec.as_os_str().as_bytes()].concat()).hex();
        let known = cache
            .get(Shelf::Inputs, &key)
            .and_then(|bytes| postcard::from_bytes(&bytes).ok())
            .unwrap_or_default();
        Self { key, known, used: BTreeMap::new(), changed: false }
    }

    /// Returns digest and size of a regular file, hashing it when it may have changed.
    pub fn content(&mut self, path: &Path, stat: &Metadata) -> io::Result<Content> {
        let name = path.as_os_str().as_bytes().to_vec();
        let identity = identity(stat);
        if let Some(hashed) = self.known.get(&name)
            && hashed.identity == identity
            && identity[1].max(identity[2]) + MARGIN < hashed.noted
        {
            let content = Content { digest: Digest::from_bytes(hashed.digest), size: stat.size() };
            self.used.insert(name, hashed.clone());
            return Ok(content);
        }
        let noted = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i128);
        let (digest, size) = hash_file(path)?;
        self.used.insert(name, Hashed { identity, noted, digest: *digest.as_bytes() });
        self.changed = true;
        Ok(Content { digest, size })
    }

    /// Notes the digests for the next build.
    pub fn save(&self, cache: &Cache) -> Result<(), CacheError> {
        if !self.changed {
            return Ok(());
        }
        let bytes = postcard::to_stdvec(&self.used).expect("numbers and bytes can be encoded");
        cache.put(Shelf::Inputs, &self.key, &bytes)
    }
}

/// Returns what `stat` says that changes when a file does: size, both times, device and inode.
pub(crate) fn identity(stat: &Metadata) -> [i128; 5] {
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    [
        i128::from(stat.size()),
        nanoseconds(stat.mtime(), stat.mtime_nsec()),
        nanoseconds(stat.ctime(), stat.ctime_nsec()),
        i128::from(stat.dev()),
        i128::from(stat.ino()),
    ]
}
