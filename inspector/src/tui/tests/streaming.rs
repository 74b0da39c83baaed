//! Layers that come late, or never: what is there is shown, and nobody waits for what nobody wants.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use attar_image::blobs::{Blob, Blobs, Meter};
use attar_image::digest::Digest;
use attar_image::layout::LayoutError;
use attar_image::manifest::Descriptor;
use attar_image::stack::Stack;
use attar_packages::ownership::Ownership;
use attar_testing::layers::Layer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::images::Folder;
use super::sound;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::lines;
use crate::tui::source::{Failure, Fetching, Found, Opened, Source, Told, Verdict, Wanted};
use crate::tui::start::{Pane, Start};
use crate::tui::task::{Event, LayerState};
use crate::tui::worker::Workers;

/// Nothing here takes longer, however busy the machine is.
const BOUND: Duration = Duration::from_secs(60);

/// Blobs of which some are held back until the gate is opened, or nobody waits any more.
struct Gate {
    blobs: Arc<dyn Blobs>,
    state: Mutex<State>,
    changed: Condvar,
    meters: Vec<(Digest, Arc<Meter>)>,
    /// Hears when nothing reads from here any more.
    _end: Sender<()>,
}

#[derive(Default)]
struct State {
    held: BTreeSet<Digest>,
    opened: Vec<Digest>,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self) {
        self.state().held.clear();
        self.changed.notify_all();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl Blobs for Gate {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let digest = descriptor.digest;
        let mut state = self.state();
        state.opened.push(digest);
        while state.held.contains(&digest) {
            if self.meter(&digest).is_cancelled() {
                return Err(LayoutError::Elsewhere("given up".into()));
            }
            let waited = self.changed.wait_timeout(state, Duration::from_millis(5));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.blobs.open(descriptor)
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        self.blobs.place(digest)
    }
}

impl Fetching for Gate {
    fn meter(&self, digest: &Digest) -> Arc<Meter> {
        let known = self.meters.iter().find(|(known, _)| known == digest);
        known.map(|(_, meter)| meter.clone()).unwrap_or_default()
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A folder whose images hold back these layers.
struct Slow {
    folder: Folder,
    held: Vec<usize>,
    gates: Mutex<Vec<Arc<Gate>>>,
    ends: Sender<Receiver<()>>,
}

impl Source for Slow {
    fn list(&self, found: &mut dyn FnMut(Found)) {
        self.folder.list(found);
    }

    fn open(&self, wanted: &Wanted, told: &dyn Told) -> Result<Opened, Failure> {
        let opened = self.folder.open(wanted, told)?;
        let layers = &opened.image.manifest.layers;
        let held = self.held.iter().map(|layer| layers[*layer].digest).collect();
        let (sender, end) = mpsc::channel();
        let gate = Arc::new(Gate {
            blobs: opened.blobs.clone(),
            state: Mutex::new(State { held, opened: Vec::new() }),
            changed: Condvar::new(),
            meters: layers.iter().map(|layer| (layer.digest, Arc::default())).collect(),
            _end: sender,
        });
        let _ = self.ends.send(end);
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.push(gate.clone());
        Ok(Opened { blobs: gate.clone(), fetching: Some(gate), ..opened })
    }

    fn owners(&self, opened: &Opened, stack: &Stack) -> Result<Ownership, Failure> {
        self.folder.owners(opened, stack)
    }

    fn failure(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        self.folder.failure(error)
    }

    fn verdict(&self, opened: &Opened, meter: &Arc<Meter>) -> Result<Verdict, Failure> {
        self.folder.verdict(opened, meter)
    }
}

/// The interface, with workers on threads of their own.
struct Session {
    app: App,
    workers: Workers,
    events: Receiver<Event>,
    source: Arc<Slow>,
    /// For each opened image what tells when nothing reads it any more.
    ends: Receiver<Receiver<()>>,
}

impl Session {
    fn new(folder: Folder, held: &[usize]) -> Self {
        let ((sender, events), (end, ends)) = (mpsc::channel(), mpsc::channel());
        let source = Arc::new(Slow { folder, held: held.to_vec(), gates: Mutex::default(), ends: end });
        let threads = NonZeroUsize::new(3).expect("not zero");
        let workers = Workers::new(source.clone(), sender, threads, 0, || {});
        let images = vec![Wanted { word: "app".to_owned(), platform: None }];
        let app = App::new(Start { images, ..Start::default() }, Keymap::default(), (150, 30));
        Self { app, workers, events, source, ends }
    }

    /// Goes on until the state is as it should be.
    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&App) -> bool) {
        let end = Instant::now() + BOUND;
        loop {
            for task in self.app.take_tasks() {
                self.workers.start(task);
            }
            sound::check(&self.app);
            if is_so(&self.app) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => self.app.receive(event),
                Err(_) => panic!("not until the end: {what}\n{}", self.screen()),
            }
        }
    }

    fn gate(&self, number: usize) -> Arc<Gate> {
        self.source.gates.lock().unwrap_or_else(PoisonError::into_inner)[number].clone()
    }

    /// Forgets the gates, so that only who reads has them.
    fn forget_gates(&self) {
        self.source.gates.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn screen(&self) -> String {
        lines(&sound::check(&self.app)).join("\n")
    }

    fn layers(&self) -> Vec<LayerState> {
        self.app.tab().map(|tab| tab.layers.clone()).unwrap_or_default()
    }

    fn press(&mut self, code: KeyCode) {
        self.app.key(KeyEvent::new(code, KeyModifiers::NONE));
    }
}

fn three() -> Folder {
    Folder::with([
        Layer::new().directory("lower").file("lower/file", "1"),
        Layer::new().file("middle", "2"),
        Layer::new().file("upper", "3"),
    ])
}

fn shows(name: &'static str) -> impl Fn(&App) -> bool {
    move |app| lines(&crate::tui::screen(app)).iter().any(|line| line.contains(name))
}

fn is_idle(app: &App) -> bool {
    !app.is_busy()
}

#[test]
fn what_is_there_is_shown_before_the_rest() {
    let mut session = Session::new(three(), &[1]);
    session.until("the files of two layers", |app| shows("upper")(app) && shows("lower/")(app));
    let screen = session.screen();
    for words in ["layers are still being read", "2 of 3 read", " so far"] {
        assert!(screen.contains(words), "no `{words}` in\n{screen}");
    }
    assert!(!screen.contains("middle"), "{screen}");
    // What was unfolded before the rest came stays so, and the cursor stays where it is.
    session.app.update(Action::FocusTree, 1);
    session.app.update(Action::First, 1);
    session.app.update(Action::Right, 1);
    session.app.update(Action::Down, 1);
    session.until("what was unfolded", shows("file"));
    let selected =
        |app: &App| app.tab().and_then(|tab| tab.tree.selected_path()).map(|path| path.to_string());
    assert_eq!(selected(&session.app).as_deref(), Some("/lower/file"));
    session.gate(0).release();
    session.until("everything", |app| is_idle(app) && shows("middle")(app));
    let screen = session.screen();
    assert!(!screen.contains("still being read") && !screen.contains("so far"), "{screen}");
    assert_eq!(session.layers(), [LayerState::Read, LayerState::Read, LayerState::Read]);
    assert_eq!(selected(&session.app).as_deref(), Some("/lower/file"), "{screen}");
}

#[test]
fn stopping_leaves_what_was_read() {
    let mut session = Session::new(three(), &[0, 1]);
    session.until("the uppermost layer", shows("upper"));
    session.press(KeyCode::Esc);
    session.until("nothing is waited for", |app| {
        is_idle(app) && app.tab().is_some_and(|tab| tab.snapshot.as_ref().is_some_and(|it| it.is_complete))
    });
    assert_eq!(session.layers(), [LayerState::Cancelled, LayerState::Cancelled, LayerState::Read]);
    let screen = session.screen();
    for words in ["stopped", "upper", "some layers were not read"] {
        assert!(screen.contains(words), "no `{words}` in\n{screen}");
    }
    assert!(!screen.contains("still being read"), "{screen}");
    session.app.update(Action::FocusLayers, 1);
    session.app.update(Action::First, 1);
    session.app.update(Action::ScopeChanges, 1);
    session.until("the lowest layer", is_idle);
    let screen = session.screen();
    assert!(screen.contains("reading this layer was stopped"), "{screen}");
    // Once more, and now it comes.
    session.forget_gates();
    session.app.update(Action::Reload, 1);
    session.until("the image again", |app| app.tab().is_some_and(|tab| tab.opened().is_some()));
    session.gate(0).release();
    session.until("all layers", |app| is_idle(app) && shows("lower/")(app));
    assert_eq!(session.layers(), [LayerState::Read, LayerState::Read, LayerState::Read]);
}

#[test]
fn reading_again_sees_what_changed() {
    let folder = three();
    let place = folder.0.join("app");
    let mut session = Session::new(folder, &[]);
    session.until("all", |app| is_idle(app) && shows("lower/")(app));
    let blobs = session.gate(0).state().opened.len();
    assert!(blobs >= 3, "{blobs}");
    std::fs::remove_dir_all(&place).expect("an image");
    session.source.folder.add("app", [Layer::new().file("another", "4")]);
    session.app.update(Action::Reload, 1);
    session.until("the other image", |app| is_idle(app) && shows("another")(app));
    assert!(!session.screen().contains("lower/"), "{}", session.screen());
    std::fs::remove_dir_all(&place).expect("an image");
    session.app.update(Action::Reload, 1);
    session.until("that it is gone", |app| is_idle(app) && shows("cannot read `app`")(app));
}

#[test]
fn closing_an_image_ends_its_threads() {
    let mut session = Session::new(three(), &[1]);
    session.until("some layers", shows("upper"));
    let end = session.ends.recv_timeout(BOUND).expect("an image was opened");
    session.forget_gates();
    session.app.update(Action::CloseTab, 1);
    for task in session.app.take_tasks() {
        session.workers.start(task);
    }
    assert!(session.app.tabs.is_empty());
    // What was said before holds its image until it is heard.
    let ended = Instant::now() + BOUND;
    loop {
        while let Ok(event) = session.events.try_recv() {
            session.app.receive(event);
        }
        match end.recv_timeout(Duration::from_millis(20)) {
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            _ => assert!(Instant::now() < ended, "somebody reads on"),
        }
    }
}

#[test]
fn a_layer_that_fails_is_named_and_the_others_are_shown() {
    let folder = three();
    let mut session = {
        let mut digests = Vec::new();
        attar_testing::layers::edit_manifest(&folder.0.join("app"), |manifest| {
            for layer in manifest["layers"].as_array().into_iter().flatten() {
                digests.push(layer["digest"].as_str().unwrap_or_default().replace(':', "/"));
            }
        })
        .expect("a manifest");
        let blob = folder.0.join("app/blobs").join(&digests[1]);
        let bytes = std::fs::read(&blob).expect("a layer");
        std::fs::write(&blob, &bytes[..bytes.len() - 9]).expect("most of it");
        Session::new(folder, &[2])
    };
    session.until("the lowest layer", shows("lower/"));
    assert!(session.screen().contains("damaged"), "{}", session.screen());
    session.gate(0).release();
    session.until("the others", |app| is_idle(app) && shows("upper")(app));
    let layers = session.layers();
    assert!(matches!(&layers[1], LayerState::Failed(why) if why.message.contains("sha256")), "{layers:?}");
    session.app.update(Action::FocusLayers, 1);
    session.app.update(Action::Up, 1);
    session.until("the damaged one", is_idle);
    assert!(session.screen().contains("not read"), "{}", session.screen());
}

#[test]
fn a_preview_of_what_was_closed_or_left_is_not_waited_for() {
    let mut session = Session::new(three(), &[]);
    session.until("all", |app| is_idle(app) && shows("lower/")(app));
    let opened = session.ends.recv_timeout(BOUND).expect("an image was opened");
    session.app.update(Action::FocusTree, 1);
    session.app.update(Action::Last, 1);
    session.until("a preview", is_idle);
    let gate = session.gate(0);
    let digests: BTreeSet<Digest> = gate.meters.iter().map(|(digest, _)| *digest).collect();
    gate.state().held = digests;
    session.app.update(Action::Up, 1);
    for task in session.app.take_tasks() {
        session.workers.start(task);
    }
    assert!(session.app.is_busy());
    // Keys are answered meanwhile.
    session.app.update(Action::First, 1);
    session.app.update(Action::FocusPreview, 1);
    assert_eq!(session.app.tab().map(|tab| tab.focus), Some(Pane::Preview));
    gate.release();
    session.until("the preview", is_idle);
    drop(opened);
}
