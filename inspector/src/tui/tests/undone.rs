//! Machines that start no more threads: everything says so, and nothing is waited for.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::driven::Driven;
use super::images::Folder;
use super::sound;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::source::Wanted;
use crate::tui::start::Start;
use crate::tui::worker::Workers;

const SAID: &str = "cannot start a thread: no more threads";

fn fails(_: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    Err(io::Error::other("no more threads"))
}

fn start(compare: Option<&str>) -> Start {
    let wanted = |word: &str| Wanted { word: word.to_owned(), platform: None };
    Start { images: vec![wanted("app")], compare: compare.map(wanted), ..Start::default() }
}

fn folder() -> Arc<Folder> {
    let folder = Folder::sample();
    folder.add("next", [attar_testing::layers::Layer::new().file("app/main.py", "print()")]);
    Arc::new(folder)
}

/// An interface that has started all it needs, and can start no more threads.
fn worn_out(compare: Option<&str>) -> Driven {
    let mut driven = Driven::new(start(compare), &folder(), (150, 40));
    driven.workers = driven.workers.spawning(fails);
    driven
}

#[test]
fn an_image_is_not_waited_for_that_no_thread_opens() {
    for compare in [None, Some("next")] {
        let (sender, events) = mpsc::channel();
        let workers = Workers::new(folder(), sender, NonZeroUsize::MIN, 0, || {}).spawning(fails);
        let app = App::new(start(compare), Keymap::default(), (150, 40));
        let mut driven = Driven { app, workers, events };
        driven.wait();
        sound::check(&driven.app);
        assert!(!driven.with(SAID).is_empty(), "{}", driven.text());
        assert!(!driven.with("ulimit -u").is_empty(), "{}", driven.text());
    }
}

#[test]
fn the_list_of_images_ends_when_no_thread_makes_it() {
    let mut driven = worn_out(None);
    driven.app.update(Action::Images, 1);
    driven.wait();
    assert!(!driven.app.is_listing);
    assert!(!driven.with(SAID).is_empty(), "{}", driven.text());
}

#[test]
fn whatever_is_asked_for_is_refused_and_can_be_asked_for_again() {
    for (keys, compare) in [
        ("2s", None),
        ("2fapp\n", None),
        ("2/app\n", None),
        ("2Ej", None),
        ("p", None),
        ("D", None),
        ("2x\n", None),
        ("e\n", None),
        ("s", Some("next")),
        ("fapp\n", Some("next")),
        ("/app\n", Some("next")),
        ("Ej", Some("next")),
    ] {
        let mut driven = worn_out(compare);
        // The end of every wait is checked after each key.
        driven.press(keys);
        for event in driven.events.try_iter().collect::<Vec<_>>() {
            driven.app.receive(event);
        }
        sound::check(&driven.app);
        let is_said = driven.app.messages.iter().any(|message| message.text.contains(SAID));
        assert!(is_said || !driven.with(SAID).is_empty(), "{keys}: {}", driven.text());
        // Nothing is asked for again until something else is wanted.
        for _ in 0..3 {
            driven.app.resize((150, 40));
            assert!(driven.app.take_tasks().is_empty(), "{keys}");
        }
    }
    // It is done as soon as it can be.
    let mut driven = worn_out(None);
    let order =
        |driven: &Driven| driven.app.tab().and_then(|tab| Some(tab.tree.shown.as_ref()?.settings.sort));
    let before = order(&driven);
    driven.press("2s");
    assert_eq!(order(&driven), before);
    driven.workers = driven.workers.spawning(|work| thread::Builder::new().spawn(work).map(drop));
    driven.press("r");
    assert_ne!(order(&driven), before, "{}", driven.text());
}

#[test]
fn images_that_no_thread_compares_say_so() {
    let mut driven = Driven::new(start(None), &folder(), (150, 40));
    driven.press("O");
    driven.app.update(Action::Escape, 1);
    driven.press("Onext\n").press("[");
    driven.workers = driven.workers.spawning(fails);
    driven.press("=next\n");
    assert!(!driven.with(SAID).is_empty(), "{}", driven.text());
    sound::check(&driven.app);
}
