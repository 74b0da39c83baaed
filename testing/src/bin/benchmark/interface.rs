//! The interface of `attar inspect` in a pseudo terminal: when it is there, how soon it answers keys, what
//! it sends, and what it costs; and the time to the complete tree beside dive.

mod keys;
mod session;

use std::path::Path;
use std::time::Duration;

use attar_testing::command::words;
use attar_testing::{Attar, Scratch, skip};

use crate::large_image::Images;
use crate::measure::{self, SHORT_ROUNDS, median, ratio, seconds};
use crate::{header, row};
use keys::Answers;
use session::Session;

/// How long the screen is left alone to see what it costs then.
const IDLE: Duration = Duration::from_secs(3);

pub(crate) fn table(program: &Path, folder: &Path, rounds: usize) -> anyhow::Result<Vec<String>> {
    let mut table = header();
    let images = Images::prepare_written(folder)?;
    let source = format!("oci:{}", images.million().display());
    let bench = Bench { program, rounds };
    bench.openings("a million entries", &source, &mut table)?;
    bench.keys("a million entries", &source, &mut table)?;
    bench.help_while_reading(&source, &mut table)?;
    bench.against_dive("100,000 entries", &images.hundred_thousand(), &mut table)?;
    let large = images.archive();
    if large.exists() {
        bench.against_dive("246 packages", &large, &mut table)?;
    }
    Ok(table)
}

struct Bench<'a> {
    program: &'a Path,
    rounds: usize,
}

impl Bench<'_> {
    fn open(&self, source: &str, cache: &Path) -> anyhow::Result<Session> {
        let arguments = ["inspect", source, "--pane", "tree", "--theme", "dark"];
        let attar = Attar::at(self.program).cache(cache).env("TERM", "xterm-256color").args(arguments);
        Session::start(&attar.into_command())
    }

    /// Measures the time to the first frame, to the layers' names, and to rest; with nothing known and
    /// with everything known.
    fn openings(&self, what: &str, source: &str, table: &mut Vec<String>) -> anyhow::Result<()> {
        let cache = Scratch::new();
        for known in ["", " again"] {
            let (mut first, mut layers, mut versions) = (vec![], vec![], vec![]);
            let (mut complete, mut memory) = (vec![], 0);
            for round in 0..self.rounds.max(SHORT_ROUNDS) {
                let fresh = Scratch::new();
                versions.push(measure::version(self.program)?.time);
                let mut session =
                    self.open(source, if known.is_empty() { fresh.path() } else { cache.path() })?;
                first.push(session.frame()?);
                layers.push(session.shown("step")?);
                if round < self.rounds {
                    complete.push(session.rest()?);
                    memory = memory.max(session.peak_memory()?);
                }
                session.quit()?;
            }
            if known.is_empty() {
                // What the next ones find.
                let mut session = self.open(source, cache.path())?;
                session.frame()?;
                session.rest()?;
                session.quit()?;
            }
            let name = |of: &str| format!("{of}, {what}{known}");
            let time = |times: &[Duration]| seconds(median(times.iter().copied()));
            let worst = first.iter().max().copied().unwrap_or_default();
            let beside = format!("at most {}; `attar --version` {}", seconds(worst), time(&versions));
            table.push(row(&name("first frame"), &time(&first), &beside, "(goal 100 ms)"));
            table.push(row(&name("layers listed"), &time(&layers), "", ""));
            table.push(row(&name("everything shown"), &time(&complete), "", ""));
            table.push(row(&name("peak memory"), &format!("{:.0} MB", memory as f64 / 1e6), "", ""));
        }
        Ok(())
    }

    /// Measures how soon keys are answered, what is sent for them, and what the interface costs when
    /// nobody does anything.
    fn keys(&self, what: &str, source: &str, table: &mut Vec<String>) -> anyhow::Result<()> {
        let cache = Scratch::new();
        let mut session = self.open(source, cache.path())?;
        session.frame()?;
        session.rest()?;
        let mut answers = Answers::default();
        for _ in 0..self.rounds {
            keys::press_all(&mut session, &mut answers)?;
        }
        let cost = session.cost_of(IDLE)?;
        let memory = format!("{:.0} MB", session.peak_memory()? as f64 / 1e6);
        session.quit()?;
        let all = format!("{} keys", answers.count());
        table.push(row(&format!("key to frame, {what}, median"), &millis(answers.percentile(50)), &all, ""));
        table.push(row(
            &format!("key to frame, {what}, p99"),
            &millis(answers.percentile(99)),
            "",
            "(goal 8 ms)",
        ));
        for (key, time) in answers.slowest(5) {
            table.push(row(&format!("slowest: `{}`", key.escape_debug()), &millis(time), "", ""));
        }
        let silent = answers.unanswered();
        if !silent.is_empty() {
            table.push(row("keys without a frame", &silent.join(" "), "", ""));
        }
        let (first, rest) = answers.bytes();
        table.push(row("bytes in the frame that answers, median and p99", &first, "", ""));
        table.push(row("bytes until the screen rests, median and p99", &rest, "", ""));
        table.push(row(&format!("peak memory after them, {what}"), &memory, "", ""));
        table.push(row("processor while nothing happens", &format!("{:.2} %", cost * 100.0), "", ""));
        Ok(())
    }

    /// Measures how soon the list of keys is there when it is asked for while layers are read.
    fn help_while_reading(&self, source: &str, table: &mut Vec<String>) -> anyhow::Result<()> {
        let mut times = Vec::new();
        for _ in 0..self.rounds {
            let cache = Scratch::new();
            let mut session = self.open(source, cache.path())?;
            session.shown("step")?;
            while !session.is_resting()? {
                times.push(session.key_until("?", "everywhere")?);
                // No escape: with what follows at once it would be one key.
                session.key_until("q", "step")?;
            }
            session.quit()?;
        }
        times.sort();
        let at = |percent: usize| millis(times[(times.len() * percent).div_ceil(100).max(1) - 1]);
        let beside = format!("p99 {}, {} times", at(99), times.len());
        table.push(row("list of keys while a million entries are read, median", &at(50), &beside, ""));
        Ok(())
    }

    /// Compares the time to the complete tree with dive's.
    fn against_dive(&self, what: &str, archive: &Path, table: &mut Vec<String>) -> anyhow::Result<()> {
        let name = format!("complete tree, docker archive of {what}");
        // Once, so that both find it in the page cache.
        std::io::copy(&mut std::fs::File::open(archive)?, &mut std::io::sink())?;
        let dive = skip::program("dive");
        let mut pairs = Vec::new();
        let (mut ours, mut theirs) = (0, 0);
        for _ in 0..self.rounds {
            let beside = match &dive {
                Ok(_) => {
                    let source = format!("docker-archive://{}", archive.display());
                    let mut dive = words(&["dive", &source]);
                    dive.env("TERM", "xterm-256color").env("HOME", "/nonexistent");
                    dive.env("PATH", std::env::var_os("PATH").unwrap_or_default());
                    let mut session = Session::start(&dive)?;
                    session.shown("\x1b[?1049h")?;
                    let time = session.rest()?;
                    theirs = theirs.max(session.peak_memory()?);
                    session.interrupt()?;
                    time
                }
                Err(_) => Duration::ZERO,
            };
            let cache = Scratch::new();
            let mut session = self.open(&format!("docker-archive:{}", archive.display()), cache.path())?;
            session.frame()?;
            let time = session.rest()?;
            ours = ours.max(session.peak_memory()?);
            session.quit()?;
            pairs.push((time, beside));
        }
        let time = |side: fn(&(Duration, Duration)) -> Duration| median(pairs.iter().map(side));
        let attar = format!("{}, {:.0} MB", seconds(time(|pair| pair.0)), ours as f64 / 1e6);
        match dive {
            Err(reason) => table.push(row(&name, &attar, "", &reason)),
            Ok(_) => {
                let beside = format!("dive {}, {:.0} MB", seconds(time(|pair| pair.1)), theirs as f64 / 1e6);
                let ratio = median(pairs.iter().map(|pair| ratio(pair.0, pair.1)));
                table.push(row(&name, &attar, &beside, &format!("{ratio:.3}")));
            }
        }
        Ok(())
    }
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
