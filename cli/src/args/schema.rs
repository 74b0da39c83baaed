//! Arguments of `attar schema`.

use clap::Args;

/// Print the JSON Schema of `attar.yaml`, for editors.
///
/// An editor that knows YAML schemas reads it from the first line of a spec:
/// `# yaml-language-server: $schema=attar.schema.json`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar schema > attar.schema.json
  attar schema --sets                the named sets of paths, such as docs and man")]
pub(crate) struct SchemaArgs {
    /// Print the named sets of paths and the globs they stand for instead.
    #[arg(long)]
    pub(crate) sets: bool,
}
