//! Unpacks a user's tar archive into a tree, under the same rules as files of the host.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use attar_image::layer::reader::{Member, MemberKind, Reader, TarError};
use attar_image::{Content, Kind, TreePath};
use attar_packages::compression::Compression;

use super::{Collected, FileRequest, FilesError, OwnContent};
use crate::cache::hash_file;
use crate::record::{Location, PackageData};

/// An archive may unpack to this many times its size, and [`ALLOWANCE`] besides.
const RATIO: u64 = 200;
const ALLOWANCE: u64 = 64 << 20;

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read.
    #[error("cannot decompress it")]
    Read(#[source] io::Error),
    /// It grows beyond all measure.
    #[error("it unpacks to more than {limit} bytes, {RATIO} times its size: this is a decompression bomb")]
    Bomb {
        /// How much it may unpack to.
        limit: u64,
    },
    /// It is no tar archive, or one that cannot be unpacked safely.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// It has a device or named pipe.
    #[error("it has `{path}`, which is a {kind} and has no place in an image")]
    Special {
        /// The entry.
        path: TreePath,
        /// What it is.
        kind: &'static str,
    },
    /// A hard link without a file.
    #[error("hard link `{path}` points to `{target}`, which is no earlier file of the archive")]
    HardLink {
        /// The link.
        path: TreePath,
        /// Where it points to.
        target: TreePath,
    },
}

pub(super) fn collect(request: &FileRequest, to: &TreePath, path: &Path) -> Result<Collected, FilesError> {
    let label = || request.label.clone();
    let read_error = |source| FilesError::Read { label: label(), path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => FilesError::Missing { label: label(), path: path.to_owned() },
        _ => read_error(source),
    })?;
    if let Some(expected) = request.sha256 {
        let (found, _) = hash_file(path).map_err(read_error)?;
        if found != expected {
            return Err(FilesError::Checksum { label: label(), path: path.to_owned(), expected, found });
        }
    }
    let size = file.metadata().map_err(read_error)?.len();
    let unpacked = decompress(file, size).and_then(|data| unpack(request, to, Arc::new(data)));
    unpacked.map_err(|error| match error {
        Failure::Archive(source) => FilesError::Archive { label: label(), path: path.to_owned(), source },
        Failure::Files(error) => error,
    })
}

/// Either the archive is wrong, or a path it is unpacked to.
enum Failure {
    Archive(ArchiveError),
    Files(FilesError),
}

impl<E: Into<ArchiveError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Archive(error.into())
    }
}

fn decompress(file: File, size: u64) -> Result<PackageData, Failure> {
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(ArchiveError::Read)?;
    let decoder = Compression::detect(start).decoder(file).map_err(ArchiveError::Read)?;
    let limit = size.saturating_mul(RATIO).saturating_add(ALLOWANCE);
    let data = PackageData::read(decoder, limit, tempfile::tempfile).map_err(ArchiveError::Read)?;
    Ok(data.ok_or(ArchiveError::Bomb { limit })?)
}

fn unpack(request: &FileRequest, to: &TreePath, data: Arc<PackageData>) -> Result<Collected, Failure> {
    let mut collected = Collected::default();
    collected.tree.insert(to.clone(), request.directory());
    let mut files: BTreeMap<TreePath, (Content, bool)> = BTreeMap::new();
    let mut reader = Reader::new(data.reader().map_err(ArchiveError::Read)?);
    while let Some(Member { path, kind, metadata, offset, .. }) = reader.next_in_place()? {
        let place = request.path(to, path.as_bytes()).map_err(Failure::Files)?;
        let special = |kind| ArchiveError::Special { path: path.clone(), kind };
        let entry = match kind {
            MemberKind::Directory => request.directory(),
            MemberKind::Symlink { target } => request.symlink(target),
            MemberKind::File { size } => {
                let location = Location { offset, size };
                let content = data.with(location, Content::of).map_err(ArchiveError::Read)?;
                collected.contents.insert(content.digest, OwnContent::Archive(Arc::clone(&data), location));
                let executable = metadata.mode & 0o100 != 0;
                files.insert(path.clone(), (content, executable));
                request.file(content, executable)
            }
            MemberKind::HardLink { target } => {
                let dangling = || ArchiveError::HardLink { path: path.clone(), target: target.clone() };
                let (content, executable) = *files.get(&target).ok_or_else(dangling)?;
                files.insert(path.clone(), (content, executable));
                request.file(content, executable)
            }
            MemberKind::CharacterDevice { .. } => return Err(special("character device").into()),
            MemberKind::BlockDevice { .. } => return Err(special("block device").into()),
            MemberKind::Fifo => return Err(special("named pipe").into()),
        };
        collected.tree.insert(place, entry);
    }
    for above in directories_above(&collected, to) {
        collected.tree.insert(above, request.directory());
    }
    Ok(collected)
}

/// Lists the directories that the archive does not name itself.
fn directories_above(collected: &Collected, to: &TreePath) -> Vec<TreePath> {
    let missing = |path: &TreePath| path.starts_with(to) && !collected.tree.contains(path);
    let entries = collected.tree.iter().filter(|(_, entry)| !matches!(entry.kind, Kind::Directory));
    entries.flat_map(|(path, _)| path.ancestors()).filter(missing).collect()
}
