//! Folders for images that are brought here.
//!
//! They go with whoever uses them last, at the end of the program if that is a thread that still runs, and
//! before the program dies of a signal. What a killed program leaves goes when the next folder is made.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tempfile::TempDir;

/// How the names of the folders begin.
const PREFIX: &str = "attar-image-";
/// The file in each that is locked as long as somebody uses it.
const LOCK: &str = "lock";
/// A younger folder without a lock may be about to get it.
const YOUNG: Duration = Duration::from_secs(60);
/// How often removing is tried while somebody may still write there.
const TRIES: u32 = 10;

/// The folders of this program; none once it ends.
static FOLDERS: Mutex<Option<BTreeSet<PathBuf>>> = Mutex::new(Some(BTreeSet::new()));
/// Whether somebody else says when the program dies of a signal.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// A folder that goes with this.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes an empty folder, but for a file that nobody else needs.
    pub(crate) fn new() -> io::Result<Self> {
        // First, so that no signal finds a folder that nobody would remove.
        if !IS_TOLD.load(Ordering::Acquire) {
            watch();
        }
        Self::within(&std::env::temp_dir(), &FOLDERS)
    }

    fn within(parent: &Path, folders: &Mutex<Option<BTreeSet<PathBuf>>>) -> io::Result<Self> {
        // Held until the folder is known, so that none is made unseen at the end.
        let mut folders = folders.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = folders.as_mut().ok_or(io::ErrorKind::Interrupted)?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        // Where there are no locks nobody sweeps.
        let _ = lock.lock();
        sweep(parent, folder.path().metadata()?.uid());
        folders.insert(folder.path().to_owned());
        Ok(Self { folder, _lock: lock })
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(self.folder.path());
        // Until now the end of the program would have seen to it.
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folders) = folders.as_mut() {
            folders.remove(self.folder.path());
        }
    }
}

/// Has somebody else call [`remove_all`] before the program dies of a signal.
pub(crate) fn leave_signals() {
    IS_TOLD.store(true, Ordering::Release);
}

/// Removes all folders, whoever still uses them, and makes no more: the program ends.
pub(crate) fn remove_all() {
    // Held until they are gone: a signal and the end of the interface may come together, as when a terminal
    // is lost, and neither may end the program while the other removes.
    let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let folders = folders.take().unwrap_or_default();
    // Twice: a thread that still runs may have been about to make folders in one.
    folders.iter().chain(&folders).for_each(|folder| remove(folder));
}

fn remove(folder: &Path) {
    for _ in 0..TRIES {
        // Others may write there, or remove it too.
        let _ = fs::remove_dir_all(folder);
        std::thread::yield_now();
        if folder.symlink_metadata().is_err() {
            return;
        }
    }
}

/// Removes what programs of the same user left that were killed.
fn sweep(parent: &Path, user: u32) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        // Of a link, this is of the link itself.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() && metadata.uid() == user && is_left(&entry.path(), &metadata) {
            // Whatever stays is tried again by the next one.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Says whether nobody uses a folder.
fn is_left(folder: &Path, metadata: &fs::Metadata) -> bool {
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
    if age.is_none_or(|age| age < YOUNG) {
        return false;
    }
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Removes the folders before the program dies of a signal, unless it was told to ignore that.
fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let ignored = ignored();
        let signals =
            [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let Ok(mut signals) = Signals::new(signals) else { return };
        let _ = std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                remove_all();
                let _ = emulate_default_handler(signal);
            }
        });
    });
}

/// Returns a bit for each signal that is ignored, the lowest for the first; see proc_pid_status(5).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn age(folder: &Path) {
        let then = SystemTime::now() - YOUNG * 2;
        File::open(folder).and_then(|folder| folder.set_modified(then)).expect("a time");
    }

    #[test]
    fn what_killed_programs_left_goes_and_nothing_else() {
        let parent = attar_testing::Scratch::new();
        let folders = Mutex::new(Some(BTreeSet::new()));
        let used = Scratch::within(parent.path(), &folders).expect("a folder");
        age(used.path());
        for name in ["attar-image-left", "attar-image-torn", "attar-image-young", "another"] {
            parent.write(format!("{name}/layout/blobs/a"), "");
            age(&parent.join(name));
        }
        parent.write("attar-image-left/lock", "");
        age(&parent.join("attar-image-left"));
        age(&parent.join("attar-image-torn"));
        parent.write("attar-image-young/lock", "");
        parent.write("attar-image-file", "");
        std::os::unix::fs::symlink(parent.join("another"), parent.join("attar-image-link")).expect("a link");

        let second = Scratch::within(parent.path(), &folders).expect("a folder");
        for (name, is_there) in [
            ("attar-image-left", false),
            ("attar-image-torn", false),
            ("attar-image-young", true),
            ("attar-image-file", true),
            ("attar-image-link", true),
            ("another/layout/blobs/a", true),
        ] {
            assert_eq!(parent.has(name), is_there, "{name}");
        }
        assert!(used.path().is_dir() && second.path().is_dir());

        // Nobody knows of a folder that is made when the program ends.
        folders.lock().expect("not poisoned").take();
        assert!(Scratch::within(parent.path(), &folders).is_err());
    }
}
