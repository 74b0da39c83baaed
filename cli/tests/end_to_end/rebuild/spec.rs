//! Specs and images that nobody tampered with.

use attar_testing::command::words;
use attar_testing::{Scratch, need, run, skip};
use serde_json::Value;

use super::archive::Stage;
use super::{answer, difference};

const OPTIONS: [&str; 8] = [
    "--arg",
    "VERSION=1.4",
    "--label",
    "team=a",
    "--annotation",
    "org.example.build=7",
    "--platform",
    "linux/amd64",
];

#[test]
fn a_spec_with_everything_is_the_same_in_other_surroundings() {
    let stage = Stage::new();
    for compression in ["none", "zstd"] {
        stage.write_spec(compression, "");
        stage.build(&OPTIONS);
        let against = format!("oci:{}:app", stage.layout().display());
        let again = stage.attar().args(["rebuild", "-o", "json", "--all-variants", "--against", &against]);
        let said = answer(again.args(OPTIONS).arg(stage.spec()).run());
        assert_eq!(said["verdict"], "identical", "{said:#}");
        let variants: Vec<_> =
            said["images"].as_array().into_iter().flatten().map(|it| &it["variant"]).collect();
        assert_eq!(variants, ["", "other", "root"]);
    }
}

#[test]
fn an_image_is_rebuilt_with_its_own_files_as_published() {
    let stage = Stage::new();
    for compression in ["gzip", "zstd", "none"] {
        stage.write_spec(compression, "");
        stage.build(&[]);
        stage.forget();
        for name in ["app", "app-root", "app-other"] {
            let said = answer(stage.rebuild_trusting(name));
            assert_eq!(said["verdict"], "identical", "{compression} {name}: {said:#}");
            assert_eq!(said["packages"]["signers"][0], stage.fingerprint().as_str(), "{said:#}");
            let parts = &said["images"][0]["parts"];
            assert_eq!(parts["package_layers"], parts["identical_package_layers"], "{said:#}");
            // On each platform: three of the tree, run, two of conf, a text, two of the archive, the replaced
            // one; and another text in one of the variants.
            let own_files = if name == "app-other" { 11 } else { 10 };
            assert_eq!(parts["own_files"], 2 * own_files, "{said:#}");
        }
        std::fs::remove_dir_all(stage.layout()).expect("the layout");
    }
}

/// Entries of `files` that lie in each other, lead through links, share layers and take each other's place.
const ENTANGLED: &str = r#"  files:
    - {from: tree, to: /srv/one}
    - {text: "over\n", to: /srv/one/a/b/c, replace: true}
    - {from: conf/one.conf, to: /srv/one/a/one.conf, permissions: 0600, owner: 10001}
    - {from: conf, to: /bin/conf, directory-permissions: 0711, owner: "10001"}
    - {from: "conf/*.conf", to: /srv/one/empty/, layer: system}
    - {from: tree/script, to: /srv/four, permissions: 0644}
    - {from: tree/script, to: /srv/five, modified: 7}
    - {from: tree/script, to: /srv/six, capabilities: "cap_net_bind_service=+ep"}
    - {from: tree, to: /srv/one/again, layer: system, exclude: [a]}
    - {archive: vendor.tar, to: /srv/one/again/a, directory-permissions: 0700}
    - {from: replaced, to: /srv/one/link, replace: true}
    - {from: "replace*", to: /opt/}
    - {text: "mine\n", to: /opt/replaced, replace: true, layer: last}
paths:
  - {path: /srv/one/empty, type: permissions, permissions: 1777}
  - {path: /srv/one/a, type: permissions, owner: 7, recursive: true}
  - {path: /srv/five, type: empty-file, replace: true}
platforms: [linux/amd64]
"#;

#[test]
fn entangled_own_files_find_their_entries() {
    let stage = Stage::new();
    let spec = stage.scratch.read("spec/attar.yaml");
    let start = spec.split_once("  files:").expect("the spec has files").0;
    stage.scratch.write("spec/attar.yaml", format!("{start}{ENTANGLED}"));
    stage.build(&[]);
    stage.forget();
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(said["verdict"], "identical", "{said:#}");
}

#[test]
fn what_options_and_variables_say_travels_with_the_image() {
    let stage = Stage::new();
    let destination = format!("oci:{}:app", stage.layout().display());
    let build = stage.attar().env("SOURCE_DATE_EPOCH", "1700000000").args(["build", "-o", &destination]);
    build.args(OPTIONS).arg(stage.spec()).run().success();
    stage.forget();
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(said["verdict"], "identical", "{said:#}");
}

#[test]
fn evidence_goes_with_its_image() {
    let stage = Stage::new();
    let artifacts = || attar_testing::layout::artifacts(&stage.layout()).expect("a layout");
    let blobs = || std::fs::read_dir(stage.layout().join("blobs/sha256")).expect("blobs").count();
    stage.build(&[]);
    assert_eq!(artifacts().len(), 3, "one for each variant");
    let before = blobs();
    stage.build(&["--label", "team=a"]);
    assert_eq!((artifacts().len(), blobs()), (3, before));
    let bare = format!("oci:{}", stage.scratch.join("bare").display());
    stage.attar().args(["build", "-o", &bare]).arg(stage.spec()).run().success();
    assert_eq!(attar_testing::layout::artifacts(&stage.scratch.join("bare")).expect("a layout").len(), 0);
    let archive = stage.scratch.join("archive.tar").display().to_string();
    let into = format!("oci-archive:{archive}");
    let build = stage.attar().args(["build", "--all-variants", "-t", "app:1", "-o", &into]).arg(stage.spec());
    build.run().success();
    let mut archive = tar::Archive::new(std::fs::File::open(archive).expect("the archive"));
    let mut entries = archive.entries().expect("a tar archive").map(|entry| entry.expect("an entry"));
    let index = entries.find(|entry| entry.path().is_ok_and(|path| path.ends_with("index.json")));
    let index: Value = serde_json::from_reader(index.expect("an index")).expect("JSON");
    let name = |entry: &Value| entry["annotations"]["org.opencontainers.image.ref.name"].clone();
    let names: Vec<Value> = index["manifests"].as_array().into_iter().flatten().map(name).collect();
    assert_eq!(names, ["1", "1-other", "1-root"]);
    let said = answer(stage.attar().args(["rebuild", "-o", "json", &bare]).run());
    assert!(said["reasons"][0].as_str().is_some_and(|reason| reason.contains("no evidence")), "{said:#}");
}

#[test]
fn other_programs_read_an_image_beside_its_evidence() {
    let skopeo = need!(skip::program("skopeo"));
    let umoci = need!(skip::program("umoci"));
    let stage = Stage::new();
    let layout = stage.layout().display().to_string();
    let destination = format!("oci:{layout}:app");
    let build = stage.attar().args(["build", "--platform", "linux/amd64", "-o", &destination]);
    build.arg(stage.spec()).run().success();
    let copy = format!("oci:{}:app", stage.scratch.join("copy").display());
    run(&mut words(&[skopeo, "copy", "--all", &destination, &copy])).success();
    let digest = |folder: &str| attar_testing::layout::digest(&stage.scratch.join(folder), Some("app"));
    assert_eq!(digest("copy").expect("an entry"), digest("layout").expect("an entry"));
    assert_eq!(run(&mut words(&[umoci, "list", "--layout", &layout])).success(), "app\n");
    run(&mut words(&[umoci, "stat", "--image", &format!("{layout}:app")])).success();
}

#[test]
fn keys_and_addresses_of_the_image_are_shown_and_not_used() {
    let stage = Stage::new();
    stage.build(&[]);
    stage.forget();
    let said = answer(stage.rebuild("app", &[]));
    assert_eq!(said["verdict"], "cannot-judge", "{said:#}");
    assert_eq!(said["packages"]["vouched"], 0);
    assert_eq!(said["packages"]["unvouched"][0]["name"], "tool");
    assert_eq!(said["packages"]["spec_keys"][0], stage.fingerprint().as_str());
    assert_eq!(said["packages"]["spec_addresses"][0], stage.url().as_str());
    let said = answer(stage.rebuild("app", &["--trust-spec"]));
    assert_eq!(said["verdict"], "identical", "{said:#}");
    let other = attar_testing::archive::Key::generate(3650).and_then(|key| key.armored()).expect("a key");
    let other = Scratch::with([("other.asc", &other[..])]);
    let key = other.join("other.asc").display().to_string();
    std::fs::remove_dir_all(stage.scratch.join("cache")).expect("the cache");
    let said = answer(stage.rebuild("app", &["--key", &key, "--mirror", &stage.url()]));
    assert_eq!(said["verdict"], "cannot-judge", "{said:#}");
}

#[test]
fn packages_of_a_folder_have_nobody_who_vouches_for_them() {
    let stage = Stage::new();
    let package = attar_testing::archive::Package::new("local", "1.0", "all").bytes().expect("a package");
    stage.scratch.write("spec/debs/local.deb", package);
    stage.write_spec("gzip", "    - debs: debs\n");
    let spec = stage.scratch.read("spec/attar.yaml").replace("packages: [tool]", "packages: [tool, local]");
    stage.scratch.write("spec/attar.yaml", spec);
    stage.build(&[]);
    std::fs::remove_dir_all(stage.scratch.join("spec")).expect("the spec");
    // The bytes are in the cache still, so all is rebuilt; it is no proof, though.
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(said["verdict"], "cannot-judge", "{said:#}");
    assert_eq!(said["packages"]["unvouched"][0]["name"], "local");
    assert_eq!(said["packages"]["vouched"], 2);
    assert!(said["images"][0]["comparisons"][0].get("difference").is_none(), "{said:#}");
    std::fs::remove_dir_all(stage.scratch.join("cache")).expect("the cache");
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(said["verdict"], "cannot-judge", "{said:#}");
    assert_eq!(said["images"], serde_json::json!([]));
}

#[test]
fn without_a_fitting_lock_there_is_no_answer() {
    let stage = Stage::new();
    let rebuild = || answer(stage.attar().args(["rebuild", "-o", "json"]).arg(stage.spec()).run());
    assert_eq!(rebuild()["verdict"], "cannot-judge");
    stage.build(&[]);
    assert_eq!(rebuild()["verdict"], "identical");
    let spec = stage.scratch.read("spec/attar.yaml").replace("packages: [tool]", "packages: [tool, extra]");
    stage.scratch.write("spec/attar.yaml", spec);
    let said = rebuild();
    assert_eq!(said["verdict"], "cannot-judge");
    assert!(said["reasons"][0].as_str().is_some_and(|reason| reason.contains("extra")), "{said:#}");
    let lock = stage.scratch.read("spec/attar.lock").replace("\"format\": 1", "\"format\": 999");
    stage.scratch.write("spec/attar.lock", lock);
    assert_eq!(rebuild()["verdict"], "cannot-judge");
}

#[test]
fn what_differs_from_build_to_build_is_named() {
    let stage = Stage::new();
    let spec = stage.scratch.read("spec/attar.yaml");
    // Every process has another command line.
    let file = "{from: /proc/self/cmdline, to: /etc/built-by, layer: last}";
    let spec = spec.replace("  files:\n", &format!("  files:\n    - {file}\n"));
    stage.scratch.write("spec/attar.yaml", spec);
    stage.build(&[]);
    let said = answer(stage.attar().args(["rebuild", "-o", "json"]).arg(stage.spec()).run());
    assert_eq!(difference(&said), "linux/amd64 3 /etc/built-by content", "{said:#}");
    let text = stage.attar().arg("rebuild").arg(stage.spec()).run();
    assert_eq!(text.code, Some(2), "{text}");
    let lines: Vec<&str> = text.stdout.lines().map(str::trim_start).collect();
    assert!(lines[0].starts_with("differs: "), "{text}");
    assert_eq!(lines[1], "first difference: linux/amd64, layer 3 (attar: last), /etc/built-by, content");
    assert!(lines[2].starts_with("build: sha256:") && lines[3].starts_with("again: sha256:"), "{text}");
}

#[test]
fn a_changed_file_shows_against_what_was_published() {
    let stage = Stage::new();
    stage.build(&[]);
    stage.scratch.write("spec/tree/a/b/c", "changed");
    let against = format!("oci:{}:app", stage.layout().display());
    let said = stage.attar().args(["rebuild", "-o", "json", "--against", &against]).arg(stage.spec()).run();
    let said = answer(said);
    assert_eq!(difference(&said), "linux/amd64 3 /srv/tree/a/b/c content", "{said:#}");
}
