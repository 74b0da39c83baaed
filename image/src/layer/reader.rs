//! Reads tar streams from outside: layers, package archives, a user's own archives.
//!
//! Understands POSIX ustar and pax, the old V7 form, and GNU's long names, base-256 numbers and sparse
//! files. The bytes are treated as hostile: every length is bounded, a path can never leave the tree,
//! and what cannot be represented (multi-volume archives) is an error rather than a guess.

mod extension;
mod sparse;

use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use super::{BLOCK, padding};
use crate::digest::HashingWriter;
use crate::filesystem::{Content, Entry, FileTree, Kind, LinkGroup, Metadata};
use crate::path::{InvalidPath, TreePath, escape};
use extension::Extensions;
use sparse::Expansion;

/// The longest pax header or GNU long name that is read, in bytes.
const MAX_EXTENSION: u64 = 1 << 20;

/// A tar stream that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The stream failed, or ended in the middle of an entry.
    #[error("cannot read the archive at byte {offset}")]
    Read {
        /// Position in the uncompressed stream.
        offset: u64,
        /// What the stream said.
        #[source]
        source: io::Error,
    },
    /// A header has a wrong checksum: this is no tar archive, or it is damaged.
    #[error("damaged tar header at byte {offset}: expected checksum {expected}, found {found}")]
    Checksum {
        /// Position of the header.
        offset: u64,
        /// The sum of the header's bytes.
        expected: u64,
        /// The sum the header claims.
        found: u64,
    },
    /// A field of a header is not a number.
    #[error("invalid {field} in the tar header at byte {offset}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// Position of the header.
        offset: u64,
    },
    /// A path that cannot stand in a tree.
    #[error("unsafe path in the tar header at byte {offset}")]
    Path {
        /// Position of the header.
        offset: u64,
        /// What is wrong with the path.
        #[source]
        source: InvalidPath,
    },
    /// A hard link to something that is no regular file earlier in the same archive.
    #[error("hard link `{path}` points to `{target}`, which is no earlier file of the archive")]
    HardLink {
        /// The link.
        path: TreePath,
        /// Where it points to.
        target: TreePath,
    },
    /// A type of entry that has no place in an image.
    #[error("entry `{path}` has the unsupported type `{kind}`")]
    Unsupported {
        /// The entry's path.
        path: String,
        /// The type flag, escaped.
        kind: String,
    },
}

/// One entry of a tar stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where it stands.
    pub path: TreePath,
    /// What it is.
    pub kind: MemberKind,
    /// Owner, mode, time and extended attributes.
    pub metadata: Metadata,
    /// Position of its first header in the uncompressed stream, extended headers included.
    pub start: u64,
    /// Position of its content in the uncompressed stream; of a sparse file, that of what is no hole.
    pub offset: u64,
    /// Whether it is a file of which the archive leaves out holes: its bytes do not stand at its offset
    /// as they are, and only the reader puts the holes in.
    pub is_sparse: bool,
}

/// The type of an entry of a tar stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A directory.
    Directory,
    /// A regular file whose content of this many bytes follows.
    File {
        /// Size in bytes.
        size: u64,
    },
    /// Another name of an entry earlier in the archive.
    HardLink {
        /// The earlier name.
        target: TreePath,
    },
    /// A symbolic link.
    Symlink {
        /// The target as written.
        target: Box<[u8]>,
    },
    /// A character device.
    CharacterDevice {
        /// Major device number.
        major: u32,
        /// Minor device number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major device number.
        major: u32,
        /// Minor device number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
}

/// Reads the entries of a tar stream one after the other.
#[derive(Debug)]
pub struct Reader<R> {
    inner: R,
    /// Skips bytes of `inner`; returns how many, fewer at its end.
    skip: fn(&mut R, u64) -> io::Result<u64>,
    position: u64,
    /// Bytes of the current content that have not been read.
    remaining: u64,
    /// Zero bytes after the current content.
    padding: u64,
    /// The current content, when it is that of a sparse file.
    expansion: Option<Expansion>,
    /// Bytes of holes that have been read.
    holes: u64,
    global: Extensions,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads a plain tar stream.
    pub fn new(inner: R) -> Self {
        Self::skipping(inner, |inner, wanted| io::copy(&mut inner.take(wanted), &mut io::sink()))
    }

    fn skipping(inner: R, skip: fn(&mut R, u64) -> io::Result<u64>) -> Self {
        let global = Extensions::default();
        Self {
            inner,
            skip,
            position: 0,
            remaining: 0,
            padding: 0,
            expansion: None,
            holes: 0,
            global,
            ended: false,
        }
    }

    /// Returns the next entry; `None` at the end of the archive. What was not read of the content
    /// before is skipped.
    pub fn next_member(&mut self) -> Result<Option<Member>, TarError> {
        self.skip_content()?;
        let mut extensions = self.global.clone();
        let start = self.position;
        loop {
            if self.ended {
                return Ok(None);
            }
            let offset = self.position;
            let Some(header) = self.read_header()? else {
                self.ended = true;
                return Ok(None);
            };
            let size = number(&header[124..136], "size", offset)?;
            match header[156] {
                b'x' => {
                    let body = self.read_extension(size, offset)?;
                    extensions.apply_pax(&body, offset)?;
                }
                b'g' => {
                    let body = self.read_extension(size, offset)?;
                    self.global.apply_pax(&body, offset)?;
                    // The map of a sparse file is that of one file.
                    self.global.sparse = sparse::Records::default();
                    extensions = self.global.clone();
                }
                b'L' => extensions.path = Some(until_nul(self.read_extension(size, offset)?)),
                b'K' => extensions.link = Some(until_nul(self.read_extension(size, offset)?)),
                _ => return self.member(&header, extensions, size, (start, offset)).map(Some),
            }
        }
    }

    /// Returns the next entry, for callers that read contents by their offsets: a sparse file is an
    /// error.
    pub fn next_in_place(&mut self) -> Result<Option<Member>, TarError> {
        match self.next_member()? {
            Some(Member { is_sparse: true, path, .. }) => {
                Err(TarError::Unsupported { path: escape(path.as_bytes()), kind: String::from("S") })
            }
            other => Ok(other),
        }
    }

    /// Returns the position in the uncompressed stream.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes on to a position where a header starts; one that was passed already is an error.
    pub fn skip_to(&mut self, position: u64) -> Result<(), TarError> {
        let offset = self.position;
        let distance = position.checked_sub(offset).ok_or_else(|| Self::truncated(offset))?;
        (self.remaining, self.padding, self.ended) = (distance, 0, false);
        self.skip_content()
    }

    /// Gives the inner reader back.
    pub fn into_inner(self) -> R {
        self.inner
    }

    fn member(
        &mut self,
        header: &[u8; BLOCK],
        extensions: Extensions,
        header_size: u64,
        (start, offset): (u64, u64),
    ) -> Result<Member, TarError> {
        let given = extensions.sparse.name.as_ref().or(extensions.path.as_ref());
        let raw_path = given.cloned().unwrap_or_else(|| header_name(header));
        let unsupported = |kind: u8| TarError::Unsupported { path: escape(&raw_path), kind: escape(&[kind]) };
        let parse = |path: &[u8]| TreePath::parse(path).map_err(|source| TarError::Path { offset, source });
        let path = parse(&raw_path)?;
        let link = extensions.link.clone().unwrap_or_else(|| until_nul(header[157..257].to_vec()));
        let device = || -> Result<(u32, u32), TarError> {
            Ok((
                small(&header[329..337], "device number", offset)?,
                small(&header[337..345], "device number", offset)?,
            ))
        };
        let mut stored = 0;
        let mut map = None;
        let kind = match header[156] {
            // Before POSIX a directory was a regular file whose name ends in a slash.
            b'0' | 0 | b'7' if raw_path.ends_with(b"/") => {
                // One that has a content all the same is not lost count of.
                stored = extensions.size.unwrap_or(header_size);
                MemberKind::Directory
            }
            b'0' | 0 | b'7' | b'S' => {
                stored = extensions.size.unwrap_or(header_size);
                map = self.read_map(header, &extensions, &mut stored, offset)?;
                MemberKind::File { size: map.as_ref().map_or(stored, |map| map.size) }
            }
            b'1' => MemberKind::HardLink { target: parse(&link)? },
            b'2' => MemberKind::Symlink { target: link.into() },
            b'3' => device().map(|(major, minor)| MemberKind::CharacterDevice { major, minor })?,
            b'4' => device().map(|(major, minor)| MemberKind::BlockDevice { major, minor })?,
            b'5' => MemberKind::Directory,
            b'6' => MemberKind::Fifo,
            other => return Err(unsupported(other)),
        };
        self.remaining = stored;
        self.padding = padding(stored) as u64;
        let is_sparse = map.is_some();
        self.expansion = map.map(Expansion::new);
        let id = |extension: Option<u64>, field: &[u8], name| match extension {
            Some(id) => u32::try_from(id).map_err(|_| TarError::Field { field: name, offset }),
            None => small(field, name, offset),
        };
        let metadata = Metadata {
            mode: small(&header[100..108], "mode", offset)? & 0o7777,
            uid: id(extensions.uid, &header[108..116], "user number")?,
            gid: id(extensions.gid, &header[116..124], "group number")?,
            mtime: match extensions.mtime {
                Some(mtime) => mtime,
                None => signed_number(&header[136..148], "modification time", offset)?,
            },
            xattrs: extensions.xattrs,
        };
        Ok(Member { path, kind, metadata, start, offset: self.position, is_sparse })
    }

    /// Reads one block; `None` at the end of the stream.
    fn read_block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let offset = self.position;
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.inner.read(&mut block[filled..]) {
                // An archive without end blocks is what a segment of a layer is.
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(Self::truncated(offset)),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(TarError::Read { offset, source }),
            }
        }
        self.position += BLOCK as u64;
        Ok(Some(block))
    }

    /// Reads one header block; `None` at the end of the archive.
    fn read_header(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let offset = self.position;
        let Some(header) = self.read_block()? else { return Ok(None) };
        if header.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let found = number(&header[148..156], "checksum", offset)?;
        let sum = |block: &[u8]| block.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        let expected = sum(&header[..148]) + 8 * u64::from(b' ') + sum(&header[156..]);
        if found != expected {
            return Err(TarError::Checksum { offset, expected, found });
        }
        Ok(Some(header))
    }

    fn truncated(offset: u64) -> TarError {
        TarError::Read {
            offset,
            source: io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is truncated"),
        }
    }

    fn read_extension(&mut self, size: u64, offset: u64) -> Result<Vec<u8>, TarError> {
        if size > MAX_EXTENSION {
            return Err(TarError::Field { field: "length of an extended header", offset });
        }
        self.remaining = size;
        self.padding = padding(size) as u64;
        let mut body = Vec::new();
        self.copy_content(&mut body).map_err(|source| TarError::Read { offset, source })?;
        self.skip_content()?;
        Ok(body)
    }

    /// Copies the content of the current entry, or what is left of it, to `out`.
    pub fn copy_content(&mut self, out: &mut impl Write) -> io::Result<u64> {
        io::copy(self, out)
    }

    fn skip_content(&mut self) -> Result<(), TarError> {
        let offset = self.position;
        let failed = |source| TarError::Read { offset, source };
        let mut skipped = (self.skip)(&mut self.inner, self.remaining + self.padding).map_err(failed)?;
        if skipped == 0 && self.padding > 0 {
            skipped = (self.skip)(&mut self.inner, self.remaining).map_err(failed)?;
        }
        self.position += skipped;
        // Padding may be missing at the very end: some writers leave it out there.
        if skipped < self.remaining {
            return Err(Self::truncated(offset));
        }
        (self.remaining, self.padding, self.expansion) = (0, 0, None);
        Ok(())
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads a plain tar stream; contents that nobody wants are skipped in its buffer.
    pub fn buffered(inner: R) -> Self {
        Self::skipping(inner, |inner, wanted| {
            let mut left = wanted;
            while left > 0 {
                let there = inner.fill_buf()?.len() as u64;
                if there == 0 {
                    break;
                }
                // No more than the buffer holds.
                let taken = left.min(there);
                inner.consume(taken as usize);
                left -= taken;
            }
            Ok(wanted - left)
        })
    }
}

impl<R: Read + Seek> Reader<BufReader<R>> {
    /// Reads a plain tar file; contents that nobody wants are not read at all.
    ///
    /// Going beyond the end of `inner` must be an error of the kind
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof), or a truncated content would go unnoticed.
    pub fn seekable(inner: BufReader<R>) -> Self {
        Self::skipping(inner, |inner, wanted| {
            let distance = i64::try_from(wanted).map_err(|_| io::ErrorKind::UnexpectedEof);
            match distance.map_err(io::Error::from).and_then(|distance| inner.seek_relative(distance)) {
                Ok(()) => Ok(wanted),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                Err(error) => Err(error),
            }
        })
    }
}

impl<R: Read> Read for Reader<R> {
    /// Reads the content of the current entry.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.expansion.is_some() { self.read_expanded(buffer) } else { self.read_stored(buffer) }
    }
}

impl<R: Read> Reader<R> {
    /// Reads of the current entry what stands in the archive.
    fn read_stored(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is truncated"));
        }
        self.position += read as u64;
        self.remaining -= read as u64;
        Ok(read)
    }
}

fn text<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = memchr::memchr(0, &bytes) {
        bytes.truncate(end);
    }
    bytes
}

fn header_name(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(header[0..100].to_vec());
    // Only POSIX headers have a prefix; GNU's (`ustar  `) keeps other things there.
    let prefix = until_nul(header[345..500].to_vec());
    if &header[257..263] != b"ustar\0" || prefix.is_empty() {
        return name;
    }
    [&prefix[..], b"/", &name[..]].concat()
}

/// Reads an octal field, or GNU's base-256 form, which has the highest bit set.
fn signed_number(field: &[u8], name: &'static str, offset: u64) -> Result<i64, TarError> {
    let invalid = || TarError::Field { field: name, offset };
    if field[0] & 0x80 != 0 {
        let negative = field[0] & 0x40 != 0;
        let mut value: i64 = if negative { -1 } else { 0 };
        for (index, byte) in field.iter().enumerate() {
            let byte = match index {
                0 if negative => byte | 0x80,
                0 => byte & 0x7f,
                _ => *byte,
            };
            value = value
                .checked_mul(256)
                .and_then(|value| value.checked_add(i64::from(byte)))
                .ok_or_else(invalid)?;
        }
        return Ok(value);
    }
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    if rest.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return Err(invalid());
    }
    digits
        .iter()
        .try_fold(0_i64, |value, digit| match digit {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
            _ => None,
        })
        .ok_or_else(invalid)
}

fn number(field: &[u8], name: &'static str, offset: u64) -> Result<u64, TarError> {
    u64::try_from(signed_number(field, name, offset)?).map_err(|_| TarError::Field { field: name, offset })
}

fn small(field: &[u8], name: &'static str, offset: u64) -> Result<u32, TarError> {
    u32::try_from(number(field, name, offset)?).map_err(|_| TarError::Field { field: name, offset })
}

/// Collects the entries of a tar stream into a tree; a later entry replaces an earlier one.
///
/// `content` is called for every regular file with its path and a reader of its bytes, and says
/// digest and size; [`hash_content`] does just that.
pub fn read_tree<R: Read>(
    mut reader: Reader<R>,
    mut content: impl FnMut(&TreePath, &mut Reader<R>) -> io::Result<Content>,
) -> Result<FileTree, TarError> {
    let mut tree = FileTree::new();
    let mut groups = 0;
    while let Some(member) = reader.next_member()? {
        let Member { path, kind, metadata, offset, .. } = member;
        let kind = match kind {
            MemberKind::Directory => Kind::Directory,
            MemberKind::File { .. } => {
                let content =
                    content(&path, &mut reader).map_err(|source| TarError::Read { offset, source })?;
                Kind::File { content, links: None }
            }
            MemberKind::HardLink { target } => link(&mut tree, &path, &target, &mut groups)?,
            MemberKind::Symlink { target } => Kind::Symlink { target },
            MemberKind::CharacterDevice { major, minor } => Kind::CharacterDevice { major, minor },
            MemberKind::BlockDevice { major, minor } => Kind::BlockDevice { major, minor },
            MemberKind::Fifo => Kind::Fifo,
        };
        if path.is_root() && kind != Kind::Directory {
            return Err(TarError::Unsupported {
                path: path.to_string(),
                kind: "root that is no directory".into(),
            });
        }
        let entry = Entry { kind, metadata };
        tree.insert(path, entry);
    }
    tree.renumber_links();
    Ok(tree)
}

/// Makes `target` and the new name `path` hard links of each other.
fn link(tree: &mut FileTree, path: &TreePath, target: &TreePath, groups: &mut u32) -> Result<Kind, TarError> {
    let dangling = || TarError::HardLink { path: path.clone(), target: target.clone() };
    let entry = tree.get_mut(target).ok_or_else(dangling)?;
    let Kind::File { content, links } = &mut entry.kind else {
        return Err(dangling());
    };
    let group = *links.get_or_insert_with(|| {
        *groups += 1;
        LinkGroup(*groups)
    });
    Ok(Kind::File { content: *content, links: Some(group) })
}

/// Hashes the content of the current entry and throws the bytes away.
pub fn hash_content(content: &mut impl Read) -> io::Result<Content> {
    let mut hasher = HashingWriter::new(io::sink());
    io::copy(content, &mut hasher)?;
    let (_, digest, size) = hasher.finish();
    Ok(Content { digest, size })
}
