//! Arguments of `attar lock`.

use attar_builder::vendor::Place;
use clap::Args;

use super::shared::{RegistryArgs, SourceArgs, SpecArgs, SpecPaths};

/// Choose the packages of a spec and write them to its lock.
///
/// Packages that the lock has already stay as they are, unless `--update` says otherwise. Of several
/// specs, `--check` prints one line each.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar lock                           make the lock follow the spec
  attar lock --update                  take the newest version of every package
  attar lock --update=openssl,libssl3t64
  attar lock --vendor oci:vendor       keep the packages that mirrors will drop
  attar lock --check --security        is there a security update? 0 no, 2 yes
  attar lock --check --security services/...   the same for every spec below a folder")]
pub(crate) struct LockArgs {
    #[command(flatten)]
    pub(crate) paths: SpecPaths,

    /// Take the newest version of these packages, or of all (repeatable).
    #[arg(
        long,
        value_name = "PACKAGE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "*",
        value_delimiter = ','
    )]
    pub(crate) update: Vec<String>,

    /// Write nothing; say whether an update would change the lock: 0 no, 2 yes.
    #[arg(long, conflicts_with_all = ["update", "replan"])]
    pub(crate) check: bool,

    /// With `--check`: look at security updates alone.
    #[arg(long, requires = "check")]
    pub(crate) security: bool,

    /// Keep the packages in `oci:DIR[:NAME]` or `registry:REF`, and note that in the lock.
    #[arg(long, value_name = "PLACE", conflicts_with = "check")]
    pub(crate) vendor: Option<Place>,

    /// Spread the packages over layers anew, and print what moves.
    #[arg(long)]
    pub(crate) replan: bool,

    #[command(flatten)]
    pub(crate) spec: SpecArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
