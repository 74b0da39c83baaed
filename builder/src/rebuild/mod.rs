//! Rebuilds a published image from what its evidence claims.
//!
//! ```text
//! evidence::Claim          what the image says of itself; nothing of it is true yet
//!   vouch                  each package by name, version and digest in indexes that a trusted key signed
//!   rebuild                the packages, and the image's own files as they were published -> images
//! ```
//!
//! Nothing is read from the host, and no address and no key of the claim is used unless the user trusts
//! the image's own spec.

mod files;
mod vouch;

use std::collections::BTreeMap;

use attar_image::layout::{Image, Layout};

use crate::build::{self, BuildError, Built, Request, Variants};
use crate::cache::Shelf;
use crate::context::Context;
use crate::evidence::Claim;
use crate::images::Images;
use crate::lock::LockedPackage;
use crate::locking::Options;
pub use files::Published;
pub use vouch::{Named, Trust, Unvouched, Vouching, named, vouch};

/// A published image, built again.
#[derive(Debug)]
pub struct Rebuilt {
    /// What came out.
    pub built: Built,
    /// How many of the lowest layers hold packages, by platform in the order of the index.
    pub package_layers: Vec<usize>,
    /// Own files whose content is the publisher's, on all platforms: taken from layers, or written in the
    /// recipe.
    pub own_files: usize,
}

/// Lists packages that nobody vouches for and whose bytes are not in the cache either: without them
/// nothing can be rebuilt.
pub fn missing<'a>(context: &Context, vouching: &'a Vouching) -> Vec<&'a Unvouched> {
    let is_missing =
        |package: &&Unvouched| context.cache.lookup(Shelf::Packages, &package.digest.hex()).is_none();
    vouching.unvouched.iter().filter(is_missing).collect()
}

/// Builds what a claim describes: packages from where `vouching` found them, own files from the layers of
/// `images`, which are the published ones.
pub fn rebuild(
    context: &Context,
    claim: &Claim,
    vouching: &Vouching,
    layout: &Layout,
    images: Vec<Image>,
) -> Result<Option<Rebuilt>, BuildError> {
    let recipe = &claim.recipe;
    let published = |platform: &String| {
        let platform = platform.parse().ok();
        platform.is_some_and(|platform| images.iter().any(|image| image.platform.is_same(&platform)))
    };
    let platforms: Vec<String> = recipe.platforms.iter().filter(|it| published(it)).cloned().collect();
    let mut specs = recipe.specs.clone();
    specs.retain(|platform, _| platforms.contains(platform));
    let mut lock = claim.lock.clone();
    for (number, archive) in lock.archives.iter_mut().enumerate() {
        archive.repository = number;
    }
    for spec in specs.values_mut() {
        spec.contents.repositories.clone_from(&vouching.repositories);
    }
    let package_layers = platforms
        .iter()
        .map(|platform| {
            let packages = lock.image(platform, &recipe.variant);
            let sources: Vec<String> = packages.map(|package| package.source.clone()).collect();
            crate::layer::packages(&sources, &lock)
        })
        .collect();
    let request = Request {
        spec: "recipe".into(),
        lock: "attar.lock".into(),
        arguments: BTreeMap::new(),
        variants: Variants::Plain,
        platforms: Vec::new(),
        locked: true,
        locking: Options::default(),
        epoch: recipe.source_date_epoch,
        annotations: recipe.annotations.clone(),
        labels: recipe.labels.clone(),
    };
    let mut published = Published::new(layout.clone(), images);
    let recorded = Images::recorded(&recipe.variant, &platforms, &specs);
    let built = build::again(context, &recorded, &lock, &request, &mut published)?;
    let rebuilt = built.into_iter().next();
    Ok(rebuilt.map(|built| Rebuilt { built, package_layers, own_files: published.taken() }))
}

/// Lists the packages of the claimed image, each once for all its platforms.
fn packages(claim: &Claim) -> BTreeMap<(String, attar_image::Digest), &LockedPackage> {
    let variant = &claim.recipe.variant;
    let images = claim.recipe.platforms.iter().flat_map(|platform| claim.lock.image(platform, variant));
    images.map(|package| ((package.name.clone(), package.digest), package)).collect()
}
