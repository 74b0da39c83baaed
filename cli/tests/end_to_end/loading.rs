//! `build --load`, and images that an engine has.

use attar_testing::command::words;
use attar_testing::engine::{Docker, Podman};
use attar_testing::{need, run};
use serde_json::Value;

use crate::support::{Examples, attar};

fn build(examples: &Examples, arguments: &[&str]) -> attar_testing::Finished {
    attar().arg("build").arg(examples.spec("program")).args(arguments).run()
}

#[test]
fn docker_gets_the_image_of_its_platform() {
    let docker = need!(Docker::find());
    let examples = Examples::copy();
    let tag = "attar-tests/loaded:1";
    let said = build(&examples, &["--load=docker", "-t", tag]);
    assert!(said.stderr.contains("loaded into Docker at unix:///var/run/docker.sock"), "{said}");
    let line = said.success();
    assert!(line.starts_with("sha256:") && line.ends_with(&format!(" docker:{tag}\n")), "{line}");

    let images = examples.build("program");
    let config = &images[0].config;
    let inspected = run(&mut words(&["docker", "inspect", tag])).success();
    let inspected: Value = serde_json::from_str(&inspected).expect("JSON");
    for key in ["User", "Env", "Entrypoint", "WorkingDir"] {
        assert_eq!(inspected[0]["Config"][key], config["config"][key], "{key}");
    }
    assert_eq!(inspected[0]["RootFS"]["Layers"], config["rootfs"]["diff_ids"]);

    let packages = |source: &str| attar().args(["packages", "--platform", "linux/amd64", source]).run();
    let expected = packages(&format!("oci:{}", examples.join("program").display())).success();
    assert_eq!(packages(&format!("docker:{tag}")).success(), expected);
    assert_eq!(packages(&format!("docker-daemon:{tag}")).success(), expected);
    let bare = packages(tag);
    assert!(bare.stderr.contains("is taken from Docker"), "{bare}");
    assert_eq!(bare.success(), expected);

    let started = docker.run(&[], tag, &[]);
    docker.remove(tag);
    assert!(started.clone().success().starts_with("hello from x86_64, user 65532:65532"), "{started}");
    let gone = packages(&format!("docker:{tag}")).fails(1);
    assert!(gone.contains(&format!("hint: `registry:{tag}` asks the registry")), "{gone}");
}

#[test]
fn podman_gets_it_without_a_running_service() {
    let podman = need!(Podman::find());
    let examples = Examples::copy();
    let tag = "localhost/attar-tests/loaded:1";
    let said = build(&examples, &["--load=podman", "-t", tag]);
    assert!(said.stderr.contains("loaded into Podman at unix://"), "{said}");
    assert!(said.clone().success().contains(&format!(" podman:{tag}")), "{said}");
    let packages = |source: &str| attar().args(["packages", "--platform", "linux/amd64", source]).run();
    examples.build("program");
    let expected = packages(&format!("oci:{}", examples.join("program").display())).success();
    assert_eq!(packages(&format!("podman:{tag}")).success(), expected);
    let started = podman.run(&[], tag, &[]);
    podman.remove(tag);
    assert!(started.clone().success().starts_with("hello from x86_64, user 65532:65532"), "{started}");
}

#[test]
fn layers_in_zstd_are_loaded_all_the_same() {
    let docker = need!(Docker::find());
    let examples = Examples::copy();
    let spec = examples
        .scratch
        .write("examples/zstd/attar.yaml", "include: ../program/attar.yaml\ncompression: zstd\n");
    let tag = "attar-tests/zstd:1";
    attar().arg("build").arg(spec).args(["--load=docker", "-t", tag]).run().success();
    let started = docker.run(&[], tag, &[]);
    docker.remove(tag);
    assert!(started.clone().success().starts_with("hello from x86_64"), "{started}");
}

#[test]
fn an_archive_for_docker_has_the_same_bytes_wherever_it_is_written() {
    let examples = Examples::copy();
    let write = |name: &str, folder: &str| {
        let file = examples.join(name);
        let temporary = examples.join(folder);
        std::fs::create_dir_all(&temporary).expect("a folder");
        attar()
            .arg("build")
            .arg(examples.spec("program"))
            .args(["-t", "app:1", "-t", "team/app", "--threads", &folder.len().to_string(), "-o"])
            .arg(format!("docker-archive:{}", file.display()))
            .env("TMPDIR", temporary)
            .run()
            .success();
        std::fs::read(file).expect("the archive")
    };
    let first = write("first.tar", "a");
    assert!(first == write("second.tar", "another"), "two archives of one image differ");
    let mut archive = tar::Archive::new(&first[..]);
    let mut entries = archive.entries().expect("an archive");
    let manifest: Value =
        serde_json::from_reader(entries.next().expect("a first member").expect("a member")).expect("JSON");
    let tags = |image: usize| manifest[image]["RepoTags"].to_string().replace("docker.io/", "");
    let expected =
        ["library/app:1", "team/app:latest", "library/app:1-linux-amd64", "team/app:latest-linux-amd64"];
    assert_eq!(tags(0), serde_json::to_string(&expected).expect("JSON"));
    let expected = ["library/app:1-linux-arm64", "team/app:latest-linux-arm64"];
    assert_eq!(tags(1), serde_json::to_string(&expected).expect("JSON"));
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let examples = Examples::copy();
    let said = attar()
        .arg("build")
        .arg(examples.spec("static"))
        .args(["--load=docker", "-t", "x:1"])
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .run()
        .fails(1);
    assert!(said.contains("Docker does not answer at unix:///nonexistent/docker.sock"), "{said}");
    assert!(said.contains("hint: `DOCKER_HOST`"), "{said}");
}
