//! Brings an image of a registry or an engine into a layout of its own, so that it can be read like any.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use attar_image::archive::{self, Archive};
use attar_image::layout::{Durability, Layout, Writer};
use attar_image::manifest::{Descriptor, Document, Index, media_type};
use attar_image::reference::Reference;
use attar_registry::engine::{Engine, Kind};
use attar_registry::{EngineError, Wanted};
use tempfile::TempDir;

use crate::analyses::Analyses;
use crate::args::RegistryArgs;
use crate::image::{self, Opened};
use crate::network::Network;
use crate::progress::Reporter;
use crate::settings::Settings;
use crate::source::ImageSource;

/// How much of an image is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The image, on one platform if one is wanted.
    Image,
    /// The image on one platform: the wanted one, else this machine's, else the first.
    OneImage,
    /// The image with the artifacts of this type that are about it.
    WithArtifacts(&'static str),
}

/// An image of an engine that is not there.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}:{name}`", .kind.prefix())]
pub(crate) struct NoEngine {
    /// The engine.
    pub(crate) kind: Kind,
    /// What it was asked for.
    pub(crate) name: String,
    source: EngineError,
}

/// How many artifacts about an image are brought at most.
const MAX_ARTIFACTS: usize = 16;

/// An image that is on this machine.
pub(crate) struct Local {
    /// Where it is.
    pub(crate) source: ImageSource,
    /// Goes with the image.
    _scratch: Option<TempDir>,
}

/// Brings images here, opens them, and says what is worth knowing about that.
///
/// With [`Extent::OneImage`] one image is open, and it is an error when one cannot be chosen.
pub(crate) fn open(
    source: &ImageSource,
    platform: Option<&str>,
    extent: Extent,
    settings: &Settings,
    arguments: &RegistryArgs,
    reporter: &Reporter,
) -> anyhow::Result<Opened> {
    let local = bring(source, platform, extent, settings, arguments, reporter)?;
    let opened = image::open(&local.source, source, platform)?;
    let mut opened = opened.keeping(Analyses::open(settings, reporter)).holding(local);
    if extent == Extent::OneImage {
        opened.keep_one()?;
    }
    for note in &opened.notes {
        reporter.say(&format!("`{source}`: {note}"));
    }
    Ok(opened)
}

/// Brings an image here, unless it is here already.
pub(crate) fn bring(
    source: &ImageSource,
    platform: Option<&str>,
    extent: Extent,
    settings: &Settings,
    arguments: &RegistryArgs,
    reporter: &Reporter,
) -> anyhow::Result<Local> {
    if source.is_here() {
        return Ok(Local { source: source.clone(), _scratch: None });
    }
    let network = Network::new(settings, arguments, reporter)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (layout, archive) = (scratch.path().join("layout"), scratch.path().join("image.tar"));
    let layout = Layout::create(layout)?;
    let bringing =
        Bringing { network: &network, layout: &layout, archive: &archive, platform, extent, reporter };
    match source {
        ImageSource::Registry(reference) => bringing.pull(reference)?,
        ImageSource::Engine { kind, name } => {
            let engine = network.engine(*kind).map_err(|error| match error.is_absent() {
                true => NoEngine { kind: *kind, name: name.clone(), source: error }.into(),
                false => anyhow::Error::new(error),
            })?;
            bringing.save(&engine, name)?;
        }
        ImageSource::Anywhere(reference) => bringing.take_anywhere(reference)?,
        // These are here.
        ImageSource::Layout { .. }
        | ImageSource::Archive { .. }
        | ImageSource::Root(_)
        | ImageSource::Stdin => {}
    }
    let source = match archive.exists() {
        true => ImageSource::Archive { file: archive, name: None },
        false => ImageSource::Layout { folder: layout.directory().to_owned(), name: None },
    };
    Ok(Local { source, _scratch: Some(scratch) })
}

struct Bringing<'a> {
    network: &'a Network,
    layout: &'a Layout,
    /// Where an engine's archive stands that is read in place.
    archive: &'a Path,
    platform: Option<&'a str>,
    extent: Extent,
    reporter: &'a Reporter,
}

impl Bringing<'_> {
    /// Takes the first engine that has the image, else the registry, and says which.
    fn take_anywhere(&self, reference: &Reference) -> anyhow::Result<()> {
        let name = reference.familiar();
        if Path::new(&name).exists() {
            self.reporter
                .say(&format!("`{name}` is taken for an image: `./{name}` is the file or folder here"));
        }
        for kind in [Kind::Docker, Kind::Podman] {
            let engine = match self.network.engine(kind) {
                Ok(engine) => engine,
                // An engine that is not there has no image; one that is there and fails is told.
                Err(error) if error.is_absent() => continue,
                Err(error) => {
                    self.reporter.events().warn(format!("{kind} is not asked: {error}"));
                    continue;
                }
            };
            if self.network.wait(engine.has(&name))? {
                self.reporter.say(&format!("`{name}` is taken from {kind} at {}", engine.address()));
                return self.save(&engine, &name);
            }
        }
        self.reporter.say(&format!("`{}` is taken from the registry", name));
        self.pull(reference)
    }

    fn pull(&self, reference: &Reference) -> anyhow::Result<()> {
        let client = &self.network.client;
        let writer = Arc::new(self.layout.write(Durability::Process)?);
        let wanted = match (self.platform, self.extent) {
            (_, Extent::WithArtifacts(_)) => Wanted::Everything,
            (Some(platform), _) => Wanted::Platform(image::platform(platform)?),
            (None, Extent::Image) => Wanted::Images,
            (None, Extent::OneImage) => Wanted::OnePlatform(image::host_platform()),
        };
        let pulled = self.network.wait(client.pull(reference, &writer, &wanted))?;
        if let (Extent::OneImage, None, [_, _, ..]) = (self.extent, self.platform, &pulled.platforms[..])
            && let Some(chosen) = &pulled.entry.platform
        {
            let others = pulled.platforms.iter().filter(|platform| !platform.is_same(chosen));
            let others: Vec<String> = others.map(|platform| format!("`{platform}`")).collect();
            self.reporter.say(&format!(
                "`{}`: {}",
                reference.familiar(),
                image::other_platforms(chosen, &others.join(", "))
            ));
        }
        if !matches!(self.extent, Extent::WithArtifacts(_)) && pulled.others > 0 {
            self.reporter.say(&format!("`{}`: {}", reference.familiar(), image::skipped(pulled.others)));
        }
        let mut referrers = Vec::new();
        if let Extent::WithArtifacts(kind) = self.extent {
            let listed = self.network.wait(client.referrers(&reference.repository, pulled.root.digest))?;
            // Anybody who may write to the repository can add to the list.
            let is_wanted = |entry: &Descriptor| entry.artifact_type.as_deref() == Some(kind);
            for entry in listed.into_iter().filter(is_wanted).take(MAX_ARTIFACTS) {
                let about = reference.at_digest(entry.digest);
                self.network.wait(client.pull(&about, &writer, &Wanted::Everything))?;
                referrers.push(entry);
            }
        }
        writer.replace_entry(None, &pulled.entry, &referrers)?;
        Ok(())
    }

    /// Takes an image from an engine; only for what stands beside it a layout is needed.
    fn save(&self, engine: &Engine, name: &str) -> anyhow::Result<()> {
        let context = || format!("cannot read `{}:{name}`", engine.kind().prefix());
        if !matches!(self.extent, Extent::WithArtifacts(_)) {
            let mut file = File::create(self.archive).context("cannot make a temporary file")?;
            let saved = self.network.wait(engine.save(name, move |archive| io::copy(archive, &mut file)));
            saved.map_err(anyhow::Error::from).and_then(|saved| Ok(saved?)).with_context(context)?;
            let archive = Archive::open(self.archive).with_context(context)?;
            return archive.verify().with_context(context);
        }
        let writer = self.layout.write(Durability::Process)?;
        let saved = self.network.wait(engine.save(name, move |archive| {
            let imported = archive::import(archive, &writer)?;
            let entries = imported.into_iter().map(|imported| imported.entry).collect();
            Ok::<_, anyhow::Error>((writer, entries))
        }));
        let (writer, entries) = saved?.with_context(context)?;
        let entry = one(&writer, entries)?;
        writer.replace_entry(None, &entry, &[])?;
        Ok(())
    }
}

/// Returns the one image of several platforms.
fn one(writer: &Writer, mut entries: Vec<Descriptor>) -> anyhow::Result<Descriptor> {
    entries.dedup_by_key(|entry| entry.digest);
    if let [entry] = &entries[..] {
        return Ok(entry.clone());
    }
    Ok(writer.put_document(media_type::INDEX, &Document::new(Index::of(entries)))?)
}
