//! Arguments of `attar schema`.

use clap::{Args, ValueEnum};

/// Print the JSON Schema of `attar.yaml` or `attar-policy.yaml`, for editors.
///
/// An editor that knows YAML schemas reads it from the first line of a spec:
/// `# yaml-language-server: $schema=attar.schema.json`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar schema > attar.schema.json
  attar schema policy > attar-policy.schema.json
  attar schema --sets                the named sets of paths, such as docs and man")]
pub(crate) struct SchemaArgs {
    /// Which file the schema is of.
    #[arg(value_name = "FILE", default_value = "spec", conflicts_with = "sets")]
    pub(crate) of: SchemaOf,

    /// Print the named sets of paths and the globs they stand for instead.
    #[arg(long)]
    pub(crate) sets: bool,
}

/// A file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `attar.yaml`.
    Spec,
    /// `attar-policy.yaml`.
    Policy,
}
