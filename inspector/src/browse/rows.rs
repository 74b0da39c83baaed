//! The rows of a tree that are to be seen, given which directories are unfolded.

use std::cmp::Ordering;
use std::sync::Arc;

/// A tree whose rows can be shown. Its nodes have numbers.
pub trait Forest {
    /// A node.
    type Node: Copy + Eq;

    /// Returns the node that has no row: those below it stand on the left.
    fn root(&self) -> Self::Node;

    /// Returns a number that is larger than that of any node.
    fn count(&self) -> usize;

    /// Returns the number of a node.
    fn number(&self, node: Self::Node) -> usize;

    /// Returns the nodes directly below one, in order; nothing for a node that is not of this tree.
    fn children(&self, node: Self::Node) -> &[Self::Node];

    /// Returns the node above one; the root is its own.
    fn parent(&self, node: Self::Node) -> Self::Node;

    /// Says which of two nodes comes first with everything unfolded: a directory before what is in it.
    fn order(&self, one: Self::Node, other: Self::Node) -> Ordering {
        let above = |node: Self::Node| {
            let up = |node: &Self::Node| (*node != self.root()).then(|| self.parent(*node));
            let mut above: Vec<Self::Node> = std::iter::successors(Some(node), up).collect();
            above.reverse();
            above
        };
        let (one, other) = (above(one), above(other));
        let common = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        match (one.get(common), other.get(common)) {
            (Some(left), Some(right)) => {
                let siblings = self.children(one[common - 1]);
                let place = |node: &Self::Node| siblings.iter().position(|sibling| sibling == node);
                place(left).cmp(&place(right))
            }
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    }
}

/// The most rows that are put in at once: more take longer than a key may.
pub const MAX_ROWS_AT_ONCE: usize = 50_000;

/// One unfolding would put in too many rows to do it between two frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_ROWS_AT_ONCE} rows to unfold")]
pub struct TooManyRows;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<N> {
    /// What stands there.
    pub node: N,
    /// How many nodes stand above it, the root not counted.
    pub depth: usize,
    /// Whether what is below it is shown.
    pub is_unfolded: bool,
    /// Whether there is anything below it.
    pub has_children: bool,
}

/// The rows of a tree that are to be seen.
///
/// Cheap, at a million rows too: everything that does not say otherwise. What unfolds puts in at most
/// [`MAX_ROWS_AT_ONCE`] rows; beyond that it changes nothing and returns [`TooManyRows`]. Then
/// [`changed`](Self::changed) does it on another thread.
#[derive(Debug)]
pub struct Rows<F: Forest> {
    forest: Arc<F>,
    lines: Vec<Line<F::Node>>,
    unfolded: Vec<bool>,
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
struct Line<N> {
    node: N,
    depth: u32,
}

impl<F: Forest> Clone for Rows<F> {
    fn clone(&self) -> Self {
        let (forest, lines) = (Arc::clone(&self.forest), self.lines.clone());
        Self { forest, lines, unfolded: self.unfolded.clone(), limit: self.limit }
    }
}

impl<F: Forest> Rows<F> {
    /// Returns the rows of a tree with nothing unfolded.
    pub fn new(forest: Arc<F>) -> Self {
        Self::unfolded(forest, [])
    }

    /// Returns the rows of a tree with these nodes unfolded. Takes time for every row.
    pub fn unfolded(forest: Arc<F>, nodes: impl IntoIterator<Item = F::Node>) -> Self {
        let mut unfolded = vec![false; forest.count()];
        for node in nodes {
            unfolded[forest.number(node)] = true;
        }
        let mut rows = Self { forest, lines: Vec::new(), unfolded, limit: MAX_ROWS_AT_ONCE };
        rows.rebuild();
        rows
    }

    /// Returns the tree.
    pub fn forest(&self) -> &Arc<F> {
        &self.forest
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Says whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns a row.
    pub fn get(&self, place: usize) -> Option<Row<F::Node>> {
        let Line { node, depth } = *self.lines.get(place)?;
        let has_children = !self.forest.children(node).is_empty();
        let is_unfolded = has_children && self.unfolded[self.forest.number(node)];
        Some(Row { node, depth: depth as usize, is_unfolded, has_children })
    }

    /// Iterates over the rows from one on.
    pub fn iter_from(&self, place: usize) -> impl Iterator<Item = Row<F::Node>> {
        (place..self.len()).map_while(|place| self.get(place))
    }

    /// Returns the nodes that are unfolded and have a row. Takes time for every row.
    pub fn unfolded_nodes(&self) -> Vec<F::Node> {
        self.iter_from(0).filter(|row| row.is_unfolded).map(|row| row.node).collect()
    }

    /// Unfolds a row, or folds it.
    pub fn toggle(&mut self, place: usize) -> Result<(), TooManyRows> {
        match self.get(place) {
            Some(row) if row.is_unfolded => self.collapse(place),
            _ => return self.expand(place),
        }
        Ok(())
    }

    /// Unfolds a row; what was unfolded below it before is so again. Nothing happens where nothing can be
    /// unfolded.
    pub fn expand(&mut self, place: usize) -> Result<(), TooManyRows> {
        let Some(row) = self.get(place).filter(|row| !row.is_unfolded && row.has_children) else {
            return Ok(());
        };
        let below = self.below(row.node, row.depth + 1, Unfolding::Kept)?;
        let number = self.forest.number(row.node);
        self.unfolded[number] = true;
        self.lines.splice(place + 1..place + 1, below);
        Ok(())
    }

    /// Folds a row. What is unfolded below it is kept in mind.
    pub fn collapse(&mut self, place: usize) {
        let Some(row) = self.get(place).filter(|row| row.is_unfolded) else { return };
        let number = self.forest.number(row.node);
        self.unfolded[number] = false;
        self.lines.drain(place + 1..self.end(place));
    }

    /// Unfolds everything.
    pub fn expand_all(&mut self) -> Result<(), TooManyRows> {
        self.lines = self.below(self.forest.root(), 0, Unfolding::All)?;
        self.note_unfolded(0..self.lines.len());
        Ok(())
    }

    /// Folds everything, and forgets what was unfolded.
    pub fn collapse_all(&mut self) {
        self.unfolded.fill(false);
        self.rebuild();
    }

    /// Unfolds a row and everything below it.
    pub fn expand_below(&mut self, place: usize) -> Result<(), TooManyRows> {
        let Some(row) = self.get(place) else { return Ok(()) };
        let below = self.below(row.node, row.depth + 1, Unfolding::All)?;
        let end = place + 1 + below.len();
        self.lines.splice(place + 1..self.end(place), below);
        self.note_unfolded(place..end);
        Ok(())
    }

    /// Unfolds whatever is above a node, and returns its row; `None` if the tree does not have it.
    pub fn reveal(&mut self, node: F::Node) -> Result<Option<usize>, TooManyRows> {
        let root = self.forest.root();
        let mut above = vec![node];
        let mut parent = self.forest.parent(node);
        while parent != root {
            above.push(parent);
            parent = self.forest.parent(parent);
        }
        above.reverse();
        let is_there = |(parent, child): (&F::Node, &F::Node)| self.forest.children(*parent).contains(child);
        if !std::iter::once(&root).chain(&above).zip(&above).all(is_there) {
            return Ok(None);
        }
        let (mut at, mut visible) = (0, 0_usize);
        for node in &above {
            let Some(found) = self.lines[at..].iter().position(|line| line.node == *node) else { break };
            at += found;
            visible += 1;
        }
        let Some(folded) = visible.checked_sub(1).map(|last| &above[last..above.len() - 1]) else {
            return Ok(None);
        };
        let Some((_, hidden)) = folded.split_first() else { return Ok(Some(at)) };
        let numbers: Vec<usize> = hidden.iter().map(|node| self.forest.number(*node)).collect();
        let kept: Vec<bool> =
            numbers.iter().map(|number| std::mem::replace(&mut self.unfolded[*number], true)).collect();
        if let Err(error) = self.expand(at) {
            for (number, kept) in numbers.iter().zip(kept) {
                self.unfolded[*number] = kept;
            }
            return Err(error);
        }
        Ok(self.lines[at..].iter().position(|line| line.node == node).map(|found| at + found))
    }

    /// Returns the row of a node, if it has one.
    pub fn position(&self, node: F::Node) -> Option<usize> {
        self.lines.iter().position(|line| line.node == node)
    }

    /// Returns the row above a row that stands for the node above it.
    pub fn parent(&self, place: usize) -> Option<usize> {
        let depth = self.lines.get(place)?.depth;
        self.lines[..place].iter().rposition(|line| line.depth < depth)
    }

    /// Shows another tree of the same nodes; what is unfolded stays so. Takes time for every row.
    pub fn replace(&mut self, forest: Arc<F>) {
        self.unfolded.resize(forest.count(), false);
        self.forest = forest;
        self.rebuild();
    }

    /// Returns the rows of another tree of the same nodes, with the same unfolded. Takes time for every row.
    #[must_use]
    pub fn of_other(&self, forest: Arc<F>) -> Self {
        let unfolded = self.unfolded.clone();
        let mut rows = Self { forest: self.forest.clone(), lines: Vec::new(), unfolded, limit: self.limit };
        rows.replace(forest);
        rows
    }

    /// Returns what these rows are after a change that may put in any number of rows. Takes time for every
    /// row.
    ///
    /// ```text
    /// let rows = rows.changed(|rows| rows.expand_all());
    /// ```
    pub fn changed<T>(&self, change: impl FnOnce(&mut Self) -> T) -> Self {
        let mut rows = Self { limit: usize::MAX, ..self.clone() };
        change(&mut rows);
        rows.limit = self.limit;
        rows
    }

    fn rebuild(&mut self) {
        let limit = std::mem::replace(&mut self.limit, usize::MAX);
        // Nothing is above that limit.
        self.lines = self.below(self.forest.root(), 0, Unfolding::Kept).unwrap_or_default();
        self.limit = limit;
    }

    /// Returns the rows below an unfolded node.
    fn below(
        &self,
        node: F::Node,
        depth: usize,
        unfolding: Unfolding,
    ) -> Result<Vec<Line<F::Node>>, TooManyRows> {
        let mut lines = Vec::new();
        // No path has 2^32 components.
        let depth = depth as u32;
        let line = |depth: u32| move |node: &F::Node| Line { node: *node, depth };
        let mut pending: Vec<Line<F::Node>> =
            self.forest.children(node).iter().rev().map(line(depth)).collect();
        while let Some(next) = pending.pop() {
            lines.push(next);
            if unfolding == Unfolding::All || self.unfolded[self.forest.number(next.node)] {
                pending.extend(self.forest.children(next.node).iter().rev().map(line(next.depth + 1)));
            }
            if lines.len().saturating_add(pending.len()) > self.limit {
                return Err(TooManyRows);
            }
        }
        Ok(lines)
    }

    /// Notes that all of these rows are unfolded which can be.
    fn note_unfolded(&mut self, places: std::ops::Range<usize>) {
        for line in &self.lines[places] {
            if !self.forest.children(line.node).is_empty() {
                self.unfolded[self.forest.number(line.node)] = true;
            }
        }
    }

    /// Returns the first row after a row that is not below it.
    fn end(&self, place: usize) -> usize {
        let depth = self.lines[place].depth;
        let after = self.lines[place + 1..].iter().position(|line| line.depth <= depth);
        after.map_or(self.lines.len(), |after| place + 1 + after)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unfolding {
    Kept,
    All,
}

#[cfg(test)]
mod tests;
