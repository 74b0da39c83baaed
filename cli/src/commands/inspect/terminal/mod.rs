//! The terminal interface, and what it gets from outside: images, their owners and verdicts.
//!
//! While it is open nothing here writes to the terminal: whatever there is to say goes to the interface.

mod here;
mod list;
mod start;
mod told;
mod verdict;

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use attar_builder::event::Events;
use attar_image::blobs::{Cancelled, Meter};
use attar_image::stack::{self, Stack};
use attar_inspector::tui;
use attar_inspector::tui::keymap::Keymap;
use attar_inspector::tui::source::{Failure, Fetching, Found, Opened, Source, Told, Verdict, Wanted};
use attar_inspector::tui::start::Theme;
use attar_packages::ownership::Ownership;

use crate::analyses::Analyses;
use crate::args::{DumpFormat, InspectArgs, RegistryArgs};
use crate::exit_code::ExitCode;
use crate::failure::{self, Usage};
use crate::output;
use crate::ownership;
use crate::remote::{self, Distant, Traffic};
use crate::scratch;
use crate::settings::{Settings, keys};
use crate::source::ImageSource;

use told::Telling;

/// Opens the interface, and returns when the user leaves it.
pub(super) fn open(arguments: &InspectArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    if settings.is_logging && io::stderr().is_terminal() {
        return Err(Usage::new("the log would be written over the interface")
            .hint("`2> FILE` keeps it; `-o table` reports instead")
            .into());
    }
    let (start, keymap) = (start::of(arguments, settings)?, keymap(arguments, settings)?);
    let (source, now) = (Images::new(settings, &arguments.registry), settings.now.as_second());
    scratch::leave_signals();
    tui::run(start, keymap, Arc::new(source), settings.screen.kind.clone(), now, scratch::remove_all)?;
    Ok(ExitCode::Yes)
}

/// Draws one screen of the interface, as text or as a picture, when all that was asked for is there.
pub(super) fn draw_once(
    arguments: &InspectArgs,
    size: (u16, u16),
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let (start, keymap) = (start::of(arguments, settings)?, keymap(arguments, settings)?);
    let (source, now) = (Images::new(settings, &arguments.registry), settings.now.as_second());
    let is_light = start.theme == Some(Theme::Light);
    let drawn = tui::dump(start, keymap, Arc::new(source), size, now);
    let text = match arguments.screen.dump_format {
        DumpFormat::Text => tui::lines(&drawn).join("\n") + "\n",
        DumpFormat::Svg => tui::svg(&drawn, is_light),
    };
    output::print(text.as_bytes())?;
    Ok(ExitCode::Yes)
}

fn keymap(arguments: &InspectArgs, settings: &Settings) -> anyhow::Result<Keymap> {
    keys::read(arguments.screen.keys.as_deref(), &settings.config_folder.join("attar/keys.yaml"))
}

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
        // However fast it came: what nobody waits for is not handed over.
        if told.is_cancelled() {
            return Err(Cancelled.into());
        }
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

    fn failure(&self, error: &(dyn Error + 'static)) -> Failure {
        worded(error)
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
    worded(error.as_ref())
}

fn worded(error: &(dyn Error + 'static)) -> Failure {
    let (message, hint) = failure::in_one_line(error);
    Failure { message, hint }
}

#[cfg(test)]
mod tests;
