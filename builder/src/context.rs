//! What every command of the builder works with: the cache, the way to packages, threads, events.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::cache::{Cache, CacheError};
use crate::event::{Event, Events};
use crate::repository::{Client, RepositoryError, Settings};

/// What every command of the builder works with.
#[derive(Debug)]
pub struct Context {
    /// The cache folder.
    pub cache: Cache,
    /// The way to packages.
    pub client: Client,
    /// Number of threads that compress and hash; the result never depends on it.
    pub threads: usize,
    /// Where events go.
    pub events: Events,
    /// The current time.
    pub now: Timestamp,
    /// Tells this build of attar from others, so that what one remembers is never taken for another's.
    pub(crate) generation: String,
    runtime: Arc<tokio::runtime::Runtime>,
}

/// The builder cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The way to packages cannot be set up.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// No thread can be started.
    #[error("cannot start the network's threads")]
    Runtime(#[source] io::Error),
}

impl Context {
    /// Sets everything up; opens no connection yet.
    pub fn new(settings: Settings, threads: usize, events: Events) -> Result<Self, ContextError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(ContextError::Runtime)?;
        let cache = settings.cache.clone();
        let now = settings.now;
        let client = Client::new(settings, events.clone())?;
        Ok(Self {
            cache,
            client,
            threads: threads.max(1),
            events,
            now,
            generation: generation(),
            runtime: Arc::new(runtime),
        })
    }

    /// Returns the same context, with every warning kept in `heard` as well.
    pub(crate) fn listening(&self, heard: &Arc<Mutex<Vec<String>>>) -> Self {
        let (heard, events) = (Arc::clone(heard), self.events.clone());
        let events = Events::new(move |event| {
            if let Event::Warning(text) = &event {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
            }
            events.send(event);
        });
        Self {
            cache: self.cache.clone(),
            client: self.client.clone(),
            threads: self.threads,
            events,
            now: self.now,
            generation: self.generation.clone(),
            runtime: Arc::clone(&self.runtime),
        }
    }

    /// Runs what waits for the network.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Returns the version and what `stat` says of the running program: two builds of one version differ.
fn generation() -> String {
    let stat = std::env::current_exe().and_then(std::fs::metadata);
    let program = stat.map(|stat| (stat.size(), stat.mtime(), stat.mtime_nsec(), stat.ino())).ok();
    format!("attar {} {program:?}", env!("CARGO_PKG_VERSION"))
}
