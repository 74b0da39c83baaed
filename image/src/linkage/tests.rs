//! Whole proofs over small images.

use super::testing::{Sample, directory, file, library, link, program};
use crate::elf::Kind;

fn app(needed: &[&str]) -> Sample {
    Sample::with_libc().and("app", program(needed)).starting(&["/app"])
}

#[test]
fn what_has_everything_starts() {
    let report = app(&["libc.so.6"]).prove();
    assert_eq!((report.findings, report.others), (Vec::new(), Vec::new()));
    let reached: Vec<String> = report.reached.iter().map(ToString::to_string).collect();
    assert_eq!(
        reached,
        ["/app", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/usr/lib/x86_64-linux-gnu/libc.so.6"]
    );
}

#[test]
fn an_image_without_entrypoint_starts_nothing() {
    let sample = Sample::with_libc().and("app", program(&["libgone.so.1"]));
    assert_eq!(sample.prove().entrypoint, None);
    assert_eq!(sample.findings(), Vec::<String>::new());
    assert_eq!(sample.others(), ["/app needs `libgone.so.1`, which is not in the image"]);
}

#[test]
fn what_lacks_is_said_with_who_needs_it() {
    let lib = "usr/lib/x86_64-linux-gnu";
    let cases: [(&str, Sample, &str); 12] = [
        (
            "no linker",
            Sample::new([("app", program(&[]))]).starting(&["/app"]),
            "/app needs the dynamic linker `/lib64/ld-linux-x86-64.so.2`, which is not in the image [entrypoint]",
        ),
        ("library", app(&["libx.so.1"]), "/app needs `libx.so.1`, which is not in the image [entrypoint]"),
        (
            "library of a library",
            app(&["libx.so.1"]).and(&format!("{lib}/libx.so.1"), library(&["liby.so.2"])),
            "/lib/x86_64-linux-gnu/libx.so.1 needs `liby.so.2`, which is not in the image [entrypoint > /app]",
        ),
        (
            "library elsewhere",
            app(&["libx.so.1"]).and("opt/lib/libx.so.1", library(&[])),
            "/app needs `libx.so.1`, which is at `/opt/lib/libx.so.1`, where the dynamic linker does not look for it [entrypoint]",
        ),
        (
            "version",
            Sample::with_libc()
                .and("app", program(&["libc.so.6"]).needs_version("libc.so.6", "GLIBC_2.38"))
                .starting(&["/app"]),
            "/app needs `GLIBC_2.38` of `libc.so.6`, which `/lib/x86_64-linux-gnu/libc.so.6` does not define [entrypoint]",
        ),
        ("entrypoint", Sample::with_libc().starting(&["/app"]), "/app is not in the image [entrypoint]"),
        (
            "entrypoint by name",
            Sample::with_libc().variable("PATH=/usr/bin").starting(&["app"]),
            "the image needs the program `app`, which is in no directory of PATH (/usr/bin) [entrypoint]",
        ),
        (
            "dangling link",
            Sample::with_libc().and("app", link("/opt/gone/app")).starting(&["/app"]),
            "/app leads to `/opt/gone/app`, which is not in the image [entrypoint]",
        ),
        (
            "no program",
            Sample::with_libc().and("app", file("hello")).starting(&["/app"]),
            "/app is neither an ELF program nor a script that starts with `#!` [entrypoint]",
        ),
        (
            "interpreter",
            Sample::with_libc().and("app", file("#!/usr/bin/python3\n")).starting(&["/app"]),
            "/app is a script for `/usr/bin/python3`, which is not in the image [entrypoint]",
        ),
        (
            "interpreter behind env",
            Sample::with_libc()
                .and("app", file("#!/usr/bin/env -S python3 -u\n"))
                .and("usr/bin/env", program(&["libc.so.6"]))
                .starting(&["/app"]),
            "/usr/bin/env needs the program `python3`, which is in no directory of PATH (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin) [entrypoint > /app]",
        ),
        (
            "another machine",
            Sample::with_libc()
                .and("app", program(&[]).with(|facts| facts.machine = 183))
                .starting(&["/app"]),
            "/app is for linux/arm64, not for linux/amd64 [entrypoint]",
        ),
    ];
    for (name, sample, expected) in cases {
        assert_eq!(sample.findings(), [expected], "{name}");
    }
}

#[test]
fn libraries_are_found_where_the_gnu_linker_looks() {
    let with = |change: fn(&mut crate::elf::Facts)| {
        Sample::with_libc()
            .and("app/bin/app", program(&["libx.so.1"]).with(change))
            .starting(&["/app/bin/app"])
    };
    let x = || library(&[]);
    let cases: [(&str, Sample, bool); 12] = [
        ("default directory", with(|_| {}).and("usr/lib/libx.so.1", x()), true),
        ("RPATH", with(|facts| facts.rpath = Some("/opt/x".into())).and("opt/x/libx.so.1", x()), true),
        (
            "origin",
            with(|facts| facts.runpath = Some("$ORIGIN/../lib".into())).and("app/lib/libx.so.1", x()),
            true,
        ),
        (
            "another origin",
            with(|facts| facts.runpath = Some("$ORIGIN/lib".into())).and("app/lib/libx.so.1", x()),
            false,
        ),
        (
            "lib",
            with(|facts| facts.runpath = Some("/opt/$LIB".into()))
                .and("opt/lib/x86_64-linux-gnu/libx.so.1", x()),
            true,
        ),
        ("environment", with(|_| {}).variable("LD_LIBRARY_PATH=/a;/opt/x").and("opt/x/libx.so.1", x()), true),
        (
            "for another machine",
            with(|_| {}).and("usr/lib/libx.so.1", x().with(|facts| facts.machine = 183)),
            false,
        ),
        (
            "the next directory has one that fits",
            with(|facts| facts.rpath = Some("/a:/b".into()))
                .and("a/libx.so.1", x().with(|facts| facts.machine = 183))
                .and("b/libx.so.1", x()),
            true,
        ),
        ("no ELF file", with(|_| {}).and("usr/lib/libx.so.1", file("GROUP ( libx.so )")), false),
        (
            "link to the library",
            with(|_| {}).and("usr/lib/libx.so.1", link("../../opt/libx.so.1.2")).and("opt/libx.so.1.2", x()),
            true,
        ),
        (
            "cache",
            with(|_| {})
                .and("etc/ld.so.cache", file(super::cache::write(&[("libx.so.1", "/opt/y/libx.so.1")])))
                .and("opt/y/libx.so.1", x()),
            true,
        ),
        (
            "stale cache",
            with(|_| {})
                .and("etc/ld.so.cache", file(super::cache::write(&[("libx.so.1", "/opt/y/libx.so.1")]))),
            false,
        ),
    ];
    for (name, sample, starts) in cases {
        assert_eq!(sample.findings().is_empty(), starts, "{name}: {:?}", sample.findings());
    }
}

#[test]
fn rpath_is_inherited_and_runpath_is_not() {
    let sample = |rpath: bool| {
        Sample::with_libc()
            .and(
                "app",
                program(&["liba.so"]).with(|facts| {
                    let path = Some(String::from("/opt/x"));
                    if rpath { facts.rpath = path } else { facts.runpath = path }
                }),
            )
            .and("opt/x/liba.so", library(&["libb.so"]))
            .and("opt/x/libb.so", library(&[]))
            .starting(&["/app"])
    };
    assert_eq!(sample(true).findings(), Vec::<String>::new());
    assert_eq!(
        sample(false).findings(),
        [
            "/opt/x/liba.so needs `libb.so`, which is at `/opt/x/libb.so`, where the dynamic linker does not look for it [entrypoint > /app]"
        ]
    );
}

#[test]
fn a_library_that_is_loaded_is_known_by_its_own_name() {
    let sample = app(&["libfirst.so", "libsecond.so"])
        .and(
            "usr/lib/libfirst.so",
            library(&["libhidden.so"]).with(|facts| facts.runpath = Some("$ORIGIN/private".into())),
        )
        .and(
            "usr/lib/private/libhidden.so",
            library(&[]).with(|facts| facts.soname = Some("libshared.so.1".into())),
        )
        .and("usr/lib/libsecond.so", library(&["libthird.so"]))
        .and("usr/lib/libthird.so", library(&["libshared.so.1"]));
    assert_eq!(sample.findings(), Vec::<String>::new());
}

#[test]
fn musl_looks_elsewhere() {
    let sample = |runpath: &str| {
        Sample::new([])
            .and("lib/ld-musl-x86_64.so.1", library(&[]))
            .and(
                "app",
                program(&["libc.musl-x86_64.so.1", "liba.so"]).with(|facts| {
                    facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".into());
                    facts.runpath = Some(runpath.into());
                }),
            )
            .and("opt/liba.so", library(&["libb.so"]))
            .and("opt/libb.so", library(&["libc.so"]))
            .starting(&["/app"])
    };
    // A run path is inherited, whichever of the two it is.
    assert_eq!(sample("/opt").findings(), Vec::<String>::new());
    let configured = sample("/x").and("etc/ld-musl-x86_64.path", file("/lib\n/opt\n"));
    assert_eq!(configured.findings(), Vec::<String>::new());
    assert_eq!(sample("/x").findings().len(), 1);
}

#[test]
fn the_user_must_be_able_to_start_it() {
    let as_user = |mut sample: Sample| {
        sample.config.user = "65532:65532".into();
        sample.findings()
    };
    let closed = Sample::with_libc()
        .and("srv", directory(0o700, 0, 0))
        .and("srv/app", program(&[]))
        .starting(&["/srv/app"]);
    assert_eq!(
        as_user(closed.clone()),
        ["/srv/app cannot be reached by user 65532: it may not pass through `/srv` [entrypoint]"]
    );
    assert_eq!(closed.findings(), Vec::<String>::new());
    let private = Sample::with_libc().and("app", program(&[]).mode(0o750, 0)).starting(&["/app"]);
    assert_eq!(
        as_user(private.clone()),
        ["/app may not be executed by user 65532: its mode is 0750, its owner 0:0 [entrypoint]"]
    );
    assert_eq!(private.findings(), Vec::<String>::new());
    let unreadable = app(&["libx.so.1"]).and("usr/lib/libx.so.1", library(&[]).mode(0o600, 0));
    assert_eq!(
        as_user(unreadable),
        ["/app needs `libx.so.1`, but user 65532 may not read `/lib/libx.so.1` [entrypoint]"]
    );
    let data = Sample::with_libc().and("app", file("#!/bin/sh\n").mode(0o644, 0)).starting(&["/app"]);
    assert_eq!(data.findings().len(), 1, "not even root executes what nobody may");
}

#[test]
fn user_and_working_directory() {
    let mut sample = app(&[]);
    sample.config.user = "app".into();
    assert_eq!(sample.findings(), ["the image the user `app` is not in /etc/passwd [entrypoint]"]);
    let mut sample = app(&[]);
    sample.config.working_dir = "/data/new".into();
    assert_eq!(sample.findings(), Vec::<String>::new(), "it is made");
    sample.config.working_dir = "/app/x".into();
    assert_eq!(sample.findings(), ["the image the working directory `/app/x` is no directory [entrypoint]"]);
}

#[test]
fn programs_that_start_programs_are_followed() {
    let tool = || program(&["libc.so.6"]);
    for (entrypoint, expected) in [
        (
            &["/usr/bin/tini", "-g", "--", "/gone"][..],
            "/gone is not in the image [entrypoint > /usr/bin/tini]",
        ),
        (&["/usr/bin/gosu", "app", "/gone"], "/gone is not in the image [entrypoint > /usr/bin/gosu]"),
        (&["/usr/bin/env", "A=1", "/gone"], "/gone is not in the image [entrypoint > /usr/bin/env]"),
        (&["/usr/bin/perl", "-w", "/gone.pl"], "/gone.pl is not in the image [entrypoint > /usr/bin/perl]"),
        (&["/usr/bin/lua5.4", "/gone.lua"], "/gone.lua is not in the image [entrypoint > /usr/bin/lua5.4]"),
    ] {
        let name = entrypoint[0].trim_start_matches('/');
        assert_eq!(Sample::with_libc().and(name, tool()).starting(entrypoint).findings(), [expected]);
    }
    let fine = Sample::with_libc().and("usr/bin/perl", tool()).starting(&["/usr/bin/perl", "-e", "1"]);
    assert_eq!(fine.findings(), Vec::<String>::new());
}

#[test]
fn scripts_of_scripts_come_to_an_end() {
    let sample = Sample::with_libc().and("a", file("#!/b\n")).and("b", file("#!/a\n")).starting(&["/a"]);
    assert_eq!(sample.findings().len(), 1);
    assert!(sample.findings()[0].contains("the kernel gives up"), "{:?}", sample.findings());
}

#[test]
fn a_health_check_must_start_too() {
    let mut sample = app(&[]);
    let test = vec!["CMD".to_owned(), "/check".to_owned()];
    sample.config.healthcheck = Some(crate::manifest::Healthcheck { test, ..Default::default() });
    assert_eq!(sample.findings(), ["/check is not in the image [healthcheck]"]);
}

#[test]
fn plugins_that_are_there_must_load() {
    let postgres = |module: crate::linkage::testing::Thing| {
        Sample::with_libc()
            .and("usr/lib/postgresql/17/bin/postgres", program(&["libc.so.6"]))
            .and("usr/lib/postgresql/17/lib/llvmjit.so", module)
            .starting(&["/usr/lib/postgresql/17/bin/postgres"])
    };
    assert_eq!(postgres(library(&["libc.so.6"])).findings(), Vec::<String>::new());
    assert_eq!(
        postgres(library(&["libLLVM.so.19.1"])).findings(),
        [
            "/usr/lib/postgresql/17/lib/llvmjit.so needs `libLLVM.so.19.1`, which is not in the image [entrypoint > /usr/lib/postgresql/17/bin/postgres]"
        ]
    );
    let gconv = app(&["libc.so.6"]).and("usr/lib/x86_64-linux-gnu/gconv/KOI8-R.so", library(&["libgone.so"]));
    assert_eq!(gconv.findings(), Vec::<String>::new());
    assert_eq!(gconv.others().len(), 1);
}

#[test]
fn what_lies_in_a_volume_comes_later() {
    let mut sample = Sample::with_libc()
        .and("usr/bin/perl", program(&["libc.so.6"]))
        .starting(&["/usr/bin/perl", "/data/x.pl"]);
    assert_eq!(sample.findings().len(), 1);
    sample.config.volumes.insert("/data".into(), serde_json::Map::new());
    assert_eq!((sample.findings().len(), sample.others().len()), (0, 1));
}

#[test]
fn what_the_host_gives_is_not_missed() {
    assert_eq!(app(&["libcuda.so.1"]).findings(), Vec::<String>::new());
}

#[test]
fn others_count_only_what_is_nowhere() {
    let sample = app(&[])
        .and("opt/a", program(&["libx.so.1", "liby.so.1"]))
        .and("opt/lib/libx.so.1", library(&[]))
        .and("opt/foreign", program(&["libz.so.1"]).with(|facts| facts.machine = 183))
        .and("opt/module.ko", library(&["libz.so.1"]).with(|facts| facts.kind = Kind::Relocatable));
    assert_eq!(sample.others(), ["/opt/a needs `liby.so.1`, which is not in the image"]);
}

mod properties {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Libraries by number, each with those it needs; `None` for one that is not in the image.
    type Graph = Vec<Option<BTreeSet<usize>>>;

    fn graph() -> impl Strategy<Value = Graph> {
        let library = prop::option::weighted(0.7, prop::collection::btree_set(0usize..12, 0..4));
        prop::collection::vec(library, 12)
    }

    /// Returns which libraries are missed: by a plain search from the program's own.
    fn expected(graph: &Graph, first: &BTreeSet<usize>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut pending: Vec<usize> = first.iter().copied().collect();
        let mut missing = BTreeSet::new();
        while let Some(number) = pending.pop() {
            if seen.insert(number) {
                match &graph[number] {
                    Some(needed) => pending.extend(needed),
                    None => drop(missing.insert(name(number))),
                }
            }
        }
        missing
    }

    fn name(number: usize) -> String {
        format!("lib{number}.so.1")
    }

    fn names(numbers: &BTreeSet<usize>) -> Vec<String> {
        numbers.iter().copied().map(name).collect()
    }

    proptest! {
        #[test]
        fn exactly_what_is_reached_and_absent_is_missed(
            graph in graph(),
            first in prop::collection::btree_set(0usize..12, 0..5),
        ) {
            let needed = names(&first);
            let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
            let mut sample = Sample::with_libc().and("app", program(&needed)).starting(&["/app"]);
            for (number, library_needs) in graph.iter().enumerate() {
                let Some(numbers) = library_needs else { continue };
                let needed = names(numbers);
                let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
                sample = sample.and(&format!("usr/lib/{}", name(number)), library(&needed));
            }
            let report = sample.prove();
            let missed: BTreeSet<String> =
                report.findings.iter().map(|finding| finding.problem.missing().to_owned()).collect();
            prop_assert_eq!(missed, expected(&graph, &first));
            // Every finding leads back to the entrypoint.
            prop_assert!(report.findings.iter().all(|finding| finding.chain[0] == "entrypoint"));
        }

        #[test]
        fn any_configuration_is_survived(
            user in "[a-z0-9:]{0,8}",
            directory in "[a-z/.]{0,12}",
            words in prop::collection::vec("[-a-z/.@=:*]{0,12}", 0..5),
            variables in prop::collection::vec("(PATH|LD_LIBRARY_PATH|PYTHONPATH|LD_PRELOAD)=[a-z/:$.{}]{0,12}", 0..3),
        ) {
            let mut sample = Sample::with_libc()
                .and("usr/bin/env", program(&["libc.so.6"]))
                .and("usr/bin/python3.13", program(&["libc.so.6"]))
                .and("usr/bin/java", program(&["libc.so.6"]));
            for start in ["/usr/bin/env", "/usr/bin/python3.13", "/usr/bin/java", ""] {
                sample.config.entrypoint = Some(vec![start.to_owned()]);
                sample.config.cmd = Some(words.clone());
                sample.config.user.clone_from(&user);
                sample.config.working_dir.clone_from(&directory);
                sample.config.env.clone_from(&variables);
                sample.prove();
            }
        }
    }
}
