//! A download that is under way: a file in the cache's `tmp` folder that survives a killed build.
//!
//! It is named after the digest it will have, so it can be continued by any build and from any mirror;
//! whether the parts fit is decided by the digest alone. A lock beside it is held until the file is in
//! its place, so two builds (or two platforms of one) never fetch the same one: the second waits and
//! finds the result.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use attar_image::Digest;
use attar_image::digest::Mismatch;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

/// A file that is being downloaded, and the hash of what is there of it.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
    lock: Lock,
}

/// Keeps others from fetching the same file.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// Held open: the system releases the lock with it, also when the build is killed.
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`; blocks while another has it.
    fn take(path: PathBuf) -> io::Result<Self> {
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            file.lock()?;
            // Whoever had the lock removed it when the work was done: then this one guards nothing.
            let ours = file.metadata()?.ino();
            if fs::metadata(&path).is_ok_and(|there| there.ino() == ours) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still held: one that is left over is harmless, and is taken again.
        let _ = fs::remove_file(&self.path);
    }
}

impl Partial {
    /// Opens and locks the partial file of `digest` below `folder`; blocks while another has it.
    pub(super) fn open(folder: &Path, digest: Digest) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.part", digest.hex()));
        let lock = Lock::take(path.with_extension("lock"))?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut partial = Self { path, file, hasher: Sha256::new(), length: 0, lock };
        partial.hash_what_is_there()?;
        Ok(partial)
    }

    /// Returns the number of bytes that are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what is there.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.hasher = Sha256::new();
        self.length = 0;
        Ok(())
    }

    /// Compares what is there with what was promised.
    pub(super) fn verify(&self, digest: Digest, size: u64) -> Result<(), Mismatch> {
        if self.length != size {
            return Err(Mismatch::Size { expected: size, found: self.length });
        }
        let found = Digest::from_bytes(self.hasher.clone().finalize().into());
        if found == digest { Ok(()) } else { Err(Mismatch::Digest { expected: digest, found }) }
    }

    /// Notes what tells this state of the file on `url` from others.
    pub(super) fn note_validator(&self, url: &str, validator: Option<&str>) -> io::Result<()> {
        match validator {
            Some(validator) => fs::write(self.validator_path(), format!("{url}\n{validator}")),
            None => self.forget_validator(),
        }
    }

    /// Returns the validator of what is there, if it came from `url`.
    pub(super) fn validator(&self, url: &str) -> Option<String> {
        let text = fs::read_to_string(self.validator_path()).ok()?;
        let (from, validator) = text.split_once('\n')?;
        (from == url).then(|| validator.to_owned())
    }

    /// Hands the file over, to be moved to its place or dropped, and the lock to be held until then.
    pub(super) fn into_file(self) -> io::Result<(NamedTempFile, Lock)> {
        self.forget_validator()?;
        Ok((NamedTempFile::from_parts(self.file, TempPath::try_from_path(self.path)?), self.lock))
    }

    /// Removes the file.
    pub(super) fn discard(self) -> io::Result<()> {
        self.forget_validator()?;
        fs::remove_file(&self.path)
    }

    fn forget_validator(&self) -> io::Result<()> {
        match fs::remove_file(self.validator_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn validator_path(&self) -> PathBuf {
        self.path.with_extension("validator")
    }

    fn hash_what_is_there(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 256 << 10];
        loop {
            match self.file.read(&mut buffer)? {
                0 => break,
                read => {
                    self.hasher.update(&buffer[..read]);
                    self.length += read as u64;
                }
            }
        }
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_file_is_continued() {
        let folder = tempfile::tempdir().expect("a directory");
        let digest = Digest::of(b"attar");
        let mut partial = Partial::open(folder.path(), digest).expect("a file");
        partial.append(b"at").expect("room");
        partial.note_validator("http://a.example/x", Some("\"1\"")).expect("room");
        drop(partial);
        let mut partial = Partial::open(folder.path(), digest).expect("the same file");
        assert_eq!(partial.length(), 2);
        assert_eq!(partial.validator("http://a.example/x").as_deref(), Some("\"1\""));
        assert_eq!(partial.validator("http://b.example/x"), None);
        assert_eq!(partial.verify(digest, 5), Err(Mismatch::Size { expected: 5, found: 2 }));
        partial.append(b"tar").expect("room");
        assert_eq!(partial.verify(digest, 5), Ok(()));
        partial.restart().expect("a file");
        partial.append(b"ottar").expect("room");
        assert!(matches!(partial.verify(digest, 5), Err(Mismatch::Digest { .. })));
        partial.discard().expect("a file");
        assert_eq!(fs::read_dir(folder.path()).expect("a directory").count(), 0);
    }

    #[test]
    fn the_second_waits_until_the_file_is_in_its_place() {
        let folder = tempfile::tempdir().expect("a directory");
        let digest = Digest::of(b"attar");
        let mut first = Partial::open(folder.path(), digest).expect("a file");
        first.append(b"attar").expect("room");
        let path = folder.path().to_owned();
        let place = folder.path().join("place");
        let (there, is_there) = (place.clone(), |path: &Path| path.exists());
        let second = std::thread::spawn(move || {
            let partial = Partial::open(&path, digest).expect("a file");
            (partial.length(), is_there(&there))
        });
        let (file, lock) = first.into_file().expect("a file");
        file.persist(place).expect("the same file system");
        drop(lock);
        assert_eq!(second.join().expect("no panic"), (0, true));
    }
}
