//! Two images side by side.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc;

use attar_image::path::TreePath;
use attar_testing::layers::{Codec, Layer, edit_config, write_layout};
use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use super::driven::Driven;
use super::images::Folder;
use crate::tui::action::Action;
use crate::tui::app::{App, Screen};
use crate::tui::comparison::CompareTask;
use crate::tui::keymap::Keymap;
use crate::tui::source::{Failure, Wanted};
use crate::tui::start::{Pane, Start, View};
use crate::tui::task::{Event, TabEvent, Task};
use crate::tui::worker::Workers;
use crate::tui::{lines, screen};

fn packages(list: &[(&str, &str)]) -> String {
    let stanza = |(name, version): &(&str, &str)| {
        format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: all\n\n")
    };
    list.iter().map(stanza).collect()
}

fn base() -> Layer {
    Layer::new()
        .directory("etc")
        .file("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n")
        .file("usr/bin/tool", vec![b'x'; 50_000])
        .symlink("bin", "usr/bin")
        .file("var/lib/dpkg/status", packages(&[("tool", "1.2"), ("gone", "3")]))
        .file("var/lib/dpkg/info/tool.list", "/.\n/usr\n/usr/bin\n/usr/bin/tool\n")
}

fn program(greeting: &str) -> String {
    format!("#!/usr/bin/python3\nimport sys\n\nprint('{greeting}')\nsys.exit(0)\n")
}

fn app() -> [Layer; 2] {
    let own = Layer::new()
        .directory("app")
        .file("app/main.py", program("hello"))
        .file("app/same", "text\n")
        .file("app/mode", "text\n")
        .symlink("app/link", "main.py")
        .file("app/old/データ.txt", vec![b'o'; 7_000]);
    [base(), own]
}

fn next() -> [Layer; 3] {
    let own = Layer::new()
        .directory("app")
        .file("app/main.py", program("good day"))
        .file("app/same", "text\n")
        .mode(0o755)
        .file("app/mode", "text\n")
        .symlink("app/link", "same")
        .file("app/evil\x1b[31mname", "x");
    let upgrade = Layer::new()
        .file("usr/bin/tool", vec![b'x'; 51_500])
        .file("var/lib/dpkg/status", packages(&[("tool", "1.3"), ("new", "0.1")]));
    [base(), own, upgrade]
}

/// Returns `app`, `next` that differs from it, `twin` that does not, and two whose contents nobody hashed.
fn folder() -> Arc<Folder> {
    let folder = Folder::with(app());
    folder.add("next", next());
    folder.add("twin", app());
    edit_config(&folder.0.join("next"), |config| config["config"]["User"] = json!("app")).expect("a layout");
    for (name, text) in [("plain", "one"), ("plainer", "two")] {
        let layer = Layer::new().file("same", "alike").file("other", text).file("longer", text.repeat(2));
        let path = folder.0.join(name);
        write_layout(&path, "it", Codec::Plain, [layer.tar()]).expect("a layout");
    }
    Arc::new(folder)
}

fn wanted(word: &str) -> Wanted {
    Wanted { word: word.to_owned(), platform: None }
}

fn start(one: &str, other: &str) -> Start {
    Start { images: vec![wanted(one)], compare: Some(wanted(other)), ..Start::default() }
}

fn drawn(start: Start, size: (u16, u16)) -> String {
    Driven::new(start, &folder(), size).text()
}

#[test]
fn two_images_stand_side_by_side() {
    let at = Some(TreePath::parse("app/main.py").expect("a path"));
    for (name, size) in [("wide", (150, 30)), ("eighty", (80, 30)), ("narrow", (60, 20)), ("small", (40, 12))]
    {
        let start = Start { at: at.clone(), ..start("app", "next") };
        insta::assert_snapshot!(format!("side_by_side_{name}"), drawn(start, size));
    }
}

#[test]
fn packages_layers_and_settings_are_listed() {
    let folder = folder();
    let mut driven = Driven::new(start("app", "next"), &folder, (100, 12));
    for (name, key) in [("packages", "p"), ("layers", "1"), ("settings", "i")] {
        insta::assert_snapshot!(format!("compared_{name}"), driven.press(key).text());
    }
    // Each of them is left before the comparison is.
    assert_eq!(driven.press("\x1b").with("grew by").len(), 1);
    assert_eq!(driven.press("\x1b").app.tab().map(|tab| tab.screen), Some(Screen::Tree));
    let packages = Start { view: Some(View::Packages), ..start("app", "next") };
    assert_eq!(Driven::new(packages, &folder, (100, 12)).with("upgraded").len(), 1);
}

#[test]
fn images_that_do_not_differ_or_cannot_be_read_say_so() {
    insta::assert_snapshot!("nothing_differs", drawn(start("app", "twin"), (80, 12)));
    let missing = Driven::new(start("app", "nowhere"), &folder(), (100, 12));
    assert_eq!(missing.with("there is nothing to compare it with").len(), 1, "{}", missing.text());
    assert!(!missing.with("cannot read `nowhere`").is_empty(), "{}", missing.text());
    let missing = Driven::new(start("nowhere", "app"), &folder(), (40, 10));
    assert!(!missing.with("nowhere: cannot read").is_empty(), "{}", missing.text());
    // Before anything is done.
    let mut app = App::new(start("app", "next"), Keymap::default(), (80, 10));
    insta::assert_snapshot!("both_are_opened", lines(&screen(&app)).join("\n"));
    app.resize((40, 8));
    insta::assert_snapshot!("both_are_opened_and_it_is_small", lines(&screen(&app)).join("\n"));
}

#[test]
fn contents_that_nobody_hashed_are_read_and_compared() {
    let driven = Driven::new(start("plain", "plainer"), &folder(), (80, 16));
    assert_eq!(driven.with("~2 files").len(), 1, "{}", driven.text());
    assert_eq!(driven.with("~   longer").len(), 1);
    assert!(driven.with("same").is_empty(), "{}", driven.text());
}

#[test]
fn the_other_image_is_asked_for() {
    let images = vec![wanted("app"), wanted("next")];
    let mut driven = Driven::new(Start { images, ..Start::default() }, &folder(), (100, 20));
    driven.press("=");
    assert_eq!(driven.with("next  ").len(), 2, "{}", driven.text());
    // The only other one that is open.
    assert_eq!(driven.press("\n").with("grew by").len(), 1, "{}", driven.text());
    // Another one, by its name.
    driven.press("=twin\n");
    assert_eq!(driven.with("no file differs").len(), 1, "{}", driven.text());
    assert_eq!(driven.app.tabs.len(), 3);
    // The list of images, the one that is compared left out.
    driven.press("]=");
    assert_eq!(driven.with("compare with: ").len(), 1);
    driven.press("\x1b");
    // What was compared is closed.
    driven.press("[");
    let other = driven.app.tabs.iter().position(|tab| tab.wanted.word == "twin").expect("open");
    driven.app.current = Some(other);
    driven.press("Q");
    driven.app.current = Some(0);
    assert_eq!(driven.press("j").app.tab().map(|tab| tab.screen), Some(Screen::Tree));
    let beside =
        Start { images: vec![wanted("app"), wanted("twin")], view: Some(View::Compare), ..Start::default() };
    assert_eq!(Driven::new(beside, &folder(), (100, 20)).with("no file differs").len(), 1);
}

#[test]
fn what_differs_is_sifted_searched_and_sorted() {
    let mut driven = Driven::new(start("app", "next"), &folder(), (100, 24));
    let names = |driven: &Driven| -> Vec<String> {
        let shown = driven.app.tab().and_then(|tab| tab.compared()?.tree.shown.clone()).expect("compared");
        let rows = driven.app.tab().and_then(|tab| tab.compared()?.tree.rows.clone()).expect("rows");
        rows.iter_from(0).map(|row| shown.compared.path(row.node).to_string()).collect()
    };
    let here = |driven: &Driven| {
        driven.app.tab().and_then(|tab| tab.selected_path()).map(|path| path.to_string()).unwrap_or_default()
    };
    assert!(!names(&driven).contains(&"/app/same".to_owned()), "{:?}", names(&driven));
    driven.press("uE");
    assert!(names(&driven).contains(&"/app/same".to_owned()), "{:?}", names(&driven));
    driven.press("uma");
    assert_eq!(names(&driven), ["/app", "/app/old", "/app/old/データ.txt"]);
    driven.press("ma/main\n");
    assert_eq!(here(&driven), "/app/main.py");
    driven.press("/i\nn");
    assert_ne!(here(&driven), "/app/main.py");
    driven.press("fowner:tool\n");
    assert_eq!(names(&driven), ["/usr", "/usr/bin", "/usr/bin/tool"], "{}", driven.text());
    driven.press("\x1b\x1b");
    driven.press("CsggEgg");
    assert_eq!(here(&driven), "/app");
    driven.press("CG");
    assert_eq!(here(&driven), "/var", "what differs most comes first: {}", driven.text());
    driven.press("p\n");
    assert_eq!(driven.with("no package differs").len(), 0);
}

#[test]
fn a_path_is_looked_at_in_either_image() {
    let at = Some(TreePath::parse("app/main.py").expect("a path"));
    let mut driven = Driven::new(Start { at, ..start("app", "next") }, &folder(), (150, 30));
    assert_eq!(driven.with("print('hello')").len(), 1);
    assert_eq!(driven.with("print('good day')").len(), 1);
    driven.press("d");
    assert_eq!((driven.with("'hello'").len(), driven.with("'good day'").len()), (1, 0), "{}", driven.text());
    driven.press("d");
    assert_eq!((driven.with("'hello'").len(), driven.with("'good day'").len()), (0, 1), "{}", driven.text());
    driven.press("d>");
    let at = |driven: &Driven| {
        let tab = driven.app.tab().expect("an image");
        (tab.wanted.word.clone(), tab.screen, tab.selected_path().map(|path| path.to_string()))
    };
    let path = Some("/app/main.py".to_owned());
    assert_eq!(at(&driven), ("next".to_owned(), Screen::Tree, path.clone()));
    driven.press("[");
    assert_eq!(at(&driven), ("app".to_owned(), Screen::Compare, path.clone()));
    driven.press("<");
    assert_eq!(at(&driven), ("app".to_owned(), Screen::Tree, path.clone()));
    driven.press("H");
    assert_eq!(at(&driven), ("app".to_owned(), Screen::Compare, path));
    driven.press("\n");
    assert_eq!(driven.app.tab().map(|tab| tab.focus), Some(Pane::Preview));
}

/// The interface whose workers do what they are told, when they are told.
struct Slow {
    driven: Driven,
    tasks: Vec<Task>,
}

impl Slow {
    /// Opens two images and reads them, and compares nothing yet.
    fn new(one: &str, other: &str) -> Self {
        let (sender, events) = mpsc::channel();
        let workers = Workers::new(folder(), sender, NonZeroUsize::MIN, 0, || {});
        let app = App::new(start(one, other), Keymap::default(), (100, 24));
        let mut slow = Self { driven: Driven { app, workers, events }, tasks: Vec::new() };
        slow.work(|task| !is_comparing(task));
        slow
    }

    /// Does all tasks of a kind, and what they lead to.
    fn work(&mut self, is_wanted: impl Fn(&Task) -> bool) {
        loop {
            self.tasks.extend(self.driven.app.take_tasks());
            let Some(next) = self.tasks.iter().position(&is_wanted) else { return };
            let task = self.tasks.remove(next);
            for event in self.answers(task) {
                self.driven.app.receive(event);
            }
        }
    }

    /// Does a task, and keeps what the worker says.
    fn answers(&mut self, task: Task) -> Vec<Event> {
        self.driven.workers.work(task);
        self.driven.events.try_iter().collect()
    }

    fn compare_task(&mut self) -> Task {
        self.tasks.extend(self.driven.app.take_tasks());
        let found = self.tasks.iter().position(is_comparing).expect("they are compared");
        self.tasks.remove(found)
    }

    /// Returns what a worker says that compares them once more.
    fn compared_again(&mut self) -> Vec<Event> {
        let tab = self.driven.app.tab().expect("an image");
        let compared = tab.compared().and_then(|it| it.compared.clone()).expect("they are compared");
        let meters = compared.stacks().map(|stack| stack.layers().iter().map(|_| Arc::default()).collect());
        let task = CompareTask::Compare { sides: Box::new(compared.sides.clone()), meters };
        self.answers(Task::Compare { tab: tab.id, task })
    }

    fn press(&mut self, key: char) {
        let code = if key == '\x1b' { KeyCode::Esc } else { KeyCode::Char(key) };
        self.driven.app.key(KeyEvent::new(code, KeyModifiers::NONE));
    }
}

fn is_comparing(task: &Task) -> bool {
    matches!(task, Task::Compare { task: CompareTask::Compare { .. }, .. })
}

#[test]
fn comparing_contents_is_stopped_and_what_is_known_stays() {
    // By the key that leaves things, and by name.
    for stop in [Action::Escape, Action::Cancel] {
        let mut slow = Slow::new("plain", "plainer");
        let task = slow.compare_task();
        let first = slow.answers(task.clone()).swap_remove(0);
        slow.driven.app.receive(first);
        slow.work(|task| !is_comparing(task));
        assert!(slow.driven.app.is_busy(), "contents are being compared");
        slow.driven.app.update(stop, 1);
        assert_eq!(slow.driven.with("stopped: what was not compared is marked").len(), 1);
        // The worker sees that when it reads on.
        let last = slow.answers(task).swap_remove(1);
        slow.driven.app.receive(last);
        slow.work(|_| true);
        assert!(!slow.driven.app.is_busy());
        assert!(
            !slow.driven.with("were not compared: that was stopped").is_empty(),
            "{}",
            slow.driven.text()
        );
        assert_eq!(slow.driven.with("?   same").len(), 1, "{}", slow.driven.text());
        // Nothing is left to be stopped: now it leaves the comparison.
        slow.press('\x1b');
        assert_eq!(slow.driven.app.tab().map(|tab| tab.screen), Some(Screen::Tree));
    }
}

#[test]
fn the_image_beside_is_stopped_from_the_comparison() {
    let mut slow = Slow::new("app", "next");
    slow.press(']');
    slow.driven.app.update(Action::Reload, 1);
    slow.press('[');
    slow.press('\x1b');
    assert_eq!(slow.driven.with("next: stopped").len(), 1, "{}", slow.driven.text());
    assert_eq!(slow.driven.app.tab().map(|tab| tab.screen), Some(Screen::Compare));
    slow.work(|_| true);
    assert!(!slow.driven.app.is_busy());
    assert!(!slow.driven.with("stopped").is_empty(), "{}", slow.driven.text());
}

#[test]
fn either_image_is_read_again_while_both_are_compared() {
    for is_second in [false, true] {
        let mut slow = Slow::new("app", "next");
        slow.work(|_| true);
        slow.press('a');
        let before = slow.driven.with("main.py");
        let late = slow.compared_again();
        if is_second {
            slow.press(']');
        }
        slow.driven.app.update(Action::Reload, 1);
        if is_second {
            slow.press('[');
        }
        assert!(slow.driven.app.is_busy());
        // What a worker still says of the image that was is of no use.
        for event in late {
            slow.driven.app.receive(event);
        }
        slow.work(|_| true);
        assert!(!slow.driven.app.is_busy());
        assert_eq!(slow.driven.with("main.py"), before, "{}", slow.driven.text());
        assert_eq!(slow.driven.with("データ").len(), 1, "what is hidden stays so: {}", slow.driven.text());
    }
}

#[test]
fn an_image_that_cannot_be_read_again_ends_the_comparison_of_it() {
    let folder = folder();
    let mut driven = Driven::new(start("app", "next"), &folder, (100, 24));
    // Asked for, and the answer is for the tab that was.
    driven.app.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::NONE));
    drop(driven.app.take_tasks());
    std::fs::remove_dir_all(folder.0.join("app")).expect("it was there");
    driven.app.update(Action::Reload, 1);
    driven.wait();
    assert!(!driven.app.is_busy());
    assert!(!driven.with("cannot read `app`").is_empty(), "{}", driven.text());
}

#[test]
fn what_was_searched_for_is_searched_for_in_what_was_read_again() {
    let mut slow = Slow::new("app", "next");
    slow.work(|_| true);
    for key in "/main".chars() {
        slow.press(key);
    }
    slow.driven.app.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    // The answer comes when the image has other layers.
    slow.tasks.extend(slow.driven.app.take_tasks());
    let is_search = |task: &Task| matches!(task, Task::Compare { task: CompareTask::Search { .. }, .. });
    let mut searches: Vec<Task> = slow.tasks.extract_if(.., |task| is_search(task)).collect();
    let late = slow.answers(searches.pop().expect("it is searched for"));
    assert_eq!(late.len(), 1);
    slow.press(']');
    slow.driven.app.update(Action::Reload, 1);
    slow.press('[');
    slow.work(|_| true);
    for event in late {
        slow.driven.app.receive(event);
    }
    slow.work(|_| true);
    assert!(!slow.driven.app.is_busy());
    let tab = slow.driven.app.tab().expect("an image");
    assert_eq!(tab.found.pairs.paths.len(), 1, "{}", slow.driven.text());
    assert_eq!(tab.selected_path().map(|path| path.to_string()).as_deref(), Some("/app/main.py"));
}

#[test]
fn a_filter_by_owners_is_refused_where_one_image_has_unknown_ones() {
    let is_of_next = |task: &Task| matches!(task, Task::Owners { tab: 1, .. });
    // It is known when the filter is typed, or it turns out while that is waited for.
    for is_known in [true, false] {
        let mut slow = Slow::new("app", "next");
        slow.work(|task| !is_of_next(task));
        let failure = Failure { message: "the database is broken".to_owned(), hint: None };
        let mut event = Some(Event::Tab(1, TabEvent::Owners(Err(failure))));
        if is_known {
            event.take().into_iter().for_each(|event| slow.driven.app.receive(event));
        }
        slow.driven.app.update(Action::Filter, 1);
        slow.driven.app.paste("owner:tool");
        slow.driven.app.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
        event.into_iter().for_each(|event| slow.driven.app.receive(event));
        slow.work(|task| !is_of_next(task));
        assert!(!slow.driven.app.is_busy(), "nothing is waited for");
        assert!(slow.driven.app.tab().is_some_and(|tab| tab.filter().is_none()));
        let said = slow.driven.text();
        let said = said.lines().find(|line| line.contains("next: the database is broken"));
        let is_in_prompt = said.map(|line| line.starts_with("filter: owner:tool"));
        assert_eq!(is_in_prompt, Some(is_known), "{}", slow.driven.text());
    }
}

#[test]
fn a_comparison_ends_when_the_other_image_is_closed() {
    let mut driven = Driven::new(start("app", "next"), &folder(), (100, 24));
    driven.press("T]Q");
    let tab = driven.app.tab().expect("an image");
    assert!(tab.comparison.is_none(), "nothing leads to what is closed");
    assert_eq!(driven.press("H").app.tab().map(|tab| tab.screen), Some(Screen::Tree));
}

#[test]
fn a_comparison_is_exported() {
    let folder = folder();
    let mut driven = Driven::new(start("app", "next"), &folder, (100, 24));
    let file = folder.0.join("it.json");
    driven.press("e");
    // The name that is offered.
    for _ in 0..40 {
        driven.app.key(KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
    }
    driven.press(file.to_str().expect("a path in UTF-8")).press("\n");
    driven.app.receive(driven.events.recv().expect("it is written"));
    let document: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(document["before"], "app");
    assert_eq!(document["totals"]["added"], 1);
    let main =
        document["files"].as_array().expect("files").iter().find(|file| file["path"] == "/app/main.py");
    assert_eq!(main.expect("it differs")["change"], "modified");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_keys_lead_astray(keys in "[jkhlgGdvVamRusrEC*=<>p1i2345T wtBDfy/nNz+c\n\x1b\t\\[\\]]{1,24}", width in 0_u16..160, height in 0_u16..40) {
        let mut driven = Driven::new(start("app", "next"), &folder(), (width, height));
        driven.press(&keys);
        let drawn = screen(&driven.app);
        prop_assert_eq!((drawn.area.width, drawn.area.height), (width, height));
        if let Some(comparison) = driven.app.tab().and_then(|tab| tab.compared()) {
            prop_assert!(comparison.tree.cursor.at < comparison.tree.length().max(1));
            prop_assert!(driven.app.other(comparison).is_some());
        }
    }
}
