//! Two images side by side.

use std::path::Path;

use attar_testing::archive::Package;
use attar_testing::layers::{Codec, Layer, write_docker_archive, write_layout};
use attar_testing::{Finished, Scratch};
use serde_json::Value;

use crate::fixture::Fixture;
use crate::support::{Examples, attar};

/// Reads the answer as JSON; the exit code has to fit its verdict.
#[track_caller]
fn answer(finished: &Finished) -> Value {
    let answer: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished}"));
    assert_eq!(answer["schema"], "attar.diff/1", "{finished}");
    let code = match answer["verdict"].as_str() {
        Some("identical" | "same-contents") => 0,
        Some("differs") => 2,
        Some("cannot-judge") => 3,
        _ => panic!("{finished}"),
    };
    assert_eq!(finished.code, Some(code), "{finished}");
    answer
}

fn oci(folder: &Path) -> String {
    format!("oci:{}", folder.display())
}

#[test]
fn an_update_is_told_from_what_no_version_explains() {
    let mut fixture = Fixture::new();
    fixture.more = "  files:\n    - {text: \"one\\n\", to: /etc/own}\nenvironment: {LOG: info}\n";
    fixture.works();
    let old = fixture.scratch.join("old");
    std::fs::rename(fixture.scratch.join("layout"), &old).expect("the layout moves");
    let library = Package {
        files: vec![("./usr/lib/library.so", "another content\n"), ("./usr/lib/new/data", "x")],
        ..Package::new("library", "1.3", "amd64")
    };
    fixture.suite.packages.retain(|package| !package.control.contains("Package: library\n"));
    fixture.suite = fixture.suite.with_package(library);
    fixture.publish();
    fixture.more = "  files:\n    - {text: \"two\\n\", to: /etc/own}\nenvironment: {LOG: debug}\n";
    fixture.attar().arg("lock").arg("--update").arg(fixture.spec()).run().success();
    fixture.works();
    let new = fixture.scratch.join("layout");
    let run =
        |arguments: &[&str]| fixture.attar().arg("diff").args(arguments).args([oci(&old), oci(&new)]).run();
    let shown = run(&["--content"]);
    assert_eq!(shown.code, Some(2), "{shown}");
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert!(
        lines[0]
            .starts_with("differs: 1 package upgraded, 1 file changed, configuration: environment LOG (+"),
        "{shown}"
    );
    for line in ["-one", "+two", "environment LOG  info    debug"] {
        assert!(lines.contains(&line), "no `{line}`: {shown}");
    }
    let said = answer(&run(&["-o", "json"]));
    let comparison = &said["comparisons"][0];
    assert_eq!(comparison["packages"][0]["before"]["version"], "1.2");
    assert_eq!(comparison["packages"][0]["after"]["version"], "1.3");
    let files = comparison["files"].as_array().expect("files");
    let group = |path: &str| {
        let file = files.iter().find(|file| file["path"] == path);
        file.map(|file| file["group"].clone()).unwrap_or_default()
    };
    assert_eq!(group("/usr/lib/library.so"), "package");
    assert_eq!(group("/usr/lib/new/data"), "package");
    assert_eq!(group("/etc/own"), "unrecorded");
    let again = fixture.attar().arg("diff").args([oci(&new), oci(&new)]).run();
    assert_eq!(again.success(), "same: all bytes\n");
    let markdown = run(&["-o", "markdown"]);
    assert!(markdown.stdout.starts_with("<!-- attar diff "), "{markdown}");
}

#[test]
fn an_image_built_again_is_the_same_and_one_that_was_packed_otherwise_has_the_same_contents() {
    let examples = Examples::copy();
    let spec = examples.spec("base");
    examples.build_spec(&spec, "one");
    examples.build_spec(&spec, "other");
    let (one, other) = (oci(&examples.join("one")), oci(&examples.join("other")));
    let said = answer(&attar().args(["diff", "-o", "json", &one, &other]).run());
    assert_eq!(said["verdict"], "identical");
    assert_eq!(said["comparisons"].as_array().map(Vec::len), Some(2), "both platforms: {said:#}");
    let shown = attar().args(["diff", &one, &other]).run().success();
    assert_eq!(shown, "same: all bytes (linux/amd64, linux/arm64)\n");
    let archive = examples.docker_archive(&spec, "linux/amd64", "base:test");
    let archive = archive.display().to_string();
    let run = attar().args(["diff", "-o", "json", "--platform", "linux/amd64", &one, &archive]).run();
    let said = answer(&run);
    assert!(matches!(said["verdict"].as_str(), Some("identical" | "same-contents")), "{said:#}");
    let root = examples.join("root.tar");
    let destination = format!("rootfs:{}", root.display());
    attar().arg("build").arg(&spec).args(["--platform", "linux/amd64", "-o", &destination]).run().success();
    let same = attar().args(["diff", "--platform", "linux/amd64", &one, &destination]).run().success();
    assert_eq!(same, "same contents, other bytes: a root file system has no configuration\n");
    let missing = answer(&attar().args(["diff", "-o", "json", &one, &archive]).run());
    assert_eq!(missing["verdict"], "differs", "a platform is missing");
    assert_eq!(missing["platforms_before_only"][0], "linux/arm64");
    let platforms =
        attar().args(["diff", &one, "--platform", "linux/amd64", "--platform", "linux/arm64"]).run();
    assert_eq!(platforms.code, Some(2), "{platforms}");
    assert!(platforms.stdout.contains("for another architecture, configuration: platform"), "{platforms}");
    assert!(!platforms.stdout.contains("libc.so.6"), "files made for a platform are not listed: {platforms}");
}

#[test]
fn what_cannot_be_judged_or_makes_no_sense_is_said() {
    let scratch = Scratch::with([("attar.yaml", "")]);
    let layers = || [Layer::new().file("a", "1").tar(), Layer::new().file("b\x1b[1m", "2").tar()];
    let (one, cut) = (scratch.join("one"), scratch.join("cut"));
    write_layout(&one, "it", Codec::Gzip, &layers()[..1]).expect("a layout");
    write_layout(&cut, "it", Codec::Gzip, layers()).expect("a layout");
    let differs = attar().args(["diff", &oci(&one), &oci(&cut)]).run();
    assert_eq!(differs.code, Some(2), "{differs}");
    assert!(differs.stdout.contains("/b\\u{1b}[1m"), "{differs}");
    let archive = scratch.join("same.tar");
    write_docker_archive(&archive, "it:1", &layers()).expect("an archive");
    let same = attar().args(["diff", &oci(&cut)]).arg(&archive).run().success();
    assert_eq!(same, "same contents, other bytes: layers compressed otherwise\n");
    let strict = attar().args(["diff", "--strict", &oci(&cut)]).arg(&archive).run();
    assert_eq!(strict.code, Some(2), "{strict}");

    let image = attar_testing::layout::single(&cut, "it").expect("an image");
    let digest = image.manifest["layers"][1]["digest"].as_str().expect("a digest").to_owned();
    std::fs::remove_file(cut.join("blobs/sha256").join(&digest["sha256:".len()..])).expect("the blob");
    let unknown = attar().args(["diff", &oci(&one), &oci(&cut)]).run();
    assert_eq!(unknown.code, Some(3), "{unknown}");
    let expected = format!("cannot judge: layer 2 of the second image ({digest}) is not there\n");
    assert_eq!(unknown.stdout, expected);

    for (case, arguments, words) in [
        ("one image", vec![oci(&one)], "only one image is named"),
        (
            "a spec",
            vec![oci(&one), scratch.join("attar.yaml").display().to_string()],
            "is a spec, not an image",
        ),
        ("an unknown platform", vec![oci(&one), oci(&cut), "--platform=linux/s390x".into()], "no image for"),
    ] {
        let message = attar().arg("diff").args(arguments).run().fails(64);
        assert!(message.contains(words), "{case}: {message}");
    }
}
