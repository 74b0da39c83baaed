//! Passes on to the interface what happens while an image is brought here.

use std::ops::ControlFlow;
use std::sync::Arc;

use attar_inspector::tui::source::{Outline, Told};
use attar_registry::Events;
use attar_registry::engine::Summary;

use crate::escape;
use crate::remote::{Listener, Traffic};

/// Hears for the interface.
pub(super) struct Telling<'a> {
    told: &'a dyn Told,
    /// Where registries and engines leave what they say, since they may outlive this.
    traffic: &'a Arc<Traffic>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(told: &'a dyn Told, traffic: &'a Arc<Traffic>) -> Self {
        Self { told, traffic }
    }

    /// Tells what was left.
    pub(super) fn pass_on(&self) {
        self.traffic.take_notes().into_iter().for_each(|note| self.told.note(note));
    }
}

impl Listener for Telling<'_> {
    fn say(&self, text: &str) {
        self.told.note(escape::line(text));
    }

    fn warn(&self, text: &str) {
        self.told.note(escape::line(text));
    }

    fn transfers(&self) -> Events {
        self.traffic.events()
    }

    fn summary(&self, ask: &mut dyn FnMut() -> Option<Summary>) {
        if let Some(summary) = ask() {
            self.told.outline(outline(summary));
        }
    }

    fn received(&self, done: u64, total: Option<u64>) {
        self.told.progress(done, total);
    }

    fn attend(&self) -> ControlFlow<()> {
        self.pass_on();
        match self.told.is_cancelled() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn outline(summary: Summary) -> Outline {
    let layers = summary.layers.into_iter().map(|layer| (layer.created_by, layer.size)).collect();
    Outline { platform: Some(summary.platform.to_string()), layers }
}
