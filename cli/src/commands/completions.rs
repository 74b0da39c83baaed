//! `attar completions`: a script for the shell.

use crate::args::{self, CompletionsArgs};
use crate::exit_code::ExitCode;
use crate::output;

pub(crate) fn run(arguments: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut args::definition(), "attar", &mut script);
    output::print(&script)?;
    Ok(ExitCode::Yes)
}
