//! The loop that every interface is: something happens, it is handled, what changed is drawn.

use std::io;
use std::time::Instant;

use ratatui::Frame;

use super::pace::Pace;
use super::{Clipboard, Input, Inputs, Terminal};

/// What is shown, and what becomes of inputs.
pub trait Screen {
    /// Draws everything.
    fn draw(&self, frame: &mut Frame);

    /// Takes an input.
    fn handle(&mut self, input: Input) -> Flow;

    /// Says whether something is under way that [`Input::Tick`] moves on, such as a spinner.
    fn is_busy(&self) -> bool;
}

/// What shall happen after an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// What changed is drawn.
    Continue,
    /// Everything is drawn again.
    Redraw,
    /// A text goes to the clipboard.
    Copy(Clipboard),
    /// The process stops; what follows is [`Input::Resumed`], or [`Input::NotSuspended`].
    Suspend,
    /// The loop ends.
    Quit,
}

/// Runs an interface until it quits or its terminal is gone, which is no error.
///
/// # Errors
///
/// Fails if the terminal cannot be written to for any other reason.
pub fn run_loop(terminal: &mut Terminal, inputs: &mut Inputs, state: &mut impl Screen) -> io::Result<()> {
    match run(terminal, inputs, state) {
        Err(error) if is_gone(&error) => Ok(()),
        result => result,
    }
}

fn run(terminal: &mut Terminal, inputs: &mut Inputs, state: &mut impl Screen) -> io::Result<()> {
    terminal.draw(|frame| state.draw(frame))?;
    let mut pace = Pace::default();
    loop {
        pace.busy(state.is_busy(), Instant::now());
        let mut batch = inputs.batch(pace.timeout(Instant::now()));
        if pace.ticks(Instant::now()) {
            batch.push(Input::Tick);
        }
        pace.came(&batch);
        for input in batch {
            if !handled(terminal, state, input)? {
                return Ok(());
            }
        }
        if pace.draws(Instant::now()) {
            terminal.draw(|frame| state.draw(frame))?;
        }
    }
}

/// Hands an input over and does what is asked for; says whether the loop goes on.
fn handled(terminal: &mut Terminal, state: &mut impl Screen, input: Input) -> io::Result<bool> {
    let is_refused = input == Input::NotSuspended;
    match input {
        Input::Gone => return Ok(false),
        Input::Resumed => terminal.forget()?,
        _ => {}
    }
    match state.handle(input) {
        Flow::Continue => {}
        Flow::Redraw => terminal.forget()?,
        Flow::Copy(clipboard) => terminal.copy(&clipboard)?,
        Flow::Suspend => {
            if !is_refused && !terminal.suspend() {
                return handled(terminal, state, Input::NotSuspended);
            }
        }
        Flow::Quit => return Ok(false),
    }
    Ok(true)
}

/// Says whether an error means that nobody looks any more.
fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::PIPE, Errno::IO, Errno::NXIO, Errno::BADF, Errno::NODEV];
    error.kind() == io::ErrorKind::BrokenPipe
        || gone.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
