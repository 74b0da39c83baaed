//! Measures attar against plain programs that do the same work, pair by pair in one run, so that a
//! noisy machine disturbs both sides alike. Prints tables.
//!
//! ```text
//! cargo run --release -p attar-testing --bin benchmark [build|inspect|interface] [ROUNDS] [FOLDER]
//! ```
//!
//! Without a word it measures all. Packages are fetched once, from the mirror that the host's apt uses;
//! nothing that is measured waits for the network. `ATTAR_TESTS_BINARY` names a program to measure instead of
//! the one that is built first. The images that are inspected stay in the folder,
//! which is one of the target folder's unless it is given, for the next time; they take about 6 GB.

mod build;
mod inspect;
mod interface;
mod large_image;
mod measure;
mod push;
mod update;
mod workspace;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1).peekable();
    let only = words.next_if(|word| ["build", "inspect", "interface"].contains(&word.as_str()));
    let is_wanted = |what: &str| only.as_deref().is_none_or(|only| only == what);
    let rounds = match words.next() {
        Some(word) => word.parse().context("the number of rounds is no number")?,
        None => 5,
    };
    let target = std::env::current_exe()?.parent().map(PathBuf::from).context("no target folder")?;
    let folder = words.next().map_or_else(|| target.join("benchmark-images"), PathBuf::from);
    if let Some(word) = words.next() {
        bail!("unexpected argument `{word}`");
    }
    let program = target.join("attar");
    release(&program)?;
    let mut tables = Vec::new();
    if is_wanted("build") {
        tables.push(build::table(&program, rounds)?);
    }
    if is_wanted("inspect") {
        tables.push(inspect::table(&program, &folder, rounds)?);
    }
    if is_wanted("interface") {
        tables.push(interface::table(&program, &folder, rounds)?);
    }
    let mut out = std::io::stdout().lock();
    for table in tables {
        writeln!(out, "{}\n", table.join("\n"))?;
    }
    Ok(())
}

/// Builds the program that is measured, unless another one is named.
fn release(program: &std::path::Path) -> anyhow::Result<()> {
    if std::env::var_os("ATTAR_TESTS_BINARY").is_some() {
        return Ok(());
    }
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    build.args(["build", "--release", "--package", "attar"]);
    ensure!(build.status()?.success(), "the program cannot be built");
    ensure!(program.is_file(), "no program at `{}`", program.display());
    Ok(())
}

fn header() -> Vec<String> {
    vec![row("figure", "attar", "beside it", "ratio"), String::from("|---|---|---|---|")]
}

fn row(figure: &str, attar: &str, beside: &str, ratio: &str) -> String {
    format!("| {figure} | {attar} | {beside} | {ratio} |")
}
