//! Arguments of `attar completions`.

use clap::Args;

/// Print a script that completes this command line in a shell.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  attar completions bash > ~/.local/share/bash-completion/completions/attar
  attar completions fish > ~/.config/fish/completions/attar.fish")]
pub(crate) struct CompletionsArgs {
    /// Shell to print the script for.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
