//! Runs programs and keeps all they said.

use std::fmt;
use std::process::{Command, Output, Stdio};

/// A program that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The command line, for messages.
    pub command: String,
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl Finished {
    /// Asserts that the program succeeded, and returns its standard output.
    #[track_caller]
    pub fn success(self) -> String {
        assert!(self.code == Some(0), "{self}");
        self.stdout
    }

    /// Asserts that the program ended with `code`, and returns its standard error.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert!(self.code == Some(code), "expected exit code {code}\n{self}");
        self.stderr
    }

    /// Says whether the program succeeded.
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "$ {command}\nexit code {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}")
    }
}

impl Finished {
    /// Keeps what a command line printed.
    pub fn new(command: &Command, output: Output) -> Self {
        Self {
            command: format!("{command:?}"),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a program to its end, without standard input.
#[track_caller]
pub fn run(command: &mut Command) -> Finished {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Finished::new(command, output),
        Err(error) => panic!("cannot run {command:?}: {error}"),
    }
}

/// Returns a command from words: `words(&["skopeo", "inspect", "oci:image"])`.
pub fn words(words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().expect("a command line has a program");
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Says whether a program is on the search path.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
