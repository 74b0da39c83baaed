//! A folder that goes when the test ends.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of a test's own.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// Makes an empty folder.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("attar-test-").tempdir().expect("a temporary folder"))
    }

    /// Makes a folder with these files; parents are made as needed.
    pub fn with<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let scratch = Self::new();
        for (path, text) in files {
            scratch.write(path, text);
        }
        scratch
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the absolute path of something in the folder.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(path);
        let parent = path.parent().expect("a file in the folder has a parent");
        std::fs::create_dir_all(parent).expect("the folders above the file");
        std::fs::write(&path, contents).expect("the file");
        path
    }

    /// Reads a file as text.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
    }

    /// Says whether something stands at a path.
    pub fn has(&self, path: impl AsRef<Path>) -> bool {
        self.join(path).symlink_metadata().is_ok()
    }
}
