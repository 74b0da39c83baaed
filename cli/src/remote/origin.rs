//! Where an image is that is not on this machine's disk, and how an engine's comes here.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Context as _;
use attar_image::archive::Archive;
use attar_image::blobs::Meter;
use attar_image::reference::Reference;
use attar_registry::EngineError;
use attar_registry::engine::{Engine, Kind};

use super::listener::{Listener, wait};
use crate::network::{ATTENTION, Network};
use crate::source::ImageSource;

/// Where an image is.
pub(super) enum Origin {
    /// In an engine that answers, under this name.
    Engine(Box<Engine>, String),
    /// In its registry.
    Registry(Reference),
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

impl Origin {
    /// Finds an image; none if it is in a file or folder.
    pub(super) fn find(
        source: &ImageSource,
        network: &Network,
        listener: &dyn Listener,
    ) -> anyhow::Result<Option<Self>> {
        match source {
            ImageSource::Registry(reference) => Ok(Some(Self::Registry(reference.clone()))),
            ImageSource::Engine { kind, name } => {
                let connected = wait(network, listener, network.connect(*kind))?;
                let engine = connected.map_err(|error| match error.is_absent() {
                    true => NoEngine { kind: *kind, name: name.clone(), source: error }.into(),
                    false => anyhow::Error::new(error),
                })?;
                Ok(Some(Self::Engine(Box::new(engine), name.clone())))
            }
            ImageSource::Anywhere(reference) => Self::anywhere(reference, network, listener).map(Some),
            ImageSource::Layout { .. }
            | ImageSource::Archive { .. }
            | ImageSource::Root(_)
            | ImageSource::Stdin => Ok(None),
        }
    }

    /// Finds the first engine that has the image, else its registry, and says which.
    fn anywhere(reference: &Reference, network: &Network, listener: &dyn Listener) -> anyhow::Result<Self> {
        let name = reference.familiar();
        if Path::new(&name).exists() {
            listener.say(&format!("`{name}` is taken for an image: `./{name}` is the file or folder here"));
        }
        for kind in [Kind::Docker, Kind::Podman] {
            let engine = match wait(network, listener, network.connect(kind))? {
                Ok(engine) => engine,
                // An engine that is not there has no image; one that is there and fails is told.
                Err(error) if error.is_absent() => continue,
                Err(error) => {
                    listener.warn(&format!("{kind} is not asked: {error}"));
                    continue;
                }
            };
            if wait(network, listener, engine.has(&name))?? {
                listener.say(&format!("`{name}` is taken from {kind} at {}", engine.address()));
                return Ok(Self::Engine(Box::new(engine), name));
            }
        }
        listener.say(&format!("`{name}` is taken from the registry"));
        Ok(Self::Registry(reference.clone()))
    }
}

/// Writes an engine's archive of an image into a file, and compares all of it with its digests.
pub(super) fn save(
    engine: &Engine,
    name: &str,
    path: &Path,
    network: &Network,
    listener: &dyn Listener,
) -> anyhow::Result<()> {
    let mut total = None;
    listener.summary(&mut || {
        let summary = wait(network, listener, engine.summary(name)).ok()?.ok()?;
        total = summary.size;
        Some(summary)
    });
    let file = File::create(path).context("cannot make a temporary file")?;
    let received = Arc::new(AtomicU64::new(0));
    let mut counted = Counted { file, written: Arc::clone(&received) };
    let saving = engine.save(name, move |archive| io::copy(archive, &mut counted));
    let saved = network.wait_attending(saving, &mut || {
        listener.received(received.load(Ordering::Relaxed), total);
        listener.attend()
    })?;
    let size = saved.map_err(anyhow::Error::from).and_then(|saved| Ok(saved?))?;
    listener.received(size, Some(size));
    let archive = Archive::open(path)?;
    Ok(attended(listener, |meter| archive.verify(meter))?)
}

/// A file that says how much was written to it.
struct Counted {
    file: File,
    written: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Does something long, with a meter that is cancelled when the listener wants it no more.
fn attended<T>(listener: &dyn Listener, work: impl FnOnce(&Arc<Meter>) -> T) -> T {
    let meter = Arc::new(Meter::default());
    thread::scope(|scope| {
        let (done, finished) = std::sync::mpsc::channel::<()>();
        let watched = Arc::clone(&meter);
        scope.spawn(move || {
            // The sender goes when the work is done.
            while finished.recv_timeout(ATTENTION) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                if listener.attend().is_break() {
                    return watched.cancel();
                }
            }
        });
        let result = work(&meter);
        drop(done);
        result
    })
}
