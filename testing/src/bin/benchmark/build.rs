//! Building: against a pipeline of plain programs, with nothing changed, after an update, to a registry.

use std::path::Path;
use std::time::Duration;

use crate::measure::{Figure, median, ratio, seconds};
use crate::workspace::{Compression, Workspace};
use crate::{header, push, row, update};

pub(crate) fn table(program: &Path, rounds: usize) -> anyhow::Result<Vec<String>> {
    let workspace = Workspace::prepare(program)?;
    let mut table = header();
    for compression in [Compression::Gzip, Compression::Zstd] {
        against_pipeline(&workspace, compression, rounds, &mut table)?;
    }
    warm(&workspace, rounds, &mut table)?;
    update::rows(&workspace, &mut table)?;
    push::rows(&workspace, rounds, &mut table)?;
    memory(&workspace, &mut table)?;
    Ok(table)
}

/// Builds from downloaded packages with an empty cache, then with records and no segment, each time
/// right after the pipeline.
fn against_pipeline(
    workspace: &Workspace,
    compression: Compression,
    rounds: usize,
    table: &mut Vec<String>,
) -> anyhow::Result<()> {
    let (mut cold, mut recorded) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let cache = workspace.downloads_only()?;
        let pipeline = workspace.pipeline(compression)?;
        cold.push((workspace.build("python3", compression, cache.path())?, pipeline));
        for shelf in ["segments", "layers", "builds"] {
            std::fs::remove_dir_all(cache.path().join(shelf)).ok();
        }
        let pipeline = workspace.pipeline(compression)?;
        recorded.push((workspace.build("python3", compression, cache.path())?, pipeline));
    }
    let name = compression.name();
    for (what, pairs) in [("cold build", cold), ("records known, no segment", recorded)] {
        let middle = |side: fn(&(Figure, Figure)) -> Duration| median(pairs.iter().map(side));
        let ratios = |part: fn(&Figure) -> Duration| {
            median(pairs.iter().map(|(attar, pipeline)| ratio(part(attar), part(pipeline))))
        };
        table.push(row(
            &format!("{what}, {name}"),
            &seconds(middle(|pair| pair.0.time)),
            &format!("pipeline {}", seconds(middle(|pair| pair.1.time))),
            &format!("{:.2}; of processor time {:.2}", ratios(|it| it.time), ratios(|it| it.processors)),
        ));
    }
    Ok(())
}

/// Builds again with nothing changed, and after changing the application's file.
fn warm(workspace: &Workspace, rounds: usize, table: &mut Vec<String>) -> anyhow::Result<()> {
    let cache = workspace.downloads_only()?;
    let first = workspace.build("program", Compression::Gzip, cache.path())?;
    let unchanged: anyhow::Result<Vec<Figure>> =
        (0..rounds).map(|_| workspace.build("program", Compression::Gzip, cache.path())).collect();
    let mut changed = Vec::new();
    for round in 0..rounds {
        workspace.change_program(round)?;
        changed.push(workspace.build("program", Compression::Gzip, cache.path())?);
    }
    let cold = format!("cold {}", seconds(first.time));
    for (what, figures) in
        [("warm, nothing changed", unchanged?), ("warm, application file changed", changed)]
    {
        let time = median(figures.iter().map(|figure| figure.time));
        table.push(row(what, &seconds(time), &cold, &format!("{:.3}", ratio(time, first.time))));
    }
    Ok(())
}

fn memory(workspace: &Workspace, table: &mut Vec<String>) -> anyhow::Result<()> {
    let cache = workspace.downloads_only()?;
    let build = workspace.build("python3", Compression::Gzip, cache.path())?;
    let search = workspace.search("openssl")?;
    for (what, figure) in [("peak memory, cold build", build), ("peak memory, search by name", search)] {
        let memory = format!("{:.0} MB", figure.peak_memory as f64 / 1e6);
        table.push(row(what, &memory, &seconds(figure.time), ""));
    }
    Ok(())
}
