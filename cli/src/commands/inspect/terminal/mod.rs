//! What the terminal interface gets from outside: images, their owners and verdicts.
//!
//! Nothing here writes to the terminal: whatever there is to say goes to the interface.

mod here;
mod list;
mod told;
mod verdict;

use std::sync::Arc;

use attar_builder::event::Events;
use attar_image::blobs::{Cancelled, Meter};
use attar_image::stack::{self, Stack};
use attar_inspector::tui::source::{Failure, Fetching, Found, Opened, Source, Told, Verdict, Wanted};
use attar_packages::ownership::Ownership;

use crate::analyses::Analyses;
use crate::args::RegistryArgs;
use crate::failure::{self, Usage};
use crate::ownership;
use crate::remote::{self, Distant, Traffic};
use crate::settings::Settings;
use crate::source::ImageSource;

use told::Telling;

/// Gives the interface what it asks for.
pub(super) struct Images {
    settings: Settings,
    registry: RegistryArgs,
}

impl Images {
    /// Reads images as these settings say.
    pub(super) fn new(settings: &Settings, registry: &RegistryArgs) -> Self {
        Self { settings: settings.clone(), registry: registry.clone() }
    }

    fn opened(&self, wanted: &Wanted, told: &dyn Told) -> anyhow::Result<Opened> {
        let source = super::image(&wanted.word)?;
        if source == ImageSource::Stdin {
            // Keys come from there.
            return Err(Usage::new("the interface cannot read an image from standard input")
                .hint("`attar inspect - -o table` reads one; or write it to a file first")
                .into());
        }
        let traffic = Arc::new(Traffic::default());
        let telling = Telling::new(told, &traffic);
        let platform = wanted.platform.as_deref();
        let distant =
            remote::open_at_once(&source, platform, &self.settings, &self.registry, &telling, &traffic)?;
        telling.pass_on();
        let Distant { opened, streamed, platforms, place } = distant;
        opened.notes.iter().for_each(|note| told.note(crate::escape::line(note)));
        let Some(image) = opened.images.first().cloned() else {
            return Err(anyhow::anyhow!("no image was found"));
        };
        let analyses = Analyses::open(&self.settings, Events::ignore());
        Ok(Opened {
            image,
            is_root: opened.is_root,
            blobs: Arc::new(opened),
            fetching: streamed.map(|streamed| -> Arc<dyn Fetching> { streamed }),
            analyses: analyses.map(|analyses| -> Arc<dyn stack::Analyses> { Arc::new(analyses) }),
            platforms,
            place: place.to_string(),
        })
    }
}

impl Source for Images {
    fn list(&self, found: &mut dyn FnMut(Found)) {
        list::images(&self.settings, found);
    }

    fn open(&self, wanted: &Wanted, told: &dyn Told) -> Result<Opened, Failure> {
        self.opened(wanted, told).map_err(|error| ended(error, told.is_cancelled()))
    }

    fn owners(&self, opened: &Opened, stack: &Stack) -> Result<Ownership, Failure> {
        ownership::of(stack, &*opened.blobs).map_err(failed)
    }

    fn verdict(&self, opened: &Opened, meter: &Arc<Meter>) -> Result<Verdict, Failure> {
        verdict::of(opened, &self.settings, meter).map_err(|error| ended(error, meter.is_cancelled()))
    }
}

/// Says why something ended without a result: what broke off because nobody waited failed at nothing else.
fn ended(error: anyhow::Error, is_cancelled: bool) -> Failure {
    match is_cancelled {
        true => failed(Cancelled.into()),
        false => failed(error),
    }
}

/// Says in one line why something could not be done.
fn failed(error: anyhow::Error) -> Failure {
    let (message, hint) = failure::in_one_line(&error);
    Failure { message, hint }
}

#[cfg(test)]
mod tests;
