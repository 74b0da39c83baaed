//! A pseudo terminal with something running in it.

use std::process::Child;
use std::time::{Duration, Instant};

use attar_testing::command::words;
use attar_testing::terminal::{Control, Terminal};
use rustix::process::{Pid, Signal, kill_process};

use crate::screen::VARIABLE;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What runs in a pseudo terminal, from the terminal's side.
pub(crate) struct Session {
    /// None once it is hung up.
    terminal: Option<Terminal>,
    /// What was shown and not waited for yet.
    unread: String,
    /// All that was shown since the interface was started.
    pub(crate) log: String,
    child: Child,
    screen: Option<Pid>,
    folder: tempfile::TempDir,
}

impl Session {
    /// Starts a shell that has the terminal.
    pub(crate) fn with_shell() -> Self {
        let mut session = Self::run(Control::Controlling, &["dash", "-i"]);
        session.wait_for("$ ");
        session
    }

    /// Starts the interface alone, in a terminal that it controls.
    pub(crate) fn alone() -> Self {
        Self::run(Control::Controlling, &[&program(), "--exact", "screen::screen", "--nocapture"])
    }

    /// Starts a shell that has the terminal, in a namespace of processes of its own, as in a container
    /// that somebody enters: what started the shell has no numbers there.
    pub(crate) fn with_shell_in_namespace() -> Self {
        let mut session = Self::run(Control::Controlling, &in_namespace(&["dash", "-i"]));
        session.wait_for("$ ");
        session
    }

    /// Starts the interface alone, in a terminal that it controls and a namespace of processes.
    pub(crate) fn alone_in_namespace() -> Self {
        let words = [&program(), "--exact", "screen::screen", "--nocapture"];
        Self::run(Control::Controlling, &in_namespace(&words))
    }

    /// Starts the interface alone, in a terminal that is nobody's.
    pub(crate) fn without_control() -> Self {
        Self::run(Control::Without, &[&program(), "--exact", "screen::screen", "--nocapture"])
    }

    fn run(control: Control, arguments: &[&str]) -> Self {
        let terminal = Terminal::open(80, 24).expect("a pseudo terminal");
        let mut command = words(arguments);
        command.envs(std::env::vars_os()).env("TERM", "xterm").env("PS1", "$ ").env_remove("ENV");
        if !arguments.contains(&"dash") {
            command.env(VARIABLE, "1");
        }
        let child = terminal.spawn(&command, control).expect("util-linux");
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            terminal: Some(terminal),
            unread: String::new(),
            log: String::new(),
            child,
            screen: None,
            folder,
        }
    }

    /// Types.
    pub(crate) fn send(&mut self, text: &str) {
        let terminal = self.terminal.as_mut().expect("a terminal that is not hung up");
        terminal.send(text).expect("the terminal takes keys");
    }

    /// Waits until a text was shown, and returns all that was up to its end.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.unread.find(text) {
                let rest = self.unread.split_off(place + text.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(self.read(left) > 0, "{text:?} was never shown: {:?}", self.unread);
        }
    }

    /// Reads what is shown next, and returns how many bytes; none if nothing comes any more.
    fn read(&mut self, patience: Duration) -> usize {
        let terminal = self.terminal.as_mut().expect("a terminal that is not hung up");
        let mut bytes = [0; 4096];
        let count = terminal.read(&mut bytes, patience).expect("a terminal can be waited for");
        let text = String::from_utf8_lossy(&bytes[..count]);
        self.unread.push_str(&text);
        self.log.push_str(&text);
        count
    }

    /// Returns what the shell says of the modes of the terminal.
    #[track_caller]
    pub(crate) fn modes(&mut self) -> String {
        let file = self.folder.path().join("modes");
        self.send(&format!("stty -a > {}; echo do'n'e\n", file.display()));
        self.wait_for("done");
        self.wait_for("$ ");
        std::fs::read_to_string(&file).expect("what stty said")
    }

    /// Has the shell start the interface, and waits until it is drawn.
    #[track_caller]
    pub(crate) fn start_screen(&mut self) {
        self.run_screen("", "");
        self.wait_for("ready:");
        let process = self.wait_for(".");
        let process = process.trim_end_matches('.').parse().expect("the number of a process");
        self.screen = Pid::from_raw(process);
        self.log.clear();
    }

    /// Has the shell run the interface between other words, and say its status.
    pub(crate) fn run_screen(&mut self, prefix: &str, suffix: &str) {
        let program = program();
        self.send(&format!(
            "{VARIABLE}=1 {prefix} {program} --exact screen::screen --nocapture {suffix}; echo st'atus='$?\n"
        ));
    }

    /// Has the shell say the status of what ran last.
    pub(crate) fn ask_status(&mut self) {
        self.send("echo st'atus='$?\n");
    }

    /// Sends a signal to the interface.
    pub(crate) fn signal(&mut self, signal: Signal) {
        kill_process(self.screen.expect("the interface was started"), signal).expect("it runs");
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        let terminal = self.terminal.as_ref().expect("a terminal that is not hung up");
        terminal.resize(width, height).expect("a size");
    }

    /// Closes the terminal, as a lost connection does.
    pub(crate) fn hang_up(&mut self) {
        self.terminal = None;
    }

    /// Waits until what was started ends; returns its status, none if it died of a signal.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.wait().expect("a child").code()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that failed may leave it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives a program a namespace of processes, all of which end with the program.
fn in_namespace<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["unshare", "--pid", "--fork", "--kill-child"];
    if !rustix::process::geteuid().is_root() {
        all.push("--map-root-user");
    }
    all.extend(words);
    all
}

fn program() -> String {
    let program = std::env::current_exe().expect("this program");
    program.to_str().expect("a path in UTF-8").into()
}
