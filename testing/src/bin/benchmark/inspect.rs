//! Inspecting: a large image against dive, and against programs that do nothing but decompress its
//! layers; with everything known; and a million entries.

use std::path::Path;
use std::process::Command;

use attar_testing::command::words;
use attar_testing::{Attar, Scratch, skip};

use crate::large_image::{FORMS, Images};
use crate::measure::{self, Figure, SHORT_ROUNDS, median, ratio, seconds};
use crate::{header, row};

pub(crate) fn table(program: &Path, folder: &Path, rounds: usize) -> anyhow::Result<Vec<String>> {
    let images = Images::prepare(program, folder)?;
    let bench = Bench { program, rounds };
    let mut table = header();
    let mut peaks = Vec::new();
    for form in FORMS {
        let layers = images.layers(form)?;
        read_all(&layers)?;
        let source = format!("oci:{}", images.layout(form).display());
        let pairs = match form {
            "none" => {
                let archive = format!("docker-archive:{}", images.archive().display());
                read_all(&[images.archive()])?;
                peaks.push(bench.against_dive(&archive, &images.archive(), &mut table)?);
                bench.pairs(&source, || decompress("cat", &layers))?
            }
            "gzip" => bench.pairs(&source, || decompress("gzip -dc", &layers))?,
            _ => bench.pairs(&source, || decompress("zstd -dcq", &layers))?,
        };
        let (name, beside, goal) = match form {
            "none" => ("plain, layout", "cat", ""),
            "gzip" => ("gzip", "gzip -dc", " (goal 0.65)"),
            _ => ("zstd", "zstd -dc", " (goal 1.10)"),
        };
        let (attar, other, ratio) = summary(&pairs);
        let beside = format!("`{beside}` on all cores {other}");
        table.push(row(&format!("inspect, {name}"), &attar, &beside, &format!("{ratio:.2}{goal}")));
        peaks.push(pairs.iter().map(|pair| pair.0.peak_memory).max().unwrap_or_default());
        warm(&bench, name, &source, &mut table)?;
    }
    let peak = format!("{:.0} MB", peaks.into_iter().max().unwrap_or_default() as f64 / 1e6);
    table.push(row("inspect, peak memory", &peak, "", "(goal 60 MB)"));
    million(&bench, &images, &mut table)?;
    Ok(table)
}

struct Bench<'a> {
    program: &'a Path,
    rounds: usize,
}

type Pairs = Vec<(Figure, Figure)>;

impl Bench<'_> {
    /// Analyses an image; what is known of its layers is in the cache.
    fn inspect(&self, source: &str, cache: &Path) -> anyhow::Result<Figure> {
        self.inspect_as("json", source, cache)
    }

    fn inspect_as(&self, format: &str, source: &str, cache: &Path) -> anyhow::Result<Figure> {
        let output = format!("{format}=/dev/null");
        let run = Attar::at(self.program).cache(cache).args(["inspect", source, "-o", &output]);
        measure::run(&mut run.into_command())
    }

    /// Analyses an image of which nothing is known, each time after another program ran.
    fn pairs(&self, source: &str, other: impl Fn() -> anyhow::Result<Figure>) -> anyhow::Result<Pairs> {
        (0..self.rounds)
            .map(|_| {
                let beside = other()?;
                Ok((self.inspect(source, Scratch::new().path())?, beside))
            })
            .collect()
    }

    /// Compares with dive, which makes the same figures; returns the most memory that attar took.
    fn against_dive(&self, source: &str, archive: &Path, table: &mut Vec<String>) -> anyhow::Result<u64> {
        if let Err(reason) = skip::program("dive") {
            table.push(row("inspect, plain, archive", "", "", &reason));
            return Ok(0);
        }
        let archive = format!("docker-archive://{}", archive.display());
        let pairs =
            self.pairs(source, || measure::run(&mut words(&["dive", &archive, "--json", "/dev/null"])))?;
        let (attar, other, ratio) = summary(&pairs);
        let memory = |side: fn(&(Figure, Figure)) -> u64| pairs.iter().map(side).max().unwrap_or_default();
        let (ours, theirs) = (memory(|pair| pair.0.peak_memory), memory(|pair| pair.1.peak_memory));
        let beside = format!("dive {other}, {:.0} MB", theirs as f64 / 1e6);
        let attar = format!("{attar}, {:.0} MB", ours as f64 / 1e6);
        table.push(row("inspect, plain, archive", &attar, &beside, &format!("{ratio:.3} (goal 0.100)")));
        Ok(ours)
    }
}

/// Analyses an image of which everything is known; the program's own start stands beside it. With
/// every entry as JSON it writes ten megabytes, which no goal is set for.
fn warm(bench: &Bench<'_>, name: &str, source: &str, table: &mut Vec<String>) -> anyhow::Result<()> {
    let cache = Scratch::new();
    bench.inspect(source, cache.path())?;
    for (format, shown, goal) in [("table", "", "(goal 50 ms)"), ("json", ", every entry as JSON", "")] {
        let mut pairs = Vec::new();
        for _ in 0..bench.rounds.max(SHORT_ROUNDS) {
            let version = measure::version(bench.program)?;
            pairs.push((bench.inspect_as(format, source, cache.path())?, version));
        }
        let (attar, start, _) = summary(&pairs);
        let beside = format!("`attar --version` {start}");
        table.push(row(&format!("inspect again, {name}{shown}"), &attar, &beside, goal));
    }
    Ok(())
}

fn million(bench: &Bench<'_>, images: &Images, table: &mut Vec<String>) -> anyhow::Result<()> {
    let source = format!("oci:{}", images.million().display());
    let cache = Scratch::new();
    for name in ["a million entries", "a million entries again"] {
        let figure = bench.inspect(&source, cache.path())?;
        let memory = format!("{:.0} MB", figure.peak_memory as f64 / 1e6);
        table.push(row(&format!("inspect, {name}"), &seconds(figure.time), &memory, ""));
    }
    Ok(())
}

/// Runs a program over all files, on all cores, and throws away what it says.
fn decompress(program: &str, files: &[std::path::PathBuf]) -> anyhow::Result<Figure> {
    let list = Scratch::new();
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let list = list.write("files", names.join("\n"));
    let cores = std::thread::available_parallelism()?.to_string();
    let script = format!("{program} \"$1\" > /dev/null");
    let mut command = Command::new("xargs");
    command.arg("-a").arg(list).args(["-P", &cores, "-n", "1", "sh", "-c", &script, "sh"]);
    measure::run(&mut command)
}

/// Brings files into the page cache.
fn read_all(files: &[std::path::PathBuf]) -> anyhow::Result<()> {
    for file in files {
        std::io::copy(&mut std::fs::File::open(file)?, &mut std::io::sink())?;
    }
    Ok(())
}

/// Returns the middle time of each side, and the middle ratio.
fn summary(pairs: &Pairs) -> (String, String, f64) {
    let attar = median(pairs.iter().map(|pair| pair.0.time));
    let other = median(pairs.iter().map(|pair| pair.1.time));
    (seconds(attar), seconds(other), median(pairs.iter().map(|pair| ratio(pair.0.time, pair.1.time))))
}
