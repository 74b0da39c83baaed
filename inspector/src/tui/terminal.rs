//! The terminal: entered and left in every way, what it tells and what is drawn on it.
//!
//! ```text
//! open(Settings) -> Terminal   raw mode, alternate screen; left when it is dropped, on panic, on signals
//!                -> Inputs     keys, mouse, resizing, wake-ups, one batch after the other
//! run_loop(Terminal, Inputs, impl Screen)
//! ```
//!
//! Nothing is polled: without input, and while nothing is under way, no thread does anything.

mod backend;
mod copy;
mod events;
mod guard;
mod output;
mod pace;
mod run;
mod sequence;
mod signals;
mod support;

use std::io;

use ratatui::Frame;
use ratatui::layout::Rect;

use backend::AnsiBackend;
use guard::Guard;
use output::Output;

pub use copy::{Clipboard, MAX_COPIED, TooLong};
pub use events::{Input, Inputs, Waker};
pub use run::{Flow, Screen, run_loop};
pub use signals::before_dying;
pub use support::Unsupported;

/// How the terminal is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What kind of terminal it is: the value of `TERM`, if there is one.
    pub kind: Option<String>,
    /// Whether the mouse is listened to. Without it the terminal's own selection of text works.
    pub has_mouse: bool,
}

/// A terminal that is drawn on.
pub struct Terminal {
    screen: ratatui::Terminal<AnsiBackend>,
    guard: Option<Guard>,
}

/// Enters the terminal: from now on it shows only what is drawn.
///
/// It is left when what is returned is dropped, when any thread panics, and when a signal ends or stops
/// the process. One terminal can be open at a time.
///
/// # Errors
///
/// Fails where nothing can be drawn, before anything was changed.
pub fn open(settings: &Settings) -> Result<(Terminal, Inputs), Unsupported> {
    let (guard, inputs) = Guard::enter(settings)?;
    let backend = AnsiBackend::new(Output::to(guard.tty()), None);
    let screen = ratatui::Terminal::new(backend).map_err(Unsupported::Input)?;
    Ok((Terminal { screen, guard: Some(guard) }, inputs))
}

impl Terminal {
    /// Returns a terminal of a size in columns and lines that is drawn on and never shown, to count bytes.
    pub fn counting(width: u16, height: u16) -> Self {
        let backend = AnsiBackend::new(Output::nowhere(), Some((width, height)));
        let screen = ratatui::Terminal::new(backend).expect("nothing is read or written that could fail");
        Self { screen, guard: None }
    }

    /// Draws one frame: only what differs from the last one is sent, in one piece.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.screen.backend_mut().begin();
        self.screen.draw(draw)?;
        self.screen.backend_mut().finish()
    }

    /// Forgets what the terminal shows, so that the next frame is sent whole.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn forget(&mut self) -> io::Result<()> {
        let area = self.screen.size().map(|size| Rect::new(0, 0, size.width, size.height))?;
        self.screen.backend_mut().forget();
        self.screen.resize(area)
    }

    /// Returns the number of columns and lines.
    ///
    /// # Errors
    ///
    /// Fails when the terminal is gone.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.screen.size().map(|size| (size.width, size.height))
    }

    /// Returns how many bytes were sent so far.
    pub fn bytes_sent(&self) -> u64 {
        self.screen.backend().bytes_sent()
    }

    /// Puts a text into the clipboard of the terminal.
    fn copy(&mut self, clipboard: &Clipboard) -> io::Result<()> {
        self.screen.backend_mut().send(clipboard.sequence())
    }

    /// Leaves the terminal and stops until the user comes back. Says whether a shell could take over;
    /// where none could, nothing happens.
    fn suspend(&self) -> bool {
        self.guard.as_ref().is_some_and(Guard::suspend)
    }
}
