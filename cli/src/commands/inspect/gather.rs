//! Reads an image and computes all that is told of it.

use std::collections::BTreeSet;

use attar_image::layout::Image;
use attar_image::stack::Stack;
use attar_inspector::advice::{Advice, advice};
use attar_inspector::analysis::Analysis;
use attar_inspector::dive;
use attar_inspector::duplicates::{Duplicate, duplicates};
use attar_inspector::growth::Growth;
use attar_inspector::packages::{Owners, Share, shares};
use attar_inspector::rules::Outcome;
use attar_packages::ownership::Ownership;

use super::rules::Rules;
use crate::args::{InspectArgs, Metric};
use crate::image::Opened;

/// What is computed besides the figures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    verify: bool,
    dive: bool,
    packages: bool,
}

impl Wanted {
    pub(super) fn of(arguments: &InspectArgs, rules: &Rules) -> Self {
        Self {
            verify: arguments.verify,
            dive: arguments.metric == Metric::Dive || rules.are_dives(),
            packages: arguments.packages || rules.need_packages(),
        }
    }
}

/// All that is told of one image.
pub(super) struct Inspected {
    /// The image as the user named it.
    pub(super) name: String,
    pub(super) image: Image,
    pub(super) stack: Stack,
    pub(super) analysis: Analysis,
    pub(super) dive: Option<dive::Figures>,
    pub(super) advice: Vec<Advice>,
    pub(super) packages: Vec<Share>,
    pub(super) package_names: BTreeSet<String>,
    pub(super) duplicates: Option<Vec<Duplicate>>,
    pub(super) baseline: Option<Baseline>,
    /// What became of the rules; none unless they were asked for.
    pub(super) outcomes: Option<Vec<Outcome>>,
}

/// What an image is compared with.
pub(super) struct Baseline {
    pub(super) name: String,
    pub(super) analysis: Analysis,
    pub(super) growth: Growth,
    /// Names of packages that it lacks.
    pub(super) packages: Vec<String>,
}

/// Reads the images that are open.
pub(super) fn images(name: &str, opened: &Opened, wanted: Wanted) -> anyhow::Result<Vec<Inspected>> {
    opened.images.iter().map(|image| inspect(name, opened, image, wanted)).collect()
}

fn inspect(name: &str, opened: &Opened, image: &Image, wanted: Wanted) -> anyhow::Result<Inspected> {
    let stack = opened.layers(image, wanted.verify)?;
    let analysis = Analysis::of(&stack);
    let ownership = wanted.packages.then(|| opened.ownership(&stack)).transpose()?;
    Ok(Inspected {
        name: name.to_owned(),
        image: image.clone(),
        dive: wanted.dive.then(|| dive::Figures::of(&stack)),
        advice: advice(&analysis),
        packages: ownership.as_ref().map(|ownership| of_packages(&stack, ownership)).unwrap_or_default(),
        package_names: ownership.map(names).unwrap_or_default(),
        duplicates: wanted.verify.then(|| duplicates(&stack)).flatten(),
        baseline: None,
        outcomes: None,
        analysis,
        stack,
    })
}

fn of_packages(stack: &Stack, ownership: &Ownership) -> Vec<Share> {
    let packages: Vec<(String, String)> =
        ownership.packages().iter().map(|package| (package.name.clone(), package.version.clone())).collect();
    if packages.is_empty() {
        return Vec::new();
    }
    let of = |path: &[u8], _: Option<usize>| ownership.owners(path).next().map(|id| id.index());
    let mut shares = shares(stack, Owners { packages: &packages, of: &of });
    // What a package wastes is no part of this report.
    shares.retain(|share| share.files > 0);
    shares
}

fn names(ownership: Ownership) -> BTreeSet<String> {
    ownership.packages().iter().map(|package| package.name.clone()).collect()
}

/// Compares images with those of a baseline, one by one.
pub(super) fn compare(images: &mut [Inspected], before: &[Inspected]) {
    for (image, other) in images.iter_mut().zip(before) {
        let growth = Growth::of(&image.stack, &other.stack);
        let new = image.package_names.difference(&other.package_names);
        image.baseline = Some(Baseline {
            name: other.name.clone(),
            analysis: other.analysis.clone(),
            growth,
            packages: new.cloned().collect(),
        });
    }
}
