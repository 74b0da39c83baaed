//! The entries of one layer as they stand in its archive, in a compact form.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::name::{Name, Whiteout};
use super::paths::{Names, PathId, Paths, TooManyNames};
use crate::digest::{DiffId, Digest};
use crate::filesystem::Attributes;
use crate::layer::BLOCK;
use crate::layer::reader::{Member, MemberKind};

/// The most entries that a layer may have.
pub const MAX_ENTRIES: usize = 1 << 26;

/// What an entry of a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Form {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// Another name of an entry of this layer or of a lower one.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// Takes away what lower layers have at a path, with all below it.
    Whiteout,
    /// Takes away all that lower layers have below a directory.
    Opaque,
    /// A control file of some storage driver: it means nothing in an image.
    Reserved,
}

impl Form {
    pub(crate) fn of(kind: &MemberKind) -> Self {
        match kind {
            MemberKind::Directory => Self::Directory,
            MemberKind::File { .. } => Self::File,
            MemberKind::HardLink { .. } => Self::HardLink,
            MemberKind::Symlink { .. } => Self::Symlink,
            MemberKind::CharacterDevice { .. } => Self::CharacterDevice,
            MemberKind::BlockDevice { .. } => Self::BlockDevice,
            MemberKind::Fifo => Self::Fifo,
        }
    }

    /// Says whether it brings something, rather than taking something away or meaning nothing.
    pub fn is_entry(self) -> bool {
        !matches!(self, Self::Whiteout | Self::Opaque | Self::Reserved)
    }

    /// Returns what every report calls it: `file`, `symlink`, `hard-link`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::File => "file",
            Self::HardLink => "hard-link",
            Self::Symlink => "symlink",
            Self::CharacterDevice => "character-device",
            Self::BlockDevice => "block-device",
            Self::Fifo => "fifo",
            Self::Whiteout => "whiteout",
            Self::Opaque => "opaque",
            Self::Reserved => "control-file",
        }
    }
}

/// What the first bytes of a regular file say that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Magic {
    /// Anything else.
    #[default]
    Other,
    /// An ELF file: a program, a library, an object.
    Elf,
    /// A script that names its interpreter: `#!`.
    Script,
}

impl Magic {
    /// As many bytes are looked at.
    pub(super) const LENGTH: usize = 4;

    /// Returns what these first bytes of a file say.
    pub fn of(first: &[u8]) -> Self {
        match first {
            [0x7f, b'E', b'L', b'F', ..] => Self::Elf,
            [b'#', b'!', ..] => Self::Script,
            _ => Self::Other,
        }
    }
}

/// One entry of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Where it stands among the names of its layer, which are not those of a stack: so that stacks share
    /// the rows of a layer. For a whiteout what it hides, for an opaque one the directory.
    pub(super) path: PathId,
    /// Number of its headers' first block in the uncompressed archive.
    block: u32,
    /// Number of what else belongs to it, plus one.
    extra: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Permission bits including setuid, setgid and sticky.
    pub mode: u16,
    /// What it is.
    pub form: Form,
    /// What its first bytes say, if it is a regular file.
    pub magic: Magic,
    /// Size of a regular file's content in bytes; 0 for all else.
    pub size: u64,
    /// Modification time in whole seconds since 1970.
    pub mtime: i64,
}

impl Row {
    /// Returns where its headers start in the uncompressed archive.
    pub(super) fn position(&self) -> u64 {
        u64::from(self.block) * BLOCK as u64
    }
}

/// What only some entries have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Extra {
    target: Target,
    xattrs: Attributes,
}

// What an entry costs is promised; paths and fates come on top of it.
const _: () = assert!(size_of::<Row>() == 40);

/// Where an entry leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Target {
    #[default]
    Nowhere,
    Symlink(Box<[u8]>),
    /// A path of its layer.
    HardLink(PathId),
    Device {
        major: u32,
        minor: u32,
    },
}

/// A hash of a file's content that tells it from others: the first 24 bytes of BLAKE3.
pub(super) type Fingerprint = [u8; 24];

/// What is known of contents: nothing, or a hash for each regular file that was hashed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hashes {
    /// BLAKE3 by number of the row, in order.
    pub(super) fingerprints: Vec<(u32, Fingerprint)>,
    /// SHA-256 by number of the row, in order.
    pub(super) digests: Vec<(u32, Digest)>,
}

impl Hashes {
    /// Returns the BLAKE3 fingerprint of a file.
    pub(super) fn fingerprint(&self, row: u32) -> Option<Fingerprint> {
        let place = self.fingerprints.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        Some(self.fingerprints[place].1)
    }

    /// Returns the digest of a file.
    pub(super) fn digest(&self, row: u32) -> Option<Digest> {
        let place = self.digests.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        Some(self.digests[place].1)
    }
}

/// The entries of one layer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rows {
    rows: Vec<Row>,
    extras: Vec<Extra>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, number: u32) -> &Row {
        &self.rows[number as usize]
    }

    pub(super) fn numbers(&self) -> Range<u32> {
        // `MAX_ENTRIES` is far below.
        0..self.rows.len() as u32
    }

    fn extra(&self, row: &Row) -> Option<&Extra> {
        self.extras.get((row.extra as usize).checked_sub(1)?)
    }

    pub(super) fn symlink(&self, row: &Row) -> Option<&[u8]> {
        match &self.extra(row)?.target {
            Target::Symlink(target) => Some(target),
            _ => None,
        }
    }

    /// Returns where a hard link leads, among the names of the layer.
    pub(super) fn hard_link(&self, row: &Row) -> Option<PathId> {
        match &self.extra(row)?.target {
            Target::HardLink(target) => Some(*target),
            _ => None,
        }
    }

    pub(super) fn device(&self, row: &Row) -> Option<(u32, u32)> {
        match &self.extra(row)?.target {
            Target::Device { major, minor } => Some((*major, *minor)),
            _ => None,
        }
    }

    pub(super) fn xattrs(&self, row: &Row) -> Option<&Attributes> {
        self.extra(row).map(|extra| &extra.xattrs).filter(|xattrs| !xattrs.is_empty())
    }

    /// Says whether two rows, of these and of other rows, say the same of owner, mode, time, extended
    /// attributes and target. Contents are not compared.
    pub(super) fn is_same(&self, row: &Row, others: &Self, other: &Row) -> bool {
        let plain = |row: &Row| (row.form, row.mode, row.uid, row.gid, row.mtime, row.size);
        plain(row) == plain(other)
            && self.symlink(row) == others.symlink(other)
            && self.device(row) == others.device(other)
            && self.xattrs(row) == others.xattrs(other)
    }
}

/// One layer by itself. Its clones share what they hold, with the stacks that are made of them too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    #[serde(with = "shared")]
    pub(super) names: Arc<Names>,
    #[serde(with = "shared")]
    pub(super) rows: Arc<Rows>,
    #[serde(with = "shared")]
    pub(super) hashes: Arc<Hashes>,
    /// Number of uncompressed bytes, as far as the layer was read.
    pub(super) size: u64,
    /// The digest of the uncompressed bytes, if it was computed.
    pub(super) diff_id: Option<DiffId>,
    /// Whether the blob was compared with its digest.
    pub(super) is_verified: bool,
}

impl Table {
    /// Returns the number of entries, whiteouts included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Says whether the layer holds nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// Says whether every regular file has its SHA-256 digest.
    pub(super) fn has_digests(&self) -> bool {
        let files = self.rows.rows.iter().filter(|row| row.form == Form::File).count();
        self.hashes.digests.len() == files
    }

    /// Says whether all numbers are in order; those of a damaged file may not be.
    pub(super) fn is_sound(&self) -> bool {
        let (paths, rows) = (self.names.len(), self.rows.len());
        let hashed = |row: u32| (row as usize) < rows;
        let target = |extra: &Extra| match extra.target {
            Target::HardLink(target) => target.index() < paths,
            _ => true,
        };
        self.names.is_sound()
            && self.rows.rows.iter().all(|row| row.path.index() < paths)
            && self.rows.rows.iter().all(|row| row.extra as usize <= self.rows.extras.len())
            && self.rows.extras.iter().all(target)
            && self.hashes.fingerprints.iter().all(|(row, _)| hashed(*row))
            && self.hashes.digests.iter().all(|(row, _)| hashed(*row))
    }
}

/// Keeps what is shared as if it were not.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(value, serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}

/// A layer that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// Too many names.
    #[error(transparent)]
    Names(#[from] TooManyNames),
    /// Too many entries.
    #[error("more than {MAX_ENTRIES} entries")]
    Entries,
    /// The archive goes on beyond what positions can say.
    #[error("more than 2 TiB of uncompressed data")]
    Size,
}

/// Collects the entries of one layer.
#[derive(Debug, Default)]
pub(super) struct Builder {
    paths: Paths,
    rows: Vec<Row>,
    extras: Vec<Extra>,
    pub(super) hashes: Hashes,
}

impl Builder {
    /// Adds an entry; returns its number and what it is.
    pub(super) fn add(&mut self, member: Member) -> Result<(u32, Form), TooLarge> {
        if self.rows.len() == MAX_ENTRIES {
            return Err(TooLarge::Entries);
        }
        let block = u32::try_from(member.start / BLOCK as u64).map_err(|_| TooLarge::Size)?;
        let Member { path, kind, metadata, .. } = member;
        let (form, path) = match Name::of(&path) {
            Name::Ordinary => (Form::of(&kind), path),
            Name::Whiteout(Whiteout::Path(path)) => (Form::Whiteout, path),
            Name::Whiteout(Whiteout::Below(path)) => (Form::Opaque, path),
            Name::Reserved => (Form::Reserved, path),
        };
        let path = self.paths.intern(&path)?;
        let size = match (form, &kind) {
            (Form::File, MemberKind::File { size }) => *size,
            _ => 0,
        };
        let target = match kind {
            _ if !form.is_entry() => Target::Nowhere,
            MemberKind::Symlink { target } => Target::Symlink(target),
            MemberKind::HardLink { target } => Target::HardLink(self.paths.intern(&target)?),
            MemberKind::CharacterDevice { major, minor } | MemberKind::BlockDevice { major, minor } => {
                Target::Device { major, minor }
            }
            _ => Target::Nowhere,
        };
        let extra = Extra { target, xattrs: metadata.xattrs };
        let extra = if extra == Extra::default() {
            0
        } else {
            self.extras.push(extra);
            self.extras.len() as u32
        };
        let number = self.rows.len() as u32;
        let (uid, gid, mtime) = (metadata.uid, metadata.gid, metadata.mtime);
        // Twelve bits, as the reader leaves them.
        let mode = (metadata.mode & 0o7777) as u16;
        let magic = Magic::Other;
        self.rows.push(Row { path, block, extra, uid, gid, mode, form, magic, size, mtime });
        Ok((number, form))
    }

    /// Keeps what the first bytes of a file say.
    pub(super) fn set_magic(&mut self, row: u32, magic: Magic) {
        self.rows[row as usize].magic = magic;
    }

    pub(super) fn finish(mut self, size: u64, diff_id: Option<DiffId>, is_verified: bool) -> Table {
        self.rows.shrink_to_fit();
        self.extras.shrink_to_fit();
        self.hashes.fingerprints.shrink_to_fit();
        self.hashes.digests.shrink_to_fit();
        let rows = Arc::new(Rows { rows: self.rows, extras: self.extras });
        let (names, hashes) = (Arc::new(self.paths.into_names()), Arc::new(self.hashes));
        Table { names, rows, hashes, size, diff_id, is_verified }
    }
}
