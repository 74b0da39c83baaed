//! Notes beside large files: their digest, and what `stat` said when they were written.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use attar_image::Digest;
use serde::{Deserialize, Serialize};

/// How old the mark of the last use may get before it is renewed.
const USE_RESOLUTION: Duration = Duration::from_secs(600);

/// What is known of a file in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) remark: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
    device: u64,
    inode: u64,
}

/// Returns where the note of `path` stands.
pub(super) fn path_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".note");
    PathBuf::from(name)
}

impl Note {
    /// Says what `stat` says now of a file with a known digest.
    pub(super) fn of(path: &Path, digest: Digest, remark: u64) -> io::Result<Self> {
        let stat = fs::symlink_metadata(path)?;
        Ok(Self {
            digest,
            size: stat.size(),
            remark,
            mtime: (stat.mtime(), stat.mtime_nsec()),
            ctime: (stat.ctime(), stat.ctime_nsec()),
            device: stat.dev(),
            inode: stat.ino(),
        })
    }

    /// Reads the note of `path`; a damaged one counts as missing.
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path_of(path)).ok()?).ok()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and a digest have a JSON form")
    }
}

/// Marks a file as used now, unless it was used a moment ago.
pub(super) fn touch(path: &Path) {
    let now = SystemTime::now();
    let fresh = fs::metadata(path)
        .and_then(|stat| stat.modified())
        .is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age < USE_RESOLUTION));
    if !fresh {
        // A read-only cache cannot remember its uses; that only makes pruning less clever.
        let _ = fs::File::options().append(true).open(path).and_then(|file| file.set_modified(now));
    }
}
