//! What happens during a build, for whoever shows it.

use std::fmt;
use std::sync::Arc;

/// Something that happened during a build.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A stage of the work begins: a short text such as `solving`.
    Stage(String),
    /// Something the user should know that does not stop the work.
    Warning(String),
    /// Something a curious user may like to know.
    Note(String),
    /// A file is about to be downloaded.
    DownloadStarted {
        /// What the user knows it as.
        name: String,
        /// Size in bytes, where it is known.
        size: Option<u64>,
    },
    /// Bytes of a download have arrived.
    DownloadProgress {
        /// What the user knows it as.
        name: String,
        /// Bytes that arrived since the last event of this download.
        bytes: u64,
    },
    /// A download is complete and verified.
    DownloadFinished {
        /// What the user knows it as.
        name: String,
    },
    /// A lock is about to be completed: it holds for every image of the spec, also for those that are
    /// not built now, so the packages of all of them are read.
    LockStarted {
        /// The platforms.
        platforms: Vec<String>,
        /// The variants besides the plain image.
        variants: Vec<String>,
        /// Number of packages.
        packages: usize,
        /// Size of their archives in bytes.
        bytes: u64,
    },
    /// A platform's image is about to be made.
    PlatformStarted {
        /// The platform, such as `linux/arm64`, with the variant in brackets if there is one.
        platform: String,
        /// Number of packages.
        packages: usize,
        /// Size of their archives in bytes.
        bytes: u64,
    },
    /// A package of a platform is ready to become part of a layer.
    PackageReady {
        /// The platform.
        platform: String,
        /// The package.
        package: String,
        /// Size of its archive in bytes.
        bytes: u64,
        /// Whether it came from the cache as it is.
        cached: bool,
    },
    /// A layer is complete.
    LayerReady {
        /// The platform.
        platform: String,
        /// What is in it.
        name: String,
        /// Compressed size in bytes.
        size: u64,
        /// Whether digest and diff ID came from the cache.
        cached: bool,
    },
    /// A platform's image is complete.
    PlatformFinished {
        /// The platform.
        platform: String,
        /// Number of layers.
        layers: usize,
        /// Size of all layers in bytes.
        bytes: u64,
    },
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

    /// Tells a warning.
    pub fn warn(&self, text: impl Into<String>) {
        self.send(Event::Warning(text.into()));
    }

    /// Tells a note.
    pub fn note(&self, text: impl Into<String>) {
        self.send(Event::Note(text.into()));
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
