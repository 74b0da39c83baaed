//! What of the files is shown stands over them: nothing is left out unseen.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::driven::Driven;
use super::images::Folder;
use crate::tui::action::Action;
use crate::tui::keymap::Keymap;
use crate::tui::run::{settle, settled};
use crate::tui::source::Wanted;
use crate::tui::start::{Start, View};
use crate::tui::{lines, screen};

fn start() -> Start {
    Start { images: vec![Wanted { word: "app".to_owned(), platform: None }], ..Start::default() }
}

fn driven(start: Start) -> Driven {
    Driven::new(start, &Arc::new(Folder::sample()), (240, 24))
}

/// Presses keys and looks for what the screen must and must not say then.
#[track_caller]
fn says(driven: &mut Driven, keys: &str, text: &str, never: &str) {
    let shown = driven.press(keys).text();
    assert!(shown.contains(text), "{text:?} after {keys:?} in\n{shown}");
    assert!(never.is_empty() || !shown.contains(never), "{never:?} after {keys:?} in\n{shown}");
}

#[test]
fn what_is_left_out_is_said() {
    let mut driven = driven(start());
    says(&mut driven, "2", "files up to layer 3", "without");
    says(&mut driven, "u", "files up to layer 3, without unchanged", "");
    says(&mut driven, "m", "without modified and unchanged", "");
    says(&mut driven, "aR", "without added, modified, removed and unchanged", "no files");
    says(
        &mut driven,
        "",
        "nothing is left: what is added (`a`), modified (`m`), removed (`R`) and unchanged",
        "",
    );
    says(&mut driven, "ftool\n", "nothing matches tool, and what is added", "shows all again");
    says(&mut driven, "\x1bmaRu", "files up to layer 3 ", "without");
    // What changes leave out by themselves is not worth saying, all else is.
    says(&mut driven, "v", "changes of layer 3", "without");
    says(&mut driven, "u", "changes of layer 3", "without");
    says(&mut driven, "a", "changes of layer 3, without added", "changes no file");
}

#[test]
fn the_order_is_said() {
    let mut driven = driven(start());
    says(&mut driven, "2", "files up to layer 3", ", by");
    says(&mut driven, "r", ", by name reversed", "");
    says(&mut driven, "s", ", by size reversed", "");
    says(&mut driven, "r", ", by size", "reversed");
}

#[test]
fn lists_of_the_largest_say_what_of() {
    let mut driven = driven(Start { view: Some(View::Largest), ..start() });
    says(&mut driven, "", "largest files up to layer 3", "without");
    says(&mut driven, "u", "largest files up to layer 3, without unchanged", "by size");
    says(&mut driven, "v", "largest changes of layer 3", "without");
    says(&mut driven, "v", "largest of layers 1 to 3, without unchanged", "");
}

#[test]
fn keys_are_answered_before_anything_is_found() {
    let source = || Arc::new(Folder::sample());
    let mut app = settled(start(), Keymap::default(), source(), (240, 24), 0);
    for view in [Action::ShowTree, Action::ShowLargest] {
        app.update(view, 1);
        settle(&mut app, source(), NonZeroUsize::MIN, 0);
        let before = lines(&screen(&app));
        app.update(Action::ToggleUnchanged, 1);
        assert_ne!(lines(&screen(&app)), before, "{view:?}");
    }
}

#[test]
fn of_two_images_it_is_said_beside_what_differs() {
    let other = Some(Wanted { word: "app".to_owned(), platform: None });
    let mut driven = driven(Start { compare: other, ..start() });
    says(&mut driven, "2", "settings 0", "without");
    says(&mut driven, "ar", "without added, by name reversed", "");
    says(&mut driven, "ftool\n", "matching `tool`, without added, by name reversed", "");
    says(&mut driven, "\x1bur", "without added", "matching");
}
