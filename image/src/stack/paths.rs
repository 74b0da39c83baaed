//! Interned paths: each directory name is held once, whatever stands below it.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Serialize};

use crate::path::TreePath;

/// A path of a set of [`Paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PathId(pub(super) u32);

impl PathId {
    /// The root directory.
    pub const ROOT: Self = Self(0);

    /// Returns its number, below [`Paths::count`]: the place for what is known of it in a list of all.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// More names than fit: the set holds at most 4 GiB of them, and as many paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than 4 GiB of file names")]
pub struct TooManyNames;

/// One component of a path, below its directory.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Node {
    parent: u32,
    start: u32,
    length: u16,
}

const _: () = assert!(size_of::<Node>() == 12);

/// Paths by number alone: none can be looked up, and none added. A directory always has a smaller
/// number than what is below it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Names {
    nodes: Vec<Node>,
    names: Vec<u8>,
}

impl Names {
    fn name(&self, number: u32) -> &[u8] {
        let node = self.nodes[number as usize];
        let start = node.start as usize;
        &self.names[start..start + usize::from(node.length)]
    }

    /// Returns the number of paths.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Says whether the numbers are in order; those of a damaged file may not be.
    pub(super) fn is_sound(&self) -> bool {
        let mut nodes = self.nodes.iter().enumerate();
        let root = nodes.next();
        root.is_some_and(|(_, node)| node.parent == 0 && node.length == 0)
            && nodes.all(|(number, node)| {
                (node.parent as usize) < number
                    && node.start as usize + usize::from(node.length) <= self.names.len()
            })
    }
}

/// A set of paths. A directory always has a smaller number than what is below it.
#[derive(Clone, Debug)]
pub struct Paths {
    names: Names,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Default for Paths {
    fn default() -> Self {
        let root = Node { parent: 0, start: 0, length: 0 };
        Self {
            names: Names { nodes: vec![root], names: Vec::new() },
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Paths {
    /// Returns the number of paths, the root included.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Iterates over all paths by their numbers: the root first, each directory before what is below it.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = PathId> + ExactSizeIterator + use<> {
        // `intern_child` lets there be no more than 32 bits can count.
        (0..self.count() as u32).map(PathId)
    }

    /// Returns the number of what `name` is in `directory`, which is given one when it is new.
    pub(super) fn intern_child(&mut self, directory: PathId, name: &[u8]) -> Result<PathId, TooManyNames> {
        let hash = self.hash(directory, name);
        if let Some(found) = self.look_up(hash, directory, name) {
            return Ok(found);
        }
        let Names { nodes, names } = &mut self.names;
        let number = u32::try_from(nodes.len()).map_err(|_| TooManyNames)?;
        let start = u32::try_from(names.len()).map_err(|_| TooManyNames)?;
        let length = u16::try_from(name.len()).map_err(|_| TooManyNames)?;
        // The last numbers mean something else in the tables that stand upon this one.
        if number >= u32::MAX - 1 {
            return Err(TooManyNames);
        }
        names.extend_from_slice(name);
        nodes.push(Node { parent: directory.0, start, length });
        let (names, hasher) = (&self.names, &self.hasher);
        self.index.insert_unique(hash, number, |other| {
            hasher.hash_one((names.nodes[*other as usize].parent, names.name(*other)))
        });
        Ok(PathId(number))
    }

    /// Returns the number of a path, which is given one when it is new.
    pub(super) fn intern(&mut self, path: &TreePath) -> Result<PathId, TooManyNames> {
        path.components().try_fold(PathId::ROOT, |directory, name| self.intern_child(directory, name))
    }

    /// Returns the number of a path.
    pub fn find(&self, path: &TreePath) -> Option<PathId> {
        path.components().try_fold(PathId::ROOT, |directory, name| self.find_child(directory, name))
    }

    /// Returns the number of what `name` is in `directory`.
    pub fn find_child(&self, directory: PathId, name: &[u8]) -> Option<PathId> {
        self.look_up(self.hash(directory, name), directory, name)
    }

    /// Returns the directory that holds a path; the root is its own.
    pub fn parent(&self, path: PathId) -> PathId {
        PathId(self.names.nodes[path.index()].parent)
    }

    /// Returns the last component of a path; empty for the root.
    pub fn name(&self, path: PathId) -> &[u8] {
        self.names.name(path.0)
    }

    /// Iterates over the directories above a path, the nearest first, ending with the root.
    pub fn ancestors(&self, path: PathId) -> impl Iterator<Item = PathId> {
        let above = move |path: PathId| (path != PathId::ROOT).then(|| self.parent(path));
        std::iter::successors(above(path), move |path| above(*path))
    }

    /// Returns the whole path.
    pub fn path(&self, path: PathId) -> TreePath {
        let mut bytes = Vec::new();
        self.write(path, &mut bytes);
        TreePath::canonical(bytes)
    }

    /// Appends the whole path, without a slash in front.
    pub fn write(&self, path: PathId, out: &mut Vec<u8>) {
        let mut components: Vec<PathId> = self.ancestors(path).collect();
        // The root has no name.
        components.pop();
        for directory in components.into_iter().rev() {
            out.extend_from_slice(self.name(directory));
            out.push(b'/');
        }
        out.extend_from_slice(self.name(path));
    }

    /// Gives every path of `other` a number here; returns these numbers in the order of the others.
    pub(super) fn absorb(&mut self, other: &Names) -> Result<Vec<PathId>, TooManyNames> {
        let mut numbers = Vec::with_capacity(other.len());
        numbers.push(PathId::ROOT);
        for (number, node) in (0..).zip(&other.nodes).skip(1) {
            let directory = numbers[node.parent as usize];
            numbers.push(self.intern_child(directory, other.name(number))?);
        }
        Ok(numbers)
    }

    /// Gives up what is only needed for looking paths up.
    pub(super) fn into_names(mut self) -> Names {
        self.names.nodes.shrink_to_fit();
        self.names.names.shrink_to_fit();
        self.names
    }

    fn hash(&self, directory: PathId, name: &[u8]) -> u64 {
        self.hasher.hash_one((directory.0, name))
    }

    fn look_up(&self, hash: u64, directory: PathId, name: &[u8]) -> Option<PathId> {
        let is_it = |number: &u32| {
            self.names.nodes[*number as usize].parent == directory.0 && self.names.name(*number) == name
        };
        self.index.find(hash, is_it).map(|number| PathId(*number))
    }
}
