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

/// Starts to watch for signals; once for the life of the process, as nothing could be put back.
pub(super) fn watch() -> io::Result<()> {
    static WATCHED: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();
    WATCHED.get_or_init(|| start().map_err(|error| error.kind())).map_err(io::Error::from)
}

/// What is done before the process dies of a signal.
static ENDING_WITH: OnceLock<fn()> = OnceLock::new();

/// Has something done before the process dies of a signal, after the terminal is left; once for the life of
/// the process.
pub fn before_dying(ending: fn()) {
    // The first one counts.
    let _ = ENDING_WITH.set(ending);
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
            let mut signals: Vec<i32> = watched
                .iter()
                .filter(|(_, came)| came.swap(false, Ordering::AcqRel))
                .map(|(signal, _)| *signal)
                .collect();
            // To continue takes the wish to stop back, as the kernel has it for signals that wait.
            if signals.contains(&SIGCONT) {
                signals.retain(|signal| *signal != SIGTSTP);
            }
            signals.into_iter().for_each(obey);
        }
    })?;
    Ok(())
}

fn obey(signal: i32) {
    match signal {
        SIGTSTP => guard::stop_when_told(),
        SIGCONT => guard::resume(),
        signal => {
            guard::leave();
            if let Some(ending) = ENDING_WITH.get() {
                ending();
            }
            // The one who waits for this process sees that it died of the signal.
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
