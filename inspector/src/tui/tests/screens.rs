//! Whole screens.

use std::num::NonZeroUsize;
use std::sync::Arc;

use attar_image::path::TreePath;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::images::Folder;
use super::sound;
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

/// Opens as many images as are named, none of which is there.
fn many(count: usize, is_ascii: bool, width: u16) -> App {
    let wanted = |number: usize| Wanted { word: format!("image-{number:02}"), platform: None };
    let start = Start { images: (0..count).map(wanted).collect(), is_ascii, ..Start::default() };
    settled(start, Keymap::default(), Arc::new(Folder::sample()), (width, 24), 0)
}

#[test]
fn of_many_images_the_one_that_is_looked_at_is_among_the_titles() {
    for (is_ascii, marks) in [(false, ['‹', '›']), (true, ['<', '>'])] {
        let mut app = many(30, is_ascii, 80);
        for current in 0..30 {
            app.current = Some(current);
            let text = lines(&sound::check(&app)).swap_remove(0) + " ";
            assert!(text.contains(&format!("!image-{current:02} ")), "{current}: {text}");
            assert_eq!(text.starts_with(marks[0]), current > 5, "{current}: {text}");
            assert_eq!(text.trim_end().ends_with(marks[1]), current < 28, "{current}: {text}");
            // Whatever title is clicked, that image is looked at then.
            for (column, _) in text.match_indices("!image-") {
                let column = text[..column].chars().count();
                let name: String = text.chars().skip(column + 1).take(8).collect();
                click(&mut app, column as u16 + 3);
                assert_eq!(app.tab().map(|tab| tab.wanted.word.clone()), Some(name));
                app.current = Some(current);
            }
        }
    }
}

#[test]
fn the_marks_beside_the_titles_lead_to_the_next_ones() {
    let mut app = many(30, false, 80);
    app.current = Some(12);
    click(&mut app, 79);
    assert_eq!(app.current, Some(14), "the next one is seen already");
    app.current = Some(12);
    click(&mut app, 0);
    assert_eq!(app.current, Some(6));
    // As many as have room have no marks.
    let few = lines(&sound::check(&many(6, false, 80))).swap_remove(0);
    assert!(few.contains("image-05") && !few.contains('›'), "{few}");
    // However narrow it is.
    for width in 0..20 {
        let mut app = many(9, true, width);
        for current in 0..9 {
            app.current = Some(current);
            sound::check(&app);
        }
    }
}

fn click(app: &mut App, column: u16) {
    let kind = MouseEventKind::Down(MouseButton::Left);
    app.mouse(MouseEvent { kind, column, row: 0, modifiers: KeyModifiers::NONE }, false);
}

#[test]
fn details_are_scrolled_to_their_end_and_no_further() {
    let mut app = settled(app(), Keymap::default(), Arc::new(Folder::sample()), (100, 24), 0);
    app.update(Action::FocusFacts, 1);
    app.update(Action::Down, 500);
    let at_end = lines(&sound::check(&app));
    assert!(at_end.iter().any(|line| line.contains("command")), "{at_end:?}");
    app.update(Action::Up, 1);
    assert_ne!(lines(&sound::check(&app)), at_end, "one step back is one line back");
    app.update(Action::Last, 1);
    let area = app.layout.areas(&app).of(Pane::Facts).expect("the details are seen");
    for _ in 0..100 {
        let (column, row) = (area.x, area.y);
        let (kind, modifiers) = (MouseEventKind::ScrollDown, KeyModifiers::NONE);
        app.mouse(MouseEvent { kind, column, row, modifiers }, false);
    }
    assert_eq!(lines(&sound::check(&app)), at_end);
    // Where all has room nothing is scrolled.
    app.resize((100, 90));
    assert_eq!(app.tab().map(|tab| tab.details_top), Some(0));
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

#[test]
fn attributes_that_have_no_room_say_so() {
    let source = || Arc::new(Folder::sample());
    for (width, shown) in [(80, false), (110, true)] {
        let mut app = settled(app(), Keymap::default(), source(), (width, 30), 0);
        app.update(Action::FocusTree, 1);
        let text = |app: &App| lines(&crate::tui::screen(app)).join("\n");
        assert_eq!(text(&app).contains("mode       owner"), shown, "{}", text(&app));
        app.update(Action::ToggleAttributes, 1);
        assert!(!text(&app).contains("mode       owner"));
        assert_eq!(text(&app).contains("too narrow for mode and owner"), !shown, "{}", text(&app));
        app.update(Action::Zoom, 1);
        assert_eq!(text(&app).contains("mode       owner"), !shown, "what had no room is shown once it has");
    }
}
