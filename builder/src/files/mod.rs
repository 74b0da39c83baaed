//! Files of the host: what the spec's `files` name, collected into trees.
//!
//! Only names, contents, the executable bit and the targets of symbolic links are taken from the
//! host. Owners, modes, times, extended attributes and hard links come from the spec or its
//! defaults, so that how a folder was copied or checked out never shows in an image.

mod archive;
pub(crate) mod hashes;
mod walk;

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use attar_image::path::InvalidPath;
use attar_image::{Attributes, Content, Digest, Entry, FileTree, Metadata, TreePath};

use crate::record::{Location, PackageData};
pub use hashes::Hashes;

/// Modification time of own and generated files: 2000-01-01. A constant, so that a new commit or day
/// never moves a layer.
pub const OWN_MTIME: i64 = 946_684_800;

/// One `files` entry with everything looked up: what to take and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRequest {
    /// Where the entry stands in the spec, for messages.
    pub label: String,
    /// Where the content comes from.
    pub source: Source,
    /// The path in the image as written; a final slash means a directory that holds the sources.
    pub to: String,
    /// Globs below the source that are left out.
    pub exclude: Vec<String>,
    /// Checksum the source must have.
    pub sha256: Option<Digest>,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Mode of files; without one 0755 or 0644 by the executable bit.
    pub permissions: Option<u32>,
    /// Mode of directories.
    pub directory_permissions: Option<u32>,
    /// Modification time.
    pub mtime: i64,
    /// Extended attributes of files.
    pub xattrs: Attributes,
}

/// Where the content of a `files` entry comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, directory or glob; relative paths are below `folder`.
    Path {
        /// Folder of the spec file that says it.
        folder: PathBuf,
        /// The path or glob as written.
        path: String,
    },
    /// The content itself.
    Text(String),
    /// A tar archive.
    Archive(PathBuf),
}

/// What a `files` entry puts into the image.
#[derive(Debug, Default)]
pub struct Collected {
    /// The entries, directories included, at their paths in the image.
    pub tree: FileTree,
    /// Where the contents are.
    pub contents: BTreeMap<Digest, OwnContent>,
}

/// Where the content of an own or generated file is.
#[derive(Clone, Debug)]
pub enum OwnContent {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In a file of the host.
    File(PathBuf),
    /// Inside an uncompressed archive.
    Archive(Arc<PackageData>, Location),
}

/// A `files` entry that cannot be collected.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Nothing is there.
    #[error("{label}: `{}` does not exist", path.display())]
    Missing {
        /// Where the entry stands in the spec.
        label: String,
        /// The path that was looked for.
        path: PathBuf,
    },
    /// A glob matches nothing.
    #[error("{label}: `{pattern}` matches nothing in `{}`", folder.display())]
    NoMatch {
        /// Where the entry stands in the spec.
        label: String,
        /// The glob.
        pattern: String,
        /// The folder it was looked for in.
        folder: PathBuf,
    },
    /// Several sources and a single place.
    #[error("{label}: `{pattern}` matches {count} files, but `to: {to}` names one path; end it with `/`")]
    Several {
        /// Where the entry stands in the spec.
        label: String,
        /// The glob.
        pattern: String,
        /// The number of matches.
        count: usize,
        /// The path in the image.
        to: String,
    },
    /// A file or archive cannot be read.
    #[error("{label}: cannot read `{}`", path.display())]
    Read {
        /// Where the entry stands in the spec.
        label: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A socket, device or named pipe.
    #[error("{label}: `{}` is a {kind}, which has no place in an image", path.display())]
    Special {
        /// Where the entry stands in the spec.
        label: String,
        /// The file.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The source has another checksum.
    #[error("{label}: `{}` has another checksum: expected {expected}, found {found}", path.display())]
    Checksum {
        /// Where the entry stands in the spec.
        label: String,
        /// The file.
        path: PathBuf,
        /// What the spec says.
        expected: Digest,
        /// What the file has.
        found: Digest,
    },
    /// A checksum for something that is no single file.
    #[error("{label}: `sha256` needs a single file, but `{pattern}` is more than that")]
    ChecksumOfMany {
        /// Where the entry stands in the spec.
        label: String,
        /// The path or glob.
        pattern: String,
    },
    /// A pattern that cannot be understood.
    #[error("{label}: invalid glob `{pattern}`")]
    Glob {
        /// Where the entry stands in the spec.
        label: String,
        /// The glob.
        pattern: String,
        /// What is wrong.
        #[source]
        source: globset::Error,
    },
    /// A path that cannot stand in an image.
    #[error("{label}: invalid path")]
    Path {
        /// Where the entry stands in the spec.
        label: String,
        /// What is wrong.
        #[source]
        source: InvalidPath,
    },
    /// An archive that cannot be unpacked.
    #[error("{label}: cannot unpack `{}`", path.display())]
    Archive {
        /// Where the entry stands in the spec.
        label: String,
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: archive::ArchiveError,
    },
}

/// Collects what an entry names.
pub fn collect(request: &FileRequest, hashes: &mut Hashes) -> Result<Collected, FilesError> {
    let to = TreePath::parse(&request.to)
        .map_err(|source| FilesError::Path { label: request.label.clone(), source })?;
    match &request.source {
        Source::Path { folder, path } => walk::collect(request, &to, folder, path, hashes),
        Source::Archive(path) => archive::collect(request, &to, path),
        Source::Text(text) => {
            let mut collected = Collected::default();
            let bytes = text.as_bytes();
            let content = Content::of(bytes);
            if let Some(expected) = request.sha256.filter(|expected| *expected != content.digest) {
                let (label, path) = (request.label.clone(), PathBuf::from("text"));
                return Err(FilesError::Checksum { label, path, expected, found: content.digest });
            }
            collected.contents.insert(content.digest, OwnContent::Bytes(bytes.into()));
            collected.tree.insert(to, request.file(content, false));
            Ok(collected)
        }
    }
}

impl FileRequest {
    pub(crate) fn file(&self, content: Content, executable: bool) -> Entry {
        let mode = self.permissions.unwrap_or(if executable { 0o755 } else { 0o644 });
        Entry::file(content, Metadata { xattrs: self.xattrs.clone(), ..self.metadata(mode) })
    }

    pub(crate) fn directory(&self) -> Entry {
        Entry::directory(self.metadata(self.directory_permissions.unwrap_or(0o755)))
    }

    pub(crate) fn symlink(&self, target: impl Into<Box<[u8]>>) -> Entry {
        let mut entry = Entry::symlink(target, self.mtime);
        (entry.metadata.uid, entry.metadata.gid) = (self.uid, self.gid);
        entry
    }

    fn metadata(&self, mode: u32) -> Metadata {
        Metadata { mode, uid: self.uid, gid: self.gid, mtime: self.mtime, xattrs: BTreeMap::new() }
    }

    fn path(&self, base: &TreePath, below: impl AsRef<[u8]>) -> Result<TreePath, FilesError> {
        base.join(below).map_err(|source| FilesError::Path { label: self.label.clone(), source })
    }
}

impl OwnContent {
    /// Writes the content to `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => out.write_all(bytes),
            Self::File(path) => io::copy(&mut File::open(path)?, out).map(drop),
            Self::Archive(data, location) => data.with(*location, |bytes| out.write_all(bytes))?,
        }
    }
}

/// Gives a temporary file, which is private, the mode of an ordinary file, whatever the umask says.
pub(crate) fn readable_by_all(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests;
