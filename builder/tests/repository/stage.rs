//! What every test here starts from: a server, an archive on it, a client with an empty cache.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attar_builder::cache::Cache;
use attar_builder::event::{Event, Events};
use attar_builder::repository::{
    Archive, Client, Kept, PackageFile, Patience, RepositoryError, Settings, Supply, TransportSettings,
};
use attar_builder::spec::schema::{DebianRepository, Repository};
use attar_image::Digest;
use attar_testing::Scratch;
use attar_testing::archive::{DATE_SECONDS, Key, Package, Suite};
use attar_testing::http::Server;
use jiff::Timestamp;

/// A server with `debian: trixie` on it, and what a client needs.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) scratch: Scratch,
    pub(crate) key: Key,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
}

impl Stage {
    /// Starts a server with the three suites of trixie, signed with a key of its own.
    pub(crate) fn new() -> Self {
        let stage = Self::empty();
        stage.serve(&trixie());
        for name in ["trixie-updates", "trixie-security"] {
            stage.serve(&Suite::debian(name));
        }
        stage
    }

    /// Starts a server with nothing on it.
    pub(crate) fn empty() -> Self {
        Self {
            server: Server::start().expect("a free port"),
            scratch: Scratch::new(),
            key: Key::generate(3650).expect("a key"),
            events: Arc::default(),
        }
    }

    /// Serves a suite where mirrors have it.
    pub(crate) fn serve(&self, suite: &Suite) {
        let security = suite.name.ends_with("-security");
        let base = if security { "/debian-security" } else { "/debian" };
        self.server.put_all(base, &suite.files(&self.key).expect("a suite"));
    }

    /// Returns settings with a cache of the stage's own, no host configuration, and this mirror.
    pub(crate) fn settings(&self) -> Settings {
        let events = self.sink();
        let cache = Cache::open(self.scratch.join("cache"), events).expect("a cache");
        let mut settings = Settings::new(cache, seconds(DATE_SECONDS + 3600));
        settings.mirrors = vec![self.server.url("/debian")];
        settings.snapshot_archive = self.server.url("/snapshot");
        settings.apt_root = None;
        settings.patience = Patience {
            attempts: 3,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(2),
        };
        settings.transport = TransportSettings { environment_proxies: false, ..TransportSettings::default() };
        settings
    }

    pub(crate) fn client(&self, settings: Settings) -> Client {
        Client::new(settings, self.sink()).expect("a client")
    }

    /// Returns `debian: trixie` with the stage's key.
    pub(crate) fn repository(&self) -> DebianRepository {
        DebianRepository {
            debian: "trixie".to_owned(),
            components: Vec::new(),
            snapshot: None,
            mirrors: Vec::new(),
            signed_by: Some(self.key.armored().expect("a key")),
            packages: Vec::new(),
            priority: None,
            check_valid_until: None,
        }
    }

    /// Opens `debian: trixie` for amd64 and arm64 with the stage's settings.
    pub(crate) async fn open(&self) -> Result<Vec<Archive>, RepositoryError> {
        self.open_with(self.settings()).await
    }

    pub(crate) async fn open_with(&self, settings: Settings) -> Result<Vec<Archive>, RepositoryError> {
        let repository = Repository::Debian(self.repository());
        self.client(settings).open(&repository, Path::new("."), &["amd64", "arm64"]).await
    }

    /// Fetches a package of trixie, which need not be in any index.
    pub(crate) async fn fetch(&self, client: &Client, package: &PackageFile) -> Result<Vec<u8>, String> {
        self.fetch_from(client, package, None).await
    }

    /// Fetches a package of a lock whose packages are kept in a folder.
    pub(crate) async fn fetch_kept(
        &self,
        client: &Client,
        package: &PackageFile,
        kept: &Path,
    ) -> Result<Vec<u8>, String> {
        self.fetch_from(client, package, Some(Kept::Folder(kept))).await
    }

    async fn fetch_from(
        &self,
        client: &Client,
        package: &PackageFile,
        kept: Option<Kept<'_>>,
    ) -> Result<Vec<u8>, String> {
        let repository = Repository::Debian(self.repository());
        let identity = identity();
        let supply = Supply { repository: &repository, directory: Path::new("."), identity: &identity, kept };
        match client.fetch(&supply, package).await {
            Ok(path) => Ok(std::fs::read(path).expect("a file of the cache")),
            Err(error) => Err(self.tell(&error)),
        }
    }

    /// Renders an error with its causes; the server's address, which differs each time, is left out.
    pub(crate) fn tell(&self, error: &dyn std::error::Error) -> String {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text.replace(&self.server.url(""), "http://server")
    }

    /// Returns the targets of the requests so far, and forgets them.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.server.take_requests().into_iter().map(|request| request.target).collect()
    }

    /// Returns the notes and warnings so far.
    pub(crate) fn notes(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic");
        let texts = events.iter().filter_map(|event| match event {
            Event::Note(text) | Event::Warning(text) => {
                Some(text.replace(&self.server.url(""), "http://server"))
            }
            _ => None,
        });
        texts.collect()
    }

    fn sink(&self) -> Events {
        let events = Arc::clone(&self.events);
        Events::new(move |event| events.lock().expect("no panic").push(event))
    }
}

/// Returns trixie with two packages.
pub(crate) fn trixie() -> Suite {
    Suite::debian("trixie")
        .with_package(Package::new("hello", "2.10-5", "amd64"))
        .with_package(Package::new("hello", "2.10-5", "arm64"))
        .with_package(Package::new("hello-doc", "1:2.10-5", "all"))
}

/// Returns the package `hello` of [`trixie`], and its bytes.
pub(crate) fn hello() -> (PackageFile, Vec<u8>) {
    let package = Package::new("hello", "2.10-5", "amd64");
    let bytes = package.bytes().expect("a package");
    let file = PackageFile {
        name: "hello".to_owned(),
        version: "2.10-5".to_owned(),
        architecture: "amd64".to_owned(),
        path: package.path(),
        size: bytes.len() as u64,
        digest: Digest::of(&bytes),
    };
    (file, bytes)
}

/// Returns the identity that [`trixie`] gives itself.
pub(crate) fn identity() -> attar_builder::repository::Identity {
    attar_builder::repository::Identity {
        origin: "Debian".to_owned(),
        label: "Debian".to_owned(),
        suite: "stable".to_owned(),
        codename: "trixie".to_owned(),
        date: seconds(DATE_SECONDS),
    }
}

pub(crate) fn seconds(seconds: u64) -> Timestamp {
    Timestamp::from_second(i64::try_from(seconds).expect("a time")).expect("a time")
}
