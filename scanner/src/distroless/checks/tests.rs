//! Each check finds what it is for, and leaves alone what only looks like it.

use super::CheckId;
use crate::distroless::testing::{Sample, known, link, program, script, text};
use crate::distroless::{Answer, Profile};

#[test]
fn shells_are_found_under_any_name() {
    let found = |sample: Sample| sample.found(CheckId::D01);
    assert_eq!(found(Sample::new([("bin/sh", program("x"))])), ["fail: /bin/sh is a shell"]);
    assert_eq!(
        found(Sample::new([("usr/bin/dash", known("dash")), ("bin/sh", link("/usr/bin/dash"))])),
        ["fail: /usr/bin/dash is a shell"]
    );
    assert_eq!(
        found(Sample::new([("opt/tool", program("x")), ("bin/sh", link("/opt/tool"))])),
        ["fail: /bin/sh is a shell: it leads to /opt/tool"]
    );
    for name in ["bash", "dash", "zsh", "ksh", "mksh", "fish", "tcsh", "yash", "elvish"] {
        let expected = format!("fail: /app/server is {name} under another name");
        assert_eq!(found(Sample::new([("app/server", known(name))])), [expected]);
    }
    assert_eq!(
        found(Sample::new([("etc/shells", text("# all\n/opt/own\n/bin/none\n")), ("opt/own", program("x"))])),
        ["fail: /opt/own is a shell: /etc/shells lists it"]
    );
}

#[test]
fn what_cannot_be_started_is_no_shell() {
    for sample in [
        Sample::new([("bin/sh", link("/usr/bin/dash"))]),
        Sample::new([("bin/sh", known("dash").mode(0o644))]),
        Sample::new([("bin/sh", script("/bin/bash"))]),
        Sample::new([("bin/sh", text("no program").mode(0o755))]),
        Sample::new([("usr/share/doc/bash/bash", text("x"))]),
        Sample::new([("usr/bin/app", program("x"))]),
        Sample::new([("etc/shells", text("/bin/sh\n"))]),
    ] {
        assert_eq!(sample.found(CheckId::D01), Vec::<String>::new(), "{}", sample.tree);
    }
}

#[test]
fn multi_call_programs_are_found_by_content() {
    let busybox = || Sample::new([("busybox/busybox", known("busybox"))]);
    assert_eq!(busybox().found(CheckId::D02), ["fail: /busybox/busybox is busybox"]);
    assert_eq!(
        Sample::new([("usr/bin/server", known("toybox"))]).found(CheckId::D02),
        ["fail: /usr/bin/server is toybox under another name"]
    );
    let linked = busybox().and("busybox/sh", link("busybox")).and("busybox/wget", link("busybox"));
    assert_eq!(
        linked.found(CheckId::D02),
        ["fail: /busybox/busybox is busybox, with 2 more names, such as wget"]
    );
    assert_eq!(linked.found(CheckId::D01), ["fail: /busybox/sh is the shell of busybox"]);
    assert_eq!(linked.found(CheckId::D04), Vec::<String>::new());
    assert_eq!(linked.judge(Profile::Runtime).answer, Answer::No);
    assert_eq!(linked.judge(Profile::Debug).answer, Answer::Yes);
    assert_eq!(Sample::new([("usr/bin/busybox", script("/none"))]).found(CheckId::D02), Vec::<String>::new());
}

#[test]
fn package_managers_are_programs_not_databases() {
    let found = |sample: Sample| sample.found(CheckId::D03);
    assert_eq!(
        found(Sample::new([("usr/bin/apt-get", program("x"))])),
        ["fail: /usr/bin/apt-get is a package manager"]
    );
    assert_eq!(
        found(Sample::new([("usr/bin/x", known("dpkg"))])),
        ["fail: /usr/bin/x is dpkg under another name, a package manager"]
    );
    assert_eq!(found(Sample::new([("usr/bin/pip3.13", program("x"))])).len(), 1);
    for sample in [
        Sample::new([("var/lib/dpkg/status", text("Package: a\n"))]),
        Sample::new([("lib/apk/db/installed", text("P:a\n"))]),
        Sample::new([("usr/bin/npm", script("/usr/bin/node"))]),
        Sample::new([("app/gem", program("x"))]),
    ] {
        assert_eq!(found(sample), Vec::<String>::new());
    }
}

#[test]
fn network_clients_are_found_by_name_and_content() {
    let found = |sample: Sample| sample.found(CheckId::D04);
    for name in ["curl", "wget", "nc", "ssh", "socat", "openssl"] {
        assert_eq!(found(Sample::new([("app/server", known(name))])).len(), 1, "{name}");
        assert_eq!(found(Sample::new([(&*format!("usr/bin/{name}"), program("x"))])).len(), 1, "{name}");
    }
    assert_eq!(found(Sample::new([("app/http", program("x")), ("app/nc", text("x"))])), Vec::<String>::new());
}
