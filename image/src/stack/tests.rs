mod oracle;

use std::collections::BTreeSet;

use super::*;
use crate::filesystem::Kind;
use crate::layer::compression::Codec;
use crate::layout::Layout;
use crate::manifest::{Descriptor, Document, Manifest};
use crate::path::TreePath;
use crate::testing::{Files, Scratch, image};

const DIGESTS: Settings<'_> = Settings { verify: false, digests: true, cache: None };

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a valid path")
}

fn stack(layers: &[Files<'_>]) -> (Scratch, Stack) {
    let scratch = Scratch::new();
    let stack = read(&scratch, Codec::GZIP, layers, &DIGESTS);
    (scratch, stack)
}

fn read(scratch: &Scratch, codec: Codec, layers: &[Files<'_>], settings: &Settings<'_>) -> Stack {
    let entry = image(&scratch.writer(), "amd64", codec, layers);
    let image = scratch.layout.image(&entry, None).expect("the image");
    Stack::read(&scratch.layout, &image, settings).expect("a stack")
}

/// Every path of the merged view with the number of the layer that wrote it.
fn view(layers: &[Files<'_>]) -> Vec<String> {
    let (_scratch, stack) = stack(layers);
    let line = |path: &TreePath| format!("{path} {}", stack.origin(path).expect("an origin"));
    stack.tree().iter().map(|(path, _)| line(path)).collect()
}

#[test]
fn layers_cover_each_other() {
    let base: Files<'_> = &[("d/", ""), ("d/a", "1"), ("d/b", "2"), ("d-x", "3"), ("f", "4")];
    for (case, upper, expected) in [
        ("nothing", &[][..], &["/d 0", "/d-x 0", "/d/a 0", "/d/b 0", "/f 0"][..]),
        ("a file is deleted", &[("d/.wh.a", "")], &["/d 0", "/d-x 0", "/d/b 0", "/f 0"]),
        ("a directory is deleted", &[(".wh.d", "")], &["/d-x 0", "/f 0"]),
        (
            "a directory is deleted and made anew in one layer",
            &[(".wh.d", ""), ("d/", ""), ("d/new", "")],
            &["/d 1", "/d-x 0", "/d/new 1", "/f 0"],
        ),
        (
            "a directory becomes opaque",
            &[("d/", ""), ("d/.wh..wh..opq", ""), ("d/new", "")],
            &["/d 1", "/d-x 0", "/d/new 1", "/f 0"],
        ),
        ("a directory becomes a file", &[("d", "now a file")], &["/d 1", "/d-x 0", "/f 0"]),
        (
            "a file becomes a directory",
            &[("f/", ""), ("f/x", "")],
            &["/d 0", "/d-x 0", "/d/a 0", "/d/b 0", "/f 1", "/f/x 1"],
        ),
        (
            "a file gives way to what is below it",
            &[("f/x", "")],
            &["/d 0", "/d-x 0", "/d/a 0", "/d/b 0", "/f/x 1"],
        ),
        (
            "a directory stays when it is named again",
            &[("d/", "")],
            &["/d 1", "/d-x 0", "/d/a 0", "/d/b 0", "/f 0"],
        ),
        (
            "what is not there is deleted",
            &[(".wh.nothing", "")],
            &["/d 0", "/d-x 0", "/d/a 0", "/d/b 0", "/f 0"],
        ),
        (
            "names that only look like whiteouts",
            &[(".wh.", ""), (".wh...", ""), ("d/.wh..", ""), (".wh..wh.plnk/1.2", ""), (".wh..wh.aufs", "")],
            &["/d 0", "/d-x 0", "/d/a 0", "/d/b 0", "/f 0"],
        ),
    ] {
        assert_eq!(view(&[base, upper]), expected, "{case}");
    }
}

#[test]
fn links_of_lower_layers_are_followed() {
    let base: Files<'_> =
        &[("lib", "-> usr/lib"), ("usr/lib/a", "1"), ("usr/lib/b", "2"), ("loop", "-> loop")];
    let upper: Files<'_> = &[("lib/.wh.a", ""), ("lib/c", "3"), ("loop/x", "4")];
    assert_eq!(view(&[base, upper]), ["/lib 0", "/loop/x 1", "/usr/lib/b 0", "/usr/lib/c 1"]);
    let replaced: Files<'_> = &[("lib/", ""), ("lib/c", "3")];
    assert_eq!(view(&[base, replaced]), ["/lib 1", "/lib/c 1", "/loop 0", "/usr/lib/a 0", "/usr/lib/b 0"]);
}

#[test]
fn a_path_has_a_history() {
    let (_scratch, stack) = stack(&[
        &[("d/a", "1"), ("d/b", "1")],
        &[("d/a", "1"), ("d/b", "2")],
        &[("other", "")],
        &[(".wh.d", "")],
        &[("d/b", "3")],
    ]);
    let history = |text: &str| -> Vec<(usize, Change)> {
        stack.history(&path(text)).into_iter().map(|event| (event.layer, event.change)).collect()
    };
    assert_eq!(history("d/a"), [(0, Change::Added), (1, Change::Unchanged), (3, Change::Removed)]);
    assert_eq!(
        history("d/b"),
        [(0, Change::Added), (1, Change::Modified), (3, Change::Removed), (4, Change::Added)]
    );
    assert_eq!(history("never"), []);
}

#[test]
fn contents_are_found_in_their_layers() {
    let big = "x".repeat(3000);
    let (scratch, stack) = stack(&[
        &[("a", "one"), ("b", &big), ("c", "one"), ("d", "three")],
        &[("e", "three"), ("f", "four"), (".wh.b", "")],
    ]);
    let digests = |texts: &[&str]| texts.iter().map(Digest::of).collect::<BTreeSet<_>>();
    let wanted = digests(&["one", "three", "four", &big, "nowhere"]);
    let found = stack.contents(&scratch.layout, &wanted, 100).expect("contents");
    let found: Vec<_> = found.values().map(|bytes| std::str::from_utf8(bytes).expect("UTF-8")).collect();
    assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), ["one", "three", "four"].into());

    let wanted = ["f", "a", "d", "c"].map(|name| stack.find(&path(name)).expect("a file"));
    let mut order = Vec::new();
    stack
        .visit_contents(&scratch.layout, wanted, &mut |entry, reader| {
            // A visitor may read as much as it likes.
            let mut start = [0; 2];
            reader.read_exact(&mut start)?;
            order.push((stack.row(entry).size, String::from_utf8_lossy(&start).into_owned()));
            Ok(())
        })
        .expect("contents");
    let order: Vec<_> = order.iter().map(|(size, start)| (*size, start.as_str())).collect();
    assert_eq!(order, [(3, "on"), (3, "on"), (5, "th"), (4, "fo")]);
}

/// The layers of members of the `tar` crate, hard links among them.
fn stack_of(layers: &[&[(&str, ::tar::EntryType, &str)]]) -> Stack {
    let scratch = Scratch::new();
    let inputs = layers.iter().map(|members| input(&scratch.layout, &tar(members))).collect();
    let mut stack = Stack::of(inputs).expect("a stack");
    stack.tell_rewritten(&scratch.layout, &DIGESTS).expect("the contents are there");
    stack
}

fn tar(members: &[(&str, ::tar::EntryType, &str)]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, kind, text) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if kind.is_hard_link() || kind.is_symlink() {
            header.set_size(0);
            builder.append_link(&mut header, name, text).expect("memory takes all");
        } else {
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, name, text.as_bytes()).expect("memory takes all");
        }
    }
    builder.into_inner().expect("memory takes all")
}

fn input(layout: &Layout, tar: &[u8]) -> Input {
    let writer = layout.write(crate::layout::Durability::Process).expect("the lock");
    let descriptor = writer.put(media_type::LAYER, tar, None).expect("stored");
    let table = read_layer(layout, &descriptor, Some(DiffId(Digest::of(tar))), &DIGESTS).expect("a layer");
    Input { descriptor, diff_id: None, created_by: None, table: Ok(table) }
}

#[test]
fn hard_links_reach_into_lower_layers() {
    use ::tar::EntryType::{Link, Regular};
    let stack = stack_of(&[
        &[("a", Regular, "1"), ("b", Link, "a"), ("z", Regular, "other")],
        &[("c", Regular, "2"), ("d", Link, "c"), ("e", Link, "a"), ("f", Link, "nothing"), ("z", Link, "c")],
    ]);
    let groups: Vec<_> = stack
        .tree()
        .iter()
        .map(|(path, entry)| match &entry.kind {
            Kind::File { content, links } => (path.to_string(), content.digest, links.map(|group| group.0)),
            other => panic!("{other:?}"),
        })
        .collect();
    let [one, two] = ["1", "2"].map(Digest::of);
    let expected =
        [("/a", one, 0), ("/b", one, 0), ("/c", two, 1), ("/d", two, 1), ("/e", one, 0), ("/z", two, 1)];
    assert_eq!(groups, expected.map(|(path, digest, group)| (path.to_owned(), digest, Some(group))));
}

#[test]
fn links_that_replace_files_do_not_mix_groups() {
    use ::tar::EntryType::{Link, Regular};
    let files = [("a", Regular, "1"), ("b", Regular, "2"), ("x", Regular, "3"), ("y", Regular, "4")];
    let links = [("x", Link, "a"), ("y", Link, "b"), ("a", Regular, "5")];
    let tree = stack_of(&[&[&files[..], &links].concat()]).tree();
    let group = |name: &str| match tree.get(&path(name)).expect("a file").kind {
        Kind::File { links, .. } => links.map(|group| group.0),
        _ => None,
    };
    assert_eq!(["a", "b", "x", "y"].map(group), [None, Some(0), None, Some(0)]);
}

/// The dead of a stack: layer, path, killing layer, reason.
fn dead(stack: &Stack) -> Vec<String> {
    let all = (0..stack.layers().len()).flat_map(|layer| stack.entries(layer));
    let line = |entry: EntryId| {
        let death = stack.death(entry)?;
        let (layer, path) = (stack.layer_of(entry), stack.paths().path(stack.place(entry)));
        Some(format!("{layer} {path} {} {}", death.layer, death.reason.name()))
    };
    all.filter_map(line).collect()
}

#[test]
fn every_way_to_die_is_told() {
    use ::tar::EntryType::{Directory, Link, Regular, Symlink};
    let big = "x".repeat(5000);
    let base = [("d", Directory, ""), ("d/a", Regular, &big[..]), ("f", Regular, "text")];
    for (case, upper, expected, reclaimable) in [
        ("deleted", &[("d/.wh.a", Regular, "")][..], &["0 /d/a 1 deleted"][..], 5000),
        (
            "with its directory",
            &[(".wh.d", Regular, "")],
            &["0 /d 1 deleted", "0 /d/a 1 directory-deleted"],
            5000,
        ),
        ("opaque", &[("d/.wh..wh..opq", Regular, "")], &["0 /d/a 1 opaque"], 5000),
        ("replaced", &[("f", Regular, "tent")], &["0 /f 1 replaced"], 4),
        ("identical", &[("f", Regular, "text")], &["0 /f 1 rewritten-identical"], 4),
        (
            "taken away and brought again",
            &[("f", Regular, "text"), (".wh.f", Regular, "")],
            &["0 /f 1 rewritten-identical"],
            4,
        ),
        ("of another type", &[("d", Symlink, "f")], &["0 /d 1 type-change", "0 /d/a 1 type-change"], 5000),
        ("twice in one archive", &[("n", Regular, "1"), ("n", Regular, "22")], &["1 /n 1 same-layer"], 1),
        (
            "linked elsewhere",
            &[("g", Link, "f"), (".wh.d", Regular, "")],
            &["0 /d 1 deleted", "0 /d/a 1 directory-deleted"],
            5000,
        ),
    ] {
        let stack = stack_of(&[&base, upper]);
        assert_eq!(dead(&stack), expected, "{case}");
        let total = 5004
            + upper.iter().filter(|(_, kind, _)| kind.is_file()).map(|it| it.2.len() as u64).sum::<u64>();
        assert_eq!(stack.figures(), Figures { total, reclaimable }, "{case}");
    }
}

#[test]
fn a_file_lives_as_long_as_one_of_its_names() {
    use ::tar::EntryType::{Link, Regular};
    let base: &[(&str, ::tar::EntryType, &str)] = &[("a", Regular, "1"), ("b", Link, "a")];
    let one = stack_of(&[base, &[(".wh.a", Regular, "")]]);
    assert_eq!(dead(&one), Vec::<String>::new());
    assert_eq!(one.end_of_name(one.entries(0).next().expect("an entry")).map(|death| death.layer), Some(1));
    let two = stack_of(&[base, &[(".wh.a", Regular, "")], &[(".wh.b", Regular, "")]]);
    assert_eq!(dead(&two), ["0 /a 2 deleted", "0 /b 2 deleted"]);
    assert_eq!(two.figures(), Figures { total: 1, reclaimable: 1 });
}

#[test]
fn metadata_alone_is_told_from_content() {
    let scratch = Scratch::new();
    let write = |mode: u32| {
        let mut builder = ::tar::Builder::new(Vec::new());
        let mut header = ::tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_size(3);
        builder.append_data(&mut header, "f", &b"one"[..]).expect("memory takes all");
        builder.into_inner().expect("memory takes all")
    };
    let inputs = vec![input(&scratch.layout, &write(0o644)), input(&scratch.layout, &write(0o755))];
    let mut stack = Stack::of(inputs).expect("a stack");
    assert_eq!(dead(&stack), ["0 /f 1 replaced"], "nothing is compared yet");
    stack.tell_rewritten(&scratch.layout, &Settings::default()).expect("the contents are there");
    assert_eq!(dead(&stack), ["0 /f 1 metadata-only"]);
}

/// Remembers everything.
#[derive(Debug, Default)]
struct Memory {
    values: std::sync::Mutex<std::collections::BTreeMap<String, Vec<u8>>>,
}

impl Analyses for Memory {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.values.lock().expect("no test panics here").get(key).cloned()
    }

    fn store(&self, key: &str, value: &[u8]) {
        self.values.lock().expect("no test panics here").insert(key.to_owned(), value.to_owned());
    }
}

#[test]
fn analyses_are_kept_and_never_taken_for_those_of_other_bytes() {
    let layers: &[Files<'_>] = &[&[("a", "1"), ("b", "-> a")], &[("a", "1")]];
    for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
        let scratch = Scratch::new();
        let memory = Memory::default();
        let settings = Settings { cache: Some(&memory), ..Settings::default() };
        let cold = read(&scratch, codec, layers, &settings);
        assert_eq!(dead(&cold), ["0 /a 1 rewritten-identical"], "{codec}");
        let keys = memory.values.lock().expect("no test panics here").len();
        let digest = cold.layers()[0].descriptor.digest;
        let blob = scratch.layout.blob_path(&digest);
        let bytes = std::fs::read(&blob).expect("the blob");
        // The analysis alone is left: what it says did not come from the file.
        std::fs::write(&blob, vec![0; bytes.len()]).expect("writable");
        let mut again = Input {
            descriptor: cold.layers()[0].descriptor.clone(),
            diff_id: cold.layers()[0].diff_id,
            created_by: None,
            table: Err(Absence::Missing),
        };
        again.read(&scratch.layout, &settings).expect("zeros are an archive without entries");
        let found = again.table.map(|table| table.len());
        match codec {
            // Nobody compared the plain blob with its digest: changed bytes are read again.
            Codec::None => assert_eq!(found, Ok(0), "{codec}"),
            _ => assert_eq!(found, Ok(2), "{codec}"),
        }
        assert!(keys > 0, "{codec}");
        std::fs::write(&blob, bytes).expect("writable");
        let warm = read(&scratch, codec, layers, &settings);
        assert_eq!(dead(&warm), dead(&cold), "{codec}");
    }
}

#[test]
fn how_files_begin_is_known_however_they_are_read() {
    let long = "\x7fELF".to_owned() + &"x".repeat(100_000);
    let layers: &[Files<'_>] = &[&[
        ("elf", "\x7fELF"),
        ("long", &long),
        ("almost", "\x7fEL"),
        ("script", "#!"),
        ("empty", ""),
        ("link", "-> elf"),
        ("d/", ""),
    ]];
    let digests = |stack: &Stack| stack.tree().iter().map(|(_, entry)| entry.clone()).collect::<Vec<_>>();
    let whole = read(&Scratch::new(), Codec::GZIP, layers, &DIGESTS);
    for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
        let scratch = Scratch::new();
        let memory = Memory::default();
        let cached = Settings { cache: Some(&memory), ..Settings::default() };
        // The second time it comes from the cache.
        for settings in [cached, cached, DIGESTS] {
            let stack = read(&scratch, codec, layers, &settings);
            let magic = |name: &str| stack.row(stack.find(&path(name)).expect("an entry")).magic;
            assert_eq!([magic("elf"), magic("long")], [Magic::Elf; 2], "{codec}");
            assert_eq!(magic("script"), Magic::Script, "{codec}");
            for other in ["almost", "empty", "link", "d"] {
                assert_eq!(magic(other), Magic::Other, "{other}, {codec}");
            }
        }
        let stack = read(&scratch, codec, layers, &DIGESTS);
        assert_eq!(digests(&stack), digests(&whole), "the first bytes are hashed too");
    }
}

#[test]
fn layers_that_are_not_there_are_said_to_be_absent() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let entry = image(&writer, "amd64", Codec::GZIP, &[&[("a", "1")], &[("b", "2")]]);
    let image = writer.image(&entry, None).expect("the image");
    let state = |change: &dyn Fn(&mut Descriptor)| {
        let mut layers = image.manifest.layers.clone();
        change(&mut layers[0]);
        let manifest = Document::new(Manifest::image(image.manifest.config.clone(), layers));
        let image = Image { manifest, ..image.clone() };
        let stack = Stack::read(&scratch.layout, &image, &Settings::default()).expect("a stack");
        assert_eq!(stack.view().len(), 1, "the other layer is read");
        stack.layers()[0].state.clone()
    };
    let elsewhere = Digest::of("elsewhere");
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let encrypted = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    let absent = |absence| State::Absent(absence);
    assert_eq!(state(&|layer| layer.digest = elsewhere), absent(Absence::Missing));
    let to_foreign = |layer: &mut Descriptor| {
        layer.digest = elsewhere;
        layer.media_type = foreign.to_owned();
    };
    assert_eq!(state(&to_foreign), absent(Absence::Foreign));
    let found = state(&|layer| layer.media_type = encrypted.to_owned());
    assert_eq!(found, absent(Absence::MediaType(encrypted.to_owned())));
}

#[test]
fn what_is_not_the_image_is_no_stack() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let entry = image(&writer, "amd64", Codec::GZIP, &[&[("a", "1")], &[("b", "2")]]);
    let image = writer.image(&entry, None).expect("the image");
    let message = |image: &Image| {
        let error = Stack::read(&scratch.layout, image, &DIGESTS).expect_err("another image");
        match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    };
    let layers = &image.manifest.layers;
    let changed = |layers: Vec<Descriptor>| {
        let manifest = Document::new(Manifest::image(image.manifest.config.clone(), layers));
        Image { manifest, ..image.clone() }
    };
    let text = message(&changed(vec![layers[1].clone(), layers[0].clone()]));
    assert!(text.starts_with(&format!("layer {} has another diff ID: expected", layers[1].digest)), "{text}");
    let text = message(&changed(vec![layers[0].clone()]));
    assert_eq!(text, format!("image {} has 1 layers and 2 diff IDs", entry.digest));
    let noise = writer.put(media_type::LAYER, &[7; 600][..], None).expect("stored");
    let text = message(&changed(vec![noise.clone(), layers[1].clone()]));
    assert!(text.starts_with(&format!("cannot read layer {}: invalid checksum", noise.digest)), "{text}");
    std::fs::write(writer.blob_path(&layers[0].digest), "x").expect("a file");
    let text = message(&image);
    assert!(text.starts_with(&format!("cannot read layer {}: blob `", layers[0].digest)), "{text}");
}

#[test]
fn a_name_ends_when_it_goes_and_its_bytes_with_the_last_name() {
    use ::tar::EntryType::{Link, Regular};
    let gone = |name| (name, Regular, "");
    let stack = stack_of(&[
        &[("a", Regular, "1"), ("b", Link, "a")],
        &[gone(".wh.a")],
        &[gone(".wh.b"), ("a", Regular, "1")],
    ]);
    let [first, second] = [0, 1].map(|number| stack.entries(0).nth(number).expect("two entries"));
    let layer = |death: Option<Death>| death.map(|death| death.layer);
    assert_eq!((layer(stack.end_of_name(first)), layer(stack.death(first))), (Some(1), Some(2)));
    assert_eq!(layer(stack.end_of_name(second)), Some(2));
    let changes: Vec<_> = stack.history(&path("a")).iter().map(|touch| (touch.layer, touch.change)).collect();
    assert_eq!(changes, [(0, Change::Added), (1, Change::Removed), (2, Change::Added)]);
}
