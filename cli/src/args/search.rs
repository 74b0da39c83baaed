//! Arguments of `attar search`.

use clap::Args;

use super::shared::{ReportArgs, SourceArgs};

/// Find packages by name, by a path they hold, or by a shared library they hold.
///
/// The archives searched are those of the nearest spec, or of the default suite when there is none.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar search openssl               name or part of a name
  attar search /usr/bin/psql         which package holds this path
  attar search libssl.so.3           which package holds this library

Exit codes: 0 found, 2 nothing found.")]
pub(crate) struct SearchArgs {
    /// A package's name, a path, or the name of a shared library.
    #[arg(value_name = "NAME|PATH|SONAME")]
    pub(crate) what: String,

    /// Debian suite to search instead of the spec's archives.
    #[arg(long, value_name = "SUITE")]
    pub(crate) suite: Option<String>,

    /// Platform to search. Default: the first of the spec.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,

    #[command(flatten)]
    pub(crate) report: ReportArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}
