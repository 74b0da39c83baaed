//! Globs over the paths of packages that match nothing.

use attar_testing::deb::deb;
use attar_testing::{Attar, Finished, Scratch};

const SPEC: &str = "\
contents:
  foundation: none
  repositories: [{debs: ./local}]
  packages:
    - name: tool
      only:
        - /usr/**
        - /usr/bni/**
      without: [/usr/bin/other, man]
  without:
    paths:
      - docs
      - /usr/share/tool/x
      - /usr/lib/arm
      - /opt/extra
      - '!/usr/share/tool/y'
platforms: [linux/amd64, linux/arm64]
variants:
  more: {contents: {packages: [extra]}}
";

fn write(scratch: &Scratch) {
    let add = |name: &str, architecture: &str, path: &str| {
        let control = format!(
            "Package: {name}\nVersion: 1\nArchitecture: {architecture}\nMaintainer: a <a@b.example>\n\
             Description: a package of a test\n"
        );
        let files = [("./usr/bin/tool", "tool"), ("./usr/share/tool/x", "x"), (path, "own")];
        let files = if name == "tool" { &files[..] } else { &files[2..] };
        scratch.write(format!("local/{name}_{architecture}.deb"), deb(&control, files).expect("a package"));
    };
    add("tool", "amd64", "./usr/lib/amd");
    add("tool", "arm64", "./usr/lib/arm");
    add("extra", "all", "./opt/extra/file");
    scratch.write("attar.yaml", SPEC);
}

fn attar(scratch: &Scratch, cache: &str, arguments: &[&str]) -> Finished {
    let attar = Attar::at(env!("CARGO_BIN_EXE_attar")).cache(scratch.join(cache)).current_dir(scratch.path());
    attar.args(arguments).arg("--offline").run()
}

fn warnings(said: &Finished) -> Vec<String> {
    let lines = said.stderr.lines().filter_map(|line| line.strip_prefix("warning: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_glob_that_matches_nothing_anywhere_is_told_with_its_line() {
    let scratch = Scratch::new();
    write(&scratch);
    let expected = [
        "attar.yaml:8: `/usr/bni/**` matches no path of package `tool`",
        "attar.yaml:9: `/usr/bin/other` matches no path of package `tool`",
        "attar.yaml:16: `!/usr/share/tool/y` matches no path of any package",
    ];
    let runs = [
        &["build"][..],
        // From memory.
        &["build"],
        // The lock is there, and not every image is looked at.
        &["build", "--platform", "linux/amd64"],
        &["lock", "--update"],
    ];
    for arguments in runs {
        let said = attar(&scratch, "cache", arguments);
        said.clone().success();
        assert_eq!(warnings(&said), expected, "{arguments:?}");
    }
    // Nothing is known of the packages of the other images.
    let said = attar(&scratch, "empty", &["build", "--platform", "linux/amd64"]);
    said.clone().success();
    assert_eq!(warnings(&said), [""; 0]);
}

#[test]
fn what_is_locked_is_told_once() {
    let scratch = Scratch::new();
    write(&scratch);
    let said = attar(&scratch, "cache", &["build", "--platform", "linux/arm64", "-v"]);
    said.clone().success();
    let starts = |start: &str| said.stderr.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(starts("locking 3 packages, "), 1, "{said}");
    assert!(said.stderr.contains(": linux/amd64, linux/arm64; variant more\n"), "{said}");
    assert_eq!(starts("linux/arm64: 1 package, "), 1, "{said}");
    assert_eq!((starts("linux/amd64"), starts("linux/arm64 (more)")), (0, 0), "{said}");
}
