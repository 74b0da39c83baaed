//! What stands in an archive: found by walking its headers, without reading what they describe.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};

use super::ArchiveError;
use crate::blobs::Blob;
use crate::digest::Digest;
use crate::layer::reader::{Member, MemberKind, Reader};
use crate::path::TreePath;

/// The most members that an archive of images may have.
const MAX_MEMBERS: usize = 100_000;

/// Headers are far apart, so little is read at a time.
const BUFFER: usize = 4 << 10;

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// What the members of an archive say about its kind.
///
/// Its size does not grow with the archive: a root file system can have any number of files.
#[derive(Debug, Default)]
pub(super) struct Overview {
    /// `oci-layout`, at the top.
    pub(super) marker: Option<Part>,
    /// `index.json`, at the top.
    pub(super) index: Option<Part>,
    /// `manifest.json`, at the top.
    pub(super) docker: Option<Part>,
    /// Whether there is anything.
    pub(super) holds_something: bool,
    /// Whether there are blobs of an OCI image layout, or the layers of a Docker archive with the list
    /// that came before `manifest.json`.
    pub(super) holds_blobs: bool,
    /// Whether a folder at the top has the name of one in a root file system.
    pub(super) looks_like_a_root: bool,
    /// The folder that holds an OCI image layout, when it is not the top.
    pub(super) layout_below: Option<TreePath>,
    /// What else it is by a file that only such archives have.
    pub(super) foreign: Option<&'static str>,
}

/// The files of an archive of images.
#[derive(Debug, Default)]
pub(super) struct Listing {
    files: BTreeMap<TreePath, Part>,
    links: BTreeMap<TreePath, TreePath>,
}

impl Overview {
    pub(super) fn read(file: &File) -> Result<Self, ArchiveError> {
        let mut overview = Self::default();
        walk(file, |member| {
            overview.note(&member);
            Ok(())
        })?;
        Ok(overview)
    }

    pub(super) fn note(&mut self, member: &Member) {
        let path = &member.path;
        self.holds_something |= !path.is_root();
        let part = part_of(member);
        let bytes = path.as_bytes();
        match bytes {
            b"oci-layout" => self.marker = part,
            b"index.json" => self.index = part,
            b"manifest.json" => self.docker = part,
            b"repositories" => self.holds_blobs |= part.is_some(),
            b".PKGINFO" => self.foreign = Some("an Alpine package"),
            _ => {}
        }
        self.holds_blobs |= digest_in(path).is_some();
        let mut components = path.components();
        let first = components.next().unwrap_or_default();
        self.looks_like_a_root |= is_of_a_root(first);
        if let (Some(second), None, true) = (components.next(), components.next(), part.is_some()) {
            match second {
                b"oci-layout" => self.layout_below = path.parent(),
                b"Chart.yaml" => self.foreign = Some("a Helm chart"),
                _ => {}
            }
        }
    }
}

/// Says whether a folder at the top of a root file system has this name.
pub fn is_of_a_root(name: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[b"bin", b"boot", b"dev", b"etc", b"lib", b"proc", b"sbin", b"usr", b"var"];
    NAMES.contains(&name)
}

impl Listing {
    pub(super) fn read(file: &File) -> Result<Self, ArchiveError> {
        let mut listing = Self::default();
        let mut members = 0;
        walk(file, |member| {
            members += 1;
            if members > MAX_MEMBERS {
                return Err(ArchiveError::TooManyMembers { limit: MAX_MEMBERS });
            }
            let part = part_of(&member);
            let Member { path, kind, .. } = member;
            match (kind, part) {
                (_, Some(part)) => {
                    listing.files.insert(path, part);
                }
                (MemberKind::HardLink { target }, _) => {
                    listing.links.insert(path, target);
                }
                (MemberKind::Symlink { target }, _) => {
                    if let Ok(target) = path.resolve_link(&target) {
                        listing.links.insert(path, target);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(listing)
    }

    /// Returns a file by the name that a document of the archive gives it, through its links.
    pub(super) fn file(&self, name: &str) -> Option<Part> {
        self.resolve(TreePath::parse(name).ok()?)
    }

    /// Returns what stands where an OCI image layout keeps its blobs, with the digests it is kept by.
    pub(super) fn blobs(&self) -> impl Iterator<Item = (Digest, Part)> {
        self.files
            .keys()
            .chain(self.links.keys())
            .filter_map(|path| Some((digest_in(path)?, self.resolve(path.clone())?)))
    }

    fn resolve(&self, mut path: TreePath) -> Option<Part> {
        // As many steps as there are links lead through any chain that is no circle.
        for _ in 0..=self.links.len() {
            if let Some(part) = self.files.get(&path) {
                return Some(*part);
            }
            path = self.links.get(&path)?.clone();
        }
        None
    }
}

/// Calls `visit` with every member, in order.
fn walk(file: &File, mut visit: impl FnMut(Member) -> Result<(), ArchiveError>) -> Result<(), ArchiveError> {
    let blob = file.try_clone().and_then(Blob::whole).map_err(ArchiveError::Read)?;
    let mut reader = Reader::seekable(BufReader::with_capacity(BUFFER, blob));
    while let Some(member) = reader.next_in_place()? {
        visit(member)?;
    }
    Ok(())
}

fn part_of(member: &Member) -> Option<Part> {
    match member.kind {
        MemberKind::File { size } => Some(Part { start: member.offset, length: size }),
        _ => None,
    }
}

/// Returns the digest that a blob of an OCI layout has as its name.
pub(super) fn digest_in(path: &TreePath) -> Option<Digest> {
    let name = path.as_bytes().strip_prefix(b"blobs/sha256/")?;
    Digest::from_hex(std::str::from_utf8(name).ok()?).ok()
}

impl Part {
    /// Opens the part.
    pub(super) fn open(self, file: &File) -> io::Result<Blob> {
        Blob::part(file.try_clone()?, self.start, self.length)
    }
}
