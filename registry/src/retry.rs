//! How often and after which pause the same request is sent again.

use std::time::Duration;

use crate::failure::Failure;

/// How patient attar is with one registry.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often a request is sent at most while nothing comes of it.
    pub attempts: u32,
    /// The pause before the second request; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, also when the registry asks for a longer one.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 5, first_pause: Duration::from_millis(500), longest_pause: Duration::from_secs(60) }
    }
}

/// A transfer that keeps breaking is given up after this many failures, whatever progress it makes.
const MOST_FAILURES: u32 = 100;

/// Counts the failures of one request or transfer.
#[derive(Debug)]
pub(crate) struct Backoff {
    patience: Patience,
    failures: u32,
    total: u32,
}

impl Backoff {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, failures: 0, total: 0 }
    }

    /// Forgets earlier failures, because bytes have moved since.
    pub(crate) fn progressed(&mut self) {
        self.failures = 0;
    }

    /// Returns the pause after a failure that may pass, or nothing when it is time to give up.
    pub(crate) fn pause(&mut self, failure: &Failure) -> Option<Duration> {
        if !failure.is_passing() {
            return None;
        }
        self.failures += 1;
        self.total += 1;
        let attempts = match failure {
            // A host that cannot be reached at all seldom changes its mind in a second or two.
            Failure::Connect { .. } => self.patience.attempts.min(2),
            _ => self.patience.attempts,
        };
        if self.failures >= attempts || self.total >= MOST_FAILURES {
            return None;
        }
        let doubled = self.patience.first_pause.saturating_mul(1 << (self.failures - 1).min(16));
        let asked = match failure {
            Failure::Refused(refusal) => refusal.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        // Many clients that failed together must not come back together: up to half is left to chance.
        // What the registry asks for is a lower bound, so chance only adds to it.
        let pause = if asked > doubled {
            asked + self.patience.first_pause.mul_f64(fastrand::f64())
        } else {
            doubled.mul_f64(0.5 + fastrand::f64() / 2.0).max(asked)
        };
        Some(pause.min(self.patience.longest_pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Refusal;

    fn status(code: u16, seconds: Option<u64>) -> Failure {
        let retry_after = seconds.map(Duration::from_secs);
        Failure::Refused(Refusal { code, errors: Vec::new(), retry_after })
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut backoff = Backoff::new(Patience::default());
        for longest in [500, 1000, 2000, 4000] {
            let pause = backoff.pause(&status(503, None)).expect("a pause").as_millis();
            assert!((longest / 2..=longest).contains(&pause), "{pause} of {longest}");
        }
        assert_eq!(backoff.pause(&status(503, None)), None);
        backoff.progressed();
        assert!(backoff.pause(&Failure::TimedOut).is_some());
    }

    #[test]
    fn a_registry_may_ask_for_a_longer_pause() {
        for (asked, least, most) in [(7, 7000, 7500), (3600, 60_000, 60_000), (0, 250, 500)] {
            let mut backoff = Backoff::new(Patience::default());
            let pause = backoff.pause(&status(429, Some(asked))).expect("a pause").as_millis();
            assert!((least..=most).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn what_will_not_change_is_not_asked_again() {
        for failure in [status(404, None), status(403, Some(1)), Failure::TooLarge { limit: 1 }] {
            assert_eq!(Backoff::new(Patience::default()).pause(&failure), None, "{failure}");
        }
    }
}
