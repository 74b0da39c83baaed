use super::*;
use crate::layer::compression::Codec;
use crate::layout::Writer;
use crate::manifest::Manifest;
use crate::testing::{Files, Scratch, image, index};

const BASE: Files<'_> = &[("etc/", ""), ("etc/motd", "welcome"), ("etc/link", "-> motd")];

/// Stores an index of one image with these layers.
fn entry(writer: &Writer, codec: Codec, layers: &[Files<'_>]) -> Descriptor {
    let image = image(writer, "amd64", codec, layers);
    index(writer, vec![image])
}

/// The first difference as text: platform, layer, path, field and both values, digests cut short.
fn said(scratch: &Scratch, expected: &Descriptor, found: &Descriptor) -> Option<String> {
    let side = |entry| Side { layout: &scratch.layout, entry };
    let difference = first(side(expected), side(found), None).expect("readable documents")?;
    let Difference { platform, layer, path, field, expected, found } = difference;
    let value = |value: Value| match value {
        Value::Digest(digest) => digest.hex()[..8].to_owned(),
        other => other.to_string(),
    };
    Some(format!(
        "{} layer {} `{}` {field}: {} {}",
        platform.map_or(String::from("index"), |platform| platform.to_string()),
        layer.map_or(String::from("none"), |layer| layer.number.to_string()),
        path.unwrap_or_default(),
        value(expected),
        value(found),
    ))
}

#[test]
fn the_first_layer_file_and_field_are_named() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let base = entry(&writer, Codec::GZIP, &[BASE, &[("a", "x")]]);
    let short = |text: &str| Digest::of(text).hex()[..8].to_owned();
    let cases: [(&[Files<'_>], String); 6] = [
        (&[BASE, &[("a", "y")]], format!("linux/amd64 layer 1 `/a` content: {} {}", short("x"), short("y"))),
        (
            &[&[("etc/", ""), ("etc/motd", "wélcome"), ("etc/link", "-> x")], &[("a", "y")]],
            "linux/amd64 layer 0 `/etc/link` link target: motd x".into(),
        ),
        (&[BASE, &[("a", "-> x")]], "linux/amd64 layer 1 `/a` type: file symlink".into()),
        (&[BASE, &[("a", "x"), ("b", "")]], "linux/amd64 layer 1 `/b` presence: not there there".into()),
        (
            &[&[("etc/", "")], &[("a", "x")]],
            "linux/amd64 layer 0 `/etc/link` presence: there not there".into(),
        ),
        (&[BASE], "linux/amd64 layer none `/` number of layers: 2 1".into()),
    ];
    for (layers, expected) in cases {
        assert_eq!(said(&scratch, &base, &entry(&writer, Codec::GZIP, layers)), Some(expected));
    }
    assert_eq!(said(&scratch, &base, &entry(&writer, Codec::GZIP, &[BASE, &[("a", "x")]])), None);
}

#[test]
fn another_compression_of_the_same_contents_is_said_as_such() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let base = entry(&writer, Codec::GZIP, &[BASE]);
    let other = entry(&writer, Codec::Gzip { level: 1 }, &[BASE]);
    let side = |entry| Side { layout: &scratch.layout, entry };
    let difference = first(side(&base), side(&other), None).expect("readable").expect("they differ");
    assert!(difference.is_compression_alone(), "{difference:?}");
    assert_eq!(difference.layer.map(|layer| layer.number), Some(0));
}

#[test]
fn bytes_are_not_believed() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let base = entry(&writer, Codec::None, &[BASE]);
    let other = Scratch::new();
    let copy = entry(&other.writer(), Codec::None, &[BASE]);
    assert_eq!(copy.digest, base.digest);
    let layer = scratch.layout.images(&base).expect("an image")[0].manifest.layers[0].clone();
    let path = other.layout.blob_path(&layer.digest);
    let bytes = std::fs::read(&path).expect("the layer");
    let edited = String::from_utf8(bytes).expect("text").replace("welcome", "goodbye");
    std::fs::write(&path, edited).expect("the layer can be written");
    let difference = first(
        Side { layout: &scratch.layout, entry: &base },
        Side { layout: &other.layout, entry: &copy },
        None,
    );
    let difference = difference.expect("readable documents").expect("a difference");
    assert_eq!(difference.path.map(|path| path.to_string()).as_deref(), Some("/etc/motd"));
    assert_eq!(difference.field, Field::Content);
}

#[test]
fn documents_differ_by_pointer() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let base = entry(&writer, Codec::GZIP, &[BASE]);
    let edited = |edit: &dyn Fn(&mut Manifest)| {
        let image = writer.image(&base, None).expect("the image");
        let mut manifest = image.manifest.into_value();
        edit(&mut manifest);
        let stored = writer.put_document(media_type::MANIFEST, &Document::new(manifest)).expect("stored");
        index(&writer, vec![stored.with_platform("amd64".parse().expect("a platform"))])
    };
    let annotated = edited(&|manifest| drop(manifest.annotations.insert("a/b".into(), "1".into())));
    assert_eq!(
        said(&scratch, &base, &annotated).as_deref(),
        Some("linux/amd64 layer none `/` manifest /annotations: not there {\"a/b\":\"1\"}")
    );
    let two = index(
        &writer,
        ["amd64", "arm64"].map(|platform| image(&writer, platform, Codec::GZIP, &[BASE])).into(),
    );
    assert_eq!(
        said(&scratch, &two, &base).as_deref(),
        Some("linux/arm64 layer none `/` presence: there not there")
    );
    assert_eq!(
        said(&scratch, &base, &two).as_deref(),
        Some("linux/arm64 layer none `/` presence: not there there")
    );
}
