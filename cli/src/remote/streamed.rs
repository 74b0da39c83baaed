//! The blobs of an image in a registry, each fetched when it is opened for the first time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use attar_image::blobs::{Blob, Blobs, Cancelled, Meter};
use attar_image::digest::Digest;
use attar_image::layout::{LayoutError, Writer};
use attar_image::manifest::Descriptor;
use attar_image::reference::Repository;
use attar_inspector::tui::source::Fetching;
use attar_registry::{Event, Events, RegistryError};

use crate::escape;
use crate::network::Network;
use crate::scratch::Scratch;

/// Blobs that come from a repository into a layout, which goes with them.
pub(crate) struct Streamed {
    /// First, so that it ends before the layout goes.
    network: Network,
    repository: Repository,
    into: Arc<Writer>,
    traffic: Arc<Traffic>,
    /// Held while a blob is fetched: two threads that open it fetch it once.
    turns: Mutex<BTreeMap<Digest, Arc<Mutex<()>>>>,
    _scratch: Scratch,
}

impl Streamed {
    pub(super) fn new(
        network: Network,
        repository: Repository,
        into: Arc<Writer>,
        traffic: Arc<Traffic>,
        scratch: Scratch,
    ) -> Self {
        Self { network, repository, into, traffic, turns: Mutex::default(), _scratch: scratch }
    }

    /// Fetches a blob that is not here, verified; whoever cancels its meter ends that.
    fn fetch(&self, blob: &Descriptor) -> Result<(), FetchError> {
        let meter = self.traffic.begin(&blob.digest);
        let turn = Arc::clone(locked(&self.turns).entry(blob.digest).or_default());
        let _turn = locked(&turn);
        // Who had the turn before may have fetched it, or was stopped, and so is this one.
        meter.check()?;
        if self.into.has(blob) {
            return Ok(());
        }
        let fetching = self.network.client.fetch_blob(&self.repository, blob, &self.into);
        let fetched = self.network.wait_attending(fetching, &mut || match meter.is_cancelled() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        let result = fetched.map_err(FetchError::from).and_then(|fetched| Ok(fetched?));
        if result.is_err() {
            // What came of it is gone.
            self.traffic.forget(&blob.digest, &meter);
        }
        result
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<FetchError> for LayoutError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Cancelled(cancelled) => Self::Elsewhere(cancelled.into()),
            FetchError::Registry(error) => Self::Elsewhere(error.into()),
        }
    }
}

impl Blobs for Streamed {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        if !self.into.has(descriptor) {
            self.fetch(descriptor)?;
        }
        Blobs::open(&**self.into, descriptor)
    }

    fn has(&self, descriptor: &Descriptor) -> bool {
        self.into.has(descriptor)
    }

    fn is_elsewhere(&self, descriptor: &Descriptor) -> bool {
        !self.into.has(descriptor)
    }
}

impl Fetching for Streamed {
    fn meter(&self, digest: &Digest) -> Arc<Meter> {
        self.traffic.meter(digest)
    }

    fn notes(&self) -> Vec<String> {
        self.traffic.take_notes()
    }
}

/// What happens between here and registries or engines, kept for whoever asks.
#[derive(Default)]
pub(crate) struct Traffic {
    meters: Mutex<BTreeMap<Digest, Arc<Meter>>>,
    notes: Mutex<Vec<String>>,
}

impl Traffic {
    /// Returns where events go that are kept here.
    pub(crate) fn events(self: &Arc<Self>) -> Events {
        let own = Arc::clone(self);
        Events::new(move |event| match event {
            Event::BlobProgress { digest, bytes } => {
                let meter = own.meter(&digest);
                meter.reach(meter.done().saturating_add(bytes));
            }
            Event::Warning(text) | Event::Note(text) => own.note(&text),
            _ => {}
        })
    }

    /// Keeps a line.
    pub(crate) fn note(&self, text: &str) {
        locked(&self.notes).push(escape::line(text));
    }

    /// Returns the lines since the last call.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.notes))
    }

    fn meter(&self, digest: &Digest) -> Arc<Meter> {
        Arc::clone(locked(&self.meters).entry(*digest).or_default())
    }

    /// Returns the meter of a fetch that begins or goes on: that of one that was stopped is used up.
    fn begin(&self, digest: &Digest) -> Arc<Meter> {
        let mut meters = locked(&self.meters);
        let meter = meters.entry(*digest).or_default();
        if meter.is_cancelled() {
            *meter = Arc::default();
        }
        Arc::clone(meter)
    }

    fn forget(&self, digest: &Digest, used: &Arc<Meter>) {
        let mut meters = locked(&self.meters);
        if meters.get(digest).is_some_and(|meter| Arc::ptr_eq(meter, used)) {
            meters.remove(digest);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
