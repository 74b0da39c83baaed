//! Opens images for reading, wherever they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use attar_image::archive::{self, Packed};
use attar_image::digest::Digest;
use attar_image::layout::{Durability, Image, Layout};
use attar_image::manifest::Descriptor;
use attar_image::platform::Platform;
use attar_image::stack::{self, Settings, Stack};
use attar_packages::ownership::Ownership;
use attar_scanner::{Catalog, catalog};
use tempfile::TempDir;

use crate::analyses::Analyses;
use crate::failure::Usage;
use crate::ownership;
use crate::source::ImageSource;

/// An image, or several that one index holds.
pub(crate) struct Opened {
    layout: Layout,
    analyses: Option<Analyses>,
    /// One image a platform, in the order of the index.
    pub(crate) images: Vec<Image>,
    /// Where an archive's blobs were put while it is read.
    _scratch: Option<TempDir>,
}

/// Opens an image; with a platform, only that platform's.
pub(crate) fn open(source: &ImageSource, platform: Option<&str>) -> anyhow::Result<Opened> {
    let mut opened = match source {
        ImageSource::Layout { folder, name } => {
            let layout = Layout::open(folder)?;
            let images = layout.images(&layout.resolve(name.as_deref())?)?;
            Opened { layout, analyses: None, images, _scratch: None }
        }
        ImageSource::Archive(path) => open_archive(path)?,
        elsewhere => return Err(not_here(elsewhere)),
    };
    if let Some(wanted) = platform {
        let wanted: Platform = wanted.parse().with_context(|| format!("cannot read platform `{wanted}`"))?;
        let found = |image: &Image| image.platform.is_same(&wanted);
        if !opened.images.iter().any(found) {
            let platforms = opened.images.iter().map(|image| format!("`{}`", image.platform));
            let platforms = platforms.collect::<Vec<_>>().join(", ");
            return Err(Usage::new(format!("no image for `{wanted}`: found {platforms}")).into());
        }
        opened.images.retain(found);
    }
    Ok(opened)
}

/// One image as it stands in a layout.
pub(crate) struct Entry {
    /// The layout.
    pub(crate) layout: Layout,
    /// The image: an index, or a single manifest.
    pub(crate) descriptor: Descriptor,
    /// What may be about it: signatures, attestations, evidence.
    pub(crate) referrers: Vec<Descriptor>,
    /// Where an archive's blobs were put while it is read.
    _scratch: Option<TempDir>,
}

/// Finds one image without reading it.
pub(crate) fn entry(source: &ImageSource) -> anyhow::Result<Entry> {
    match source {
        ImageSource::Layout { folder, name } => {
            let layout = Layout::open(folder)?;
            let descriptor = layout.resolve(name.as_deref())?;
            let referrers = layout.index()?.into_value().manifests;
            Ok(Entry { layout, descriptor, referrers, _scratch: None })
        }
        ImageSource::Archive(path) => {
            let (layout, mut imported, scratch) = import(path)?;
            imported.dedup_by_key(|imported| imported.entry.digest);
            let [Packed { entry, referrers, .. }] = &imported[..] else {
                let message = format!("`{}` holds {} images, not one", path.display(), imported.len());
                return Err(Usage::new(message).into());
            };
            let (descriptor, referrers) = (entry.clone(), referrers.clone());
            Ok(Entry { layout, descriptor, referrers, _scratch: Some(scratch) })
        }
        elsewhere => Err(not_here(elsewhere)),
    }
}

/// Images elsewhere are brought here first; a command that does not do so cannot read them.
fn not_here(source: &ImageSource) -> anyhow::Error {
    Usage::new(format!("this command does not read `{source}`"))
        .hint("it reads `oci:DIR[:NAME]`, `oci-archive:FILE` and `docker-archive:FILE`")
        .into()
}

fn open_archive(path: &Path) -> anyhow::Result<Opened> {
    let (layout, imported, scratch) = import(path)?;
    let images: Result<Vec<Vec<Image>>, _> =
        imported.iter().map(|imported| layout.images(&imported.entry)).collect();
    Ok(Opened {
        images: images?.into_iter().flatten().collect(),
        layout,
        analyses: None,
        _scratch: Some(scratch),
    })
}

/// Puts the images of an archive into a layout of its own.
fn import(path: &Path) -> anyhow::Result<(Layout, Vec<Packed>, TempDir)> {
    let context = || format!("cannot read `{}`", path.display());
    let file = File::open(path).with_context(context)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let layout = Layout::create(scratch.path())?;
    let imported = archive::import(io::BufReader::new(file), &layout.write(Durability::Process)?)
        .with_context(context)?;
    Ok((layout, imported, scratch))
}

impl Opened {
    /// Keeps analyses of layers, and uses those that are kept.
    pub(crate) fn keeping(self, analyses: Option<Analyses>) -> Self {
        Self { analyses, ..self }
    }

    /// Returns what holds the blobs.
    pub(crate) fn blobs(&self) -> &Layout {
        &self.layout
    }

    /// Reads all layers of one image, with the digests of all contents.
    pub(crate) fn stack(&self, image: &Image) -> anyhow::Result<Stack> {
        let settings = Settings { digests: true, cache: self.kept(), ..Settings::default() };
        Stack::read(&self.layout, image, &settings)
            .with_context(|| format!("cannot read the image for {}", image.platform))
    }

    fn kept(&self) -> Option<&dyn stack::Analyses> {
        self.analyses.as_ref().map(|analyses| -> &dyn stack::Analyses { analyses })
    }

    /// Reads contents of an image's files, those longer than package data ever is left out.
    pub(crate) fn contents(
        &self,
        stack: &Stack,
        wanted: &BTreeSet<Digest>,
    ) -> anyhow::Result<BTreeMap<Digest, Vec<u8>>> {
        Ok(stack.contents(&self.layout, wanted, catalog::MAX_DATA)?)
    }

    /// Returns the packages that an image says it holds.
    pub(crate) fn catalog(&self, stack: &Stack) -> anyhow::Result<Catalog> {
        let tree = stack.tree();
        let files = catalog::package_files(&tree)?;
        let wanted = files.iter().map(|(_, digest)| *digest).collect();
        let contents = self.contents(stack, &wanted)?;
        let read =
            |digest: &Digest| contents.get(digest).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        Ok(Catalog::of(&tree, read)?)
    }

    /// Returns which package has which path, as the image's own package data says.
    pub(crate) fn ownership(&self, stack: &Stack) -> anyhow::Result<Ownership> {
        ownership::of(stack, &self.layout)
    }
}
