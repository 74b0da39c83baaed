//! `attar`, the command line: arguments, settings, output, exit codes, and the composition of what the
//! crates below it do.
//!
//! ```text
//! arguments (args)  ->  settings  ->  commands  ->  output on stdout, everything else on stderr
//! ```
//!
//! Standard output carries the answer and nothing else. Only this crate reads the environment, the
//! configuration file and the clock.

mod analyses;
mod args;
mod commands;
mod discovery;
mod environment;
mod escape;
mod exit_code;
mod failure;
mod image;
mod network;
mod output;
mod ownership;
mod policy;
mod progress;
#[cfg(test)]
mod reference;
mod remote;
mod scratch;
mod settings;
mod size;
mod source;
mod verdict;
mod workload;

use std::io::Write as _;

use exit_code::ExitCode;
use settings::{Settings, Verbosity};

fn main() -> std::process::ExitCode {
    run().into()
}

fn run() -> ExitCode {
    let cli = match args::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output; that nobody reads it is no failure.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Yes };
        }
    };
    let settings = match Settings::resolve(&cli.global) {
        Ok(settings) => settings,
        Err(error) => return report(&error, false),
    };
    start_logging(&settings);
    let code = commands::run(&cli.command, &settings).unwrap_or_else(|error| report(&error, settings.color));
    // Threads that nobody waits for may still hold some.
    scratch::remove_all();
    code
}

/// Says why a command failed, and returns the code it ends with.
fn report(error: &anyhow::Error, color: bool) -> ExitCode {
    if failure::is_broken_pipe(error) {
        return ExitCode::Yes;
    }
    // Nothing can be done when standard error is closed too.
    let _ = std::io::stderr().write_all(failure::render(error, color).as_bytes());
    failure::exit_code(error)
}

/// Logs to standard error: what `ATTAR_LOG` asks for, or details of ours with `-vv`.
fn start_logging(settings: &Settings) {
    let wanted = environment::Variable::AttarLog.value();
    let filter = match wanted.as_deref().and_then(std::ffi::OsStr::to_str) {
        Some(filter) => filter,
        None if settings.verbosity == Verbosity::Debug => {
            "attar=debug,attar_builder=debug,attar_image=debug,attar_registry=debug"
        }
        None => return,
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(settings.color)
        .without_time()
        .init();
}
