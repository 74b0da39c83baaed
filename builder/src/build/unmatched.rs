//! Globs of the spec that match no path of any package: most often a misspelt path, or one that moved
//! with a new version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attar_image::TreePath;

use super::BuildError;
use super::stage::{Filters, StagedImage};
use crate::cache::Shelf;
use crate::context::Context;
use crate::images::Images;
use crate::lock::Lock;
use crate::record::PackageRecord;
use crate::rootfs::package::paths;
use crate::spec::{Effective, List, Location, PathFilter};

/// The packages of one image, by name.
type Records = Vec<(String, Arc<PackageRecord>)>;

/// The globs of some images, each by its place in the spec: variants and platforms share most of them.
#[derive(Default)]
struct Globs {
    /// Those that match nothing so far, with what to say.
    idle: BTreeMap<Location, String>,
    /// Those that match something.
    busy: BTreeSet<Location>,
}

/// Warns of each glob that matches nothing in any image that has it.
///
/// Images that are not staged count as well. Where the cache does not know all of their packages
/// nothing is said: a glob may be meant for them.
pub(super) fn warn(
    context: &Context,
    images: &Images,
    lock: &Lock,
    staged: &[StagedImage],
) -> Result<(), BuildError> {
    let mut globs = Globs::default();
    for image in staged {
        let Some(effective) = images.image(&image.variant, &image.platform) else { continue };
        let records = image.packages.iter().map(|it| (it.name.clone(), Arc::clone(&it.record))).collect();
        globs.look(effective, &records)?;
    }
    for (variant, platform) in super::all(images) {
        let is_staged = staged.iter().any(|it| it.variant == variant && it.platform == platform);
        if is_staged || globs.idle.is_empty() {
            continue;
        }
        let Some(effective) = images.image(&variant, &platform) else { continue };
        let Some(records) = cached(context, lock, &variant, &platform) else { return Ok(()) };
        globs.look(effective, &records)?;
    }
    for text in globs.idle.into_values() {
        context.events.warn(text);
    }
    Ok(())
}

/// Returns the packages of an image if the cache has all their records.
fn cached(context: &Context, lock: &Lock, variant: &str, platform: &str) -> Option<Records> {
    let record = |digest| {
        let bytes = context.cache.get(Shelf::Records, &PackageRecord::key(digest))?;
        PackageRecord::from_bytes(&bytes).map(Arc::new)
    };
    let packages = lock.image(platform, variant);
    packages.map(|package| Some((package.name.clone(), record(&package.digest)?))).collect()
}

impl Globs {
    fn look(&mut self, effective: &Effective, records: &Records) -> Result<(), BuildError> {
        let Filters { image, packages } = Filters::new(effective)?;
        self.note(effective, &image, "/contents/without/paths", None, records);
        for (number, entry) in effective.spec.contents.packages.iter().enumerate() {
            if let Some(filter) = packages.get(&entry.name) {
                let pointer = format!("/contents/packages/{number}");
                self.note(effective, filter, &pointer, Some(&entry.name), records);
            }
        }
        Ok(())
    }

    /// Notes the globs of one filter: the image's own, or that of a package.
    fn note(
        &mut self,
        effective: &Effective,
        filter: &PathFilter,
        pointer: &str,
        package: Option<&str>,
        records: &Records,
    ) {
        if filter.is_empty() {
            return;
        }
        let records = records.iter().filter(|(name, _)| package.is_none_or(|package| package == name));
        let paths: Vec<TreePath> = records.flat_map(|(_, record)| paths(record)).collect();
        for glob in filter.globs(&paths) {
            let place = match (package, glob.list) {
                (None, _) => format!("{pointer}/{}", glob.place),
                (Some(_), List::Only) => format!("{pointer}/only/{}", glob.place),
                (Some(_), List::Without) => format!("{pointer}/without/{}", glob.place),
            };
            let Some(location) = effective.origins.of(&place) else { continue };
            if glob.matches {
                self.idle.remove(location);
                self.busy.insert(location.clone());
            } else if !self.busy.contains(location) {
                let label = effective.origins.label(&place);
                let owner =
                    package.map_or_else(|| "any package".to_owned(), |name| format!("package `{name}`"));
                let text = format!("{label}: `{}` matches no path of {owner}", glob.text);
                self.idle.entry(location.clone()).or_insert(text);
            }
        }
    }
}
