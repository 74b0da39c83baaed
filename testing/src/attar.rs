//! Runs the program under test as a user would, apart from the user's own environment.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Finished, run};

/// One run of the program under test.
///
/// Of the environment only the search path is passed on; the home folder is one that does not exist, so
/// that nothing of the machine's user enters. Where the tests are told of proxies, they are passed on
/// too, since a mirror may be reached through one.
#[derive(Debug)]
pub struct Attar(Command);

impl Attar {
    /// Prepares a run of `program`, or of the one that `ATTAR_TESTS_BINARY` names.
    pub fn at(program: impl AsRef<Path>) -> Self {
        let chosen = std::env::var_os("ATTAR_TESTS_BINARY");
        let program = chosen.map_or_else(|| program.as_ref().to_path_buf(), PathBuf::from);
        let mut command = Command::new(program);
        command.env_clear().env("HOME", "/nonexistent");
        for name in ["PATH", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Self(command)
    }

    /// Sets the working directory.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Sets the folder of the cache.
    pub fn cache(self, folder: impl AsRef<Path>) -> Self {
        self.env("ATTAR_CACHE_DIR", folder.as_ref())
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(mut self) -> Finished {
        run(&mut self.0)
    }

    /// Returns the command, for tests that wrap, watch or kill it.
    pub fn into_command(self) -> Command {
        self.0
    }
}
