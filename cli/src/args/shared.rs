//! Groups of options that several commands share.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::output::{Format, Output};

/// Where packages come from, and whether to ask for them at all.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Packages")]
pub(crate) struct SourceArgs {
    /// Mirror to ask before all others (repeatable).
    #[arg(long = "mirror", value_name = "URL")]
    pub(crate) mirrors: Vec<String>,

    /// Use what the cache holds; open no connection.
    #[arg(long)]
    pub(crate) offline: bool,

    /// Accept an archive that is older than the one in the lock.
    #[arg(long)]
    pub(crate) allow_rollback: bool,
}

/// Parameters of a spec.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Spec")]
pub(crate) struct SpecArgs {
    /// Value of a parameter that the spec declares under `args` (repeatable).
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub(crate) arguments: Vec<NamedValue>,
}

/// How registries are spoken to.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Registries")]
pub(crate) struct RegistryArgs {
    /// Speak plain HTTP to registries. Those on the loopback interface are asked so anyhow.
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// Where images are published.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Registries")]
pub(crate) struct PublishArgs {
    /// Push the images to every `-t`, or by digest alone to the repository that `--repository` gives.
    #[arg(long)]
    pub(crate) push: bool,

    /// Repository that the `name` of each spec stands below; `-t` is then the tag alone.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) repository: Option<String>,

    /// Load the image for the engine's platform into Docker or Podman. Default: the first that answers.
    #[arg(long, value_name = "ENGINE", num_args = 0..=1, require_equals = true, default_missing_value = "any")]
    pub(crate) load: Option<EngineName>,
}

/// A container engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Docker, or Podman where Docker does not answer.
    Any,
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

/// Which images of a spec are built, and what is added to them.
#[derive(Debug, Default, Args)]
pub(crate) struct ImageArgs {
    /// Variant of the spec to build besides the plain image (repeatable).
    #[arg(long = "variant", value_name = "NAME", value_delimiter = ',', conflicts_with = "all_variants")]
    pub(crate) variants: Vec<String>,

    /// Build the plain image and every variant.
    #[arg(long)]
    pub(crate) all_variants: bool,

    /// Platform to build, such as `linux/arm64` (repeatable). Default: those of the spec.
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub(crate) platforms: Vec<String>,

    /// Annotation of index and manifests, besides those of the spec (repeatable).
    #[arg(long = "annotation", value_name = "NAME=VALUE")]
    pub(crate) annotations: Vec<NamedValue>,

    /// Label of the image, besides those of the spec (repeatable).
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<NamedValue>,
}

/// How a reading command answers.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportArgs {
    /// Format of the answer, and a file for it instead of standard output (repeatable).
    ///
    /// Formats: `table` (default), `json` (its schema is versioned).
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", env = "ATTAR_FORMAT", value_parser = Output::parser(Format::PLAIN))]
    pub(crate) outputs: Vec<Output>,
}

/// A `NAME=VALUE` pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedValue {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A pair without `=`, or without a name before it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `NAME=VALUE`")]
pub(crate) struct InvalidPair;

impl FromStr for NamedValue {
    type Err = InvalidPair;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or(InvalidPair)?;
        if name.is_empty() {
            return Err(InvalidPair);
        }
        Ok(Self { name: name.into(), value: value.into() })
    }
}

impl fmt::Display for NamedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// The positional argument of commands that take several specs.
#[derive(Debug, Default, Args)]
pub(crate) struct SpecPaths {
    /// Specs; `DIR/...` is every `attar.yaml` below a folder. Default: the nearest one, here or in a
    /// folder above.
    #[arg(value_name = "SPEC")]
    pub(crate) specs: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let pair = |name: &str, value: &str| Ok(NamedValue { name: name.into(), value: value.into() });
        for (text, expected) in [
            ("A=b", pair("A", "b")),
            ("A=", pair("A", "")),
            ("A=b=c", pair("A", "b=c")),
            ("A", Err(InvalidPair)),
            ("=b", Err(InvalidPair)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
