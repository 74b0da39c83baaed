//! What each package takes of an image.

use std::collections::BTreeMap;

use attar_image::stack::{EntryId, Form, Stack};

/// The packages of an image, and which of them has a path.
#[derive(Clone, Copy)]
pub struct Owners<'a> {
    /// Name and version of each package.
    pub packages: &'a [(String, String)],
    /// Returns the place of a path's package in the list; none for what no package database names. The
    /// path has no leading slash.
    pub of: &'a dyn Fn(&[u8]) -> Option<usize>,
}

/// What one package takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The package; none for what is unrecorded.
    pub package: Option<(String, String)>,
    /// Files, links and devices that a container sees.
    pub files: u64,
    /// Bytes of the regular files among them; a file with several names counts once.
    pub bytes: u64,
}

/// Adds up what each package takes, the most bytes first. Directories count for nobody: most belong to
/// several packages.
pub fn shares(stack: &Stack, owners: Owners<'_>) -> Vec<Share> {
    let mut sums: BTreeMap<Option<usize>, (u64, u64)> = BTreeMap::new();
    let mut counted: BTreeMap<EntryId, ()> = BTreeMap::new();
    let mut path = Vec::new();
    for entry in stack.view() {
        let file = stack.linked(entry);
        let row = stack.row(file);
        if row.form == Form::Directory {
            continue;
        }
        path.clear();
        stack.paths().write(stack.place(entry), &mut path);
        let (files, bytes) = sums.entry((owners.of)(&path)).or_default();
        *files += 1;
        let is_new = entry == file || counted.insert(file, ()).is_none();
        if is_new && (entry == file || stack.end_of_name(file).is_some()) {
            *bytes = bytes.saturating_add(row.size);
        }
    }
    let name = |package: Option<usize>| package.and_then(|place| owners.packages.get(place).cloned());
    let mut shares: Vec<Share> = sums
        .into_iter()
        .map(|(package, (files, bytes))| Share { package: name(package), files, bytes })
        .collect();
    shares.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.package.cmp(&other.package)));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, stack};
    use attar_testing::layers::Layer;

    #[test]
    fn files_count_for_their_package() {
        let stack = stack([
            Layer::new()
                .directory("usr")
                .file("usr/a", bytes(10))
                .hard_link("usr/b", "usr/a")
                .symlink("usr/c", "a")
                .file("old", bytes(5))
                .hard_link("new", "old"),
            Layer::new().file("own", bytes(99)).whiteout("old"),
        ]);
        let packages = [("tool".to_owned(), "1".to_owned()), ("other".to_owned(), "2".to_owned())];
        let of = |path: &[u8]| match path {
            b"new" => Some(1),
            path => path.starts_with(b"usr/").then_some(0),
        };
        let shares = shares(&stack, Owners { packages: &packages, of: &of });
        let shown: Vec<_> = shares
            .iter()
            .map(|share| (share.package.as_ref().map(|package| &*package.0), share.files, share.bytes))
            .collect();
        assert_eq!(shown, [(None, 1, 99), (Some("tool"), 3, 10), (Some("other"), 1, 5)]);
    }
}
