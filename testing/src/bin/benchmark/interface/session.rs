//! A program in a pseudo terminal, whose frames are timed.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use attar_testing::terminal::{Control, Terminal};

/// What ends a frame, for terminals that show it all at once.
const FRAME: &str = "\x1b[?2026l";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A frame that does not come within this time does not come.
const UNANSWERED: Duration = Duration::from_millis(500);

/// A program that neither writes nor works for this time rests.
const REST: Duration = Duration::from_millis(200);

/// The same between two keys, of a program that is watched by its processor time.
const SHORT_REST: Duration = Duration::from_millis(12);

/// A program in a terminal of 120 columns and 40 lines.
pub(super) struct Session {
    terminal: Terminal,
    child: Child,
    started: Instant,
    /// What was shown since it was looked at last.
    unread: Vec<u8>,
    /// When something was shown last.
    shown: Instant,
}

/// What one key got.
pub(super) struct Answer {
    /// From the key to the end of the next frame; none if no frame came.
    pub(super) time: Option<Duration>,
    /// The bytes of that frame.
    pub(super) frame: usize,
    /// All bytes until nothing happened any more.
    pub(super) total: usize,
}

impl Session {
    /// Starts a program in a terminal that it controls.
    pub(super) fn start(command: &Command) -> anyhow::Result<Self> {
        let terminal = Terminal::open(120, 40)?;
        let started = Instant::now();
        let child = terminal.spawn(command, Control::Controlling)?;
        Ok(Self { terminal, child, started, unread: Vec::new(), shown: started })
    }

    /// Reads what is shown within a time; says how many bytes that were.
    fn read(&mut self, patience: Duration) -> anyhow::Result<usize> {
        let mut bytes = [0; 1 << 16];
        let count = self.terminal.read(&mut bytes, patience)?;
        if count > 0 {
            self.shown = Instant::now();
            self.unread.extend_from_slice(&bytes[..count]);
            // A program that asks where the cursor is waits for the answer.
            if bytes[..count].windows(4).any(|it| it == b"\x1b[6n") {
                self.terminal.send("\x1b[1;1R")?;
            }
        }
        Ok(count)
    }

    /// Waits for some bytes, and says when since `start` their end came; what follows stays unread.
    fn until(
        &mut self,
        bytes: &[u8],
        start: Instant,
        patience: Duration,
    ) -> anyhow::Result<Option<Duration>> {
        let mut searched = 0;
        loop {
            let found = self.unread[searched..].windows(bytes.len()).position(|window| window == bytes);
            if let Some(place) = found {
                self.unread.drain(..searched + place + bytes.len());
                return Ok(Some(self.shown - start));
            }
            searched = self.unread.len().saturating_sub(bytes.len());
            let left = patience.saturating_sub(start.elapsed());
            if left.is_zero() || (self.read(left)? == 0 && start.elapsed() < patience) {
                ensure!(self.child.try_wait()?.is_none(), "the program ended: {}", self.said());
                return Ok(None);
            }
        }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }

    /// Waits for the end of the next frame; says when that was since the start.
    pub(super) fn frame(&mut self) -> anyhow::Result<Duration> {
        self.until(FRAME.as_bytes(), self.started, PATIENCE)?.context("no frame came")
    }

    /// Waits until a text is sent, which must be one word, as what is between words may not be drawn; says
    /// when that was since the start.
    pub(super) fn shown(&mut self, text: &str) -> anyhow::Result<Duration> {
        let time = self.until(text.as_bytes(), self.started, PATIENCE)?;
        time.with_context(|| format!("{text:?} was never shown: {}", self.said()))
    }

    /// Waits until the program neither writes nor works; says when it wrote last, since the start.
    pub(super) fn rest(&mut self) -> anyhow::Result<Duration> {
        while !self.is_quiet_for(REST)? {}
        Ok(self.shown - self.started)
    }

    /// Says whether the program neither writes nor works at the moment.
    pub(super) fn is_resting(&mut self) -> anyhow::Result<bool> {
        self.is_quiet_for(SHORT_REST)
    }

    fn is_quiet_for(&mut self, time: Duration) -> anyhow::Result<bool> {
        let worked = self.worked()?;
        let count = self.read(time)?;
        // Some runtimes never stop looking around.
        Ok(count == 0 && self.worked()?.saturating_sub(worked) < time / 20)
    }

    /// Presses a key, waits for the frame that answers it, and until nothing happens any more.
    pub(super) fn press(&mut self, key: &str) -> anyhow::Result<Answer> {
        self.unread.clear();
        let begun = Instant::now();
        self.terminal.send(key)?;
        let time = self.until_frame(begun)?;
        let frame = self.unread.len();
        while !self.is_quiet_for(SHORT_REST)? {}
        Ok(Answer { time, frame, total: self.unread.len() })
    }

    /// Waits for the end of a frame, and keeps what was read.
    fn until_frame(&mut self, begun: Instant) -> anyhow::Result<Option<Duration>> {
        loop {
            if self.unread.windows(FRAME.len()).any(|window| window == FRAME.as_bytes()) {
                return Ok(Some(self.shown - begun));
            }
            let left = UNANSWERED.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            self.read(left)?;
        }
    }

    /// Presses a key and waits until a word is sent; says how long that took.
    pub(super) fn key_until(&mut self, key: &str, text: &str) -> anyhow::Result<Duration> {
        self.unread.clear();
        let begun = Instant::now();
        self.terminal.send(key)?;
        let time = self.until(text.as_bytes(), begun, PATIENCE)?;
        time.with_context(|| format!("{text:?} was never shown: {}", self.said()))
    }

    /// Returns which part of a processor the program takes when nobody does anything.
    pub(super) fn cost_of(&mut self, time: Duration) -> anyhow::Result<f64> {
        let (before, begun) = (self.worked()?, Instant::now());
        while begun.elapsed() < time {
            self.read(time.saturating_sub(begun.elapsed()))?;
        }
        let worked = self.worked()?.saturating_sub(before);
        Ok(worked.as_secs_f64() / begun.elapsed().as_secs_f64())
    }

    /// Returns how long processors worked for the threads that there are; see proc(5), schedstat.
    fn worked(&self) -> anyhow::Result<Duration> {
        let mut sum = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end at any time.
            let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            sum += text.split_whitespace().next().and_then(|it| it.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(Duration::from_nanos(sum))
    }

    /// Returns the most memory that was in use so far, in bytes.
    pub(super) fn peak_memory(&self) -> anyhow::Result<u64> {
        let file = format!("/proc/{}/status", self.child.id());
        crate::measure::high_water_mark(&file).context("the program has ended")
    }

    /// Leaves attar's interface.
    pub(super) fn quit(mut self) -> anyhow::Result<()> {
        self.terminal.send("q")?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the interface ended with {status}");
        Ok(())
    }

    /// Leaves another interface, or ends it.
    pub(super) fn interrupt(mut self) -> anyhow::Result<()> {
        self.terminal.send("\x03")?;
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > REST {
                self.child.kill()?;
            }
            self.read(REST)?;
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It has ended, unless something failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
