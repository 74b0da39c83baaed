//! The client: settings, connections and what it learned about mirrors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use attar_packages::debian::index::Index;
use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::Semaphore;

use super::apt::HostApt;
use super::apt::credentials::{Credentials, Login};
use super::backoff::Patience;
use super::download::Place;
use super::error::RepositoryError;
use super::failure::Failure;
use super::item::Item;
use super::kept::Keeper;
use super::mirror::{Mirror, NamedBy};
use super::release::Found;
use super::transport::{Transport, TransportSettings};
use crate::cache::Cache;
use crate::event::Events;

/// The archive that keeps every state of Debian: the only place attar knows by itself.
pub const SNAPSHOT_ARCHIVE: &str = "https://snapshot.debian.org";

/// How packages are fetched. Mirrors may carry logins, so it is not to be printed.
#[derive(Clone)]
pub struct Settings {
    /// Mirrors of Debian to ask first, in order: those of flags, environment and settings.
    pub mirrors: Vec<String>,
    /// The snapshot archive, asked last.
    pub snapshot_archive: String,
    /// Where verified files are kept.
    pub cache: Cache,
    /// The time that dates are judged against.
    pub now: Timestamp,
    /// Root of the file system whose apt configuration is read; without it none is.
    pub apt_root: Option<PathBuf>,
    /// A netrc file with logins, asked after apt's own.
    pub netrc: Option<PathBuf>,
    /// How requests are sent.
    pub transport: TransportSettings,
    /// How patient one mirror is treated.
    pub patience: Patience,
    /// Fetches packages that are kept in registries.
    pub keeper: Option<Arc<dyn Keeper>>,
    /// How many files are downloaded at a time.
    pub parallel: usize,
}

impl Settings {
    /// Returns the settings of an ordinary build: the host's apt, then the snapshot archive.
    pub fn new(cache: Cache, now: Timestamp) -> Self {
        Self {
            mirrors: Vec::new(),
            snapshot_archive: SNAPSHOT_ARCHIVE.to_owned(),
            cache,
            now,
            apt_root: Some(PathBuf::from("/")),
            netrc: None,
            transport: TransportSettings::default(),
            patience: Patience::default(),
            keeper: None,
            parallel: 8,
        }
    }
}

/// Opens archives and fetches packages; cheap to clone, all clones share what they learn.
#[derive(Clone)]
pub struct Client {
    pub(super) mirrors: Arc<Vec<Mirror>>,
    pub(super) settings: Arc<Settings>,
    pub(super) transport: Transport,
    pub(super) apt: Arc<HostApt>,
    pub(super) events: Events,
    pub(super) slots: Arc<Semaphore>,
    netrc: Arc<Credentials>,
    /// Mirrors that did not answer at all, so that not every file waits for them.
    unreachable: Arc<Mutex<BTreeSet<String>>>,
    /// Releases that were verified: one command sees one state of an archive, however many specs it has.
    pub(super) releases: Memory<Found>,
    /// Indexes that were parsed.
    pub(super) indexes: Memory<Arc<Index>>,
}

/// What was made once and serves every spec of a command, by the key that decides it.
#[derive(Clone)]
pub(super) struct Memory<T>(Arc<Mutex<BTreeMap<String, T>>>);

impl<T: Clone> Memory<T> {
    /// Returns what is known by a key.
    pub(super) fn recall(&self, key: &str) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Remembers a value under a key, and returns it.
    pub(super) fn keep(&self, key: String, value: T) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value.clone());
        value
    }
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl Client {
    /// Sets up a client; reads the host's apt configuration, but opens no connection yet.
    pub fn new(settings: Settings, events: Events) -> Result<Self, RepositoryError> {
        let apt = settings.apt_root.as_deref().map(HostApt::read).unwrap_or_default();
        for problem in &apt.problems {
            events.note(format!("{problem}: {}", problem.source));
        }
        let mut netrc = Credentials::default();
        if let Some(file) = &settings.netrc {
            let text = std::fs::read_to_string(file)
                .map_err(|source| RepositoryError::ReadFile { file: file.clone(), source })?;
            netrc.add(&text);
        }
        let transport = Transport::new(&settings.transport, Arc::clone(&apt.configuration))?;
        let mirrors = settings.mirrors.iter().map(|text| Mirror::parse(text, NamedBy::User));
        Ok(Self {
            mirrors: Arc::new(mirrors.collect::<Result<_, _>>()?),
            slots: Arc::new(Semaphore::new(settings.parallel.max(1))),
            settings: Arc::new(settings),
            transport,
            apt: Arc::new(apt),
            events,
            netrc: Arc::new(netrc),
            unreachable: Arc::default(),
            releases: Memory::default(),
            indexes: Memory::default(),
        })
    }

    /// Returns the login for a URL on a mirror.
    pub(super) fn login(&self, mirror: &Mirror, url: &Url) -> Option<Login> {
        let found = mirror.login.as_ref().or_else(|| self.apt.credentials.find(url));
        found.or_else(|| self.netrc.find(url)).cloned()
    }

    /// Leaves out places that cannot be asked offline; none left is an error that names the first.
    pub(super) fn allowed<'a>(
        &self,
        places: &'a [Place],
        item: &Item,
    ) -> Result<&'a [Place], RepositoryError> {
        let local = |place: &Place| place.mirror.base().scheme() == "file";
        match places.first() {
            Some(first) if self.transport.is_offline() && !places.iter().any(local) => {
                let url = first.mirror.url(&first.path).to_string();
                Err(RepositoryError::Offline { item: item.clone(), url })
            }
            _ => Ok(places),
        }
    }

    /// Leaves out places on mirrors that did not answer before, unless there are no others.
    pub(super) fn reachable<'a>(&self, places: &'a [Place]) -> Vec<&'a Place> {
        let unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
        let answering = |place: &&Place| !unreachable.contains(&host(&place.mirror));
        let left: Vec<_> = places.iter().filter(answering).collect();
        if left.is_empty() { places.iter().collect() } else { left }
    }

    /// Remembers and tells that a mirror failed.
    pub(super) fn note_failure(&self, item: &Item, mirror: &Mirror, failure: &Failure) {
        if matches!(failure, Failure::Connect(_) | Failure::TimedOut) {
            let mut unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
            unreachable.insert(host(mirror));
        }
        self.events.note(format!("cannot fetch {item} from {mirror}: {failure}"));
    }

    /// Tells that the mirror is asked again, and waits.
    pub(super) async fn pause(&self, item: &Item, mirror: &Mirror, failure: &Failure, pause: Duration) {
        let seconds = pause.as_secs_f32();
        self.events.note(format!("{item}: {mirror}: {failure}; asking again in {seconds:.1} s"));
        tokio::time::sleep(pause).await;
    }

    /// Runs work that blocks or computes for long without holding up the network.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, RepositoryError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => Ok(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(RepositoryError::Cancelled),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("mirrors", &self.mirrors).finish_non_exhaustive()
    }
}

fn host(mirror: &Mirror) -> String {
    mirror.base().origin().ascii_serialization()
}
