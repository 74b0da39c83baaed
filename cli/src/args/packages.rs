//! Arguments of `attar packages`.

use clap::Args;

use super::shared::ReportArgs;

/// List the packages of a spec or an image.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar packages                           of the nearest spec, as its lock has them
  attar packages oci:image                 of an image, as its own package data says
  attar packages api.tar --platform linux/arm64 -o json

Images: oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, or a path.")]
pub(crate) struct PackagesArgs {
    /// Spec or image. Default: the nearest `attar.yaml`, here or in a folder above.
    #[arg(value_name = "SPEC|IMAGE")]
    pub(crate) of: Option<String>,

    /// Variant of the spec.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,

    /// Platform to list. Default: all.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}
