//! What is written of a comparison as JSON.

use serde::Serialize;

use super::{Compared, PairShown, Totals};
use crate::browse::pair::PairId;
use crate::compare::{LayerChange, Setting};

/// The document.
#[derive(Debug, Serialize)]
pub(in crate::tui) struct Exported<'a> {
    before: &'a str,
    after: &'a str,
    totals: Totals,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    doubts: &'a [String],
    layers: &'a LayerChange,
    settings: &'a [Setting],
    /// Everything that is shown of the tree, unfolded or not.
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct File {
    path: String,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

impl PairShown {
    /// Returns everything that is shown, unfolded or not, and what else is known of the two images.
    pub(in crate::tui) fn exported<'a>(&'a self, names: &'a [String; 2]) -> Exported<'a> {
        let Compared { totals, doubts, layers, settings, .. } = &*self.compared;
        let mut files = Vec::new();
        let mut pending: Vec<PairId> = self.pair.children(PairId::ROOT).iter().rev().copied().collect();
        while let Some(node) = pending.pop() {
            pending.extend(self.pair.children(node).iter().rev());
            let ([before, after], paths) = (self.pair.bytes(node), self.pair.paths(node));
            files.push(File {
                path: self.compared.path(node).to_string(),
                change: self.pair.mark(node).name(),
                before: paths[0].map(|_| before),
                after: paths[1].map(|_| after),
            });
        }
        let [before, after] = names;
        let totals = *totals;
        Exported { before, after, totals, doubts, layers, settings, files }
    }
}
