//! Whole screens.

use std::num::NonZeroUsize;
use std::sync::Arc;

use attar_image::path::TreePath;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::images::Folder;
use crate::tui::action::Action;
use crate::tui::app::{App, Overlay, PromptKind};
use crate::tui::keymap::Keymap;
use crate::tui::run::{settle, settled};
use crate::tui::source::Wanted;
use crate::tui::start::{Pane, Start, View};
use crate::tui::{dump, lines};

fn app() -> Start {
    Start { images: vec![Wanted { word: "app".to_owned(), platform: None }], ..Start::default() }
}

fn screen(start: Start, size: (u16, u16)) -> String {
    lines(&dump(start, Keymap::default(), Arc::new(Folder::sample()), size, 0)).join("\n")
}

#[test]
fn first_screen() {
    insta::assert_snapshot!(screen(app(), (100, 30)));
}

#[test]
fn file_with_preview() {
    let at = Some(TreePath::parse("app/main.py").expect("a path"));
    insta::assert_snapshot!(screen(Start { at, ..app() }, (140, 30)));
}

#[test]
fn lists() {
    for view in [View::Waste, View::Largest, View::Packages, View::Verdict, View::Facts, View::Blame] {
        let at = Some(TreePath::parse("usr/bin/tool").expect("a path"));
        let start = Start { view: Some(view), at, ..app() };
        insta::assert_snapshot!(view.name(), screen(start, (110, 24)));
    }
}

#[test]
fn images_of_the_machine() {
    insta::assert_snapshot!(screen(Start::default(), (80, 10)));
}

#[test]
fn help() {
    let start = Start { view: Some(View::Help), ..app() };
    insta::assert_snapshot!(screen(start, (100, 60)));
}

#[test]
fn one_column() {
    for pane in Pane::ALL {
        let start = Start { pane: Some(*pane), ..app() };
        insta::assert_snapshot!(format!("one_column_{}", pane.name()), screen(start, (40, 12)));
    }
}

#[test]
fn no_size_is_too_small() {
    for view in View::ALL {
        let start = Start { view: Some(*view), ..app() };
        let mut app = settled(start, Keymap::default(), Arc::new(Folder::sample()), (80, 24), 0);
        for (width, height) in (0..30).flat_map(|width| (0..12).map(move |height| (width, height))) {
            app.resize((width, height));
            let drawn = crate::tui::screen(&app);
            assert_eq!((drawn.area.width, drawn.area.height), (width, height));
        }
    }
}

#[test]
fn what_is_searched_in_help_is_found_by_the_palette() {
    let mut app = App::new(Start { view: Some(View::Help), ..app() }, Keymap::default(), (80, 24));
    app.update(Action::Help, 1);
    app.update(Action::Search, 1);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("no line to type") };
    assert_eq!(prompt.kind, PromptKind::Palette);
}

/// Types into the line that is open, in the place of what stands there.
fn typed(app: &mut App, text: &str) {
    app.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
    for key in text.chars().map(KeyCode::Char).chain([KeyCode::Enter]) {
        app.key(KeyEvent::new(key, KeyModifiers::NONE));
    }
}

#[test]
fn what_another_filter_left_is_not_told_of_this_one() {
    let mut app = settled(app(), Keymap::default(), Arc::new(Folder::sample()), (150, 30), 0);
    let shown = |app: &App| lines(&crate::tui::screen(app)).join("\n");
    for (filter, found) in [("nowhere", "0 match `nowhere`"), ("tool", "match `tool`")] {
        app.update(Action::Filter, 1);
        typed(&mut app, filter);
        let screen = shown(&app);
        assert!(screen.contains(&format!("finding `{filter}`")), "{screen}");
        assert!(!screen.contains("nothing matches"), "{screen}");
        settle(&mut app, Arc::new(Folder::sample()), NonZeroUsize::MIN, 0);
        let screen = shown(&app);
        assert!(screen.contains(found), "{screen}");
        assert_eq!(screen.contains("nothing matches"), filter == "nowhere", "{screen}");
    }
}
