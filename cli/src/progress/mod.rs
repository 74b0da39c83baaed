//! Draws what happens during a build on standard error: bars on a terminal, plain lines elsewhere.
//!
//! Both consume the same stream of events. Warnings are shown whatever the style, unless the user
//! asked for quiet.

mod bars;
mod lines;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use attar_builder::event::{Event, Events};
use attar_registry::Event as Transfer;

use crate::escape;
use crate::output;
use crate::settings::{Progress, Settings, Verbosity};
use crate::size::Size;

/// Draws one kind of progress.
trait Display: Send + Sync {
    /// Shows an event; warnings and notes come as text already chosen for showing.
    fn event(&self, event: &Event);

    /// Shows what happens between here and a registry, warnings and notes aside.
    fn transfer(&self, event: &Transfer);

    /// Prints a line that stays.
    fn line(&self, text: &str);

    /// Does something that writes to the terminal, with what is drawn over taken away meanwhile.
    fn aside(&self, work: &mut dyn FnMut());

    /// Takes away what is drawn over.
    fn clear(&self);
}

/// Shows progress until it is dropped.
pub(crate) struct Reporter {
    display: Arc<dyn Display>,
    verbosity: Verbosity,
    color: bool,
}

impl Reporter {
    /// Starts showing progress as the settings say.
    pub(crate) fn new(settings: &Settings) -> Self {
        let display: Arc<dyn Display> = match settings.progress {
            Progress::Bars => Arc::new(bars::Bars::new()),
            Progress::Lines => Arc::new(lines::Lines::new(settings.verbosity)),
            Progress::Hidden => Arc::new(Hidden),
        };
        Self { display, verbosity: settings.verbosity, color: settings.color }
    }

    /// Returns where a build sends its events. What is true of every platform and variant is said once.
    pub(crate) fn events(&self) -> Events {
        let display = Arc::clone(&self.display);
        let (verbosity, color) = (self.verbosity, self.color);
        let said = Mutex::new(BTreeSet::new());
        let is_new =
            move |text: &String| said.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone());
        Events::new(move |event| match &event {
            Event::Warning(text) if verbosity > Verbosity::Quiet && is_new(text) => {
                display.line(&labelled("warning", "33", color, text));
            }
            Event::Note(text) if verbosity > Verbosity::Normal && is_new(text) => {
                display.line(&labelled("note", "36", color, text));
            }
            Event::Warning(_) | Event::Note(_) => {}
            other => display.event(other),
        })
    }

    /// Returns where registries and engines send their events.
    pub(crate) fn transfers(&self) -> attar_registry::Events {
        let display = Arc::clone(&self.display);
        let (verbosity, color) = (self.verbosity, self.color);
        attar_registry::Events::new(move |event| match &event {
            Transfer::Warning(text) if verbosity > Verbosity::Quiet => {
                display.line(&labelled("warning", "33", color, text));
            }
            Transfer::Note(text) if verbosity > Verbosity::Normal => {
                display.line(&labelled("note", "36", color, text));
            }
            Transfer::Warning(_) | Transfer::Note(_) => {}
            other => display.transfer(other),
        })
    }

    /// Prints a line for the user that is no answer, unless it shall be quiet.
    pub(crate) fn say(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.display.line(&escape::lines(text));
        }
    }

    /// Says what is done now.
    pub(crate) fn stage(&self, text: &str) {
        self.events().send(Event::Stage(text.into()));
    }

    /// Prints part of the answer on standard output, which may be the terminal that bars are drawn on.
    pub(crate) fn answer(&self, text: &str) -> anyhow::Result<()> {
        let mut printed = Ok(());
        self.display.aside(&mut || printed = output::print(text.as_bytes()));
        printed
    }

    /// Prints a failure that does not end the command.
    pub(crate) fn fail(&self, error: &anyhow::Error) {
        self.display.line(crate::failure::render(error, self.color).trim_end());
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.display.clear();
    }
}

/// Says what is locked; `None` for other events.
fn locking(event: &Event) -> Option<String> {
    let Event::LockStarted { platforms, variants, packages, bytes } = event else { return None };
    let packages = if *packages == 1 { "1 package".to_owned() } else { format!("{packages} packages") };
    let variants = match &variants[..] {
        [] => String::new(),
        [one] => format!("; variant {one}"),
        several => format!("; variants {}", several.join(", ")),
    };
    Some(format!("locking {packages}, {}: {}{variants}", Size(*bytes), platforms.join(", ")))
}

fn labelled(label: &str, color_code: &str, color: bool, text: &str) -> String {
    let text = escape::lines(text);
    if color { format!("\u{1b}[1;{color_code}m{label}\u{1b}[0m: {text}") } else { format!("{label}: {text}") }
}

/// Writes a line to standard error; a closed one is no reason to stop a build.
fn write_line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Shows nothing but lines that were asked for.
struct Hidden;

impl Display for Hidden {
    fn event(&self, _event: &Event) {}

    fn transfer(&self, _event: &Transfer) {}

    fn line(&self, text: &str) {
        write_line(text);
    }

    fn aside(&self, work: &mut dyn FnMut()) {
        work();
    }

    fn clear(&self) {}
}
