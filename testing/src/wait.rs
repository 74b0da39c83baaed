//! Waiting for a condition, with a bound.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Asks again and again until there is an answer, and returns it; panics after `bound`.
#[track_caller]
pub fn until<T>(what: impl Display, bound: Duration, mut answer: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {bound:?} for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
