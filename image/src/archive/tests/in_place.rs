//! Archives that are read where they are.

use std::sync::Arc;

use super::*;
use crate::blobs::Blobs as _;
use crate::layer::compression::decoder;
use crate::layout::survey;
use crate::manifest::Manifest;

/// Opens an archive in place, and returns its images as `NAMES PLATFORM LAYER…`, where a layer is shown
/// by what it holds.
fn opened(bytes: &[u8]) -> Result<(Archive, Vec<String>), String> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("the disk takes it");
    let archive = Archive::of(file).map_err(|error| message(&error))?;
    let mut shown = Vec::new();
    for packed in archive.images() {
        for image in survey(&archive, &packed.entry).map_err(|error| message(&error))?.images {
            let layers = image.manifest.layers.iter().map(|layer| show_layer(&archive, layer));
            let layers = layers.collect::<Vec<_>>().join(" ");
            shown.push(format!("{} {} {layers}", packed.names.join(","), image.platform));
        }
    }
    Ok((archive, shown))
}

fn show_layer(archive: &Archive, layer: &Descriptor) -> String {
    let kind = layer.media_type.rsplit('.').next().unwrap_or_default();
    let Ok(mut blob) = archive.open(layer) else { return format!("{kind}:absent") };
    let mut stored = Vec::new();
    blob.read_to_end(&mut stored).expect("readable");
    assert_eq!(stored.len() as u64, layer.size);
    assert_eq!(Digest::of(&stored), layer.digest, "{kind}");
    let mut plain = Vec::new();
    decoder(&stored[..]).and_then(|mut reader| reader.read_to_end(&mut plain)).expect("compressed well");
    let names: Vec<String> = list_any(&plain);
    format!("{kind}:{}", names.join("+"))
}

fn list_any(archive: &[u8]) -> Vec<String> {
    let mut archive = ::tar::Archive::new(archive);
    let members = archive.entries().expect("an archive");
    members
        .map(|member| String::from_utf8_lossy(&member.expect("a member").path_bytes()).into_owned())
        .collect()
}

#[test]
fn archives_of_every_kind_are_read_in_place() {
    let (config, [lower, upper]) = parts();
    let (gzip, zstd) = (compress(Codec::GZIP, &lower), compress(Codec::ZSTD, &upper));
    let (gzip, zstd) = (gzip.expect("memory takes all"), zstd.expect("memory takes all"));
    // A layer of several members, of which the last is not a part of the tar archive: as eStargz has it.
    let members = [gzip.clone(), compress(Codec::GZIP, b"").expect("memory takes all")].concat();
    let config_name = format!("{}.json", Digest::of(&config).hex());
    let (kaniko, kaniko_layer) =
        (format!("sha256:{}", Digest::of(&config).hex()), format!("{}.tar.gz", Digest::of(&gzip).hex()));
    let (podman_lower, podman_upper) =
        (format!("{}.tar", Digest::of(&lower).hex()), format!("{}.tar", Digest::of(&upper).hex()));
    let manifest = |config: &str, layers: [&str; 2]| {
        format!(
            r#"[{{"Config":"{config}","RepoTags":["app:1"],"Layers":["{}","{}"]}}]"#,
            layers[0], layers[1]
        )
    };
    let plain = "app:1 linux/amd64 tar:etc/+etc/motd tar:app";
    for (case, members, expected) in [
        (
            "classic",
            vec![
                ("manifest.json", manifest("c.json", ["a/layer.tar", "b/layer.tar"])),
                ("c.json", text(&config)),
                ("a/layer.tar", text(&lower)),
                ("b/layer.tar", text(&upper)),
            ],
            plain,
        ),
        (
            "the documents last, a link to a layer",
            vec![
                ("a/layer.tar", text(&lower)),
                ("x.tar", text(&upper)),
                ("b/layer.tar", "-> ../x.tar".to_owned()),
                ("c.json", text(&config)),
                ("manifest.json", manifest("c.json", ["a/layer.tar", "b/layer.tar"])),
            ],
            plain,
        ),
        (
            "Podman's",
            vec![
                (&podman_lower[..], text(&lower)),
                (&podman_upper, text(&upper)),
                (&config_name, text(&config)),
                ("manifest.json", manifest(&config_name, [&podman_lower, &podman_upper])),
            ],
            plain,
        ),
        (
            "kaniko's",
            vec![
                (&kaniko, text(&config)),
                (&kaniko_layer, text(&gzip)),
                ("upper", text(&zstd)),
                ("manifest.json", manifest(&kaniko, [&kaniko_layer, "upper"])),
            ],
            "app:1 linux/amd64 tar+gzip:etc/+etc/motd tar+zstd:app",
        ),
        (
            "eStargz-like",
            vec![
                ("c.json", text(&config)),
                ("one", text(&members)),
                ("two", text(&upper)),
                ("manifest.json", manifest("c.json", ["one", "two"])),
            ],
            "app:1 linux/amd64 tar+gzip:etc/+etc/motd tar:app",
        ),
    ] {
        let bytes: Vec<(&str, Vec<u8>)> =
            members.iter().map(|(name, text)| (*name, text.chars().map(|it| it as u8).collect())).collect();
        let bytes: Vec<(&str, &[u8])> = bytes.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
        let packed = pack(&bytes);
        for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
            let packed = compress(codec, &packed).expect("memory takes all");
            let (archive, shown) = opened(&packed).expect(case);
            assert_eq!(shown, [expected], "{case}, {codec}");
            assert_eq!(archive.kind(), Kind::Docker, "{case}");
            archive.verify(&Arc::default()).expect(case);
            assert_eq!(imported(&packed).expect(case).1, archive.images(), "{case}");
        }
    }
}

/// Bytes as text of as many characters, so that the members of a table have one type.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn several_images_are_chosen_by_name() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let app = image(&writer, "amd64", Codec::GZIP, LAYERS).with_annotation(REF_NAME, "app");
    let tool = image(&writer, "arm64", Codec::GZIP, &LAYERS[..1]).with_annotation(REF_NAME, "tool:2");
    let (archive, shown) = opened(&oci(&writer, &[app.clone(), tool.clone()])).expect("images");
    assert_eq!(
        shown,
        ["app linux/amd64 tar+gzip:etc/+etc/motd tar+gzip:app", "tool:2 linux/arm64 tar+gzip:etc/+etc/motd"]
    );
    assert_eq!(archive.kind(), Kind::Oci);
    for (name, expected) in [
        ("app", &app),
        ("tool:2", &tool),
        ("docker.io/library/tool:2", &tool),
        (&app.digest.to_string(), &app),
    ] {
        let found = archive.named(name).expect(name);
        assert_eq!(found.iter().map(|packed| &packed.entry).collect::<Vec<_>>(), [expected], "{name}");
    }
    let error = archive.named("tool:3").expect_err("there is none");
    assert_eq!(error.to_string(), "the archive has no image `tool:3` (it has `app`, `tool:2`)");
}

#[test]
fn images_open_though_layers_and_platforms_are_missing() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let full = both(&writer, Codec::GZIP);
    let [amd64, arm64] = [0, 1].map(|place| writer.images(&full).expect("images")[place].clone());
    let upper = &amd64.manifest.layers[1];
    let top = Document::new(Index::of(vec![full.clone()]));
    let blobs: Vec<(String, Vec<u8>)> = writer
        .reach([&full])
        .blobs
        .iter()
        .filter(|digest| ![arm64.descriptor.digest, upper.digest].contains(digest))
        .map(|digest| (blob_name(digest), std::fs::read(writer.blob_path(digest)).expect("a blob")))
        .collect();
    let mut members: Vec<(&str, &[u8])> =
        blobs.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    members.extend([("index.json", top.bytes()), ("oci-layout", &br#"{"imageLayoutVersion":"1.0.0"}"#[..])]);
    let (archive, shown) = opened(&pack(&members)).expect("an image");
    assert_eq!(shown, [" linux/amd64 tar+gzip:etc/+etc/motd tar+gzip:absent"]);
    let survey = survey(&archive, &archive.images()[0].entry).expect("an image");
    assert_eq!(survey.absent, [arm64.descriptor]);
    let missing = survey.absent[0].digest;
    let error = imported(&pack(&members)).err().expect("no image is whole");
    assert_eq!(error, format!("the archive has no blob {missing}"));
}

#[test]
fn root_file_systems_are_images_of_one_layer() {
    let root = tar(&[("etc/", ""), ("etc/motd", "welcome"), ("app", "app")]);
    let web = tar(&[("manifest.json", r#"{"name": "app"}"#), ("usr/", ""), ("index.json", "[]")]);
    for (case, bytes, expected) in [
        ("a root", &root, " unknown/unknown tar:app+etc/+etc/motd"),
        ("with files of such names", &web, " unknown/unknown tar:index.json+manifest.json+usr/"),
    ] {
        for codec in [Codec::None, Codec::ZSTD] {
            let (archive, shown) = opened(&compress(codec, bytes).expect("memory takes all")).expect(case);
            assert_eq!(shown, [expected], "{case}");
            assert_eq!(archive.kind(), Kind::RootFileSystem, "{case}");
        }
    }
    // Whoever says that it is a root file system is believed.
    let scratch = Scratch::new();
    let app = image(&scratch.writer(), "amd64", Codec::None, LAYERS);
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&oci(&scratch.layout, &[app])).expect("the disk takes it");
    assert_eq!(Archive::of_root(file, &mut |_| Ok(())).expect("an archive").kind(), Kind::RootFileSystem);
}

#[test]
fn what_is_no_image_is_named_for_what_it_is() {
    let chart = pack(&[("app/Chart.yaml", b"name: app"), ("app/values.yaml", b"")]);
    let below = pack(&[("image/oci-layout", b"{}"), ("image/index.json", b"{}")]);
    let old = pack(&[("repositories", b"{}"), ("abc/layer.tar", b"")]);
    for (case, bytes, expected) in [
        ("nothing", &b""[..], "expected an image in a tar archive, found an empty file"),
        ("zip", b"PK\x03\x04 and so on", "expected an image in a tar archive, found a zip archive"),
        (
            "zip in gzip",
            &compress(Codec::GZIP, b"PK\x03\x04 and so on").expect("memory takes all"),
            "expected an image in a tar archive, found a zip archive",
        ),
        (
            "gzip in gzip",
            &compress(Codec::GZIP, b"\x1f\x8b\x08").expect("memory takes all"),
            "expected an image in a tar archive, found a gzip file",
        ),
        (
            "a manifest",
            br#"{"schemaVersion": 2, "config": {}, "layers": []}"#,
            "expected an image in a tar archive, found an image manifest",
        ),
        (
            "Debian package",
            b"!<arch>\ndebian-binary",
            "expected an image in a tar archive, found a Debian package",
        ),
        ("Helm chart", &chart, "expected an image in a tar archive, found a Helm chart"),
        (
            "a folder",
            &below,
            "the archive holds an OCI image layout in the folder `image`: expected it at the top",
        ),
        ("old Docker", &old, "the archive holds no image: expected "),
        ("half an OCI archive", &pack(&[("oci-layout", b"{}")]), "the archive holds no image: expected "),
        (
            "no Docker archive",
            &pack(&[("manifest.json", b"{}")]),
            "cannot read `manifest.json` of the archive: ",
        ),
    ] {
        let error = opened(bytes).expect_err(case);
        assert!(error.starts_with(expected), "{case}: {error}");
    }
}

#[test]
fn artifacts_are_no_images() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let app = image(&writer, "amd64", Codec::GZIP, LAYERS);
    let config = writer.put(
        media_type::CONFIG,
        &br#"{"architecture":"","os":"","rootfs":{"type":"layers"}}"#[..],
        None,
    );
    let config = config.expect("stored");
    let chart_config =
        writer.put("application/vnd.cncf.helm.config.v1+json", &b"{}"[..], None).expect("stored");
    let put = |manifest: Manifest| {
        writer.put_document(media_type::MANIFEST, &Document::new(manifest)).expect("stored")
    };
    let layer =
        writer.put("application/vnd.dev.cosign.simplesigning.v1+json", &b"{}"[..], None).expect("stored");
    let signature = put(Manifest::image(config, vec![layer.clone()]));
    let chart = put(Manifest::image(chart_config, vec![layer]));
    let attestation = referrer(&writer, &app, "provenance")
        .with_platform("unknown/unknown".parse().expect("a platform"))
        .with_annotation(crate::manifest::DOCKER_REFERENCE_TYPE, "attestation-manifest");
    let only = index(&writer, vec![attestation]);
    for (case, entry, expected) in [
        (
            "a signature",
            &signature,
            format!(
                "{} is an artifact of the type `application/vnd.dev.cosign.simplesigning.v1+json`: expected an image",
                signature.digest
            ),
        ),
        (
            "a chart",
            &chart,
            format!(
                "{} is an artifact of the type `application/vnd.cncf.helm.config.v1+json`: expected an image",
                chart.digest
            ),
        ),
        (
            "attestations alone",
            &only,
            format!("index {} holds no image, only `attestation-manifest`", only.digest),
        ),
    ] {
        assert_eq!(opened(&oci(&writer, std::slice::from_ref(entry))).err(), Some(expected), "{case}");
    }
    let (_, shown) = opened(&oci(&writer, &[signature, app])).expect("one is an image");
    assert_eq!(shown.len(), 1);
}
