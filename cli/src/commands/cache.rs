//! `attar cache`: what it holds, and making room.

use std::io::{self, Write};

use attar_builder::cache::Cache;
use serde::Serialize;

use crate::args::{CacheArgs, CacheCommand};
use crate::exit_code::ExitCode;
use crate::output::{self, Report};
use crate::progress::Reporter;
use crate::settings::Settings;
use crate::size::Size;

/// What the cache holds, part by part.
#[derive(Serialize)]
struct Contents {
    folder: String,
    parts: Vec<Part>,
    files: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Part {
    name: &'static str,
    files: u64,
    bytes: u64,
}

impl Report for Contents {
    const SCHEMA: &'static str = "attar.cache/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |name: &str, files: u64, bytes| [name.into(), files.to_string(), Size(bytes).to_string()];
        let parts = self.parts.iter().map(|part| row(part.name, part.files, part.bytes));
        let total = row("total", self.files, self.bytes);
        output::columns(out, ["PART", "FILES", "SIZE"], parts.chain([total]))?;
        writeln!(out, "in {}", crate::escape::line(&self.folder))
    }
}

pub(crate) fn run(arguments: &CacheArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let reporter = Reporter::new(settings);
    let cache = Cache::open(&settings.cache, reporter.events())?;
    match &arguments.command {
        CacheCommand::Ls(report) => output::write(&contents(&cache)?, &report.outputs)?,
        CacheCommand::Prune(prune) => {
            let pruned = cache.prune(prune.keep.0)?;
            let text =
                format!("removed {} files, {}; {} left", pruned.files, Size(pruned.bytes), Size(pruned.left));
            reporter.say(&text);
        }
    }
    Ok(ExitCode::Yes)
}

fn contents(cache: &Cache) -> anyhow::Result<Contents> {
    let parts: Vec<Part> = cache
        .usage()?
        .into_iter()
        .map(|(shelf, usage)| Part { name: shelf.folder(), files: usage.files, bytes: usage.bytes })
        .collect();
    Ok(Contents {
        folder: cache.root().display().to_string(),
        files: parts.iter().map(|part| part.files).sum(),
        bytes: parts.iter().map(|part| part.bytes).sum(),
        parts,
    })
}
