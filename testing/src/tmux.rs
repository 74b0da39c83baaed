//! tmux, as the terminal of the program under test: a screen that can be looked at, keys, a mouse, a
//! clipboard.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::command::{Finished, run};
use crate::{Scratch, skip, wait};

/// How long anything may take, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// What runs stays to be looked at when it ends, the whole size is its own, and it may fill the clipboard.
const CONFIGURATION: &str = "\
set -g remain-on-exit on
set -g status off
set -g set-clipboard on
set -g allow-rename on
set -g mouse off
set -s escape-time 0
";

/// A window with a program in it, on a server of its own. Both end when it is dropped.
#[derive(Debug)]
pub struct Window {
    /// The socket and the configuration of the server.
    folder: Scratch,
}

/// What a program in a window ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Exit code; empty when a signal ended it.
    pub status: String,
    /// Number of the signal; empty when none did.
    pub signal: String,
}

impl Window {
    /// Starts a program with at least one argument in a window of so many columns and lines, in no other
    /// environment than what is set for it; the error says that there is no tmux.
    pub fn open(program: &Command, (columns, lines): (u16, u16)) -> Result<Self, String> {
        skip::program("tmux")?;
        assert!(program.get_args().len() > 0, "a program alone would be run by a shell");
        let window = Self { folder: Scratch::new() };
        let configuration = window.folder.write("tmux.conf", CONFIGURATION);
        let mut tmux = window.tmux();
        tmux.env_clear().env("LC_ALL", "C.UTF-8").arg("-f").arg(configuration);
        tmux.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        tmux.args(["new-session", "-d", "-x", &columns.to_string(), "-y", &lines.to_string()]);
        if let Some(folder) = program.get_current_dir() {
            tmux.arg("-c").arg(folder);
        }
        tmux.arg("--").arg(program.get_program()).args(program.get_args());
        run(&mut tmux).success();
        Ok(window)
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u").arg("-S").arg(self.socket());
        tmux
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        run(self.tmux().args(arguments))
    }

    /// Presses keys, by tmux's names, with spaces between them: `keys("g g C-d Enter")`.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        let mut arguments = vec!["send-keys", "--"];
        arguments.extend(keys.split_whitespace());
        self.run(&arguments).success();
    }

    /// Types a text as it is, with control characters in it if there are any.
    #[track_caller]
    pub fn text(&self, text: &str) {
        self.run(&["send-keys", "-l", "--", text]).success();
    }

    /// Sends what the mouse does, in the notation of SGR: button 0 is the left one, 64 and 65 are the
    /// wheel. Columns and lines are counted from 0.
    #[track_caller]
    pub fn mouse(&self, button: u8, place: (usize, usize)) {
        self.text(&pressed(button, place));
    }

    /// Clicks twice with the left button, both at once: however busy the machine is, it is a double click.
    #[track_caller]
    pub fn double_click(&self, place: (usize, usize)) {
        self.text(&pressed(0, place).repeat(2));
    }

    /// Returns what the screen shows, line by line.
    #[track_caller]
    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"]).success()
    }

    /// Returns what the screen shows, with the sequences for colours and attributes in it.
    #[track_caller]
    pub fn screen_with_colours(&self) -> String {
        self.run(&["capture-pane", "-p", "-e"]).success()
    }

    /// Waits until the screen shows a text, and returns the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("`{text}`"), |screen| screen.contains(text))
    }

    /// Waits until the screen shows all of these texts at once, and returns the screen. What is asserted of
    /// a screen beside what was waited for may be in the part of a frame that is still on its way.
    #[track_caller]
    pub fn wait_for_all(&self, texts: &[&str]) -> String {
        self.wait_until(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contains(text)))
    }

    /// Waits until the screen does not show a text any more, and returns the screen.
    #[track_caller]
    pub fn wait_without(&self, text: &str) -> String {
        self.wait_until(&format!("no `{text}`"), |screen| !screen.contains(text))
    }

    /// Waits until the screen is as it should be, and returns it.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_right: impl Fn(&str) -> bool) -> String {
        wait::until(Wanted(self, what), PATIENCE, || {
            let screen = self.screen();
            is_right(&screen).then_some(screen)
        })
    }

    /// Returns where a text stands on the screen, as column and line from 0.
    #[track_caller]
    pub fn place(&self, text: &str) -> (usize, usize) {
        let screen = self.wait_for(text);
        let mut lines = screen.lines().enumerate();
        let place = lines.find_map(|(line, it)| Some((it[..it.find(text)?].chars().count(), line)));
        place.expect("the screen shows the text")
    }

    /// Returns what tmux says of the window, in the words of its formats: `tell("#{pane_title}")`.
    #[track_caller]
    pub fn tell(&self, format: &str) -> String {
        self.run(&["display-message", "-p", format]).success().trim_end_matches('\n').to_owned()
    }

    /// Waits until tmux says this of the window.
    #[track_caller]
    pub fn wait_to_tell(&self, format: &str, expected: &str) {
        wait::until(Wanted(self, &format!("{format} as {expected}")), PATIENCE, || {
            (self.tell(format) == expected).then_some(())
        });
    }

    /// Changes the size.
    #[track_caller]
    pub fn resize(&self, columns: u16, lines: u16) {
        self.run(&["resize-window", "-x", &columns.to_string(), "-y", &lines.to_string()]).success();
    }

    /// Waits until the program filled the clipboard, and empties it.
    #[track_caller]
    pub fn copied(&self) -> String {
        wait::until(Wanted(self, "something in the clipboard"), PATIENCE, || {
            let buffer = self.run(&["show-buffer"]);
            buffer.is_success().then(|| {
                self.run(&["delete-buffer"]).success();
                buffer.stdout
            })
        })
    }

    /// Returns the process that was started.
    #[track_caller]
    pub fn process(&self) -> i32 {
        self.tell("#{pane_pid}").parse().expect("the number of a process")
    }

    /// Waits until the program has ended.
    #[track_caller]
    pub fn ended(&self) -> End {
        self.wait_to_tell("#{pane_dead}", "1");
        // The terminal is closed a moment before tmux hears how the process ended.
        wait::until(Wanted(self, "the status of the process"), PATIENCE, || {
            // It may miss that a process ended; the end of another one makes it look again.
            self.run(&["run-shell", "true"]);
            let (status, signal) = (self.tell("#{pane_dead_status}"), self.tell("#{pane_dead_signal}"));
            (!status.is_empty() || !signal.is_empty()).then_some(End { status, signal })
        })
    }
}

/// Returns what a terminal sends when a button is pressed and let go, or the wheel is turned.
fn pressed(button: u8, (column, line): (usize, usize)) -> String {
    let (column, line) = (column + 1, line + 1);
    let up = if button < 64 { format!("\x1b[<{button};{column};{line}m") } else { String::new() };
    format!("\x1b[<{button};{column};{line}M{up}")
}

impl Drop for Window {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.tmux().arg("kill-server").output();
    }
}

/// What is waited for, and what the screen shows in its place.
struct Wanted<'a>(&'a Window, &'a str);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on the screen, which shows\n{}", self.1, self.0.screen())
    }
}
