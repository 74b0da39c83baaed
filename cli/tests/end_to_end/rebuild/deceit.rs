//! Images that are not what they say.

use attar_testing::forge;

use super::archive::Stage;
use super::{answer, difference};

const EVIDENCE: &str = "application/vnd.attar.evidence.v1+json";
const LOCK: &str = "application/vnd.attar.lock.v1+json";

/// Builds, and leaves nothing but the layout.
fn published() -> Stage {
    let stage = Stage::new();
    stage.build(&[]);
    stage.forget();
    stage
}

/// Replaces bytes in the lowest layer for one platform that has them, by as many others.
fn change(stage: &Stage, platform: &str, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut is_done = false;
    let edit = |layer: forge::Layer<'_>| {
        let found = layer.tar.windows(from.len()).position(|window| window == from.as_bytes())?;
        let mut tar = layer.tar.to_vec();
        tar[found..found + from.len()].copy_from_slice(to.as_bytes());
        let is_wanted =
            layer.platform == platform && !std::mem::replace(&mut is_done, layer.platform == platform);
        is_wanted.then_some(tar)
    };
    let changed = forge::layers(&stage.layout(), "app", edit).expect("the layer can be changed");
    assert_eq!(changed, 1, "`{from}` is in no layer");
}

#[test]
fn a_changed_file_of_a_package_is_named() {
    let stage = published();
    change(&stage, "linux/arm64", "#!/usr/bin/tool\n", "#!/usr/bin/evil\n");
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(difference(&said), "linux/arm64 1 /usr/bin/tool content", "{said:#}");
    let parts = &said["images"][0]["parts"];
    assert_eq!((&parts["package_layers"], &parts["identical_package_layers"]), (&2.into(), &1.into()));
    // Of the other platform alone nothing is wrong.
    let said = stage.rebuild("app", &["--platform", "linux/amd64", "--trust-spec"]);
    assert_eq!(answer(said)["verdict"], "identical");
}

#[test]
fn a_blob_that_does_not_have_its_digest_is_named() {
    let stage = Stage::new();
    stage.write_spec("none", "");
    stage.build(&[]);
    stage.forget();
    let image = &attar_testing::layout::images(&stage.layout(), Some("app")).expect("images")[0];
    let blob = image.blob(&image.layers()[0]);
    let bytes = std::fs::read(&blob).expect("the layer");
    let text = "#!/usr/bin/tool\n".as_bytes();
    let at = bytes.windows(text.len()).position(|window| window == text).expect("the program");
    let mut bytes = bytes;
    bytes[at + 11] = b'T';
    std::fs::write(&blob, bytes).expect("the layer can be written");
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(difference(&said), "linux/amd64 1 /usr/bin/tool content", "{said:#}");
    assert_eq!(said["images"][0]["parts"]["identical_package_layers"], 1, "{said:#}");
}

#[test]
fn another_compressor_is_said_as_such() {
    let stage = published();
    let all = |layer: forge::Layer<'_>| Some(layer.tar.to_vec());
    forge::layers(&stage.layout(), "app", all).expect("layers can be compressed anew");
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(said["verdict"], "differs");
    assert_eq!(difference(&said), "linux/amd64 1 compressed bytes", "{said:#}");
    assert_eq!(said["images"][0]["comparisons"][0]["difference"]["same_contents"], true);
}

#[test]
fn own_files_are_taken_with_the_modes_that_the_spec_gives() {
    let stage = published();
    // The mode of the only file with 0750, in the octal digits of a tar header, made setuid: the checksum
    // of the header is that of other bytes then, so it follows.
    let edit = |layer: forge::Layer<'_>| {
        let name = b"usr/bin/run\0";
        let header = layer.tar.chunks(512).position(|block| block.starts_with(name))? * 512;
        let mut tar = layer.tar.to_vec();
        tar[header + 100..header + 107].copy_from_slice(b"0004750");
        tar[header + 148..header + 156].fill(b' ');
        let sum: u32 = tar[header..header + 512].iter().map(|byte| u32::from(*byte)).sum();
        tar[header + 148..header + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        Some(tar)
    };
    assert_eq!(forge::layers(&stage.layout(), "app", edit).expect("layers"), 2);
    let said = answer(stage.rebuild_trusting("app"));
    assert!(difference(&said).ends_with("/usr/bin/run mode"), "{said:#}");
}

#[test]
fn a_generated_file_is_not_taken_as_published() {
    let stage = published();
    change(&stage, "linux/amd64", "app:x:10001:10001", "app:x:00000:10001");
    let said = answer(stage.rebuild_trusting("app"));
    assert!(difference(&said).ends_with("/etc/passwd content"), "{said:#}");
}

#[test]
fn evidence_that_names_another_package_is_no_proof() {
    let stage = published();
    let edit = |kind: &str, text: String| match kind {
        LOCK => text.replace("\"version\":\"1.0\"", "\"version\":\"2.0\""),
        _ => text,
    };
    forge::artifact(&stage.layout(), "app", EVIDENCE, edit).expect("evidence");
    let said = answer(stage.rebuild_trusting("app"));
    assert_eq!(said["verdict"], "cannot-judge", "{said:#}");
    assert_eq!(said["packages"]["unvouched"][0]["version"], "2.0");
}

#[test]
fn evidence_that_says_another_configuration_is_refuted() {
    let stage = published();
    let edit = |kind: &str, text: String| match kind {
        EVIDENCE => text.replace("\"COLOUR\":\"red\"", "\"COLOUR\":\"blue\""),
        _ => text,
    };
    forge::artifact(&stage.layout(), "app", EVIDENCE, edit).expect("evidence");
    let said = answer(stage.rebuild_trusting("app"));
    assert!(difference(&said).starts_with("linux/amd64 configuration /config/"), "{said:#}");
}

#[test]
fn without_usable_evidence_there_is_no_answer() {
    let stage = published();
    let old = |kind: &str, text: String| match kind {
        EVIDENCE => text.replace("\"lock-format\":1", "\"lock-format\":999"),
        _ => text,
    };
    forge::artifact(&stage.layout(), "app", EVIDENCE, old).expect("evidence");
    let said = answer(stage.rebuild_trusting("app"));
    assert!(said["reasons"][0].as_str().is_some_and(|reason| reason.contains("999")), "{said:#}");
    let broken = |_: &str, _: String| String::from("{}");
    forge::artifact(&stage.layout(), "app", EVIDENCE, broken).expect("evidence");
    assert_eq!(answer(stage.rebuild_trusting("app"))["verdict"], "cannot-judge");
    forge::without_artifacts(&stage.layout(), "app").expect("entries");
    let said = answer(stage.rebuild_trusting("app"));
    assert!(said["reasons"][0].as_str().is_some_and(|reason| reason.contains("no evidence")), "{said:#}");
}

#[test]
fn evidence_never_reads_a_file_of_the_host() {
    let stage = published();
    let edit = |kind: &str, text: String| match kind {
        EVIDENCE => text.replacen(
            "{\"name\":\"corporate\",\"content\":",
            "\"/etc/hostname\",{\"name\":\"x\",\"content\":",
            1,
        ),
        _ => text,
    };
    forge::artifact(&stage.layout(), "app", EVIDENCE, edit).expect("evidence");
    let said = answer(stage.rebuild_trusting("app"));
    assert!(said["reasons"][0].as_str().is_some_and(|reason| reason.contains("/etc/hostname")), "{said:#}");
}
