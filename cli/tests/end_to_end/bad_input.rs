//! What bad input gets: a clear error, the right exit code, nothing half-written, and the next run works.

use attar_testing::archive::{Key, Signature, Suite};
use attar_testing::http::{Fault, Server};
use attar_testing::tls::Authority;
use attar_testing::{Attar, Scratch};

use crate::fixture::Fixture;

#[test]
fn the_fixture_works() {
    let fixture = Fixture::new();
    assert!(fixture.works().starts_with("sha256:"));
}

#[test]
fn wrong_specs_are_shown_in_place() {
    for (name, text, words) in [
        ("bad YAML", "contents: [\n", &["attar.yaml:"][..]),
        ("unknown key", "contnets: {}\n", &["attar.yaml:1:1", "contnets", "contents"]),
        ("wrong type", "platforms: {a: b}\n", &["attar.yaml:1:", "platforms"]),
        ("bad value", "contents: {foundation: stattic}\n", &["attar.yaml:1:", "stattic", "static"]),
        ("two faults", "contnets: {}\nplatfroms: []\n", &["contnets", "platfroms"]),
        ("unknown platform", "platforms: [linux/vax]\n", &["linux/vax"]),
        ("missing file", "contents: {files: [{from: nope, to: /x}]}\n", &["nope"]),
        ("glob without a match", "contents: {files: [{from: '*.nope', to: /x/}]}\n", &["*.nope"]),
    ] {
        // Without packages nothing needs an archive.
        let text = match text.contains("contents: {files") {
            true => text.replace("contents: {", "contents: {foundation: none, "),
            false => text.to_owned(),
        };
        let scratch = Scratch::with([("attar.yaml", text.as_str())]);
        let said = Attar::at(env!("CARGO_BIN_EXE_attar"))
            .cache(scratch.join("cache"))
            .current_dir(scratch.path())
            .args(["build", "--offline", "-o", "oci:layout"])
            .run();
        let message = said.fails(1);
        for word in words {
            assert!(message.contains(word), "{name}: no `{word}` in:\n{message}");
        }
        assert!(!scratch.has("layout"), "{name}: something was written");
    }
}

#[test]
fn packages_that_do_not_exist_or_do_not_fit() {
    for (packages, words) in [
        ("libary", &["libary", "library"][..]),
        ("\"tool (>= 2)\"", &["tool", "1.0"]),
        ("stuck", &["stuck", "library (>= 9)", "1.2"]),
        ("\"tool\", \"other\"", &["/usr/bin/tool", "tool", "other"]),
    ] {
        let mut fixture = Fixture::new();
        fixture.packages = packages;
        fixture.refuses(words);
        fixture.packages = "tool";
        fixture.works();
    }
}

#[test]
fn an_architecture_without_a_package_is_named() {
    let mut fixture = Fixture::new();
    fixture.more = "\n";
    let spec = fixture.spec();
    let text = std::fs::read_to_string(&spec).expect("the spec");
    std::fs::write(&spec, text.replace("linux/amd64", "linux/amd64, linux/arm64")).expect("the spec");
    let said = fixture.attar().arg("build").arg(&spec).run().fails(1);
    assert!(said.contains("arm64") && said.contains("tool"), "{said}");
}

#[test]
fn releases_that_cannot_be_believed() {
    let stranger = Key::generate(3650).expect("a key");
    let expired = Suite::debian("trixie").with("Valid-Until", "Sat, 07 Nov 2026 00:00:00 UTC");
    let mut unsigned = Suite::debian("trixie");
    unsigned.signature = Signature::Missing;
    for (name, suite, is_stranger, words) in [
        ("wrong signature", Suite::debian("trixie"), true, &["signature"][..]),
        ("unsigned", unsigned, false, &["sign"]),
        ("expired", expired, false, &["expired"]),
    ] {
        let mut fixture = Fixture::new();
        fixture.suite = Suite { packages: fixture.suite.packages.clone(), ..suite };
        let key = if is_stranger { &stranger } else { &fixture.key };
        fixture.server.put_all("/debian", &fixture.suite.files(key).expect("the files"));
        fixture.refuses(words);
        // The next run works, once the archive does.
        fixture.suite = Fixture::new().suite;
        fixture.publish();
        assert!(fixture.works().starts_with("sha256:"), "{name}");
    }
}

#[test]
fn an_archive_that_goes_back_in_time_is_refused_until_allowed() {
    let mut fixture = Fixture::new();
    fixture.works();
    fixture.suite = fixture.suite.clone().with("Date", "Thu, 01 Oct 2026 00:00:00 UTC");
    fixture.publish();
    let spec = fixture.spec();
    let lock = |more: &[&str]| fixture.attar().args(["lock", "--update"]).args(more).arg(&spec).run();
    let said = lock(&[]).fails(1);
    assert!(said.contains("before") && said.contains("hint: `--allow-rollback`"), "{said}");
    lock(&["--allow-rollback"]).success();
}

#[test]
fn what_a_mirror_damages_is_refused() {
    for (name, damage) in [
        ("tampered", Fault::Bytes(b"!<arch>\nnonsense".to_vec())),
        ("truncated", Fault::Bytes(b"!<arch>\n".to_vec())),
        ("gone", Fault::Status(404, Vec::new())),
    ] {
        let fixture = Fixture::new();
        let path = fixture.path_of("library");
        fixture.server.fail(&path, std::iter::repeat_n(damage, 20));
        fixture.refuses(&["library"]);
        fixture.server.fail(&path, []);
        let fixture = Fixture { server: Server::start().expect("a server"), ..fixture };
        fixture.publish();
        assert!(fixture.works().starts_with("sha256:"), "{name}");
    }
}

#[test]
fn a_tampered_index_is_refused() {
    let fixture = Fixture::new();
    let files = fixture.suite.files(&fixture.key).expect("the files");
    for path in files.keys().filter(|path| path.contains("Packages") || path.contains("by-hash")) {
        fixture.server.put(format!("/debian/{path}"), b"Package: evil\n".to_vec());
    }
    fixture.refuses(&["trixie"]);
    fixture.publish();
    fixture.works();
}

#[test]
fn an_unreachable_mirror_is_named() {
    let fixture = Fixture::new();
    let spec = fixture.spec();
    let text = std::fs::read_to_string(&spec).expect("the spec");
    // Nothing listens on port 1.
    let nowhere = text.replace(&fixture.server.url("/debian"), "http://127.0.0.1:1/debian");
    std::fs::write(&spec, nowhere).expect("the spec");
    let said = fixture.attar().arg("build").arg(&spec).run().fails(1);
    assert!(said.contains("127.0.0.1:1"), "{said}");
}

#[test]
fn a_lock_that_does_not_fit_stays_as_it_is_under_locked() {
    let mut fixture = Fixture::new();
    fixture.works();
    let before = fixture.scratch.read("attar.lock");
    fixture.packages = "tool, other";
    let said = fixture.attar().arg("build").arg(fixture.spec()).arg("--locked").run().fails(1);
    assert!(said.contains("--locked") && said.contains("other"), "{said}");
    assert_eq!(fixture.scratch.read("attar.lock"), before);

    std::fs::remove_file(fixture.scratch.join("attar.lock")).expect("the lock");
    let said = fixture.attar().arg("build").arg(fixture.spec()).arg("--locked").run().fails(1);
    assert!(said.contains("--locked"), "{said}");
    assert!(!fixture.scratch.has("attar.lock"));
}

#[test]
fn a_lock_of_a_newer_attar_is_refused() {
    let fixture = Fixture::new();
    fixture.works();
    let lock = fixture.scratch.read("attar.lock");
    fixture.scratch.write("attar.lock", lock.replacen("\"format\": 1", "\"format\": 9999", 1));
    let said = fixture.build().fails(1);
    assert!(said.contains("9999"), "{said}");
    fixture.scratch.write("attar.lock", lock);
    fixture.works();
}

#[test]
fn a_damaged_cache_is_made_anew_with_a_warning() {
    let fixture = Fixture::new();
    let digest = fixture.works();
    for shelf in ["packages", "records", "segments"] {
        let mut damaged = 0;
        for path in files_below(&fixture.scratch.join("cache").join(shelf)) {
            // The notes beside the files, which say when they were last known to be whole, stay.
            if path.extension().is_none_or(|extension| extension != "note") {
                let length = std::fs::read(&path).expect("a file of the cache").len();
                std::fs::write(&path, vec![0x55; length]).expect("a file of the cache");
                damaged += 1;
            }
        }
        assert!(damaged > 0, "{shelf}");
        std::fs::remove_dir_all(fixture.scratch.join("layout")).expect("the layout");
        // What was made of the damaged files is thrown away, so that they are needed again.
        let made: &[&str] = match shelf {
            "packages" => &["records", "segments", "layers", "builds"],
            _ => &["layers", "builds"],
        };
        for shelf in made {
            std::fs::remove_dir_all(fixture.scratch.join("cache").join(shelf)).ok();
        }
        let said = fixture.build();
        assert_eq!(said.clone().success(), digest, "{shelf}: {said}");
        // A package is fetched again as if it had never been there.
        assert!(said.stderr.contains("warning") || shelf == "packages", "{shelf}: {said}");
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the cache").flatten() {
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => files.extend(files_below(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let fixture = Fixture::new();
    fixture.works();
    let small = fixture.scratch.join("small");
    std::fs::create_dir(&small).expect("a folder");
    let target = small.to_str().expect("a path in UTF-8");
    let mounted = attar_testing::run(&mut attar_testing::command::words(&[
        "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", target,
    ]));
    attar_testing::need!(if mounted.is_success() { Ok(()) } else { Err(mounted.stderr) });
    let said = |destination: &str| {
        let destination = format!("{destination}:{target}/{destination}");
        fixture.attar().arg("build").arg(fixture.spec()).args(["-o", &destination]).run()
    };
    let results = ["docker-archive", "rootfs", "oci"]
        .map(|kind| (said(kind), fixture.scratch.has(format!("small/{kind}")), kind == "oci"));
    attar_testing::run(&mut attar_testing::command::words(&["umount", target])).success();
    for (said, left, is_layout) in results {
        let message = said.fails(1);
        assert!(message.contains("No space left"), "{message}");
        assert!(is_layout || !left, "a broken file was left:\n{message}");
    }
}

#[test]
fn wrong_command_lines_end_with_64() {
    for arguments in [
        &["build", "-o", "image.tar"][..],
        &["build", "-t", "app:1"],
        &["build", "--nonsense"],
        &["build", "--push", "--offline", "-t", "app:1"],
        &["build", "--repository", "registry.example/team"],
        &["packages", "NGINX"],
        &["lock", "--security"],
        &["search"],
    ] {
        let scratch = Scratch::with([("attar.yaml", "{}\n")]);
        let said = Attar::at(env!("CARGO_BIN_EXE_attar"))
            .cache(scratch.join("cache"))
            .current_dir(scratch.path())
            .args(arguments)
            .run();
        assert!(said.stdout.is_empty(), "{said}");
        said.fails(64);
    }
}

#[test]
fn a_server_that_is_not_trusted_is_named_with_the_cure() {
    let authority = Authority::generate().expect("an authority");
    let fixture = Fixture::on(Server::start_tls(&authority).expect("a server on the loopback interface"));
    fixture.refuses(&[
        "/debian/dists/trixie/InRelease: the server's certificate is not trusted: ",
        "hint: `SSL_CERT_FILE=FILE` names the certificate authorities to trust",
    ]);
    let trusted = fixture.scratch.write("authority.pem", authority.pem());
    fixture.attar().env("SSL_CERT_FILE", trusted).arg("build").arg(fixture.spec()).run().success();
}
