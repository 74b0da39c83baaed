//! Signals that end, stop or continue the process, so that none of them leaves the terminal behind.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};

use super::guard;

/// What ends the process.
const ENDING: [i32; 4] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];

/// Whether the process sent itself the signal to stop, and takes care of it.
static EXPECTED: AtomicBool = AtomicBool::new(false);

/// Starts to watch for signals; once for the life of the process, as nothing could be put back.
pub(super) fn watch() -> io::Result<()> {
    static WATCHED: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();
    WATCHED.get_or_init(|| start().map_err(|error| error.kind())).map_err(io::Error::from)
}

/// Says that the signal to stop comes from this process itself.
pub(super) fn expect_stop() {
    EXPECTED.store(true, Ordering::Release);
}

/// Stops the process until it is continued.
pub(super) fn stop() {
    let _ = low_level::raise(SIGSTOP);
}

fn start() -> io::Result<()> {
    let (mut told, tell) = UnixStream::pair()?;
    let mut watched = Vec::new();
    for signal in ENDING.into_iter().chain([SIGTSTP, SIGCONT]) {
        // The flag says which signal it was before the byte wakes the thread.
        let came = Arc::new(AtomicBool::new(false));
        flag::register(signal, Arc::clone(&came))?;
        low_level::pipe::register(signal, tell.try_clone()?)?;
        watched.push((signal, came));
    }
    thread::Builder::new().name("signals".into()).spawn(move || {
        let mut bytes = [0; 64];
        loop {
            match told.read(&mut bytes) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
            for (signal, came) in &watched {
                if came.swap(false, Ordering::AcqRel) {
                    obey(*signal);
                }
            }
        }
    })?;
    Ok(())
}

fn obey(signal: i32) {
    match signal {
        SIGTSTP if EXPECTED.swap(false, Ordering::AcqRel) => {}
        SIGTSTP => guard::stop_when_told(),
        SIGCONT => {
            EXPECTED.store(false, Ordering::Release);
            guard::resume();
        }
        signal => {
            guard::leave();
            // The one who waits for this process sees that it died of the signal.
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
