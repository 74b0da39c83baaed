//! However it ends, the terminal is as it was before, and the shell goes on.

use attar_testing::tmux::{End, Window};
use attar_testing::{Scratch, need, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

use super::{open, open_shell, open_tree, sample, shell};

/// What tmux knows of a terminal that nobody changed.
const UNTOUCHED: &str = "0 1 0 0 1 0";
const MODES: &str = "#{alternate_on} #{cursor_flag} #{mouse_button_flag} #{mouse_sgr_flag} #{wrap_flag} \
                     #{keypad_flag}";

/// Returns what the shell says of the modes of its terminal.
#[track_caller]
fn modes(window: &Window, folder: &Scratch) -> String {
    window.text("clear\r");
    window.wait_without("status=");
    shell(window, "stty -a > modes");
    window.wait_for("status=0.");
    folder.read("modes")
}

/// Has the shell open the interface, and returns its process.
#[track_caller]
fn start(window: &Window) -> Pid {
    window.text("clear\r");
    window.wait_without("status=");
    shell(window, "$ATTAR inspect oci:image");
    window.wait_for("app/");
    let children = format!("/proc/{0}/task/{0}/children", window.process());
    let children = std::fs::read_to_string(children).expect("the children of the shell");
    let child = children.split_whitespace().next().and_then(|it| it.parse().ok());
    child.and_then(Pid::from_raw).expect("the interface runs")
}

/// Ends the interface in some way, and checks the terminal and the status.
#[track_caller]
fn leaves_all_as_it_was(folder: &Scratch, window: &Window, end: impl FnOnce(Pid), status: &str) {
    let before = modes(window, folder);
    let process = start(window);
    end(process);
    let screen = window.wait_for(&format!("status={status}."));
    assert!(!screen.contains("app/"), "the other screen is left\n{screen}");
    assert_eq!(window.tell(MODES), UNTOUCHED);
    assert_eq!(modes(window, folder), before);
}

#[test]
fn when_the_user_quits() {
    let folder = sample();
    let window = need!(open_shell(&folder));
    leaves_all_as_it_was(&folder, &window, |_| window.keys("q"), "0");
    leaves_all_as_it_was(&folder, &window, |_| window.keys("C-c"), "0");
}

#[test]
fn when_signals_end_it() {
    let folder = sample();
    let window = need!(open_shell(&folder));
    for (signal, status) in [(Signal::TERM, "143"), (Signal::HUP, "129"), (Signal::QUIT, "131")] {
        let end = |process| kill_process(process, signal).expect("it runs");
        leaves_all_as_it_was(&folder, &window, end, status);
    }
}

#[test]
fn when_it_is_stopped_and_comes_back() {
    let folder = sample();
    let window = need!(open_shell(&folder));
    let before = modes(&window, &folder);
    start(&window);
    window.keys("2 G C-z");
    window.wait_for("status=14");
    assert_eq!(window.tell(MODES), UNTOUCHED);
    assert_eq!(modes(&window, &folder), before);
    window.text("fg\r");
    window.wait_for("app/");
    // It is where it was.
    assert_eq!(super::path_after(&window, ""), "/var");
    window.keys("q");
    window.wait_without("app/");
    assert_eq!(modes(&window, &folder), before);
}

#[test]
fn with_a_status_and_nothing_said() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("q");
    assert_eq!(window.ended(), End { status: "0".into(), signal: String::new() });
}

#[test]
fn while_layers_are_still_read() {
    let folder = sample();
    for _ in 0..5 {
        let window = need!(open(&folder, &["oci:image"]));
        window.wait_to_tell("#{alternate_on}", "1");
        window.keys("q");
        assert_eq!(window.ended().status, "0");
    }
}

#[test]
fn when_its_terminal_is_gone() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    let process = format!("/proc/{}/stat", window.process());
    drop(window);
    wait::until("the end of the process", Duration::from_secs(60), || {
        (!std::path::Path::new(&process).exists()).then_some(())
    });
}
