//! The commands, one file each: settings in, an exit code out.

mod build;
mod cache;
mod check;
mod completions;
mod context;
mod diff;
mod init;
mod inspect;
mod load;
mod lock;
mod man;
mod metadata;
mod packages;
mod publish;
mod rebuild;
mod schema;
mod search;
mod several;
mod show;
mod vendor;
mod why;
mod why_image;

use crate::args::Command;
use crate::exit_code::ExitCode;
use crate::settings::Settings;

/// Runs a command.
pub(crate) fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(arguments) => init::run(arguments, settings),
        Command::Lock(arguments) => lock::run(arguments, settings),
        Command::Build(arguments) => build::run(arguments, settings),
        Command::Check(arguments) => check::run(arguments, settings),
        Command::Rebuild(arguments) => rebuild::run(arguments, settings),
        Command::Diff(arguments) => diff::run(arguments, settings),
        Command::Show(arguments) => show::run(arguments),
        Command::Why(arguments) => why::run(arguments, settings),
        Command::Inspect(arguments) => inspect::run(arguments, settings),
        Command::Packages(arguments) => packages::run(arguments, settings),
        Command::Search(arguments) => search::run(arguments, settings),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Cache(arguments) => cache::run(arguments, settings),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}
