//! Which mirrors are asked, and with what.

use std::path::Path;

use attar_builder::event::Events;
use attar_builder::repository::{Client, Secret, Warning};
use attar_builder::spec::schema::Repository;
use attar_testing::archive::{DATE_SECONDS, Key, Suite};
use attar_testing::http::{Fault, Server};

use crate::stage::{Stage, hello, seconds, trixie};

/// Writes a host's apt configuration that names the stage's server, after another archive.
fn host(stage: &Stage, suites: &str, settings: &str) -> std::path::PathBuf {
    let sources = format!(
        "Types: deb\nURIs: {}\nSuites: {suites}\nComponents: main\n\n\
         Types: deb\nURIs: {}\nSuites: {suites}\nComponents: main\n",
        stage.server.url("/elsewhere"),
        stage.server.url("/debian"),
    );
    stage.scratch.write("host/etc/apt/sources.list.d/debian.sources", sources);
    stage.scratch.write("host/etc/apt/apt.conf.d/99test", settings);
    stage.scratch.join("host")
}

#[tokio::test]
async fn the_hosts_apt_is_asked_and_recognised_by_its_answer() {
    let stage = Stage::new();
    // Another publisher's archive also has a `trixie`, under another key: it is simply not the one.
    let other = Key::generate(3650).expect("a key");
    let suite = trixie().with("Origin", "Somebody");
    stage.server.put_all("/elsewhere", &suite.files(&other).expect("a suite"));
    let mut settings = stage.settings();
    settings.mirrors = Vec::new();
    settings.apt_root = Some(host(&stage, "bookworm bookworm-updates", ""));
    let archives = stage.open_with(settings).await.expect("the second source has it");
    assert_eq!(archives[0].indexes[0].index.len(), 2);
    assert!(stage.notes().iter().any(|note| note.contains("from http://server/elsewhere: no signature")));
}

#[tokio::test]
async fn the_hosts_apt_may_turn_the_check_of_dates_off() {
    let settings = "Acquire::Check-Valid-Until \"false\";\n";
    for (text, allowed) in [(settings, true), ("", false)] {
        let stage = Stage::new();
        stage.serve(&trixie().with("Valid-Until", "Mon, 02 Nov 2026 00:00:00 UTC"));
        let mut settings = stage.settings();
        settings.mirrors = Vec::new();
        settings.apt_root = Some(host(&stage, "trixie", text));
        settings.now = seconds(DATE_SECONDS + 3 * 86_400);
        match stage.open_with(settings).await {
            Ok(archives) => {
                assert!(allowed, "the host checks dates");
                assert!(matches!(archives[0].warnings[..], [Warning::UncheckedDates { .. }]));
                assert_eq!(
                    archives[0].warnings[0].to_string(),
                    "the release of trixie is used although it expired at 2026-11-02T00:00:00Z, and now is \
                     2026-11-04T00:00:00Z, because the host's apt does not check dates"
                );
            }
            Err(error) => assert!(!allowed, "{}", stage.tell(&error)),
        }
    }
}

#[tokio::test]
async fn mirrors_are_asked_in_order() {
    let stage = Stage::new();
    let mut settings = stage.settings();
    settings.mirrors = vec![stage.server.url("/flag")];
    settings.apt_root = Some(host(&stage, "bookworm", ""));
    let mut repository = stage.repository();
    repository.debian = "trixie-updates".to_owned();
    repository.mirrors = vec![stage.server.url("/spec")];
    stage.server.remove("/debian/dists/trixie-updates/InRelease");
    let client = stage.client(settings);
    client.open(&Repository::Debian(repository), Path::new("."), &["amd64"]).await.expect_err("nowhere");
    let asked: Vec<_> = stage.targets().into_iter().filter(|target| target.ends_with("/InRelease")).collect();
    assert_eq!(
        asked,
        [
            "/flag/dists/trixie-updates/InRelease",
            "/spec/dists/trixie-updates/InRelease",
            "/elsewhere/dists/trixie-updates/InRelease",
            "/debian/dists/trixie-updates/InRelease",
            "/snapshot/archive/debian/20261101T010000Z/dists/trixie-updates/InRelease",
        ]
    );
}

#[tokio::test]
async fn a_snapshot_comes_from_the_snapshot_archive_alone() {
    let stage = Stage::empty();
    for name in ["trixie", "trixie-updates", "trixie-security"] {
        let area = if name.ends_with("-security") { "debian-security" } else { "debian" };
        let suite = if name == "trixie" { trixie() } else { Suite::debian(name) };
        // It had not expired when the snapshot was taken.
        let suite = suite.with("Valid-Until", "Sun, 08 Nov 2026 00:00:00 UTC");
        let base = format!("/snapshot/archive/{area}/20261102T000000Z");
        stage.server.put_all(&base, &suite.files(&stage.key).expect("a suite"));
    }
    let mut settings = stage.settings();
    settings.now = seconds(DATE_SECONDS + 300 * 86_400);
    let mut repository = stage.repository();
    repository.snapshot = Some("20261102T000000Z".to_owned());
    let client = stage.client(settings);
    let archives = client
        .open(&Repository::Debian(repository), Path::new("."), &["amd64"])
        .await
        .unwrap_or_else(|error| panic!("{}", stage.tell(&error)));
    assert_eq!(archives[0].snapshot.as_deref(), Some("20261102T000000Z"));
    assert!(stage.targets().iter().all(|target| target.starts_with("/snapshot/")));
}

#[tokio::test]
async fn a_login_is_sent_and_never_shown() {
    let stage = Stage::new();
    let mut settings = stage.settings();
    settings.mirrors = vec![stage.server.url("/debian").replace("http://", "http://me:hunter2@")];
    let (package, bytes) = hello();
    let client = stage.client(settings);
    stage.server.fail(&format!("/debian/{}", package.path), [Fault::Status(503, vec![])]);
    assert_eq!(stage.fetch(&client, &package).await, Ok(bytes));
    for request in stage.server.take_requests() {
        // `me:hunter2` in base 64.
        assert_eq!(request.headers.get("authorization").map(String::as_str), Some("Basic bWU6aHVudGVyMg=="));
    }
    let shown = format!("{client:?} {:?}", stage.events);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(Secret::new("hunter2").to_string(), "****");
}

#[tokio::test]
async fn the_proxy_of_the_hosts_apt_is_used() {
    let stage = Stage::new();
    let proxy = Server::start().expect("a free port");
    let (package, bytes) = hello();
    // A proxy is asked with the whole URL.
    proxy.put(format!("http://mirror.test/debian/{}", package.path), bytes.clone());
    let mut settings = stage.settings();
    settings.mirrors = vec!["http://mirror.test/debian".to_owned()];
    settings.apt_root = Some(host(&stage, "trixie", &format!("Acquire::http::Proxy \"{}\";", proxy.url(""))));
    assert_eq!(stage.fetch(&stage.client(settings), &package).await, Ok(bytes));
}

#[tokio::test]
async fn a_mirror_on_the_file_system_needs_no_network() {
    let stage = Stage::empty();
    for suite in [trixie(), Suite::debian("trixie-updates"), Suite::debian("trixie-security")] {
        let area = if suite.name.ends_with("-security") { "debian-security" } else { "debian" };
        for (path, bytes) in suite.files(&stage.key).expect("a suite") {
            stage.scratch.write(format!("mirror/{area}/{path}"), bytes);
        }
    }
    let mut settings = stage.settings();
    settings.mirrors = vec![format!("file://{}/mirror/debian", stage.scratch.path().display())];
    settings.transport.offline = true;
    let archives =
        stage.open_with(settings.clone()).await.unwrap_or_else(|error| panic!("{}", stage.tell(&error)));
    assert_eq!(archives[0].indexes[0].index.len(), 2);
    let (package, bytes) = hello();
    assert_eq!(stage.fetch(&stage.client(settings), &package).await, Ok(bytes));
    assert!(stage.targets().is_empty());
}

#[tokio::test]
async fn redirects_are_followed() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    let path = format!("/debian/{}", package.path);
    stage.server.remove(&path);
    stage.server.put("/elsewhere/hello.deb", bytes.clone());
    stage
        .server
        .fail(&path, [Fault::Status(302, vec![("Location", stage.server.url("/elsewhere/hello.deb"))])]);
    assert_eq!(stage.fetch(&stage.client(stage.settings()), &package).await, Ok(bytes));
}

#[tokio::test]
async fn certificate_authorities_that_cannot_be_used_are_named() {
    let stage = Stage::empty();
    let cases = [
        ("missing.pem", "cannot read the certificate authorities `"),
        ("broken.pem", "cannot use the certificate authorities `"),
    ];
    stage.scratch.write("broken.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    for (name, expected) in cases {
        let mut settings = stage.settings();
        settings.transport.certificates = Some(stage.scratch.join(name));
        let error = Client::new(settings, Events::ignore()).expect_err(name);
        let text = stage.tell(&error);
        assert!(text.starts_with(expected), "{name}: {text}");
    }
}
