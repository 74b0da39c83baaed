//! containerd takes both kinds of archive, unpacks both platforms, and starts them.

use std::path::PathBuf;

use attar_testing::containerd::Containerd;
use attar_testing::{engine, layout, need};

use crate::support::{Examples, attar};

const REFERENCE: &str = "localhost/attar-tests/containerd:1";

/// Builds the example with a program of one's own, for both platforms.
fn archive(examples: &Examples, kind: &str) -> PathBuf {
    let archive = examples.join(kind);
    let destination = format!("{kind}:{}", archive.display());
    attar()
        .arg("build")
        .arg(examples.spec("program"))
        .args(["-t", REFERENCE, "-o", &destination])
        .run()
        .success();
    archive
}

/// Builds the same into a layout.
fn built(examples: &Examples) -> PathBuf {
    examples.build("program");
    examples.join("program")
}

#[track_caller]
fn starts(containerd: &Containerd, platform: &str, image: &str) {
    if let Err(reason) = engine::can_start(platform) {
        let thread = std::thread::current();
        return attar_testing::skip::skip(thread.name().unwrap_or(module_path!()), &reason);
    }
    let machine = if platform == "linux/amd64" { "x86_64" } else { "aarch64" };
    let said = containerd.run(platform, image, &[]);
    let hello = format!("hello from {machine}, user 65532:65532");
    assert!(said.clone().success().starts_with(&hello), "{said}");
}

#[test]
fn containerd_starts_both_platforms_of_an_oci_archive() {
    let containerd = need!(Containerd::start());
    let examples = Examples::copy();
    let archive = archive(&examples, "oci-archive");
    assert_eq!(containerd.import(&archive), [REFERENCE]);
    let digest = layout::digest(&built(&examples), None).expect("a digest");
    let listed = containerd.ctr(&["images", "ls"]).success();
    assert!(listed.contains(&digest), "{digest} is not in\n{listed}");
    for platform in ["linux/amd64", "linux/arm64"] {
        starts(&containerd, platform, REFERENCE);
    }
}

#[test]
fn containerd_starts_both_platforms_of_a_docker_archive() {
    let containerd = need!(Containerd::start());
    let examples = Examples::copy();
    let names = containerd.import(&archive(&examples, "docker-archive"));
    let of = |platform: &str| format!("{REFERENCE}-{platform}");
    assert_eq!(names, [REFERENCE.to_owned(), of("linux-amd64"), of("linux-arm64")]);
    starts(&containerd, "linux/amd64", REFERENCE);
    starts(&containerd, "linux/arm64", &of("linux-arm64"));
}
