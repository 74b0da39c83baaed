//! The command line as it is typed: one file per command, whose doc comments are the help.
//!
//! These types say nothing about what a flag means together with the configuration file or the
//! environment; [`crate::settings`] resolves that once.

mod build;
mod cache;
mod check;
mod completions;
mod diff;
mod environment;
mod global;
mod init;
mod inspect;
mod lock;
mod man;
mod packages;
mod rebuild;
mod schema;
mod screen;
mod search;
mod shared;
mod show;
mod why;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use build::BuildArgs;
pub(crate) use cache::{CacheArgs, CacheCommand};
pub(crate) use check::{CheckArgs, ProfileOrSpec};
pub(crate) use completions::CompletionsArgs;
pub(crate) use diff::DiffArgs;
pub(crate) use environment::variable_of;
pub(crate) use global::{ColorWhen, GlobalArgs, ProgressStyle};
pub(crate) use init::InitArgs;
pub(crate) use inspect::{InspectArgs, Metric};
pub(crate) use lock::LockArgs;
pub(crate) use man::ManArgs;
pub(crate) use packages::PackagesArgs;
pub(crate) use rebuild::RebuildArgs;
pub(crate) use schema::{SchemaArgs, SchemaOf};
pub(crate) use screen::{DumpFormat, ScreenArgs};
pub(crate) use search::SearchArgs;
pub(crate) use shared::{EngineName, ImageArgs, NamedValue, PublishArgs, RegistryArgs, SourceArgs, SpecArgs};
pub(crate) use show::ShowArgs;
pub(crate) use why::WhyArgs;

/// Builds reproducible distroless container images from distribution packages and your own files.
///
/// A spec (`attar.yaml`) says what is in the image; a lock (`attar.lock`) says which packages
/// exactly. Nothing from a package is ever run, and neither root nor a daemon is needed.
#[derive(Debug, Parser)]
#[command(
    name = "attar",
    version,
    after_long_help = "Examples:
  attar init                                  write a commented attar.yaml
  attar build -o oci:image                    build ./attar.yaml into the OCI layout `image`
  attar build -t reg.example/api:1.4 --push   push it, the tag last
  attar build --load                          load it into Docker or Podman
  attar check reg.example/api:1.4             is it distroless, and what stands in the way
  attar why attar.yaml libssl.so.3            which line of the spec brought it in
  attar inspect reg.example/api:1.4           what each layer holds, and what is dead in it

Exit codes: 0 yes, 1 error, 2 the answer is no, 3 cannot judge, 64 wrong usage.
Every option can also be given as an environment variable: --cache-dir as ATTAR_CACHE_DIR."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(InitArgs),
    Lock(LockArgs),
    Build(BuildArgs),
    Check(CheckArgs),
    Rebuild(RebuildArgs),
    Diff(DiffArgs),
    Show(ShowArgs),
    Why(WhyArgs),
    Inspect(InspectArgs),
    Packages(PackagesArgs),
    Search(SearchArgs),
    Schema(SchemaArgs),
    Cache(CacheArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Returns the definition of the whole command line, environment variables included.
pub(crate) fn definition() -> clap::Command {
    environment::with_variables(Cli::command())
}

/// Reads the arguments of this process.
pub(crate) fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Cli, clap::Error> {
    let mut definition = definition();
    let matches = definition.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut definition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn every_command_and_option_has_help() {
        fn check(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "`{path}` has no help");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "`{path}` {} has no help", argument.get_id());
            }
            for subcommand in command.get_subcommands() {
                check(subcommand, &format!("{path} {}", subcommand.get_name()));
            }
        }
        check(&definition(), "attar");
    }
}
