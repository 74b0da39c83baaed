//! What happens between here and a registry, for whoever shows it.

use std::fmt;
use std::sync::Arc;

use attar_image::Digest;

/// Something that happened between here and a registry or an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Something the user should know that does not stop the work.
    Warning(String),
    /// Something a curious user may like to know: a request is repeated, a tag has moved.
    Note(String),
    /// The bytes of a blob begin to move. An interrupted transfer does not begin again.
    BlobStarted {
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// Bytes of a blob have moved. Bytes that are sent again count again.
    BlobProgress {
        /// The blob.
        digest: Digest,
        /// Bytes since the last event of this blob.
        bytes: u64,
    },
    /// A blob is where it should be. Blobs that did not move have no other event.
    BlobFinished {
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// How it came there.
        outcome: Outcome,
    },
}

/// How a blob came to where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there already.
    Existing,
    /// The registry took it over from another of its repositories.
    Mounted,
    /// It was sent or received.
    Transferred,
}

/// Where events go; cheap to clone and safe to share between threads.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl Events {
    /// Passes every event to `sink`.
    pub fn new(sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Throws every event away.
    pub fn ignore() -> Self {
        Self::new(|_| {})
    }

    /// Tells `event`.
    pub fn send(&self, event: Event) {
        (self.0)(event);
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.send(Event::Note(text.into()));
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
