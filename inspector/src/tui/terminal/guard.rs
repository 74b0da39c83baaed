//! Entering and leaving the terminal: however the process ends, the terminal is as it was before.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use nix::unistd::{getpgid, getpgrp, getppid, getsid};
use ratatui::crossterm::event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use super::Settings;
use super::events::{Input, Inputs, input};
use super::sequence::{entering, leaving};
use super::signals;
use super::support::{Unsupported, check_kind, terminals};

/// The terminal that is open now. Whoever ends the process finds it here.
static OPEN: Mutex<Option<Arc<Tty>>> = Mutex::new(None);

/// How long the end of the process waits for a frame that is being written, in steps of a millisecond.
const PATIENCE: u32 = 100;

/// Keeps the terminal entered; leaves it when dropped.
pub(super) struct Guard(Arc<Tty>);

/// A terminal, entered or not.
pub(super) struct Tty {
    input: OwnedFd,
    output: OwnedFd,
    has_mouse: bool,
    /// Who entered it. A panic of any other thread would leave the process running without a screen.
    owner: ThreadId,
    inputs: Sender<Input>,
    /// Whether it is entered. Held while something is written, so that nothing is torn apart.
    is_entered: Mutex<bool>,
    /// How the terminal was before.
    before: Mutex<Termios>,
}

impl Guard {
    /// Enters the terminal, and returns what it tells from now on.
    pub(super) fn enter(settings: &Settings) -> Result<(Self, Inputs), Unsupported> {
        check_kind(settings.kind.as_deref())?;
        let (input, output) = terminals()?;
        let before = tcgetattr(&input).map_err(|error| Unsupported::Input(error.into()))?;
        let inputs = Inputs::default();
        let tty = Arc::new(Tty {
            input,
            output,
            has_mouse: settings.has_mouse,
            owner: thread::current().id(),
            inputs: inputs.sender(),
            is_entered: Mutex::new(false),
            before: Mutex::new(before),
        });
        signals::watch().map_err(Unsupported::Input)?;
        restore_on_panic();
        *lock(&OPEN) = Some(Arc::clone(&tty));
        let guard = Self(tty);
        guard.0.enter().map_err(Unsupported::Input)?;
        guard.0.listen().map_err(Unsupported::Input)?;
        Ok((guard, inputs))
    }

    /// Returns the terminal.
    pub(super) fn tty(&self) -> Arc<Tty> {
        Arc::clone(&self.0)
    }

    /// Leaves the terminal and has the process stop until the user comes back; says whether it will.
    pub(super) fn suspend(&self) -> bool {
        if is_orphaned() {
            return false;
        }
        self.0.leave();
        // The whole group stops, as it does for a terminal that is not raw: a script that runs this too.
        // This process stops where every such signal is obeyed, so that nothing of it is left for the
        // time when it is continued.
        kill_current_process_group(Signal::TSTP).is_ok()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.leave();
        *lock(&OPEN) = None;
    }
}

impl Tty {
    /// Writes to the terminal; drops what is written while it is left.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let is_entered = lock(&self.is_entered);
        if *is_entered { self.write_all(bytes) } else { Ok(()) }
    }

    /// Returns columns and lines; never none of either, as some terminals say at first.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = tcgetwinsize(&self.output)?;
        let or = |given: u16, usual: u16| if given == 0 { usual } else { given };
        Ok((or(size.ws_col, 80), or(size.ws_row, 24)))
    }

    fn enter(&self) -> io::Result<()> {
        let mut is_entered = lock(&self.is_entered);
        let now = tcgetattr(&self.input)?;
        if !*is_entered {
            *lock(&self.before) = now.clone();
        }
        let mut raw = now;
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        *is_entered = true;
        self.write_all(entering(self.has_mouse).as_bytes())
    }

    /// Leaves the terminal as it was. There is nobody to tell if that fails: then it is gone.
    fn leave(&self) {
        let is_entered = self.patiently();
        let was_entered = match is_entered {
            Some(mut is_entered) => std::mem::replace(&mut *is_entered, false),
            // Something is being written and does not end. Better torn apart than left as it is.
            None => true,
        };
        if !was_entered {
            return;
        }
        let _ = tcsetattr(&self.input, OptionalActions::Now, &lock(&self.before));
        // A terminal that takes nothing more must not keep the process alive.
        let patience = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        if poll(&mut [PollFd::new(&self.output, PollFlags::OUT)], Some(&patience))
            .is_ok_and(|ready| ready > 0)
        {
            let _ = self.write_all(leaving(self.has_mouse).as_bytes());
        }
    }

    fn patiently(&self) -> Option<MutexGuard<'_, bool>> {
        for _ in 0..PATIENCE {
            match self.is_entered.try_lock() {
                Ok(is_entered) => return Some(is_entered),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
        None
    }

    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.output, bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    // Someone else made the terminal non-blocking.
                    poll(&mut [PollFd::new(&self.output, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Starts the threads that wait for keys and for the end of the terminal.
    fn listen(self: &Arc<Self>) -> io::Result<()> {
        let keys = self.inputs.clone();
        thread::Builder::new().name("keys".into()).spawn(move || {
            while let Ok(event) = event::read() {
                if input(event).is_some_and(|input| keys.send(input).is_err()) {
                    return;
                }
            }
            let _ = keys.send(Input::Gone);
        })?;
        // The library that reads keys goes round in circles at the end of the input, so that the end has
        // to be seen by someone else.
        let end = self.inputs.clone();
        let terminal = self.input.as_fd().try_clone_to_owned()?;
        thread::Builder::new().name("terminal".into()).spawn(move || {
            loop {
                let mut watched = [PollFd::new(&terminal, PollFlags::empty())];
                match poll(&mut watched, None) {
                    Err(rustix::io::Errno::INTR) => {}
                    _ => break,
                }
            }
            let _ = end.send(Input::Gone);
        })?;
        Ok(())
    }
}

/// Leaves the open terminal, if there is one, as on the way to the end of the process.
pub(super) fn leave() {
    if let Some(tty) = current() {
        tty.leave();
    }
}

/// Leaves the open terminal and stops the process, as others asked for. Nothing happens where no shell
/// would continue it, as the kernel has it for whoever does not watch for the signal.
pub(super) fn stop_when_told() {
    if !is_orphaned() {
        leave();
        signals::stop();
    }
}

/// Enters the open terminal again, as after the process was stopped.
pub(super) fn resume() {
    if let Some(tty) = current()
        && tty.enter().is_ok()
    {
        let _ = tty.inputs.send(Input::Resumed);
    }
}

/// Says whether nobody would continue this process if it stopped: its group is that of the session, or
/// what started it belongs to another one or is out of sight.
///
/// Processes, groups and sessions that began outside of the namespace of this process all have the number
/// 0 in it, which the functions of rustix do not allow for.
fn is_orphaned() -> bool {
    let (parent, group, session) = (getppid(), getpgrp(), getsid(None));
    parent.as_raw() == 0
        || getsid(Some(parent)) != session
        || (getpgid(Some(parent)) == Ok(group) && session == Ok(group))
}

fn current() -> Option<Arc<Tty>> {
    lock(&OPEN).clone()
}

/// Leaves the terminal before the message of a panic is written.
fn restore_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let tty = current();
            if let Some(tty) = &tty {
                tty.leave();
            }
            before(panic);
            if tty.is_some_and(|tty| tty.owner != thread::current().id()) {
                // What is released aborts on every panic; so that nothing runs on unseen, this does too.
                std::process::abort();
            }
        }));
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
