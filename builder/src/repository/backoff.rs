//! How often and after which pause the same mirror is asked again.

use std::time::Duration;

use super::failure::Failure;

/// How patient attar is with one mirror.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often a request is sent at most while nothing comes of it.
    pub attempts: u32,
    /// The pause before the second request; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, also when the mirror asks for a longer one.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 4, first_pause: Duration::from_millis(500), longest_pause: Duration::from_secs(30) }
    }
}

/// Counts the failures of one download from one mirror.
pub(super) struct Backoff {
    patience: Patience,
    failures: u32,
    total: u32,
}

/// A download that keeps breaking is given up after this many failures, whatever progress it makes.
const MOST_FAILURES: u32 = 100;

impl Backoff {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, failures: 0, total: 0 }
    }

    /// Forgets earlier failures, because bytes have arrived since.
    pub(super) fn progressed(&mut self) {
        self.failures = 0;
    }

    /// Returns the pause after `failure`, or nothing when the mirror is to be given up.
    pub(super) fn pause(&mut self, failure: &Failure) -> Option<Duration> {
        self.failures += 1;
        self.total += 1;
        let attempts = match failure {
            // A host that cannot be reached at all seldom changes its mind in a second or two.
            Failure::Connect(_) => self.patience.attempts.min(2),
            _ => self.patience.attempts,
        };
        if !failure.is_passing() || self.failures >= attempts || self.total >= MOST_FAILURES {
            return None;
        }
        let doubled = self.patience.first_pause.saturating_mul(1 << (self.failures - 1).min(16));
        let asked = match failure {
            Failure::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        Some(doubled.max(asked).min(self.patience.longest_pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, seconds: Option<u64>) -> Failure {
        Failure::Status { code, reason: "", retry_after: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn pauses_double_and_end() {
        let mut backoff = Backoff::new(Patience::default());
        let pauses: Vec<_> = (0..4).map(|_| backoff.pause(&status(503, None))).collect();
        let expected = [500, 1000, 2000].map(|pause| Some(Duration::from_millis(pause)));
        assert_eq!(pauses[..3], expected);
        assert_eq!(pauses[3], None);
        backoff.progressed();
        assert_eq!(backoff.pause(&Failure::TimedOut), expected[0]);
    }

    #[test]
    fn a_mirror_may_ask_for_a_longer_pause() {
        let cases = [(Some(7), 7), (Some(3600), 30), (Some(0), 0)];
        for (asked, expected) in cases {
            let pause = Backoff::new(Patience::default()).pause(&status(429, asked)).expect("a pause");
            assert_eq!(pause.as_secs(), expected);
        }
    }

    #[test]
    fn what_will_not_change_is_not_asked_again() {
        for failure in [Failure::NotFound, status(403, None), Failure::TooLarge { limit: 1 }] {
            assert_eq!(Backoff::new(Patience::default()).pause(&failure), None, "{failure}");
        }
    }
}
