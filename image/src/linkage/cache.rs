//! The dynamic linker's cache, `/etc/ld.so.cache`, as glibc reads it.

use std::collections::BTreeMap;

use crate::elf::ByteOrder;

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// Most entries that are read; a desktop has some thousand.
const MAX_ENTRIES: usize = 1 << 18;

/// Libraries by name, with the paths the cache gives for each in its order.
pub(super) type Cache = BTreeMap<String, Vec<String>>;

/// Reads a cache. What cannot be read has no entries, as for the linker.
///
/// Entries for variants of the processor are left out: a machine need not have any.
pub(super) fn read(bytes: &[u8], order: ByteOrder) -> Cache {
    let mut cache = Cache::new();
    let Some(bytes) = current_format(bytes, order) else { return cache };
    let count = word(bytes, 20, order).unwrap_or_default().min(MAX_ENTRIES);
    for number in 0..count {
        let at = HEADER + number * ENTRY;
        let field = |offset| word(bytes, at + offset, order);
        let (Some(key), Some(value), Some(low), Some(high)) = (field(4), field(8), field(16), field(20))
        else {
            break;
        };
        let (Some(key), Some(value)) = (text(bytes, key), text(bytes, value)) else { continue };
        if (low, high) == (0, 0) {
            cache.entry(key).or_default().push(value);
        }
    }
    cache
}

/// Skips the part in the format of before 1999, which may stand in front.
fn current_format(bytes: &[u8], order: ByteOrder) -> Option<&[u8]> {
    let bytes = if bytes.starts_with(OLD_MAGIC) {
        let size = 16 + 12 * word(bytes, 12, order)?.min(MAX_ENTRIES);
        bytes.get(size.next_multiple_of(8)..)?
    } else {
        bytes
    };
    bytes.starts_with(MAGIC).then_some(bytes)
}

fn word(bytes: &[u8], at: usize, order: ByteOrder) -> Option<usize> {
    let word = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    let word = match order {
        ByteOrder::Little => u32::from_le_bytes(word),
        ByteOrder::Big => u32::from_be_bytes(word),
    };
    usize::try_from(word).ok()
}

fn text(bytes: &[u8], at: usize) -> Option<String> {
    let rest = bytes.get(at..)?;
    let end = memchr::memchr(0, rest).filter(|end| *end <= crate::path::MAX_PATH)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

#[cfg(test)]
pub(super) fn write(libraries: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((libraries.len() as u32).to_le_bytes());
    bytes.resize(HEADER, 0);
    let mut strings = Vec::new();
    let start = HEADER + ENTRY * libraries.len();
    for (name, path) in libraries {
        let mut put = |text: &str| {
            let at = (start + strings.len()) as u32;
            strings.extend(text.as_bytes());
            strings.push(0);
            at
        };
        let (name, path) = (put(name), put(path));
        for word in [0x303, name, path, 0, 0, 0] {
            bytes.extend(u32::to_le_bytes(word));
        }
    }
    bytes.extend(strings);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let bytes = write(&[("libz.so.1", "/lib/libz.so.1"), ("liba.so", "/opt/a/liba.so")]);
        let cache = read(&bytes, ByteOrder::Little);
        assert_eq!(cache["liba.so"], ["/opt/a/liba.so"]);
        assert_eq!(cache.len(), 2);
        let mut old = OLD_MAGIC.to_vec();
        old.resize(16, 0);
        old.extend(&bytes);
        assert_eq!(read(&old, ByteOrder::Little), cache);
    }

    proptest! {
        #[test]
        fn damage_is_survived(at in 0usize..120, value: u8, length in 0usize..160) {
            let mut bytes = write(&[("libz.so.1", "/lib/libz.so.1"), ("liba.so", "/opt/a/liba.so")]);
            bytes[at] = value;
            bytes.truncate(length);
            read(&bytes, ByteOrder::Little);
        }
    }
}
