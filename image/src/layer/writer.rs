//! Writes entries as canonical tar: POSIX ustar, with a pax extended header only for what ustar
//! cannot say.
//!
//! One entry has exactly one encoding. Names of users and groups are left empty, because only the
//! numbers count; device numbers, times and sizes are octal. What does not fit (paths over 100
//! bytes, sizes from 8 GiB, numbers from 2 097 152, times before 1970, extended attributes) goes into
//! pax records in byte order of their keywords.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use super::{BLOCK, END_OF_ARCHIVE, padding};
use crate::filesystem::{Content, Entry, FileTree, Kind, LinkGroup, Metadata};
use crate::path::TreePath;

const NAME: usize = 100;
const MAX_OCTAL_7: u64 = 0o777_7777;
const MAX_OCTAL_11: u64 = 0o777_7777_7777;

/// Appends the header blocks of one entry to `out`.
///
/// `linked_to` turns a regular file into a hard link to a path earlier in the same layer; the entry
/// then has no content. Otherwise the content of a regular file and its padding must follow, see
/// [`append_padding`].
pub fn append_header(out: &mut Vec<u8>, path: &TreePath, entry: &Entry, linked_to: Option<&TreePath>) {
    let Metadata { mode, uid, gid, mtime, xattrs } = &entry.metadata;
    let mut name = path.as_bytes().to_vec();
    if entry.is_directory() {
        name.push(b'/');
    }
    let target: &[u8] = match (&entry.kind, linked_to) {
        (Kind::Symlink { target }, _) => target,
        (_, Some(target)) => target.as_bytes(),
        _ => b"",
    };
    let size = match (&entry.kind, linked_to) {
        (Kind::File { content, .. }, None) => content.size,
        _ => 0,
    };
    let (major, minor) = match entry.kind {
        Kind::CharacterDevice { major, minor } | Kind::BlockDevice { major, minor } => (major, minor),
        _ => (0, 0),
    };

    let mut records = BTreeMap::<Vec<u8>, Vec<u8>>::new();
    let mut number = |keyword: &str, value: u64, limit: u64| {
        if value > limit {
            records.insert(keyword.into(), value.to_string().into_bytes());
            return 0;
        }
        value
    };
    let size_field = number("size", size, MAX_OCTAL_11);
    let uid_field = number("uid", u64::from(*uid), MAX_OCTAL_7);
    let gid_field = number("gid", u64::from(*gid), MAX_OCTAL_7);
    let mtime_field = match u64::try_from(*mtime) {
        Ok(mtime) if mtime <= MAX_OCTAL_11 => mtime,
        _ => {
            records.insert(b"mtime".to_vec(), mtime.to_string().into_bytes());
            0
        }
    };
    if name.len() > NAME {
        records.insert(b"path".to_vec(), name.clone());
    }
    if target.len() > NAME {
        records.insert(b"linkpath".to_vec(), target.to_vec());
    }
    for (key, value) in xattrs {
        records.insert([b"SCHILY.xattr.", &key[..]].concat(), value.to_vec());
    }
    if !records.is_empty() {
        append_pax(out, &records);
    }

    let mut header = [0; BLOCK];
    put_bytes(&mut header[0..100], &name);
    put_octal(&mut header[100..108], u64::from(*mode & 0o7777));
    put_octal(&mut header[108..116], uid_field);
    put_octal(&mut header[116..124], gid_field);
    put_octal(&mut header[124..136], size_field);
    put_octal(&mut header[136..148], mtime_field);
    header[156] = match (&entry.kind, linked_to) {
        (Kind::File { .. }, Some(_)) => b'1',
        (Kind::File { .. }, None) => b'0',
        (Kind::Symlink { .. }, _) => b'2',
        (Kind::CharacterDevice { .. }, _) => b'3',
        (Kind::BlockDevice { .. }, _) => b'4',
        (Kind::Directory, _) => b'5',
        (Kind::Fifo, _) => b'6',
    };
    put_bytes(&mut header[157..257], target);
    put_octal(&mut header[329..337], u64::from(major));
    put_octal(&mut header[337..345], u64::from(minor));
    seal(&mut header);
    out.extend_from_slice(&header);
}

/// Appends the zero bytes that follow a content of `size` bytes.
pub fn append_padding(out: &mut Vec<u8>, size: u64) {
    out.resize(out.len() + padding(size), 0);
}

fn append_pax(out: &mut Vec<u8>, records: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let mut body = Vec::new();
    for (keyword, value) in records {
        // A record says its own length in decimal, which counts towards that length.
        let rest = keyword.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + decimal_digits(length) {
            length = rest + decimal_digits(length);
        }
        body.extend_from_slice(length.to_string().as_bytes());
        body.push(b' ');
        body.extend_from_slice(keyword);
        body.push(b'=');
        body.extend_from_slice(value);
        body.push(b'\n');
    }
    let mut header = [0; BLOCK];
    put_bytes(&mut header[0..100], b"././@PaxHeader");
    put_octal(&mut header[100..108], 0o644);
    put_octal(&mut header[108..116], 0);
    put_octal(&mut header[116..124], 0);
    put_octal(&mut header[124..136], body.len() as u64);
    put_octal(&mut header[136..148], 0);
    header[156] = b'x';
    put_octal(&mut header[329..337], 0);
    put_octal(&mut header[337..345], 0);
    seal(&mut header);
    out.extend_from_slice(&header);
    let size = body.len() as u64;
    out.extend_from_slice(&body);
    append_padding(out, size);
}

fn decimal_digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Copies as much of `bytes` as the field holds; a longer value stands in a pax record.
fn put_bytes(field: &mut [u8], bytes: &[u8]) {
    let length = bytes.len().min(field.len());
    field[..length].copy_from_slice(&bytes[..length]);
}

fn put_octal(field: &mut [u8], mut value: u64) {
    let digits = field.len() - 1;
    for byte in field[..digits].iter_mut().rev() {
        *byte = b'0' + (value & 7) as u8;
        value >>= 3;
    }
    field[digits] = 0;
}

fn seal(header: &mut [u8; BLOCK]) {
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    put_octal(&mut header[148..155], sum);
}

/// Says which entry of each group of hard links carries the content: the first in path order.
#[derive(Debug, Default)]
pub struct Links {
    first: BTreeMap<LinkGroup, TreePath>,
}

impl Links {
    /// Returns the path that `path` must link to; `None` when it carries the content itself.
    pub fn target(&mut self, path: &TreePath, entry: &Entry) -> Option<TreePath> {
        let Kind::File { links: Some(group), .. } = entry.kind else {
            return None;
        };
        match self.first.get(&group) {
            Some(first) => Some(first.clone()),
            None => {
                self.first.insert(group, path.clone());
                None
            }
        }
    }
}

/// Writes a whole tree as one tar archive, in byte order of the paths.
///
/// `open` gives the content of a regular file; it is asked once for each group of hard links. The
/// root directory itself is not written. An error of `out` or of a content ends the writing; a
/// content of another size than the tree says is an error of the kind `InvalidData`.
pub fn write_tree<W: Write, R: Read>(
    tree: &FileTree,
    out: &mut W,
    mut open: impl FnMut(&TreePath, &Content) -> io::Result<R>,
) -> io::Result<()> {
    let mut links = Links::default();
    let mut blocks = Vec::with_capacity(4 * BLOCK);
    for (path, entry) in tree.iter().filter(|(path, _)| !path.is_root()) {
        let linked_to = links.target(path, entry);
        blocks.clear();
        append_header(&mut blocks, path, entry, linked_to.as_ref());
        out.write_all(&blocks)?;
        if let (Kind::File { content, .. }, None) = (&entry.kind, &linked_to) {
            let mut reader = open(path, content)?.take(content.size + 1);
            let copied = io::copy(&mut reader, out)?;
            if copied != content.size {
                let message = format!("content of `{path}` has another size than {} bytes", content.size);
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            out.write_all(&END_OF_ARCHIVE[..padding(content.size)])?;
        }
    }
    out.write_all(&END_OF_ARCHIVE)
}
