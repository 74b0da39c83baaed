//! The figures as dive computes them, to the last digit, for teams that come from dive.
//!
//! They differ from the truth in known ways: of a directory that is deleted as a whole nothing counts
//! as wasted, of a file that is written twice both copies do, an opaque directory has no effect, and a
//! whiteout of what is not there ends the layer. [`crate::analysis`] says what is really dead.
//!
//! - Every path is a leaf of the tree of each layer that has something there and nothing below. Its
//!   size is that of the archive's header; of a whiteout, all that stood below a directory of that path
//!   in the lower layers, and 0 where a file stood.
//! - The score is the sum of each path's smallest size by the sum of all sizes.
//! - Wasted are all sizes of every path that is a leaf in two layers or more.
//! - The user's share is what is wasted by the size of all layers but the lowest; that of an image with
//!   one layer is not a number, which breaks no rule.

mod tree;

use std::collections::BTreeMap;

use attar_image::path::TreePath;
use attar_image::stack::{Form, Stack};

use tree::{NodeId, Tree};

/// dive's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The score, mostly from 0 to 1: a whiteout of what is not there makes it a little less.
    pub efficiency: f64,
    /// Bytes of all layers.
    pub size: u64,
    /// Bytes of all layers but the lowest.
    pub user_size: u64,
    /// Bytes that count as wasted.
    pub wasted: u64,
    /// Wasted bytes by the user's: 0.1 is ten per cent. Not a number where both are 0.
    pub user_wasted: f64,
    /// Paths that count as wasted, the most bytes first.
    pub inefficient: Vec<Inefficient>,
}

/// A path that counts as wasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inefficient {
    /// The path.
    pub path: TreePath,
    /// In how many layers it is a leaf.
    pub count: u64,
    /// The sum of its sizes there.
    pub bytes: u64,
}

/// dive's three rules; `None` turns one off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The lowest score.
    pub lowest_efficiency: Option<f64>,
    /// The most wasted bytes.
    pub highest_wasted_bytes: Option<u64>,
    /// The most wasted bytes by the user's.
    pub highest_user_wasted_percent: Option<f64>,
}

impl Default for Limits {
    /// dive's defaults.
    fn default() -> Self {
        Self {
            lowest_efficiency: Some(0.9),
            highest_wasted_bytes: None,
            highest_user_wasted_percent: Some(0.1),
        }
    }
}

/// What dive keeps of a path. Sizes are signed as there: of a whiteout that leads to nothing the
/// smallest size stays -1, and enters the score.
#[derive(Clone, Copy, Debug)]
struct Occurrences {
    cumulative: i64,
    smallest: i64,
    count: u64,
}

impl Figures {
    /// Computes the figures.
    pub fn of(stack: &Stack) -> Self {
        let mut paths: BTreeMap<Vec<u8>, Occurrences> = BTreeMap::new();
        let mut stacked: Option<Tree> = None;
        let (mut size, mut user_size) = (0_u64, 0_u64);
        for number in 0..stack.layers().len() {
            let (tree, bytes) = layer(stack, number);
            size = size.saturating_add(bytes);
            if number > 0 {
                user_size = user_size.saturating_add(bytes);
            }
            // The lowest tree is what its own whiteouts are looked up in.
            let below = stacked.get_or_insert_with(|| tree.clone());
            count(&tree, below, &mut paths);
            below.stack(&tree);
        }
        Self::add_up(&paths, size, user_size)
    }

    fn add_up(paths: &BTreeMap<Vec<u8>, Occurrences>, size: u64, user_size: u64) -> Self {
        let add_up =
            |size: fn(&Occurrences) -> i64| paths.values().map(size).fold(0_i64, i64::saturating_add);
        let smallest = add_up(|path| path.smallest);
        let cumulative = add_up(|path| path.cumulative);
        let efficiency = if cumulative == 0 { 1.0 } else { smallest as f64 / cumulative as f64 };
        let mut inefficient: Vec<Inefficient> = paths
            .iter()
            .filter(|(_, path)| path.count >= 2)
            .filter_map(|(name, path)| {
                let bytes = u64::try_from(path.cumulative).ok()?;
                Some(Inefficient { path: TreePath::parse(name).ok()?, count: path.count, bytes })
            })
            .collect();
        inefficient.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&other.path)));
        let wasted = inefficient.iter().fold(0, |sum: u64, path| sum.saturating_add(path.bytes));
        let user_wasted = wasted as f64 / user_size as f64;
        Self { efficiency, size, user_size, wasted, user_wasted, inefficient }
    }
}

/// Builds the tree of a layer and adds up its sizes, in the order of the archive.
fn layer(stack: &Stack, number: usize) -> (Tree, u64) {
    let mut tree = Tree::default();
    let mut bytes = 0_u64;
    for entry in stack.entries(number) {
        let row = stack.row(entry);
        bytes = bytes.saturating_add(row.size);
        let path = stack.paths().path(stack.own_path(entry));
        let mut names: Vec<Vec<u8>> = path.components().map(<[u8]>::to_vec).collect();
        match (row.form, names.last_mut()) {
            // As the archive has it, which is what dive sees.
            (Form::Whiteout, Some(name)) => *name = [tree::WHITEOUT, name.as_slice()].concat(),
            (Form::Opaque, _) => names.push(b".wh..wh..opq".to_vec()),
            _ => {}
        }
        let size = i64::try_from(row.size).unwrap_or(i64::MAX);
        tree.add(&names, tree::File { size, is_directory: row.form == Form::Directory });
    }
    (tree, bytes)
}

/// Counts the leaves of a layer, up to the first whiteout that leads to nothing.
fn count(tree: &Tree, below: &Tree, paths: &mut BTreeMap<Vec<u8>, Occurrences>) {
    for leaf in tree.nodes().into_iter().filter(|node| tree.is_leaf(*node)) {
        let path = tree.path(leaf);
        let new = Occurrences { cumulative: 0, smallest: -1, count: 0 };
        let seen = paths.entry(path.clone()).or_insert(new);
        let size = if tree.is_whiteout(leaf) {
            match below.find(&path) {
                Some(before) => size_before(below, before),
                None => return,
            }
        } else {
            tree.file(leaf).size
        };
        seen.cumulative = seen.cumulative.saturating_add(size);
        if seen.smallest < 0 || size < seen.smallest {
            seen.smallest = size;
        }
        seen.count += 1;
    }
}

fn size_before(below: &Tree, node: NodeId) -> i64 {
    if below.file(node).is_directory { below.size_of(node) } else { 0 }
}

#[cfg(test)]
mod tests;
