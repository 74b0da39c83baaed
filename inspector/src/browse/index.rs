//! What stands below each directory of a stack, and what ever stood at each path.

use std::cmp::Ordering;
use std::sync::Arc;

use attar_image::stack::{EntryId, PathId, Stack};

/// Children and entries of every path of a stack, whether or not they are alive: 12 bytes a path and 8 an
/// entry.
#[derive(Clone, Debug)]
pub struct Index {
    children: Lists<PathId>,
    entries: Lists<EntryId>,
    parents: Arc<[PathId]>,
}

/// One list of values for each path, or whatever else has numbers, all in one block.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    /// Where the list of each path starts; one more than there are paths.
    starts: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { starts: vec![0], values: Vec::new() }
    }
}

impl<T: Copy> Lists<T> {
    /// Makes `count` lists out of their values, which come twice, in any order of the lists: within a list
    /// they keep the order in which they come. There are less than 2^32 of them.
    pub(super) fn of<I: Iterator<Item = (usize, T)>>(count: usize, values: impl Fn() -> I) -> Self {
        let mut starts = vec![0_u32; count + 1];
        let mut first = None;
        for (number, value) in values() {
            starts[number + 1] += 1;
            first.get_or_insert(value);
        }
        for number in 0..count {
            starts[number + 1] += starts[number];
        }
        let Some(first) = first else { return Self { starts, values: Vec::new() } };
        let mut placed = vec![first; starts[count] as usize];
        let mut next = starts.clone();
        for (number, value) in values() {
            let place = &mut next[number];
            placed[*place as usize] = value;
            *place += 1;
        }
        Self { starts, values: placed }
    }

    pub(super) fn reverse_each(&mut self) {
        for bounds in self.starts.windows(2) {
            self.values[bounds[0] as usize..bounds[1] as usize].reverse();
        }
    }

    pub(super) fn sort_each(&mut self, order: impl Fn(&T, &T) -> Ordering) {
        for bounds in self.starts.windows(2) {
            self.values[bounds[0] as usize..bounds[1] as usize].sort_unstable_by(&order);
        }
    }
}

impl<T> Lists<T> {
    /// Ends the list of the next number. [`push`](Self::push) what belongs to it first.
    pub(super) fn end(&mut self) {
        // There are no more values than numbers, and these have 32 bits.
        self.starts.push(self.values.len() as u32);
    }

    pub(super) fn push(&mut self, value: T) {
        self.values.push(value);
    }

    /// Returns the values of the list that has not ended yet.
    pub(super) fn last_mut(&mut self) -> &mut [T] {
        let start = self.starts.last().map_or(0, |start| *start as usize);
        &mut self.values[start..]
    }

    /// Returns the list of a number; nothing of one that has none yet.
    pub(super) fn list(&self, number: usize) -> &[T] {
        match self.starts.get(number..number + 2) {
            Some([start, end]) => &self.values[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::of(&Stack::default())
    }
}

impl Index {
    /// Makes the index of a stack.
    pub fn of(stack: &Stack) -> Self {
        let paths = stack.paths();
        let mut children =
            Lists::of(paths.count(), || paths.iter().skip(1).map(|path| (paths.parent(path).index(), path)));
        children.sort_each(|one: &PathId, other| paths.name(*one).cmp(paths.name(*other)));
        let landed = |entry| (stack.place(entry).index(), entry);
        let all = || {
            (0..stack.layers().len())
                .flat_map(|layer| stack.entries(layer))
                .filter(|entry| stack.row(*entry).form.is_entry())
                .map(landed)
        };
        Self {
            children,
            entries: Lists::of(paths.count(), all),
            parents: paths.iter().map(|path| paths.parent(path)).collect(),
        }
    }

    /// Returns the number of paths.
    pub fn count(&self) -> usize {
        self.parents.len()
    }

    /// Returns what any layer has directly below a path, by the bytes of the names.
    pub fn children(&self, path: PathId) -> &[PathId] {
        self.children.list(path.index())
    }

    /// Returns all entries that landed at a path, the lowest layer first, in the order of their archives:
    /// whiteouts are none of them, but links to nothing are.
    pub fn entries(&self, path: PathId) -> &[EntryId] {
        self.entries.list(path.index())
    }

    /// Returns the directory above a path by its number; the root is its own.
    pub(super) fn parent(&self, number: usize) -> PathId {
        self.parents[number]
    }

    /// Returns the directory above each path, by number.
    pub(super) fn parents(&self) -> Arc<[PathId]> {
        Arc::clone(&self.parents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, stack};
    use attar_image::path::TreePath;
    use attar_testing::layers::Layer;

    #[test]
    fn children_are_in_order_and_entries_stand_where_they_landed() {
        let stack = stack([
            Layer::new().directory("usr").directory("usr/bin").symlink("bin", "usr/bin").file("b", ""),
            Layer::new().file("bin/sh", bytes(3)).file("a", "").whiteout("b"),
            Layer::new().file("usr/bin/sh", bytes(4)).file("b", ""),
        ]);
        let index = Index::of(&stack);
        let find = |path: &str| stack.paths().find(&TreePath::parse(path).expect("a path")).expect("known");
        let names = |path: &str| -> Vec<String> {
            let children = index.children(find(path)).iter();
            children.map(|path| String::from_utf8_lossy(stack.paths().name(*path)).into_owned()).collect()
        };
        assert_eq!(names(""), ["a", "b", "bin", "usr"]);
        assert_eq!(names("usr/bin"), ["sh"]);
        let layers = |path: &str| -> Vec<usize> {
            index.entries(find(path)).iter().map(|entry| stack.layer_of(*entry)).collect()
        };
        assert_eq!(layers("usr/bin/sh"), [1, 2]);
        assert_eq!(layers("b"), [0, 2]);
        assert_eq!(layers("bin"), [0]);
        assert_eq!(index.count(), stack.paths().count());
    }

    #[test]
    fn a_stack_of_nothing_has_a_root() {
        let index = Index::of(&Stack::default());
        assert_eq!(
            (index.count(), index.children(PathId::ROOT), index.entries(PathId::ROOT)),
            (1, &[][..], &[][..])
        );
    }
}
