//! Compose files and Kubernetes manifests: every image in its role, as the file runs it.

use attar_testing::Scratch;
use attar_testing::registry::{Options, Registry};
use serde_json::Value;

use crate::support::attar;

const SPEC: &str = "\
name: app
contents:
  packages: [hello]
  without: {paths: [docs, man, locales, gconv]}
entrypoint: [/usr/bin/hello]
platforms: [linux/amd64]
variants:
  init:
    contents:
      packages: [{name: busybox-static, applets: /usr/bin}]
      files: [{text: \"#!/bin/sh\\nexec hello\\n\", to: /app/start, permissions: 0755}]
    entrypoint: [/app/start]
";

/// Pushes an image with its first step to a registry of the test's own.
fn pushed(scratch: &Scratch) -> Registry {
    let registry = Registry::start(Options::default()).expect("a registry");
    let spec = scratch.write("attar.yaml", SPEC);
    let tag = registry.reference("app:1");
    attar().args(["build", "--all-variants", "--push", "-t", &tag]).arg(spec).run().success();
    registry
}

/// Returns container, role, profile and answer of each verdict.
fn answers(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let text = |verdict: &Value, key: &str| verdict[key].as_str().unwrap_or_default().to_owned();
    let verdicts = document["verdicts"].as_array().expect("a list");
    let line = |verdict: &Value| {
        ["container", "role", "profile", "answer"].map(|key| text(verdict, key)).join(" | ")
    };
    verdicts.iter().map(line).collect()
}

#[test]
fn images_of_a_manifest_are_judged_in_their_roles() {
    let scratch = Scratch::new();
    let registry = pushed(&scratch);
    let manifest = |user: &str, first: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: app}}\n---\napiVersion: apps/v1\nkind: \
             Deployment\nmetadata: {{name: app}}\nspec:\n  template:\n    spec:\n      securityContext: \
             {{runAsUser: {user}, runAsGroup: {user}}}\n      initContainers: [{{name: first, image: \"{}\"}}]\n      \
             containers: [{{name: main, image: \"{}\"}}]\n",
            registry.reference(first),
            registry.reference("app:1"),
        )
    };
    let good = scratch.write("good.yaml", manifest("65532", "app:1-init"));
    let run = attar().args(["check", "-o", "json"]).arg(good).run();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        answers(&run.stdout),
        [
            "deployment/app, container first | init | init | yes",
            "deployment/app, container main | main | runtime | yes",
        ]
    );

    // As root by the manifest, whatever the image says; and an image for preparing has no place as main.
    let root = scratch.write("root.yaml", manifest("0", "app:1-init"));
    let run = attar().arg("check").arg(root).run();
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stdout.contains("D10 user"), "{run}");
    let swapped = manifest("65532", "app:1-init").replace("app:1\"", "app:1-init\"");
    let swapped = scratch.write("swapped.yaml", swapped);
    let run = attar().args(["check", "-o", "json"]).arg(swapped).run();
    assert_eq!(run.code, Some(2), "{run}");
    assert!(answers(&run.stdout)[1].ends_with("runtime | no"), "{run}");
}

#[test]
fn services_of_a_compose_file_are_judged_in_their_roles() {
    let scratch = Scratch::new();
    let registry = pushed(&scratch);
    let text = "\
services:
  api:
    image: \"${REGISTRY}/app:${TAG:-1}\"
    depends_on: {prepare: {condition: service_completed_successfully}}
  prepare: {image: \"${REGISTRY}/app:1-init\"}
  other: {image: \"${REGISTRY}/app:1\", entrypoint: [/usr/bin/goodbye]}
";
    let file = scratch.write("compose.yaml", text);
    let run = attar().env("REGISTRY", registry.host()).args(["check", "-o", "json"]).arg(&file).run();
    assert_eq!(run.code, Some(2), "{run}");
    assert_eq!(
        answers(&run.stdout),
        [
            "service prepare | init | init | yes",
            "service api | main | runtime | yes",
            "service other | main | runtime | no",
        ]
    );
    assert!(run.stdout.contains("/usr/bin/goodbye is not in the image"), "{run}");

    // A service that is built elsewhere cannot be judged, and that is said.
    let file = scratch.write("built.yaml", "services: {api: {build: .}}\n");
    let run = attar().arg("check").arg(file).run();
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stderr.contains("service api names no image: it is not judged"), "{run}");
    let file = scratch.write("wrong.yaml", "services: {api: {image: a, command: {b: c}}}\n");
    let run = attar().arg("check").arg(file).run();
    assert!(run.clone().fails(1).contains("service api: `command`: expected a list"), "{run}");
}
