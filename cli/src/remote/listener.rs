//! Who hears what happens while an image is brought here: the lines and bars of a command, or an
//! interface that draws for itself.

use std::ops::ControlFlow;

use attar_image::blobs::Cancelled;
use attar_registry::Events;
use attar_registry::engine::Summary;

use crate::network::Network;
use crate::progress::Reporter;

/// Hears what happens while an image is brought here, and may lose interest.
pub(crate) trait Listener: Sync {
    /// Hears something worth knowing, in one line.
    fn say(&self, text: &str);

    /// Hears something that should be known.
    fn warn(&self, text: &str);

    /// Returns where registries and engines send their events.
    fn transfers(&self) -> Events;

    /// May ask what an engine knows of the image; asking takes two requests.
    fn summary(&self, _ask: &mut dyn FnMut() -> Option<Summary>) {}

    /// Hears how many bytes of an engine's archive are here, of about so many, or of a root file system.
    fn received(&self, _done: u64, _total: Option<u64>) {}

    /// Is called again and again while something is waited for, and breaks off when nobody wants it any
    /// more.
    fn attend(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Listener for Reporter {
    fn say(&self, text: &str) {
        Self::say(self, text);
    }

    fn warn(&self, text: &str) {
        self.events().warn(text);
    }

    fn transfers(&self) -> Events {
        Self::transfers(self)
    }
}

/// Waits for what the network does as long as the listener wants it.
pub(super) fn wait<T>(
    network: &Network,
    listener: &dyn Listener,
    work: impl Future<Output = T>,
) -> Result<T, Cancelled> {
    network.wait_attending(work, &mut || listener.attend())
}
