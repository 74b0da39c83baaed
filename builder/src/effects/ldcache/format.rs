//! The file itself: header, entries, strings and extensions of the format `glibc-ld.so.cache1.1`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use attar_image::elf::ByteOrder;

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// Begins the directory of extensions.
const EXTENSION_MAGIC: u32 = 0xeaa4_2174;
/// Marks an entry whose low half is the number of a variant of the processor.
const VARIANT: u64 = 1 << 62;

/// What the cache holds before it is written.
#[derive(Default)]
pub(super) struct Cache {
    /// Libraries in the order in which they are found.
    pub(super) libraries: Vec<Library>,
    /// Strings that no library uses.
    pub(super) strings: BTreeSet<Vec<u8>>,
}

/// A library.
pub(super) struct Library {
    pub(super) soname: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) flags: u32,
    /// Level of the instruction set that it needs.
    pub(super) level: u32,
    /// Name of the variant of the processor that it is for.
    pub(super) variant: Option<String>,
}

impl Cache {
    /// Writes the file. `signed` says whether the architecture's characters are.
    pub(super) fn into_bytes(mut self, order: ByteOrder, generator: &str, signed: bool) -> Vec<u8> {
        self.libraries.sort_by(|a, b| compare(a, b, signed));
        let variants: BTreeSet<&str> =
            self.libraries.iter().filter_map(|found| found.variant.as_deref()).collect();
        for library in &self.libraries {
            self.strings.insert(library.soname.clone());
            self.strings.insert(library.path.clone());
        }
        let (table, offsets) = string_table(&self.strings);
        let strings_start = HEADER + ENTRY * self.libraries.len();
        let offset = |string: &[u8]| (strings_start + offsets[string]) as u32;
        let extensions = (strings_start + table.len()).next_multiple_of(4);

        let mut file = File { bytes: MAGIC.to_vec(), order };
        file.word(self.libraries.len() as u32);
        file.word(table.len() as u32);
        // The byte order, then three bytes of padding.
        file.bytes.extend([if order == ByteOrder::Big { 3 } else { 2 }, 0, 0, 0]);
        file.word(extensions as u32);
        (0..3).for_each(|_| file.word(0));
        for library in &self.libraries {
            file.word(library.flags);
            file.word(offset(&library.soname));
            file.word(offset(&library.path));
            file.word(0);
            let number = library
                .variant
                .as_deref()
                .and_then(|name| variants.iter().position(|variant| *variant == name));
            file.long(number.map_or(0, |number| VARIANT | u64::from(library.level) << 32 | number as u64));
        }
        file.bytes.extend_from_slice(&table);
        file.bytes.resize(extensions, 0);
        let variants: Vec<u32> = variants.into_iter().map(|name| offset(name.as_bytes())).collect();
        file.extensions(generator, &variants);
        file.bytes
    }
}

struct File {
    bytes: Vec<u8>,
    order: ByteOrder,
}

impl File {
    fn word(&mut self, value: u32) {
        match self.order {
            ByteOrder::Little => self.bytes.extend(value.to_le_bytes()),
            ByteOrder::Big => self.bytes.extend(value.to_be_bytes()),
        }
    }

    fn long(&mut self, value: u64) {
        match self.order {
            ByteOrder::Little => self.bytes.extend(value.to_le_bytes()),
            ByteOrder::Big => self.bytes.extend(value.to_be_bytes()),
        }
    }

    /// Appends the directory of extensions, the names of variants, and who made the file.
    fn extensions(&mut self, generator: &str, variants: &[u32]) {
        let sections = if variants.is_empty() { 1 } else { 2 };
        let variants_start = self.bytes.len() + 8 + 16 * sections;
        let variants_size = 4 * variants.len();
        self.word(EXTENSION_MAGIC);
        self.word(sections as u32);
        let mut section = |tag: u32, start: usize, size: usize| {
            for value in [tag, 0, start as u32, size as u32] {
                self.word(value);
            }
        };
        section(0, variants_start + variants_size, generator.len());
        if !variants.is_empty() {
            section(1, variants_start, variants_size);
        }
        for offset in variants {
            self.word(*offset);
        }
        self.bytes.extend_from_slice(generator.as_bytes());
    }
}

/// Orders libraries as the linker's binary search expects: names downward, and within a name those
/// for variants of the processor first.
fn compare(a: &Library, b: &Library, signed: bool) -> Ordering {
    let variants = || match (&a.variant, &b.variant) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    compare_names(&b.soname, &a.soname, signed).then(b.flags.cmp(&a.flags)).then_with(variants)
}

/// Compares names of libraries: runs of digits by their value, and a digit after any other character.
pub(super) fn compare_names(a: &[u8], b: &[u8], signed: bool) -> Ordering {
    let (mut a, mut b) = (a, b);
    let value = |byte: u8| if signed { i32::from(byte as i8) } else { i32::from(byte) };
    loop {
        match (a.first().copied(), b.first().copied()) {
            (None, None) => return Ordering::Equal,
            (None, Some(right)) => return 0.cmp(&value(right)),
            (Some(left), Some(right)) if left.is_ascii_digit() && right.is_ascii_digit() => {
                let order = number(&mut a).wrapping_sub(number(&mut b)).cmp(&0);
                if order.is_ne() {
                    return order;
                }
            }
            (Some(left), _) if left.is_ascii_digit() => return Ordering::Greater,
            (Some(_), Some(right)) if right.is_ascii_digit() => return Ordering::Less,
            (Some(left), right) => {
                let right = right.unwrap_or(0);
                if left != right {
                    return value(left).cmp(&value(right));
                }
                (a, b) = (&a[1..], &b[1..]);
            }
        }
    }
}

/// Reads a number as a C program that does not look at overflow.
fn number(digits: &mut &[u8]) -> i32 {
    let mut number = 0i32;
    while let [digit @ b'0'..=b'9', rest @ ..] = digits {
        number = number.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'));
        *digits = rest;
    }
    number
}

/// Puts strings into one table; a string that ends the one before it shares its bytes.
fn string_table(strings: &BTreeSet<Vec<u8>>) -> (Vec<u8>, BTreeMap<&[u8], usize>) {
    let mut sorted: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
    // By their characters from the end, downward, so that a string follows those that end with it.
    sorted.sort_by(|a, b| b.iter().rev().cmp(a.iter().rev()));
    let mut table: Vec<u8> = Vec::new();
    let mut offsets = BTreeMap::new();
    let mut previous: Option<(&[u8], usize)> = None;
    for string in sorted {
        let offset = match previous {
            Some((before, at)) if before.ends_with(string) => at + before.len() - string.len(),
            _ => {
                let at = table.len();
                table.extend_from_slice(string);
                table.push(0);
                at
            }
        };
        offsets.insert(string, offset);
        previous = Some((string, offset));
    }
    (table, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_by_their_numbers() {
        for (a, b, expected) in [
            ("libc.so.6", "libc.so.6", Ordering::Equal),
            ("libc.so.10", "libc.so.9", Ordering::Greater),
            ("liba.so.1", "liba.so.x", Ordering::Greater),
            ("liba.so", "liba.so.1", Ordering::Less),
            ("liba1.so", "liba.so", Ordering::Greater),
            ("liba.so.01", "liba.so.1", Ordering::Equal),
            ("libb", "liba", Ordering::Greater),
        ] {
            assert_eq!(compare_names(a.as_bytes(), b.as_bytes(), true), expected, "{a} {b}");
            assert_eq!(compare_names(b.as_bytes(), a.as_bytes(), true), expected.reverse(), "{b} {a}");
        }
        assert_eq!(compare_names(b"\xff", b"a", true), Ordering::Less);
        assert_eq!(compare_names(b"\xff", b"a", false), Ordering::Greater);
    }

    #[test]
    fn strings_share_their_ends() {
        let strings = ["/lib/libc.so.6", "libc.so.6", "so.6", "other"].map(|s| s.as_bytes().to_vec()).into();
        let (table, offsets) = string_table(&strings);
        assert_eq!(String::from_utf8_lossy(&table), "other\0/lib/libc.so.6\0");
        let expected: BTreeMap<&[u8], usize> =
            [(&b"/lib/libc.so.6"[..], 6), (b"libc.so.6", 11), (b"so.6", 16), (b"other", 0)].into();
        assert_eq!(offsets, expected);
    }
}
