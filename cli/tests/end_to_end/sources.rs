//! Images are read alike wherever they are, in every form that other programs write.

use std::path::Path;
use std::process::Command;

use attar_testing::command::words;
use attar_testing::engine::{Docker, Podman};
use attar_testing::{Finished, Scratch, need, run, skip};

use crate::support::{Examples, attar, cache};

const PLATFORM: [&str; 2] = ["--platform", "linux/amd64"];

/// Lists the packages of an image for one platform.
fn packages(source: &str) -> Finished {
    attar().arg("packages").args(PLATFORM).arg(source).run()
}

/// Lists the packages of what a shell writes to standard input.
fn piped(shell: &str, options: &[&str]) -> Finished {
    let line = format!("{shell} | \"$0\" packages \"$@\" -");
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_attar")).args(options);
    run(command.env("ATTAR_CACHE_DIR", cache()))
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Builds an example into a layout, and returns what is to be read of it.
fn expected(examples: &Examples) -> String {
    examples.build("cc");
    packages(&format!("oci:{}", examples.join("cc").display())).success()
}

/// Leaves out the platform, which a root file system does not say.
fn without_platform(listed: &str) -> Vec<String> {
    let kept = |line: &str| line.replace("linux/amd64", "").replace("unknown/unknown", "");
    let words = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    listed.lines().map(|line| words(kept(line))).collect()
}

#[test]
fn what_docker_writes_is_read() {
    let docker = need!(Docker::find());
    let examples = Examples::copy();
    let expected = expected(&examples);
    let tag = "attar-tests/sources:1";
    docker.load(&examples.docker_archive(&examples.spec("cc"), "linux/amd64", tag));
    let saved = text(&examples.join("saved.tar"));
    run(&mut words(&["docker", "save", "-o", &saved, tag])).success();
    for source in [
        format!("docker:{tag}"),
        saved.clone(),
        format!("docker-archive:{saved}"),
        format!("docker-archive:{saved}:{tag}"),
        format!("docker-archive:{saved}:docker.io/{tag}"),
    ] {
        assert_eq!(packages(&source).success(), expected, "{source}");
    }
    let other = packages(&format!("docker-archive:{saved}:{tag}2")).fails(1);
    assert!(other.contains(&format!("the archive has no image `{tag}2` (it has `{tag}`)")), "{other}");
    for shell in [format!("docker save {tag}"), format!("gzip -c {saved}"), format!("cat {saved}")] {
        assert_eq!(piped(&shell, &PLATFORM).success(), expected, "{shell}");
    }

    let container = run(&mut words(&["docker", "create", tag, "none"])).success();
    let root = text(&examples.join("root.tar"));
    let exported = run(&mut words(&["docker", "export", "-o", &root, container.trim()]));
    run(&mut words(&["docker", "rm", container.trim()]));
    docker.remove(tag);
    exported.success();
    let folder = text(&examples.join("root"));
    std::fs::create_dir(&folder).expect("a folder");
    run(&mut words(&["tar", "-xf", &root, "-C", &folder])).success();
    for source in [root.clone(), format!("rootfs:{root}"), folder.clone(), format!("rootfs:{folder}")] {
        let said = attar().args(["packages", &source]).run();
        assert!(said.stderr.contains("read as a root file system"), "{said}");
        assert_eq!(without_platform(&said.success()), without_platform(&expected), "{source}");
    }
    let said = packages(&root).fails(64);
    assert!(said.contains("a root file system has no platform: `linux/amd64` cannot be chosen"), "{said}");
}

#[test]
fn what_podman_writes_is_read() {
    let podman = need!(Podman::find());
    let examples = Examples::copy();
    let expected = expected(&examples);
    let tag = "localhost/attar-tests/sources:1";
    podman.load(&examples.docker_archive(&examples.spec("cc"), "linux/amd64", tag));
    let save = |format: &str, to: &str| {
        let to = text(&examples.join(to));
        run(&mut words(&["podman", "save", "--quiet", "--format", format, "-o", &to, tag])).success();
        to
    };
    let docker = save("docker-archive", "docker.tar");
    let archive = save("oci-archive", "oci.tar");
    let folder = save("oci-dir", "folder");
    // Two programs of one engine do not always agree on how a layer is stored; what it holds is the same.
    for source in [format!("podman:{tag}"), docker, archive, format!("oci:{folder}"), folder] {
        assert_eq!(packages(&source).success(), expected, "{source}");
    }
    podman.remove(tag);
}

#[test]
fn what_skopeo_writes_is_read() {
    need!(skip::program("skopeo"));
    let examples = Examples::copy();
    let expected = expected(&examples);
    let from = format!("oci:{}", examples.join("cc").display());
    let copy = |options: &[&str], to: &str| {
        let command = ["skopeo", "copy", "--override-arch=amd64", &from, to];
        run(Command::new(command[0]).args([command[1]]).args(options).args(&command[2..])).success();
    };
    let at = |name: &str| text(&examples.join(name));
    let [docker, archive, zstd, chunked] = ["docker.tar", "oci.tar", "zstd", "chunked"].map(at);
    copy(&[], &format!("docker-archive:{docker}:attar-tests/sources:1"));
    copy(&[], &format!("oci-archive:{archive}:1"));
    copy(&["--dest-compress-format=zstd", "--dest-compress"], &format!("oci:{zstd}:1"));
    copy(&["--dest-compress-format=zstd:chunked", "--dest-compress"], &format!("oci:{chunked}:1"));
    for source in [
        docker.clone(),
        format!("docker-archive:{docker}:attar-tests/sources:1"),
        archive.clone(),
        format!("oci-archive:{archive}:1"),
        format!("oci:{zstd}:1"),
        format!("oci:{chunked}:1"),
    ] {
        assert_eq!(packages(&source).success(), expected, "{source}");
    }
    let folder = at("dir");
    copy(&[], &format!("dir:{folder}"));
    let said = packages(&folder).fails(64);
    assert!(said.contains("is a folder as skopeo's `dir:` writes it"), "{said}");
    assert!(said.contains(&format!("hint: `skopeo copy dir:{folder} oci:DIR` makes one of it")), "{said}");
}

#[test]
fn one_platform_of_several_is_chosen_and_said() {
    let examples = Examples::copy();
    examples.build("cc");
    let layout = format!("oci:{}", examples.join("cc").display());
    let why = |options: &[&str]| attar().args(["why", &layout, "libc6"]).args(options).run();
    let said = why(&[]);
    assert!(
        said.stderr.contains("read for `linux/amd64`; `--platform` chooses another: `linux/arm64`"),
        "{said}"
    );
    assert!(said.clone().success().contains("[linux/amd64]"), "{said}");
    let said = why(&["--platform", "linux/arm64"]);
    assert_eq!(said.stderr, "");
    assert!(said.clone().success().contains("[linux/arm64]"), "{said}");
    let said = why(&["--platform", "linux/s390x"]).fails(64);
    assert!(said.contains("no image for `linux/s390x`: found `linux/amd64`, `linux/arm64`"), "{said}");

    // Whoever copied the layout left a platform out.
    let images = attar_testing::layout::images(&examples.join("cc"), None).expect("a layout");
    let [_, arm64] = &images[..] else { panic!("expected two platforms") };
    let digest = arm64.digest.trim_start_matches("sha256:");
    std::fs::remove_file(examples.join("cc/blobs/sha256").join(digest)).expect("the manifest is there");
    let said = attar().args(["packages", &layout]).run();
    assert!(said.stderr.contains("listed and not there: `linux/arm64`"), "{said}");
    assert!(!said.clone().success().contains("linux/arm64"), "{said}");
}

#[test]
fn what_is_no_image_is_named() {
    let scratch = Scratch::new();
    for (name, bytes, found, hint) in [
        ("empty.tar", &b""[..], "found an empty file", "hint: whatever should have written it has failed"),
        ("app.tar", b"PK\x03\x04 and so on", "found a zip archive", ""),
        (
            "app.tgz",
            b"\xfd7zXZ\0 and so on",
            "found an xz file",
            "hint: gzip and zstd are read: decompress it",
        ),
        (
            "manifest.tar",
            br#"{"schemaVersion": 2, "config": {}, "layers": []}"#,
            "found an image manifest",
            "hint: a document alone has no layers",
        ),
        ("app", b"\x7fELF", "found an ELF file", ""),
        ("app.deb", b"!<arch>\ndebian-binary", "found a Debian package", ""),
        ("notes", b"hello", "found text", "hint: a spec is named `attar.yaml`"),
    ] {
        let path = scratch.write(name, bytes);
        let said = attar().args(["packages", &text(&path)]).run().fails(1);
        assert!(said.contains(&format!("expected an image in a tar archive, {found}")), "{name}: {said}");
        assert!(said.contains(hint), "{name}: {said}");
    }
    let said = piped("printf ''", &[]).fails(1);
    assert!(said.contains("cannot read standard input"), "{said}");
}

#[test]
fn a_word_is_a_reference_whatever_lies_here() {
    let scratch = Scratch::with([("localhost/app", "")]);
    let said = attar()
        .args(["packages", "localhost/app"])
        .current_dir(scratch.path())
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .env("CONTAINER_HOST", "unix:///nonexistent/podman.sock")
        .run()
        .fails(1);
    assert!(said.contains("`./localhost/app` is the file or folder here"), "{said}");
    let said = attar()
        .args(["packages", "docker://localhost/app"])
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .run()
        .fails(1);
    assert!(said.contains("cannot read `docker:localhost/app`"), "{said}");
    assert!(
        said.contains(
            "hint: `registry://localhost/app` asks the registry: what is `docker://` to skopeo is `registry://` here"
        ),
        "{said}"
    );
}
