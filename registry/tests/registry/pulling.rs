//! Pulls: everything verified, the rest asked for after a cut.

use std::sync::Arc;
use std::time::Duration;

use attar_image::layout::Durability;
use attar_image::{Layout, Platform, Reference};
use attar_registry::{Outcome, Wanted};
use attar_testing::Scratch;
use attar_testing::registry::{Fault, Registry};

use crate::support::{Image, bytes, chain, client, image, open, wait};

/// Puts an image into a registry.
fn published(size: usize) -> (Registry, Image) {
    let (registry, image) = (open(), image(1, size));
    wait(client().client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
    registry.take_requests();
    (registry, image)
}

fn reference(registry: &Registry) -> Reference {
    registry.reference("app:1").parse().expect("a reference")
}

fn empty() -> (Scratch, Layout) {
    let scratch = Scratch::new();
    let layout = Layout::create(scratch.join("layout")).expect("a layout");
    (scratch, layout)
}

fn pull(registry: &Registry, layout: &Layout, wanted: &Wanted) -> Result<attar_registry::Pulled, String> {
    let writer = Arc::new(layout.write(Durability::Process).expect("its lock"));
    wait(client().client.pull(&reference(registry), &writer, wanted)).map_err(|error| chain(&error, registry))
}

#[test]
fn a_pulled_image_is_the_pushed_one() {
    let (registry, image) = published(60_000);
    let (_scratch, layout) = empty();
    let pulled = pull(&registry, &layout, &Wanted::Everything).expect("a pull");
    assert_eq!(pulled.entry, image.entry);
    let reach = layout.reach([&pulled.entry]);
    assert_eq!(reach.missing, []);
    for digest in reach.blobs {
        let read = |layout: &Layout| std::fs::read(layout.blob_path(&digest)).expect("a blob");
        assert_eq!(read(&layout), read(&image.layout));
    }
}

#[test]
fn one_platform_is_pulled_alone() {
    let (registry, image) = published(60_000);
    let (_scratch, layout) = empty();
    let platform = Platform::new("linux", "arm64", None);
    let pulled = pull(&registry, &layout, &Wanted::Platform(platform.clone())).expect("a pull");
    assert_eq!(pulled.root, image.entry);
    let images = layout.images(&pulled.entry).expect("an image");
    assert_eq!(images.iter().map(|image| image.platform.clone()).collect::<Vec<_>>(), [platform]);
    // The other platform's layer was not asked for.
    let fetched = registry.take_lines().into_iter().filter(|line| line.contains("/blobs/")).count();
    assert_eq!(fetched, 3);

    let riscv = Platform::new("linux", "riscv64", None);
    let error = pull(&registry, &layout, &Wanted::Platform(riscv)).expect_err("no such platform");
    insta::assert_snapshot!(error, @"`HOST/app:1` has no image for `linux/riscv64`: found `linux/amd64`, `linux/arm64`");
}

#[test]
fn one_platform_of_several_is_this_or_the_first() {
    let (registry, image) = published(60_000);
    for (preferred, expected) in [("arm64", "arm64"), ("riscv64", "amd64")] {
        let (_scratch, layout) = empty();
        let wanted = Wanted::OnePlatform(Platform::new("linux", preferred, None));
        let pulled = pull(&registry, &layout, &wanted).expect("a pull");
        let images = layout.images(&pulled.entry).expect("an image");
        let platforms = images.iter().map(|image| image.platform.clone()).collect::<Vec<_>>();
        assert_eq!(platforms, [Platform::new("linux", expected, None)], "{preferred}");
        assert_eq!((pulled.platforms.len(), pulled.root), (2, image.entry.clone()), "{preferred}");
    }
}

#[test]
fn blobs_that_are_there_are_not_fetched() {
    let (registry, _image) = published(60_000);
    let (_scratch, layout) = empty();
    pull(&registry, &layout, &Wanted::Images).expect("a pull");
    let writer = Arc::new(layout.write(Durability::Process).expect("its lock"));
    let again = client();
    wait(again.client.pull(&reference(&registry), &writer, &Wanted::Images)).expect("a pull");
    assert!(again.outcomes().iter().all(|(_, outcome)| *outcome == Outcome::Existing));
}

#[test]
fn a_download_goes_on_where_it_was_cut() {
    let (registry, image) = published(3 << 20);
    let path = format!("/blobs/{}", image.shared.digest);
    for faults in [
        vec![Fault::CutAnswer(1 << 20), Fault::CutAnswer(1 << 20)],
        vec![Fault::CutAnswer(1 << 20), Fault::IgnoreRange],
        vec![Fault::CutAnswer(0), Fault::Status(503, Vec::new())],
        vec![Fault::Slow(1 << 20, Duration::from_millis(5))],
        vec![Fault::Silence],
    ] {
        let (_scratch, layout) = empty();
        registry.fail("GET", &path, faults.clone());
        let pulled = pull(&registry, &layout, &Wanted::Everything)
            .unwrap_or_else(|error| panic!("{faults:?}: {error}"));
        assert_eq!(layout.reach([&pulled.entry]).missing, []);
        let read = std::fs::read(layout.blob_path(&image.shared.digest)).expect("a blob");
        assert!(read == bytes(1, 3 << 20), "{faults:?}");
    }
    let ranges: Vec<String> = registry
        .take_requests()
        .into_iter()
        .filter_map(|request| request.headers.get("range").cloned())
        .collect();
    assert!(ranges.len() >= 3 && ranges.iter().all(|range| range.starts_with("bytes=")), "{ranges:?}");
}

#[test]
fn wrong_bytes_never_enter_a_layout() {
    let (registry, image) = published(60_000);
    let blob = format!("/blobs/{}", image.shared.digest);
    let mut longer = bytes(1, 60_000);
    longer.push(0);
    for (path, wrong, expected) in [
        (&blob, bytes(9, 60_000), "checksum mismatch"),
        (&blob, bytes(1, 50_000), "size mismatch"),
        (&blob, longer, "size mismatch"),
        (&"/manifests/1".to_owned(), b"{}".to_vec(), "checksum mismatch"),
        (&"/manifests/sha256".to_owned(), b"{\"schemaVersion\":2}".to_vec(), "checksum mismatch"),
    ] {
        let (_scratch, layout) = empty();
        // Shorter bytes are a cut connection first: they are asked for again.
        registry.fail("GET", path, vec![Fault::Bytes(wrong.clone()); 5]);
        let error = pull(&registry, &layout, &Wanted::Everything).expect_err("wrong bytes");
        let is_expected =
            error.contains(expected) || (wrong.len() == 50_000 && error.contains("ended early"));
        assert!(is_expected, "{path}: {error}");
        assert!(!layout.has(&image.shared) || !path.contains("blobs"), "{path}");
        assert!(!layout.has(&image.entry), "{path}");
        // Whatever faults are left are for this case alone.
        while pull(&registry, &empty().1, &Wanted::Everything).is_err() {}
    }
}

#[test]
fn what_is_not_there_is_told() {
    let (registry, _image) = published(1000);
    let (_scratch, layout) = empty();
    let writer = Arc::new(layout.write(Durability::Process).expect("its lock"));
    let missing: Reference = registry.reference("app:2").parse().expect("a reference");
    let error = wait(client().client.pull(&missing, &writer, &Wanted::Everything)).expect_err("no such tag");
    assert!(error.is_not_found());
    insta::assert_snapshot!(chain(&error, &registry), @"cannot read `HOST/app:2`: 404 Not Found: MANIFEST_UNKNOWN: manifest_unknown");
}

#[test]
fn a_host_that_does_not_answer_is_named() {
    let registry = open();
    let reference = reference(&registry);
    let host = registry.host();
    drop(registry);
    let error = wait(client().client.manifest(&reference)).expect_err("nobody there").to_string();
    assert_eq!(error, format!("cannot use the registry {host}"));
}
