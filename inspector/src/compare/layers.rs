//! Which layers two images share.

use attar_image::digest::{DiffId, Digest};
use attar_image::path::TreePath;
use attar_image::stack::{Stack, State};
use serde::Serialize;

use super::Figure;

/// The layers of both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerChange {
    /// Those of the first, the lowest first.
    pub before: Vec<ComparedLayer>,
    /// Those of the second.
    pub after: Vec<ComparedLayer>,
    /// How many blobs of the second the first has, too: they need not be fetched again.
    pub shared: usize,
    /// Layers of both that have the same entries in another order, by their number from 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reordered: Vec<usize>,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedLayer {
    /// The blob.
    pub digest: String,
    /// The digest of the uncompressed bytes, as far as the configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<String>,
    /// Bytes of the blob.
    pub compressed: u64,
    /// Uncompressed bytes, if the layer was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// What the history says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The number of the other image's layer that has the same blob, or else the same diff ID; from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<usize>,
}

type Key = (Digest, Option<DiffId>);

impl LayerChange {
    /// Compares the layers of two stacks.
    pub fn of(before: &Stack, after: &Stack) -> Self {
        let (ours, theirs) = (keys(before), keys(after));
        let shared =
            theirs.iter().filter(|(digest, _)| ours.iter().any(|(other, _)| other == digest)).count();
        Self {
            before: compared(before, &theirs),
            after: compared(after, &ours),
            shared,
            reordered: reordered(before, after),
        }
    }

    /// Says whether all blobs are the same, in one order.
    pub fn are_same_blobs(&self) -> bool {
        let digests = |layers: &[ComparedLayer]| -> Vec<String> {
            layers.iter().map(|layer| layer.digest.clone()).collect()
        };
        digests(&self.before) == digests(&self.after)
    }

    /// Says whether the uncompressed layers are the same, by what both configurations say.
    pub fn are_same_archives(&self) -> bool {
        self.before.len() == self.after.len()
            && self.before.iter().zip(&self.after).all(|(before, after)| {
                before.digest == after.digest || (before.diff_id.is_some() && before.diff_id == after.diff_id)
            })
    }

    pub(super) fn compressed(&self) -> Figure {
        let sum = |layers: &[ComparedLayer]| {
            layers.iter().fold(0, |sum: u64, layer| sum.saturating_add(layer.compressed))
        };
        Figure { before: sum(&self.before), after: sum(&self.after) }
    }
}

fn keys(stack: &Stack) -> Vec<Key> {
    stack.layers().iter().map(|layer| (layer.descriptor.digest, layer.diff_id)).collect()
}

fn compared(stack: &Stack, others: &[Key]) -> Vec<ComparedLayer> {
    let layer = |(number, layer): (usize, &attar_image::stack::Layer)| {
        let digest = layer.descriptor.digest;
        // The one at the same place goes before others that are the same.
        let nearest = |found: &dyn Fn(&Key) -> bool| {
            let same = others.iter().enumerate().filter(|(_, key)| found(key));
            same.map(|(place, _)| place).min_by_key(|place| (place.abs_diff(number), *place))
        };
        let same_blob = nearest(&|(other, _)| *other == digest);
        let same_as =
            same_blob.or_else(|| nearest(&|(_, diff_id)| diff_id.is_some() && *diff_id == layer.diff_id));
        ComparedLayer {
            digest: digest.to_string(),
            diff_id: layer.diff_id.map(|diff_id| diff_id.0.to_string()),
            compressed: layer.descriptor.size,
            size: match layer.state {
                State::Read { size, .. } => Some(size),
                State::Absent(_) => None,
            },
            created_by: layer.created_by.clone(),
            same_as: same_as.map(|place| place + 1),
        }
    };
    stack.layers().iter().enumerate().map(layer).collect()
}

/// Finds the layers at one place that name the same paths in another order.
fn reordered(before: &Stack, after: &Stack) -> Vec<usize> {
    let paths = |stack: &Stack, layer: usize| -> Vec<TreePath> {
        stack.entries(layer).map(|entry| stack.paths().path(stack.own_path(entry))).collect()
    };
    let layers = before.layers().iter().zip(after.layers()).enumerate();
    let differing = layers.filter(|(_, (one, other))| {
        one.descriptor.digest != other.descriptor.digest
            && (one.diff_id.is_none() || one.diff_id != other.diff_id)
    });
    let mut found = Vec::new();
    for (number, _) in differing {
        if before.entries(number).len() != after.entries(number).len() {
            continue;
        }
        let (mut ours, mut theirs) = (paths(before, number), paths(after, number));
        if ours == theirs {
            continue;
        }
        ours.sort_unstable();
        theirs.sort_unstable();
        if ours == theirs {
            found.push(number + 1);
        }
    }
    found
}
