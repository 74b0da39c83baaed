//! Images start: under Docker and Podman, for both platforms.

use attar_testing::engine::{self, Docker, Podman};
use attar_testing::need;

use crate::support::Examples;

/// A Python program that imports every module of the standard library that is meant to be imported.
const IMPORT_ALL: &str = r#"
import importlib, sys
# Interactive games, modules of other systems, and what Debian packages apart.
apart = {"antigravity", "this", "idlelib", "tkinter", "turtle", "turtledemo", "lib2to3", "_tkinter",
         "_gdbm"}
foreign = {"msilib", "msvcrt", "nt", "ntpath", "winreg", "winsound", "_winapi", "_overlapped", "_scproxy",
           "_wmi", "_android_support", "_apple_support", "_ios_support", "_winreg"}
failed = []
for name in sorted(sys.stdlib_module_names - apart - foreign):
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed.append(f"{name}: {error!r}")
print(len(sys.stdlib_module_names), "modules,", "failed:", failed)
"#;

#[track_caller]
fn python_imports_everything(platform: &str) {
    let docker = need!(Docker::find());
    need!(engine::can_start(platform));
    let examples = Examples::copy();
    let tag = format!("attar-tests/python3:{}", platform.replace('/', "-"));
    let archive = examples.docker_archive(&examples.spec("python3"), platform, &tag);
    assert_eq!(docker.load(&archive), [tag.as_str()]);
    let said = docker.run(&["--read-only", "--platform", platform], &tag, &["-c", IMPORT_ALL]).success();
    docker.remove(&tag);
    assert!(said.trim_end().ends_with("failed: []"), "{said}");
}

#[test]
fn python_imports_its_standard_library_on_amd64() {
    python_imports_everything("linux/amd64");
}

#[test]
fn python_imports_its_standard_library_on_arm64() {
    python_imports_everything("linux/arm64");
}

/// Starts a program that shows what each example gives it: busybox, which needs nothing itself.
#[track_caller]
fn examples_start(platform: &str) {
    let docker = need!(Docker::find());
    need!(engine::can_start(platform));
    let examples = Examples::copy();
    for name in ["static", "base-nossl", "base", "cc"] {
        let spec = examples.scratch.write(
            format!("examples/{name}-busybox/attar.yaml"),
            format!(
                "include: ../{name}/attar.yaml\ncontents: {{packages: [busybox-static]}}\n\
                 entrypoint: {{command: [/usr/bin/busybox]}}\ncheck: {{profile: debug}}\n"
            ),
        );
        let tag = format!("attar-tests/{name}:{}", platform.replace('/', "-"));
        let archive = examples.docker_archive(&spec, platform, &tag);
        docker.load(&archive);
        let said = docker.run(&["--platform", platform], &tag, &["id"]).success();
        docker.remove(&tag);
        assert_eq!(said.trim_end(), "uid=65532(nonroot) gid=65532(nonroot) groups=65532(nonroot)", "{name}");
    }
}

#[test]
fn examples_start_under_docker_on_amd64() {
    examples_start("linux/amd64");
}

#[test]
fn examples_start_under_docker_on_arm64() {
    examples_start("linux/arm64");
}

#[test]
fn a_program_of_ones_own_starts_under_docker() {
    let docker = need!(Docker::find());
    let examples = Examples::copy();
    let tag = "attar-tests/greeter:1";
    let archive = examples.docker_archive(&examples.spec("program"), "linux/amd64", tag);
    docker.load(&archive);
    let said = docker.run(&["--read-only", "--user", "10001:0"], tag, &[]);
    docker.remove(tag);
    let said = said.success();
    assert!(said.starts_with("hello from x86_64, user 10001:0"), "{said}");
    assert!(said.contains("Berlin is Europe/Berlin"), "{said}");
}

#[test]
fn podman_starts_what_docker_starts() {
    let podman = need!(Podman::find());
    let examples = Examples::copy();
    let tag = "localhost/attar-tests/podman:1";
    let archive = examples.docker_archive(&examples.spec("program"), "linux/amd64", tag);
    assert_eq!(podman.load(&archive), [tag]);
    let said = podman.run(&[], tag, &[]);
    podman.remove(tag);
    assert!(said.clone().success().starts_with("hello from x86_64, user 65532:65532"), "{said}");
}
