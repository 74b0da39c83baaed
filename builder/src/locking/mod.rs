//! Makes locks: opens the archives, solves, fetches the packages, and decides what depends on them.

mod changes;
mod inputs;
mod solve;

use std::collections::{BTreeMap, BTreeSet};

use attar_image::Digest;
use jiff::Timestamp;

use crate::context::Context;
use crate::images::{Images, PLAIN, architecture};
use crate::layering;
use crate::lock::{FORMAT, Lock, LockedArchive, LockedPackage};
use crate::repository::{Archive, RepositoryError, Stale, check_rollback};
use crate::resolve::{DroppedRelation, Lag, ResolveError};
use crate::spec::schema::Repository;
pub use changes::Change;
use solve::{Pins, Solved};

/// Which of the lock's versions may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None, as far as the spec allows.
    #[default]
    Nothing,
    /// All.
    Everything,
    /// Those of these packages.
    Packages(BTreeSet<String>),
}

/// How a lock is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which versions may change.
    pub update: Update,
    /// Plan the layers anew.
    pub replan: bool,
    /// Take an archive that is older than the one locked.
    pub allow_rollback: bool,
}

/// A lock that was made, as far as it depends on indexes alone: numbers, epoch and layers follow
/// when the packages are there.
pub(crate) struct Draft {
    pub(crate) lock: Lock,
    pub(crate) changes: Vec<Change>,
    pub(crate) dropped: Vec<DroppedRelation>,
    pub(crate) lags: Vec<Lag>,
}

/// A lock that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LockingError {
    /// Packages cannot be had, or may not be believed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// There is no solution.
    #[error(transparent)]
    Resolve(#[from] Box<ResolveError>),
    /// An archive went back in time.
    #[error("cannot use archive `{archive}`")]
    Rollback {
        /// The archive.
        archive: String,
        /// How old it is.
        #[source]
        source: Stale,
    },
    /// A platform for which there are no packages.
    #[error("`{0}` is a platform without Debian packages")]
    Platform(String),
}

/// Opens the archives of a spec's repositories for all its platforms.
pub(crate) fn open(context: &Context, images: &Images) -> Result<Vec<Archive>, LockingError> {
    let Some(effective) = images.any(PLAIN) else { return Ok(Vec::new()) };
    let mut architectures = BTreeSet::new();
    for platform in images.all_platforms() {
        architectures
            .insert(architecture(platform).ok_or_else(|| LockingError::Platform(platform.to_owned()))?);
    }
    let architectures: Vec<&str> = architectures.into_iter().collect();
    let directory = effective.directory.clone();
    let repositories = &effective.spec.contents.repositories;
    let archives =
        context.wait(context.client.open_all(repositories, |_| directory.clone(), &architectures))?;
    for warning in archives.iter().flat_map(|archive| &archive.warnings) {
        context.events.warn(warning.to_string());
    }
    Ok(archives)
}

/// Opens the directories of local packages alone: their files are part of the inputs.
pub(crate) fn open_directories(context: &Context, images: &Images) -> Result<Vec<Archive>, LockingError> {
    let Some(effective) = images.any(PLAIN) else { return Ok(Vec::new()) };
    let mut opened = Vec::new();
    for (number, repository) in effective.spec.contents.repositories.iter().enumerate() {
        if matches!(repository, Repository::Debs(_)) {
            let architectures: Vec<&str> =
                images.all_platforms().into_iter().filter_map(architecture).collect();
            let archives =
                context.wait(context.client.open(repository, &effective.directory, &architectures))?;
            opened.extend(archives.into_iter().map(|archive| Archive { repository: number, ..archive }));
        }
    }
    Ok(opened)
}

/// Returns the inputs of all variants.
pub(crate) fn inputs(images: &Images, directories: &[Archive]) -> BTreeMap<String, serde_json::Value> {
    images
        .variants()
        .map(|variant| (variant.to_owned(), inputs::of_variant(images.variant(variant), directories)))
        .collect()
}

/// Says in words how the inputs differ from those of a lock.
pub(crate) fn difference(lock: &Lock, inputs: &BTreeMap<String, serde_json::Value>) -> Vec<String> {
    inputs::difference(&lock.inputs, inputs)
}

/// Solves all variants and drafts the lock.
pub(crate) fn draft(
    images: &Images,
    archives: &[Archive],
    previous: Option<&Lock>,
    options: &Options,
) -> Result<Draft, LockingError> {
    let locked = locked_archives(archives);
    if let Some(previous) = previous
        && !options.allow_rollback
    {
        check_dates(previous, &locked, archives)?;
    }
    let pins = pins(previous, &options.update);
    let solved = solve::solve(images, archives, &pins).map_err(Box::new)?;
    let packages = packages(images, archives, &solved);
    let lock = Lock {
        format: FORMAT,
        epoch: 0,
        vendor: previous.and_then(|lock| lock.vendor.clone()),
        inputs: inputs(images, archives),
        archives: locked,
        packages,
        accounts: previous.map(|lock| lock.accounts.clone()).unwrap_or_default(),
        layers: plan(images, &solved, previous, options),
    };
    let mut dropped: BTreeSet<DroppedRelation> = BTreeSet::new();
    let mut lags: BTreeSet<Lag> = BTreeSet::new();
    for solved in solved.into_values() {
        dropped.extend(solved.selection.dropped);
        lags.extend(solved.selection.lags);
    }
    let changes = previous.map(|previous| changes::between(previous, &lock)).unwrap_or_default();
    let (dropped, lags) = (dropped.into_iter().collect(), lags.into_iter().collect());
    Ok(Draft { lock, changes, dropped, lags })
}

fn locked_archives(archives: &[Archive]) -> Vec<LockedArchive> {
    let lock = |archive: &Archive| {
        let identity = &archive.identity;
        let dated = identity.date != Timestamp::UNIX_EPOCH;
        let index = |index: &crate::repository::ArchiveIndex| {
            (format!("{}/{}", index.component, index.architecture), index.digest)
        };
        LockedArchive {
            repository: archive.repository,
            origin: identity.origin.clone(),
            label: identity.label.clone(),
            suite: identity.suite.clone(),
            codename: identity.codename.clone(),
            date: dated.then(|| identity.date.as_second()),
            snapshot: archive.snapshot.clone(),
            signed_by: archive.signers.iter().map(|signer| signer.as_str().to_owned()).collect(),
            // What a directory holds stands in the inputs.
            indexes: if dated { archive.indexes.iter().map(index).collect() } else { BTreeMap::new() },
        }
    };
    archives.iter().map(lock).collect()
}

/// Refuses archives that are older than those of the previous lock.
fn check_dates(previous: &Lock, locked: &[LockedArchive], archives: &[Archive]) -> Result<(), LockingError> {
    for (new, archive) in locked.iter().zip(archives) {
        let same = |old: &&LockedArchive| {
            (&old.origin, &old.label, &old.codename) == (&new.origin, &new.label, &new.codename)
        };
        let Some(old) = previous.archives.iter().find(same) else { continue };
        let (Some(before), Some(now), None) = (old.date, new.date, &new.snapshot) else { continue };
        if let (Ok(before), Ok(now)) = (Timestamp::from_second(before), Timestamp::from_second(now)) {
            check_rollback(before, now)
                .map_err(|source| LockingError::Rollback { archive: archive.name.clone(), source })?;
        }
    }
    Ok(())
}

fn pins(previous: Option<&Lock>, update: &Update) -> Pins {
    let mut pins = Pins::new();
    let Some(previous) = previous.filter(|_| *update != Update::Everything) else { return pins };
    for (platform, packages) in &previous.packages {
        for package in packages {
            let freed = matches!(update, Update::Packages(names) if names.contains(&package.name));
            if !freed {
                pins.insert((platform.clone(), package.name.clone()), package.version.clone());
            }
        }
    }
    pins
}

/// Packages by name, digest and whether they are of the foundation alone, with the variants that take
/// them.
type Taken = BTreeMap<(String, Digest, bool), (LockedPackage, Vec<String>)>;

/// Lists the packages of every platform, each once with the variants that take it.
fn packages(
    images: &Images,
    archives: &[Archive],
    solved: &BTreeMap<String, Solved>,
) -> BTreeMap<String, Vec<LockedPackage>> {
    let mut platforms: BTreeMap<String, Taken> =
        images.all_platforms().into_iter().map(|platform| (platform.to_owned(), BTreeMap::new())).collect();
    for (variant, Solved { universe, selection }) in solved {
        for (platform, universe) in selection.platforms.iter().zip(&universe.platforms) {
            let known = platforms.entry(platform.platform.clone()).or_default();
            for chosen in &platform.packages {
                let Some(package) = locked(archives, universe, chosen) else { continue };
                let key = (package.name.clone(), package.digest, package.foundation);
                known.entry(key).or_insert_with(|| (package, Vec::new())).1.push(variant.clone());
            }
        }
    }
    let finish = |platform: &str, (package, variants): (LockedPackage, Vec<String>)| {
        let having = images.variants().filter(|variant| images.image(variant, platform).is_some()).count();
        LockedPackage { variants: (variants.len() < having).then_some(variants), ..package }
    };
    platforms
        .into_iter()
        .map(|(platform, packages)| {
            let packages = packages.into_values().map(|package| finish(&platform, package)).collect();
            (platform, packages)
        })
        .collect()
}

fn locked(
    archives: &[Archive],
    universe: &crate::resolve::PlatformUniverse,
    chosen: &crate::resolve::Chosen,
) -> Option<LockedPackage> {
    let source = universe.sources.get(chosen.source)?;
    let archive = archives.iter().position(|archive| {
        archive.indexes.iter().any(|index| std::sync::Arc::ptr_eq(&index.index, &source.index))
    })?;
    let package = source.index.get(chosen.package);
    Some(LockedPackage {
        name: chosen.name.clone(),
        version: chosen.version.clone(),
        architecture: package.architecture().to_owned(),
        source: package.source().0.to_owned(),
        archive,
        path: package.filename().to_owned(),
        size: package.size()?,
        digest: Digest::from_hex(package.sha256()).ok()?,
        foundation: chosen.reason == crate::resolve::Reason::Foundation,
        variants: None,
    })
}

/// Plans the layers of the plain image by the sizes of its packages on the first platform, or keeps
/// the plan of the previous lock.
fn plan(
    images: &Images,
    solved: &BTreeMap<String, Solved>,
    previous: Option<&Lock>,
    options: &Options,
) -> BTreeMap<String, u32> {
    let Some(plain) = solved.get(PLAIN) else { return BTreeMap::new() };
    let mut sources: BTreeMap<String, u64> = BTreeMap::new();
    for (number, (platform, universe)) in
        plain.selection.platforms.iter().zip(&plain.universe.platforms).enumerate()
    {
        for chosen in &platform.packages {
            let package = universe.sources[chosen.source].index.get(chosen.package);
            let size = sources.entry(package.source().0.to_owned()).or_default();
            if number == 0 {
                *size += package.size().unwrap_or(0);
            }
        }
    }
    let layering = images.any(PLAIN).map(|effective| effective.spec.layering.clone()).unwrap_or_default();
    let same_layering = |lock: &&Lock| {
        let layering = serde_json::to_value(&layering).unwrap_or_default();
        lock.inputs.get(PLAIN).and_then(|inputs| inputs.get("layering")) == Some(&layering)
    };
    match previous.filter(same_layering) {
        Some(previous) if !options.replan && !previous.layers.is_empty() => {
            layering::extend(&previous.layers, sources.keys())
        }
        _ => layering::plan(&sources, &layering),
    }
}
