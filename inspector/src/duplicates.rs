//! Contents that an image holds several times at different paths: no waste of layers, and bytes all the
//! same.

use std::collections::BTreeMap;

use attar_image::digest::Digest;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form, Stack};

/// One content at several paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Bytes of one copy.
    pub size: u64,
    /// Where it stands; hard links count once.
    pub paths: Vec<TreePath>,
}

impl Duplicate {
    /// Returns the bytes of all copies but one.
    pub fn bytes(&self) -> u64 {
        self.size.saturating_mul(self.paths.len() as u64 - 1)
    }
}

/// Finds what a container sees several times, the most bytes first; `None` unless the stack was read with
/// digests.
pub fn duplicates(stack: &Stack) -> Option<Vec<Duplicate>> {
    let mut found: BTreeMap<Digest, (u64, BTreeMap<EntryId, TreePath>)> = BTreeMap::new();
    for entry in stack.view() {
        let file = stack.linked(entry);
        let row = stack.row(file);
        if row.form != Form::File || row.size == 0 {
            continue;
        }
        let (_, places) = found.entry(stack.digest(file)?).or_insert((row.size, BTreeMap::new()));
        places.entry(file).or_insert_with(|| stack.paths().path(stack.place(entry)));
    }
    let several = found.into_values().filter(|(_, places)| places.len() > 1);
    let mut all: Vec<Duplicate> = several
        .map(|(size, places)| {
            let mut paths: Vec<TreePath> = places.into_values().collect();
            paths.sort();
            Duplicate { size, paths }
        })
        .collect();
    all.sort_by(|one, other| other.bytes().cmp(&one.bytes()).then_with(|| one.paths.cmp(&other.paths)));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, stack, stack_with_digests};
    use attar_testing::layers::Layer;

    #[test]
    fn contents_are_compared_and_links_are_not_copies() {
        let layers = || {
            [
                Layer::new().file("a", bytes(50)).file("b", bytes(50)).hard_link("c", "a").file("x", "1"),
                Layer::new().file("y", "1").file("z", "1").file("empty", "").file("none", ""),
            ]
        };
        let found = duplicates(&stack_with_digests(layers())).expect("digests");
        let shown: Vec<String> =
            found.iter().map(|found| format!("{} {} {:?}", found.bytes(), found.size, found.paths)).collect();
        assert_eq!(shown, ["50 50 [/a, /b]", "2 1 [/x, /y, /z]"]);
        assert_eq!(duplicates(&stack(layers())), None);
    }
}
