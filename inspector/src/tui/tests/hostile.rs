//! Images that are broken or mean harm, as text of the screens: what is wrong is said, and the screen stays
//! whole.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, edit_config, edit_manifest, write_layout_that_runs};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::images::Folder;
use super::sound;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::run::settled;
use crate::tui::source::Wanted;
use crate::tui::start::{Pane, Start, View};
use crate::tui::{lines, screen};

/// Sizes with three columns, two, one and hardly any.
const SIZES: [(u16, u16); 4] = [(150, 40), (90, 24), (40, 12), (7, 3)];

const VIEWS: [View; 7] =
    [View::Tree, View::Waste, View::Largest, View::Packages, View::Verdict, View::Facts, View::Blame];

fn start() -> Start {
    Start { images: vec![Wanted { word: "app".to_owned(), platform: None }], ..Start::default() }
}

/// The image `app` of a folder, opened again for every screen.
struct Made(Arc<Folder>);

impl Made {
    fn of(layers: impl IntoIterator<Item = Layer>) -> Self {
        Self(Arc::new(Folder::with(layers)))
    }

    fn folder(&self) -> PathBuf {
        self.0.0.join("app")
    }

    fn manifest(self, change: impl FnOnce(&mut Value)) -> Self {
        edit_manifest(&self.folder(), change).expect("a manifest");
        self
    }

    fn config(self, change: impl FnOnce(&mut Value)) -> Self {
        edit_config(&self.folder(), change).expect("a configuration");
        self
    }

    /// Returns the file of a layer.
    fn layer(&self, number: usize) -> PathBuf {
        let mut layer = PathBuf::new();
        edit_manifest(&self.folder(), |manifest| {
            let digest = manifest["layers"][number]["digest"].as_str().expect("a digest");
            layer = self.folder().join("blobs").join(digest.replace(':', "/"));
        })
        .expect("a manifest");
        layer
    }

    fn app(&self, start: Start, size: (u16, u16)) -> App {
        settled(start, Keymap::default(), self.0.clone(), size, 0)
    }

    /// Opens every view in every size, with everything unfolded, and checks the screens.
    #[track_caller]
    fn look(&self) {
        for view in VIEWS {
            let mut app = self.app(Start { view: Some(view), ..start() }, SIZES[0]);
            for size in SIZES {
                app.resize(size);
                sound::check(&app);
                for action in [Action::FocusTree, Action::ExpandAll, Action::Last, Action::FocusFacts] {
                    app.update(action, 1);
                    sound::check(&app);
                }
            }
        }
    }

    /// Returns the screen that a start leads to, after the same checks.
    #[track_caller]
    fn text(&self, start: Start) -> String {
        let app = self.app(start, (160, 45));
        lines(&sound::check(&app)).join("\n")
    }
}

/// Asserts that a text has these words.
#[track_caller]
fn has(text: &str, words: &[&str]) {
    // Long words are broken at the width of their pane.
    for word in words {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
}

/// Puts together what was broken into lines.
fn joined(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

fn ordinary() -> Layer {
    Layer::new().directory("bin").mode(0o755).file("bin/sh", b"#!/bin/false\n".repeat(400)).file("etc/x", "x")
}

#[test]
fn names_that_mean_harm_are_shown_harmless() {
    let names: [&[u8]; 12] = [
        b"\x1b[31mred\x1b]0;title\x07",
        b"new\nline\r\tand\x7fmore",
        b"\xff\xfe\x80",
        "\u{202e}gnp.exe\u{200b}\u{9b}31m".as_bytes(),
        "\u{200d}\u{200d}a\u{2066}".as_bytes(),
        "o\u{301}\u{302}\u{303}".as_bytes(),
        "\u{301}\u{302}leading marks".as_bytes(),
        "שלום\u{5b0} مرحبا".as_bytes(),
        "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🇩🇪🇩 👍🏽".as_bytes(),
        "ﾊﾞﾊﾟ\u{ff9e}".as_bytes(),
        b"%s%n$(touch x)`",
        b"\"'\\,;:",
    ];
    let mut layer = ordinary();
    for name in names {
        for folder in ["", "bin/", "日本/"] {
            layer = layer
                .record("path", [folder.as_bytes(), name].concat())
                .mode(0o4755)
                .file("x", "#!/bin/sh\n");
        }
        layer = layer.record("linkpath", name).symlink("bin/bash", "x");
    }
    let piled = "z".to_owned() + &"\u{301}".repeat(1000);
    let layer = layer
        .file(&piled, "x")
        .file(&"日".repeat(80), "x")
        .file(&"f".repeat(250), "x")
        .record("SCHILY.xattr.user.\u{1b}", "\u{1b}")
        .file("attributes", "\u{1b}[2J\u{202e}contents\u{9b}\n");
    let made = Made::of([layer]).config(|config| {
        config["history"][0]["created_by"] = json!("RUN \u{1b}[2J\u{9b}31m\nsecond line\r");
        config["config"] = json!({
            "User": "\u{1b}[31m", "Entrypoint": ["\u{1b}]0;x\u{7}", "\n"], "WorkingDir": "/\u{1b}",
            "Env": ["PATH=/bin:/\u{1b}[2J", "SECRET_\u{1b}=\u{9b}"], "Labels": {"\u{1b}[2J": "\u{1b}[2J\u{202e}"},
            "ExposedPorts": {"\u{1b}/tcp": {}}, "Volumes": {"/\u{1b}": {}},
        });
    });
    made.look();
    let tree = made.text(Start { pane: Some(Pane::Tree), ..start() });
    has(&tree, &["\\u{1b}[31mred\\u{1b}]0;title\\u{7}", "\\xff\\xfe\\x80", "\\u{202e}gnp.exe", "new\\nline"]);
    let facts = made.text(Start { view: Some(View::Facts), ..start() });
    has(&facts, &["RUN \\u{1b}[2J", "\\u{1b}[2J=\\u{1b}[2J\\u{202e}", "PATH=/bin:/\\u{1b}[2J"]);
    // Each of them under the cursor, with its preview and what became of it.
    let mut app = made.app(Start { pane: Some(Pane::Tree), ..start() }, (150, 20));
    for _ in 0..60 {
        app.update(Action::Down, 1);
        sound::check(&app);
        app.update(Action::Messages, 1);
        sound::check(&app);
        app.update(Action::Escape, 1);
    }
}

#[test]
fn names_of_any_width_leave_columns_where_they_are() {
    let names = ["日本語", "שלום", "e\u{301}x", "👍🏽", "🇩🇪", "ﾊﾞ", "कि", "a\u{200d}b", "❤\u{fe0f}", "plain"];
    let layer = names.iter().fold(Layer::new(), |layer, name| layer.file(&format!("{name}/{name}"), "12345"));
    let made = Made::of([layer]);
    let mut app = made.app(Start { pane: Some(Pane::Tree), ..start() }, (100, 40));
    app.update(Action::ExpandAll, 1);
    let screen = sound::check(&app);
    let area = app.layout.areas(&app).of(Pane::Tree).expect("the tree is seen");
    let heading = lines(&screen).into_iter().find(|line| line.contains("mode")).expect("a heading");
    let end_of_size = heading[..heading.rfind("size").expect("its size")].width() as u16 + 4;
    let rows: Vec<u16> = (area.top()..area.bottom())
        .filter(|y| (area.left()..area.right()).any(|x| !matches!(screen[(x, *y)].symbol(), " ")))
        .collect();
    assert_eq!(rows.len(), 2 * names.len());
    for y in rows {
        assert_eq!(screen[(end_of_size - 1, y)].symbol(), "B", "the sizes end in one column");
        assert_eq!(screen[(end_of_size, y)].symbol(), " ");
        assert_eq!(screen[(area.right(), y)].symbol(), app.glyphs.border.vertical_right);
    }
}

#[test]
fn the_cursor_stands_behind_what_is_typed() {
    let made = Made::of([ordinary()]);
    for (typed, columns) in [
        ("plain", 5),
        ("日本", 4),
        ("e\u{301}", 1),
        ("שלום", 4),
        ("👍🏽", 2),
        ("🇩🇪", 2),
        ("ﾊﾞ", 2),
        // Escapes take columns.
        ("a\u{202e}b", 10),
        ("\u{200b}", 8),
    ] {
        let mut app = made.app(start(), (60, 12));
        app.update(Action::Open, 1);
        app.paste(typed);
        let at = cursor(&app);
        assert_eq!(usize::from(at.0), "open: ".len() + columns, "{typed:?}");
        // At the beginning, and with far more than fits.
        app.key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE));
        assert_eq!(usize::from(cursor(&app).0), "open: ".len(), "{typed:?}");
        app.paste(&typed.repeat(100));
        sound::check(&app);
        assert!(cursor(&app).0 < 60);
    }
}

fn cursor(app: &App) -> (u16, u16) {
    let backend = ratatui::backend::TestBackend::new(app.size.0, app.size.1);
    let Ok(mut terminal) = ratatui::Terminal::new(backend);
    let Ok(_) = terminal.draw(|frame| crate::tui::view::draw(app, frame));
    let Ok(at) = terminal.get_cursor_position();
    (at.x, at.y)
}

/// Damages an image.
type Damage<'a> = &'a dyn Fn(&Made);

#[test]
fn damaged_layers_are_named_and_the_others_are_shown() {
    let made = || Made::of([ordinary(), Layer::new().file("upper", "1"), Layer::new().file("top", "2")]);
    let damage: [(&str, Damage<'_>); 5] = [
        ("truncated", &|made| {
            let bytes = fs::read(made.layer(1)).expect("a layer");
            fs::write(made.layer(1), &bytes[..bytes.len() / 2]).expect("half a layer");
        }),
        ("corrupted", &|made| {
            let mut bytes = fs::read(made.layer(1)).expect("a layer");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            fs::write(made.layer(1), bytes).expect("a layer");
        }),
        ("exchanged", &|made| {
            let mut bytes = fs::read(made.layer(1)).expect("a layer");
            bytes.fill(b'x');
            fs::write(made.layer(1), bytes).expect("a layer");
        }),
        ("longer", &|made| {
            let mut bytes = fs::read(made.layer(1)).expect("a layer");
            bytes.extend([0; 700]);
            fs::write(made.layer(1), bytes).expect("a layer");
        }),
        ("empty", &|made| fs::write(made.layer(1), "").expect("a layer")),
    ];
    for (name, damage) in damage {
        let made = made();
        damage(&made);
        made.look();
        let digest = made.layer(1).file_name().expect("a name").to_string_lossy().into_owned();
        let text = made.text(Start { layer: Some(1), pane: Some(Pane::Layers), ..start() });
        assert!(text.contains("damaged"), "{name}:\n{text}");
        has(&text, &["not read", "bin/", "some layers were not read", "layers: 3"]);
        let mut app = made.app(Start { layer: Some(1), pane: Some(Pane::Facts), ..start() }, (160, 45));
        let details = joined(&sound::pane(&app, Pane::Facts));
        assert!(details.contains(&digest[..12]), "{name}: the digest is not named in\n{details}");
        app.update(Action::FocusTree, 1);
        app.update(Action::ScopeChanges, 1);
        sound::check(&app);
        let text = made.text(Start { layer: Some(2), pane: Some(Pane::Tree), ..start() });
        has(&text, &["top", "bin/"]);
        assert!(!text.contains("upper"), "{name}:\n{text}");
    }
}

#[test]
fn layers_that_are_not_there_say_so() {
    let made = Made::of([ordinary(), Layer::new().file("upper", "1")]);
    fs::remove_file(made.layer(1)).expect("a layer");
    made.look();
    has(&made.text(Start { layer: Some(1), ..start() }), &["absent", "not read", "bin/"]);
    let foreign = Made::of([ordinary(), Layer::new().file("upper", "1")]).manifest(|manifest| {
        manifest["layers"][1]["mediaType"] = json!("application/vnd.example.layer+\u{1b}[2Jencrypted");
    });
    foreign.look();
    has(&foreign.text(Start { layer: Some(1), ..start() }), &["absent", "not read"]);
    let app = foreign.app(Start { layer: Some(1), pane: Some(Pane::Facts), ..start() }, (160, 45));
    has(&joined(&sound::pane(&app, Pane::Facts)), &["\\u{1b}[2Jencrypted"]);
}

#[test]
fn layers_that_are_no_archives_say_so() {
    let scratch = Scratch::new();
    let none: [&[u8]; 4] = [b"this is no archive at all", &[0; 3000], b"\x1f\x8b broken", &[0xff; 2048]];
    let config = json!({"Entrypoint": ["/none"]});
    write_layout_that_runs(&scratch.join("app"), "it", Codec::Gzip, none, config).expect("a layout");
    let made = Made(Arc::new(Folder(scratch)));
    made.look();
    let text = made.text(Start { layer: Some(0), ..start() });
    has(&text, &["damaged", "not read", "some layers were not read"]);
}

#[test]
fn documents_that_lie_are_found_out() {
    let double = Made::of([ordinary()]).manifest(|manifest| {
        let layer = manifest["layers"][0].clone();
        manifest["layers"].as_array_mut().expect("a list").push(layer);
    });
    double.look();
    has(&double.text(start()), &["2 layers", "1 diff ID"]);
    for size in [json!(1_u64 << 50), json!(10), json!(0), json!(-1), json!("many")] {
        let made = Made::of([ordinary()]).manifest(|manifest| manifest["layers"][0]["size"] = size.clone());
        made.look();
        let text = made.text(start());
        assert!(text.contains("damaged") || text.contains("cannot read `app`"), "{size}:\n{text}");
    }
    let wrong = Made::of([ordinary()])
        .config(|config| config["rootfs"]["diff_ids"][0] = json!(format!("sha256:{}", "0".repeat(64))));
    wrong.look();
    let none = Made::of([ordinary()]);
    fs::write(none.folder().join("index.json"), "\u{1b}[2J").expect("an index");
    none.look();
    has(&none.text(start()), &["cannot read `app`", "hint: name another image"]);
}

#[test]
fn images_without_layers_or_files_are_shown() {
    let none = Made::of([]);
    none.look();
    has(&none.text(start()), &["layers: 0", "no files"]);
    let empty = Made::of([Layer::new(), Layer::new()]);
    empty.look();
    has(&empty.text(start()), &["layers: 2", "no files"]);
    let gone = Made::of([
        ordinary(),
        Layer::new().whiteout("bin").whiteout("etc"),
        Layer::new().whiteout("nothing").opaque("nowhere").hard_link("x", "not/there").opaque("."),
    ]);
    gone.look();
    has(&gone.text(Start { layer: Some(1), ..start() }), &["bin/", "etc/"]);
}

#[test]
fn deep_wide_and_many_are_shown() {
    let mut deep = Layer::new();
    let mut path = String::new();
    while path.len() < 4000 {
        path.push_str("d/");
        deep = deep.directory(&path);
    }
    let deep = deep.file(&format!("{path}last"), "x");
    let wide = (0..300).fold(Layer::new(), |layer, number| layer.file(&format!("wide/{number}"), ""));
    let many = (0..126).map(|number| Layer::new().file(&format!("of/{number}"), "x"));
    let made = Made::of([deep, wide].into_iter().chain(many));
    made.look();
    let text = made.text(Start { pane: Some(Pane::Layers), ..start() });
    has(&text, &["layers: 128", "wide/"]);
    let app = made.app(Start { pane: Some(Pane::Tree), ..start() }, (100, 30));
    let path = attar_image::path::TreePath::parse(format!("{path}last")).expect("a path");
    let app = {
        drop(app);
        made.app(Start { at: Some(path.clone()), ..start() }, (100, 30))
    };
    assert_eq!(app.tab().and_then(|tab| tab.tree.selected_path()), Some(path));
    let text = lines(&sound::check(&app)).join("\n");
    has(&text, &["last"]);
}

#[test]
fn links_in_circles_and_to_nothing_are_shown() {
    let made = Made::of([
        Layer::new()
            .symlink("bin", "usr/bin")
            .symlink("usr/bin", "../bin")
            .symlink("lib", "lib")
            .symlink("up", "../../../../../../etc/passwd")
            .symlink("long", &"a/../".repeat(700))
            .hard_link("a", "a")
            .hard_link("b", "a")
            .hard_link("c", "no/such/file")
            .file("target", "x")
            .hard_link("good", "target"),
        Layer::new().hard_link("far", "target").whiteout("target"),
    ]);
    made.look();
    has(&made.text(Start { pane: Some(Pane::Tree), ..start() }), &["up", "etc/passwd", "good"]);
    for path in ["bin", "a", "c", "far", "good"] {
        for view in [View::Tree, View::Blame] {
            let at = Some(attar_image::path::TreePath::parse(path).expect("a path"));
            let app = made.app(Start { at, view: Some(view), ..start() }, (150, 30));
            sound::check(&app);
        }
    }
}

#[test]
fn files_larger_than_they_are_do_not_fill_the_memory() {
    let hole = |size: u64| {
        let mut map = b"0\n".to_vec();
        map.resize(512, 0);
        Layer::new()
            .record("GNU.sparse.major", "1")
            .record("GNU.sparse.minor", "0")
            .record("GNU.sparse.name", "var/log/lastlog")
            .record("GNU.sparse.realsize", size.to_string())
            .file("GNUSparseFile.0/lastlog", map)
    };
    let largest = i64::MAX as u64;
    let made =
        Made::of([hole(largest), hole(largest), Layer::new().whiteout("var/log/lastlog"), hole(1 << 20)]);
    made.look();
    let at = Some(attar_image::path::TreePath::parse("var/log/lastlog").expect("a path"));
    let text = made.text(Start { at, ..start() });
    has(&text, &["lastlog"]);
}

#[test]
fn long_documents_are_drawn_as_short_ones_are() {
    let app = |length: usize| {
        let made = Made::of([ordinary()]).config(|config| {
            config["history"][0]["created_by"] = json!("x\u{1b}".repeat(length));
            config["config"]["Labels"] = json!({"a": "日".repeat(length), "b": "y ".repeat(length)});
        });
        made.app(Start { view: Some(View::Facts), ..start() }, (160, 45))
    };
    // Both fill the screen. Taken in turns, and the best of each, so that a busy machine slows down both.
    let apps = [app(2_000), app(200_000)];
    let mut best = [Duration::MAX; 2];
    for _ in 0..10 {
        for (app, best) in apps.iter().zip(&mut best) {
            let start = Instant::now();
            screen(app);
            *best = start.elapsed().min(*best);
        }
    }
    let ratio = best[1].as_secs_f64() / best[0].as_secs_f64();
    // Drawn whole, a hundred times the text takes about a hundred times as long.
    assert!(ratio < 15.0, "{ratio} times as long: {best:?}");
}
