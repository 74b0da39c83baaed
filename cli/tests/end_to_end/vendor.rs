//! `attar lock --vendor`: the lock builds when every mirror has dropped its packages.

use attar_testing::docker_registry::DockerRegistry;
use attar_testing::{Scratch, need, run, skip};

use crate::fixture::Fixture;

/// Copies the spec, its lock and what stands beside them, as a clone would have them.
fn clone(fixture: &Fixture) -> Scratch {
    let clone = Scratch::new();
    for name in ["attar.yaml", "attar.lock", "key.asc", "vendor"] {
        let mut command = attar_testing::command::words(&["cp", "-a"]);
        run(command.arg(fixture.scratch.join(name)).arg(clone.path())).success();
    }
    clone
}

#[test]
fn a_lock_builds_without_any_mirror() {
    let fixture = Fixture::new();
    let expected = fixture.works();
    let vendor = format!("oci:{}", fixture.scratch.join("vendor").display());
    let finished = fixture.attar().args(["lock", "--vendor", &vendor]).arg(fixture.spec()).run();
    assert!(finished.stderr.contains("kept 2 packages"), "{}", finished.stderr);
    finished.success();
    let lock = fixture.scratch.read("attar.lock");
    assert!(lock.contains("\"vendor\": \"oci:vendor\""), "{lock}");

    // The mirror drops both packages, and the clone has an empty cache.
    for package in ["tool", "library"] {
        fixture.server.remove(&fixture.path_of(package));
    }
    let clone = clone(&fixture);
    for more in [&[][..], &["--offline"]] {
        let cache = Scratch::new();
        let layout = format!("oci:{}", cache.join("layout").display());
        let attar = fixture.attar().cache(cache.path()).args(["build", "--locked"]).args(more);
        let built = attar.arg(clone.join("attar.yaml")).args(["-o", &layout]).run().success();
        assert_eq!(built.split(' ').next(), expected.split(' ').next());
    }

    // A relock keeps the place; without what is kept there, the message names everywhere it looked.
    std::fs::remove_dir_all(clone.join("vendor")).expect("the folder");
    let cache = Scratch::new();
    let attar = fixture.attar().cache(cache.path()).args(["build", "--locked"]);
    let said = attar.arg(clone.join("attar.yaml")).run().fails(1);
    assert!(said.contains("vendor/blobs/sha256/"), "{said}");
}

#[test]
fn other_tools_read_what_is_kept() {
    need!(skip::program("skopeo"));
    let fixture = Fixture::new();
    let vendor = format!("oci:{}", fixture.scratch.join("vendor").display());
    fixture.attar().args(["lock", "--vendor", &vendor]).arg(fixture.spec()).run().success();
    let mut command = attar_testing::command::words(&["skopeo", "inspect", "--raw"]);
    let manifest = run(command.arg(format!("{vendor}:packages"))).success();
    assert!(manifest.contains("application/vnd.attar.packages.v1"), "{manifest}");
    assert!(manifest.contains("tool_1.0_amd64.deb"), "{manifest}");
}

#[test]
fn a_registry_keeps_packages_too() {
    let registry = need!(DockerRegistry::start());
    let fixture = Fixture::new();
    let expected = fixture.works();
    let place = format!("registry:{}", registry.reference("team/packages:1"));
    let vendored = fixture.attar().args(["lock", "--vendor", &place]).arg(fixture.spec()).run();
    assert!(vendored.stderr.contains("kept 2 packages"), "{}", vendored.stderr);
    vendored.success();
    for package in ["tool", "library"] {
        fixture.server.remove(&fixture.path_of(package));
    }
    let build = |more: &[&str]| {
        let cache = Scratch::new();
        let layout = format!("oci:{}", cache.join("layout").display());
        let attar = fixture.attar().cache(cache.path()).args(["build", "--locked"]).args(more);
        attar.arg(fixture.scratch.join("attar.yaml")).args(["-o", &layout]).run()
    };
    assert_eq!(build(&[]).success().split(' ').next(), expected.split(' ').next());
    let said = build(&["--offline"]).fails(1);
    assert!(said.contains("offline"), "{said}");

    // What is nowhere any more is told with every place that was asked.
    drop(registry);
    let said = build(&[]).fails(1);
    assert!(said.contains("/debian/pool/") && said.contains("registry:127.0.0.1"), "{said}");
}

#[test]
fn several_specs_share_a_place() {
    let mut fixture = Fixture::new();
    fixture.spec();
    std::fs::create_dir(fixture.scratch.join("other")).expect("a folder");
    fixture.packages = "other";
    let text = std::fs::read_to_string(fixture.spec()).expect("a spec");
    let other = fixture.scratch.write("other/attar.yaml", text.replace("key.asc", "../key.asc"));
    fixture.packages = "tool";
    let vendor = format!("oci:{}", fixture.scratch.join("vendor").display());
    let finished = fixture.attar().args(["lock", "--vendor", &vendor]).arg(fixture.spec()).arg(&other).run();
    assert!(finished.stderr.contains("kept 3 packages"), "{}", finished.stderr);
    finished.success();
    assert!(fixture.scratch.read("other/attar.lock").contains("\"vendor\": \"oci:../vendor\""));
    let kept = std::fs::read_dir(fixture.scratch.join("vendor/blobs/sha256")).expect("blobs").count();
    // Three packages, the empty configuration and the manifest.
    assert_eq!(kept, 5);
}

#[test]
fn a_place_that_is_none_is_wrong_usage() {
    let fixture = Fixture::new();
    let said = fixture.attar().args(["lock", "--vendor", "vendor"]).arg(fixture.spec()).run().fails(64);
    assert!(said.contains("expected `oci:DIR[:NAME]` or `registry:REF`"), "{said}");
}
