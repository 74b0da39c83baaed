//! What owners are called, by the image's own files: late, hostile, or not at all.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use attar_image::blobs::{Blob, Blobs, Meter};
use attar_image::digest::Digest;
use attar_image::layout::LayoutError;
use attar_image::manifest::Descriptor;
use attar_image::path::TreePath;
use attar_image::stack::Stack;
use attar_packages::ownership::Ownership;
use attar_testing::layers::Layer;

use super::images::Folder;
use super::sound;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::lines;
use crate::tui::source::{Failure, Found, Opened, Source, Told, Verdict, Wanted};
use crate::tui::start::{Pane, Start};
use crate::tui::task::{Event, Task};
use crate::tui::worker::Workers;

/// Room for attributes beside the tree, and none for a preview.
const SIZE: (u16, u16) = (100, 30);

/// The interface, with workers that do all at once but what the test keeps back.
struct Session {
    app: App,
    workers: Workers,
    events: Receiver<Event>,
    holds_names: bool,
    held: Vec<Task>,
    /// For each time that names were asked for, how many files are read, and whether layers are fetched.
    asked: Vec<(usize, bool)>,
}

impl Session {
    fn new(source: Arc<dyn Source>, size: (u16, u16)) -> Self {
        let (sender, events) = mpsc::channel();
        let workers = Workers::new(source, sender, NonZeroUsize::MIN, 0, || {});
        let images = vec![Wanted { word: "app".to_owned(), platform: None }];
        let at = Some(TreePath::parse("file").expect("a path"));
        let start = Start { images, at, pane: Some(Pane::Tree), ..Start::default() };
        let app = App::new(start, Keymap::default(), size);
        Self { app, workers, events, holds_names: false, held: Vec::new(), asked: Vec::new() }
    }

    fn settled(source: Arc<dyn Source>, size: (u16, u16)) -> Self {
        let mut session = Self::new(source, size);
        session.settle();
        session
    }

    fn settle(&mut self) {
        loop {
            for task in self.app.take_tasks() {
                if let Task::Names { entries, fetches, .. } = &task {
                    self.asked.push((entries.len(), *fetches));
                }
                match task {
                    Task::Names { .. } if self.holds_names => self.held.push(task),
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

    fn screen(&self) -> String {
        lines(&crate::tui::screen(&self.app)).join("\n")
    }

    /// Returns what the tree says of a file's owner.
    fn owner(&self) -> String {
        let screen = self.screen();
        let line = screen.lines().find(|line| line.ends_with("file │") || line.contains(" file  "));
        let line = line.unwrap_or_else(|| panic!("no file in\n{screen}"));
        let (_, rest) = line.split_once("-rw-r--r-- ").unwrap_or_else(|| panic!("no mode in {line}"));
        rest.split(' ').next().unwrap_or_default().to_owned()
    }
}

fn named(passwd: impl AsRef<[u8]>, group: impl AsRef<[u8]>) -> Layer {
    Layer::new().owner(10, 20).file("file", "1").file("etc/passwd", passwd).file("etc/group", group)
}

fn one(passwd: impl AsRef<[u8]>, group: impl AsRef<[u8]>) -> Arc<Folder> {
    Arc::new(Folder::with([named(passwd, group)]))
}

#[test]
fn owners_are_called_as_the_layers_up_to_there_call_them() {
    let folder = Folder::with([
        named("root:x:0:0\napp:x:10:10\n", "web:x:20:\n"),
        Layer::new().file("etc/passwd", "later:x:10:10\n"),
        Layer::new().symlink("etc/group", "../usr/lib/group").file("usr/lib/group", "pages:x:20:\n"),
        Layer::new().whiteout("etc/passwd"),
        Layer::new().symlink("etc/group", "group"),
        Layer::new().directory("etc/passwd"),
    ]);
    let mut session = Session::settled(Arc::new(folder), SIZE);
    let mut found = vec![session.owner()];
    for _ in 0..5 {
        session.does(&[Action::FocusLayers, Action::Up, Action::FocusTree]);
        found.push(session.owner());
    }
    assert_eq!(found, ["10:20", "10:20", "10:pages", "later:pages", "later:web", "app:web"]);
    // What was read is not read again.
    assert_eq!(session.asked, [(1, false), (1, false), (1, false), (1, false)]);
    session.does(&[Action::FocusLayers, Action::Last, Action::First]);
    assert_eq!((session.owner().as_str(), session.asked.len()), ("app:web", 4));
}

#[test]
fn nothing_waits_for_names() {
    let mut session = Session::new(one("app:x:10:10\n", "web:x:20:\n"), SIZE);
    session.holds_names = true;
    session.settle();
    assert_eq!(session.asked, [(2, false)], "both files at once");
    assert_eq!(session.owner(), "10:20");
    session.does(&[Action::Up, Action::Down, Action::ShowWaste, Action::ShowTree]);
    assert_eq!((session.owner().as_str(), session.held.len()), ("10:20", 1));
    let late = session.held.remove(0);
    session.workers.work(late.clone());
    session.settle();
    assert_eq!(session.owner(), "app:web");
    // An answer about an image that was read again since is about another one.
    session.does(&[Action::Reload]);
    session.workers.work(late);
    session.settle();
    assert_eq!((session.owner().as_str(), session.held.len()), ("10:20", 1));
}

#[test]
fn nobody_reads_names_where_no_owner_is_seen() {
    let folder = one("app:x:10:10\n", "web:x:20:\n");
    let mut session = Session::new(folder.clone(), SIZE);
    session.app.update(Action::ToggleAttributes, 1);
    session.settle();
    assert_eq!(session.asked, []);
    session.does(&[Action::ToggleAttributes]);
    assert_eq!((session.asked.as_slice(), session.owner().as_str()), (&[(2, false)][..], "app:web"));
    let small = Session::settled(folder, (50, 20));
    assert_eq!(small.asked, []);
}

#[test]
fn the_preview_has_names_and_numbers_where_there_is_room() {
    let session = Session::settled(one("app:x:10:10\n", "web:x:20:\n"), (160, 30));
    assert!(session.screen().contains("-rw-r--r-- app:web  10:20  2023-11-14 22:13"), "{}", session.screen());
    let session = Session::settled(one("app:x:10:10\n", "web:x:20:\n"), (120, 30));
    assert!(session.screen().contains("-rw-r--r-- app:web  2023-11-14 22:13"), "{}", session.screen());
    let session = Session::settled(one("application:x:10:10\n", "pages:x:20:\n"), (120, 30));
    assert!(session.screen().contains("│-rw-r--r-- application:pages "), "{}", session.screen());
    assert!(session.screen().contains("│10:20  2023-11-14 22:13 "), "{}", session.screen());
    let folder = Folder::with([Layer::new().owner(65532, 65532).file("file", "1")]);
    let session = Session::settled(Arc::new(folder), (120, 30));
    assert!(session.screen().contains("│-rw-r--r-- 65532:65532 "), "{}", session.screen());
    assert!(session.screen().contains("│2023-11-14 22:13 "), "{}", session.screen());
}

#[test]
fn no_name_breaks_the_screen() {
    let long = "x".repeat(200);
    let wide = "\u{65e5}".repeat(60);
    for (passwd, group, expected) in [
        ("a\u{1b}[2J:x:10\n", "b\u{202e}:x:20\n", "a\\u{…:b\\u{…"),
        ("zero\u{200b}:x:10\n", "tab\tx:x:20\n", "zero…:tab\\…"),
        (&long, "x", "10:20"),
        (&format!("{long}:x:10"), &format!("{long}:x:20"), "xxxx…:xxxx…"),
        (&format!("{long}:x:10"), "w:x:20", "xxxxxxxx…:w"),
        (&format!("{wide}:x:10"), &format!("{wide}:x:20"), "日日…:日日…"),
        ("0:x:10\n", "4294967295:x:20\n", "10:20"),
        (":x:10\n", "::\n", "10:20"),
        ("systemd-network:x:10\n", "adm:x:20\n", "system…:adm"),
    ] {
        let mut session = Session::settled(one(passwd, group), SIZE);
        assert_eq!(session.owner(), expected, "{passwd:?} {group:?}");
        for width in [1, 20, 40, 80, 120, 200] {
            session.app.resize((width, 20));
            session.settle();
        }
    }
}

#[test]
fn what_cannot_be_read_names_nobody() {
    let folder = one("app:x:10:10\n", "web:x:20:\n");
    let image = attar_testing::layout::single(&folder.0.join("app"), "it").expect("an image");
    let layer = image.blob(&image.layers()[0]);
    let mut session = Session::new(folder, SIZE);
    session.holds_names = true;
    session.settle();
    std::fs::write(&layer, "these are other bytes").expect("the folder is ours");
    let task = session.held.remove(0);
    session.workers.work(task);
    session.settle();
    assert_eq!(session.owner(), "10:20");
    assert!(!session.app.is_busy() && session.app.messages.is_empty());
}

#[test]
fn only_the_beginning_of_a_large_file_is_read() {
    let mut passwd = "app:x:10:10\n".to_owned();
    passwd += &"#".repeat((1 << 20) - passwd.len() - 20);
    passwd += "\ncut-in-the-middle:x:20:20\n";
    let session = Session::settled(one(&passwd, &passwd), SIZE);
    assert_eq!(session.owner(), "app:20");
}

/// A folder whose blobs are elsewhere.
struct Elsewhere(Folder);

/// Blobs that would have to be fetched.
struct Fetched(Arc<dyn Blobs>);

impl Blobs for Fetched {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        self.0.open(descriptor)
    }

    fn is_elsewhere(&self, _: &Descriptor) -> bool {
        true
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        self.0.place(digest)
    }
}

impl Source for Elsewhere {
    fn list(&self, found: &mut dyn FnMut(Found)) {
        self.0.list(found);
    }

    fn open(&self, wanted: &Wanted, told: &dyn Told) -> Result<Opened, Failure> {
        let opened = self.0.open(wanted, told)?;
        Ok(Opened { blobs: Arc::new(Fetched(opened.blobs.clone())), ..opened })
    }

    fn owners(&self, opened: &Opened, stack: &Stack) -> Result<Ownership, Failure> {
        self.0.owners(opened, stack)
    }

    fn verdict(&self, opened: &Opened, meter: &Arc<Meter>) -> Result<Verdict, Failure> {
        self.0.verdict(opened, meter)
    }

    fn failure(&self, error: &(dyn Error + 'static)) -> Failure {
        self.0.failure(error)
    }
}

#[test]
fn no_layer_is_fetched_for_names_alone() {
    let folder = Folder::with([named("app:x:10:10\n", "web:x:20:\n")]);
    let mut session = Session::settled(Arc::new(Elsewhere(folder)), SIZE);
    assert_eq!((session.owner().as_str(), session.asked.as_slice()), ("10:20", &[(2, false)][..]));
    // A preview reads layers, and names come with it.
    session.does(&[Action::FocusPreview, Action::FocusTree]);
    assert_eq!(
        (session.owner().as_str(), session.asked.as_slice()),
        ("app:web", &[(2, false), (2, true)][..])
    );
}

#[test]
fn both_of_two_images_have_names_of_their_own() {
    let folder = Folder::with([named("app:x:10:10\n", "web:x:20:\n")]);
    folder.add("next", [named("other:x:10:10\n", "pages:x:20:\n").file("file", "2")]);
    let mut session = Session::new(Arc::new(folder), (200, 40));
    let wanted = |word: &str| Wanted { word: word.to_owned(), platform: None };
    let start = Start { images: vec![wanted("app")], compare: Some(wanted("next")), ..Start::default() };
    session.app = App::new(start, Keymap::default(), (200, 40));
    session.settle();
    for _ in 0..4 {
        session.does(&[Action::Down]);
    }
    let screen = session.screen();
    assert!(screen.contains("first  -rw-r--r-- app:web  "), "{screen}");
    assert!(screen.contains("second -rw-r--r-- other:pages  "), "{screen}");
}
