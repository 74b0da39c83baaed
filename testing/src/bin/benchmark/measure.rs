//! Time and memory of one command.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use attar_testing::Attar;

/// How often that is measured at least which takes milliseconds.
pub(crate) const SHORT_ROUNDS: usize = 20;

/// What one run of a program took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) time: Duration,
    /// Time that processors worked for it, of all its processes; to a hundredth of a second.
    pub(crate) processors: Duration,
    /// Most memory that was in use, in bytes.
    pub(crate) peak_memory: u64,
}

/// Runs a program to its end. Memory is read while it runs, so that of a very short run is too low.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Figure> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begun = Instant::now();
    let before = processors_of_children()?;
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    let watcher = std::thread::spawn(move || {
        let mut peak = 0;
        while let Some(now) = high_water_mark(&status_file) {
            peak = peak.max(now);
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        std::io::Read::read_to_string(&mut stderr, &mut said)?;
    }
    let status = child.wait()?;
    let time = begun.elapsed();
    let processors = processors_of_children()?.saturating_sub(before);
    let peak_memory = watcher.join().ok().context("the watcher failed")?;
    ensure!(status.success(), "{command:?} failed:\n{said}");
    Ok(Figure { time, processors, peak_memory })
}

/// Has the program say its version: what its start alone takes.
pub(crate) fn version(program: &Path) -> anyhow::Result<Figure> {
    run(&mut Attar::at(program).arg("--version").into_command())
}

/// Reads how long processors worked for the children that have ended; see proc_pid_stat(5).
fn processors_of_children() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit_once(')').context("no process")?.1.split_whitespace().collect();
    // Fields 16 and 17, of which two stand before the parenthesis; in ticks of a hundredth of a second.
    let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let ticks = ticks(16).zip(ticks(17)).map(|(user, system)| user + system).context("no times")?;
    Ok(Duration::from_millis(ticks * 10))
}

/// Reads the most memory a process had in use so far; none once it has ended.
pub(crate) fn high_water_mark(status_file: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status_file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Returns the middle one of some values, the lower of two.
pub(crate) fn median<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|left, right| left.partial_cmp(right).expect("the values compare"));
    values[(values.len() - 1) / 2]
}

/// Returns how many times `base` fits into `time`.
pub(crate) fn ratio(time: Duration, base: Duration) -> f64 {
    time.as_secs_f64() / base.as_secs_f64()
}

/// Writes a duration with a unit that fits.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_millis() {
        0..1000 => format!("{} ms", time.as_millis()),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
