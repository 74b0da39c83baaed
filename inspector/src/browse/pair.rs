//! Two images as one tree: what both have stands once, marked with how it differs.

use std::sync::Arc;

use attar_image::filesystem::Metadata;
use attar_image::stack::{EntryId, Form, PathId, Place, Stack, side_by_side};
use attar_packages::ownership::Ownership;

use super::figures::Figures;
use super::filter::{Filter, Subject};
use super::index::Lists;
use super::marks::Mark;
use super::rows::Forest;
use super::view::{Hide, Sort};

/// A path of two merged views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId(u32);

impl PairId {
    /// The root directory.
    pub const ROOT: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a path of the second image differs from that of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairMark {
    /// Only the second has it.
    Added,
    /// Type, content, target, owner, mode or extended attributes differ; or, of a directory, something below
    /// it is not the same. Times do not count.
    Modified,
    /// Only the first has it.
    Removed,
    /// The contents were not compared, and nothing else differs.
    Unknown,
    /// Both have the same.
    Same,
}

impl PairMark {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Removed => "removed",
            Self::Unknown => "unknown",
            Self::Same => "same",
        }
    }

    /// Returns what a filter calls it: what is unknown counts as modified.
    pub fn mark(self) -> Mark {
        match self {
            Self::Added => Mark::Added,
            Self::Modified | Self::Unknown => Mark::Modified,
            Self::Removed => Mark::Removed,
            Self::Same => Mark::Unchanged,
        }
    }
}

/// What a pair shows, and how.
#[derive(Clone, Debug, Default)]
pub struct PairSettings {
    /// What is left out; what is the same counts as unchanged, what is unknown as modified.
    pub hide: Hide,
    /// What is left in. Terms ask about the second image's file, or about the first's where the second has
    /// none; nothing is dead here.
    pub filter: Option<Arc<Filter>>,
    /// In which order the paths of a directory stand: by size is by the larger of both.
    pub sort: Sort,
    /// Whether that order is reversed.
    pub is_reversed: bool,
    /// Which package has which path, in the first image and in the second.
    pub owners: [Option<Arc<Ownership>>; 2],
}

/// Two merged views as one tree.
#[derive(Clone, Debug)]
pub struct Pair {
    nodes: Arc<Nodes>,
    children: Lists<PairId>,
    is_match: Vec<bool>,
    matches: usize,
}

/// All paths of both, a directory before what is in it, siblings by name.
#[derive(Debug, Default)]
struct Nodes {
    nodes: Vec<Node>,
    /// The node of each path of the first image and of the second; 0 where the merged view has nothing.
    of_paths: [Vec<PairId>; 2],
}

#[derive(Clone, Copy, Debug)]
struct Node {
    paths: [Option<PathId>; 2],
    entries: [Option<EntryId>; 2],
    parent: PairId,
    mark: PairMark,
    bytes: [u64; 2],
}

impl Pair {
    /// Makes the tree of two stacks, best those of [`attar_image::stack::read_pair`], which knows what must be
    /// compared. Its time grows with both.
    pub fn of(one: &Stack, other: &Stack, settings: &PairSettings) -> Self {
        Self::showing(Arc::new(Nodes::of(one, other)), [one, other], settings)
    }

    /// Shows the same two stacks in another way.
    pub fn with(&self, one: &Stack, other: &Stack, settings: &PairSettings) -> Self {
        Self::showing(Arc::clone(&self.nodes), [one, other], settings)
    }

    fn showing(nodes: Arc<Nodes>, stacks: [&Stack; 2], settings: &PairSettings) -> Self {
        let is_match = nodes.matching(stacks, settings);
        let mut is_shown = is_match.clone();
        for number in (1..is_shown.len()).rev() {
            if is_shown[number] {
                is_shown[nodes.nodes[number].parent.index()] = true;
            }
        }
        let matches = is_match.iter().filter(|is_match| **is_match).count();
        let children = nodes.children(&is_shown, settings);
        Self { nodes, children, is_match, matches }
    }

    /// Returns how a path differs.
    pub fn mark(&self, node: PairId) -> PairMark {
        self.nodes.nodes[node.index()].mark
    }

    /// Returns the path's number in the first image and in the second.
    pub fn paths(&self, node: PairId) -> [Option<PathId>; 2] {
        self.nodes.nodes[node.index()].paths
    }

    /// Returns what stands there in the first image and in the second; directories that are only implied
    /// have no entry.
    pub fn entries(&self, node: PairId) -> [Option<EntryId>; 2] {
        self.nodes.nodes[node.index()].entries
    }

    /// Returns the bytes of the regular files at a path and below it, in the first image and in the second.
    /// Each file counts with its own entry, hard links count nothing.
    pub fn bytes(&self, node: PairId) -> [u64; 2] {
        self.nodes.nodes[node.index()].bytes
    }

    /// Returns by how many bytes the second image is larger here.
    pub fn delta(&self, node: PairId) -> i64 {
        self.nodes.nodes[node.index()].delta()
    }

    /// Returns the node of a path of the first image.
    pub fn find_first(&self, path: PathId) -> Option<PairId> {
        self.nodes.find(0, path)
    }

    /// Returns the node of a path of the second image.
    pub fn find_second(&self, path: PathId) -> Option<PairId> {
        self.nodes.find(1, path)
    }

    /// Iterates over all paths of both, shown or not: a directory before what is in it, siblings by name.
    pub fn all(&self) -> impl Iterator<Item = PairId> + use<> {
        // The root is the first.
        (1..self.nodes.nodes.len() as u32).map(PairId)
    }

    /// Says whether a path is shown, for its own sake or for what is below it.
    pub fn is_shown(&self, node: PairId) -> bool {
        node == PairId::ROOT || self.is_match(node) || !self.children(node).is_empty()
    }

    /// Returns what is shown directly below a path, in order.
    pub fn children(&self, node: PairId) -> &[PairId] {
        self.children.list(node.index())
    }

    /// Returns the directory above a path; the root is its own.
    pub fn parent(&self, node: PairId) -> PairId {
        self.nodes.nodes[node.index()].parent
    }

    /// Says whether a path is shown for its own sake, not only for what is below it.
    pub fn is_match(&self, node: PairId) -> bool {
        self.is_match[node.index()]
    }

    /// Returns how many paths are shown for their own sake.
    pub fn matches(&self) -> usize {
        self.matches
    }
}

impl Forest for Pair {
    type Node = PairId;

    fn root(&self) -> PairId {
        PairId::ROOT
    }

    fn count(&self) -> usize {
        self.nodes.nodes.len()
    }

    fn number(&self, node: PairId) -> usize {
        node.index()
    }

    fn children(&self, node: PairId) -> &[PairId] {
        self.children(node)
    }

    fn parent(&self, node: PairId) -> PairId {
        self.parent(node)
    }
}

impl Node {
    fn delta(&self) -> i64 {
        let [before, after] = self.bytes;
        let bounded = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        if after >= before { bounded(after - before) } else { -bounded(before - after) }
    }
}

impl Nodes {
    fn of(one: &Stack, other: &Stack) -> Self {
        let root = |stack: &Stack| stack.visible(PathId::ROOT);
        let mut all = Self {
            nodes: Vec::new(),
            of_paths: [one, other].map(|stack| vec![PairId::ROOT; stack.paths().count()]),
        };
        let both = Some(PathId::ROOT);
        all.add([one, other], Place { paths: (both, both), one: root(one), other: root(other) });
        side_by_side(one, other, &mut |place| all.add([one, other], place));
        all.add_up();
        all
    }

    fn add(&mut self, stacks: [&Stack; 2], place: Place) {
        let paths = [place.paths.0, place.paths.1];
        let entries = [place.one, place.other];
        // Two merged views have less than 2^32 paths: each takes more than a byte of names.
        let id = PairId(self.nodes.len() as u32);
        let mut parent = PairId::ROOT;
        let mut bytes = [0; 2];
        for side in [0, 1] {
            if let Some(path) = paths[side] {
                parent = self.of_paths[side][stacks[side].paths().parent(path).index()];
                self.of_paths[side][path.index()] = id;
            }
            bytes[side] = entries[side].map_or(0, |entry| stacks[side].row(entry).size);
        }
        let mark = match paths {
            [None, _] => PairMark::Added,
            [_, None] => PairMark::Removed,
            _ => compare(stacks, entries),
        };
        self.nodes.push(Node { paths, entries, parent, mark, bytes });
    }

    fn add_up(&mut self) {
        for number in (1..self.nodes.len()).rev() {
            let node = self.nodes[number];
            let above = &mut self.nodes[node.parent.index()];
            for side in [0, 1] {
                above.bytes[side] = above.bytes[side].saturating_add(node.bytes[side]);
            }
            above.mark = match (above.mark, node.mark) {
                (PairMark::Same, PairMark::Unknown) => PairMark::Unknown,
                (
                    PairMark::Same | PairMark::Unknown,
                    PairMark::Added | PairMark::Modified | PairMark::Removed,
                ) => PairMark::Modified,
                (mark, _) => mark,
            };
        }
    }

    fn find(&self, side: usize, path: PathId) -> Option<PairId> {
        let found = *self.of_paths[side].get(path.index())?;
        (found != PairId::ROOT || path == PathId::ROOT).then_some(found)
    }

    fn matching(&self, stacks: [&Stack; 2], settings: &PairSettings) -> Vec<bool> {
        let mut is_match = vec![false; self.nodes.len()];
        let mut path = Vec::new();
        // Where the path of each directory above ends.
        let mut above: Vec<(PairId, usize)> = vec![(PairId::ROOT, 0)];
        for (number, node) in (0..).zip(&self.nodes).skip(1) {
            while above.last().is_some_and(|(directory, _)| *directory != node.parent) {
                above.pop();
            }
            let side = usize::from(node.paths[1].is_some());
            let Some(known) = node.paths[side] else { continue };
            path.truncate(above.last().map_or(0, |(_, end)| *end));
            path.push(b'/');
            path.extend_from_slice(stacks[side].paths().name(known));
            above.push((PairId(number), path.len()));
            let mark = node.mark.mark();
            let subject = Subject {
                path: &path,
                stack: stacks[side],
                entry: node.entries[side],
                mark,
                figures: Figures { bytes: node.bytes[side], ..Figures::default() },
                owners: settings.owners[side].as_deref(),
            };
            let passes = |filter: &Arc<Filter>| filter.matches(&subject);
            is_match[number as usize] =
                !settings.hide.hides(mark) && settings.filter.as_ref().is_none_or(passes);
        }
        is_match
    }

    fn children(&self, is_shown: &[bool], settings: &PairSettings) -> Lists<PairId> {
        let shown = || (0..).zip(&self.nodes).skip(1).filter(|(number, _)| is_shown[*number as usize]);
        let mut lists = Lists::of(self.nodes.len(), || {
            shown().map(|(number, node): (u32, &Node)| (node.parent.index(), PairId(number)))
        });
        let node = |id: &PairId| &self.nodes[id.index()];
        match settings.sort {
            Sort::Name | Sort::Waste => {}
            Sort::Size => {
                let size = |id: &PairId| node(id).bytes.into_iter().max();
                lists.sort_each(|one, other| size(other).cmp(&size(one)).then(one.cmp(other)));
            }
            Sort::Delta => lists.sort_each(|one, other| {
                node(other).delta().unsigned_abs().cmp(&node(one).delta().unsigned_abs()).then(one.cmp(other))
            }),
            Sort::Change => {
                lists.sort_each(|one, other| node(one).mark.cmp(&node(other).mark).then(one.cmp(other)));
            }
        }
        if settings.is_reversed {
            lists.reverse_each();
        }
        lists
    }
}

/// Says how two files differ that both images have; no entry is a directory that is only implied.
fn compare(stacks: [&Stack; 2], entries: [Option<EntryId>; 2]) -> PairMark {
    let [one, other] = stacks;
    let (left, right) = match entries {
        [None, None] => return PairMark::Same,
        [Some(left), Some(right)] => (left, right),
        [Some(entry), None] => return compare_implied(one, entry),
        [None, Some(entry)] => return compare_implied(other, entry),
    };
    let is_same = one.is_same_entry(left, other, right)
        && one.is_same_entry(one.linked(left), other, other.linked(right));
    if is_same {
        return PairMark::Same;
    }
    let (old, new) = (one.metadata(left), other.metadata(right));
    let is_like = one.symlink(left) == other.symlink(right)
        && one.device(left) == other.device(right)
        && Metadata { mtime: new.mtime, ..old } == new;
    match one.holds_the_same(left, other, right) {
        Some(true) if is_like => PairMark::Same,
        None if is_like => PairMark::Unknown,
        _ => PairMark::Modified,
    }
}

/// A directory that is only implied is made as root's, open to read.
fn compare_implied(stack: &Stack, entry: EntryId) -> PairMark {
    let metadata = stack.metadata(entry);
    let is_directory = stack.row(entry).form == Form::Directory;
    let is_like = is_directory && Metadata::root(0o755, metadata.mtime) == metadata;
    if is_like { PairMark::Same } else { PairMark::Modified }
}

#[cfg(test)]
mod tests;
