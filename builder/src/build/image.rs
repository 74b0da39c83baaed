//! One image: its tree out of packages, effects and own files; its layers; its manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attar_image::{Entry, FileTree, TreePath};

use super::{
    BuildError, Request, Requests, StagedImage, Start, Table, Tables, image_name, linker, own_files, scripts,
    stage,
};
use crate::assemble::{self, Image, RunAs};
use crate::contents::ImageContents;
use crate::context::Context;
use crate::effects::{Addition, Understood};
use crate::event::Event;
use crate::files::Hashes;
use crate::foundation::{self, certificates, keystore};
use crate::images::{Images, PLAIN, architecture};
use crate::layer;
use crate::lock::Lock;
use crate::parallel;
use crate::rebuild::Published;
use crate::record::{PackageArchive, PackageRecord};
use crate::rootfs::{Builder, Owner, Rootfs, RootfsError};
use crate::spec::Effective;
use crate::spec::schema::{Foundation, Spec};

/// An image whose packages are brought together.
pub(crate) struct StagedTree {
    pub(crate) variant: String,
    pub(crate) platform: String,
    builder: Builder,
    records: Vec<(String, Arc<PackageRecord>)>,
    archives: Vec<PackageArchive>,
    sources: Vec<String>,
    understood: Understood,
}

/// An image whose tree is complete.
pub(crate) struct Made {
    pub(crate) variant: String,
    pub(crate) platform: String,
    pub(crate) spec: Spec,
    pub(super) rootfs: Rootfs,
    pub(super) run_as: RunAs,
    pub(super) packages: Vec<(Arc<PackageRecord>, PackageArchive)>,
    sources: Vec<String>,
}

fn fail(variant: &str, platform: &str) -> impl FnOnce(RootfsError) -> BuildError + use<> {
    let image = image_name(variant, platform);
    move |source| BuildError::Rootfs { image, source }
}

/// Brings the packages of each image together, reads their scripts, and gives numbers to the users
/// they ask for.
pub(super) fn begin(
    images: &Images,
    lock: &Lock,
    staged: Vec<StagedImage>,
) -> Result<(Vec<StagedTree>, Tables), BuildError> {
    let mut trees = Vec::with_capacity(staged.len());
    for image in staged {
        let StagedImage { variant, platform, packages, archives, sources } = image;
        let records: Vec<(String, Arc<PackageRecord>)> =
            packages.iter().map(|package| (package.name.clone(), Arc::clone(&package.record))).collect();
        let builder = Builder::new(packages).map_err(fail(&variant, &platform))?;
        let alone = foundation_alone(lock, &variant, &platform);
        let understood = scripts::understand_all(&builder, &records, &archives, &alone, &platform);
        trees.push(StagedTree { variant, platform, builder, records, archives, sources, understood });
    }
    let mut all = Requests::default();
    for tree in &trees {
        all.merge(tree.understood.requests());
    }
    // Numbers are given once for all images; each image lists only the users it asks for itself.
    let mut given = lock.accounts.clone();
    if let Some(effective) = images.any(PLAIN) {
        let spec = &effective.spec;
        given = Table::new(&all, spec.contents.foundation, &spec.accounts, &given)?.given;
    }
    let mut by_image = BTreeMap::new();
    for tree in &trees {
        let Some(effective) = images.image(&tree.variant, &tree.platform) else { continue };
        let (contents, accounts) = (&effective.spec.contents, &effective.spec.accounts);
        let table = Table::new(&tree.understood.requests(), contents.foundation, accounts, &given)?;
        by_image.insert((tree.variant.clone(), tree.platform.clone()), table);
    }
    Ok((trees, Tables { given, by_image }))
}

/// Names the packages that are there for the foundation alone: their scripts do not count.
fn foundation_alone(lock: &Lock, variant: &str, platform: &str) -> BTreeSet<String> {
    let alone = lock.image(platform, variant).filter(|package| package.foundation);
    alone.map(|package| package.name.clone()).collect()
}

/// Returns the newest modification time of the control data of all packages; 0 without packages.
pub(super) fn epoch(trees: &[StagedTree]) -> i64 {
    let times = trees.iter().flat_map(|tree| &tree.records).map(|(_, record)| record.control_mtime);
    times.max().unwrap_or(0).max(0)
}

/// Where the user's own files come from.
pub(super) enum Own<'a> {
    /// The host, as the spec says.
    Host(&'a mut Hashes),
    /// The layers of the image that is rebuilt.
    Published(&'a mut Published),
}

/// Completes the tree of one image with effects, own files and paths.
pub(super) fn populate(
    context: &Context,
    images: &Images,
    lock: &Lock,
    tables: &Tables,
    tree: StagedTree,
    own: &mut Own<'_>,
) -> Result<Made, BuildError> {
    let empty = Table::default();
    let table = tables.of(&tree).unwrap_or(&empty);
    let StagedTree { variant, platform, mut builder, records, archives, sources, understood } = tree;
    let unknown = || BuildError::UnknownImage { variant: variant.clone(), platform: platform.clone() };
    let effective = images.image(&variant, &platform).ok_or_else(unknown)?;
    let failed = || fail(&variant, &platform);
    let packages = scripts::Packages { records: &records, archives: &archives };
    let parts = Parts { packages, understood: &understood, table, platform: &platform };
    effects(context, &mut builder, effective, &parts).map_err(|error| match error {
        EffectsError::Build(error) => error,
        EffectsError::Rootfs(error) => failed()(error),
    })?;
    let files_of = match own {
        Own::Host(hashes) => {
            let (names, collected) = own_files::files(effective, &platform, table, hashes)?;
            builder.name_layers(names);
            collected
        }
        Own::Published(published) => {
            let (names, requests) = own_files::requests(effective, &platform, table)?;
            builder.name_layers(names.iter().cloned());
            let below = layer::packages(&sources, lock);
            published.files(&platform, &builder, below, &names, &requests)?
        }
    };
    for files in files_of {
        builder.add_files(files).map_err(failed())?;
    }
    for path in own_files::paths(effective, table)? {
        builder.apply_path(&path).map_err(failed())?;
    }
    let made = java_keystore(effective, &builder, &records)?;
    for warning in &made.warnings {
        context.events.warn(warning.clone());
    }
    builder.apply(made).map_err(failed())?;
    let cache =
        linker::cache(&builder, scripts::Packages { records: &records, archives: &archives }, &platform);
    builder.apply(cache).map_err(failed())?;
    let rootfs = builder.finish();
    for note in &rootfs.notes {
        context.events.note(note.clone());
    }
    let run_as = assemble::run_as(&effective.spec.accounts, table)?;
    let packages = records.into_iter().map(|(_, record)| record).zip(archives).collect();
    Ok(Made { variant, platform, spec: effective.spec.clone(), rootfs, run_as, packages, sources })
}

enum EffectsError {
    Build(BuildError),
    Rootfs(RootfsError),
}

impl<E: Into<BuildError>> From<E> for EffectsError {
    fn from(error: E) -> Self {
        Self::Build(error.into())
    }
}

/// What effects are made of.
struct Parts<'a> {
    packages: scripts::Packages<'a>,
    understood: &'a Understood,
    table: &'a Table,
    platform: &'a str,
}

/// Applies what attar makes: the links of the merged /usr, the foundation, accounts, certificates,
/// and what the packages' scripts would do.
fn effects(
    context: &Context,
    builder: &mut Builder,
    effective: &Effective,
    parts: &Parts<'_>,
) -> Result<(), EffectsError> {
    let apply = |builder: &mut Builder, outcome: crate::effects::Outcome| {
        for warning in &outcome.warnings {
            context.events.warn(warning.clone());
        }
        builder.apply(outcome).map_err(EffectsError::Rootfs)
    };
    let links = foundation::usr_links(architecture(parts.platform).unwrap_or_default(), builder.view())
        .into_iter()
        .filter(|link| !builder.view().contains(&link.path))
        .collect();
    apply(builder, crate::effects::Outcome { additions: links, ..Default::default() })?;
    if effective.spec.contents.foundation == Foundation::Static {
        let outcome = foundation::outcome(builder.view());
        apply(builder, outcome)?;
    }
    let outcome = parts.table.outcome(builder.view());
    apply(builder, outcome)?;
    let providers = &effective.spec.certificates.providers;
    let additional = own_files::certificates(effective)?;
    let outcome =
        certificates::outcome(&packaged(parts.packages.records, providers), &additional, builder.view())?;
    apply(builder, outcome)?;
    let outcome = {
        let read = |path: &TreePath| parts.packages.read(builder, path);
        parts.understood.outcome(builder.view(), &read, parts.table)
    };
    apply(builder, outcome)?;
    apply(builder, applets(effective, builder, parts)?)
}

/// Makes the keystore of a Java runtime, whoever brings the runtime: so after the user's own files.
fn java_keystore(
    effective: &Effective,
    builder: &Builder,
    records: &[(String, Arc<PackageRecord>)],
) -> Result<crate::effects::Outcome, BuildError> {
    let certificates = &effective.spec.certificates;
    let stands = TreePath::parse(keystore::KEYSTORE).is_ok_and(|path| builder.view().contains(&path));
    let wanted = || !stands && keystore::has_runtime(builder.view());
    if !certificates.java_keystore.unwrap_or_else(wanted) {
        return Ok(crate::effects::Outcome::default());
    }
    let additional = own_files::certificates(effective)?;
    Ok(keystore::outcome(&packaged(records, &certificates.providers), &additional))
}

/// Makes one link for each applet of a busybox whose package asks for it.
fn applets(
    effective: &Effective,
    builder: &Builder,
    parts: &Parts<'_>,
) -> Result<crate::effects::Outcome, BuildError> {
    let mut outcome = crate::effects::Outcome::default();
    for (number, entry) in effective.spec.contents.packages.iter().enumerate() {
        let Some(directory) = &entry.applets else { continue };
        let label = effective.origins.label(&format!("/contents/packages/{number}"));
        let none = || BuildError::NoApplets { label: label.clone(), package: entry.name.clone() };
        let directory =
            TreePath::parse(directory).map_err(|source| BuildError::Path { label: label.clone(), source })?;
        let directory = builder.view().resolve(&directory).unwrap_or(directory);
        let package =
            parts.packages.records.iter().position(|(name, _)| *name == entry.name).ok_or_else(none)?;
        let is_program = |path: &TreePath| {
            path.file_name() == b"busybox" && builder.owner(path) == Some(Owner::Package(package))
        };
        let program =
            builder.view().iter().map(|(path, _)| path).find(|path| is_program(path)).ok_or_else(none)?;
        let names = &parts.packages.records[package].1.applets;
        if names.is_empty() {
            return Err(none());
        }
        let target = format!("/{}", String::from_utf8_lossy(program.as_bytes()));
        for name in names {
            let path =
                directory.join(name).map_err(|source| BuildError::Path { label: label.clone(), source })?;
            // One of the applets is busybox itself, and a program of its own is better than an applet.
            if builder.view().contains(&path) {
                continue;
            }
            outcome.additions.push(Addition::symlink(path, target.as_bytes(), "applets"));
        }
    }
    Ok(outcome)
}

/// Collects the certificates that packages ship, whether or not their files are kept.
fn packaged(records: &[(String, Arc<PackageRecord>)], providers: &[String]) -> BTreeMap<TreePath, Vec<u8>> {
    let mut certificates = BTreeMap::new();
    for (name, record) in records {
        let provider = providers.contains(name);
        for recorded in &record.entries {
            let path = recorded.path();
            if certificates::is_certificate(&path, provider)
                && let Some(content) = recorded.entry().content()
                && let Some(text) = record.text(&content.digest)
            {
                certificates.insert(path, text.to_vec());
            }
        }
    }
    certificates
}

/// Makes the layers and the manifest of one image.
pub(super) fn finish(
    context: &Context,
    lock: &Lock,
    request: &Request,
    made: &Made,
    start: &Start,
    epoch: i64,
) -> Result<Image, BuildError> {
    let name = image_name(&made.variant, &made.platform);
    let codec = stage::codec(made.spec.compression);
    let contents = ImageContents::new(&made.rootfs.contents, made.packages.clone());
    let plans = layer::plan(&made.rootfs, |number| lock.layers.get(&made.sources[number]).copied());
    let layers = parallel::map(context.threads, &plans, |plan| {
        let (layer, cached) = layer::make(&context.cache, plan, codec, &contents)
            .map_err(|source| BuildError::Layer { image: name.clone(), layer: plan.name.clone(), source })?;
        context.events.send(Event::LayerReady {
            platform: name.clone(),
            name: layer.name.clone(),
            size: layer.size,
            cached,
        });
        Ok::<_, BuildError>(layer)
    })?;
    let bytes = layers.iter().map(|layer| layer.size).sum();
    let count = layers.len();
    let mut spec = made.spec.clone();
    spec.annotations.extend(request.annotations.clone());
    spec.labels.extend(request.labels.clone());
    let has_bundle = bundle(&made.rootfs.view).is_some();
    let unknown =
        || BuildError::UnknownImage { variant: made.variant.clone(), platform: made.platform.clone() };
    let platform = made.platform.parse().map_err(|_| unknown())?;
    let image = assemble::image(assemble::Parts {
        spec: &spec,
        platform,
        run_as: &made.run_as,
        has_bundle,
        layers,
        codec,
        created: epoch,
        start: start.clone(),
    })?;
    context.events.send(Event::PlatformFinished { platform: name, layers: count, bytes });
    Ok(image)
}

pub(super) fn bundle(view: &FileTree) -> Option<&Entry> {
    view.get(&TreePath::parse(certificates::BUNDLE).ok()?)
}
