//! What is written to this machine, in folders of this machine.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use attar_image::path::TreePath;
use attar_image::stack::{Input, Settings, Stack};
use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout};
use proptest::prelude::*;

use super::*;
use crate::browse::{Hide, Range, ViewSettings};
use crate::tui::tests::images::Folder;
use crate::tui::worker::{show, snapshot};

/// An image that is looked at.
struct Looked {
    scratch: Scratch,
    opened: Opened,
    shown: Shown,
}

impl Looked {
    fn at(layers: impl IntoIterator<Item = Layer>) -> Self {
        Self::with(layers, |count| ViewSettings {
            range: Range { from: count - 1, to: count - 1 },
            hide: Hide { removed: true, ..Hide::default() },
            ..ViewSettings::default()
        })
    }

    fn with(layers: impl IntoIterator<Item = Layer>, settings: impl FnOnce(usize) -> ViewSettings) -> Self {
        let scratch = Scratch::new();
        let folder = scratch.join("image");
        write_layout(&folder, "it", Codec::Gzip, layers.into_iter().map(Layer::tar)).expect("a layout");
        let layout = attar_image::layout::Layout::open(&folder).expect("a layout");
        let image = layout.image(&layout.resolve(None).expect("an entry"), None).expect("an image");
        let mut inputs = Input::of_image(&image).expect("inputs");
        for input in &mut inputs {
            input.read(&layout, &Settings::default()).expect("a layer");
        }
        let settings = settings(inputs.len());
        let stack = Stack::of(inputs).expect("a stack");
        let (shown, _) = show::view(Arc::new(snapshot(stack, true)), settings, None, None);
        let opened = Opened {
            platforms: vec![image.platform.clone()],
            image,
            blobs: Arc::new(layout),
            fetching: None,
            analyses: None,
            is_root: false,
            place: "here".to_owned(),
        };
        Self { scratch, opened, shown }
    }

    fn extract(&self, path: &str) -> Result<Extracted, Failure> {
        self.extract_until(path, &Arc::default())
    }

    fn extract_until(&self, path: &str, meter: &Arc<Meter>) -> Result<Extracted, Failure> {
        let path = TreePath::parse(path).expect("a path");
        let path = self.shown.snapshot.stack.paths().find(&path).expect("a path of the image");
        extract(&Folder(Scratch::new()), &self.opened, &self.shown, path, &self.out(), meter)
    }

    fn out(&self) -> PathBuf {
        self.scratch.join("out")
    }
}

/// What stands below a folder: type and mode, and the content or where a link leads.
fn listed(folder: &Path) -> BTreeMap<Vec<u8>, (char, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder_) = pending.pop() {
        for item in fs::read_dir(&folder_).into_iter().flatten() {
            let path = item.expect("an item").path();
            let metadata = fs::symlink_metadata(&path).expect("metadata");
            let mode = metadata.mode() & 0o7777;
            let name = path.strip_prefix(folder).expect("below it").as_os_str().as_bytes().to_vec();
            let what = if metadata.is_symlink() {
                let target = fs::read_link(&path).expect("a link");
                ('l', 0, target.as_os_str().as_bytes().to_vec())
            } else if metadata.is_dir() {
                pending.push(path);
                ('d', mode, Vec::new())
            } else {
                ('f', mode, fs::read(&path).expect("a file"))
            };
            found.insert(name, what);
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    listed(folder).into_keys().map(|name| String::from_utf8_lossy(&name).into_owned()).collect()
}

#[test]
fn trees_are_written_as_they_are_but_without_privileges() {
    let looked = Looked::at([
        Layer::new()
            .mode(0o555)
            .directory("app")
            .mode(0o4755)
            .file("app/tool", "program")
            .hard_link("app/other", "app/tool")
            .symlink("app/link", "../../../etc/passwd")
            .symlink("app/circle", "circle")
            .mode(0o000)
            .file("app/secret", "hidden")
            .fifo("app/pipe")
            .device("app/null", 1, 3)
            .mode(0o1777)
            .directory("app/empty")
            .record("path", b"app/\xff\x1b[31m".as_slice())
            .file("x", "any bytes"),
        Layer::new().file("app/upper", "from another layer").hard_link("app/far", "app/tool"),
    ]);
    let extracted = looked.extract("app").expect("it can be written");
    assert_eq!(extracted.path, looked.out().join("app"));
    assert_eq!((extracted.entries, extracted.left_out), (10, 2));
    assert_eq!(extracted.bytes, 3 * 7 + 6 + 9 + 18);
    let found = listed(&looked.out());
    let of = |name: &[u8]| {
        let (kind, mode, content) = found[name].clone();
        (kind, mode, String::from_utf8(content).expect("text"))
    };
    // The umask of whoever runs it may take away more.
    assert_eq!((of(b"app").0, of(b"app").1 & 0o7700), ('d', 0o700), "it stays writable for its owner");
    assert_eq!((of(b"app/empty").0, of(b"app/empty").1 & 0o7000), ('d', 0));
    for name in [&b"app/tool"[..], b"app/other", b"app/far"] {
        let (kind, mode, content) = of(name);
        assert_eq!((kind, mode & 0o7700, content.as_str()), ('f', 0o700, "program"), "no setuid bit");
    }
    assert_eq!(of(b"app/link"), ('l', 0, "../../../etc/passwd".to_owned()));
    assert_eq!(of(b"app/circle"), ('l', 0, "circle".to_owned()));
    assert_eq!((of(b"app/secret").1, of(b"app/secret").2.as_str()), (0o600, "hidden"));
    assert_eq!(of(b"app/\xff\x1b[31m").2, "any bytes");
    assert_eq!(of(b"app/upper").2, "from another layer");
    assert_eq!(found.len(), 10);
}

#[test]
fn nothing_that_is_there_is_touched() {
    let looked = Looked::at([Layer::new()
        .directory("dir")
        .file("dir/file", "new")
        .file("file", "new")
        .symlink("link", "elsewhere")]);
    let out = looked.out();
    fs::create_dir_all(out.join("dir")).expect("a folder");
    fs::write(out.join("dir/file"), "old").expect("a file");
    fs::write(looked.scratch.join("outside"), "old").expect("a file");
    for (path, before) in [("file", "../outside"), ("link", "../nowhere")] {
        symlink(before, out.join(path)).expect("a link");
    }
    let before = listed(looked.scratch.path());
    for path in ["dir", "file", "link"] {
        let failure = looked.extract(path).expect_err("it is there");
        assert!(failure.message.contains(path) && failure.message.contains("exists"), "{failure:?}");
        assert_eq!(failure.hint.as_deref(), Some("nothing is overwritten: name another folder"));
        assert_eq!(listed(looked.scratch.path()), before, "{path}");
    }
    assert!(!looked.scratch.join("nowhere").exists());
}

#[test]
fn a_link_of_the_image_is_never_followed() {
    // The directory of a lower layer is a link later, and files were written through its name.
    let looked = Looked::at([
        Layer::new().directory("a").file("a/file", "1").file("b", "2"),
        Layer::new().whiteout("a").symlink("a", "../outside").file("a/through", "3"),
        Layer::new().symlink("b", "a").directory("c").symlink("c/d", ".."),
    ]);
    fs::create_dir(looked.scratch.join("outside")).expect("a folder");
    let extracted = looked.extract("/").expect("it can be written");
    assert_eq!(extracted.path, looked.out().join("root"));
    assert_eq!(names(&looked.scratch.join("outside")), Vec::<String>::new());
    for path in listed(&looked.out()).into_keys() {
        let path = looked.out().join(OsStr::from_bytes(&path));
        for above in path.ancestors().skip(1).take_while(|above| *above != looked.out()) {
            assert!(!above.is_symlink(), "{} is behind a link", path.display());
        }
    }
}

#[test]
fn what_took_the_place_of_a_directory_is_written_without_what_was_in_it() {
    let layers = || {
        [
            Layer::new().directory("x").file("x/in", "1").directory("y").file("y/in", "2"),
            Layer::new().file("x", "a file now").whiteout("y").symlink("y", "x"),
            Layer::new().whiteout("x"),
        ]
    };
    // With what is removed.
    for layer in 0..3 {
        let looked = Looked::with(layers(), |_| ViewSettings {
            range: Range { from: 0, to: layer },
            ..ViewSettings::default()
        });
        let extracted = looked.extract("/").expect("it can be written");
        let found = names(&looked.out());
        assert_eq!(found.len() as u64, extracted.entries, "{found:?}");
        assert!(found.contains(&"root/x".to_owned()), "{found:?}");
    }
}

#[test]
fn a_layer_that_is_damaged_is_told_and_what_was_written_stays() {
    let looked = Looked::at([
        Layer::new().file("d/a", vec![b'a'; 1000]),
        Layer::new().file("d/b", (0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()),
    ]);
    let digest = looked.opened.image.manifest.layers[1].digest;
    let blob = looked.scratch.join("image/blobs").join(digest.to_string().replace(':', "/"));
    let bytes = fs::read(&blob).expect("a layer");
    File::options()
        .write(true)
        .open(&blob)
        .and_then(|file| file.set_len(bytes.len() as u64 / 2))
        .expect("half a layer");
    let failure = looked.extract("d").expect_err("it cannot be read");
    assert!(failure.message.contains(&digest.to_string()) || failure.message.contains("d/b"), "{failure:?}");
    assert!(
        failure.hint.as_deref().is_some_and(|hint| hint.contains("2 entries were written")),
        "{failure:?}"
    );
    assert_eq!(fs::read(looked.out().join("d/a")).expect("a file"), vec![b'a'; 1000]);
}

#[test]
fn names_that_this_machine_cannot_have_are_told() {
    let long = "n".repeat(300);
    let looked = Looked::at([Layer::new().directory("d").file(&format!("d/{long}"), "x").file("d/ok", "y")]);
    let failure = looked.extract("d").expect_err("no name is so long");
    assert!(failure.message.starts_with("cannot write `"), "{failure:?}");
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("written before")), "{failure:?}");
    let mut path = String::new();
    while path.len() < 4200 {
        path.push_str("deep/");
    }
    let path = &path[..4090];
    let looked = Looked::at([Layer::new().file(&format!("{path}f"), "x")]);
    let failure = looked.extract("deep").expect_err("no path is so long");
    assert!(failure.message.starts_with("cannot write `"), "{failure:?}");
}

#[test]
fn folders_are_made_and_files_are_none() {
    let looked = Looked::at([Layer::new().file("file", "x")]);
    let path = looked.shown.snapshot.stack.paths().find(&TreePath::parse("file").expect("a path"));
    let path = path.expect("a path of the image");
    let inside = looked.scratch.join("not/there/yet");
    extract(&Folder(Scratch::new()), &looked.opened, &looked.shown, path, &inside, &Arc::default())
        .expect("the folder is made");
    assert_eq!(fs::read(inside.join("file")).expect("a file"), b"x");
    let file = looked.scratch.join("not/there/yet/file");
    let failure =
        extract(&Folder(Scratch::new()), &looked.opened, &looked.shown, path, &file, &Arc::default())
            .expect_err("a file");
    assert!(failure.message.contains("cannot write"), "{failure:?}");
    assert_eq!(fs::read(file).expect("a file"), b"x");
}

#[test]
fn it_can_be_stopped() {
    let looked = Looked::at([Layer::new().directory("d").file("d/a", vec![b'a'; 5000])]);
    let meter = Arc::<Meter>::default();
    meter.cancel();
    let failure = looked.extract_until("d", &meter).expect_err("nobody waits for it");
    assert_eq!(failure.message, "stopped writing");
}

const NAMES: [&str; 9] = ["a", "b", "a/a", "a/b", "a/b/c", "b/x", "日本", "日本/語", "c"];

fn layers() -> impl Strategy<Value = Vec<Vec<(u8, usize, usize)>>> {
    let entry = (0_u8..9, 0..NAMES.len(), 0..NAMES.len());
    prop::collection::vec(prop::collection::vec(entry, 0..8), 1..4)
}

fn layer(entries: &[(u8, usize, usize)]) -> Layer {
    entries.iter().fold(Layer::new(), |layer, (kind, path, other)| {
        let (path, link) = (NAMES[*path], NAMES[*other]);
        let up = format!("../../../{link}");
        match kind {
            0 | 1 => layer.mode(0o6711).file(path, link.repeat(200)),
            2 => layer.mode(0o000).directory(path),
            3 => layer.symlink(path, &up),
            4 => layer.symlink(path, link),
            5 => layer.hard_link(path, link),
            6 => layer.whiteout(path),
            7 => layer.opaque(path),
            _ => layer.fifo(path),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_shown_is_written_below_the_folder(layers in layers(), from in 0_usize..3, removed: bool) {
        let looked = Looked::with(layers.iter().map(|entries| layer(entries)), |count| ViewSettings {
            range: Range { from: from.min(count - 1), to: count - 1 },
            hide: Hide { removed, ..Hide::default() },
            ..ViewSettings::default()
        });
        let outside = |folder: &Scratch| {
            let mut found = listed(folder.path());
            found.retain(|name, _| !name.starts_with(b"out"));
            found
        };
        let before = outside(&looked.scratch);
        let meter = Arc::default();
        let extracted = extract(&Folder(Scratch::new()), &looked.opened, &looked.shown, PathId::ROOT, &looked.out(), &meter);
        let extracted = extracted.map_err(|failure| TestCaseError::fail(failure.message))?;
        prop_assert_eq!(outside(&looked.scratch), before);
        let found = listed(&looked.out());
        prop_assert_eq!(found.len() as u64, extracted.entries);
        let stack = &looked.shown.snapshot.stack;
        for (name, (kind, mode, content)) in &found {
            prop_assert_eq!(mode & 0o7000, 0);
            let Some(name) = name.strip_prefix(b"root/") else { continue };
            let path = TreePath::parse(name).expect("a path");
            let path = stack.paths().find(&path).expect("a path of the image");
            prop_assert!(looked.shown.view.is_shown(path));
            let Some(entry) = looked.shown.view.entry(path) else {
                prop_assert_eq!(*kind, 'd');
                continue;
            };
            match stack.row(stack.linked(entry)).form {
                Form::File if *kind == 'f' => {
                    prop_assert_eq!(content.len() as u64, stack.row(stack.linked(entry)).size);
                }
                Form::Symlink if *kind == 'l' => {
                    prop_assert_eq!(content.as_slice(), stack.symlink(entry).expect("its target"));
                }
                form => prop_assert_eq!((*kind, form == Form::Directory || removed_directory(&looked, path)), ('d', true)),
            }
        }
    }
}

/// Says whether something that is no directory any more stands for the one that it replaced.
fn removed_directory(looked: &Looked, path: PathId) -> bool {
    looked.shown.view.mark(path) == Some(Mark::Removed) && !looked.shown.view.children(path).is_empty()
}
