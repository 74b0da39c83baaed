//! Arguments of `attar rebuild`.

use std::path::PathBuf;

use clap::Args;

use super::shared::{ImageArgs, RegistryArgs, ReportArgs, SourceArgs, SpecArgs};

/// Build an image again from nothing but its packages, and say whether the bytes are the same.
///
/// A spec is built as its lock says, then once more with nothing of what was made before, in another
/// folder, with another umask, time zone, language and number of threads. An image is rebuilt from its
/// evidence, which `attar build` writes beside it: each package must be listed in an index that a trusted
/// key signed; your own files are taken as they were published.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar rebuild                                  the nearest spec
  attar rebuild ./api --all-variants
  attar rebuild ./api --against oci:image:1.4    and compare with what was published
  attar rebuild oci:image:1.4                    from the published image alone
  attar rebuild registry:reg.example/api:1.4

Exit codes: 0 identical, 2 they differ (the first layer, file and field are named), 3 cannot judge.
Images: registry:REF, oci:DIR[:NAME], oci-archive:FILE, or a path.")]
pub(crate) struct RebuildArgs {
    /// Spec or image. Default: the nearest `attar.yaml`, here or in a folder above.
    #[arg(value_name = "SPEC|IMAGE")]
    pub(crate) of: Option<String>,

    /// Of a spec: image to compare with too; its variant `v` is `oci:DIR:NAME-v` or `registry:REF-v`.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) against: Option<String>,

    /// Of an image: OpenPGP keys of archives to trust besides Debian's (repeatable).
    #[arg(long = "key", value_name = "FILE", env = "ATTAR_ARCHIVE_KEY")]
    pub(crate) keys: Vec<PathBuf>,

    /// Of an image: believe the keys and ask the addresses that its own spec names.
    #[arg(long)]
    pub(crate) trust_spec: bool,

    #[command(flatten)]
    pub(crate) image: ImageArgs,

    #[command(flatten)]
    pub(crate) report: ReportArgs,

    #[command(flatten)]
    pub(crate) spec: SpecArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
