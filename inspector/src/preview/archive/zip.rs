//! zip archives by their directory, which stands at the end: members are neither unpacked nor compared
//! with it.
//!
//! See APPNOTE.TXT of PKWARE, sections 4.3.12 to 4.3.16 and 4.5.3.

use super::Listing;
use crate::preview::line::{Line, Style};

/// Size of the record at the end without the comment, and of the longest comment.
const END: usize = 22;
const MAX_COMMENT: usize = 65_535;
/// Size of the locator and of the record of large archives.
const LOCATOR: usize = 20;
const LARGE_END: usize = 56;
/// Size of an entry of the directory without name, extra fields and comment.
const ENTRY: usize = 46;
/// The number of the extra field that has large sizes.
const LARGE: u16 = 1;
/// The system whose permission bits an entry may carry.
const UNIX: u8 = 3;

/// Says that the end of the archive was not read.
pub(super) fn unknown() -> Listing {
    let end = String::from("the directory stands at the end of the file, which was not read");
    Listing { end: Some(end), ..Listing::default() }
}

/// Lists the members of a whole archive.
pub(super) fn list(bytes: &[u8]) -> Listing {
    let mut listing = Listing::default();
    let Some(mut directory) = directory(bytes) else {
        listing.end = Some(String::from("its directory is damaged, or missing"));
        return listing;
    };
    while directory.starts_with(b"PK\x01\x02") {
        let Some((entry, rest)) = entry(directory) else {
            listing.end = Some(String::from("its directory is damaged"));
            break;
        };
        directory = rest;
        if !entry.add(&mut listing) {
            break;
        }
    }
    listing
}

/// Finds the directory by the record at the end.
fn directory(bytes: &[u8]) -> Option<&[u8]> {
    let first = bytes.len().saturating_sub(END + MAX_COMMENT);
    let last = bytes.len().checked_sub(END)?;
    let end = (first..=last).rev().find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))?;
    let (size, end) = match long(bytes, end + 12)? {
        u32::MAX => {
            // The record of large archives stands right before its locator, unless it has grown.
            let record = end.checked_sub(LOCATOR + LARGE_END)?;
            bytes[record..].starts_with(b"PK\x06\x06").then_some(())?;
            (usize::try_from(huge(bytes, record + 40)?).ok()?, record)
        }
        size => (size as usize, large_record(bytes, end)),
    };
    // By its size rather than by its place: something may stand before the archive.
    bytes.get(end.checked_sub(size)?..end)
}

/// Returns where the directory ends: before the record of large archives, which small ones may have.
fn large_record(bytes: &[u8], end: usize) -> usize {
    let record = end.checked_sub(LOCATOR + LARGE_END);
    record.filter(|at| bytes[*at..].starts_with(b"PK\x06\x06")).unwrap_or(end)
}

/// An entry of the directory.
struct Entry<'a> {
    name: &'a [u8],
    size: u64,
    mode: Option<u32>,
    is_encrypted: bool,
}

impl Entry<'_> {
    fn add(&self, listing: &mut Listing) -> bool {
        let is_directory = self.name.ends_with(b"/");
        let letter = match self.mode.map(|mode| mode >> 12) {
            _ if is_directory => 'd',
            Some(0o12) => 'l',
            _ => '-',
        };
        let mode = self.mode.map_or(String::from("    "), |mode| format!("{:04o}", mode & 0o7777));
        let note = if self.is_encrypted { " encrypted" } else { "" };
        let size = (!is_directory).then_some(self.size);
        listing.add(&format!("{letter}{mode}"), size, self.name, Line::of(Style::Muted, note))
    }
}

/// Reads the first entry, and gives what follows it.
fn entry(directory: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (head, rest) = directory.split_at_checked(ENTRY)?;
    let (name, rest) = rest.split_at_checked(short(head, 28)?.into())?;
    let (extra, rest) = rest.split_at_checked(short(head, 30)?.into())?;
    let (_, rest) = rest.split_at_checked(short(head, 32)?.into())?;
    let size = match long(head, 24)? {
        u32::MAX => large_size(extra).unwrap_or(u64::from(u32::MAX)),
        size => size.into(),
    };
    let mode = (head[5] == UNIX).then_some(long(head, 38)? >> 16).filter(|mode| *mode != 0);
    Some((Entry { name, size, mode, is_encrypted: short(head, 8)? & 1 != 0 }, rest))
}

/// Returns the first size of the extra field for large ones, which is the unpacked one.
fn large_size(mut extra: &[u8]) -> Option<u64> {
    loop {
        let (id, length) = (short(extra, 0)?, short(extra, 2)?);
        if id == LARGE {
            return huge(extra, 4);
        }
        extra = extra.get(4 + usize::from(length)..)?;
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn huge(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
