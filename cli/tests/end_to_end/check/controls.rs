//! Images that are not distroless, each for one reason, and a few that only look so: made of real packages,
//! judged as a spec, and again as an image.

use std::fmt::Write as _;

use attar_testing::Scratch;

use super::{judge_spec, judged, page};
use crate::support::attar;

/// An image that differs from a good one in one thing.
struct Control {
    name: &'static str,
    /// What it has, for the page.
    what: &'static str,
    /// What the variant of the spec says.
    spec: &'static str,
    /// The checks that fail.
    failed: &'static [&'static str],
    /// Whether it can be built at all.
    starts: bool,
}

const fn control(
    name: &'static str,
    what: &'static str,
    spec: &'static str,
    failed: &'static [&'static str],
) -> Control {
    Control { name, what, spec, failed, starts: true }
}

const fn broken(name: &'static str, what: &'static str, spec: &'static str) -> Control {
    Control { name, what, spec, failed: &["D11"], starts: false }
}

const CONTROLS: [Control; 41] = [
    control(
        "busybox",
        "busybox with its applets",
        "contents: {packages: [{name: busybox-static, applets: /busybox}]}",
        &["D01", "D02"],
    ),
    control(
        "renamed-busybox",
        "busybox under another name, alone",
        "contents: {files: [{from: busybox, to: /app/monitor, permissions: 0755}]}",
        &["D02"],
    ),
    control(
        "renamed-shell",
        "a static bash under another name",
        "contents: {files: [{from: bash, to: /app/monitor, permissions: 0755}]}",
        &["D01"],
    ),
    control(
        "not-executable",
        "the same without an execute bit",
        "contents: {files: [{from: bash, to: /app/monitor, permissions: 0644}]}",
        &[],
    ),
    control("dash", "dash", "contents: {packages: [dash]}", &["D01"]),
    control("bash", "bash", "contents: {packages: [bash]}", &["D01"]),
    control(
        "dangling-shell",
        "a link `/bin/sh` that leads nowhere",
        "paths: [{path: /usr/bin/sh, type: symlink, source: dash}]",
        &[],
    ),
    control("apt", "apt", "contents: {packages: [apt]}", &["D03"]),
    control("dpkg", "dpkg", "contents: {packages: [dpkg]}", &["D03", "D07"]),
    control("curl", "curl", "contents: {packages: [curl]}", &["D04"]),
    control("wget", "wget", "contents: {packages: [wget]}", &["D04"]),
    control("netcat", "netcat", "contents: {packages: [netcat-openbsd]}", &["D04"]),
    control(
        "ssh",
        "the client of SSH, with its setuid program",
        "contents: {packages: [openssh-client]}",
        &["D04", "D08"],
    ),
    control("perl", "perl, which the program does not run on", "contents: {packages: [perl-base]}", &["D05"]),
    control("compiler", "a compiler with its headers", "contents: {packages: [tcc]}", &["D06"]),
    control("headers", "headers and static libraries of C", "contents: {packages: [libc6-dev]}", &["D06"]),
    control("strace", "strace", "contents: {packages: [strace]}", &["D06"]),
    control("ldconfig", "tools that install: ldconfig", "contents: {packages: [libc-bin]}", &["D07"]),
    control("cron", "cron", "contents: {packages: [cron]}", &["D07", "D08"]),
    control("su", "su", "contents: {packages: [util-linux]}", &["D07", "D08"]),
    control("sudo", "sudo, with a header", "contents: {packages: [sudo]}", &["D06", "D07", "D08"]),
    control(
        "setuid",
        "a setuid program",
        "paths: [{path: /usr/bin/hello, type: permissions, permissions: 4755}]",
        &["D08"],
    ),
    control(
        "capability",
        "a program with a file capability",
        "paths: [{path: /usr/bin/hello, type: permissions, capabilities: cap_net_raw=ep}]",
        &["D08"],
    ),
    control(
        "world-writable",
        "a directory that everybody writes to",
        "paths: [{path: /srv/share, type: directory, permissions: 0777}]",
        &["D09"],
    ),
    control(
        "sticky",
        "the same with the sticky bit",
        "paths: [{path: /srv/share, type: directory, permissions: 1777}]",
        &[],
    ),
    control(
        "own-program",
        "a program on PATH that belongs to the user",
        "contents: {files: [{from: bash, to: /usr/bin/tool, owner: nonroot, permissions: 0644}]}",
        &["D09"],
    ),
    control("root", "root", "accounts: {run-as: root}", &["D10"]),
    control(
        "empty-password",
        "an account with an empty password",
        "contents: {files: [{text: \"root::19000:0:99999:7:::\\n\", to: /etc/shadow}]}",
        &["D10"],
    ),
    broken(
        "missing-library",
        "no C library",
        "contents: {without: {paths: [/usr/lib/x86_64-linux-gnu/libc.so.6]}}",
    ),
    broken("missing-program", "no program", "entrypoint: [/usr/bin/goodbye]"),
    broken("shell-form", "an entrypoint in shell form, without a shell", "entrypoint: [/bin/sh, -c, hello]"),
    broken(
        "wrong-architecture",
        "a program for another architecture",
        "contents: {files: [{from: foreign, to: /app/foreign, permissions: 0755}]}\n    entrypoint: [/app/foreign]",
    ),
    broken(
        "missing-interpreter",
        "a script without its interpreter",
        "contents: {files: [{text: \"#!/usr/bin/python3\\n\", to: /app/run, permissions: 0755}]}\n    entrypoint: [/app/run]",
    ),
    control(
        "secret-variable",
        "a secret in a variable",
        "environment: {AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY}",
        &["D13"],
    ),
    control(
        "private-key",
        "a private key",
        "contents: {files: [{text: \"-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\\n-----END PRIVATE KEY-----\\n\", to: /app/server.key}]}",
        &["D13"],
    ),
    control(
        "version-control",
        "a `.git` folder, small",
        "contents: {files: [{text: \"ref: refs/heads/main\\n\", to: /app/.git/HEAD}]}",
        &[],
    ),
    control(
        "script",
        "a shell script as the entrypoint, and what it calls",
        "contents:\n      packages: [{name: busybox-static, applets: /usr/bin}]\n      files: [{text: \"#!/bin/sh\\nexec hello\\n\", to: /app/start, permissions: 0755}]\n    entrypoint: [/app/start]",
        &["D01", "D02"],
    ),
    control(
        "script-as-init",
        "the same as a first step: profile init",
        "extends: [script]\n    check: {profile: init}",
        &[],
    ),
    control(
        "perl-program",
        "a program that runs on perl",
        "contents:\n      packages: [perl-base]\n      files: [{text: \"#!/usr/bin/perl\\nprint 1;\\n\", to: /app/run, permissions: 0755}]\n    entrypoint: [/app/run]",
        &[],
    ),
    control(
        "perl-strict",
        "the same in profile strict",
        "extends: [perl-program]\n    check: {profile: strict}",
        &["D05"],
    ),
    control(
        "allowed",
        "curl, allowed with a reason",
        "extends: [curl]\n    check: {allow: [{id: D04, paths: [/usr/bin/curl], reason: the health check calls it}]}",
        &[],
    ),
];

/// Writes the spec with all controls for which `wanted` holds as its variants.
fn write_spec(scratch: &Scratch, name: &str, wanted: impl Fn(&Control) -> bool) -> std::path::PathBuf {
    let mut text = String::from(
        "contents:\n  packages: [hello]\n  without: {paths: [docs, man, locales, gconv]}\nentrypoint: \
         [/usr/bin/hello]\nplatforms: [linux/amd64]\ncompression: none\nvariants:\n",
    );
    for control in CONTROLS.iter().filter(|control| wanted(control)) {
        writeln!(text, "  {}:\n    {}", control.name, control.spec).expect("writing to a string cannot fail");
    }
    scratch.write(name, text)
}

/// Takes a program out of a package, for images that have it under another name.
pub(super) fn program(scratch: &Scratch, package: &str, platform: &str, path: &str, to: &str) {
    let spec = scratch.write(
        format!("{to}.yaml"),
        format!(
            "contents:\n  foundation: none\n  repositories: [{{debian: trixie}}]\n  packages: [{package}]\nplatforms: [{platform}]\n"
        ),
    );
    let file = scratch.join(format!("{to}.tar"));
    attar().arg("build").arg(&spec).arg("-o").arg(format!("rootfs:{}", file.display())).run().success();
    let archive = std::fs::File::open(&file).expect("an archive");
    let mut archive = tar::Archive::new(archive);
    let wanted = std::path::Path::new(path);
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        if entry.path().expect("a path").as_ref() == wanted {
            entry.unpack(scratch.join(to)).expect("a file");
            return;
        }
    }
    panic!("`{package}` has no `{path}`");
}

fn programs(scratch: &Scratch) {
    program(scratch, "busybox-static", "linux/amd64", "usr/bin/busybox", "busybox");
    program(scratch, "bash-static", "linux/amd64", "usr/bin/bash-static", "bash");
    program(scratch, "hello", "linux/arm64", "usr/bin/hello", "foreign");
}

#[test]
fn what_is_not_distroless_fails_for_its_own_reason() {
    let scratch = Scratch::new();
    programs(&scratch);
    let spec = write_spec(&scratch, "attar.yaml", |_| true);
    let verdicts = judge_spec(&spec, &[]);
    let shown = spec.display().to_string();
    let mut rows = Vec::new();
    let mut wrong = String::new();
    for control in &CONTROLS {
        let said = &verdicts[&(control.name.to_owned(), "linux/amd64".to_owned(), shown.clone())];
        let answer = if control.failed.is_empty() { "yes" } else { "no" };
        if said.failed != control.failed || said.answer != answer {
            writeln!(wrong, "{}: expected {:?}, found {said:?}", control.name, control.failed)
                .expect("a string");
        }
        rows.push(page::Row::new(control.name, control.what, said));
    }
    assert!(wrong.is_empty(), "{wrong}");
    let plain = &verdicts[&(String::new(), "linux/amd64".to_owned(), shown)];
    assert_eq!((plain.answer.as_str(), plain.grade.as_str()), ("yes", "A"), "{plain:#?}");
    page::keep("controls", &rows);

    // The same images, built: what is read out of their layers says the same.
    let built = write_spec(&scratch, "built.yaml", |control| control.starts);
    let layout = format!("oci:{}:c", scratch.join("layout").display());
    // What the spec asks for is not asked here: nothing would be built.
    let text = std::fs::read_to_string(&built).expect("a spec");
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("    check: "))
        .fold(String::new(), |all, line| all + line + "\n");
    std::fs::write(&built, text).expect("a spec");
    attar().args(["build", "--all-variants", "-o", &layout]).arg(&built).run().success();
    let judgeable = CONTROLS.iter().filter(|control| control.starts && !control.spec.contains("check: "));
    let names: Vec<String> = judgeable.clone().map(|control| format!("{layout}-{}", control.name)).collect();
    let images = judged(&attar().args(["check", "-o", "json"]).args(&names).run());
    assert_eq!(images.len(), names.len());
    for (control, name) in judgeable.zip(&names) {
        let of_image = &images[&(String::new(), "linux/amd64".to_owned(), name.clone())];
        let of_spec =
            &verdicts[&(control.name.to_owned(), "linux/amd64".to_owned(), spec.display().to_string())];
        assert_eq!((&of_image.failed, &of_image.first), (&of_spec.failed, &of_spec.first), "{name}");
    }
}

#[test]
fn files_and_an_entrypoint_are_enough_for_the_best_grade() {
    let scratch = Scratch::new();
    program(&scratch, "tini", "linux/amd64", "usr/bin/tini-static", "api");
    let spec = scratch.write(
        "attar.yaml",
        "contents:\n  files: [{from: api, to: /app/api}]\nentrypoint: [/app/api]\nplatforms: [linux/amd64]\n",
    );
    let run = attar().arg("check").args(["--profile", "strict", "--fail-on", "warning"]).arg(&spec).run();
    assert_eq!(run.code, Some(0), "{run}");
    let first = format!("{} for linux/amd64: yes, grade A as strict", spec.display());
    assert_eq!(run.stdout.lines().next(), Some(first.as_str()), "{run}");
    assert!(!scratch.has("attar.lock"), "nothing is written: {run}");
}
