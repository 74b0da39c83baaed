//! When time is told of and when a frame is drawn.

use std::time::{Duration, Instant};

use super::Input;

/// How often time is told of while something is under way.
const TICK: Duration = Duration::from_millis(100);

/// How far apart frames are at least that only other threads have news for: faster nobody reads, and a
/// slow link has better things to carry.
const FRAME: Duration = Duration::from_millis(33);

/// The times of what happened last.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When time was told of last, or something began to be under way; none while nothing is.
    ticked: Option<Instant>,
    /// What there is to draw.
    due: Due,
    /// When a frame was drawn for news of other threads alone; none if there was none since the last answer.
    news: Option<Instant>,
}

/// What there is to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Nothing.
    #[default]
    Nothing,
    /// News of other threads, which may wait a moment.
    News,
    /// The answer to what the user does, which may not.
    Answer,
}

impl Pace {
    /// Takes notice of whether something is under way.
    pub(super) fn busy(&mut self, is_busy: bool, now: Instant) {
        self.ticked = is_busy.then(|| self.ticked.unwrap_or(now));
    }

    /// Returns how long inputs may be waited for; none if for ever.
    pub(super) fn timeout(&self, now: Instant) -> Option<Duration> {
        let tick = self.ticked.map(|ticked| left(ticked, TICK, now));
        let frame =
            (self.due == Due::News).then(|| self.news.map_or(Duration::ZERO, |news| left(news, FRAME, now)));
        tick.into_iter().chain(frame).min()
    }

    /// Says whether it is time to tell of time.
    pub(super) fn ticks(&mut self, now: Instant) -> bool {
        let is_time = self.ticked.is_some_and(|ticked| left(ticked, TICK, now).is_zero());
        if is_time {
            self.ticked = Some(now);
        }
        is_time
    }

    /// Takes notice of what will have been handled when the next frame is drawn.
    pub(super) fn came(&mut self, inputs: &[Input]) {
        let of = |input: &Input| if *input == Input::Woken { Due::News } else { Due::Answer };
        self.due = inputs.iter().map(of).max().max(Some(self.due)).unwrap_or_default();
    }

    /// Says whether a frame is drawn now. What a key has found is shown when it is there, however soon
    /// after the key; what comes after that keeps its distance.
    pub(super) fn draws(&mut self, now: Instant) -> bool {
        let draws = match self.due {
            Due::Nothing => false,
            Due::Answer => {
                self.news = None;
                true
            }
            Due::News => {
                let is_time = self.news.is_none_or(|news| left(news, FRAME, now).is_zero());
                if is_time {
                    self.news = Some(now);
                }
                is_time
            }
        };
        if draws {
            self.due = Due::Nothing;
        }
        draws
    }
}

/// Returns what is left of a time that began then.
fn left(began: Instant, length: Duration, now: Instant) -> Duration {
    length.saturating_sub(now.saturating_duration_since(began))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn news_are_drawn_at_once_after_an_answer_and_then_in_their_own_time() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let at = |milliseconds: u32| start + MILLISECOND * milliseconds;
        assert_eq!(pace.timeout(start), None, "nothing is waited for but inputs");

        pace.came(&[Input::Resumed]);
        assert!(pace.draws(at(0)), "the answer to a key");
        pace.came(&[Input::Woken]);
        assert!(pace.draws(at(1)), "what it found");
        pace.came(&[Input::Woken]);
        assert!(!pace.draws(at(2)), "more of it waits");
        assert_eq!(pace.timeout(at(2)), Some(FRAME - MILLISECOND));

        pace.came(&[Input::Woken, Input::Resumed]);
        assert!(pace.draws(at(3)), "another key does not wait, and takes the news along");
        assert_eq!(pace.timeout(at(3)), None);
        pace.came(&[Input::Woken]);
        assert!(pace.draws(at(4)), "what it found");
        pace.came(&[Input::Woken]);
        assert!(!pace.draws(at(36)));
        pace.came(&[]);
        assert!(pace.draws(at(37)), "no news are left out");
        assert!(!pace.draws(at(99)), "nor drawn twice");
    }

    #[test]
    fn time_is_told_of_while_something_is_under_way() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let later = start + TICK * 5;
        assert!(!pace.ticks(later));
        pace.busy(true, later);
        assert!(!pace.ticks(later), "nothing has moved on when it only begins");
        assert_eq!(pace.timeout(later), Some(TICK));
        pace.busy(true, later + TICK);
        assert!(pace.ticks(later + TICK));
        assert!(!pace.ticks(later + TICK + MILLISECOND));
        assert_eq!(pace.timeout(later + TICK + MILLISECOND), Some(TICK - MILLISECOND));
        pace.busy(false, later + TICK * 3);
        assert!(!pace.ticks(later + TICK * 3));
        assert_eq!(pace.timeout(later + TICK * 3), None);
    }
}
