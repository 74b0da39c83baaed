//! Arguments of `attar cache`.

use clap::{Args, Subcommand};

use super::shared::ReportArgs;

/// Look at the cache, or make room in it.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// The command of `attar cache`.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show what the cache holds and how large it is.
    Ls(ReportArgs),
    Prune(PruneArgs),
}

/// Remove what was not used for the longest time.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar cache prune                  down to 10 GiB, as after every build
  attar cache prune --keep 2GiB
  attar cache prune --keep 0         everything")]
pub(crate) struct PruneArgs {
    /// Size to keep, such as `2GiB` or `500MB`.
    #[arg(long, value_name = "SIZE", default_value = "10GiB")]
    pub(crate) keep: crate::size::Size,
}
