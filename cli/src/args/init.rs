//! Arguments of `attar init`.

use std::path::PathBuf;

use clap::Args;

/// Write a commented `attar.yaml` that builds at once.
///
/// FROM is what the image is for, recognised by its content: an ELF program, a jar, or a Python
/// virtual environment. Without FROM the spec describes an image with CA certificates and time
/// zones alone.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar init                     a spec to start from
  attar init dist/api            an image for the program dist/api, for its platform")]
pub(crate) struct InitArgs {
    /// An ELF program, a jar, or the folder of a virtual environment.
    #[arg(value_name = "FROM")]
    pub(crate) from: Option<PathBuf>,

    /// Replace an existing spec.
    #[arg(long)]
    pub(crate) force: bool,
}
