//! What each package takes of an image, and what of it is dead.

use std::collections::BTreeMap;

use attar_image::stack::{EntryId, Form, Stack};

use crate::analysis::{Copy, copy};

/// Returns the place of a path's package in a list; none for what no package database names. The path has
/// no leading slash. Of a dead file the layer is said that brought it, from 0: whose it was may only be
/// known from what the database said then.
pub type OwnerOf<'a> = dyn Fn(&[u8], Option<usize>) -> Option<usize> + 'a;

/// The packages of an image, and which of them has a path.
#[derive(Clone, Copy)]
pub struct Owners<'a> {
    /// Name and version of each package.
    pub packages: &'a [(String, String)],
    /// Says which of them has a path.
    pub of: &'a OwnerOf<'a>,
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
    /// Its files that are dead, the most bytes first: those that came and died by the same layers count
    /// together.
    pub waste: Vec<Waste>,
}

/// Dead files of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waste {
    /// The layer that brought them, from 0 for the lowest.
    pub introduced: usize,
    /// The layer that they died by; the same when a later entry of the same archive did it.
    pub killed: usize,
    /// How many there are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Share {
    /// Returns the bytes of all its dead files.
    pub fn dead(&self) -> u64 {
        self.waste.iter().fold(0, |sum, waste| sum.saturating_add(waste.bytes))
    }
}

/// What is known of one package on the way.
#[derive(Default)]
struct Sum {
    files: u64,
    bytes: u64,
    waste: BTreeMap<(usize, usize), Waste>,
}

/// Adds up what each package takes, the most bytes first. Directories count for nobody: most belong to
/// several packages. A package of which nothing is left but dead files is among them.
pub fn shares(stack: &Stack, owners: Owners<'_>) -> Vec<Share> {
    let mut sums: BTreeMap<Option<usize>, Sum> = BTreeMap::new();
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
        let sum = sums.entry((owners.of)(&path, None)).or_default();
        sum.files += 1;
        let is_new = entry == file || counted.insert(file, ()).is_none();
        if is_new && (entry == file || stack.end_of_name(file).is_some()) {
            sum.bytes = sum.bytes.saturating_add(row.size);
        }
    }
    for layer in 0..stack.layers().len() {
        for entry in stack.entries(layer) {
            let Some(copy) = copy(stack, entry, layer) else { continue };
            path.clear();
            stack.paths().write(stack.place(entry), &mut path);
            let sum = sums.entry((owners.of)(&path, Some(layer))).or_default();
            let Copy { introduced, killed, .. } = copy;
            let new = Waste { introduced, killed, files: 0, bytes: 0 };
            let waste = sum.waste.entry((introduced, killed)).or_insert(new);
            waste.files += 1;
            waste.bytes = waste.bytes.saturating_add(copy.bytes);
        }
    }
    let name = |package: Option<usize>| package.and_then(|place| owners.packages.get(place).cloned());
    let mut shares: Vec<Share> = sums
        .into_iter()
        .map(|(package, sum)| {
            let mut waste: Vec<Waste> = sum.waste.into_values().collect();
            waste.sort_by_key(|waste| std::cmp::Reverse(waste.bytes));
            Share { package: name(package), files: sum.files, bytes: sum.bytes, waste }
        })
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
        let of = |path: &[u8], _: Option<usize>| match path {
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
