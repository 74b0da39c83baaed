use oci_spec::image as oracle;
use proptest::prelude::*;

use super::*;
use crate::digest::DiffId;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn text<T: Kind>(document: &Document<T>) -> &str {
    std::str::from_utf8(document.bytes()).expect("JSON is UTF-8")
}

fn parse<T: Kind>(text: &str) -> Result<Document<T>, String> {
    Document::parse(text.as_bytes()).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    })
}

fn full_descriptor() -> Descriptor {
    Descriptor {
        urls: vec!["https://example.org/blob".to_owned()],
        data: Some("e30=".to_owned()),
        platform: Some(Platform::new("linux", "arm", Some("v7"))),
        artifact_type: Some("application/example".to_owned()),
        ..Descriptor::of(media_type::MANIFEST, b"")
    }
    .with_annotation("b", "2")
    .with_annotation("a", "1")
}

#[test]
fn fields_are_written_in_the_order_of_the_specification() {
    let mut manifest = Manifest::image(
        Descriptor::of(media_type::CONFIG, b""),
        vec![Descriptor::of(media_type::LAYER_GZIP, b"")],
    );
    manifest.annotations.insert("a".to_owned(), "<&>".to_owned());
    assert_eq!(
        text(&Document::new(manifest)),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{DIGEST}","size":0}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{DIGEST}","size":0}}],"annotations":{{"a":"<&>"}}}}"#
        )
    );
    assert_eq!(
        text(&Document::new(Index::of(vec![full_descriptor()]))),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":0,"urls":["https://example.org/blob"],"annotations":{{"a":"1","b":"2"}},"data":"e30=","platform":{{"architecture":"arm","os":"linux","variant":"v7"}},"artifactType":"application/example"}}]}}"#
        )
    );
}

/// A configuration with everything that attar writes.
fn full_config() -> ImageConfig {
    ImageConfig {
        created: Some("2026-11-01T00:00:00Z".to_owned()),
        config: Some(Config {
            user: "65532:65532".to_owned(),
            exposed_ports: [("8080/tcp".to_owned(), serde_json::Map::new())].into(),
            env: vec!["PATH=/usr/bin".to_owned()],
            entrypoint: Some(vec!["/app".to_owned()]),
            cmd: Some(vec!["serve".to_owned()]),
            volumes: [("/data".to_owned(), serde_json::Map::new())].into(),
            working_dir: "/app".to_owned(),
            labels: [("a".to_owned(), "b".to_owned())].into(),
            stop_signal: Some("SIGTERM".to_owned()),
            healthcheck: Some(Healthcheck {
                test: vec!["CMD".to_owned(), "/app".to_owned()],
                interval: Some(30_000_000_000),
                retries: Some(3),
                ..Healthcheck::default()
            }),
            other: BTreeMap::new(),
        }),
        history: vec![
            History { created_by: Some("attar".to_owned()), ..History::default() },
            History { comment: Some("nothing".to_owned()), empty_layer: true, ..History::default() },
        ],
        ..ImageConfig::new(Platform::new("linux", "arm64", None), vec![DiffId(Digest::of(b""))])
    }
}

#[test]
fn configurations_are_written_whole() {
    let document = Document::new(full_config());
    assert_eq!(
        text(&document),
        format!(
            r#"{{"created":"2026-11-01T00:00:00Z","architecture":"arm64","os":"linux","config":{{"User":"65532:65532","ExposedPorts":{{"8080/tcp":{{}}}},"Env":["PATH=/usr/bin"],"Entrypoint":["/app"],"Cmd":["serve"],"Volumes":{{"/data":{{}}}},"WorkingDir":"/app","Labels":{{"a":"b"}},"StopSignal":"SIGTERM","Healthcheck":{{"Test":["CMD","/app"],"Interval":30000000000,"Retries":3}}}},"rootfs":{{"type":"layers","diff_ids":["{DIGEST}"]}},"history":[{{"created_by":"attar"}},{{"comment":"nothing","empty_layer":true}}]}}"#
        )
    );
    let back = Document::<ImageConfig>::parse(document.bytes()).expect("own output is readable");
    assert_eq!(back.value(), document.value());
}

#[test]
fn exact_bytes_are_kept() {
    let spaced = format!(
        "{{ \"schemaVersion\": 2,\n \"manifests\": null, \"future\": {{\"x\": 1}}, \"subject\": \
         {{\"mediaType\": \"a/b\", \"digest\": \"{DIGEST}\", \"size\": 0}} }}"
    );
    let document = parse::<Index>(&spaced).expect("an index");
    assert_eq!(text(&document), spaced);
    assert_eq!(document.digest(), Digest::of(&spaced));
    assert_eq!(document.manifests, []);
    assert_eq!(document.other["future"], serde_json::json!({"x": 1}));
    assert_eq!(
        text(&Document::new(document.into_value())),
        format!(
            r#"{{"schemaVersion":2,"manifests":[],"subject":{{"mediaType":"a/b","digest":"{DIGEST}","size":0}},"future":{{"x":1}}}}"#
        )
    );
}

#[test]
fn docker_configurations_lose_nothing() {
    let docker = format!(
        r#"{{"architecture":"amd64","os":"linux","variant":"","os.features":null,"config":{{"Hostname":"","Env":null,"Cmd":null,"Labels":null,"Volumes":null,"OnBuild":["RUN x"],"Shell":["/bin/sh"],"ArgsEscaped":true}},"container":"abc","docker_version":"20.10","history":null,"rootfs":{{"type":"layers","diff_ids":["{DIGEST}"]}}}}"#
    );
    let config = parse::<ImageConfig>(&docker).expect("a configuration").into_value();
    let run = config.config.as_ref().expect("it has a config");
    assert_eq!(run.cmd, None);
    assert_eq!(run.other.keys().collect::<Vec<_>>(), ["ArgsEscaped", "Hostname", "OnBuild", "Shell"]);
    assert_eq!(config.other.keys().collect::<Vec<_>>(), ["container", "docker_version"]);
    assert!(config.platform.is_same(&Platform::new("linux", "amd64", None)));
    let again = parse::<ImageConfig>(text(&Document::new(config.clone()))).expect("own output is readable");
    assert_eq!(again.value(), &config);
}

#[test]
fn what_is_no_document_is_refused() {
    let descriptor = format!(r#"{{"mediaType":"a/b","digest":"{DIGEST}","size":0}}"#);
    for (document, message) in [
        ("[]".to_owned(), "cannot read image manifest: invalid type: sequence, expected"),
        (
            format!(r#"{{"schemaVersion":1,"config":{descriptor}}}"#),
            "cannot read image manifest: schema version 1: expected 2",
        ),
        (
            format!(r#"{{"schemaVersion":2,"mediaType":"{}","config":{descriptor}}}"#, media_type::INDEX),
            "cannot read image manifest: it has the media type `application/vnd.oci.image.index.v1+json`",
        ),
        (
            format!(r#"{{"schemaVersion":2,"config":{descriptor},"manifests":[]}}"#),
            "cannot read image manifest: the field `manifests` belongs to another kind of document",
        ),
        (
            r#"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha512:00","size":0}}"#.to_owned(),
            "cannot read image manifest: invalid digest `sha512:00`: expected `sha256:`",
        ),
        (
            format!(r#"{{"schemaVersion":2,"schemaVersion":2,"config":{descriptor}}}"#),
            "cannot read image manifest: duplicate field `schemaVersion`",
        ),
    ] {
        let error = parse::<Manifest>(&document).expect_err("no manifest");
        assert!(error.starts_with(message), "{error}");
    }
    let error = parse::<Index>(r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#).expect_err("no index");
    assert_eq!(error, "cannot read image index: the field `layers` belongs to another kind of document");
}

#[test]
fn what_is_no_image_is_recognised() {
    let plain = Descriptor::of(media_type::MANIFEST, b"");
    let unknown = plain.clone().with_platform("unknown/unknown".parse().expect("a platform"));
    let attestation = plain.clone().with_annotation(DOCKER_REFERENCE_TYPE, "attestation-manifest");
    let judged = [plain, unknown, attestation].map(|descriptor| descriptor.is_about_an_image());
    assert_eq!(judged, [false, true, true]);
}

#[test]
fn the_oracle_reads_what_we_write() {
    let config = Document::new(full_config());
    let read: oracle::ImageConfiguration =
        serde_json::from_slice(config.bytes()).expect("the oracle reads it");
    assert_eq!(read.rootfs().diff_ids(), &[DIGEST.to_owned()]);
    assert_eq!(read.os(), &oracle::Os::Linux);
    let run = read.config().as_ref().expect("it has a config");
    assert_eq!(run.user().as_deref(), Some("65532:65532"));
    assert_eq!(run.exposed_ports().as_deref(), Some(&["8080/tcp".to_owned()][..]));
    let index = Document::new(Index::of(vec![full_descriptor()]));
    let read: oracle::ImageIndex = serde_json::from_slice(index.bytes()).expect("the oracle reads it");
    let platform = read.manifests()[0].platform().clone().expect("it has a platform");
    assert_eq!(platform.architecture(), &oracle::Arch::ARM);
    assert_eq!(platform.variant().as_deref(), Some("v7"));
}

fn annotations() -> impl Strategy<Value = Annotations> {
    prop::collection::btree_map("\\PC{1,6}", "\\PC{0,6}", 0..4)
}

fn descriptor() -> impl Strategy<Value = Descriptor> {
    let platform = prop::option::of(
        ("[a-z]{1,5}", "[a-z0-9]{1,5}", prop::option::of("v[0-9]"))
            .prop_map(|(os, architecture, variant)| Platform::new(&os, &architecture, variant.as_deref())),
    );
    ("[a-z]{1,5}/[a-z+.]{1,9}", any::<[u8; 32]>(), 0..i64::MAX as u64, annotations(), platform).prop_map(
        |(media_type, digest, size, annotations, platform)| Descriptor {
            annotations,
            platform,
            ..Descriptor::new(&media_type, Digest::from_bytes(digest), size)
        },
    )
}

prop_compose! {
    fn manifest()(
        config in descriptor(),
        layers in prop::collection::vec(descriptor(), 0..4),
        subject in prop::option::of(descriptor()),
        annotations in annotations(),
    ) -> Manifest {
        Manifest { subject, annotations, ..Manifest::image(config, layers) }
    }
}

proptest! {
    #[test]
    fn manifests_round_trip_through_the_oracle(manifest in manifest()) {
        let written = Document::new(manifest);
        let oracle: oracle::ImageManifest = serde_json::from_slice(written.bytes()).expect("the oracle reads it");
        // The oracle keeps maps in a random order, so its bytes differ and its meaning must not.
        let theirs = serde_json::to_vec(&oracle).expect("the oracle writes it");
        let back = Document::<Manifest>::parse(theirs).expect("we read it");
        prop_assert_eq!(back.value(), written.value());
        prop_assert_eq!(Document::new(back.into_value()), written);
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in "\\{(\"(schemaVersion|config|layers|manifests|x)\":(2|null|\\[\\]|\\{\\}|1e99|\"\\\\u0000\"),?){0,5}\\}?") {
        let _ = Document::<Manifest>::parse(bytes.as_bytes());
        let _ = Document::<Index>::parse(bytes.as_bytes());
        let _ = Document::<ImageConfig>::parse(bytes.as_bytes());
    }
}
