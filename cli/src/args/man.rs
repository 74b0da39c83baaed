//! Arguments of `attar man`.

use std::path::PathBuf;

use clap::Args;

/// Print the manual page, or write one page for each command into a folder.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar man | man -l -
  attar man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder for `attar.1`, `attar-build.1` and so on.
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}
