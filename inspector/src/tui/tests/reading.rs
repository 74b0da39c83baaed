//! What is read on, what cannot be read, and what of it is seen.

use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};

use attar_image::blobs::Meter;
use attar_image::path::TreePath;
use attar_testing::layers::Layer;
use attar_testing::layout;

use super::images::Folder;
use crate::preview::{Line, MAX_READ, Mode, Preview};
use crate::tui::action::Action;
use crate::tui::app::{App, Known};
use crate::tui::keymap::Keymap;
use crate::tui::run::settled;
use crate::tui::source::Wanted;
use crate::tui::start::{Pane, Start};
use crate::tui::task::{Event, Subject, TabEvent, Task};
use crate::tui::worker::{Workers, show};
use crate::tui::{dump, lines};

/// The size of the screen, wide enough for whole messages.
const SIZE: (u16, u16) = (250, 40);

fn app() -> Start {
    let images = vec![Wanted { word: "app".to_owned(), platform: None }];
    Start { images, pane: Some(Pane::Tree), ..Start::default() }
}

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a path")
}

/// Lines of ten bytes, more of them than are read at first, and an end.
fn large(end: &str) -> Vec<u8> {
    let mut bytes = b"123456789\n".repeat((MAX_READ / 10) as usize + 50_000);
    bytes.extend(end.bytes());
    bytes
}

fn texts(preview: &Preview, mode: Mode) -> Vec<String> {
    preview.lines(mode, 80, 0..usize::MAX).iter().map(Line::text).collect()
}

/// Makes all previews of a subject of an image.
fn previews(folder: Folder, subject: impl FnOnce(&App) -> Subject) -> Vec<Preview> {
    let folder = Arc::new(folder);
    let app = settled(app(), Keymap::default(), folder.clone(), SIZE, 0);
    let tab = app.tab().expect("an image");
    let (opened, snapshot) = (tab.opened().expect("it is open"), tab.snapshot.as_ref().expect("it is read"));
    let mut previews = Vec::new();
    let show = &mut |preview| previews.push(preview);
    show::preview(opened, snapshot, &subject(&app), 0, &Meter::default(), show).expect("it can be read");
    previews
}

#[test]
fn a_large_file_is_seen_at_once_and_then_whole() {
    let folder = Folder::with([Layer::new().file("large", large("end\n")).file("small", "one\n")]);
    let (sender, events) = mpsc::channel();
    let workers = Workers::new(Arc::new(folder), sender, NonZeroUsize::MIN, 0, || {});
    let mut app = App::new(Start { at: Some(path("large")), ..app() }, Keymap::default(), SIZE);
    let mut seen = Vec::new();
    loop {
        for task in app.take_tasks() {
            workers.start(task);
        }
        if !app.is_busy() {
            break;
        }
        let event = events.recv().expect("the workers are there");
        let is_preview = matches!(event, Event::Tab(_, TabEvent::Preview(..)));
        app.receive(event);
        if let Some(preview) = app.tab().and_then(|tab| tab.preview.known()).filter(|_| is_preview) {
            seen.push((preview.line_count(Mode::Text, 80), app.is_busy()));
        }
    }
    let first = (MAX_READ / 10) as usize;
    // A line that is cut, and one that says that more follows.
    assert_eq!(seen, [(first + 2, true), (first + 50_001, false)]);
}

#[test]
fn nothing_is_read_on_when_the_cursor_moves_on() {
    let folder = Folder::with([Layer::new().file("large", large("end\n")).file("small", "one\n")]);
    let (sender, events) = mpsc::channel();
    let workers = Workers::new(Arc::new(folder), sender, NonZeroUsize::MIN, 0, || {});
    let mut app = App::new(Start { at: Some(path("large")), ..app() }, Keymap::default(), SIZE);
    let mut meters = Vec::new();
    let mut has_moved = false;
    loop {
        for task in app.take_tasks() {
            if let Task::Preview { meter, .. } = &task {
                meters.push(meter.clone());
            }
            workers.start(task);
        }
        let is_large = |preview: &Arc<Preview>| preview.more.is_some();
        if !has_moved && app.tab().and_then(|tab| tab.preview.known()).is_some_and(is_large) {
            has_moved = true;
            app.update(Action::Down, 1);
            continue;
        }
        if !app.is_busy() {
            break;
        }
        app.receive(events.recv().expect("the workers are there"));
    }
    let stopped: Vec<bool> = meters.iter().rev().map(|meter| meter.is_cancelled()).collect();
    assert!(has_moved);
    assert_eq!(stopped[..2], [false, true]);
    let shown = app.tab().and_then(|tab| tab.preview.known()).expect("the other file");
    assert_eq!(texts(shown, Mode::Text), ["one"]);
}

#[test]
fn what_is_stopped_is_not_read_on() {
    let folder = Arc::new(Folder::with([Layer::new().file("large", large("end\n"))]));
    let app = settled(app(), Keymap::default(), folder.clone(), SIZE, 0);
    let tab = app.tab().expect("an image");
    let (opened, snapshot) = (tab.opened().expect("it is open"), tab.snapshot.as_ref().expect("it is read"));
    let subject = Subject::Entry(snapshot.stack.find(&path("large")).expect("a file"));
    let (meter, mut seen) = (Meter::default(), 0);
    let show = &mut |_| {
        seen += 1;
        meter.cancel();
    };
    let error = show::preview(opened, snapshot, &subject, 0, &meter, show).expect_err("it was stopped");
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("cancelled"));
    assert_eq!(seen, 1);
}

#[test]
fn differences_of_large_files_are_read_on() {
    let layers = [large("before\n"), large("after\n")].map(|bytes| Layer::new().file("large", bytes));
    let found = previews(Folder::with(layers), |app| {
        let stack = &app.tab().and_then(|tab| tab.snapshot.as_ref()).expect("it is read").stack;
        let after = stack.find(&path("large")).expect("a file");
        Subject::Difference { before: stack.replaced(after).expect("an older one"), after }
    });
    let [first, whole] = &found[..] else { panic!("{} previews", found.len()) };
    let lines = texts(first, Mode::Difference);
    assert_eq!(lines[0], "only the first bytes of both were compared");
    assert_eq!(lines[1..], ["the first 1.05 MB are the same; no more was compared"]);
    assert_eq!(whole.more, None);
    let lines = texts(whole, Mode::Difference);
    assert!(lines.iter().any(|line| line.ends_with("- before")), "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("+ after")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("only the first bytes")), "{lines:?}");
}

#[test]
fn small_files_are_read_once() {
    let found = previews(Folder::with([Layer::new().file("small", "one\n")]), |app| {
        let stack = &app.tab().and_then(|tab| tab.snapshot.as_ref()).expect("it is read").stack;
        Subject::Entry(stack.find(&path("small")).expect("a file"))
    });
    assert_eq!(found.iter().map(|preview| preview.more).collect::<Vec<_>>(), [None]);
}

/// Returns an image whose upper layer is damaged.
fn damaged() -> Folder {
    let folder = Folder::with([Layer::new().file("a", "1"), Layer::new().file("b", "2")]);
    let image = layout::single(&folder.0.join("app"), "it").expect("an image");
    let layer = image.blob(&image.layers()[1]);
    std::fs::write(layer, "these are other bytes").expect("the folder is ours");
    folder
}

#[test]
fn why_a_layer_cannot_be_read_is_told_with_what_helps() {
    let drawn = lines(&dump(app(), Keymap::default(), Arc::new(damaged()), SIZE, 0));
    let (details, message): (Vec<&String>, Vec<&String>) =
        drawn.iter().filter(|line| line.contains("hint")).partition(|line| line.contains('│'));
    assert!(details.iter().any(|line| line.contains("hint       copy the image again")), "{drawn:#?}");
    assert!(message.iter().any(|line| line.starts_with("cannot read layer sha256:")), "{drawn:#?}");
    assert!(message.iter().any(|line| line.ends_with("(hint: copy the image again)")), "{drawn:#?}");
    // Where not all of it has room, the hint has.
    let narrow = lines(&dump(app(), Keymap::default(), Arc::new(damaged()), (80, 24), 0));
    assert!(narrow.iter().any(|line| line.ends_with("(hint: copy the image again)")), "{narrow:#?}");
}

#[test]
fn why_a_file_cannot_be_read_is_told_with_what_helps() {
    let folder = Folder::with([Layer::new().file("a", "1")]);
    let layout = folder.0.join("app");
    let image = layout::single(&layout, "it").expect("an image");
    let layer = image.blob(&image.layers()[0]);
    let (sender, events) = mpsc::channel();
    let workers = Workers::new(Arc::new(folder), sender, NonZeroUsize::MIN, 0, || {});
    let mut app = App::new(Start { at: Some(path("a")), ..app() }, Keymap::default(), SIZE);
    loop {
        for task in app.take_tasks() {
            if let Task::Preview { .. } = &task {
                // Its entries are known, and now it goes.
                std::fs::write(&layer, "these are other bytes").expect("the folder is ours");
            }
            workers.start(task);
        }
        if !app.is_busy() {
            break;
        }
        app.receive(events.recv().expect("the workers are there"));
    }
    let tab = app.tab().expect("an image");
    assert!(matches!(tab.preview.shown, Known::Failed(_)), "{:?}", tab.preview.shown);
    let drawn = lines(&crate::tui::screen(&app));
    assert!(drawn.iter().any(|line| line.contains("hint: copy the image again")), "{drawn:#?}");
}
