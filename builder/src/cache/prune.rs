//! Says what the cache holds, and removes what was not used for the longest time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Cache, CacheError, Shelf, note};

/// Temporary files older than this belong to a build that was killed.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What one shelf of the cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// What pruning removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Number of files that were removed.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Size in bytes of what is left.
    pub left: u64,
}

struct File {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

impl Cache {
    /// Returns what each shelf holds.
    pub fn usage(&self) -> Result<BTreeMap<Shelf, Usage>, CacheError> {
        let mut usage = BTreeMap::new();
        for shelf in Shelf::ALL {
            let total: &mut Usage = usage.entry(shelf).or_default();
            for file in self.files(shelf)? {
                total.files += 1;
                total.bytes += file.bytes;
            }
        }
        Ok(usage)
    }

    /// Removes what was not used for the longest time, until at most `limit` bytes are left.
    pub fn prune(&self, limit: u64) -> Result<Pruned, CacheError> {
        self.remove_abandoned();
        let mut files = Vec::new();
        for shelf in Shelf::ALL {
            files.extend(self.files(shelf)?);
        }
        files.sort_by(|left, right| (left.used, &left.path).cmp(&(right.used, &right.path)));
        let mut pruned = Pruned { left: files.iter().map(|file| file.bytes).sum(), ..Pruned::default() };
        for file in files {
            if pruned.left <= limit {
                break;
            }
            fs::remove_file(&file.path).map_err(CacheError::io("remove", &file.path))?;
            let _ = fs::remove_file(note::path_of(&file.path));
            pruned.files += 1;
            pruned.bytes += file.bytes;
            pruned.left -= file.bytes;
        }
        Ok(pruned)
    }

    fn remove_abandoned(&self) {
        let Ok(entries) = fs::read_dir(self.root().join("tmp")) else { return };
        for entry in entries.flatten() {
            let old = entry
                .metadata()
                .and_then(|stat| stat.modified())
                .is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED));
            if old {
                let path = entry.path();
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let _ = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            }
        }
    }

    /// Lists a shelf, notes counted with the files they belong to.
    fn files(&self, shelf: Shelf) -> Result<Vec<File>, CacheError> {
        let mut files = Vec::new();
        let mut folders = vec![self.root().join(shelf.folder())];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let entry = entry.map_err(CacheError::io("list", &folder))?;
                // Another build may remove a file while this one lists.
                let Ok(stat) = entry.metadata() else { continue };
                let path = entry.path();
                if stat.is_dir() {
                    folders.push(path);
                } else if !is_note(&path) {
                    let note = fs::metadata(note::path_of(&path)).ok();
                    let used = note.as_ref().unwrap_or(&stat).modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    let bytes = stat.len() + note.map_or(0, |note| note.len());
                    files.push(File { path, used, bytes });
                }
            }
        }
        Ok(files)
    }
}

fn is_note(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "note")
}
