//! The architecture as a test: which crates may know of which, and what no dependency may bring in.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand};

/// The edges that are allowed between our crates, tests aside.
const ALLOWED: [(&str, &[&str]); 9] = [
    ("attar-image", &[]),
    ("attar-packages", &[]),
    ("attar-builder", &["attar-image", "attar-packages"]),
    ("attar-scanner", &["attar-image", "attar-packages"]),
    ("attar-inspector", &["attar-image", "attar-packages"]),
    ("attar-debugger", &[]),
    ("attar-registry", &["attar-image"]),
    ("attar-testing", &[]),
    (
        "attar",
        &[
            "attar-builder",
            "attar-debugger",
            "attar-image",
            "attar-inspector",
            "attar-packages",
            "attar-registry",
            "attar-scanner",
        ],
    ),
];

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut command = MetadataCommand::new();
    command.manifest_path(manifest).features(CargoOpt::AllFeatures);
    // For one platform: dependencies for others need not have been downloaded.
    let options = ["--locked", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu"];
    command.other_options(options.map(String::from).to_vec()).exec().expect("cargo metadata")
}

#[test]
fn crates_know_only_whom_they_may_know() {
    let metadata = metadata();
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    assert_eq!(ours, allowed.keys().copied().collect(), "the table above names every crate");
    for package in metadata.workspace_packages() {
        let used: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.as_str())
            .filter(|name| ours.contains(name))
            .collect();
        let may: BTreeSet<&str> = allowed[package.name.as_str()].iter().copied().collect();
        assert!(used.is_subset(&may), "`{}` imports {used:?}, and may import {may:?}", package.name);
    }
}

#[test]
fn the_order_of_json_keys_never_depends_on_input() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let nodes = resolve.nodes.iter().filter(|node| metadata[&node.id].name.as_str() == "serde_json");
    let features: Vec<String> = nodes.flat_map(|node| &node.features).map(ToString::to_string).collect();
    assert!(!features.is_empty(), "serde_json is used");
    assert!(!features.iter().any(|feature| feature == "preserve_order"), "{features:?}");
}

#[test]
fn there_is_one_stack_of_cryptography_for_the_network() {
    // By what is compiled, not by what the lock file lists: optional dependencies stand there too.
    let tree = attar_testing::run(&mut attar_testing::command::words(&[
        env!("CARGO"),
        "tree",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
        "--workspace",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--locked",
        "--offline",
    ]))
    .success();
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("rustls"), "the list names what is used");
    for banned in ["ring", "openssl", "openssl-sys", "native-tls"] {
        assert!(!names.contains(banned), "`{banned}` is compiled in");
    }
}
