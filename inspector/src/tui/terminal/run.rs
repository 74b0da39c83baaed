//! The loop that every interface is: something happens, it is handled, what changed is drawn.

use std::io;
use std::time::{Duration, Instant};

use ratatui::Frame;

use super::{Clipboard, Input, Inputs, Terminal};

/// How often time is told of while something is under way.
const TICK: Duration = Duration::from_millis(100);

/// How long a frame stays at least when only other threads have news: faster nobody reads, and a slow
/// link has better things to carry.
const FRAME: Duration = Duration::from_millis(33);

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
    let mut drawn = Instant::now();
    let mut ticked = Instant::now();
    let mut is_due = false;
    loop {
        let wait_to_draw = is_due.then(|| FRAME.saturating_sub(drawn.elapsed()));
        let wait_to_tick = state.is_busy().then(|| TICK.saturating_sub(ticked.elapsed()));
        let timeout = wait_to_draw.into_iter().chain(wait_to_tick).min();
        let mut batch = inputs.batch(timeout);
        if state.is_busy() && ticked.elapsed() >= TICK {
            batch.push(Input::Tick);
            ticked = Instant::now();
        }
        // What the user does is answered at once; news of other threads may wait a moment.
        let is_patient = batch.iter().all(|input| matches!(input, Input::Woken));
        is_due |= !batch.is_empty();
        for input in batch {
            if !handled(terminal, state, input)? {
                return Ok(());
            }
        }
        if is_due && (!is_patient || drawn.elapsed() >= FRAME) {
            terminal.draw(|frame| state.draw(frame))?;
            drawn = Instant::now();
            is_due = false;
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
