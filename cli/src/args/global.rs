//! Options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalArgs {
    /// Show errors and the answer only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Show more; twice for what happens inside.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// When to use colours. Default: `auto`.
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<ColorWhen>,

    /// How to show progress. Default: `auto`.
    #[arg(long, global = true, value_name = "STYLE")]
    pub(crate) progress: Option<ProgressStyle>,

    /// Folder of the cache. Default: `attar` in the user's cache folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Number of threads. Default: one for each core. The result never depends on it.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere.
    Auto,
    /// Bars.
    Bars,
    /// One line for each step.
    Plain,
    /// Nothing.
    None,
}
