//! Arguments of `attar show`.

use std::path::PathBuf;

use clap::Args;

use super::shared::SpecArgs;

/// Print the effective spec in canonical order, each line with its origin.
///
/// Includes and variants are merged, parameters and platform names are expanded.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar show
  attar show attar.yaml --variant debug --platform linux/arm64")]
pub(crate) struct ShowArgs {
    /// Spec. Default: the nearest `attar.yaml`, here or in a folder above.
    #[arg(value_name = "SPEC")]
    pub(crate) path: Option<PathBuf>,

    /// Variant to show instead of the plain image.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,

    /// Platform to expand names for, such as `linux/arm64`. Default: none is expanded.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,

    #[command(flatten)]
    pub(crate) spec: SpecArgs,
}
