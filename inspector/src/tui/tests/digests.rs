//! Digests to copy: those that are known, and those of files, which workers hash, late or never.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use attar_image::blobs::Meter;
use attar_image::digest::Digest;
use attar_image::path::TreePath;
use attar_testing::layers::Layer;
use attar_testing::layout;

use super::images::Folder;
use super::sound;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::lines;
use crate::tui::source::Wanted;
use crate::tui::start::{Pane, Start};
use crate::tui::task::{Event, TabEvent, Task};
use crate::tui::worker::Workers;

/// The size of the screen, wide enough for whole messages and digests.
const SIZE: (u16, u16) = (250, 40);
const MAIN: &str = "#!/usr/bin/python3\nprint('hello')  # greets\n";

/// The interface, with workers that do all at once but hash files.
struct Session {
    app: App,
    workers: Workers,
    events: Receiver<Event>,
    /// What is to be hashed, the first wish first.
    held: Vec<Task>,
    /// What was handed to the clipboard.
    copied: Vec<(String, String)>,
}

impl Session {
    fn new(folder: Folder, at: &str) -> Self {
        let at = Some(TreePath::parse(at).expect("a path"));
        Self::start(folder, Start { images: vec![wanted("app")], at, ..Start::default() })
    }

    fn start(folder: Folder, start: Start) -> Self {
        let (sender, events) = mpsc::channel();
        let workers = Workers::new(Arc::new(folder), sender, NonZeroUsize::MIN, 0, || {});
        let app = App::new(start, Keymap::default(), SIZE);
        let mut session = Self { app, workers, events, held: Vec::new(), copied: Vec::new() };
        session.settle();
        session
    }

    fn settle(&mut self) {
        loop {
            for task in self.app.take_tasks() {
                match task {
                    Task::Hash { .. } => self.held.push(task),
                    Task::Copy { what, text } => self.copied.push((what, text)),
                    task => self.workers.work(task),
                }
            }
            sound::check(&self.app);
            let events: Vec<Event> = self.events.try_iter().collect();
            if events.is_empty() {
                return;
            }
            events.into_iter().for_each(|event| self.app.receive(event));
        }
    }

    fn does(&mut self, actions: &[Action]) {
        for action in actions {
            self.app.update(*action, 1);
            self.settle();
        }
    }

    /// Lets a worker hash what was asked for first.
    fn answer(&mut self) {
        let task = self.held.remove(0);
        self.workers.work(task);
        self.settle();
    }

    fn goes_to(&mut self, path: &str) {
        let path = TreePath::parse(path).expect("a path");
        let tab = self.app.current.and_then(|current| self.app.tabs.get_mut(current)).expect("an image");
        tab.tree.wanted = Some(path);
        self.does(&[Action::CollapseAll, Action::CycleSort]);
    }

    fn screen(&self) -> String {
        lines(&crate::tui::screen(&self.app)).join("\n")
    }

    fn preview(&self) -> String {
        sound::pane(&self.app, Pane::Preview)
    }

    fn said(&self) -> &str {
        self.app.messages.back().map_or("", |message| &message.text)
    }

    /// Returns what was copied since the last call.
    fn copied(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.copied)
    }
}

fn wanted(word: &str) -> Wanted {
    Wanted { word: word.to_owned(), platform: None }
}

fn of(name: &str, contents: impl AsRef<[u8]>) -> (String, String) {
    (format!("the sha256 of {name}"), Digest::of(contents).to_string())
}

#[test]
fn a_file_is_hashed_once_and_then_shown_with_its_digest() {
    let mut session = Session::new(Folder::sample(), "app/main.py");
    assert!(!session.preview().contains("sha256:"), "{}", session.preview());
    session.does(&[Action::CopyDigest]);
    assert!(session.app.is_busy());
    assert!(session.screen().contains("reading layer 3 for /app/main.py: "), "{}", session.screen());
    // Once more while it is under way changes nothing.
    session.does(&[Action::CopyDigest]);
    assert_eq!((session.held.len(), session.copied()), (1, Vec::new()));
    session.answer();
    assert!(!session.app.is_busy());
    let expected = of("/app/main.py", MAIN);
    assert_eq!(session.copied(), std::slice::from_ref(&expected));
    let preview = session.preview();
    assert!(preview.contains(&expected.1), "{} is not in\n{preview}", expected.1);
    session.does(&[Action::CopyDigest]);
    assert_eq!((session.held.len(), session.copied()), (0, vec![expected]));
}

#[test]
fn a_late_answer_is_of_the_file_that_was_asked_for() {
    let mut session = Session::new(Folder::sample(), "app/main.py");
    session.does(&[Action::CopyDigest, Action::Down, Action::ShowWaste]);
    assert!(session.screen().contains("/app/main.py: "), "{}", session.screen());
    session.answer();
    assert_eq!(session.copied(), [of("/app/main.py", MAIN)]);
    session.does(&[Action::ShowTree]);
    assert!(session.screen().contains("データ.txt"));
    assert!(!session.preview().contains("sha256:"), "{}", session.preview());
}

#[test]
fn nobody_waits_for_what_was_stopped() {
    for stop in [Action::Escape, Action::Cancel] {
        let mut session = Session::new(Folder::sample(), "app/main.py");
        session.does(&[Action::CopyDigest, stop]);
        assert!(!session.app.is_busy());
        assert_eq!(session.said(), "stopped: nothing was copied");
        let screen = session.screen();
        session.answer();
        assert_eq!((session.screen(), session.copied()), (screen, Vec::new()));
        // It can be asked for again.
        session.does(&[Action::CopyDigest]);
        session.answer();
        assert_eq!(session.copied(), [of("/app/main.py", MAIN)]);
    }
}

#[test]
fn the_last_wish_is_what_the_clipboard_gets() {
    let mut session = Session::new(Folder::sample(), "app/main.py");
    session.does(&[Action::CopyDigest, Action::Down, Action::CopyDigest]);
    assert_eq!(session.held.len(), 2);
    session.answer();
    assert_eq!(session.copied(), []);
    assert!(session.app.is_busy());
    session.answer();
    assert_eq!(session.copied(), [of("/app/データ.txt", "text\n")]);
    session.does(&[Action::Up, Action::CopyDigest, Action::CopyPath]);
    session.answer();
    assert_eq!(session.copied(), [("the path".to_owned(), "/app/main.py".to_owned())]);
    assert!(!session.app.is_busy());
}

#[test]
fn closing_an_image_ends_what_is_hashed_of_it() {
    let mut session = Session::new(Folder::sample(), "app/main.py");
    session.does(&[Action::CopyDigest, Action::CloseTab]);
    let Some(Task::Hash { meter, .. }) = session.held.first() else { panic!("nothing is hashed") };
    assert!(meter.is_cancelled() && !session.app.is_busy());
    session.answer();
    assert_eq!(session.copied(), []);
}

#[test]
fn why_a_file_cannot_be_hashed_is_told() {
    let folder = Folder::with([Layer::new().file("a", "1")]);
    let image = layout::single(&folder.0.join("app"), "it").expect("an image");
    let layer = image.blob(&image.layers()[0]);
    let mut session = Session::new(folder, "a");
    std::fs::write(&layer, "these are other bytes").expect("the folder is ours");
    session.does(&[Action::CopyDigest]);
    session.answer();
    assert!(!session.app.is_busy());
    assert!(session.said().starts_with("cannot hash /a: cannot read layer sha256:"), "{}", session.said());
    assert_eq!(session.copied(), []);
    assert!(session.screen().contains("hint: copy the image again"), "{}", session.screen());
}

#[test]
fn what_is_no_file_has_another_digest_or_none() {
    let folder = Folder::sample();
    let image = layout::single(&folder.0.join("app"), "it").expect("an image");
    let (manifest, layers) = (image.digest.clone(), image.layers());
    let mut session = Session::new(folder, "app");
    session.does(&[Action::CopyDigest]);
    assert!(session.said().starts_with("/app is a directory: files, layers and"), "{}", session.said());
    session.goes_to("bin");
    session.does(&[Action::CopyDigest]);
    assert!(session.said().starts_with("/bin is a symbolic link: "), "{}", session.said());
    assert_eq!((session.held.len(), session.copied()), (0, Vec::new()));

    session.does(&[
        Action::FocusLayers,
        Action::CopyDigest,
        Action::Up,
        Action::FocusFacts,
        Action::CopyDigest,
    ]);
    let of_layer = |number: usize| (format!("the blob digest of layer {number}"), layers[number - 1].clone());
    assert_eq!(session.copied(), [of_layer(3), of_layer(2)]);
    session.does(&[Action::ShowFacts, Action::CopyDigest]);
    assert_eq!(session.copied(), [("the digest of the manifest".to_owned(), manifest)]);

    session.does(&[Action::ShowTree, Action::ScopeChanges, Action::ExpandAll]);
    session.goes_to("var/lib/apt/lists/index");
    session.does(&[Action::ExpandAll, Action::Last, Action::CopyDigest]);
    assert!(session.said().starts_with("/var/lib/apt/lists/index is removed here: "), "{}", session.said());
    session.does(&[Action::ShowPackages, Action::CopyDigest]);
    assert!(session.said().starts_with("files, layers and the image facts"), "{}", session.said());
    session.does(&[Action::Images, Action::CopyDigest]);
    assert!(session.said().starts_with("open an image"), "{}", session.said());
    assert_eq!((session.held.len(), session.copied()), (0, Vec::new()));
}

#[test]
fn lists_lead_to_the_files_of_their_layers() {
    let mut session = Session::new(Folder::sample(), "usr/bin/tool");
    // The list of the package manager, in the layer that brought it.
    session.does(&[Action::ShowWaste]);
    let is_there = |session: &Session| {
        let list = session.app.tab().and_then(|tab| tab.list()).expect("a list");
        let cells = list.selected().map(|line| line.cells.as_slice()).unwrap_or_default();
        cells.iter().any(|cell| cell.ends_with("lists/index"))
    };
    for _ in 0..20 {
        if !is_there(&session) {
            session.does(&[Action::Down]);
        }
    }
    session.does(&[Action::CopyDigest]);
    session.answer();
    assert_eq!(
        session.copied(),
        [of("/var/lib/apt/lists/index", vec![b'y'; 20_000])],
        "{}",
        session.screen()
    );
    session.does(&[Action::ShowLargest, Action::First, Action::CopyDigest]);
    session.answer();
    assert_eq!(session.copied(), [of("/usr/bin/tool", vec![b'x'; 50_000])]);
}

#[test]
fn of_two_images_it_says_which_one_has_the_file() {
    let folder = Folder::with([Layer::new().file("both", "one").file("old", "first")]);
    folder.add("next", [Layer::new().file("both", "two").file("zero", "")]);
    let start = Start { images: vec![wanted("app")], compare: Some(wanted("next")), ..Start::default() };
    let mut session = Session::start(folder, start);
    let mut found = Vec::new();
    for _ in 0..3 {
        session.does(&[Action::CopyDigest]);
        if !session.held.is_empty() {
            session.answer();
        }
        found.extend(session.copied());
        session.does(&[Action::Down]);
    }
    let expected = [of("/both of next", "two"), of("/old of app", "first"), of("/zero of next", "")];
    assert_eq!(found, expected, "{}", session.screen());
    session.does(&[Action::FocusLayers, Action::CopyDigest]);
    assert!(session.said().starts_with("`show-in-first` and `show-in-second` go to"), "{}", session.said());
}

#[test]
fn hashing_says_how_far_it_is_and_ends_when_it_is_told_to() {
    let bytes = b"123456789\n".repeat(400_000);
    let mut session = Session::new(Folder::with([Layer::new().file("large", &bytes)]), "large");
    session.does(&[Action::CopyDigest]);
    let Some(Task::Hash { tab, opened, snapshot, entry, hashed, .. }) = session.held.pop() else {
        panic!("nothing is hashed")
    };
    let (sender, events) = mpsc::channel();
    let workers = Workers::new(Arc::new(Folder::sample()), sender, NonZeroUsize::MIN, 0, || {});
    let work = |meter: &Arc<Meter>| {
        let (meter, opened, snapshot, hashed) =
            (meter.clone(), opened.clone(), snapshot.clone(), hashed.clone());
        workers.work(Task::Hash { tab, opened, snapshot, entry, meter, hashed });
        match events.try_recv() {
            Ok(Event::Tab(_, TabEvent::Hashed(_, digest))) => digest,
            other => panic!("{other:?}"),
        }
    };
    let stopped = Arc::<Meter>::default();
    stopped.cancel();
    assert!(work(&stopped).expect_err("it was stopped").message.ends_with("cancelled"));
    assert_eq!(hashed.done(), 0);
    let meter = Arc::<Meter>::default();
    assert_eq!(work(&meter).expect("it can be read"), Digest::of(&bytes));
    assert_eq!(hashed.done(), bytes.len() as u64);
    assert!(meter.done() > 0);
    // The state looks at the same figures.
    assert!(session.screen().contains("hashing /large: "), "{}", session.screen());
    assert!(session.screen().contains("4.00 MB of 4.00 MB, esc stops it"), "{}", session.screen());
}

#[test]
fn the_line_of_what_is_under_way_fits_every_screen() {
    let name = "d/".repeat(60) + "file";
    let mut session = Session::new(Folder::with([Layer::new().file(&name, "x")]), &name);
    session.does(&[Action::CopyDigest]);
    for width in [1, 2, 5, 20, 40, 80, 120, 250] {
        session.app.resize((width, 12));
        sound::check(&session.app);
    }
    session.app.resize((80, 12));
    let screen = session.screen();
    let line = screen.lines().find(|line| line.contains("esc stops it")).expect("what is under way");
    assert!(line.contains("reading layer 1 for /d/") && line.contains("/file: "), "{line}");
}
