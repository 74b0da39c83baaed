//! Each check finds what it is for, and leaves alone what only looks like it.

use super::CheckId;
use crate::distroless::testing::{
    Sample, allow, directory, foundation, known, library, link, program, script, text,
};
use crate::distroless::{Answer, Date, Figures, Grade, Limits, Profile, Referrers, Rules, State};

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
    for name in
        ["bash", "dash", "zsh", "ksh", "mksh", "fish", "tcsh", "csh", "yash", "elvish", "posh", "sash", "rc"]
    {
        let expected = format!("fail: /app/server is {name} under another name");
        assert_eq!(found(Sample::new([("app/server", known(name))])), [expected]);
    }
    assert_eq!(
        found(Sample::new([("etc/shells", text("# all\n/opt/own\n/bin/none\n")), ("opt/own", program("x"))])),
        ["fail: /opt/own is a shell: /etc/shells lists it"]
    );
}

#[test]
fn packed_programs_are_warned_of_and_libraries_are_none() {
    assert_eq!(
        Sample::new([("app/x", known("upx"))]).found(CheckId::D01),
        ["warning: /app/x is packed with UPX: what it is cannot be told"]
    );
    let python = |thing| Sample::new([("opt/libpython3.13.so.1.0", thing)]).found(CheckId::D05);
    assert_eq!(python(known("python")).len(), 1);
    assert_eq!(python(library("python")), Vec::<String>::new());
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

#[test]
fn interpreters_are_failures_unless_the_entrypoint_runs_on_them() {
    let python =
        || Sample::new([("usr/bin/python3.13", program("x")), ("usr/bin/python3", link("python3.13"))]);
    let expected = ["fail: /usr/bin/python3.13 is an interpreter"];
    assert_eq!(python().found(CheckId::D05), expected);
    assert_eq!(Sample::new([("app/x", known("perl"))]).found(CheckId::D05).len(), 1);
    let judged = |profile| python().reaching(["usr/bin/python3.13"]).judge(profile);
    assert_eq!(judged(Profile::Runtime).answer, Answer::Yes);
    assert_eq!(judged(Profile::Strict).answer, Answer::No);
    assert_eq!(judged(Profile::Strict).levels, judged(Profile::Runtime).levels);
    assert_eq!(python().judge(Profile::Python).answer, Answer::Yes);
    assert_eq!(python().judge(Profile::Java).answer, Answer::No);
    assert_eq!(
        Sample::new([("usr/share/python3/python", text("x")), ("app/node", program("x"))])
            .found(CheckId::D05),
        Vec::<String>::new()
    );
}

#[test]
fn development_is_found_in_programs_and_files() {
    let sample = Sample::new([
        ("usr/bin/x86_64-linux-gnu-gcc-14", program("x")),
        ("usr/bin/make", program("y")),
        ("usr/include/stdio.h", text("x")),
        ("usr/include/stdlib.h", text("x")),
        ("usr/lib/libz.a", text("!<arch>\n")),
        ("usr/lib/pkgconfig/zlib.pc", text("x")),
        ("app/main.js.map", text("{}")),
    ]);
    let expected = [
        "fail: /usr/bin/make is a tool for building or debugging",
        "fail: /usr/bin/x86_64-linux-gnu-gcc-14 is a tool for building or debugging",
        "fail: 2 headers of C, such as /usr/include/stdio.h",
        "fail: /usr/lib/libz.a is a static library",
        "fail: /usr/lib/pkgconfig/zlib.pc is a description of a library for builds",
        "warning: /app/main.js.map is a source map",
    ];
    assert_eq!(sample.found(CheckId::D06), expected);
    let other =
        Sample::new([("app/make", program("x")), ("app/x.h", text("x")), ("app/world.map", text("x"))]);
    assert_eq!(other.found(CheckId::D06), Vec::<String>::new());
}

#[test]
fn installation_is_over_unless_the_entrypoint_needs_it() {
    let ldconfig = || Sample::new([("usr/sbin/ldconfig", program("x"))]);
    assert_eq!(ldconfig().found(CheckId::D07).len(), 1);
    let reached = ldconfig().reaching(["usr/sbin/ldconfig"]);
    assert_eq!(reached.found(CheckId::D07), Vec::<String>::new());
    let script = "var/lib/dpkg/info/base.postinst";
    let with_shell = Sample::new([(script, self::script("/bin/sh")), ("bin/sh", program("x"))]);
    assert_eq!(
        with_shell.found(CheckId::D07),
        ["fail: /var/lib/dpkg/info/base.postinst is a maintainer script"]
    );
    assert_eq!(Sample::new([(script, self::script("/bin/sh"))]).found(CheckId::D07), Vec::<String>::new());
}

#[test]
fn rights_are_found_in_modes_attributes_and_names() {
    let sample = Sample::new([
        ("a", program("a").mode(0o4755)),
        ("b", program("b").mode(0o2755)),
        ("c", program("c").attribute("security.capability")),
        ("usr/bin/sudo", program("d")),
        ("d", text("x").mode(0o4644)),
        ("e", directory(0o2755)),
    ])
    .hiding("old", program("e").mode(0o4755));
    let expected = [
        "fail: /usr/bin/sudo is a program that changes the user",
        "fail: /a is setuid",
        "fail: /b is setgid",
        "fail: /c has capabilities",
        "warning: /old is setuid, in layer 1, hidden by layer 2",
    ];
    assert_eq!(sample.found(CheckId::D08), expected);
}

#[test]
fn what_the_program_may_overwrite_is_found() {
    let sample = Sample::new([
        ("tmp", directory(0o1777)),
        ("open", directory(0o777)),
        ("app/main", program("x").owner(65532, 65532)),
        ("app/data", text("x").owner(65532, 65532)),
        ("etc/app.conf", text("x").owner(0, 65532).mode(0o664)),
        ("etc/fine.conf", text("x").owner(0, 65532)),
        ("usr/bin/tool", program("y").owner(65532, 0)),
        ("usr/lib/x.so", text("x").owner(65532, 0)),
        ("data/x", text("x").mode(0o666)),
    ])
    .reaching(["app/main"])
    .configured(|config| drop(config.volumes.insert("/data".into(), Default::default())));
    let may = "may be written by user 65532, which the program runs as";
    let expected = [
        String::from("fail: /open may be written by everybody"),
        format!("fail: /app/main {may}, and the entrypoint needs it"),
        format!("fail: /usr/bin/tool {may}, on PATH"),
        format!("fail: /usr/lib/x.so {may}, where libraries are"),
        format!("fail: /etc/app.conf {may}, in /etc"),
    ];
    assert_eq!(sample.found(CheckId::D09), expected);
    let root = sample.configured(|config| config.user = String::from("0"));
    assert_eq!(root.found(CheckId::D09), expected[..1]);
}

#[test]
fn users_are_numbers_with_a_line_and_not_root() {
    let passwd = "root:x:0:0:root:/root:/sbin/nologin\napp:x:65532:65532::/:/sbin/nologin\n";
    let sample = |passwd: &str| {
        Sample::new([("etc/passwd", text(passwd)), ("etc/group", text("root:x:0:\napp:x:65532:\n"))])
    };
    let found = |passwd: &str, user: &str| {
        let sample = sample(passwd).configured(|config| user.clone_into(&mut config.user));
        sample.found(CheckId::D10)
    };
    assert_eq!(found(passwd, "65532:65532"), Vec::<String>::new());
    for user in ["", "0", "root", "0:0", "root:root", "0:65532"] {
        assert_eq!(found(passwd, user).len(), 1, "{user}");
        assert!(found(passwd, user)[0].starts_with("fail: the program runs as root"), "{user}");
    }
    assert_eq!(found(passwd, "app"), ["warning: the user `app` is a name, not a number"]);
    assert_eq!(found(passwd, "web"), ["fail: the user `web` is not among the accounts of the image"]);
    assert_eq!(found(passwd, "7:7"), ["warning: user 7 has no line in /etc/passwd"]);
    assert_eq!(found(passwd, "65532:0"), ["warning: user 65532 is a member of group 0"]);
    let twice = format!("{passwd}toor:x:0:0::/:/bin/no\nopen::9:9::/:\n");
    assert_eq!(
        found(&twice, "65532:65532"),
        [
            "fail: the account `open` has an empty password in /etc/passwd",
            "fail: the user number `0` stands 2 times in /etc/passwd",
        ]
    );
    let login = sample(&passwd.replace("/:/sbin/nologin", "/:/bin/sh")).and("bin/sh", program("x"));
    assert_eq!(
        login.found(CheckId::D10),
        ["warning: the account `app` logs in with /bin/sh, which is in the image"]
    );
    let shadow =
        sample(passwd).and("etc/shadow", text("root::1:0:::::\napp:$y$j9T$x:1::::::\nsys:*:1::::::\n"));
    assert_eq!(
        shadow.found(CheckId::D10),
        [
            "fail: the account `root` has an empty password in /etc/shadow",
            "warning: the account `app` has a password in /etc/shadow",
        ]
    );
}

#[test]
fn lines_for_a_shell_need_one() {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let shell = || Sample::new([]).configured(|config| config.entrypoint = words(&["/bin/sh", "-c", "app"]));
    assert_eq!(
        shell().found(CheckId::D11),
        ["fail: ENTRYPOINT is a line for /bin/sh, which is not in the image"]
    );
    let cmd = Sample::new([]).configured(|config| config.cmd = words(&["/bin/sh", "-c", "app"]));
    assert_eq!(cmd.found(CheckId::D11), ["fail: CMD is a line for /bin/sh, which is not in the image"]);
    let health = Sample::new([("app", script("/app"))]).configured(|config| {
        config.healthcheck.get_or_insert_default().test = vec!["CMD-SHELL".into(), "curl localhost".into()];
    });
    assert_eq!(
        health.found(CheckId::D11),
        ["fail: HEALTHCHECK is a line for /bin/sh, which is not in the image"]
    );
    let missing = Sample::new([]).configured(|config| config.entrypoint = words(&["/app/server"]));
    assert_eq!(missing.found(CheckId::D11), ["fail: /app/server is not in the image"]);
    let nothing = Sample::new([]).judge(Profile::Runtime);
    let state = nothing.outcome(CheckId::D11).map(|outcome| outcome.state.clone());
    assert_eq!(state, Some(State::NotApplicable("the image starts nothing by itself".into())));
}

#[test]
fn code_beyond_the_entrypoint_counts_against_a_budget() {
    let sample = Sample::new([
        ("app", program("a")),
        ("usr/lib/libx.so.1", text("\x7fELF x")),
        ("usr/bin/other", program("b")),
        ("usr/bin/script", script("/app")),
    ]);
    assert_eq!(sample.found(CheckId::D12), Vec::<String>::new());
    let sample = sample.reaching(["app"]);
    let what = "2 programs and libraries with 12 bytes are not reached from the entrypoint";
    assert_eq!(sample.found(CheckId::D12), [format!("info: {what}")]);
    let mut rules = Rules::new(Profile::Runtime, Date::of_seconds(0));
    rules.limits.unreachable = Some(11);
    assert_eq!(sample.found_by(CheckId::D12, &rules), [format!("fail: {what}")]);
    rules.allow = vec![allow(CheckId::D12, &["/usr/bin/other"], "used by hand", None)];
    assert_eq!(sample.judge_by(&rules).answer, Answer::Yes);
    let shell = sample.and("bin/sh", known("busybox")).reaching(["bin/sh"]);
    assert_eq!(shell.found(CheckId::D12), Vec::<String>::new());
    assert_eq!(Sample::new([]).judge(Profile::Static).answer, Answer::Yes);
    assert_eq!(Sample::new([("x", program("x"))]).judge(Profile::Static).answer, Answer::No);
}

#[test]
fn secrets_are_found_wherever_they_are() {
    let key = format!("-----BEGIN {} KEY-----\n{}\n", "PRIVATE", "MIIabcdefgh0123456789".repeat(4));
    let npm = "//registry.npmjs.org/:_authToken=0123456789abcdef0123\n";
    let sample = Sample::new([
        ("app/tls.pem", text(&key)),
        ("root/.npmrc", text(npm)),
        ("app/readme", text(npm)),
        ("root/.ssh/id_ed25519", text("x\n")),
        ("etc/ssl/cert.pem", text("-----BEGIN CERTIFICATE-----\nMII\n")),
        ("app/.npmrc", text("fund=false\n")),
    ])
    .hiding("app/old.pem", text(&key))
    .configured(|config| {
        config.env =
            ["PATH=/bin", "API_KEY=a8f5f167f44f4964", "DB=postgres://me:hunter2@db/x", "KEY_FILE=/run/key"]
                .map(str::to_owned)
                .to_vec();
    });
    let mut sample = sample;
    let step = |line: &str| attar_image::manifest::History {
        created_by: Some(line.to_owned()),
        ..Default::default()
    };
    sample.config.history =
        vec![step("RUN |1 NPM_TOKEN=0123456789abcdef npm ci"), step("COPY . /app"), step("ARG TOKEN")];
    let expected = [
        "fail: /app/tls.pem holds a private key, in line 1",
        "fail: /root/.npmrc holds a login, in line 1",
        "fail: /root/.ssh/id_ed25519 is named as private keys are",
        "fail: /app/old.pem holds a private key, in line 1; layer 2 hides it, and anybody can take it out of layer 1",
        "fail: the variable API_KEY has a value, and the name of a secret",
        "fail: the variable DB holds an address with a password",
        "fail: step 0 of the history sets NPM_TOKEN, which has the name of a secret",
    ];
    assert_eq!(sample.found(CheckId::D13), expected);
    let shown = format!("{:?}", sample.judge(Profile::Runtime));
    for secret in ["MIIabc", "a8f5f167", "hunter2", "0123456789abcdef"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}

#[test]
fn leftovers_count_against_a_budget() {
    let sample = Sample::new([
        ("var/lib/apt/lists/a", text("12345")),
        ("usr/share/doc/x/README", text("123")),
        ("usr/share/doc/x/copyright", text("123")),
        ("usr/share/doc/x/changelog.gz", text("123")),
        ("usr/lib/python3/__pycache__/a.pyc", text("1")),
        ("app/main", program("x")),
    ]);
    let expected = [
        "info: lists and caches of package managers, 5 bytes",
        "info: caches, 1 bytes",
        "info: documentation, 6 bytes",
    ];
    assert_eq!(sample.found(CheckId::D14), expected);
    let mut rules = Rules::new(Profile::Runtime, Date::of_seconds(0));
    rules.limits.leftovers = Some(10);
    let verdict = sample.judge_by(&rules);
    assert_eq!((verdict.answer, verdict.grade), (Answer::No, Some(Grade::C)));
    rules.limits.leftovers = Some(12);
    assert_eq!(sample.judge_by(&rules).answer, Answer::Yes);
}

#[test]
fn what_programs_expect_is_missed() {
    let expected = [
        "warning: there are no certificates of authorities",
        "warning: there are no time zones",
        "warning: there is no /etc/passwd",
        "warning: there is no /etc/group",
        "warning: there is no directory /tmp",
        "warning: there is no /etc/os-release",
    ];
    assert_eq!(Sample::new([]).found(CheckId::D15), expected);
    assert_eq!(foundation().found(CheckId::D15), Vec::<String>::new());
    let libc = foundation().and("lib/libc.so.6", text("x"));
    assert_eq!(libc.found(CheckId::D15), ["warning: there is no /etc/nsswitch.conf"]);
    let closed = foundation().and("tmp", directory(0o755));
    assert_eq!(closed.found(CheckId::D15), ["warning: /tmp is not open to all with the sticky bit (1777)"]);
}

#[test]
fn the_supply_chain_is_noted() {
    let mut sample = Sample::new([("a", text("x"))]);
    assert_eq!(sample.found(CheckId::D16), Vec::<String>::new());
    sample.referrers = Some(Referrers::default());
    sample.config.created = Some("1969-12-31T00:00:00Z".into());
    let sample = sample.configured(|config| {
        config.labels.insert("org.opencontainers.image.base.name".into(), "debian:13".into());
    });
    let expected = [
        "info: no list of what is inside (SBOM) is attached",
        "info: no statement on how it was built (provenance) is attached",
        "info: the base debian:13 is named without its digest",
        "info: /a is newer than the image says it is",
    ];
    assert_eq!(sample.found(CheckId::D16), expected);
}

#[test]
fn sizes_fail_when_a_limit_is_set() {
    let mut sample = Sample::new([("a", text("x"))]);
    sample.figures = Some(Figures {
        total: 90 << 20,
        reclaimable: 10 << 20,
        layers: vec![80 << 20, 10 << 20],
        entries: 1,
    });
    let wasted = "10.5 MB of 94.4 MB are in layers and seen by no container";
    assert_eq!(sample.found(CheckId::D17), [format!("warning: {wasted}")]);
    let mut rules = Rules::new(Profile::Runtime, Date::of_seconds(0));
    rules.limits = Limits {
        size: Some(1 << 20),
        layer: Some(20 << 20),
        entries: Some(0),
        reclaimable: Some(1),
        ..Limits::default()
    };
    let expected = [
        "fail: the image has 94.4 MB, more than 1.0 MB",
        "fail: the image has 1 entries, more than 0",
        "fail: layer 1 has 83.9 MB, more than 21.0 MB",
        "fail: 10.5 MB of 94.4 MB are in layers and seen by no container",
    ];
    assert_eq!(sample.found_by(CheckId::D17, &rules), expected);
}
