//! The keys that are pressed: everything that people do, in an order that brings them back.

use std::time::Duration;

use super::session::{Answer, Session};

/// Keys, one after the other; spaces stand between them.
const KEYS: &[&str] = &[
    // Going about, with directories unfolded on the way.
    "g g j k down up j l l j j j j k k ctrl-d ctrl-d ctrl-u page-down page-up - h l j l j j l j j",
    "G k k k k g g j j j j j j j j j j",
    // Panes and what they show.
    "tab tab tab tab z z c c A A 1 2 3 J K 2",
    // Layers and their views.
    "1 k k k k j j v v v k j 2 s s s s r r u u a a",
    // Everything unfolded.
    "E j j ctrl-d ctrl-d page-down G k k g g j j C j k",
    // Searching and filtering while it is typed.
    "/ f i l e - 4 2 enter n n n N esc",
    "f g l o b : * 4 2 enter j j k esc",
    // Other lists, and what lies over everything.
    "w j j k G T t j j G T p j j T i j k T B T ? j j ctrl-d esc : w a s t e esc ctrl-t ctrl-t ctrl-t ctrl-t",
];

/// What all keys got.
#[derive(Debug, Default)]
pub(super) struct Answers {
    times: Vec<(Duration, &'static str)>,
    frames: Vec<usize>,
    totals: Vec<usize>,
    unanswered: Vec<&'static str>,
}

/// Presses all keys, each once nothing happens any more.
pub(super) fn press_all(session: &mut Session, answers: &mut Answers) -> anyhow::Result<()> {
    for key in KEYS.iter().flat_map(|line| line.split(' ')) {
        let answer = session.press(bytes(key))?;
        answers.add(key, &answer);
    }
    Ok(())
}

/// Returns what a terminal sends for a key.
fn bytes(key: &'static str) -> &'static str {
    match key {
        "down" => "\x1b[B",
        "up" => "\x1b[A",
        "page-down" => "\x1b[6~",
        "page-up" => "\x1b[5~",
        "tab" => "\t",
        "enter" => "\r",
        "esc" => "\x1b",
        "ctrl-d" => "\x04",
        "ctrl-u" => "\x15",
        "ctrl-t" => "\x14",
        key => key,
    }
}

impl Answers {
    fn add(&mut self, key: &'static str, answer: &Answer) {
        match answer.time {
            None => self.unanswered.push(key),
            Some(time) => {
                self.times.push((time, key));
                self.frames.push(answer.frame);
                self.totals.push(answer.total);
            }
        }
    }

    /// Returns how many keys were answered.
    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// Returns the time within which so many of a hundred keys were answered.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let mut times: Vec<Duration> = self.times.iter().map(|(time, _)| *time).collect();
        at(&mut times, percent)
    }

    /// Returns the keys that were answered last of all, the slowest first.
    pub(super) fn slowest(&self, count: usize) -> Vec<(&'static str, Duration)> {
        let mut times = self.times.clone();
        times.sort_by(|left, right| right.cmp(left));
        times.into_iter().take(count).map(|(time, key)| (key, time)).collect()
    }

    /// Returns the keys that changed nothing on the screen, each once.
    pub(super) fn unanswered(&self) -> Vec<&'static str> {
        let mut keys = self.unanswered.clone();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns the bytes of the frame that answers, and of all that follow: median and p99 of each.
    pub(super) fn bytes(&self) -> (String, String) {
        let both = |values: &[usize]| {
            let mut values = values.to_vec();
            format!("{}, {}", at(&mut values, 50), at(&mut values, 99))
        };
        (both(&self.frames), both(&self.totals))
    }
}

/// Returns the value that so many of a hundred do not exceed.
fn at<T: Ord + Copy + Default>(values: &mut [T], percent: usize) -> T {
    values.sort_unstable();
    let place = (values.len() * percent).div_ceil(100).max(1) - 1;
    values.get(place).copied().unwrap_or_default()
}
