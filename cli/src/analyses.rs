//! Analyses of layers, kept in attar's cache.

use attar_builder::cache::{Cache, Shelf};
use attar_builder::event::Events;
use attar_image::stack;

use crate::settings::Settings;

/// The part of the cache that holds analyses.
#[derive(Clone, Debug)]
pub(crate) struct Analyses(Cache);

impl Analyses {
    /// Opens the cache. Where there can be none, such as in a home that may not be written to, reading
    /// goes without.
    pub(crate) fn open(settings: &Settings, events: Events) -> Option<Self> {
        Cache::open(&settings.cache, events).ok().map(Self)
    }
}

impl stack::Analyses for Analyses {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(Shelf::Analyses, key)
    }

    fn store(&self, key: &str, value: &[u8]) {
        // What is not kept is computed again.
        let _ = self.0.put(Shelf::Analyses, key, value);
    }
}
