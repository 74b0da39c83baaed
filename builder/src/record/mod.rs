//! Package records: what a package holds, found out once and kept in the cache.
//!
//! A record has every entry of the data archive with the digest of its content and where the
//! content stands in the uncompressed archive, what ELF files and scripts say about themselves, and
//! the control data. It is keyed by the SHA-256 of the package, so it needs no further check.

mod applets;
mod archive;
mod data;
mod read;

use std::collections::BTreeMap;

use attar_image::elf::Facts;
use attar_image::filesystem::{Content, Entry, Kind, LinkGroup, Metadata};
use attar_image::script::Shebang;
use attar_image::{Digest, TreePath};
use serde::{Deserialize, Serialize};

pub(crate) use archive::{ArchiveError, PackageArchive};
pub use data::PackageData;
pub use read::{ReadError, read, read_data};

/// Generation of the record; part of its key in the cache.
pub const RECORD_FORMAT: u32 = 2;

/// What a package holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRecord {
    /// The control file as it is.
    pub control: String,
    /// Modification time of the control archive's root, in seconds since 1970.
    pub control_mtime: i64,
    /// Files of the control archive besides `control` and `md5sums`: maintainer scripts, `conffiles`,
    /// `triggers`…
    pub members: BTreeMap<String, String>,
    /// Entries of the data archive in path order.
    pub entries: Vec<RecordEntry>,
    /// Facts of the ELF files by the digest of their content, as JSON.
    facts: BTreeMap<[u8; 32], Vec<u8>>,
    /// Interpreters of scripts by the digest of their content.
    shebangs: BTreeMap<[u8; 32], (String, Option<String>)>,
    /// Contents that effects read, by digest: `sysusers.d`, certificates…
    texts: BTreeMap<[u8; 32], Vec<u8>>,
    /// Applets of a busybox.
    pub applets: Vec<String>,
}

/// One entry of a package's data archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordEntry {
    path: Vec<u8>,
    kind: RecordKind,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum RecordKind {
    Directory,
    File { digest: [u8; 32], size: u64, offset: u64, md5: [u8; 16], links: Option<u32> },
    Symlink { target: Vec<u8> },
    CharacterDevice { major: u32, minor: u32 },
    BlockDevice { major: u32, minor: u32 },
    Fifo,
}

/// Where the content of a file stands in the uncompressed data archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Position of the first byte.
    pub offset: u64,
    /// Size in bytes.
    pub size: u64,
}

impl PackageRecord {
    /// Returns the key of a package's record in the cache.
    pub fn key(package: &Digest) -> String {
        format!("{}-{RECORD_FORMAT}", package.hex())
    }

    /// Encodes the record for the cache.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a record has no part that cannot be encoded")
    }

    /// Decodes a record from the cache; `None` when it is of another build of attar.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    /// Returns what the ELF file with this content says about itself.
    pub fn facts(&self, content: &Digest) -> Option<Facts> {
        serde_json::from_slice(self.facts.get(content.as_bytes())?).ok()
    }

    /// Returns the interpreter that the script with this content names.
    pub fn shebang(&self, content: &Digest) -> Option<Shebang> {
        let (interpreter, argument) = self.shebangs.get(content.as_bytes())?.clone();
        Some(Shebang { interpreter, argument })
    }

    /// Returns a content that effects read, such as a file of `sysusers.d`.
    pub fn text(&self, content: &Digest) -> Option<&[u8]> {
        self.texts.get(content.as_bytes()).map(Vec::as_slice)
    }

    /// Returns where each content stands in the data archive.
    pub fn locations(&self) -> BTreeMap<Digest, Location> {
        let location = |entry: &RecordEntry| match entry.kind {
            RecordKind::File { digest, size, offset, .. } => {
                Some((Digest::from_bytes(digest), Location { offset, size }))
            }
            _ => None,
        };
        self.entries.iter().filter_map(location).collect()
    }

    /// Returns the MD5 of each content, as `PKG.md5sums` lists it.
    pub fn md5sums(&self) -> BTreeMap<Digest, [u8; 16]> {
        let sum = |entry: &RecordEntry| match entry.kind {
            RecordKind::File { digest, md5, .. } => Some((Digest::from_bytes(digest), md5)),
            _ => None,
        };
        self.entries.iter().filter_map(sum).collect()
    }
}

impl RecordEntry {
    /// Returns the path as the package spells it, in canonical form.
    pub fn path(&self) -> TreePath {
        TreePath::parse(&self.path).expect("the path was canonical when the record was made")
    }

    /// Returns the entry as a tree holds it.
    pub fn entry(&self) -> Entry {
        let kind = match &self.kind {
            RecordKind::Directory => Kind::Directory,
            RecordKind::File { digest, size, links, .. } => Kind::File {
                content: Content { digest: Digest::from_bytes(*digest), size: *size },
                links: links.map(LinkGroup),
            },
            RecordKind::Symlink { target } => Kind::Symlink { target: target.clone().into() },
            RecordKind::CharacterDevice { major, minor } => {
                Kind::CharacterDevice { major: *major, minor: *minor }
            }
            RecordKind::BlockDevice { major, minor } => Kind::BlockDevice { major: *major, minor: *minor },
            RecordKind::Fifo => Kind::Fifo,
        };
        let xattrs = self.xattrs.iter().map(|(key, value)| (key[..].into(), value[..].into())).collect();
        let metadata = Metadata { mode: self.mode, uid: self.uid, gid: self.gid, mtime: self.mtime, xattrs };
        Entry { kind, metadata }
    }
}

#[cfg(test)]
impl PackageRecord {
    /// A record without entries.
    pub(crate) fn empty(control: &str, control_mtime: i64) -> Self {
        Self {
            control: control.to_owned(),
            control_mtime,
            members: BTreeMap::new(),
            entries: Vec::new(),
            facts: BTreeMap::new(),
            shebangs: BTreeMap::new(),
            texts: BTreeMap::new(),
            applets: Vec::new(),
        }
    }
}
