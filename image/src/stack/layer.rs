//! One layer: its entries, and its whiteouts, which take away what lower layers brought.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use super::StackError;
use crate::digest::{DiffId, Digest, HashingWriter};
use crate::filesystem::{Content, Entry, FileTree, Kind, LinkGroup, Metadata};
use crate::layer::compression::decoder;
use crate::layer::reader::{Member, MemberKind, Reader, hash_content};
use crate::layout::Layout;
use crate::manifest::Descriptor;
use crate::path::TreePath;

/// One layer of an image.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The blob.
    pub descriptor: Descriptor,
    /// The digest of the uncompressed bytes.
    pub diff_id: DiffId,
    /// The number of uncompressed bytes.
    pub size: u64,
    /// What the image's history says about it.
    pub created_by: Option<String>,
    /// What the layer brings, whiteouts left out.
    pub tree: FileTree,
    /// What the layer takes away.
    pub whiteouts: Vec<Whiteout>,
    /// Hard links to files of lower layers.
    pub lower_links: Vec<LowerLink>,
    /// How many groups of hard links the layer has made.
    groups: u32,
    /// Where the contents stand in the uncompressed stream.
    places: BTreeMap<Digest, (u64, Content)>,
}

/// Something that a layer takes away from the layers below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whiteout {
    /// The path, with all below it.
    Path(TreePath),
    /// All below the directory.
    Below(TreePath),
}

/// A hard link to a file that a lower layer brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerLink {
    /// The new name.
    pub path: TreePath,
    /// The lower layer's name.
    pub target: TreePath,
    /// Owner, mode and time.
    pub metadata: Metadata,
}

/// The members of a layer as they stand in its archive, with the digests of their contents.
#[derive(Clone, Debug)]
pub struct Members {
    /// The members, in order.
    pub members: Vec<(Member, Option<Digest>)>,
    /// The digest of the uncompressed bytes.
    pub diff_id: DiffId,
    /// The number of uncompressed bytes.
    pub size: u64,
}

/// Reads the members of a layer, and verifies its blob on the way.
pub fn read_members(layout: &Layout, descriptor: &Descriptor) -> Result<Members, StackError> {
    let digest = descriptor.digest;
    let blob = layout
        .open_blob(descriptor)
        .map_err(|source| StackError::Layout { digest, source: Box::new(source) })?;
    Members::read(digest, blob)
}

impl Members {
    /// Reads the members of a layer from its bytes, compressed or not; errors call it `digest`.
    pub fn read(digest: Digest, blob: impl Read + Send) -> Result<Self, StackError> {
        let failed = |source| StackError::Read { digest, source };
        let hasher = HashingWriter::new(io::sink());
        let hashing = Hashing { inner: decoder(blob).map_err(failed)?, hasher };
        let mut reader = Reader::new(BufReader::with_capacity(64 << 10, hashing));
        let mut members = Vec::new();
        while let Some(member) = reader.next_member().map_err(|source| StackError::Tar { digest, source })? {
            let content = match member.kind {
                MemberKind::File { .. } => Some(hash_content(&mut reader).map_err(failed)?.digest),
                _ => None,
            };
            members.push((member, content));
        }
        // What follows the end of the archive belongs to the blob and to the diff ID.
        let mut rest = reader.into_inner();
        io::copy(&mut rest, &mut io::sink()).map_err(failed)?;
        let (_, plain, size) = rest.into_inner().hasher.finish();
        Ok(Self { members, diff_id: DiffId(plain), size })
    }
}

/// Hashes all that is read through it.
struct Hashing<R> {
    inner: R,
    hasher: HashingWriter<io::Sink>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        io::Write::write_all(&mut self.hasher, &buffer[..read])?;
        Ok(read)
    }
}

impl Layer {
    /// Sorts the members of a layer into what it brings and what it takes away.
    ///
    /// Whiteouts act on lower layers alone, wherever they stand in the archive. Of several entries
    /// for one path the last one counts.
    pub fn new(descriptor: Descriptor, created_by: Option<String>, members: Members) -> Self {
        let Members { members, diff_id, size } = members;
        let mut layer = Self {
            descriptor,
            diff_id,
            size,
            created_by,
            tree: FileTree::new(),
            whiteouts: Vec::new(),
            lower_links: Vec::new(),
            groups: 0,
            places: BTreeMap::new(),
        };
        for (member, digest) in members {
            match Name::of(&member.path) {
                Name::Ordinary => layer.add(member, digest),
                Name::Whiteout(whiteout) => layer.whiteouts.push(whiteout),
                Name::Reserved => {}
            }
        }
        layer
    }

    /// Returns where a content stands in the uncompressed stream.
    pub(super) fn place(&self, digest: &Digest) -> Option<(u64, Content)> {
        self.places.get(digest).copied()
    }

    fn add(&mut self, member: Member, digest: Option<Digest>) {
        let Member { path, kind, metadata, offset } = member;
        let kind = match (kind, digest) {
            (MemberKind::File { size }, Some(digest)) => {
                let content = Content { digest, size };
                self.places.entry(digest).or_insert((offset, content));
                Kind::File { content, links: None }
            }
            // A file always comes with its digest.
            (MemberKind::File { .. }, None) => return,
            (MemberKind::HardLink { target }, _) => match self.link(&target) {
                Some(kind) => kind,
                None => {
                    self.tree.remove(&path);
                    self.lower_links.push(LowerLink { path, target, metadata });
                    return;
                }
            },
            (MemberKind::Directory, _) => Kind::Directory,
            (MemberKind::Symlink { target }, _) => Kind::Symlink { target },
            (MemberKind::CharacterDevice { major, minor }, _) => Kind::CharacterDevice { major, minor },
            (MemberKind::BlockDevice { major, minor }, _) => Kind::BlockDevice { major, minor },
            (MemberKind::Fifo, _) => Kind::Fifo,
        };
        self.lower_links.retain(|link| link.path != path);
        self.tree.insert(path, Entry { kind, metadata });
    }

    /// Returns what a hard link to `target` is; `None` when no entry of this layer is the target.
    fn link(&mut self, target: &TreePath) -> Option<Kind> {
        let next = LinkGroup(self.groups);
        match &mut self.tree.get_mut(target)?.kind {
            Kind::Directory => None,
            Kind::File { content, links } => {
                let group = *links.get_or_insert(next);
                self.groups = self.groups.max(group.0.saturating_add(1));
                Some(Kind::File { content: *content, links: Some(group) })
            }
            other => Some(other.clone()),
        }
    }
}

/// What the name of a member means in a layer.
pub(crate) enum Name {
    /// An entry of the layer.
    Ordinary,
    /// Something that the layer takes away.
    Whiteout(Whiteout),
    /// A control file of some storage driver.
    Reserved,
}

impl Name {
    /// Says what a member of this name means.
    pub(crate) fn of(path: &TreePath) -> Self {
        const PREFIX: &[u8] = b".wh.";
        const RESERVED: &[u8] = b".wh..wh.";
        let name = path.file_name();
        let directory = path.parent().unwrap_or_default();
        if name == b".wh..wh..opq" {
            return Self::Whiteout(Whiteout::Below(directory));
        }
        if path.components().any(|component| component.starts_with(RESERVED)) {
            return Self::Reserved;
        }
        match name.strip_prefix(PREFIX) {
            None => Self::Ordinary,
            // These would mean the directory itself, or the one above it.
            Some(b"" | b"." | b"..") => Self::Reserved,
            Some(hidden) => match directory.join(hidden) {
                Ok(hidden) => Self::Whiteout(Whiteout::Path(hidden)),
                Err(_) => Self::Reserved,
            },
        }
    }
}
