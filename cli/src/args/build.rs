//! Arguments of `attar build`.

use std::path::PathBuf;

use attar_builder::export::Destination;
use clap::Args;

use super::check::ProfileOrSpec;
use super::shared::{ImageArgs, PublishArgs, RegistryArgs, SourceArgs, SpecArgs, SpecPaths};

/// Build images, and write, push or load them.
///
/// Without a lock, packages are chosen and `attar.lock` is written beside the spec; with one, exactly
/// its packages are taken. Without `-o`, `--push` or `--load` everything is built and proven, and nothing
/// is written. Prints one line for each image: its digest, or when it was pushed its reference by
/// digest, then where else it is. A tag moves when everything it leads to is in its place.
#[derive(Debug, Args)]
#[command(after_long_help = "Destinations:
  oci:DIR[:NAME]        entry NAME of an OCI image layout, all platforms
  oci-archive:FILE      an OCI image layout in a tar archive
  docker-archive:FILE   what `docker load` and `podman load` read
  rootfs:FILE.tar       the files of one image for one platform

Examples:
  attar build -o oci:image
  attar build api/attar.yaml worker/attar.yaml -o oci:images
  attar build services/... -o oci:images         every attar.yaml below a folder
  attar build --platform linux/arm64 -t api:1.4 -o docker-archive:api.tar
  attar build -t reg.example/team/api:1.4 --push
  attar build services/... --repository reg.example/team -t 1.4 --push
  attar build --load=podman -t api:dev
  attar build --all-variants --locked --offline -o oci:image:1.4")]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) paths: SpecPaths,

    /// Where to write the image (repeatable).
    #[arg(short, long = "output", value_name = "DEST")]
    pub(crate) outputs: Vec<Destination>,

    /// Name and tag of the image, where it is pushed, loaded or written to an archive (repeatable).
    #[arg(short, long = "tag", value_name = "NAME[:TAG]")]
    pub(crate) tags: Vec<String>,

    #[command(flatten)]
    pub(crate) publish: PublishArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,

    /// File for a report in JSON for machines; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) image: ImageArgs,

    /// Judge the images before anything is published, and publish nothing when one does not pass. What
    /// `check:` in the spec asks for is judged anyhow.
    #[arg(long, value_name = "PROFILE", num_args = 0..=1, require_equals = true, default_missing_value = "spec", value_parser = super::check::profile_or_spec())]
    pub(crate) check: Option<ProfileOrSpec>,

    /// Refuse to write or change the lock.
    #[arg(long)]
    pub(crate) locked: bool,

    #[command(flatten)]
    pub(crate) spec: SpecArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}
