use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::database::Manager;

/// Returns who has what by these files, in a tree whose top-level links are those of a merged `/usr`.
fn ownership(files: &[(&str, &str)]) -> Ownership {
    let mut claims = Claims::default();
    for (path, text) in files {
        claims.add(path.as_bytes(), text.as_bytes()).expect("small files");
    }
    claims.settle(|directory| {
        let first = directory.split(|byte| *byte == b'/').next().unwrap_or_default();
        let is_link = matches!(first, b"bin" | b"sbin" | b"lib");
        Some(if is_link { paths::join(b"usr", directory) } else { directory.to_vec() })
    })
}

/// Returns every path with its owners, as lines.
fn listed(ownership: &Ownership) -> Vec<String> {
    let owners = |ids: &mut dyn Iterator<Item = PackageId>| -> String {
        let packages = ids.map(|id| ownership.package(id));
        packages.map(|package| format!(" {}:{}", package.name, package.architecture)).collect()
    };
    ownership
        .listed()
        .map(|(path, mut ids)| format!("{}:{}", String::from_utf8_lossy(&path), owners(&mut ids)))
        .collect()
}

/// Returns a stanza of a status database.
fn stanza(name: &str, architecture: &str, more: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: {architecture}\n{more}\n"
    )
}

#[test]
fn lists_of_dpkg_outweigh_its_checksums() {
    let conffiles = "Conffiles:\n /etc/a.conf 900150983cd24fb0d6963f7d28e17f72\n";
    let status = stanza("a", "amd64", conffiles) + &stanza("b", "all", "");
    let sum = "900150983cd24fb0d6963f7d28e17f72  ";
    let found = ownership(&[
        ("var/lib/dpkg/info/a.list", "/.\n/bin\n/bin/a\n/etc\n/etc/a.conf\n"),
        ("var/lib/dpkg/info/a.md5sums", &format!("{sum}bin/a\n{sum}bin/taken\n")),
        ("var/lib/dpkg/info/b.md5sums", &format!("{sum}usr/share/b\n")),
        ("var/lib/dpkg/info/b.list", "/bin/taken\n/usr/share/b\n/usr/../x\n"),
        ("var/lib/dpkg/status", &status),
    ]);
    let expected = [
        ": a:amd64",
        "bin: a:amd64",
        "etc: a:amd64",
        "etc/a.conf: a:amd64",
        "usr/bin/a: a:amd64",
        "usr/bin/taken: b:all",
        "usr/share/b: b:all",
    ];
    assert_eq!(listed(&found), expected);
    assert_eq!(found.owner(b"usr/bin/unheard"), None);
    assert_eq!(found.owner(b"usr/lib/a"), None);
}

#[test]
fn names_with_architectures_are_those_of_multi_arch() {
    let status =
        stanza("libc6", "amd64", "") + &stanza("libc6", "i386", "") + &stanza("libc6-dev", "amd64", "");
    let found = ownership(&[
        ("var/lib/dpkg/status", &status),
        ("var/lib/dpkg/info/libc6:i386.list", "/lib/ld-linux.so.2\n/usr/share/doc/libc6/copyright\n"),
        ("var/lib/dpkg/info/libc6:amd64.list", "/lib64/ld.so\n/usr/share/doc/libc6/copyright\n"),
        ("var/lib/dpkg/info/libc6-dev.list", "/usr/include/stdio.h\n"),
    ]);
    let expected = [
        "lib64/ld.so: libc6:amd64",
        "usr/include/stdio.h: libc6-dev:amd64",
        "usr/lib/ld-linux.so.2: libc6:i386",
        "usr/share/doc/libc6/copyright: libc6:amd64 libc6:i386",
    ];
    assert_eq!(listed(&found), expected);
}

#[test]
fn files_of_status_d_belong_together_by_their_names() {
    let sum = "900150983cd24fb0d6963f7d28e17f72  ";
    let found = ownership(&[
        // Some images cut the names of the files short.
        ("var/lib/dpkg/status.d/base.md5sums", &format!("{sum}usr/lib/os-release\n{sum}./lib/x\n")),
        ("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 13\nArchitecture: amd64\n"),
        ("var/lib/dpkg/status.d/lost.md5sums", &format!("{sum}usr/share/lost\n")),
    ]);
    let expected =
        ["usr/lib/os-release: base-files:amd64", "usr/lib/x: base-files:amd64", "usr/share/lost: lost:"];
    assert_eq!(listed(&found), expected);
    let versions: Vec<(&str, &str)> =
        found.packages().iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
    assert_eq!(versions, [("base-files", "13"), ("lost", "")]);
}

#[test]
fn of_two_packages_the_one_that_replaces_the_other_comes_first() {
    let sum = "900150983cd24fb0d6963f7d28e17f72  ";
    let stanza = |name: &str, more: &str| format!("Package: {name}\nVersion: 1\nArchitecture: all\n{more}");
    let found = ownership(&[
        ("var/lib/dpkg/status.d/a", &stanza("a", "")),
        ("var/lib/dpkg/status.d/b", &stanza("b", "Replaces: x, a (<< 2) | y\n")),
        ("var/lib/dpkg/status.d/c", &stanza("c", "")),
        ("var/lib/dpkg/status.d/a.md5sums", &format!("{sum}usr/f\n{sum}usr/g\n")),
        ("var/lib/dpkg/status.d/b.md5sums", &format!("{sum}usr/f\n")),
        ("var/lib/dpkg/status.d/c.md5sums", &format!("{sum}usr/g\n{sum}usr/f\n")),
    ]);
    assert_eq!(listed(&found), ["usr/f: b:all a:all c:all", "usr/g: a:all c:all"]);
    assert_eq!(found.owner(b"usr/f").map(|owner| owner.name.as_str()), Some("b"));
}

#[test]
fn diversions_move_what_others_bring() {
    let status = stanza("bash", "amd64", "") + &stanza("dash", "amd64", "") + &stanza("tool", "all", "");
    let found = ownership(&[
        ("var/lib/dpkg/status", &status),
        ("var/lib/dpkg/info/bash.list", "/usr/bin/sh\n/etc/local\n"),
        ("var/lib/dpkg/info/dash.list", "/bin/sh\n"),
        // The second one diverts what it does not bring: a script of its own makes it.
        (
            "var/lib/dpkg/diversions",
            "/bin/sh\n/bin/sh.distrib\ndash\n/usr/made\n/usr/made.real\ntool\n/etc/local\n/etc/away\n:\n",
        ),
    ]);
    let expected = [
        "etc/away: bash:amd64",
        "usr/made: tool:all",
        "usr/bin/sh: dash:amd64",
        "usr/bin/sh.distrib: bash:amd64",
    ];
    assert_eq!(listed(&found), expected);
}

#[test]
fn the_database_of_apk_names_files_by_their_directories() {
    let installed = "P:musl\nV:1.2.5-r9\nA:x86_64\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\n\n\
                     nonsense\n\nP:busybox\nV:1.37.0-r12\nA:x86_64\no:busybox\nr:musl<2\nF:\nF:bin\nR:busybox\n\
                     F:lib\nR:ld-musl-x86_64.so.1\n";
    let found = ownership(&[("lib/apk/db/installed", installed)]);
    let expected = [
        ": busybox:x86_64",
        "bin: busybox:x86_64",
        "lib: busybox:x86_64 musl:x86_64",
        "usr/bin/busybox: busybox:x86_64",
        "usr/lib/ld-musl-x86_64.so.1: busybox:x86_64 musl:x86_64",
    ];
    assert_eq!(listed(&found), expected);
    assert!(found.packages().iter().all(|package| package.manager == Manager::Apk));
    let problems: Vec<String> = found
        .problems()
        .iter()
        .map(|(path, problem)| format!("{}: {problem}", String::from_utf8_lossy(path)))
        .collect();
    let expected = ["lib/apk/db/installed: line 9: expected a letter, a colon and a value, found `nonsense`"];
    assert_eq!(problems, expected);
}

#[test]
fn directories_that_are_not_there_are_looked_for_in_the_other_spelling() {
    let mut claims = Claims::default();
    let list = b"/bin/a\n/usr/lib/b\n/lib64/c\n/opt/d\n";
    claims.add(b"var/lib/dpkg/info/x.list", list).expect("a small file");
    let found = claims.settle(|directory| match directory {
        b"usr/bin" | b"lib" => Some(directory.to_vec()),
        _ => None,
    });
    assert_eq!(listed(&found), ["lib/b: x:", "lib64/c: x:", "opt/d: x:", "usr/bin/a: x:"]);
}

#[test]
fn what_is_left_of_a_removed_package_is_still_its_own() {
    let status = "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\
                  Conffiles:\n /etc/gone 900150983cd24fb0d6963f7d28e17f72\n\n\
                  Package: heard-of\nStatus: unknown ok not-installed\nArchitecture: all\n";
    let found = ownership(&[("var/lib/dpkg/status", status)]);
    assert_eq!(listed(&found), ["etc/gone: gone:all"]);
    assert!(!found.packages()[0].is_there());
}

#[test]
fn a_database_that_is_too_large_is_refused() {
    let mut claims = Claims::default();
    let many = b"/a\n".repeat(MAX_CLAIMS / 2 + 1);
    assert_eq!(claims.add(b"var/lib/dpkg/info/x.list", &many), Ok(()));
    assert_eq!(claims.add(b"var/lib/dpkg/info/y.list", &many), Err(TooMuch::Claims));
    let large = vec![0; 100 << 20];
    assert_eq!(claims.add(b"etc/passwd", &large), Ok(()));
    assert_eq!(claims.add(b"var/lib/dpkg/status", &large), Ok(()));
    assert_eq!(claims.add(b"var/lib/dpkg/status", &large), Ok(()));
    assert_eq!(claims.add(b"var/lib/dpkg/status", &large), Err(TooMuch::Bytes));
}

proptest! {
    /// Lists of packages that say nothing of each other: every path has just those that list it.
    #[test]
    fn every_path_has_those_that_list_it(
        lists in prop::collection::btree_map("[a-e]", prop::collection::btree_set("[ab](/[ab]){0,3}", 0..8), 0..5),
    ) {
        let mut claims = Claims::default();
        let mut expected: BTreeMap<Vec<u8>, BTreeSet<String>> = BTreeMap::new();
        for (package, paths) in &lists {
            let list: String = paths.iter().map(|path| format!("/{path}\n")).collect();
            claims.add(format!("var/lib/dpkg/info/{package}.list").as_bytes(), list.as_bytes())?;
            for path in paths {
                expected.entry(path.clone().into_bytes()).or_default().insert(package.clone());
            }
        }
        let ownership = claims.settle(|directory| Some(directory.to_vec()));
        let names = |ids: &mut dyn Iterator<Item = PackageId>| -> BTreeSet<String> {
            ids.map(|id| ownership.package(id).name.clone()).collect()
        };
        let found: BTreeMap<_, _> =
            ownership.listed().map(|(path, mut ids)| (path, names(&mut ids))).collect();
        prop_assert_eq!(&found, &expected);
        for (path, owners) in &expected {
            prop_assert_eq!(&names(&mut ownership.owners(path)), owners);
        }
    }

    /// Whatever the files say, the order in which they are added changes nothing.
    #[test]
    fn the_order_of_the_files_does_not_count(
        files in prop::collection::vec((0..7_usize, prop::collection::vec(prop::sample::select(&[
            "/usr/bin/a\n", "/bin/a\n", "a\n", "\n", ":\n", "Package: a\n", "Version: 1\n", "Replaces: b\n",
            "Architecture: all\n", "P:a\n", "V:1\n", "F:bin\n", "R:a\n", "\u{1b}\n", "/../\n",
            "900150983cd24fb0d6963f7d28e17f72  bin/a\n",
        ][..]), 0..12)), 0..7),
    ) {
        const PATHS: [&str; 7] = [
            "var/lib/dpkg/status", "var/lib/dpkg/status.d/a", "var/lib/dpkg/status.d/a.md5sums",
            "var/lib/dpkg/info/a.list", "var/lib/dpkg/info/b:all.md5sums", "var/lib/dpkg/diversions",
            "lib/apk/db/installed",
        ];
        let files: BTreeMap<&str, String> =
            files.into_iter().map(|(index, lines)| (PATHS[index], lines.concat())).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let backwards: Vec<(&str, &str)> = files.iter().copied().rev().collect();
        let (left, right) = (ownership(&files), ownership(&backwards));
        prop_assert_eq!(listed(&left), listed(&right));
        prop_assert_eq!(left.packages(), right.packages());
    }
}
