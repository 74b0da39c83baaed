//! The command that opens what is seen opens just that.

use std::num::NonZeroUsize;
use std::sync::Arc;

use attar_testing::layers::Layer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::images::Folder;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::lines;
use crate::tui::run::{settle, settled};
use crate::tui::source::Wanted;
use crate::tui::start::Start;

const SIZE: (u16, u16) = (150, 30);

fn wanted(word: &str) -> Wanted {
    Wanted { word: word.to_owned(), platform: None }
}

/// Presses keys, each when all that the one before asked for is there.
fn after(start: Start, keys: &str, folder: &Arc<Folder>) -> App {
    let mut app = settled(start, Keymap::default(), folder.clone(), SIZE, 0);
    for key in keys.chars().filter(|key| *key != ' ') {
        let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        app.key(KeyEvent::new(code, KeyModifiers::NONE));
        settle(&mut app, folder.clone(), NonZeroUsize::MIN, 0);
    }
    app
}

fn text(app: &App) -> String {
    lines(&crate::tui::screen(app)).join("\n")
}

#[test]
fn what_is_seen_of_an_image() {
    let folder = Arc::new(Folder::sample());
    let start = || Start { images: vec![wanted("app")], ..Start::default() };
    for keys in [
        "",
        "k",
        "kv",
        "kVj",
        "kVju",
        "v2",
        "kkv2G",
        "2 G",
        "2 jl",
        "2 jlj",
        "2 ljjjo",
        "kv2 lllld",
        "2 s",
        "2 sr",
        "2 a",
        "2 fpasswd\n",
        "w",
        "t",
        "p",
        "i",
        "wfindex\n",
        "kD",
        "2 ljB",
        "3",
        "4",
        "2 u",
    ] {
        let app = after(start(), keys, &folder);
        let again = settled(app.seen(), Keymap::default(), folder.clone(), SIZE, 0);
        assert_eq!(text(&again), text(&app), "{keys}: {:?}", app.seen().words());
    }
}

#[test]
fn what_is_seen_of_two_images() {
    let folder = Folder::sample();
    folder.add("next", [Layer::new().file("app/main.py", "print('good day')\n").file("new", "new")]);
    let folder = Arc::new(folder);
    let start = || Start { images: vec![wanted("app")], compare: Some(wanted("next")), ..Start::default() };
    for keys in ["", "j", "u", "s", "sr", "p", "1", "i", "3", "fnew\n"] {
        let app = after(start(), keys, &folder);
        let again = settled(app.seen(), Keymap::default(), folder.clone(), SIZE, 0);
        assert_eq!(text(&again), text(&app), "{keys}: {:?}", app.seen().words());
    }
}

#[test]
fn the_command_is_one_that_a_shell_takes() {
    let folder = Arc::new(Folder::with([Layer::new().file("a b", "x").file("it's", "y")]));
    let start = || Start { images: vec![wanted("app")], ..Start::default() };
    for (keys, expected) in [
        ("", "attar inspect app --at '/a b' --pane layers"),
        ("2j", "attar inspect app --at \"/it's\""),
        ("2fsize:>0\n", "attar inspect app --at '/a b' --filter 'size:>0'"),
    ] {
        assert_eq!(after(start(), keys, &folder).command(), expected, "{keys}");
    }
}
