//! Arguments of `attar diff`.

use clap::Args;

use super::shared::RegistryArgs;
use crate::output::{Format, Output};

/// Say how two images differ: packages, configuration, files, layers.
///
/// Images hold the same contents when whoever runs them cannot tell them apart. Times, the order of entries,
/// how files are spread over layers and these compressed, history, dates and annotations do not count, unless
/// `--strict` asks for all bytes. Files of packages whose version differs are counted with their package; all
/// other files that differ are listed.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar diff oci:image:1.4 oci:image:1.5
  attar diff reg.example/api:1.4 api.tar          any two sources
  attar diff oci:image --platform linux/amd64 --platform linux/arm64
  attar diff --content docker:api:old docker:api:new
  attar diff -o markdown=comment.md registry:reg.example/api:main oci:image

Exit codes: 0 the same, 2 they differ, 3 cannot judge, such as when a layer is not there.
Images: REF (of Docker or Podman, else of its registry), registry:REF, docker:REF, podman:REF,
oci:DIR[:NAME], oci-archive:FILE, docker-archive:FILE, or a path.")]
pub(crate) struct DiffArgs {
    /// The first image.
    #[arg(value_name = "BEFORE")]
    pub(crate) before: String,

    /// The second image. Default: the first, with two platforms.
    #[arg(value_name = "AFTER")]
    pub(crate) after: Option<String>,

    /// Platform to compare; given twice, that of the first image and that of the second. Default: all that
    /// both have.
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub(crate) platforms: Vec<String>,

    /// Compare all bytes: times, order, layers, history, dates, annotations.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Show how contents differ: lines of small text files, and what programs and libraries need.
    #[arg(long)]
    pub(crate) content: bool,

    /// Show everything that differs, not the first lines alone.
    #[arg(long)]
    pub(crate) all: bool,

    /// Format of the answer, and a file for it instead of standard output (repeatable).
    ///
    /// Formats: `table` (default), `json` (its schema is versioned), `markdown` (for a pull request).
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", env = "ATTAR_FORMAT", value_parser = Output::parser(Format::OF_DIFFERENCES), help_heading = "Output")]
    pub(crate) outputs: Vec<Output>,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
