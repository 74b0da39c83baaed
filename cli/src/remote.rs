//! Brings an image of a registry or an engine here, so that it can be read like any: into a layout or a
//! file of its own, or, of a registry, each layer when it is opened.

mod listener;
mod origin;
mod streamed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use attar_image::archive;
use attar_image::layout::{Durability, Layout, Writer};
use attar_image::manifest::{Descriptor, Document, Index, media_type};
use attar_image::platform::Platform;
use attar_image::reference::Reference;
use attar_registry::Wanted;
use attar_registry::engine::Engine;

use crate::analyses::Analyses;
use crate::args::RegistryArgs;
use crate::image::{self, Opened};
use crate::network::Network;
use crate::progress::Reporter;
use crate::scratch::Scratch;
use crate::settings::Settings;
use crate::source::ImageSource;

pub(crate) use listener::Listener;
pub(crate) use origin::NoEngine;
pub(crate) use streamed::{Streamed, Traffic};

use listener::wait;
use origin::Origin;

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

/// How many artifacts about an image are brought at most.
const MAX_ARTIFACTS: usize = 16;

/// An image that is on this machine.
pub(crate) struct Local {
    /// Where it is.
    pub(crate) source: ImageSource,
    /// Goes with the image.
    _scratch: Option<Scratch>,
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
    let opened = image::open(&local.source, source, platform, reporter)?;
    let mut opened = opened.keeping(Analyses::open(settings, reporter.events())).holding(local);
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
    listener: &dyn Listener,
) -> anyhow::Result<Local> {
    if source.is_here() {
        return Ok(Local { source: source.clone(), _scratch: None });
    }
    let network = Network::with_events(settings, arguments.plain_http, listener.transfers())?;
    let Some(origin) = Origin::find(source, &network, listener)? else {
        return Ok(Local { source: source.clone(), _scratch: None });
    };
    let scratch = Place::new()?;
    let bringing = Bringing { network: &network, layout: &scratch.layout, platform, extent, listener };
    let source = match origin {
        Origin::Engine(engine, name) if !matches!(extent, Extent::WithArtifacts(_)) => {
            save(&engine, &name, &scratch.archive, &network, listener)?
        }
        Origin::Engine(engine, name) => bringing.import(&engine, &name)?,
        Origin::Registry(reference) => bringing.pull(&reference)?,
    };
    Ok(Local { source, _scratch: Some(scratch.folder) })
}

/// An image whose layers may still be in its registry.
pub(crate) struct Distant {
    /// The image, on one platform.
    pub(crate) opened: Opened,
    /// What fetches its layers when they are opened; none if they are here.
    pub(crate) streamed: Option<Arc<Streamed>>,
    /// The platforms that there are.
    pub(crate) platforms: Vec<Platform>,
    /// Where it was found.
    pub(crate) place: ImageSource,
}

/// Opens an image on one platform as soon as that can be: of one in a registry only the documents are
/// fetched. The traffic is where the listener sends what is transferred.
pub(crate) fn open_at_once(
    source: &ImageSource,
    platform: Option<&str>,
    settings: &Settings,
    arguments: &RegistryArgs,
    listener: &dyn Listener,
    traffic: &Arc<Traffic>,
) -> anyhow::Result<Distant> {
    let of_file = |local: Local, place: ImageSource| {
        let mut opened = image::open(&local.source, &place, None, listener)?.holding(local);
        let platforms = opened.images.iter().map(|image| image.platform.clone()).collect();
        opened.choose(platform)?;
        // Whoever can change the platform need not be told that there are others.
        let notes = std::mem::take(&mut opened.notes);
        opened.keep_one()?;
        opened.notes = notes;
        Ok(Distant { opened, streamed: None, platforms, place })
    };
    if source.is_here() {
        return of_file(Local { source: source.clone(), _scratch: None }, source.clone());
    }
    let network = Network::with_events(settings, arguments.plain_http, traffic.events())?;
    match Origin::find(source, &network, listener)? {
        Some(Origin::Registry(reference)) => {
            let scratch = Place::new()?;
            let into = Arc::new(scratch.layout.write(Durability::Process)?);
            let wanted = match platform {
                Some(platform) => Wanted::Platform(image::platform(platform)?),
                None => Wanted::OnePlatform(image::host_platform()),
            };
            let pulling = network.client.pull_documents(&reference, &into, &wanted);
            let pulled = wait(&network, listener, pulling)??;
            let (repository, folder) = (reference.repository.clone(), scratch.folder);
            let streamed = Arc::new(Streamed::new(network, repository, into, Arc::clone(traffic), folder));
            let mut opened = Opened::of(Arc::<Streamed>::clone(&streamed), &[&pulled.entry], false)?;
            opened.keep_one()?;
            let platforms = match &pulled.platforms[..] {
                [] => opened.images.iter().map(|image| image.platform.clone()).collect(),
                _ => pulled.platforms,
            };
            let place = ImageSource::Registry(reference);
            Ok(Distant { opened, streamed: Some(streamed), platforms, place })
        }
        Some(Origin::Engine(engine, name)) => {
            let scratch = Place::new()?;
            let local = save(&engine, &name, &scratch.archive, &network, listener)?;
            let place = ImageSource::Engine { kind: engine.kind(), name };
            of_file(Local { source: local, _scratch: Some(scratch.folder) }, place)
        }
        None => of_file(Local { source: source.clone(), _scratch: None }, source.clone()),
    }
}

/// A folder for an image that is brought here.
struct Place {
    layout: Layout,
    /// Where an engine's archive stands that is read in place.
    archive: PathBuf,
    folder: Scratch,
}

impl Place {
    fn new() -> anyhow::Result<Self> {
        let folder = Scratch::new().context("cannot make a temporary folder")?;
        let layout = Layout::create(folder.path().join("layout"))?;
        Ok(Self { layout, archive: folder.path().join("image.tar"), folder })
    }
}

/// Takes an image from an engine into an archive.
fn save(
    engine: &Engine,
    name: &str,
    archive: &Path,
    network: &Network,
    listener: &dyn Listener,
) -> anyhow::Result<ImageSource> {
    origin::save(engine, name, archive, network, listener)
        .with_context(|| format!("cannot read `{}:{name}`", engine.kind().prefix()))?;
    Ok(ImageSource::Archive { file: archive.to_owned(), name: None })
}

struct Bringing<'a> {
    network: &'a Network,
    layout: &'a Layout,
    platform: Option<&'a str>,
    extent: Extent,
    listener: &'a dyn Listener,
}

impl Bringing<'_> {
    fn pull(&self, reference: &Reference) -> anyhow::Result<ImageSource> {
        let client = &self.network.client;
        let writer = Arc::new(self.layout.write(Durability::Process)?);
        let wanted = match (self.platform, self.extent) {
            (_, Extent::WithArtifacts(_)) => Wanted::Everything,
            (Some(platform), _) => Wanted::Platform(image::platform(platform)?),
            (None, Extent::Image) => Wanted::Images,
            (None, Extent::OneImage) => Wanted::OnePlatform(image::host_platform()),
        };
        let pulled = wait(self.network, self.listener, client.pull(reference, &writer, &wanted))??;
        if let (Extent::OneImage, None, [_, _, ..]) = (self.extent, self.platform, &pulled.platforms[..])
            && let Some(chosen) = &pulled.entry.platform
        {
            let others = pulled.platforms.iter().filter(|platform| !platform.is_same(chosen));
            let others: Vec<String> = others.map(|platform| format!("`{platform}`")).collect();
            self.listener.say(&format!(
                "`{}`: {}",
                reference.familiar(),
                image::other_platforms(chosen, &others.join(", "))
            ));
        }
        if !matches!(self.extent, Extent::WithArtifacts(_)) && pulled.others > 0 {
            self.listener.say(&format!("`{}`: {}", reference.familiar(), image::skipped(pulled.others)));
        }
        let mut referrers = Vec::new();
        if let Extent::WithArtifacts(kind) = self.extent {
            let listed = wait(
                self.network,
                self.listener,
                client.referrers(&reference.repository, pulled.root.digest),
            )??;
            // Anybody who may write to the repository can add to the list.
            let is_wanted = |entry: &Descriptor| entry.artifact_type.as_deref() == Some(kind);
            for entry in listed.into_iter().filter(is_wanted).take(MAX_ARTIFACTS) {
                let about = reference.at_digest(entry.digest);
                wait(self.network, self.listener, client.pull(&about, &writer, &Wanted::Everything))??;
                referrers.push(entry);
            }
        }
        writer.replace_entry(None, &pulled.entry, &referrers)?;
        Ok(self.layout_of_its_own())
    }

    /// Takes an image from an engine into the layout: only for what stands beside it one is needed.
    fn import(&self, engine: &Engine, name: &str) -> anyhow::Result<ImageSource> {
        let writer = self.layout.write(Durability::Process)?;
        let saving = engine.save(name, move |archive| {
            let imported = archive::import(archive, &writer)?;
            let entries = imported.into_iter().map(|imported| imported.entry).collect();
            Ok::<_, anyhow::Error>((writer, entries))
        });
        let saved = wait(self.network, self.listener, saving)??;
        let (writer, entries) =
            saved.with_context(|| format!("cannot read `{}:{name}`", engine.kind().prefix()))?;
        let entry = one(&writer, entries)?;
        writer.replace_entry(None, &entry, &[])?;
        Ok(self.layout_of_its_own())
    }

    fn layout_of_its_own(&self) -> ImageSource {
        ImageSource::Layout { folder: self.layout.directory().to_owned(), name: None }
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
