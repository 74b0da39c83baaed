//! What is brought here to be read goes again, whichever way the program ends.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use attar_testing::registry::Fault;
use attar_testing::tmux::Window;
use attar_testing::{Attar, need, wait};
use rustix::process::{Pid, Signal, kill_process};

use crate::interface::SIZE;
use crate::interface::streaming::Slow;
use crate::support;

const PATIENCE: Duration = Duration::from_secs(60);

impl Slow {
    /// A layer of this takes longer than any test.
    fn endless() -> Self {
        let slow = Self::new();
        fs::create_dir(slow.folder.join("temporary")).expect("a folder");
        // Again and again: several programs ask for it, and each may ask anew.
        slow.registry.fail("GET", &slow.lower, vec![Fault::Slow(100, PATIENCE); 32]);
        slow
    }

    fn attar(&self, arguments: &[&str]) -> Attar {
        self.attar_of(&self.reference, arguments)
    }

    fn attar_of(&self, reference: &str, arguments: &[&str]) -> Attar {
        support::attar()
            .current_dir(self.folder.path())
            .cache(self.folder.join("cache"))
            .env("TMPDIR", self.folder.join("temporary"))
            .args(["inspect", reference])
            .args(arguments)
    }

    /// Returns the folders for images.
    fn left(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join("temporary")).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    /// Starts a report, and waits until the image is on its way.
    fn report(&self) -> Child {
        let attar = self.attar(&["-o", "table"]).into_command();
        // Whoever runs the tests may have them ignore signals, and what is ignored stays so.
        let mut command = Command::new("env");
        command.env_clear().envs(attar.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.arg("--default-signal=INT,TERM,HUP").arg(attar.get_program()).args(attar.get_args());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("attar runs");
        wait::until("a part of the image", PATIENCE, || {
            self.left().iter().any(|folder| has_blobs(folder)).then_some(())
        });
        child
    }
}

/// Says whether something of an image has arrived in a folder.
fn has_blobs(folder: &Path) -> bool {
    fs::read_dir(folder.join("layout/blobs/sha256")).is_ok_and(|blobs| blobs.count() > 0)
}

fn process(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[test]
fn of_reports_that_signals_end() {
    let slow = Slow::endless();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut child = slow.report();
        kill_process(process(&child), signal).expect("it runs");
        let status = child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(signal.as_raw()), "whoever waits sees what it died of");
        assert_eq!(slow.left(), Vec::<PathBuf>::new(), "{signal:?}");
    }
}

#[test]
fn of_killed_reports_when_the_next_one_runs() {
    let slow = Slow::endless();
    let mut child = slow.report();
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let left = slow.left();
    assert_eq!(left.len(), 1, "nothing can be done by who is killed");
    let then = SystemTime::now() - Duration::from_secs(3600);
    File::open(&left[0]).and_then(|folder| folder.set_modified(then)).expect("a time");

    let mut other = slow.report();
    let now = wait::until("only the folder that is used", PATIENCE, || {
        Some(slow.left()).filter(|now| now.len() == 1 && *now != left && has_blobs(&now[0]))
    });
    slow.attar_of(&Slow::new().reference, &["-o", "table"]).run().success();
    assert_eq!(slow.left(), now, "what somebody uses stays");
    kill_process(process(&other), Signal::TERM).expect("it runs");
    other.wait().expect("it ends");
    assert_eq!(slow.left(), Vec::<PathBuf>::new());
}

#[test]
fn of_the_interface() {
    let slow = Slow::endless();
    for what in ["quitting while a layer is fetched", "SIGTERM", "a lost terminal"] {
        let window = need!(Window::open(&slow.attar(&["--pane", "tree"]).into_command(), SIZE));
        // The upper layer is there, the lower one is on its way.
        window.wait_for("small");
        assert_eq!(slow.left().len(), 1);
        let _window = match what {
            "SIGTERM" => {
                let process = Pid::from_raw(window.process()).expect("a process");
                kill_process(process, Signal::TERM).expect("it runs");
                Some(window)
            }
            "a lost terminal" => {
                drop(window);
                None
            }
            _ => {
                window.keys("q");
                Some(window)
            }
        };
        wait::until(format!("nothing to be left after {what}"), PATIENCE, || {
            slow.left().is_empty().then_some(())
        });
    }
}
