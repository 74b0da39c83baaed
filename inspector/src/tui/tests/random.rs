//! Anything at any time: keys, mouse, sizes, and workers that answer in any order, late, or not at all.

use std::collections::VecDeque;
use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use attar_image::blobs::Meter;
use attar_image::stack::{Input, Settings, Stack};
use attar_testing::layers::{Codec, Layer, edit_manifest, write_layout};
use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::images::Folder;
use super::sound;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::comparison::CompareTask;
use crate::tui::keymap::Keymap;
use crate::tui::source::{Extracted, Failure, Opened, Wanted};
use crate::tui::start::{Pane, Start, View};
use crate::tui::task::{Event, LayerState, TabEvent, TabId, Task};
use crate::tui::undone::undone;
use crate::tui::worker::{Workers, snapshot};

const VIEWS: [View; 10] = [
    View::Tree,
    View::Waste,
    View::Largest,
    View::Packages,
    View::Verdict,
    View::Facts,
    View::Blame,
    View::Compare,
    View::Images,
    View::Help,
];

/// Tasks that one key may ask for: what it shows, and what that shows.
const MAX_TASKS: usize = 8;

#[derive(Clone, Debug)]
enum Step {
    Key(KeyEvent),
    Type(String),
    Paste(String),
    Do(Action, usize),
    /// A line for a prompt, and whether it is taken.
    Ask(Action, String, bool),
    Mouse(MouseEventKind, u16, u16, bool),
    Resize(u16, u16),
    Tick,
    /// A worker does one of the tasks, its events wait; the number says how.
    Work(usize, u16),
    /// One of the tasks cannot be done.
    Fail(usize),
    /// An event of one of the workers arrives.
    Tell(usize),
}

/// A layer of random entries: kind, path, other path or size.
type Entries = Vec<(u8, usize, usize)>;

/// What is wrong with a layer.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    Absent,
    Truncated,
    Foreign,
}

const PATHS: [&str; 20] = [
    "a",
    "b",
    "usr/bin/tool",
    "usr",
    "usr/lib",
    "usr/lib/x/y/z",
    "var/lib/dpkg/status",
    "app/main.py",
    "app",
    "日本語/データ",
    "日本語",
    "שלום.txt",
    "x\u{202e}gpj.exe",
    "e\u{301}\u{301}\u{301}",
    "👩\u{200d}👩\u{200d}👧.png",
    "ﾊﾞﾊﾟ",
    "esc\x1b[31m\u{9b}2J",
    "new\nline\ttab",
    "❤\u{fe0f}/🇩🇪/कि",
    "zero\u{200b}width\u{feff}",
];

fn layer(entries: &Entries) -> Layer {
    entries.iter().fold(Layer::new(), |layer, (kind, path, other)| {
        let (path, link) = (PATHS[path % PATHS.len()], PATHS[other % PATHS.len()]);
        match kind % 8 {
            0..=2 => layer.file(path, vec![b'x'; other * 37 % 5000]),
            3 => layer.directory(path),
            4 => layer.symlink(path, link),
            5 => layer.hard_link(path, link),
            6 => layer.whiteout(path),
            _ => layer.opaque(path),
        }
    })
}

/// Writes an image of which some layers are not as they should be.
fn image(folder: &Folder, name: &str, codec: Codec, layers: &[(Entries, Fault)]) {
    let place = folder.0.join(name);
    let tars = layers.iter().map(|(entries, _)| layer(entries).tar());
    write_layout(&place, "it", codec, tars).expect("a layout");
    let mut blobs: Vec<PathBuf> = Vec::new();
    edit_manifest(&place, |manifest| {
        for (layer, (_, fault)) in manifest["layers"].as_array_mut().into_iter().flatten().zip(layers) {
            let digest = layer["digest"].as_str().unwrap_or_default();
            blobs.push(place.join("blobs").join(digest.replace(':', "/")));
            if let Fault::Foreign = fault {
                layer["mediaType"] = "application/x-\u{1b}[2Junknown".into();
            }
        }
    })
    .expect("a manifest");
    for (blob, (_, fault)) in blobs.iter().zip(layers) {
        // Two layers may have the same bytes.
        let Ok(bytes) = fs::read(blob) else { continue };
        match fault {
            Fault::None | Fault::Foreign => {}
            Fault::Absent => fs::remove_file(blob).expect("a layer"),
            Fault::Truncated => fs::write(blob, &bytes[..bytes.len() / 2]).expect("a layer"),
        }
    }
}

/// The interface with workers that do what is asked for when they are told to.
struct Machine {
    app: App,
    workers: Workers,
    answers: Receiver<Event>,
    tasks: Vec<Task>,
    /// What each worker says, in its order.
    events: Vec<VecDeque<Event>>,
}

impl Machine {
    fn new(folder: Folder, start: Start, size: (u16, u16)) -> Self {
        let (sender, answers) = mpsc::channel();
        let workers = Workers::new(Arc::new(folder), sender, NonZeroUsize::MIN, 0, || {});
        let app = App::new(start, Keymap::default(), size);
        let mut machine = Self { app, workers, answers, tasks: Vec::new(), events: Vec::new() };
        machine.settle();
        machine
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Key(key) => self.app.key(*key),
            Step::Type(text) => self.type_text(text),
            Step::Paste(text) => self.app.paste(text),
            Step::Do(action, count) => self.app.update(*action, *count),
            Step::Ask(action, text, is_taken) => {
                self.app.update(*action, 1);
                self.settle();
                self.app.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
                self.type_text(text);
                if *is_taken {
                    self.app.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
                }
            }
            Step::Mouse(kind, column, row, is_double) => {
                let (kind, column, row) = (*kind, *column, *row);
                let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
                self.app.mouse(event, *is_double);
            }
            Step::Resize(width, height) => self.app.resize((*width, *height)),
            Step::Tick => self.app.tick(),
            Step::Work(which, how) if !self.tasks.is_empty() => {
                let task = self.tasks.swap_remove(which % self.tasks.len());
                self.work(task, *how);
            }
            Step::Fail(which) if !self.tasks.is_empty() => {
                let task = self.tasks.swap_remove(which % self.tasks.len());
                self.fail(task);
            }
            Step::Tell(which) if !self.events.is_empty() => {
                let which = which % self.events.len();
                if let Some(event) = self.events[which].pop_front() {
                    self.tell(event);
                }
            }
            Step::Work(..) | Step::Fail(_) | Step::Tell(_) => {}
        }
        self.events.retain(|events| !events.is_empty());
        self.settle();
    }

    fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.app.key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
        }
    }

    /// Takes what is asked for, and checks everything.
    fn settle(&mut self) {
        let tasks = self.app.take_tasks();
        // A line that is typed asks for something with every letter.
        let is_typed = |task: &&Task| match task {
            Task::Search { .. } | Task::View { .. } => true,
            Task::Compare { task, .. } => {
                matches!(task, CompareTask::Search { .. } | CompareTask::Show { .. })
            }
            _ => false,
        };
        let searches = tasks.iter().filter(is_typed);
        assert!(tasks.len() - searches.count() <= MAX_TASKS, "{tasks:?}");
        self.tasks.extend(tasks);
        sound::check(&self.app);
    }

    fn tell(&mut self, event: Event) {
        let closed = matches!(&event, Event::Tab(id, _) if self.app.tabs.iter().all(|tab| tab.id != *id));
        let before = closed.then(|| (crate::tui::screen(&self.app), self.app.messages.clone()));
        self.app.receive(event);
        if let Some(before) = before {
            let after = (crate::tui::screen(&self.app), self.app.messages.clone());
            assert!(before == after, "an image that was closed changes something");
            assert!(self.app.take_tasks().is_empty());
        }
    }

    fn work(&mut self, task: Task, how: u16) {
        let events = match task {
            Task::Read { tab, opened, meters } => read(tab, &opened, &meters, how),
            // Nothing is written here.
            Task::Extract { tab, path, shown, .. } => {
                let path = shown.snapshot.stack.paths().path(path);
                let written = Extracted { path: "here".into(), entries: 1, bytes: 1, left_out: how.into() };
                [Event::Tab(tab, TabEvent::Extracted(path, Ok(written)))].into()
            }
            Task::Export { .. } => [Event::Done("written".to_owned())].into(),
            Task::Copy { .. } | Task::Redraw | Task::Suspend | Task::Quit => VecDeque::new(),
            task => {
                self.workers.work(task);
                self.answers.try_iter().collect()
            }
        };
        self.events.push(events);
    }

    fn fail(&mut self, task: Task) {
        let failure = Failure {
            message: "cannot be\u{1b}[2J done\u{202e}".to_owned(),
            hint: Some("try\nagain".to_owned()),
        };
        self.events.push(undone(task, failure).into());
    }

    /// Lets all workers do their tasks until nothing is asked for any more.
    fn finish(&mut self) {
        for _ in 0..400 {
            if let Some(task) = self.tasks.pop() {
                self.work(task, 0xffff);
            } else if self.events.is_empty() {
                break;
            }
            for event in std::mem::take(&mut self.events).into_iter().flatten() {
                self.tell(event);
                self.settle();
            }
        }
        assert!(self.tasks.is_empty(), "asked for again and again: {:?}", self.tasks);
        assert!(!self.app.is_busy(), "all is answered and something is still waited for: {:?}", self.app);
    }
}

/// Reads layers in an order of its own, and shows some of them before the others.
fn read(tab: TabId, opened: &Opened, meters: &[Arc<Meter>], how: u16) -> VecDeque<Event> {
    let mut events = VecDeque::new();
    let mut add = |event| events.push_back(Event::Tab(tab, event));
    let failure = |error: &dyn std::fmt::Display| Failure { message: error.to_string(), hint: None };
    let mut inputs = match Input::of_image(&opened.image) {
        Ok(inputs) => inputs,
        Err(error) => {
            add(TabEvent::Snapshot(Err(failure(&error))));
            return events;
        }
    };
    let stacked = |inputs: &[Input], is_complete| {
        let stack = Stack::of(inputs.to_vec());
        TabEvent::Snapshot(match stack {
            Ok(stack) => Ok(Arc::new(snapshot(stack, is_complete))),
            Err(error) => Err(failure(&error)),
        })
    };
    let count = inputs.len();
    for number in 0..count {
        let layer = (number + usize::from(how)) % count;
        add(TabEvent::Layer(layer, LayerState::Reading));
        let state = match inputs[layer].read(&*opened.blobs, &Settings::default()) {
            _ if meters[layer].is_cancelled() || how >> number & 5 == 4 => LayerState::Cancelled,
            Ok(()) if inputs[layer].table.is_ok() => LayerState::Read,
            Ok(()) => LayerState::Absent("elsewhere \u{1b}[1m".to_owned()),
            Err(error) => LayerState::Failed(failure(&error)),
        };
        add(TabEvent::Layer(layer, state));
        if how >> number & 1 == 1 {
            add(stacked(&inputs, false));
        }
    }
    add(stacked(&inputs, true));
    events
}

fn key() -> impl Strategy<Value = KeyEvent> {
    let special = prop::sample::select(vec![
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Enter,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Esc,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Insert,
        KeyCode::Null,
        KeyCode::F(1),
        KeyCode::F(5),
    ]);
    let code = prop_oneof![
        5 => prop::char::range(' ', '~').prop_map(KeyCode::Char),
        3 => special,
        1 => any::<char>().prop_map(KeyCode::Char),
    ];
    let modifiers = prop_oneof![
        6 => Just(KeyModifiers::NONE),
        2 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::ALT),
        1 => Just(KeyModifiers::SHIFT),
    ];
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

fn text() -> impl Strategy<Value = String> {
    let known = [
        "tool",
        "app",
        "usr",
        "size:>1k",
        "change:added",
        "owner:tool",
        "!owner:tool",
        "layer:2..",
        "re:(",
        "re:.*",
        "glob:**",
        "/usr/lib/x",
        "/日本語/データ",
        "show-waste",
        "quit",
        "type:exec mode:suid",
        "type:elf",
        "no such thing",
        "\u{202e}\u{200b}日本",
        "other",
    ];
    prop_oneof![
        5 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => "\\PC{0,8}",
        1 => any::<String>().prop_map(|text| text.chars().take(12).collect()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let actions: Vec<Action> = Action::all().collect();
    let prompts = [
        Action::Search,
        Action::Filter,
        Action::GoToPath,
        Action::Open,
        Action::Compare,
        Action::Extract,
        Action::Export,
        Action::Palette,
    ];
    let mouse = prop::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Moved,
    ]);
    let count = prop_oneof![4 => Just(1), 1 => 0_usize..20, 1 => Just(99_999_999)];
    let size = prop_oneof![
        1 => (0_u16..6, 0_u16..6),
        2 => (0_u16..60, 0_u16..20),
        2 => (80_u16..160, 10_u16..50),
        1 => (150_u16..300, 50_u16..100),
    ];
    prop_oneof![
        6 => key().prop_map(Step::Key),
        1 => text().prop_map(Step::Type),
        1 => text().prop_map(Step::Paste),
        8 => (prop::sample::select(actions), count).prop_map(|(action, count)| Step::Do(action, count)),
        3 => (prop::sample::select(prompts.to_vec()), text(), prop::bool::weighted(0.8))
            .prop_map(|(action, text, taken)| Step::Ask(action, text, taken)),
        4 => (mouse, 0_u16..170, 0_u16..55, any::<bool>())
            .prop_map(|(kind, x, y, double)| Step::Mouse(kind, x, y, double)),
        1 => size.prop_map(|(width, height)| Step::Resize(width, height)),
        1 => Just(Step::Tick),
        9 => (any::<usize>(), any::<u16>()).prop_map(|(which, how)| Step::Work(which, how)),
        1 => any::<usize>().prop_map(Step::Fail),
        9 => any::<usize>().prop_map(Step::Tell),
    ]
}

fn layers() -> impl Strategy<Value = Vec<(Entries, Fault)>> {
    let entries = prop::collection::vec((0_u8..8, 0_usize..64, 0_usize..200), 0..8);
    let fault = prop_oneof![
        5 => Just(Fault::None),
        1 => Just(Fault::Absent),
        1 => Just(Fault::Truncated),
        1 => Just(Fault::Foreign),
    ];
    prop::collection::vec((entries, fault), 0..5)
}

fn wanted(word: &str) -> Wanted {
    Wanted { word: word.to_owned(), platform: None }
}

fn start() -> impl Strategy<Value = Start> {
    let words = prop::sample::subsequence(vec!["app", "other", "missing"], 0..=2);
    let view = prop::option::of(prop::sample::select(VIEWS.to_vec()));
    let pane = prop::option::of(prop::sample::select(Pane::ALL.to_vec()));
    let range = prop::option::weighted(0.2, (0_usize..9, 0_usize..9));
    let compared = prop::option::weighted(0.4, prop::sample::select(vec!["app", "other", "missing"]));
    (
        words,
        view,
        pane,
        range,
        prop::option::of(0_usize..9),
        prop::option::weighted(0.2, text()),
        any::<bool>(),
        compared,
    )
        .prop_map(|(words, view, pane, range, layer, filter, is_ascii, compared)| Start {
            images: words.into_iter().map(wanted).collect(),
            compare: compared.map(wanted),
            view,
            pane,
            layer,
            range: range.map(|(one, other)| one.min(other)..=one.max(other)),
            filter,
            is_ascii,
            ..Start::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_interface(
        start in start(),
        app in layers(),
        other in layers(),
        steps in prop::collection::vec(step(), 1..70),
    ) {
        let folder = Folder(attar_testing::Scratch::new());
        image(&folder, "app", Codec::Gzip, &app);
        // Nobody hashed its contents: they are read to be compared.
        image(&folder, "other", Codec::Plain, &other);
        let mut machine = Machine::new(folder, start, (100, 30));
        for step in &steps {
            machine.step(step);
        }
        machine.finish();
    }
}
