//! How far something is, told to whoever waits for it, and that nobody waits any more.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How far some work is. Those who wait for it may [cancel](Self::cancel) it.
#[derive(Debug, Default)]
pub struct Meter {
    done: AtomicU64,
    is_cancelled: AtomicBool,
}

/// Nobody waits for the work any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl Meter {
    /// Says how far it is; a smaller number than before changes nothing.
    pub fn reach(&self, done: u64) {
        self.done.fetch_max(done, Ordering::Relaxed);
    }

    /// Returns how far it is.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Asks for an end.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Says whether an end was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Fails when an end was asked for.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

impl From<Cancelled> for io::Error {
    fn from(cancelled: Cancelled) -> Self {
        // Not `Interrupted`: that would be tried again.
        Self::other(cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_goes_forward_until_it_is_cancelled() {
        let meter = Meter::default();
        meter.reach(5);
        meter.reach(3);
        assert_eq!((meter.done(), meter.check()), (5, Ok(())));
        meter.cancel();
        assert_eq!(meter.check(), Err(Cancelled));
    }
}
