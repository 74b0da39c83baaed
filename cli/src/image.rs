//! Opens images for reading, wherever they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use attar_image::archive::{Archive, ArchiveError, Kind, Packed};
use attar_image::blobs::{Blob, Blobs, Cancelled};
use attar_image::digest::Digest;
use attar_image::layout::{Durability, Image, Layout, LayoutError, survey};
use attar_image::manifest::Descriptor;
use attar_image::platform::Platform;
use attar_image::stack::{self, EntryId, Settings, Stack};
use attar_packages::ownership::Ownership;
use attar_scanner::{Catalog, catalog};

use crate::analyses::Analyses;
use crate::failure::Usage;
use crate::ownership;
use crate::remote::{Listener, Local};
use crate::scratch::Scratch;
use crate::source::ImageSource;

/// Images that are open for reading.
pub(crate) struct Opened {
    analyses: Option<Analyses>,
    /// What gives the blobs of the images.
    blobs: Arc<dyn Blobs>,
    /// One image a platform, in the order of the index; of an archive, all of its images.
    pub(crate) images: Vec<Image>,
    /// What of it was not opened, and other things worth knowing: one sentence each.
    pub(crate) notes: Vec<String>,
    /// Whether this is a root file system, which has no configuration.
    pub(crate) is_root: bool,
    /// What the images of an archive are called, when there are several.
    names: Vec<String>,
    /// Goes with the image.
    _local: Option<Local>,
}

/// Opens what is on this machine; with a platform, only that platform's image. Messages call it `named`.
/// The listener may lose interest while a root file system is read.
pub(crate) fn open(
    source: &ImageSource,
    named: &ImageSource,
    platform: Option<&str>,
    listener: &dyn Listener,
) -> anyhow::Result<Opened> {
    let context = || format!("cannot read `{named}`");
    let attend = &mut |done: u64| {
        listener.received(done, None);
        if listener.attend().is_break() { Err(Cancelled) } else { Ok(()) }
    };
    let mut opened = match source {
        ImageSource::Layout { folder, name } => {
            let layout = Layout::open(folder)?;
            let entry = layout.resolve(name.as_deref())?;
            Opened::of(Arc::new(layout), &[&entry], false).with_context(context)?
        }
        ImageSource::Archive { file, name } => {
            let archive = Archive::open(file).with_context(context)?;
            Opened::of_archive(archive, name.as_deref()).with_context(context)?
        }
        ImageSource::Root(path) if path.is_dir() => {
            Opened::of_archive(Archive::of_folder(path, attend)?, None).with_context(context)?
        }
        ImageSource::Root(path) => {
            let file = File::open(path).map_err(ArchiveError::Read);
            let archive = file.and_then(|file| Archive::of_root(file, attend));
            Opened::of_archive(archive.with_context(context)?, None).with_context(context)?
        }
        ImageSource::Stdin => Opened::of_archive(standard_input()?, None).with_context(context)?,
        elsewhere => return Err(not_here(elsewhere)),
    };
    opened.choose(platform)?;
    Ok(opened)
}

/// Reads the name of a platform.
pub(crate) fn platform(text: &str) -> anyhow::Result<Platform> {
    text.parse().with_context(|| format!("cannot read platform `{text}`"))
}

/// Reads the archive on standard input; one that comes from a file stays where it is.
fn standard_input() -> anyhow::Result<Archive> {
    let context = "cannot read standard input";
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Usage::new("standard input is a terminal: expected an archive")
            .hint("`docker save IMAGE | attar … -`, or name the file")
            .into());
    }
    let file = File::from(stdin.as_fd().try_clone_to_owned().context(context)?);
    Archive::of(file).context(context)
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
    _scratch: Option<Scratch>,
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
        ImageSource::Archive { file, name } => {
            let (layout, mut imported, scratch) = import(file, name.as_deref())?;
            imported.dedup_by_key(|imported| imported.entry.digest);
            let [Packed { entry, referrers, .. }] = &imported[..] else {
                let message = format!("`{}` holds {} images, not one", file.display(), imported.len());
                return Err(Usage::new(message).into());
            };
            let (descriptor, referrers) = (entry.clone(), referrers.clone());
            Ok(Entry { layout, descriptor, referrers, _scratch: Some(scratch) })
        }
        ImageSource::Root(_) | ImageSource::Stdin => Err(Usage::new(format!(
            "`{source}` has no evidence beside it: expected an image in a layout, an archive \
                                    or a registry"
        ))
        .into()),
        elsewhere => Err(not_here(elsewhere)),
    }
}

/// Returns the platform of this machine.
pub(crate) fn host_platform() -> Platform {
    Platform::new("linux", std::env::consts::ARCH, None)
}

/// Says how much of an index is no image.
pub(crate) fn skipped(others: usize) -> String {
    match others {
        1 => "1 attestation or artifact of the index is no image: skipped".into(),
        _ => format!("{others} attestations and artifacts of the index are no images: skipped"),
    }
}

/// Says which platform of several is read.
pub(crate) fn other_platforms(chosen: &Platform, others: &str) -> String {
    format!("read for `{chosen}`; `--platform` chooses another: {others}")
}

/// Images elsewhere are brought here first; a command that does not do so cannot read them.
fn not_here(source: &ImageSource) -> anyhow::Error {
    Usage::new(format!("this command does not read `{source}`"))
        .hint("it reads `oci:DIR[:NAME]`, `oci-archive:FILE` and `docker-archive:FILE`")
        .into()
}

/// Puts the images of an archive into a layout of its own.
fn import(path: &Path, name: Option<&str>) -> anyhow::Result<(Layout, Vec<Packed>, Scratch)> {
    let context = || format!("cannot read `{}`", path.display());
    let archive = Archive::open(path).with_context(context)?;
    let scratch = Scratch::new().context("cannot make a temporary folder")?;
    let layout = Layout::create(scratch.path().join("layout"))?;
    let mut imported = archive.import(&layout.write(Durability::Process)?).with_context(context)?;
    if let Some(name) = name {
        let named: Vec<Packed> = archive.named(name).with_context(context)?.into_iter().cloned().collect();
        imported.retain(|image| named.iter().any(|named| named.names == image.names));
    }
    Ok((layout, imported, scratch))
}

impl Blobs for Opened {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        self.blobs.open(descriptor)
    }

    fn has(&self, descriptor: &Descriptor) -> bool {
        self.blobs.has(descriptor)
    }

    fn is_elsewhere(&self, descriptor: &Descriptor) -> bool {
        self.blobs.is_elsewhere(descriptor)
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        self.blobs.place(digest)
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Arc<[u8]>, LayoutError> {
        self.blobs.read(descriptor)
    }
}

impl Opened {
    /// Keeps analyses of layers, and uses those that are kept.
    pub(crate) fn keeping(self, analyses: Option<Analyses>) -> Self {
        Self { analyses, ..self }
    }

    /// Returns what holds the blobs.
    pub(crate) fn blobs(&self) -> &dyn Blobs {
        &*self.blobs
    }

    /// Keeps what was brought here as long as it is open.
    pub(crate) fn holding(self, local: Local) -> Self {
        Self { _local: Some(local), ..self }
    }

    fn of_archive(archive: Archive, name: Option<&str>) -> anyhow::Result<Self> {
        let archive = Arc::new(archive);
        let packed: Vec<&Packed> = match name {
            Some(name) => archive.named(name)?,
            None => archive.images().iter().collect(),
        };
        let is_root = archive.kind() == Kind::RootFileSystem;
        let entries: Vec<&Descriptor> = packed.iter().map(|packed| &packed.entry).collect();
        let mut opened = Self::of(Arc::<Archive>::clone(&archive), &entries, is_root)?;
        if packed.len() > 1 {
            opened.names = packed.iter().filter_map(|packed| packed.names.first().cloned()).collect();
        }
        Ok(opened)
    }

    /// Opens the images behind entries.
    pub(crate) fn of(blobs: Arc<dyn Blobs>, entries: &[&Descriptor], is_root: bool) -> anyhow::Result<Self> {
        let mut opened = Self {
            blobs,
            images: Vec::new(),
            notes: Vec::new(),
            is_root,
            names: Vec::new(),
            analyses: None,
            _local: None,
        };
        let (mut others, mut absent) = (0, Vec::new());
        for entry in entries {
            let survey = survey(&*opened.blobs, entry)?;
            for image in survey.images {
                // Entries of several names are one image.
                if !opened.images.iter().any(|known| known.descriptor.digest == image.descriptor.digest) {
                    opened.images.push(image);
                }
            }
            others += survey.others.len();
            absent.extend(survey.absent);
        }
        if is_root {
            opened.notes.push("no documents of an image: read as a root file system".into());
        }
        if others > 0 {
            opened.notes.push(skipped(others));
        }
        if !absent.is_empty() {
            let name = |entry: &Descriptor| match &entry.platform {
                Some(platform) => format!("`{}`", platform.normalised()),
                None => entry.digest.to_string(),
            };
            let names: Vec<String> = absent.iter().map(name).collect();
            opened.notes.push(format!("listed and not there: {}", names.join(", ")));
        }
        Ok(opened)
    }

    /// Keeps the images of one platform, if one is wanted.
    pub(crate) fn choose(&mut self, wanted: Option<&str>) -> anyhow::Result<()> {
        let Some(wanted) = wanted else { return Ok(()) };
        let wanted = platform(wanted)?;
        if self.is_root {
            return Err(Usage::new(format!(
                "a root file system has no platform: `{wanted}` cannot be chosen"
            ))
            .into());
        }
        let found = |image: &Image| image.platform.is_same(&wanted);
        if !self.images.iter().any(found) {
            let platforms = self.platforms().join(", ");
            return Err(Usage::new(format!("no image for `{wanted}`: found {platforms}")).into());
        }
        self.images.retain(found);
        Ok(())
    }

    fn platforms(&self) -> Vec<String> {
        let mut platforms: Vec<String> = Vec::new();
        for image in &self.images {
            let platform = format!("`{}`", image.platform);
            if !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        platforms
    }

    /// Returns the one image that a command shows: the only one, or of several platforms this machine's,
    /// or the first. All others are closed; which one it is of several becomes a note.
    pub(crate) fn keep_one(&mut self) -> anyhow::Result<()> {
        let platforms = self.platforms();
        if platforms.len() < self.images.len() {
            let names = self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message = match &*names {
                "" => format!("expected one image, found {} for the same platform", self.images.len()),
                names => format!("expected one image, found {names}"),
            };
            return Err(Usage::new(message)
                .hint("`docker-archive:FILE:NAME` and `oci-archive:FILE:NAME` choose one")
                .into());
        }
        let host = host_platform();
        let chosen = self.images.iter().position(|image| image.platform.is_same(&host)).unwrap_or(0);
        let Some(image) = self.images.get(chosen).cloned() else {
            return Err(anyhow::anyhow!("no image was found"));
        };
        if platforms.len() > 1 {
            let others = platforms.iter().enumerate().filter(|(place, _)| *place != chosen);
            let others: Vec<&str> = others.map(|(_, platform)| platform.as_str()).collect();
            self.notes.push(other_platforms(&image.platform, &others.join(", ")));
        }
        self.images = vec![image];
        Ok(())
    }

    /// Reads all layers of one image, with the digests of all contents.
    pub(crate) fn stack(&self, image: &Image) -> anyhow::Result<Stack> {
        let settings = Settings { digests: true, cache: self.kept(), ..Settings::default() };
        Stack::read(&*self.blobs, image, &settings)
            .with_context(|| format!("cannot read the image for {}", image.platform))
    }

    /// Reads the headers of all layers of one image: contents where they must be read anyway, all of
    /// them if everything is to be verified.
    pub(crate) fn layers(&self, image: &Image, verify: bool) -> anyhow::Result<Stack> {
        let settings = Settings { verify, digests: verify, cache: self.kept() };
        Stack::read(&*self.blobs, image, &settings)
            .with_context(|| format!("cannot read the image for {}", image.platform))
    }

    fn kept(&self) -> Option<&dyn stack::Analyses> {
        self.analyses.as_ref().map(|analyses| -> &dyn stack::Analyses { analyses })
    }

    /// Reads the layers of one image and of another, for comparing what they hold.
    pub(crate) fn pair(
        &self,
        image: &Image,
        other: &Self,
        other_image: &Image,
    ) -> anyhow::Result<(Stack, Stack)> {
        let settings = Settings { cache: self.kept(), ..Settings::default() };
        stack::read_pair((&*self.blobs, image), (&*other.blobs, other_image), &settings)
            .with_context(|| format!("cannot read the images for {}", image.platform))
    }

    /// Reads whole files.
    pub(crate) fn bytes(
        &self,
        stack: &Stack,
        wanted: impl IntoIterator<Item = EntryId>,
    ) -> anyhow::Result<BTreeMap<EntryId, Vec<u8>>> {
        let mut found = BTreeMap::new();
        stack.visit_contents(&*self.blobs, wanted, &mut |entry, reader| {
            reader.read_to_end(found.entry(entry).or_insert_with(Vec::new))?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads contents of an image's files, those longer than package data ever is left out.
    pub(crate) fn contents(
        &self,
        stack: &Stack,
        wanted: &BTreeSet<Digest>,
    ) -> anyhow::Result<BTreeMap<Digest, Vec<u8>>> {
        Ok(stack.contents(&*self.blobs, wanted, catalog::MAX_DATA)?)
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
        ownership::of(stack, &*self.blobs)
    }
}
