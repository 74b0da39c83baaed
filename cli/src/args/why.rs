//! Arguments of `attar why`.

use clap::Args;

use super::shared::{RegistryArgs, ReportArgs, SourceArgs, SpecArgs};

/// Say why something is in an image: line of the spec, packages, file.
///
/// WHAT is a path, a package, or the name of a shared library.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar why libssl3t64
  attar why attar.yaml /usr/bin/openssl
  attar why oci:image libz.so.1
  attar why docker:api:dev /etc/passwd

Exit codes: 0 it is there, 2 it is not.")]
pub(crate) struct WhyArgs {
    /// A spec or an image, then what to explain; what to explain alone means the nearest spec.
    #[arg(value_name = "[SPEC|IMAGE] WHAT", required = true, num_args = 1..=2)]
    pub(crate) words: Vec<String>,

    /// Variant of the spec.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,

    /// Platform to look at. Default: of a spec the first, of an image this machine's, else its
    /// first.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,

    #[command(flatten)]
    pub(crate) report: ReportArgs,

    #[command(flatten)]
    pub(crate) spec: SpecArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
