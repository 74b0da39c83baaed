//! The terminal is left as it was found, however the interface ends.
//!
//! Each test runs a small interface, which is this program again, in a pseudo terminal, mostly under a
//! shell that never mends the terminal itself.

mod screen;
mod session;

use rustix::process::Signal;
use session::Session;

/// What `stty` says must be the same before and after; what was sent must end with the way out.
#[track_caller]
fn leaves_all_as_it_was(end: impl FnOnce(&mut Session), status: &str) -> String {
    let mut session = Session::with_shell();
    let before = session.modes();
    session.start_screen();
    end(&mut session);
    session.wait_for(&format!("status={status}\r\n"));
    let shown = session.log.clone();
    assert_left(&shown);
    assert_eq!(session.modes(), before);
    shown
}

/// Checks that the other screen, the mouse and the hidden cursor are undone in what was sent last.
#[track_caller]
fn assert_left(shown: &str) {
    for undone in ["\x1b[?1049l", "\x1b[?25h", "\x1b[?1000l", "\x1b[?2004l", "\x1b[?7h", "\x1b[8h"] {
        assert!(shown.contains(undone), "{undone:?} in {shown:?}");
    }
}

#[test]
fn after_quitting() {
    leaves_all_as_it_was(|session| session.send("q"), "0");
}

#[test]
fn after_a_panic_whose_message_stands_on_the_usual_screen() {
    let shown = leaves_all_as_it_was(|session| session.send("p"), "101");
    let (left, message) = (shown.find("\x1b[?1049l"), shown.find("a panic on purpose"));
    assert!(left.is_some() && left < message, "{shown:?}");
}

#[test]
fn after_a_panic_of_another_thread() {
    let shown = leaves_all_as_it_was(|session| session.send("t"), "134");
    assert!(shown.contains("a panic elsewhere"), "{shown:?}");
}

#[test]
fn after_signals_of_which_it_dies() {
    for (signal, status) in
        [(Signal::TERM, "143"), (Signal::HUP, "129"), (Signal::QUIT, "131"), (Signal::INT, "130")]
    {
        let end = |session: &mut Session| {
            session.signal(signal);
            if signal == Signal::INT {
                // The shell gives up the rest of the line too, and asks for the next one.
                session.wait_for("\x1b[?25h");
                session.wait_for("$ ");
                session.ask_status();
            }
        };
        leaves_all_as_it_was(end, status);
    }
}

/// Stops the interface, looks at the terminal, comes back, all that a few times, and quits.
#[track_caller]
fn stops_and_comes_back(mut session: Session, stop: impl Fn(&mut Session)) {
    let before = session.modes();
    session.start_screen();
    stop(&mut session);
    // 128 and SIGSTOP, or SIGTSTP.
    let shown = session.wait_for("status=14");
    assert_left(&shown);
    assert_eq!(session.modes(), before, "while it is stopped");
    for _ in 0..20 {
        session.send("fg\n");
        let shown = session.wait_for("resumed");
        assert!(shown.contains("\x1b[?1049h") && shown.contains("\x1b[?25l"), "{shown:?}");
        stop(&mut session);
        assert_left(&session.wait_for("$ "));
    }
    session.send("fg\n");
    session.wait_for("resumed");
    session.send("q");
    session.wait_for("\x1b[?25h");
    // Until it has ended, it reads what is typed.
    session.wait_for("$ ");
    assert_eq!(session.modes(), before, "at the end");
}

#[test]
fn stopped_by_a_key() {
    stops_and_comes_back(Session::with_shell(), |session| session.send("\x1a"));
    stops_and_comes_back(Session::with_shell_in_namespace(), |session| session.send("\x1a"));
}

#[test]
fn stopped_by_a_signal() {
    stops_and_comes_back(Session::with_shell(), |session| session.signal(Signal::TSTP));
}

#[test]
fn stopped_where_nobody_could_leave_the_terminal() {
    let mut session = Session::with_shell();
    let before = session.modes();
    session.start_screen();
    session.signal(Signal::STOP);
    session.wait_for("status=147");
    // The shell is left with a raw terminal; coming back draws everything again.
    session.send("fg\n");
    let shown = session.wait_for("resumed");
    assert!(shown.contains("\x1b[?1049h"), "{shown:?}");
    session.send("q");
    session.wait_for("\x1b[?25h");
    // Until it has ended, it reads what is typed.
    session.wait_for("$ ");
    assert_eq!(session.modes(), before);
}

#[test]
fn it_does_not_stop_where_no_shell_would_continue_it() {
    for mut session in [Session::alone(), Session::alone_in_namespace()] {
        session.wait_for("ready:");
        session.send("\x1a");
        session.wait_for("not-suspended");
        session.send("q");
        assert_eq!(session.ended(), Some(0));
    }
}

#[test]
fn it_ends_when_its_terminal_is_gone() {
    let mut session = Session::alone();
    session.wait_for("ready:");
    session.hang_up();
    // Whatever comes first, the signal or the end of the input.
    assert!(matches!(session.ended(), None | Some(0)));

    let mut session = Session::without_control();
    session.wait_for("ready:");
    session.hang_up();
    assert_eq!(session.ended(), Some(0), "nobody sends a signal, and it ends quietly");
}

#[test]
fn what_happens_reaches_the_screen() {
    let mut session = Session::alone();
    session.wait_for("ready:");
    for (sent, shown) in [
        ("g", "key:g"),
        ("\x1b[B", "key:down"),
        ("\x1bx", "key:alt+x"),
        ("\0", "key:ctrl+space"),
        ("\r", "key:enter"),
        ("é", "key:é"),
        ("\x1b[<0;5;3M", "mouse:4,2"),
        ("\x1b[200~a\x1b[31mb\x1b[201~", "paste:7"),
        ("w", "woken"),
        ("b", "tick"),
        ("c", "\x1b]52;c;aGk=\x07"),
    ] {
        session.send(sent);
        session.wait_for(shown);
    }
    session.resize(100, 30);
    session.wait_for("size:100,30");
    session.send("q");
    assert_eq!(session.ended(), Some(0));
}

#[test]
fn where_nothing_can_be_drawn_it_says_so() {
    let mut session = Session::with_shell();
    let before = session.modes();
    for (prefix, suffix, message) in [
        ("TERM=dumb", "", "terminal of kind `dumb` cannot move the cursor"),
        ("TERM=", "", "`TERM` does not say what kind of terminal this is"),
        ("TERM=xterm", "| cat", "the output is no terminal"),
    ] {
        session.run_screen(prefix, suffix);
        let shown = session.wait_for("status=");
        assert!(shown.contains(message) && shown.contains("`-o table`"), "{shown:?}");
        assert!(!shown.contains('\x1b'), "{shown:?}");
        assert_eq!(session.modes(), before);
    }
}
