//! Arguments of `attar packages`.

use clap::Args;

use super::shared::{RegistryArgs, ReportArgs};

/// List the packages of specs or images.
///
/// Of several, each line names the one it is of.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar packages                           of the nearest spec, as its lock has them
  attar packages oci:image                 of an image, as its own package data says
  attar packages services/...              of every spec below a folder
  attar packages registry:reg.example/api:1.4
  attar packages api.tar --platform linux/arm64 -o json

Images: REF (of Docker or Podman, else of its registry), registry:REF, docker:REF, podman:REF,
oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], rootfs:FILE|DIR, a path, or `-`
(an archive on standard input).")]
pub(crate) struct PackagesArgs {
    /// Specs or images; `DIR/...` is every spec below a folder. Default: the nearest `attar.yaml`, here
    /// or in a folder above.
    #[arg(value_name = "SPEC|IMAGE")]
    pub(crate) of: Vec<String>,

    /// Variant of the spec.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,

    /// Platform to list. Default: all.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,

    #[command(flatten)]
    pub(crate) report: ReportArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
