//! Budgets and bans for an image, and whether it keeps them.
//!
//! Nothing here reads a file: a caller brings the rules, the figures, and what a baseline has.

mod glob;
mod judge;

use attar_image::path::TreePath;

pub use glob::{Glob, InvalidGlob};
pub use judge::{Baseline, Subject, judge, judge_dive};

/// Rules for an image. What is `None` or empty is not judged.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The most bytes of the files of all layers.
    pub total: Option<u64>,
    /// The most bytes of all blobs.
    pub compressed: Option<u64>,
    /// The most bytes of the files of one layer.
    pub layer: Option<u64>,
    /// The most layers.
    pub layers: Option<u64>,
    /// The most entries that a container sees.
    pub files: Option<u64>,
    /// The most dead bytes.
    pub waste: Option<u64>,
    /// The most dead bytes, in per cent of all.
    pub waste_percent: Option<f64>,
    /// The most dead bytes above the lowest layer, in per cent of all there.
    pub user_waste_percent: Option<f64>,
    /// What a container must not see.
    pub deny: Vec<Glob>,
    /// What it must see.
    pub require: Vec<Glob>,
    /// What must not be dead in any layer.
    pub deny_waste: Vec<Glob>,
    /// The only files that may be setuid or setgid, or have capabilities.
    pub allow_privileged: Option<Vec<Glob>>,
    /// The most bytes more than the baseline's.
    pub growth: Option<u64>,
    /// The same in per cent of the baseline's.
    pub growth_percent: Option<f64>,
    /// The most bytes of all blobs more than the baseline's.
    pub growth_compressed: Option<u64>,
    /// The most dead bytes more than the baseline's.
    pub growth_waste: Option<u64>,
    /// The most paths that the baseline lacks.
    pub new_files: Option<u64>,
    /// The most packages that the baseline lacks.
    pub new_packages: Option<u64>,
    /// The most privileged files that the baseline lacks.
    pub new_privileged: Option<u64>,
    /// The most shells that the baseline lacks.
    pub new_shells: Option<u64>,
}

impl Rules {
    /// What an image is held to beside a baseline when no rule says how much it may grow: ten per cent,
    /// no new privileged file, no new shell.
    pub fn of_growth() -> Self {
        Self { growth_percent: Some(10.0), new_privileged: Some(0), new_shells: Some(0), ..Self::default() }
    }

    /// Says whether any rule is about growth.
    pub fn has_growth(&self) -> bool {
        self.growth_percent.is_some()
            || [
                self.growth,
                self.growth_compressed,
                self.growth_waste,
                self.new_files,
                self.new_packages,
                self.new_privileged,
                self.new_shells,
            ]
            .iter()
            .any(Option::is_some)
    }
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The rule's key in a policy: `size.total`, `paths.deny`.
    pub id: &'static str,
    /// Its place in the list of that key, from 0; `None` for a single value.
    pub place: Option<usize>,
    /// What it asks for.
    pub title: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was measured, and in which unit.
    pub measured: Option<Measured>,
}

/// Whether a rule holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It does.
    Kept,
    /// It does not.
    Broken(Breach),
    /// What it asks about is not known, and why.
    NotJudged(String),
}

/// How a rule is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// What is the case.
    pub message: String,
    /// Where, with the layer from 0 for the lowest; at most [`MAX_PLACES`].
    pub places: Vec<(TreePath, Option<usize>)>,
    /// How many places there are in all.
    pub count: usize,
}

/// The most places that one breach lists.
pub const MAX_PLACES: usize = 20;

/// A figure beside its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// What was measured.
    pub value: f64,
    /// What it may be.
    pub limit: f64,
    /// What both count.
    pub unit: Unit,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Per cent.
    Percent,
    /// Things.
    Count,
    /// A share from 0 to 1.
    Share,
}

#[cfg(test)]
mod tests;
