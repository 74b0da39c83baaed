//! Images go to docker-registry and come back: other tools read them, bytes stay, tags move last.

mod killed;

use std::path::Path;

use attar_testing::command::words;
use attar_testing::containerd::Containerd;
use attar_testing::docker_registry::{DockerRegistry, LOGIN};
use attar_testing::engine::{Docker, Podman};
use attar_testing::tls::Authority;
use attar_testing::{Scratch, need, run, skip};
use serde_json::Value;

use crate::support::{Examples, attar};

/// Builds a spec into the layout `layout` and pushes it; returns the line on standard output.
#[track_caller]
fn push(examples: &Examples, spec: &Path, layout: &str, arguments: &[&str]) -> String {
    attar()
        .arg("build")
        .arg(spec)
        .args(["--locked", "--push", "-o"])
        .arg(format!("oci:{}:1", examples.join(layout).display()))
        .args(arguments)
        .run()
        .success()
}

#[test]
fn what_was_pushed_is_the_layout_byte_for_byte() {
    let registry = need!(DockerRegistry::start());
    need!(skip::program("skopeo"));
    need!(skip::program("crane"));
    let examples = Examples::copy();
    let reference = registry.reference("demo/program:1");
    let line = push(&examples, &examples.spec("program"), "layout", &["-t", &reference]);
    let layout = examples.join("layout");
    let digest = attar_testing::layout::digest(&layout, Some("1")).expect("an entry");
    let by_digest = format!("{}@{digest}", registry.reference("demo/program"));
    assert_eq!(line, format!("{by_digest} oci:{}:1\n", layout.display()));

    assert_eq!(run(&mut words(&["crane", "digest", &reference])).success().trim(), digest);
    run(&mut words(&["crane", "validate", "--remote", &by_digest])).success();
    let copy = format!("oci:{}:copy", examples.join("copy").display());
    let source = format!("docker://{reference}");
    run(&mut words(&["skopeo", "copy", "--all", "--src-tls-verify=false", &source, &copy])).success();
    let copied = attar_testing::layout::digest(&examples.join("copy"), Some("copy")).expect("an entry");
    assert_eq!(copied, digest);
    for blob in std::fs::read_dir(examples.join("copy/blobs/sha256")).expect("blobs").flatten() {
        let bytes = |path: &Path| std::fs::read(path).expect("a blob");
        let own = layout.join("blobs/sha256").join(blob.file_name());
        assert!(bytes(&blob.path()) == bytes(&own), "{:?}", blob.file_name());
    }
    // The evidence is where tools look for it in a registry without the referrers API.
    let evidence = registry.reference(&format!("demo/program:{}", digest.replace(':', "-")));
    let list: Value =
        serde_json::from_str(&run(&mut words(&["crane", "manifest", &evidence])).success()).expect("JSON");
    assert_eq!(list["manifests"][0]["artifactType"], "application/vnd.attar.evidence.v1+json");
}

#[test]
fn podman_pulls_and_starts_what_was_pushed() {
    let registry = need!(DockerRegistry::start());
    let podman = need!(Podman::find());
    let examples = Examples::copy();
    let reference = registry.reference("demo/program:1");
    push(&examples, &examples.spec("program"), "layout", &["-t", &reference]);
    run(&mut words(&["podman", "pull", "--quiet", "--tls-verify=false", &reference])).success();
    let said = podman.run(&[], &reference, &[]);
    podman.remove(&reference);
    assert!(said.clone().success().starts_with("hello from x86_64, user 65532:65532"), "{said}");
}

#[test]
fn docker_and_containerd_pull_what_was_pushed() {
    let registry = need!(DockerRegistry::start());
    let docker = need!(Docker::find());
    let containerd = need!(Containerd::start());
    let examples = Examples::copy();
    let reference = registry.reference("demo/program:1");
    let line = push(&examples, &examples.spec("program"), "layout", &["-t", &reference]);
    let by_digest = line.split(' ').next().expect("a reference");
    run(&mut words(&["docker", "pull", "--quiet", by_digest])).success();
    let said = docker.run(&[], by_digest, &[]);
    docker.remove(by_digest);
    assert!(said.clone().success().starts_with("hello from x86_64, user 65532:65532"), "{said}");
    let pull = ["images", "pull", "--plain-http", "--all-platforms", "--snapshotter", "native", &reference];
    containerd.ctr(&pull).success();
    let said = containerd.run("linux/amd64", &reference, &[]);
    assert!(said.clone().success().starts_with("hello from x86_64, user 65532:65532"), "{said}");
}

#[test]
fn a_pushed_image_is_rebuilt_from_itself_alone() {
    let registry = need!(DockerRegistry::start());
    let examples = Examples::copy();
    let reference = registry.reference("demo/program:1");
    push(&examples, &examples.spec("program"), "layout", &["-t", &reference]);
    let said = attar().args(["rebuild", &format!("registry:{reference}")]).run().success();
    assert!(said.contains("identical"), "{said}");
}

#[test]
fn variants_and_names_have_their_places() {
    let registry = need!(DockerRegistry::start());
    let examples = Examples::copy();
    let spec = examples.scratch.write(
        "examples/named/attar.yaml",
        "name: team/api\ninclude: ../static/attar.yaml\nvariants:\n  root: {accounts: {run-as: root}}\n",
    );
    let report = examples.join("report.json");
    let prefix = registry.reference("acme");
    let said = attar()
        .arg("build")
        .arg(&spec)
        .args([
            "--push",
            "--repository",
            &prefix,
            "-t",
            "1.4",
            "-t",
            "edge",
            "--variant",
            "root",
            "--metadata-file",
        ])
        .arg(&report)
        .run()
        .success();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines.iter().all(|line| line.starts_with(&format!("{prefix}/team/api@sha256:"))), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(report).expect("a report")).expect("JSON");
    let tags = |image: usize| report["images"][image]["pushed"][0]["tags"].to_string();
    assert_eq!(tags(0), format!("[\"{prefix}/team/api:1.4\",\"{prefix}/team/api:edge\"]"));
    assert_eq!(tags(1), format!("[\"{prefix}/team/api:1.4-root\",\"{prefix}/team/api:edge-root\"]"));
    assert_eq!(report["images"][0]["pushed"][0]["reference"], lines[0]);

    // Without a tag it is there by digest alone.
    let said =
        attar().arg("build").arg(&spec).args(["--push", "--repository", &registry.reference("bare")]).run();
    assert!(said.success().starts_with(&registry.reference("bare/team/api@sha256:")));
    let said = attar().arg("build").arg(&spec).arg("--push").run().fails(64);
    assert!(said.contains("--repository"), "{said}");
}

#[test]
fn a_registry_with_tls_and_a_login() {
    let authority = Authority::generate().expect("an authority");
    let registry = need!(DockerRegistry::guarded(&authority));
    let examples = Examples::copy();
    let scratch = Scratch::new();
    let reference = registry.reference("demo/static:1");
    let trusted = scratch.write("ca.pem", authority.pem());
    let build = || attar().arg("build").arg(examples.spec("static")).args(["--push", "-t", &reference]);

    let said = build().run().fails(1);
    assert!(said.contains("SSL_CERT_FILE"), "{said}");
    let said = build().env("SSL_CERT_FILE", &trusted).run().fails(1);
    assert!(said.contains(&format!("docker login {}", registry.host())), "{said}");

    // Whatever tool wrote the login: a file, or a helper.
    let (name, password) = LOGIN;
    let login = format!(
        "{{\"auths\":{{\"{}\":{{\"username\":\"{name}\",\"password\":\"{password}\"}}}}}}",
        registry.host()
    );
    let file = scratch.write("auth.json", login);
    build().env("SSL_CERT_FILE", &trusted).env("REGISTRY_AUTH_FILE", &file).run().success();
    let folder = scratch.join("docker");
    scratch.write(
        "docker/config.json",
        format!("{{\"credHelpers\":{{\"{}\":\"attar-tests\"}}}}", registry.host()),
    );
    let helper = scratch.write(
        "bin/docker-credential-attar-tests",
        format!("#!/bin/sh\nread -r server\necho '{{\"ServerURL\":\"x\",\"Username\":\"{name}\",\"Secret\":\"{password}\"}}'\n"),
    );
    run(&mut words(&["chmod", "755", helper.to_str().expect("UTF-8")])).success();
    let path = format!("{}:{}", scratch.join("bin").display(), std::env::var("PATH").expect("a search path"));
    build().env("SSL_CERT_FILE", &trusted).env("DOCKER_CONFIG", folder).env("PATH", path).run().success();

    let wrong =
        format!("{{\"auths\":{{\"{}\":{{\"username\":\"{name}\",\"password\":\"no\"}}}}}}", registry.host());
    let file = scratch.write("wrong.json", wrong);
    let said = build().env("SSL_CERT_FILE", &trusted).env("REGISTRY_AUTH_FILE", file).run().fails(1);
    assert!(said.contains("does not accept the stored login"), "{said}");
}

#[test]
fn an_image_is_read_where_it_is() {
    let registry = need!(DockerRegistry::start());
    let examples = Examples::copy();
    let reference = registry.reference("demo/cc:1");
    push(&examples, &examples.spec("cc"), "layout", &["-t", &reference]);
    let packages = |source: &str| attar().args(["packages", source]).run();
    let expected = packages(&format!("oci:{}:1", examples.join("layout").display())).success();
    assert!(expected.contains("libc6"), "{expected}");
    let from = format!("registry:{reference}");
    assert_eq!(packages(&from).success(), expected);
    assert_eq!(packages(&format!("registry://{reference}")).success(), expected);
    let bare = packages(&reference);
    assert!(bare.stderr.contains("is taken from the registry"), "{bare}");
    assert_eq!(bare.success(), expected);
    let arm64 = attar().args(["packages", &from, "--platform", "linux/arm64"]).run().success();
    assert!(arm64.lines().count() < expected.lines().count() && arm64.contains("arm64"), "{arm64}");
    attar().args(["why", &from, "libc6"]).run().success();
    let missing = packages(&format!("registry:{}", registry.reference("demo/cc:2"))).fails(1);
    assert!(missing.contains("404 Not Found"), "{missing}");
    let none =
        packages(&format!("registry:{}", registry.reference("demo/cc:1")).replace("demo", "Demo")).fails(64);
    assert!(none.contains("names no image"), "{none}");
}

#[test]
fn services_share_their_layers_by_mounts() {
    let registry = need!(DockerRegistry::start());
    let examples = Examples::copy();
    let base = examples.spec("cc");
    let mut specs = Vec::new();
    for name in ["one", "two"] {
        let text = format!(
            "name: team/{name}\ninclude: {}\ncontents: {{files: [{{text: \"{name}\", to: /etc/name}}]}}\n",
            base.display()
        );
        specs.push(examples.scratch.write(format!("services/{name}/attar.yaml"), text));
    }
    let said =
        attar().arg("build").args(&specs).args(["--push", "-v", "--repository", registry.host()]).run();
    assert!(said.stderr.contains(": mounted"), "{said}");
    assert_eq!(said.success().lines().count(), 2);
}
