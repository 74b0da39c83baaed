//! Arguments of `attar inspect`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::screen::ScreenArgs;
use super::shared::RegistryArgs;
use crate::output::{Format, Output};

/// Show what each layer of an image holds, and what is dead in it and why.
///
/// On a terminal, an interface opens for looking around: `?` lists its keys, `q` quits it. Elsewhere, or
/// with an option that asks for a report, there is a report.
///
/// Dead bytes are those that a later entry deletes, replaces or hides: whoever pulls the image pulls them
/// all the same, and can read them. Each is shown with the layer it came with, the layer it died by, and
/// the edit that saves it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar inspect                               choose one of this machine's images
  attar inspect reg.example/api:1.4           look around in its layers and files
  attar inspect api:1.4 --view waste          the same, first of all what is dead
  attar inspect api:1.4 -o table              layers, their sizes, what is dead and what to do about it
  attar inspect oci:image -o listing          every entry of every layer, one a line
  attar inspect api.tar -o json=api.json -o markdown=api.md
  attar inspect oci:image --ci                exit code 2 if a rule of ./attar-policy.yaml is broken
  attar inspect oci:image --ci --baseline reg.example/api:1.3 -o junit=report.xml
  attar inspect oci:image --ci --policy .dive-ci

Rules stand in attar-policy.yaml, section `inspect`, or in dive's .dive-ci. Only --ci judges: the
variable CI changes nothing. A baseline without rules of growth may be exceeded by ten per cent, and by
no setuid file and no shell.

Images: REF (of Docker or Podman, else of its registry), registry:REF, docker:REF, podman:REF,
oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], rootfs:FILE|DIR, a path, or `-`
(an archive on standard input).")]
pub(crate) struct InspectArgs {
    /// Image; several in the interface. Default: those of this machine, in the interface.
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,

    /// Platform to inspect, such as `linux/arm64`. Default: this machine's, else the first.
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,

    /// Judge the image by rules: exit code 2 if one is broken.
    #[arg(long)]
    pub(crate) ci: bool,

    /// File with the rules of `--ci`. Default: `attar-policy.yaml` here, else `.dive-ci`.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// Image to compare with: what is larger, what is new.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) baseline: Option<String>,

    /// Whose figures are shown; `.dive-ci` is always judged by dive's.
    #[arg(long, value_name = "METRIC", default_value = "attar")]
    pub(crate) metric: Metric,

    /// Say what each package takes. Reads the package databases of the image.
    #[arg(long)]
    pub(crate) packages: bool,

    /// Compare every layer with its digests, and find contents that are there several times. Reads all
    /// bytes.
    #[arg(long)]
    pub(crate) verify: bool,

    /// Format of the answer, and a file for it instead of standard output (repeatable).
    ///
    /// Formats: `table` (default), `listing` (every entry), `json` (its schema is versioned), `markdown`
    /// (for a comment on a pull request), `sarif`, `junit`.
    #[arg(
        short,
        long = "output",
        value_name = "FORMAT[=FILE]",
        env = "ATTAR_FORMAT",
        help_heading = "Output",
        value_parser = Output::parser(Format::OF_LAYERS)
    )]
    pub(crate) outputs: Vec<Output>,

    #[command(flatten)]
    pub(crate) screen: ScreenArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// How waste is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// By what is really dead.
    Attar,
    /// As dive does, to the last digit.
    Dive,
}
