use super::*;
use crate::filesystem::Kind;
use crate::layer::compression::Codec;
use crate::manifest::{Descriptor, Document, Manifest};
use crate::testing::{Files, Scratch, image};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a valid path")
}

fn stack(layers: &[Files<'_>]) -> (Scratch, Stack) {
    let scratch = Scratch::new();
    let entry = image(&scratch.writer(), "amd64", Codec::GZIP, layers);
    let image = scratch.layout.image(&entry, None).expect("the image");
    let stack = Stack::read(&scratch.layout, &image).expect("a stack");
    (scratch, stack)
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
    assert_eq!(history("d/a"), [(0, Change::Added), (1, Change::Repeated), (3, Change::Removed)]);
    assert_eq!(
        history("d/b"),
        [(0, Change::Added), (1, Change::Replaced), (3, Change::Removed), (4, Change::Added)]
    );
    assert_eq!(history("never"), []);
    assert_eq!(stack.layers()[3].whiteouts, [Whiteout::Path(path("d"))]);
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

    let mut order = Vec::new();
    stack
        .visit_contents(&scratch.layout, &wanted, |content, reader| {
            // A visitor may read as much as it likes.
            let mut start = [0; 2];
            reader.read_exact(&mut start)?;
            order.push((content.size, String::from_utf8_lossy(&start).into_owned()));
            Ok(())
        })
        .expect("contents");
    let order: Vec<_> = order.iter().map(|(size, start)| (*size, start.as_str())).collect();
    assert_eq!(order, [(3, "on"), (3000, "xx"), (5, "th"), (4, "fo")]);
}

/// A layer that was read from members of the `tar` crate, hard links among them.
fn layer(members: &[(&str, ::tar::EntryType, &str)]) -> Layer {
    let scratch = Scratch::new();
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, kind, text) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if kind.is_hard_link() {
            header.set_size(0);
            builder.append_link(&mut header, name, text).expect("memory takes all");
        } else {
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, name, text.as_bytes()).expect("memory takes all");
        }
    }
    let tar = builder.into_inner().expect("memory takes all");
    let blob = scratch.writer().put("layer", &tar[..], None).expect("stored");
    let members = read_members(&scratch.layout, &blob).expect("members");
    assert_eq!((members.diff_id, members.size), (DiffId(Digest::of(&tar)), tar.len() as u64));
    Layer::new(blob, None, members)
}

#[test]
fn hard_links_reach_into_lower_layers() {
    use ::tar::EntryType::{Link, Regular};
    let stack = Stack::of(vec![
        layer(&[("a", Regular, "1"), ("b", Link, "a"), ("z", Regular, "other")]),
        layer(&[
            ("c", Regular, "2"),
            ("d", Link, "c"),
            ("e", Link, "a"),
            ("f", Link, "nothing"),
            ("z", Link, "c"),
        ]),
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
    assert_eq!(stack.layers()[1].lower_links.len(), 2);
}

#[test]
fn links_that_replace_files_do_not_mix_groups() {
    use ::tar::EntryType::{Link, Regular};
    let files = [("a", Regular, "1"), ("b", Regular, "2"), ("x", Regular, "3"), ("y", Regular, "4")];
    let links = [("x", Link, "a"), ("y", Link, "b"), ("a", Regular, "5")];
    let layer = layer(&[&files[..], &links].concat());
    let group = |name: &str| match layer.tree.get(&path(name)).expect("a file").kind {
        Kind::File { links, .. } => links.map(|group| group.0),
        _ => None,
    };
    assert_eq!(["a", "b", "x", "y"].map(group), [None, Some(1), Some(0), Some(1)]);
}

#[test]
fn what_is_not_the_image_is_no_stack() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let entry = image(&writer, "amd64", Codec::GZIP, &[&[("a", "1")], &[("b", "2")]]);
    let image = writer.image(&entry, None).expect("the image");
    let message = |image: &Image| {
        let error = Stack::read(&scratch.layout, image).expect_err("another image");
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
    let noise = writer.put("layer", &[7; 600][..], None).expect("stored");
    let text = message(&changed(vec![noise.clone(), layers[1].clone()]));
    assert!(text.starts_with(&format!("cannot read layer {}: invalid checksum", noise.digest)), "{text}");
    std::fs::write(writer.blob_path(&layers[0].digest), "x").expect("a file");
    let text = message(&image);
    assert!(text.starts_with(&format!("cannot read layer {}: blob `", layers[0].digest)), "{text}");
}
