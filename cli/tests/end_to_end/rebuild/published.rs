//! Images in registries: all that a rebuild needs was pushed with them.

use attar_testing::docker_registry::DockerRegistry;
use attar_testing::need;
use attar_testing::registry::{Options, Registry};
use serde_json::Value;

use super::archive::Stage;
use super::{answer, difference};
use crate::support::{Examples, attar};

/// Pushes every variant of the stage's spec.
#[track_caller]
fn push(stage: &Stage, reference: &str) {
    let build = stage.attar().args(["build", "--all-variants", "--push", "-t", reference]);
    build.arg(stage.spec()).run().success();
}

/// Rebuilds an image of a registry, trusting the key of the stage's archive.
fn rebuild(stage: &Stage, reference: &str) -> Value {
    let command = stage.attar().args(["rebuild", "-o", "json", &format!("registry:{reference}")]);
    answer(command.args(["--key", &stage.key(), "--mirror", &stage.url()]).run())
}

#[test]
fn a_pushed_image_is_rebuilt_from_the_registry_alone() {
    for referrers in [true, false] {
        rebuild_from_registry(Options { referrers, ..Options::default() });
    }
}

/// Pushes to a registry and rebuilds from it, whether or not it keeps lists of referrers.
fn rebuild_from_registry(options: Options) {
    let registry = Registry::start(options).expect("a registry");
    let stage = Stage::new();
    let reference = registry.reference("team/app:1");
    push(&stage, &reference);
    let against = format!("registry:{reference}");
    let said = stage.attar().args(["rebuild", "-o", "json", "--all-variants", "--against", &against]);
    let said = answer(said.arg(stage.spec()).run());
    assert_eq!(said["verdict"], "identical", "{said:#}");
    assert_eq!(said["images"][2]["comparisons"][1]["with"], format!("{against}-root"), "{said:#}");
    stage.forget();
    for reference in [reference.clone(), format!("{reference}-root"), format!("{reference}-other")] {
        let said = rebuild(&stage, &reference);
        assert_eq!(said["verdict"], "identical", "{said:#}");
        assert_eq!(said["of"], format!("registry:{reference}"));
    }
    let said = stage.attar().args(["rebuild", "--offline", &format!("registry:{reference}")]).run().fails(64);
    assert!(said.contains("--offline"), "{said}");
}

#[test]
fn another_image_under_the_tag_has_no_evidence_of_its_own() {
    let registry = Registry::start(Options::default()).expect("a registry");
    let stage = Stage::new();
    let reference = registry.reference("team/app:1");
    push(&stage, &reference);
    let spec = stage.scratch.read("spec/attar.yaml").replace("COLOUR: red", "COLOUR: blue");
    stage.scratch.write("spec/attar.yaml", spec);
    let said = stage.attar().args(["rebuild", "-o", "json", "--against", &format!("registry:{reference}")]);
    let said = answer(said.arg(stage.spec()).run());
    assert!(difference(&said).starts_with("linux/amd64 configuration /config/"), "{said:#}");
}

#[test]
fn an_example_is_rebuilt_from_debians_registry_and_archive() {
    let registry = need!(DockerRegistry::start());
    let examples = Examples::copy();
    let reference = registry.reference("demo/program:1");
    let build = attar().args(["build", "--push", "-t", &reference]).arg(examples.spec("program"));
    build.run().success();
    drop(examples);
    let said = answer(attar().args(["rebuild", "-o", "json", &format!("registry:{reference}")]).run());
    assert_eq!(said["verdict"], "identical", "{said:#}");
    assert_eq!(said["packages"]["unvouched"], Value::Array(vec![]));
}
