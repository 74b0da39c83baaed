use std::collections::BTreeMap;
use std::io::Cursor;

mod in_place;

use super::*;
use crate::layer::compression::{Codec, compress};
use crate::layout::{Layout, Writer};
use crate::manifest::{Descriptor, Document, Index, REF_NAME, media_type};
use crate::platform::Platform;
use crate::reference::Reference;
use crate::testing::{Scratch, image, index, referrer, tar};

const LAYERS: &[&[(&str, &str)]] = &[&[("etc/", ""), ("etc/motd", "welcome")], &[("app", "app")]];

/// Reads an archive with the `tar` crate: names with contents, in order.
fn list(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ::tar::Archive::new(archive);
    let members = archive.entries().expect("an archive").map(|member| {
        let mut member = member.expect("a member");
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("its bytes");
        assert_eq!(member.header().mtime().expect("a time"), 0);
        (String::from_utf8(member.path_bytes().into_owned()).expect("UTF-8"), bytes)
    });
    members.collect()
}

fn names(archive: &[u8]) -> Vec<String> {
    list(archive).into_iter().map(|(name, _)| name).collect()
}

fn oci(layout: &Layout, entries: &[Descriptor]) -> Vec<u8> {
    let mut out = Vec::new();
    write_oci_archive(layout, entries, &mut out).expect("memory takes all");
    out
}

fn docker(layout: &Layout, entry: &Descriptor, references: &[&str]) -> Vec<u8> {
    let references: Vec<Reference> =
        references.iter().map(|text| text.parse().expect("a reference")).collect();
    let images = layout.images(entry).expect("images");
    let mut out = Vec::new();
    write_docker_archive(layout, &images, &references, &mut out).expect("memory takes all");
    out
}

fn both(writer: &Writer, codec: Codec) -> Descriptor {
    index(writer, ["amd64", "arm64"].map(|name| image(writer, name, codec, LAYERS)).into())
}

fn message(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", message(source)),
        None => error.to_string(),
    }
}

/// Imports into an empty layout, and checks that only what is needed is kept.
fn imported(archive: &[u8]) -> Result<(Scratch, Vec<Packed>), String> {
    let scratch = Scratch::new();
    let images = import(Cursor::new(archive.to_vec()), &scratch.writer());
    let entries = images.iter().flatten();
    let needed =
        scratch.layout.reach(entries.flat_map(|imported| imported.referrers.iter().chain([&imported.entry])));
    assert_eq!(scratch.writer().list_blobs().expect("blobs"), needed.blobs);
    assert_eq!(needed.missing, []);
    match images {
        Ok(images) => Ok((scratch, images)),
        Err(error) => Err(message(&error).replace(&scratch.layout.directory().display().to_string(), "DIR")),
    }
}

#[test]
fn oci_archives_hold_the_entry_and_nothing_else() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    image(&writer, "s390x", Codec::GZIP, LAYERS);
    let app = both(&writer, Codec::GZIP).with_annotation(REF_NAME, "app");
    let evidence = referrer(&writer, &app, "evidence");
    let entries = [app.clone(), evidence.clone()];
    let archive = oci(&writer, &entries);
    assert_eq!(archive, oci(&writer, &entries));
    let reach = writer.reach(&entries).blobs;
    let expected: Vec<String> = ["oci-layout", "index.json", "blobs/", "blobs/sha256/"]
        .map(str::to_owned)
        .into_iter()
        .chain(reach.iter().map(blob_name))
        .collect();
    assert_eq!(names(&archive), expected);

    let (other, images) = imported(&archive).expect("an image");
    assert_eq!(
        images,
        [Packed { entry: app.clone(), names: vec!["app".to_owned()], referrers: vec![evidence] }]
    );
    assert_eq!(oci(&other.layout, &entries), archive);
    for codec in [Codec::Gzip { level: 1 }, Codec::ZSTD] {
        let (_, again) = imported(&compress(codec, &archive).expect("memory takes all")).expect("an image");
        assert_eq!(again, images, "{codec}");
    }
}

#[test]
fn docker_archives_name_every_platform() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let app = both(&writer, Codec::GZIP);
    let archive = docker(&writer, &app, &["app:1", "ghcr.io/acme/app"]);
    assert_eq!(archive, docker(&writer, &app, &["app:1", "ghcr.io/acme/app"]));
    let images = writer.images(&app).expect("images");
    let [amd64, arm64] = [0, 1].map(|place| format!("{}.json", images[place].config.digest().hex()));
    let layers: Vec<String> =
        images[0].manifest.layers.iter().map(|layer| format!("{}.tar.gz", layer.digest.hex())).collect();
    assert_eq!(names(&archive), ["manifest.json", &amd64, &layers[0], &layers[1], &arm64]);
    let layers = format!(r#""Layers":["{}","{}"]"#, layers[0], layers[1]);
    let expected = format!(
        r#"[{{"Config":"{amd64}","RepoTags":["docker.io/library/app:1","ghcr.io/acme/app:latest","docker.io/library/app:1-linux-amd64","ghcr.io/acme/app:latest-linux-amd64"],{layers}}},{{"Config":"{arm64}","RepoTags":["docker.io/library/app:1-linux-arm64","ghcr.io/acme/app:latest-linux-arm64"],{layers}}}]"#
    );
    assert_eq!(String::from_utf8(list(&archive)[0].1.clone()).expect("UTF-8"), expected);

    let (other, back) = imported(&archive).expect("images");
    assert_eq!(back[1].names, ["docker.io/library/app:1-linux-arm64", "ghcr.io/acme/app:latest-linux-arm64"]);
    let digests: Vec<_> = back.iter().map(|imported| imported.entry.digest).collect();
    let originals: Vec<_> = images.iter().map(|image| image.descriptor.digest).collect();
    assert_eq!(digests, originals, "an OCI image survives the way through Docker's format");
    assert_eq!(other.layout.images(&back[0].entry).expect("images")[0].platform.to_string(), "linux/amd64");
}

#[test]
fn tags_of_one_platform_stay_as_they_are() {
    let platforms = ["linux/amd64", "linux/arm/v7"].map(|text| text.parse::<Platform>().expect("a platform"));
    let long = format!("app:{}", "x".repeat(120));
    let references = ["app", "app:1", &long].map(|text| text.parse::<Reference>().expect("a reference"));
    let texts = |platforms: &[Platform], references: &[Reference]| -> Vec<Vec<String>> {
        let tags = platform_tags(platforms, references);
        tags.iter().map(|tags| tags.iter().map(Reference::familiar).collect()).collect()
    };
    assert_eq!(texts(&platforms[..1], &references[..2]), [["app:latest", "app:1"]]);
    assert_eq!(
        texts(&platforms, &references[..2]),
        [
            &["app:latest", "app:1", "app:latest-linux-amd64", "app:1-linux-amd64"][..],
            &["app:latest-linux-arm-v7", "app:1-linux-arm-v7"],
        ]
    );
    assert_eq!(texts(&platforms, &references[2..]), [vec![long], vec![]]);
}

#[test]
fn docker_archives_never_hold_zstd() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let app = image(&writer, "amd64", Codec::ZSTD, LAYERS);
    let plain = image(&writer, "amd64", Codec::None, LAYERS);
    let archive = docker(&writer, &app, &["app"]);
    assert_eq!(archive, docker(&writer, &plain, &["app"]));
    let members: BTreeMap<_, _> = list(&archive).into_iter().collect();
    let layer = tar(LAYERS[0]);
    assert_eq!(members[&format!("{}.tar", Digest::of(&layer).hex())], layer);
}

/// Writes an archive of these members; a content that starts with `-> ` is a symbolic link.
fn pack(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = ::tar::Header::new_gnu();
        header.set_mode(0o644);
        match bytes.strip_prefix(b"-> ") {
            Some(target) => {
                header.set_entry_type(::tar::EntryType::Symlink);
                header.set_size(0);
                let target = std::str::from_utf8(target).expect("UTF-8");
                builder.append_link(&mut header, name, target).expect("memory takes all");
            }
            None => {
                header.set_size(bytes.len() as u64);
                builder.append_data(&mut header, name, *bytes).expect("memory takes all");
            }
        }
    }
    builder.into_inner().expect("memory takes all")
}

/// The configuration of an amd64 image of two plain layers, and the layers.
fn parts() -> (Vec<u8>, [Vec<u8>; 2]) {
    let scratch = Scratch::new();
    let app = image(&scratch.writer(), "amd64", Codec::None, LAYERS);
    let config = scratch.layout.images(&app).expect("images")[0].config.bytes().to_vec();
    (config, [tar(LAYERS[0]), tar(LAYERS[1])])
}

#[test]
fn classic_docker_archives_are_read() {
    let (config, [lower, upper]) = parts();
    let gzip = compress(Codec::GZIP, &upper).expect("memory takes all");
    let manifest =
        br#"[{"Config":"abc.json","RepoTags":["app:1"],"Layers":["one/layer.tar","two/layer.tar"]}]"#;
    let bare =
        br#"[{"Config":"abc.json","RepoTags":null,"Layers":["one/layer.tar","two/layer.tar"],"Parent":"x"}]"#;
    let common: Vec<(&str, &[u8])> = vec![
        ("one/VERSION", b"1.0"),
        ("one/layer.tar", &lower),
        ("abc.json", &config),
        ("repositories", b"{}"),
        ("manifest.json", manifest),
    ];
    let plain = image(&Scratch::new().writer(), "amd64", Codec::None, LAYERS);
    for (case, members, digest, names) in [
        ("layers in folders", vec![("two/layer.tar", &upper[..])], Some(plain.digest), &["app:1"][..]),
        (
            "a link to a layer",
            vec![("x.tar", &upper), ("two/layer.tar", b"-> ../x.tar")],
            Some(plain.digest),
            &["app:1"],
        ),
        ("a compressed layer", vec![("two/layer.tar", &gzip)], None, &["app:1"]),
        ("no tags", vec![("two/layer.tar", &upper), ("manifest.json", bare)], Some(plain.digest), &[]),
    ] {
        let members: Vec<_> = common.iter().cloned().chain(members).collect();
        let (scratch, images) = imported(&pack(&members)).expect(case);
        assert_eq!(images[0].names, names, "{case}");
        assert!(digest.is_none_or(|digest| images[0].entry.digest == digest), "{case}");
        let layers = &scratch.layout.images(&images[0].entry).expect("images")[0].manifest.layers;
        let expected = if digest.is_some() { media_type::LAYER } else { media_type::LAYER_GZIP };
        assert_eq!(layers[1].media_type, expected, "{case}");
    }
}

#[test]
fn newest_docker_archives_are_read_by_their_index() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let [amd64, arm64] = ["amd64", "arm64"].map(|name| image(&writer, name, Codec::GZIP, LAYERS));
    let attestation =
        referrer(&writer, &amd64, "provenance").with_platform("unknown/unknown".parse().expect("a platform"));
    let full = index(&writer, vec![amd64.clone(), arm64.clone(), attestation])
        .with_annotation(crate::manifest::CONTAINERD_NAME, "docker.io/library/app:1")
        .with_annotation(REF_NAME, "1");
    let config = writer.images(&amd64).expect("images")[0].manifest.config.digest;
    let manifest =
        format!(r#"[{{"Config":"blobs/sha256/{}","RepoTags":["app:1"],"Layers":[]}}]"#, config.hex());
    let top = Document::new(Index::of(vec![full.clone()]));
    let save = |left_out: &[Digest]| {
        let blobs: Vec<(String, Vec<u8>)> = writer
            .reach([&full])
            .blobs
            .iter()
            .filter(|digest| !left_out.contains(digest))
            .map(|digest| (blob_name(digest), std::fs::read(writer.blob_path(digest)).expect("a blob")))
            .collect();
        let mut members: Vec<(&str, &[u8])> =
            blobs.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
        members.extend([
            ("index.json", top.bytes()),
            ("manifest.json", manifest.as_bytes()),
            ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
        ]);
        pack(&members)
    };
    let names = ["docker.io/library/app:1", "1", "app:1"].map(str::to_owned).to_vec();
    let (_, images) = imported(&save(&[])).expect("an image");
    assert_eq!(images, [Packed { entry: full.clone(), names: names.clone(), referrers: vec![] }]);

    // An engine that pulled one platform of many still exports the whole index.
    let (_, images) = imported(&save(&[arm64.digest])).expect("an image");
    assert_eq!(images, [Packed { entry: amd64, names, referrers: vec![] }]);
}

#[test]
fn what_is_no_whole_image_is_refused() {
    let (config, [lower, upper]) = parts();
    let manifest = br#"[{"Config":"c","Layers":["one","two"]}]"#;
    let scratch = Scratch::new();
    let app = image(&scratch.writer(), "amd64", Codec::None, LAYERS);
    let archive = oci(&scratch.layout, std::slice::from_ref(&app));
    let mut members = list(&archive);
    let place = members.iter().position(|(name, _)| name.ends_with(&app.digest.hex())).expect("the manifest");
    members[place].1[0] = b'[';
    let damaged: Vec<(&str, &[u8])> = members
        .iter()
        .filter(|(name, _)| !name.ends_with('/'))
        .map(|(name, bytes)| (name.as_str(), &bytes[..]))
        .collect();
    let without: Vec<_> =
        damaged.iter().filter(|(name, _)| !name.ends_with(&app.digest.hex())).copied().collect();
    for (case, archive, expected) in [
        ("nothing", pack(&[]), "the archive is empty".to_owned()),
        ("no tar", b"x".repeat(600), "expected an image in a tar archive, found text".to_owned()),
        (
            "a root file system",
            pack(&[("etc/motd", b"")]),
            "the archive holds no image: expected ".to_owned(),
        ),
        ("truncated", archive[..archive.len() - 3000].to_vec(), "cannot ".to_owned()),
        (
            "a damaged blob",
            pack(&damaged),
            format!("blob `{}` is damaged: checksum mismatch", blob_name(&app.digest)),
        ),
        ("a missing blob", pack(&without), format!("the archive has no blob {}", app.digest)),
        (
            "a missing layer",
            pack(&[("manifest.json", manifest), ("c", &config), ("one", &lower)]),
            "the archive has no member `two`, which its `manifest.json` names".to_owned(),
        ),
        (
            "a link in a circle",
            pack(&[
                ("manifest.json", manifest),
                ("c", &config),
                ("one", &lower),
                ("two", b"-> three"),
                ("three", b"-> two"),
            ]),
            "the archive has no member `two`".to_owned(),
        ),
        (
            "swapped layers",
            pack(&[("manifest.json", manifest), ("c", &config), ("one", &upper), ("two", &lower)]),
            format!(
                "layer {} has another diff ID: expected {}, found",
                Digest::of(&upper),
                Digest::of(&lower)
            ),
        ),
        (
            "one layer",
            pack(&[
                ("manifest.json", br#"[{"Config":"c","Layers":["one"]}]"#),
                ("c", &config),
                ("one", &lower),
            ]),
            format!("image {} has 1 layers and 2 diff IDs", Digest::of(&config)),
        ),
        (
            "no JSON",
            pack(&[("manifest.json", b"{")]),
            "cannot read `manifest.json` of the archive: ".to_owned(),
        ),
        (
            "a huge index",
            pack(&[("oci-layout", b"{}"), ("index.json", &vec![b' '; 9 << 20])]),
            "cannot read `index.json` of the archive: document of 9437184 bytes: expected at most 8388608"
                .to_owned(),
        ),
    ] {
        let error = imported(&archive).err().expect(case);
        assert!(error.starts_with(&expected), "{case}: {error}");
    }
}
