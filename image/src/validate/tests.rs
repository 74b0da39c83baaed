use super::*;
use crate::layer::compression::Codec;
use crate::layout::Writer;
use crate::manifest::{History, REF_NAME};
use crate::testing::{Files, Scratch, image, index, referrer};

/// The findings as text: digests by what they name, folders as `DIR`.
fn findings(scratch: &Scratch, entry: &Descriptor) -> Vec<String> {
    let names = names(&scratch.layout, entry);
    validate(&scratch.layout, std::slice::from_ref(entry))
        .iter()
        .map(|finding| {
            let severity = if finding.severity == Severity::Error { "E" } else { "W" };
            let mut text = format!("{severity} {finding}");
            for (digest, name) in &names {
                text = text.replace(&digest.to_string(), name).replace(&digest.hex(), name);
            }
            text.replace(&scratch.layout.directory().display().to_string(), "DIR")
        })
        .collect()
}

/// Names for the digests of an entry.
fn names(layout: &Layout, entry: &Descriptor) -> Vec<(Digest, String)> {
    let mut names = vec![(entry.digest, "ENTRY".to_owned())];
    for image in layout.images(entry).unwrap_or_default() {
        let layers = image.manifest.layers.iter().enumerate();
        names.extend(layers.map(|(number, layer)| (layer.digest, format!("LAYER{}", number + 1))));
        let diff_ids = image.config.rootfs.diff_ids.iter().enumerate();
        names.extend(diff_ids.map(|(number, id)| (id.0, format!("DIFF{}", number + 1))));
        names.push((image.manifest.config.digest, "CONFIG".to_owned()));
        names.push((image.descriptor.digest, "MANIFEST".to_owned()));
    }
    names
}

fn one(layers: &[Files<'_>]) -> Vec<String> {
    let scratch = Scratch::new();
    let entry = image(&scratch.writer(), "amd64", Codec::GZIP, layers).with_annotation(REF_NAME, "app");
    findings(&scratch, &entry)
}

/// Stores an image like `entry` with other documents.
fn edited(
    writer: &Writer,
    entry: &Descriptor,
    edit: impl FnOnce(&mut Manifest, &mut ImageConfig),
) -> Descriptor {
    let image = writer.image(entry, None).expect("the image");
    let (mut manifest, mut config) = (image.manifest.into_value(), image.config.into_value());
    edit(&mut manifest, &mut config);
    manifest.config = writer.put_document(media_type::CONFIG, &Document::new(config)).expect("stored");
    let stored = writer.put_document(media_type::MANIFEST, &Document::new(manifest)).expect("stored");
    Descriptor { digest: stored.digest, size: stored.size, ..entry.clone() }
}

#[test]
fn what_attar_writes_is_valid() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
        let layers: &[Files<'_>] = &[
            &[("etc/", ""), ("etc/motd", "1"), ("lib", "-> usr/lib")],
            &[("lib/x", "2"), ("etc/.wh.motd", "")],
        ];
        let images = ["amd64", "arm64"].map(|platform| image(&writer, platform, codec, layers));
        let app = index(&writer, images.into());
        let evidence = referrer(&writer, &app, "evidence");
        assert_eq!(findings(&scratch, &app), [""; 0], "{codec}");
        assert_eq!(findings(&scratch, &evidence), [""; 0], "{codec}");
        writer.replace_entry(Some(&codec.to_string()), &app, &[evidence]).expect("an entry");
    }
    let entries = scratch.layout.index().expect("an index").into_value().manifests;
    assert_eq!(validate(&scratch.layout, &entries), []);
}

#[test]
fn layers_are_looked_into() {
    for (case, layers, expected) in [
        (
            "no directory",
            &[&[("a/b", "1")][..]][..],
            &["W app layer 1 LAYER1: `/a/b` has no directory in this layer or below"][..],
        ),
        ("a lower directory", &[&[("a/", "")], &[("a/b", "1")]], &[]),
        (
            "below a file",
            &[&[("a", "1")], &[("a/b", "1")]],
            &["E app layer 2 LAYER2: `/a/b` stands below `/a`, which is no directory"],
        ),
        ("below a link", &[&[("a", "-> b")], &[("a/b", "1"), ("a/.wh.c", "")]], &[]),
        (
            "nothing to take away",
            &[&[("a", "1")], &[(".wh.b", ""), (".wh.a", "")]],
            &["W app layer 2 LAYER2: `/b` is taken away and in no lower layer"],
        ),
    ] {
        assert_eq!(one(layers), expected, "{case}");
    }
}

#[test]
fn alike_findings_are_counted() {
    let files: Vec<(String, &str)> = (0..25).map(|number| (format!("d/{number:02}"), "x")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let found = one(&[&files]);
    assert_eq!(found.len(), 11);
    assert_eq!(found[9], "W app layer 1 LAYER1: `/d/09` has no directory in this layer or below");
    assert_eq!(found[10], "W app layer 1 LAYER1: 15 more of this kind");
}

#[test]
fn documents_must_agree() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let good = image(&writer, "amd64", Codec::GZIP, &[&[("a", "1")], &[("b", "2")]]);
    type Edit<'a> = &'a dyn Fn(&mut Manifest, &mut ImageConfig);
    let cases: &[(&str, Edit<'_>, &[&str])] = &[
        ("nothing", &|_, _| {}, &[]),
        (
            "another platform",
            &|_, config| config.platform = Platform::new("linux", "arm64", None),
            &["E ENTRY: the index says linux/amd64, the configuration linux/arm64"],
        ),
        (
            "no platform",
            &|_, config| config.platform.architecture.clear(),
            &[
                "E ENTRY: the configuration names no platform",
                "E ENTRY: the index says linux/amd64, the configuration linux/",
            ],
        ),
        (
            "too few diff IDs",
            &|_, config| config.rootfs.diff_ids.truncate(1),
            &["E ENTRY: the manifest has 2 layers, the configuration 1 diff IDs"],
        ),
        (
            "swapped layers",
            &|manifest, _| manifest.layers.swap(0, 1),
            &[
                "E ENTRY layer 1 LAYER1: the diff ID differs: expected DIFF1, found DIFF2",
                "E ENTRY layer 2 LAYER2: the diff ID differs: expected DIFF2, found DIFF1",
            ],
        ),
        (
            "history of another image",
            &|_, config| config.history = vec![History::default()],
            &["W ENTRY: the manifest has 2 layers, the history 1 steps that make one"],
        ),
        (
            "another compression",
            &|manifest, _| manifest.layers[1].media_type = media_type::LAYER_ZSTD.to_owned(),
            &["E ENTRY layer 2 LAYER2: the layer has the media type \
               `application/vnd.oci.image.layer.v1.tar+zstd`, its compression is gzip"],
        ),
        (
            "another media type",
            &|manifest, _| manifest.media_type = Some(media_type::DOCKER_MANIFEST.to_owned()),
            &["E ENTRY: the descriptor says `application/vnd.oci.image.manifest.v1+json`, the document \
               `application/vnd.docker.distribution.manifest.v2+json`"],
        ),
        (
            "a configuration that cannot be used",
            &|_, config| {
                config.rootfs.kind = "disk".to_owned();
                config.config = Some(Config { env: vec!["PATH".to_owned()], ..Config::default() });
            },
            &[
                "E ENTRY: the root file system has the type `disk`: expected `layers`",
                "E ENTRY: environment entry `PATH`: expected `NAME=VALUE`",
            ],
        ),
    ];
    for (case, edit, expected) in cases {
        assert_eq!(findings(&scratch, &edited(&writer, &good, edit)), *expected, "{case}");
    }
    let twice = index(
        &writer,
        vec![good.clone(), edited(&writer, &good, |_, config| config.author = Some("x".into()))],
    );
    assert_eq!(findings(&scratch, &twice), ["E ENTRY linux/amd64: the index has this platform twice"]);
}

#[test]
fn damaged_blobs_are_found_everywhere() {
    let damage = |find: fn(&Image) -> &Descriptor, bytes: Option<&[u8]>| -> Vec<String> {
        let scratch = Scratch::new();
        let entry = image(&scratch.writer(), "amd64", Codec::None, &[&[("a", "1")], &[("b", "2")]]);
        let image = scratch.layout.image(&entry, None).expect("the image");
        let names = names(&scratch.layout, &entry);
        let path = scratch.layout.blob_path(&find(&image).digest);
        match bytes {
            Some(bytes) => std::fs::write(path, bytes).expect("a file"),
            None => std::fs::remove_file(path).expect("a file"),
        }
        let mut found = findings(&scratch, &entry);
        for (digest, name) in names {
            found.iter_mut().for_each(|text| {
                *text = text.replace(&digest.to_string(), &name).replace(&digest.hex(), &name);
            });
        }
        found
    };
    let layer: fn(&Image) -> &Descriptor = |image| &image.manifest.layers[1];
    assert_eq!(
        damage(layer, None),
        ["E ENTRY layer 2 LAYER2: cannot read layer LAYER2: OCI image layout `DIR` has no blob LAYER2"]
    );
    assert_eq!(
        damage(layer, Some(b"x")),
        [
            "E ENTRY layer 2 LAYER2: cannot read layer LAYER2: blob `DIR/blobs/sha256/LAYER2` is damaged: size \
          mismatch: expected 2048 bytes, found 1"
        ]
    );
    assert_eq!(
        damage(|image| &image.manifest.config, None),
        ["E ENTRY: OCI image layout `DIR` has no blob CONFIG"]
    );
    assert_eq!(
        damage(|image| &image.descriptor, None),
        ["E ENTRY: OCI image layout `DIR` has no blob ENTRY"]
    );
}

/// Stores an image of one layer with members of the `tar` crate.
fn raw(writer: &Writer, members: &[(&str, ::tar::EntryType, &str)]) -> Descriptor {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, kind, text) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(0);
        if text.is_empty() {
            builder.append_data(&mut header, name, &b""[..]).expect("memory takes all");
        } else {
            builder.append_link(&mut header, name, text).expect("memory takes all");
        }
    }
    let tar = builder.into_inner().expect("memory takes all");
    let layer = writer.put(media_type::LAYER, &tar[..], None).expect("stored");
    let diff_id = DiffId(layer.digest);
    edited(writer, &image(writer, "amd64", Codec::None, &[]), |manifest, config| {
        manifest.layers = vec![layer];
        config.rootfs.diff_ids = vec![diff_id];
    })
}

#[test]
fn members_must_fit_together() {
    use ::tar::EntryType::{Directory, Link, Regular};
    let scratch = Scratch::new();
    let writer = scratch.writer();
    for (case, members, expected) in [
        (
            "twice",
            &[("a", Regular, ""), ("a", Regular, "")][..],
            &["W ENTRY layer 1 DIFF1: `/a` stands there twice"][..],
        ),
        (
            "order",
            &[("d/a", Regular, ""), ("d", Directory, "")],
            &["W ENTRY layer 1 DIFF1: `/d/a` stands before its directory"],
        ),
        (
            "dangling link",
            &[("a", Link, "b"), ("b", Regular, "")],
            &["E ENTRY layer 1 DIFF1: hard link `/a` leads to `/b`, which is no earlier entry"],
        ),
        (
            "link to a directory",
            &[("d", Directory, ""), ("a", Link, "d")],
            &["E ENTRY layer 1 DIFF1: hard link `/a` leads to the directory `/d`"],
        ),
        ("good link", &[("a", Regular, ""), ("b", Link, "a")], &[]),
    ] {
        let found = findings(&scratch, &raw(&writer, members));
        let found: Vec<_> = found.iter().map(|text| text.replace("LAYER1", "DIFF1")).collect();
        assert_eq!(found, expected, "{case}");
    }
}
