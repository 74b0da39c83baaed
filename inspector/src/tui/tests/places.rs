//! Going to places: back and forward, and to paths that are typed.

use std::sync::Arc;

use attar_image::path::TreePath;
use attar_testing::layers::Layer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::driven::Driven;
use super::images::Folder;
use super::sound;
use crate::browse::Sort;
use crate::tui::action::Action;
use crate::tui::app::{Part, Scope, Screen, Span, Tab};
use crate::tui::source::Wanted;
use crate::tui::start::Start;
use crate::tui::task::Task;

fn start() -> Start {
    Start { images: vec![Wanted { word: "app".to_owned(), platform: None }], ..Start::default() }
}

fn tab(driven: &Driven) -> &Tab {
    driven.app.tab().expect("an image")
}

fn here(driven: &Driven) -> String {
    tab(driven).selected_path().map(|path| path.to_string()).unwrap_or_default()
}

/// Returns what is shown of the tree: its layers, what must match, the order.
fn look(driven: &Driven) -> (Span, String, Sort, bool) {
    let tab = tab(driven);
    let filter = tab.filter().map(|filter| filter.as_str().to_owned()).unwrap_or_default();
    (tab.span, filter, tab.tree.sort, tab.tree.is_reversed)
}

#[test]
fn going_back_shows_what_was_shown_as_it_was() {
    let mut driven = Driven::new(start(), &Arc::new(Folder::sample()), (110, 24));
    // All up to the second layer, the largest last, and not all of it.
    driven.press("1k2srfusr\n");
    let usual = Span { scope: Scope::UpToHere, mark: 0 };
    let before = (look(&driven), tab(&driven).layer.at, here(&driven));
    assert_eq!(before.0, (usual, "usr".to_owned(), Sort::Size, true));
    // The files of a package are those of all layers.
    driven.press("p");
    assert_eq!(driven.press("\n").with("owner:tool").len(), 1, "{}", driven.text());
    let files = look(&driven);
    assert_eq!(files.0, Span { scope: Scope::Range, mark: 0 });
    driven.app.update(Action::Back, 1);
    driven.wait();
    assert_eq!(tab(&driven).screen, Screen::Packages);
    driven.app.update(Action::Back, 1);
    driven.wait();
    assert_eq!((look(&driven), tab(&driven).layer.at, here(&driven)), before, "{}", driven.text());
    assert!(!driven.with("usr").is_empty() && driven.with("app").len() == 1, "{}", driven.text());
    // And forward again.
    driven.app.update(Action::Forward, 2);
    driven.app.update(Action::Forward, 1);
    driven.wait();
    assert_eq!(look(&driven), files);
    sound::check(&driven.app);
}

#[test]
fn going_back_shows_the_rows_of_a_list_that_were_seen() {
    let mut driven = Driven::new(start(), &Arc::new(Folder::sample()), (110, 24));
    let rows = |driven: &Driven| tab(driven).list().map(|list| (list.filter.clone(), list.rows.len()));
    driven.app.update(Action::ShowLargest, 1);
    driven.press("ftool\n");
    let seen = rows(&driven);
    assert_eq!(seen, Some(("tool".to_owned(), 2)), "{}", driven.text());
    driven.press("\n");
    assert_eq!(tab(&driven).screen, Screen::Tree);
    driven.app.update(Action::ShowLargest, 1);
    driven.app.update(Action::ClearFilter, 1);
    driven.app.update(Action::ShowWaste, 1);
    driven.app.update(Action::Back, 1);
    assert_eq!(rows(&driven).map(|rows| rows.0), Some(String::new()));
    driven.app.update(Action::Back, 1);
    driven.app.update(Action::Back, 1);
    driven.wait();
    assert_eq!(rows(&driven), seen);
}

#[test]
fn going_back_from_the_files_of_a_package_of_two_images_shows_the_packages() {
    let layer = |version: &str| {
        let status =
            format!("Package: tool\nStatus: install ok installed\nVersion: {version}\nArchitecture: all\n");
        let files = "/.\n/usr\n/usr/bin\n/usr/bin/tool\n";
        let tool = Layer::new().file("usr/bin/tool", version);
        [tool.file("var/lib/dpkg/status", status).file("var/lib/dpkg/info/tool.list", files)]
    };
    let folder = Folder::with(layer("1"));
    folder.add("next", layer("2"));
    let compare = Some(Wanted { word: "next".to_owned(), platform: None });
    let mut driven = Driven::new(Start { compare, ..start() }, &Arc::new(folder), (110, 24));
    let part = |driven: &Driven| tab(driven).compared().map(|comparison| comparison.part);
    driven.press("p\n");
    assert_eq!(part(&driven), Some(Part::Files), "{}", driven.text());
    assert!(tab(&driven).filter().is_some());
    driven.app.update(Action::Back, 1);
    driven.wait();
    assert_eq!(part(&driven), Some(Part::Packages));
    assert!(tab(&driven).filter().is_none());
}

const NAMES: [&[u8]; 12] = [
    b"plain",
    b"esc\x1b[31m",
    b"esc\\u{1b}[31m",
    b"new\nline",
    b"new\\nline",
    b"latin\xe9",
    b"latin\\xe9",
    b"back\\slash\\",
    b"unit\\x2dname",
    b"bidi\xe2\x80\xaetxt",
    b"blank ",
    b"blank",
];

fn type_path(driven: &mut Driven, text: &str) {
    driven.app.update(Action::GoToPath, 1);
    driven.app.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
    driven.app.paste(text);
    driven.press("\n");
}

#[test]
fn a_path_that_was_copied_is_found_when_it_is_pasted() {
    let add = |layer: Layer, name: &&[u8]| layer.record("path", [b"dir/", *name].concat()).file("name", "x");
    let layer = NAMES.iter().fold(Layer::new(), add);
    let folder = Folder::with([layer]);
    folder.add("other", [Layer::new().file("dir/else", "x")]);
    let folder = Arc::new(folder);
    let compare = Some(Wanted { word: "other".to_owned(), platform: None });
    for start in [start(), Start { compare, ..start() }] {
        let mut driven = Driven::new(start, &folder, (110, 24));
        for name in NAMES {
            let path = TreePath::parse([b"dir/", name].concat()).expect("a path");
            type_path(&mut driven, "/dir");
            type_path(&mut driven, &path.to_string());
            assert_eq!(tab(&driven).selected_path(), Some(path.clone()), "{path}: {}", driven.text());
            // What is copied is what is pasted.
            driven.app.update(Action::CopyPath, 1);
            let copied = driven.app.take_tasks().into_iter().find_map(|task| match task {
                Task::Copy { text, .. } => Some(text),
                _ => None,
            });
            assert_eq!(copied, Some(path.to_string()));
            // Blanks around it do not matter, unless a name has them.
            type_path(&mut driven, &format!("  {path} \t"));
            assert_eq!(here(&driven), path.to_string().trim());
        }
    }
}

#[test]
fn what_is_no_path_is_said() {
    let mut driven = Driven::new(start(), &Arc::new(Folder::sample()), (110, 24));
    for (text, said) in [
        ("/app/\\u{1b", "`\\u{1` is no escape: expected `\\xff` for a byte, `\\u{1b}` for a character"),
        ("/app/\\xzz", "`\\xzz` is no escape"),
        ("/app/../etc", "has a `..` component"),
        ("/app/a\\u{0}b", "has a NUL byte"),
        ("/app/absent", "/app/absent is not shown: this is the nearest directory above it"),
    ] {
        type_path(&mut driven, text);
        assert_eq!(driven.with(said).len(), 1, "{text}: {}", driven.text());
    }
    // The longest path that there is, shown as long as it can be.
    let long = "\\u{1b}".repeat(4096);
    type_path(&mut driven, &long);
    let message = driven.app.messages.back().map(|message| message.text.clone()).unwrap_or_default();
    assert!(message.starts_with(&format!("/{long} is not shown")), "{} bytes", message.len());
}
