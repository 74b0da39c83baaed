//! Java archives, which are zip files: names of their members, and the content of a few.
//!
//! See PKWARE's APPNOTE.TXT, 4.3. Archives of more than 65,535 members or 4 GiB are not read.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

const END: &[u8] = b"PK\x05\x06";
const MEMBER: &[u8] = b"PK\x01\x02";
/// The end of an archive is followed by a comment of at most this size.
const MAX_COMMENT: usize = 65_535 + 22;
/// Most bytes of one member that are read: manifests and classes are small.
const MAX_MEMBER: u64 = 4 << 20;

/// A Java archive.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    members: BTreeMap<String, Member>,
}

struct Member {
    offset: usize,
    size: usize,
    deflated: bool,
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive; `None` when it is none, or damaged.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let tail = bytes.len().saturating_sub(MAX_COMMENT);
        let end = tail + memchr::memmem::rfind(&bytes[tail..], END)?;
        let count = usize::from(u16_at(bytes, end + 10)?);
        let mut at = u32_at(bytes, end + 16)?;
        let mut members = BTreeMap::new();
        for _ in 0..count {
            if !bytes.get(at..)?.starts_with(MEMBER) {
                return None;
            }
            let length = |offset| u16_at(bytes, at + offset).map(usize::from);
            let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
            let text = String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned();
            let deflated = u16_at(bytes, at + 10)? == 8;
            let (size, offset) = (u32_at(bytes, at + 20)?, u32_at(bytes, at + 42)?);
            members.insert(text, Member { offset, size, deflated });
            at += 46 + name + extra + comment;
        }
        Some(Self { bytes, members })
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Returns the content of a member, the first megabytes of a large one.
    pub(super) fn content(&self, name: &str) -> Option<Vec<u8>> {
        let member = self.members.get(name)?;
        let start = member.offset;
        let length = |offset| u16_at(self.bytes, start + offset).map(usize::from);
        let start = start + 30 + length(26)? + length(28)?;
        let data = self.bytes.get(start..start.checked_add(member.size)?)?;
        let mut content = Vec::new();
        if member.deflated {
            DeflateDecoder::new(data).take(MAX_MEMBER).read_to_end(&mut content).ok()?;
        } else {
            data.take(MAX_MEMBER).read_to_end(&mut content).ok()?;
        }
        Some(content)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let value = u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?);
    usize::try_from(value).ok()
}

/// Writes an archive of stored members, for tests.
#[cfg(test)]
pub(super) fn write(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in members {
        let offset = bytes.len() as u32;
        let sizes = [content.len() as u32; 2].map(u32::to_le_bytes).concat();
        let name_size = (name.len() as u16).to_le_bytes();
        bytes.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        bytes.extend(&sizes);
        bytes.extend(name_size);
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend(&sizes);
        directory.extend(name_size);
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (size, offset) = ((directory.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend([size, offset].concat());
    bytes.extend([0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_are_found_and_read() {
        let bytes = write(&[("META-INF/MANIFEST.MF", b"Main-Class: a.B\n"), ("a/B.class", b"\xca\xfe")]);
        let archive = Archive::read(&bytes).expect("an archive");
        assert!(archive.contains("a/B.class") && !archive.contains("a/C.class"));
        assert_eq!(archive.content("META-INF/MANIFEST.MF").as_deref(), Some(&b"Main-Class: a.B\n"[..]));
        assert!(Archive::read(b"no archive").is_none());
    }

    proptest! {
        #[test]
        fn damage_is_survived(at in 0usize..230, value: u8) {
            let mut bytes = write(&[("META-INF/MANIFEST.MF", b"Main-Class: a.B\n"), ("a/B.class", b"\xca\xfe")]);
            let at = at.min(bytes.len() - 1);
            bytes[at] = value;
            if let Some(archive) = Archive::read(&bytes) {
                archive.content("META-INF/MANIFEST.MF");
                archive.content("a/B.class");
            }
        }
    }
}
