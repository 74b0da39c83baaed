//! Other programs read what is written: skopeo, umoci, crane, syft.

use attar_testing::command::words;
use attar_testing::{need, run, skip};
use serde_json::Value;

use crate::support::Examples;

#[test]
fn skopeo_inspects_and_copies_a_layout() {
    need!(skip::program("skopeo"));
    let examples = Examples::copy();
    let images = examples.build("cc");
    let layout = format!("oci:{}", examples.join("cc").display());
    for (architecture, image) in ["amd64", "arm64"].into_iter().zip(&images) {
        let choice = format!("--override-arch={architecture}");
        let said = run(&mut words(&["skopeo", &choice, "inspect", &layout])).success();
        let said: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(said["Architecture"], architecture);
        let layers: Vec<&str> =
            said["Layers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(layers, image.layers());
    }
    let copy = format!("oci:{}:copy", examples.join("copy").display());
    run(&mut words(&["skopeo", "copy", "--all", &layout, &copy])).success();
    let original = attar_testing::layout::digest(&examples.join("cc"), None).expect("a digest");
    let copied = attar_testing::layout::digest(&examples.join("copy"), Some("copy")).expect("a digest");
    assert_eq!(original, copied);
}

#[test]
fn umoci_unpacks_the_same_tree() {
    need!(skip::program("umoci"));
    let examples = Examples::copy();
    let layout = examples.join("named");
    // umoci takes single images by name, so only one platform goes in.
    crate::support::attar()
        .args(["build", "--platform", "linux/amd64"])
        .arg(examples.spec("python3"))
        .arg("-o")
        .arg(format!("oci:{}:one", layout.display()))
        .run()
        .success();
    let image = format!("{}:one", layout.display());
    let bundle = examples.join("bundle");
    let bundle = bundle.to_str().expect("a path in UTF-8");
    run(&mut words(&["umoci", "unpack", "--image", &image, bundle])).success();
    let unpacked =
        attar_testing::tree::Listing::of_folder(&examples.join("bundle/rootfs")).expect("a folder");
    let mut written = attar_testing::layout::images(&layout, Some("one")).expect("an image")[0]
        .listing()
        .expect("layers that can be read");
    let mut unpacked = unpacked;
    // The root folder is the bundle's own.
    written.retain(|path, _| !path.is_empty());
    unpacked.retain(|path, _| !path.is_empty());
    similar(&written.with_times(), &unpacked.with_times());
}

#[test]
fn crane_validates_every_layer() {
    need!(skip::program("crane"));
    let examples = Examples::copy();
    let archive = examples.docker_archive(&examples.spec("cc"), "linux/amd64", "attar-tests/crane:1");
    let archive = archive.to_str().expect("a path in UTF-8");
    run(&mut words(&["crane", "validate", "--tarball", archive])).success();
}

#[test]
fn syft_reads_the_packages_of_the_lock() {
    need!(skip::program("syft"));
    let examples = Examples::copy();
    let archive = examples.docker_archive(&examples.spec("python3"), "linux/amd64", "attar-tests/syft:1");
    let source = format!("docker-archive:{}", archive.display());
    let said = run(words(&["syft", "scan", "--quiet", "--output", "json", &source])
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false"))
    .success();
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let mut found: Vec<String> = said["artifacts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|artifact| artifact["type"] == "deb")
        .map(|artifact| format!("{} {}", artifact["name"], artifact["version"]).replace('"', ""))
        .collect();
    found.sort();
    let listed = crate::support::attar()
        .args(["packages", "--platform", "linux/amd64", "-o", "json"])
        .arg(examples.spec("python3"))
        .run()
        .success();
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let mut expected: Vec<String> = listed["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|package| format!("{} {}", package["name"], package["version"]).replace('"', ""))
        .collect();
    expected.sort();
    assert_eq!(found, expected);
}

/// Asserts that two listings are equal, and shows the lines that differ when they are not.
#[track_caller]
pub(crate) fn similar(left: &str, right: &str) {
    let lines = |text: &str| text.lines().map(String::from).collect::<std::collections::BTreeSet<_>>();
    let (left, right) = (lines(left), lines(right));
    let only = |one: &std::collections::BTreeSet<String>, other| {
        one.difference(other).take(20).cloned().collect::<Vec<_>>().join("\n")
    };
    assert!(left == right, "only left:\n{}\nonly right:\n{}", only(&left, &right), only(&right, &left));
}
