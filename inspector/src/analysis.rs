//! Figures of an image: what each layer brings and takes away, what of it is dead, and why.

use std::collections::BTreeMap;

use attar_image::path::TreePath;
use attar_image::stack::{Change, EntryId, Form, PathId, Reason, Stack, State};

/// Figures of an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Bytes of the regular files of all layers.
    pub total: u64,
    /// Bytes of those that are dead.
    pub waste: u64,
    /// Bytes of the regular files of all layers but the lowest.
    pub user_total: u64,
    /// Bytes of those that are dead.
    pub user_waste: u64,
    /// Bytes of all blobs.
    pub compressed: u64,
    /// Entries that a container sees.
    pub files: u64,
    /// The layers, the lowest first.
    pub layers: Vec<Layer>,
    /// What is dead and holds bytes, by path: the most bytes first.
    pub dead: Vec<Dead>,
}

/// Figures of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// Bytes of the blob.
    pub compressed: u64,
    /// Bytes of the archive; `None` if its entries are not known.
    pub uncompressed: Option<u64>,
    /// Bytes of its regular files.
    pub bytes: u64,
    /// Its entries, whiteouts included.
    pub entries: u64,
    /// Entries where nothing stood.
    pub added: u64,
    /// Entries where something else stood.
    pub modified: u64,
    /// Entries where the same stood.
    pub unchanged: u64,
    /// Whiteouts that took something away.
    pub removed: u64,
    /// Bytes of its files that are dead.
    pub waste: u64,
    /// Bytes of files, its own and those of lower layers, that died by it.
    pub killed: u64,
}

/// A path with dead bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Where the files stood.
    pub path: TreePath,
    /// Bytes of all copies that are dead.
    pub bytes: u64,
    /// The copies, by layer.
    pub copies: Vec<Copy>,
}

/// One dead file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Its bytes.
    pub bytes: u64,
    /// Number of the layer it came with, from 0 for the lowest.
    pub introduced: usize,
    /// Number of the layer it died by; the same when a later entry of the same archive did it.
    pub killed: usize,
    /// Why it died.
    pub reason: Reason,
}

impl Analysis {
    /// Computes the figures.
    pub fn of(stack: &Stack) -> Self {
        let mut analysis = Self { files: stack.view().len() as u64, ..Self::default() };
        let mut dead: Vec<(PathId, Copy)> = Vec::new();
        for number in 0..stack.layers().len() {
            let layer = layer(stack, number, &mut dead);
            analysis.layers.push(layer);
        }
        for (_, copy) in &dead {
            let killed = &mut analysis.layers[copy.killed].killed;
            *killed = killed.saturating_add(copy.bytes);
        }
        for (number, layer) in analysis.layers.iter().enumerate() {
            analysis.total = analysis.total.saturating_add(layer.bytes);
            analysis.waste = analysis.waste.saturating_add(layer.waste);
            analysis.compressed = analysis.compressed.saturating_add(layer.compressed);
            if number > 0 {
                analysis.user_total = analysis.user_total.saturating_add(layer.bytes);
                analysis.user_waste = analysis.user_waste.saturating_add(layer.waste);
            }
        }
        // The copies of a path stay in the order of the layers.
        dead.sort_by_key(|(path, _)| *path);
        analysis.dead =
            dead.chunk_by(|one, next| one.0 == next.0).map(|copies| Dead::of(stack, copies)).collect();
        analysis
            .dead
            .sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&other.path)));
        analysis
    }

    /// Returns the part of all bytes that lives, from 0 to 1; 1 where there are none.
    pub fn efficiency(&self) -> f64 {
        1.0 - share(self.waste, self.total)
    }

    /// Returns the waste in per cent of all bytes.
    pub fn waste_percent(&self) -> f64 {
        100.0 * share(self.waste, self.total)
    }

    /// Returns the waste above the lowest layer in per cent of all bytes there.
    pub fn user_waste_percent(&self) -> f64 {
        100.0 * share(self.user_waste, self.user_total)
    }

    /// Adds up what died of each reason, the most bytes first.
    pub fn reasons(&self) -> Vec<(Reason, u64)> {
        let mut sums: BTreeMap<Reason, u64> = BTreeMap::new();
        for copy in self.dead.iter().flat_map(|dead| &dead.copies) {
            let sum: &mut u64 = sums.entry(copy.reason).or_default();
            *sum = sum.saturating_add(copy.bytes);
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        sums
    }

    /// Says whether the entries of every layer are known: else the figures say too little.
    pub fn is_complete(&self) -> bool {
        self.layers.iter().all(|layer| layer.uncompressed.is_some())
    }
}

impl Dead {
    /// Returns what is known of the copies of one path.
    fn of(stack: &Stack, copies: &[(PathId, Copy)]) -> Self {
        let bytes = copies.iter().fold(0, |sum: u64, (_, copy)| sum.saturating_add(copy.bytes));
        let path = copies.first().map_or(PathId::ROOT, |(path, _)| *path);
        Self { path: stack.paths().path(path), bytes, copies: copies.iter().map(|(_, copy)| *copy).collect() }
    }
}

fn layer(stack: &Stack, number: usize, dead: &mut Vec<(PathId, Copy)>) -> Layer {
    let described = &stack.layers()[number];
    let uncompressed = match described.state {
        State::Read { size, .. } => Some(size),
        State::Absent(_) => None,
    };
    let mut layer = Layer { compressed: described.descriptor.size, uncompressed, ..Layer::default() };
    for entry in stack.entries(number) {
        layer.entries += 1;
        match stack.change(entry) {
            Change::Added => layer.added += 1,
            Change::Modified => layer.modified += 1,
            Change::Unchanged => layer.unchanged += 1,
            Change::Removed => layer.removed += 1,
            Change::Nothing => {}
        }
        layer.bytes = layer.bytes.saturating_add(stack.row(entry).size);
        if let Some(copy) = copy(stack, entry, number) {
            layer.waste = layer.waste.saturating_add(copy.bytes);
            dead.push((stack.place(entry), copy));
        }
    }
    layer
}

/// Returns what is dead of an entry's bytes.
pub(crate) fn copy(stack: &Stack, entry: EntryId, introduced: usize) -> Option<Copy> {
    let row = stack.row(entry);
    if row.form != Form::File || row.size == 0 {
        return None;
    }
    let death = stack.death(entry)?;
    Some(Copy { bytes: row.size, introduced, killed: death.layer, reason: death.reason })
}

/// Returns the part that `some` is of `all`: 0 of nothing.
fn share(some: u64, all: u64) -> f64 {
    if all == 0 {
        return 0.0;
    }
    // Sizes are far below 2^53, where every number is exact.
    some as f64 / all as f64
}

#[cfg(test)]
mod tests;
