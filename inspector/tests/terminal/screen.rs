//! The small interface that the tests run.

use std::io::Write as _;

use attar_inspector::tui::keymap::Key;
use attar_inspector::tui::terminal::{Clipboard, Flow, Input, Screen, Settings, Waker, open, run_loop};
use ratatui::Frame;
use ratatui::crossterm::event::{MouseEvent, MouseEventKind};

/// What makes this program an interface instead of tests.
pub(crate) const VARIABLE: &str = "ATTAR_TESTS_SCREEN";

/// Runs the interface if that is asked for; only then anything is tested by it, from outside.
#[test]
fn screen() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let settings = Settings { kind: std::env::var("TERM").ok(), has_mouse: true };
    let (mut terminal, mut inputs) = match open(&settings) {
        Ok(opened) => opened,
        Err(error) => {
            writeln!(std::io::stderr(), "{error}").expect("standard error");
            return;
        }
    };
    let mut state =
        State { text: format!("ready:{}.", std::process::id()), waker: inputs.waker(), is_busy: false };
    run_loop(&mut terminal, &mut inputs, &mut state).expect("a terminal that can be drawn on");
    drop(terminal);
    // Without the words of the test runner, which fails where nobody reads them.
    std::process::exit(0);
}

struct State {
    text: String,
    waker: Waker,
    is_busy: bool,
}

impl Screen for State {
    fn draw(&self, frame: &mut Frame) {
        frame.render_widget(self.text.as_str(), frame.area());
    }

    fn handle(&mut self, input: Input) -> Flow {
        self.text = match input {
            Input::Key(event) => match Key::of(event).map(|key| key.to_string()).as_deref() {
                Some("q") => return Flow::Quit,
                Some("ctrl+z") => return Flow::Suspend,
                Some("c") => return Flow::Copy(Clipboard::new(b"hi").expect("short")),
                Some("p") => panic!("a panic on purpose"),
                Some("t") => {
                    std::thread::spawn(|| panic!("a panic elsewhere"));
                    return Flow::Continue;
                }
                Some("w") => {
                    let waker = self.waker.clone();
                    std::thread::spawn(move || waker.wake());
                    return Flow::Continue;
                }
                Some("b") => {
                    self.is_busy = true;
                    return Flow::Continue;
                }
                key => format!("key:{}", key.unwrap_or("unknown")),
            },
            Input::Mouse(MouseEvent { kind: MouseEventKind::Down(_), column, row, .. }) => {
                format!("mouse:{column},{row}")
            }
            Input::Mouse(_) => return Flow::Continue,
            Input::Paste(text) => format!("paste:{}", text.len()),
            Input::Resize(width, height) => format!("size:{width},{height}"),
            Input::Resumed => "resumed".into(),
            Input::NotSuspended => "not-suspended".into(),
            Input::Woken => "woken".into(),
            Input::Tick => {
                self.is_busy = false;
                "tick".into()
            }
            Input::Gone => return Flow::Quit,
        };
        // Every answer is drawn whole, so that it is found in what was sent.
        Flow::Redraw
    }

    fn is_busy(&self) -> bool {
        self.is_busy
    }
}
