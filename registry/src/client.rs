//! The client: settings, one connection for each registry, and what it learned about blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use attar_image::Digest;
use attar_image::reference::Repository;
use tokio::sync::{OnceCell, Semaphore};

use crate::connection::Connection;
use crate::credentials::Credentials;
use crate::error::RegistryError;
use crate::event::Events;
use crate::retry::Patience;

/// How registries are spoken to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A bundle of certificate authorities that replaces the system's: the file `SSL_CERT_FILE` names.
    pub certificates: Option<PathBuf>,
    /// Folders with a folder for each registry, `HOST[:PORT]/*.crt`, whose authorities are trusted for it
    /// as well: Docker's and Podman's `certs.d`.
    pub certificate_folders: Vec<PathBuf>,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment count. Never for loopback.
    pub environment_proxies: bool,
    /// Which registries are spoken to in plain text.
    pub plain_http: PlainHttp,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long the other side may be silent.
    pub silence: Duration,
    /// How patient one registry is treated.
    pub patience: Patience,
    /// How many blobs are moved at a time.
    pub parallel: usize,
}

/// Which registries are spoken to in plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Those on the loopback interface, unless they speak TLS.
    #[default]
    Loopback,
    /// All.
    Always,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            certificates: None,
            certificate_folders: Vec::new(),
            environment_proxies: true,
            plain_http: PlainHttp::Loopback,
            connect_timeout: Duration::from_secs(15),
            silence: Duration::from_secs(60),
            patience: Patience::default(),
            parallel: 6,
        }
    }
}

/// Pulls, pushes and lists; cheap to clone, all clones share connections and what they learn.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    settings: Settings,
    credentials: Credentials,
    events: Events,
    connections: Mutex<BTreeMap<String, Arc<OnceCell<Arc<Connection>>>>>,
    slots: Arc<Semaphore>,
    /// Repositories that have a blob, by registry and digest: where it can be mounted from.
    whereabouts: Mutex<BTreeMap<(String, Digest), BTreeSet<String>>>,
    /// Held while a list of referrers is read and written.
    lists: tokio::sync::Mutex<()>,
}

impl Client {
    /// Sets up a client; opens no connection yet.
    pub fn new(settings: Settings, credentials: Credentials, events: Events) -> Self {
        let slots = Arc::new(Semaphore::new(settings.parallel.max(1)));
        Self(Arc::new(Inner {
            settings,
            credentials,
            events,
            connections: Mutex::default(),
            slots,
            whereabouts: Mutex::default(),
            lists: tokio::sync::Mutex::default(),
        }))
    }

    /// Returns the connection to a registry; the first call finds out how it is spoken to.
    pub(crate) async fn connection(&self, repository: &Repository) -> Result<Arc<Connection>, RegistryError> {
        let registry = repository.registry();
        let cell = {
            let mut connections = self.0.connections.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(connections.entry(registry.to_owned()).or_default())
        };
        let open = || async {
            let Inner { settings, credentials, events, .. } = &*self.0;
            Connection::open(settings, credentials, events, registry).await.map(Arc::new)
        };
        cell.get_or_try_init(open).await.cloned()
    }

    pub(crate) fn events(&self) -> &Events {
        &self.0.events
    }

    pub(crate) fn parallel(&self) -> usize {
        self.0.settings.parallel.max(1)
    }

    pub(crate) fn slots(&self) -> &Arc<Semaphore> {
        &self.0.slots
    }

    /// Waits for the right to read and write lists of referrers.
    pub(crate) async fn lists(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.lists.lock().await
    }

    /// Notes that a repository has a blob.
    pub(crate) fn note_blob(&self, repository: &Repository, digest: Digest) {
        let mut whereabouts = self.0.whereabouts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (repository.registry().to_owned(), digest);
        whereabouts.entry(key).or_default().insert(repository.path().to_owned());
    }

    /// Returns another repository of the same registry that has a blob.
    pub(crate) fn other_place(&self, repository: &Repository, digest: Digest) -> Option<String> {
        let whereabouts = self.0.whereabouts.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = whereabouts.get(&(repository.registry().to_owned(), digest))?;
        paths.iter().find(|path| *path != repository.path()).cloned()
    }

    /// Notes that a repository has blobs, so that others of its registry can take them over.
    ///
    /// A wrong note costs one request: what cannot be mounted is sent.
    pub fn know(&self, repository: &Repository, blobs: impl IntoIterator<Item = Digest>) {
        for digest in blobs {
            self.note_blob(repository, digest);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
