//! Images, clients and registries for tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use attar_image::Layout;
use attar_image::layout::Durability;
use attar_image::manifest::{Descriptor, Document, ImageConfig, Index, Manifest, media_type};
use attar_image::platform::Platform;
use attar_image::reference::{Reference, Repository};
use attar_registry::{Client, Contents, Credentials, Event, Events, Patience, Publication, Settings};
use attar_testing::Scratch;
use attar_testing::registry::{Access, Options, Registry};

/// A layout with one index of two platforms: each has a layer of its own, and they share one.
pub(crate) struct Image {
    pub(crate) scratch: Scratch,
    pub(crate) layout: Layout,
    pub(crate) entry: Descriptor,
    /// The layer that both platforms share.
    pub(crate) shared: Descriptor,
}

/// Bytes that do not compress, the same for the same seed.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Makes an image whose shared layer has this many bytes. `application` tells images apart.
pub(crate) fn image(application: u64, shared_size: usize) -> Image {
    let scratch = Scratch::new();
    let layout = Layout::create(scratch.join("layout")).expect("a layout");
    let writer = layout.write(Durability::Process).expect("its lock");
    let put = |bytes: &[u8]| writer.put(media_type::LAYER, bytes, None).expect("a blob");
    let shared = put(&bytes(1, shared_size));
    let mut manifests = Vec::new();
    for (number, architecture) in [(2, "amd64"), (3, "arm64")] {
        let own = put(&bytes(application * 100 + number, 5000));
        let platform = Platform::new("linux", architecture, None);
        let config = Document::new(ImageConfig::new(platform.clone(), Vec::new()));
        let config = writer.put_document(media_type::CONFIG, &config).expect("a blob");
        let manifest = Document::new(Manifest::image(config, vec![shared.clone(), own]));
        let descriptor = writer.put_document(media_type::MANIFEST, &manifest).expect("a blob");
        manifests.push(descriptor.with_platform(platform));
    }
    let index = Document::new(Index::of(manifests));
    let entry = writer.put_document(media_type::INDEX, &index).expect("a blob");
    writer.replace_entry(None, &entry, &[]).expect("an entry");
    drop(writer);
    Image { scratch, layout, entry, shared }
}

impl Image {
    pub(crate) fn contents(&self) -> Contents {
        Contents::of_layout(&self.layout, &self.entry).expect("a whole image")
    }

    pub(crate) fn publication(&self, reference: &str) -> Publication {
        let reference: Reference = reference.parse().expect("a reference");
        Publication {
            tags: vec![reference.tag_or_latest()],
            repository: reference.repository,
            contents: self.contents(),
            referrers: Vec::new(),
        }
    }
}

/// A client, and what it told.
pub(crate) struct Observed {
    pub(crate) client: Client,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
}

impl Observed {
    /// Returns how each blob came to its place, by size.
    pub(crate) fn outcomes(&self) -> Vec<(u64, attar_registry::Outcome)> {
        let events = self.events.lock().expect("no panic");
        let outcome = |event: &Event| match event {
            Event::BlobFinished { size, outcome, .. } => Some((*size, *outcome)),
            _ => None,
        };
        let mut outcomes: Vec<_> = events.iter().filter_map(outcome).collect();
        outcomes.sort_by_key(|(size, _)| *size);
        outcomes
    }
}

/// Makes a client that does not wait long.
pub(crate) fn client_with(credentials: Credentials) -> Observed {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let sink = Events::new(move |event| heard.lock().expect("no panic").push(event));
    let (first_pause, longest_pause) = (Duration::from_millis(1), Duration::from_secs(3));
    let settings = Settings {
        patience: Patience { attempts: 4, first_pause, longest_pause },
        silence: Duration::from_millis(700),
        ..Settings::default()
    };
    Observed { client: Client::new(settings, credentials, sink), events }
}

pub(crate) fn client() -> Observed {
    client_with(Credentials::none())
}

pub(crate) fn open() -> Registry {
    registry(Options::default())
}

pub(crate) fn registry(options: Options) -> Registry {
    Registry::start(options).expect("a registry")
}

pub(crate) fn with_tokens() -> Options {
    let (name, password) = ("robot".to_owned(), "s3cret".to_owned());
    let access = Access::Bearer { name, password, identity: Some("opaque".to_owned()) };
    Options { access, ..Options::default() }
}

pub(crate) fn repository(registry: &Registry, name: &str) -> Repository {
    registry.reference(name).parse().expect("a repository")
}

/// Writes a file with one login for a registry.
pub(crate) fn login(scratch: &Scratch, registry: &Registry, entry: &str) -> Credentials {
    let text = format!("{{\"auths\": {{\"{}\": {entry}}}}}", registry.host());
    Credentials::in_files([scratch.write("config.json", text)])
}

/// Waits for work that asks the network.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Returns an error with its causes, host and port replaced.
pub(crate) fn chain(error: &dyn std::error::Error, registry: &Registry) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text.replace(&registry.host(), "HOST")
}
