//! Paths of lists, brought into one spelling and kept without repeating their directories.

use std::collections::BTreeMap;

/// The longest path that counts, in bytes; the limit of the kernel's path functions.
const MAX_PATH: usize = 4096;

/// Brings `/usr/bin/x`, `./usr/bin/x` and `usr//bin/x` into the one spelling `usr/bin/x`.
///
/// `None` for what can be no path of a tree: with a `..` component, a NUL byte, or too long.
pub(super) fn canonical(path: &[u8]) -> Option<Vec<u8>> {
    let mut canonical = Vec::with_capacity(path.len().min(MAX_PATH));
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => return None,
            name => {
                if !canonical.is_empty() {
                    canonical.push(b'/');
                }
                canonical.extend_from_slice(name);
            }
        }
        if canonical.len() > MAX_PATH {
            return None;
        }
    }
    (!canonical.contains(&0)).then_some(canonical)
}

/// Parts a canonical path into its directory and its last component; of the root both are empty.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path) {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// Puts together what [`split`] parted.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

/// Returns how an image whose `/usr` is merged, or is not, would spell a directory: `usr/bin` for
/// `bin`, and `bin` for `usr/bin`.
pub(super) fn other_spelling(directory: &[u8]) -> Option<Vec<u8>> {
    let is_merged = |path: &[u8]| {
        let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
        matches!(first, b"bin" | b"sbin" | b"lib" | b"lib32" | b"lib64" | b"libo32" | b"libx32")
    };
    match directory.strip_prefix(b"usr/") {
        Some(rest) => is_merged(rest).then(|| rest.to_vec()),
        None => is_merged(directory).then(|| join(b"usr", directory)),
    }
}

/// A component among [`Names`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    start: u32,
    length: u16,
}

/// Last components of paths, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Vec<u8>);

impl Names {
    /// Keeps a component, which must not be longer than a path; `None` when there is no room left.
    pub(super) fn add(&mut self, name: &[u8]) -> Option<Name> {
        let start = u32::try_from(self.0.len()).ok()?;
        let length = u16::try_from(name.len()).ok()?;
        self.0.extend_from_slice(name);
        Some(Name { start, length })
    }

    pub(super) fn get(&self, name: Name) -> &[u8] {
        let start = name.start as usize;
        &self.0[start..start + usize::from(name.length)]
    }

    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// Directories, numbered in the order in which they are met.
#[derive(Debug, Clone, Default)]
pub(super) struct Directories {
    numbers: BTreeMap<Box<[u8]>, u32>,
}

impl Directories {
    pub(super) fn number(&mut self, directory: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(directory) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(directory.into(), number);
        number
    }

    /// Returns the directories in the order of their bytes, and the place of each one by its number.
    pub(super) fn sorted(self) -> (Vec<Box<[u8]>>, Vec<u32>) {
        let mut places = vec![0; self.numbers.len()];
        let mut sorted = Vec::with_capacity(self.numbers.len());
        for (directory, number) in self.numbers {
            places[number as usize] = sorted.len() as u32;
            sorted.push(directory);
        }
        (sorted, places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_becomes_one() {
        for path in ["/usr/bin/x", "./usr/bin/x", "usr//bin/./x", "/usr/bin/x/"] {
            assert_eq!(canonical(path.as_bytes()).as_deref(), Some(&b"usr/bin/x"[..]), "{path}");
        }
        assert_eq!(canonical(b"/."), Some(Vec::new()));
        let long = vec![b'a'; MAX_PATH + 1];
        for path in [&b"usr/../bin"[..], b"a\0b", &long] {
            assert_eq!(canonical(path), None);
        }
    }

    #[test]
    fn merged_directories_have_two_spellings() {
        for (left, right) in [("bin", "usr/bin"), ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")] {
            assert_eq!(other_spelling(left.as_bytes()).as_deref(), Some(right.as_bytes()));
            assert_eq!(other_spelling(right.as_bytes()).as_deref(), Some(left.as_bytes()));
        }
        for directory in ["", "usr", "usr/share", "etc", "libexec", "binary"] {
            assert_eq!(other_spelling(directory.as_bytes()), None, "{directory}");
        }
    }
}
