//! Packages on the stage: fetched, read, filtered, and brought together for each image.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use attar_image::layer::compression::Codec;
use attar_image::{Digest, TreePath};
use attar_packages::debian::deb822::Stanza;
use attar_packages::debian::relation::parse_relations;
use jiff::Timestamp;

use super::BuildError;
use crate::context::Context;
use crate::event::Event;
use crate::foundation;
use crate::images::{Images, PLAIN};
use crate::lock::{Lock, LockedArchive, LockedPackage};
use crate::parallel;
use crate::prepare::{Package, prepare};
use crate::record::{PackageArchive, PackageRecord};
use crate::repository::{Identity, Kept, PackageFile, RepositoryError, Supply};
use crate::rootfs::ImagePackage;
use crate::rootfs::package::Rules;
use crate::spec::schema::Compression;
use crate::spec::{Effective, PathFilter};
use crate::vendor::{Packages, Place};

/// One image whose packages are ready.
pub(super) struct StagedImage {
    pub(super) variant: String,
    pub(super) platform: String,
    pub(super) packages: Vec<ImagePackage>,
    /// The packages' files, in the order of the packages.
    pub(super) archives: Vec<PackageArchive>,
    /// The packages' sources, in the same order.
    pub(super) sources: Vec<String>,
}

/// Names an image in messages and events.
pub(super) fn image_name(variant: &str, platform: &str) -> String {
    if variant.is_empty() { platform.to_owned() } else { format!("{platform} ({variant})") }
}

/// Which filters decide about the paths of one image's packages.
pub(super) struct Filters {
    pub(super) image: PathFilter,
    pub(super) packages: BTreeMap<String, PathFilter>,
}

impl Filters {
    pub(super) fn new(effective: &Effective) -> Result<Self, BuildError> {
        let contents = &effective.spec.contents;
        let filter = |pointer: String, only: &[String], without: &[String]| {
            let label = effective.origins.label(&pointer);
            PathFilter::new(only, without).map_err(|source| BuildError::Pattern { label, source })
        };
        let image = filter("/contents/without/paths".into(), &[], &contents.without.paths)?;
        let mut packages = BTreeMap::new();
        for (number, entry) in contents.packages.iter().enumerate() {
            if !entry.only.is_empty() || !entry.without.is_empty() {
                let filter = filter(format!("/contents/packages/{number}"), &entry.only, &entry.without)?;
                packages.insert(entry.name.clone(), filter);
            }
        }
        Ok(Self { image, packages })
    }

    fn keeps(&self, package: &LockedPackage, path: &TreePath) -> bool {
        if package.foundation && !foundation::keeps(&package.name, path) {
            return false;
        }
        self.image.keeps(path) && self.packages.get(&package.name).is_none_or(|filter| filter.keeps(path))
    }
}

/// Returns the codec of a spec's compression.
pub(crate) fn codec(compression: Compression) -> Codec {
    match compression {
        Compression::None => Codec::None,
        Compression::Gzip(level) => Codec::Gzip { level },
        Compression::Zstd(level) => Codec::Zstd { level },
    }
}

/// Fetches and reads the packages of the wanted images, and tells of those of them that are shown.
pub(super) fn stage(
    context: &Context,
    images: &Images,
    lock: &Lock,
    wanted: &[(String, String)],
    shown: &[(String, String)],
) -> Result<Vec<StagedImage>, BuildError> {
    let mut filters = Vec::with_capacity(wanted.len());
    for (variant, platform) in wanted {
        let effective = images.image(variant, platform).ok_or_else(|| unknown(variant, platform))?;
        filters.push(Filters::new(effective)?);
    }
    let needed = needed(lock, wanted);
    if wanted != shown {
        lock_started(context, images, &needed);
    }
    let archives = fetch(context, images, lock, &needed)?;
    let none = BTreeMap::new();
    let closures: Vec<Vec<Keeps<'_>>> = needed
        .iter()
        .map(|need| {
            let closure = |(image, package): &(usize, &'_ LockedPackage)| {
                let (filters, package) = (&filters[*image], (*package).clone());
                let keeps: Keeps<'_> = Box::new(move |path| filters.keeps(&package, path));
                keeps
            };
            need.uses.iter().map(closure).collect()
        })
        .collect();
    let work: Vec<Package<'_>> = needed
        .iter()
        .zip(&archives)
        .zip(&closures)
        .map(|((need, archive), closures)| Package {
            name: need.package.name.clone(),
            archive: archive.clone(),
            uses: closures.iter().map(|keeps| Rules { keeps: &**keeps, diversions: &none }).collect(),
        })
        .collect();
    let compression = images.first().map_or_else(Compression::default, |it| it.spec.compression);
    let codec = codec(compression);
    start(context, wanted, shown, &needed);
    let numbered: Vec<(usize, Package<'_>)> = work.into_iter().enumerate().collect();
    let prepared = parallel::map(context.threads, &numbered, |(number, package)| {
        let prepared = prepare(&context.cache, package, codec)?;
        for (image, package) in &needed[*number].uses {
            let (variant, platform) = &wanted[*image];
            if !shown.contains(&wanted[*image]) {
                continue;
            }
            context.events.send(Event::PackageReady {
                platform: image_name(variant, platform),
                package: package.name.clone(),
                bytes: package.size,
                cached: prepared.cached,
            });
        }
        Ok::<_, BuildError>(prepared)
    })?;
    let mut staged: Vec<StagedImage> = wanted
        .iter()
        .map(|(variant, platform)| StagedImage {
            variant: variant.clone(),
            platform: platform.clone(),
            packages: Vec::new(),
            archives: Vec::new(),
            sources: Vec::new(),
        })
        .collect();
    let mut sorted: Vec<_> = needed.iter().zip(prepared).zip(archives).collect();
    sorted.sort_by(|((left, _), _), ((right, _), _)| left.package.name.cmp(&right.package.name));
    for ((need, prepared), archive) in sorted {
        let replaces = replaces(&prepared.record);
        for ((image, package), part) in need.uses.iter().zip(prepared.parts) {
            let staged = &mut staged[*image];
            staged.packages.push(ImagePackage {
                name: package.name.clone(),
                record: Arc::clone(&prepared.record),
                replaces: replaces.clone(),
                part,
            });
            staged.archives.push(archive.clone());
            staged.sources.push(package.source.clone());
        }
    }
    Ok(staged)
}

fn unknown(variant: &str, platform: &str) -> BuildError {
    BuildError::UnknownImage { variant: variant.to_owned(), platform: platform.to_owned() }
}

/// Says whether a path of a package is wanted.
type Keeps<'a> = Box<dyn Fn(&TreePath) -> bool + Sync + 'a>;

/// A package file and the images that take it.
struct Need<'a> {
    package: &'a LockedPackage,
    uses: Vec<(usize, &'a LockedPackage)>,
}

/// Lists the package files, each once, the largest first: so the last thread to finish has little to do.
fn needed<'a>(lock: &'a Lock, wanted: &'a [(String, String)]) -> Vec<Need<'a>> {
    let mut by_digest: BTreeMap<Digest, Need<'a>> = BTreeMap::new();
    for (number, (variant, platform)) in wanted.iter().enumerate() {
        for package in lock.image(platform, variant) {
            let need = by_digest.entry(package.digest).or_insert_with(|| Need { package, uses: Vec::new() });
            need.uses.push((number, package));
        }
    }
    let mut needed: Vec<Need<'a>> = by_digest.into_values().collect();
    needed.sort_by_key(|need| (std::cmp::Reverse(need.package.size), need.package.digest));
    needed
}

fn lock_started(context: &Context, images: &Images, needed: &[Need<'_>]) {
    context.events.send(Event::LockStarted {
        platforms: images.all_platforms().into_iter().map(str::to_owned).collect(),
        variants: images.variants().filter(|name| *name != PLAIN).map(str::to_owned).collect(),
        packages: needed.len(),
        bytes: needed.iter().map(|need| need.package.size).sum(),
    });
}

fn start(context: &Context, wanted: &[(String, String)], shown: &[(String, String)], needed: &[Need<'_>]) {
    for (number, (variant, platform)) in wanted.iter().enumerate().filter(|(_, image)| shown.contains(image))
    {
        let sizes: Vec<u64> = needed
            .iter()
            .filter(|need| need.uses.iter().any(|(image, _)| *image == number))
            .map(|need| need.package.size)
            .collect();
        context.events.send(Event::PlatformStarted {
            platform: image_name(variant, platform),
            packages: sizes.len(),
            bytes: sizes.iter().sum(),
        });
    }
}

/// Fetches every package of a lock, each file once.
pub(super) fn fetch_locked(context: &Context, images: &Images, lock: &Lock) -> Result<Packages, BuildError> {
    let all = super::all(images);
    let needed = needed(lock, &all);
    let archives = fetch(context, images, lock, &needed)?;
    Ok(Packages::new(needed.iter().zip(&archives).map(|(need, archive)| (need.package, archive.path()))))
}

fn fetch(
    context: &Context,
    images: &Images,
    lock: &Lock,
    needed: &[Need<'_>],
) -> Result<Vec<PackageArchive>, BuildError> {
    let Some(effective) = images.first() else { return Ok(Vec::new()) };
    let repositories = &effective.spec.contents.repositories;
    let identities: Vec<Identity> = lock.archives.iter().map(identity).collect();
    let directory: &Path = &effective.directory;
    let place = lock.vendor_place();
    let folder = place.as_ref().and_then(|place| place.blobs(directory));
    let kept = match &place {
        Some(Place::Registry(reference)) => Some(Kept::Registry(reference)),
        _ => folder.as_deref().map(Kept::Folder),
    };
    let files: Vec<PackageFile> = needed.iter().map(|need| package_file(need.package)).collect();
    let mut wanted = Vec::with_capacity(needed.len());
    for (need, file) in needed.iter().zip(&files) {
        let archive = &lock.archives[need.package.archive];
        let repository =
            repositories.get(archive.repository).ok_or(BuildError::NoRepository(archive.repository))?;
        let identity = &identities[need.package.archive];
        wanted.push((Supply { repository, directory, identity, kept }, file));
    }
    let paths = context.wait(context.client.fetch_all(&wanted)).map_err(Box::<RepositoryError>::new)?;
    let archive =
        |(need, path): (&Need<'_>, _)| PackageArchive::new(&context.cache, need.package.digest, path);
    Ok(needed.iter().zip(paths).map(archive).collect())
}

fn identity(archive: &LockedArchive) -> Identity {
    Identity {
        origin: archive.origin.clone(),
        label: archive.label.clone(),
        suite: archive.suite.clone(),
        codename: archive.codename.clone(),
        date: archive
            .date
            .and_then(|date| Timestamp::from_second(date).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

fn package_file(package: &LockedPackage) -> PackageFile {
    PackageFile {
        name: package.name.clone(),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
        path: package.path.clone(),
        size: package.size,
        digest: package.digest,
    }
}

/// Returns the names of the packages whose files a package may replace.
fn replaces(record: &PackageRecord) -> Vec<String> {
    let field = Stanza::parse(&record.control).ok().and_then(|stanza| stanza.get("Replaces"));
    let clauses = field.and_then(|text| parse_relations(text).ok()).unwrap_or_default();
    clauses.iter().flat_map(|clause| &clause.alternatives).map(|relation| relation.name.to_string()).collect()
}
