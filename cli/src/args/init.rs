//! Arguments of `attar init`.

use std::path::PathBuf;

use clap::Args;

/// Write a commented `attar.yaml` that builds at once.
///
/// FROM is what the image is for, recognised by its content: an ELF program, a jar, or a Python
/// virtual environment; or what it was built from so far: a Dockerfile, or a configuration of apko.
/// What a spec cannot say of these is listed with its line. Without FROM the spec describes an image
/// with CA certificates and time zones alone.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar init                     a spec to start from
  attar init dist/api            an image for the program dist/api, for its platform
  attar init Dockerfile          what the last stage of a Dockerfile says, as a spec
  attar init apko.yaml           the same for apko, with the names that Debian has for packages
  attar init --init-container registry.example/orders:1.4")]
pub(crate) struct InitArgs {
    /// An ELF program, a jar, the folder of a virtual environment, a Dockerfile, or an apko.yaml.
    #[arg(value_name = "FROM")]
    pub(crate) from: Option<PathBuf>,

    /// Replace an existing spec.
    #[arg(long)]
    pub(crate) force: bool,

    /// Print what starts an image in two steps instead: a snippet for Compose and one for Kubernetes.
    /// The image's variant `init` prepares a volume, and alone sees a secret. The nearest spec says user,
    /// volume and port.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["from", "force"])]
    pub(crate) init_container: Option<String>,
}
