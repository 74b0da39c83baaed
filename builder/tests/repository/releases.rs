//! Releases and indexes: what is believed, and what is not.

use std::path::Path;

use attar_builder::repository::{RepositoryError, Stale, Warning, check_rollback};
use attar_builder::spec::schema::{DebRepository, Repository};
use attar_testing::archive::{DATE_SECONDS, Key, Package, Signature, Suite, hex};

use crate::stage::{Stage, identity, seconds, trixie};

#[tokio::test]
async fn a_signed_archive_is_opened_for_all_architectures() {
    let stage = Stage::new();
    let archives = stage.open().await.expect("the archive opens");
    let names: Vec<_> = archives.iter().map(|archive| archive.name.as_str()).collect();
    assert_eq!(names, ["trixie", "trixie-updates", "trixie-security"]);
    let main = &archives[0];
    assert_eq!(main.identity, identity());
    assert_eq!(main.signers.iter().map(|key| key.as_str()).collect::<Vec<_>>(), [stage.key.fingerprint()]);
    let packages: Vec<_> = main
        .indexes
        .iter()
        .map(|index| {
            let names = index.index.packages().map(|package| package.name().to_owned()).collect::<Vec<_>>();
            (index.component.as_str(), index.architecture.as_str(), names.join(" "))
        })
        .collect();
    let both = "hello hello-doc".to_owned();
    assert_eq!(packages, [("main", "amd64", both.clone()), ("main", "arm64", both)]);
    assert!(stage.targets().iter().any(|target| target.contains("/by-hash/SHA256/")));
}

#[tokio::test]
async fn an_unchanged_archive_is_not_downloaded_again() {
    let stage = Stage::new();
    let before = stage.open().await.expect("the archive opens");
    stage.targets();
    let after = stage.open().await.expect("the archive opens again");
    let targets = stage.targets();
    assert!(targets.iter().all(|target| target.ends_with("/InRelease")), "{targets:?}");
    assert_eq!(after[0].indexes[0].digest, before[0].indexes[0].digest);
    let mut offline = stage.settings();
    offline.transport.offline = true;
    stage.open_with(offline).await.expect("everything is in the cache");
    assert!(stage.targets().is_empty());
}

#[tokio::test]
async fn offline_without_a_cache_names_what_is_missing() {
    let stage = Stage::new();
    let mut settings = stage.settings();
    settings.transport.offline = true;
    let error = stage.open_with(settings).await.expect_err("nothing is in the cache");
    assert_eq!(
        stage.tell(&error),
        "cannot fetch release of trixie offline: it is not in the cache, and would come from \
         `http://server/debian/dists/trixie/InRelease`"
    );
    assert!(stage.targets().is_empty());
}

#[tokio::test]
async fn every_way_to_sign_and_to_compress_is_read() {
    for signature in [Signature::Inline, Signature::Detached] {
        for compression in ["", "gz", "bz2", "xz", "zst"] {
            let stage = Stage::new();
            let mut suite = trixie();
            suite.signature = signature;
            suite.compressions = vec![compression];
            stage.server.remove("/debian/dists/trixie/InRelease");
            stage.serve(&suite);
            let archives = stage.open().await.unwrap_or_else(|error| {
                panic!("{signature:?} {compression}: {}", stage.tell(&error));
            });
            assert_eq!(archives[0].indexes[0].index.len(), 2, "{signature:?} {compression}");
        }
    }
}

#[tokio::test]
async fn a_compression_that_is_listed_and_missing_is_passed_over() {
    let stage = Stage::new();
    let mut suite = trixie().with("Acquire-By-Hash", "no");
    suite.compressions = vec!["", "gz", "xz"];
    stage.serve(&suite);
    for architecture in ["amd64", "arm64"] {
        let folder = format!("/debian/dists/trixie/main/binary-{architecture}");
        stage.server.remove(&format!("{folder}/Packages"));
        stage.server.remove(&format!("{folder}/Packages.xz"));
    }
    assert_eq!(stage.open().await.expect("gzip is left")[0].indexes[1].index.len(), 2);
}

#[tokio::test]
async fn what_is_not_signed_by_the_key_is_refused() {
    let other = Key::generate(3650).expect("a key");
    let cases = [
        ("unsigned", Signature::Missing, None, "it is not signed"),
        (
            "wrong key",
            Signature::Inline,
            Some(&other),
            "no signature by a trusted key: signed by unknown key",
        ),
        ("wrong key, detached", Signature::Detached, Some(&other), "no signature by a trusted key"),
    ];
    for (name, signature, key, expected) in cases {
        let stage = Stage::new();
        let mut suite = trixie();
        suite.signature = signature;
        stage.server.remove("/debian/dists/trixie/InRelease");
        let key = key.unwrap_or(&stage.key);
        stage.server.put_all("/debian", &suite.files(key).expect("a suite"));
        let error = stage.open().await.expect_err(name);
        assert!(matches!(error, RepositoryError::Signature { .. }), "{name}: {error:?}");
        let text = stage.tell(&error);
        assert!(
            text.starts_with(
                "cannot verify the signature of `http://server/debian/dists/trixie/InRelease`: "
            ),
            "{name}: {text}"
        );
        assert!(text.contains(expected), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_key_that_has_expired_since_is_refused() {
    let mut stage = Stage::empty();
    // Valid until the day after the signature.
    stage.key = Key::generate(305).expect("a key");
    for suite in [trixie(), Suite::debian("trixie-updates"), Suite::debian("trixie-security")] {
        stage.serve(&suite);
    }
    stage.open().await.expect("it is valid today");
    let mut settings = stage.settings();
    settings.now = seconds(DATE_SECONDS + 10 * 86_400);
    let error = stage.open_with(settings).await.expect_err("it is not in ten days");
    let text = stage.tell(&error);
    assert!(text.contains(&format!("the signing key {} has expired", stage.key.fingerprint())), "{text}");
}

#[tokio::test]
async fn a_text_changed_after_signing_is_refused() {
    for signature in [Signature::Inline, Signature::Detached] {
        let stage = Stage::new();
        let mut suite = trixie();
        suite.signature = signature;
        stage.server.remove("/debian/dists/trixie/InRelease");
        stage.serve(&suite);
        let name = if signature == Signature::Inline { "InRelease" } else { "Release" };
        let path = format!("/debian/dists/trixie/{name}");
        let text = String::from_utf8(stage.server.get(&path).expect("a release")).expect("text");
        stage.server.put(path, text.replace("Suite: stable", "Suite: rusted"));
        let error = stage.open().await.expect_err("it was changed");
        let text = stage.tell(&error);
        assert!(text.contains(&format!("bad signature by key {}", stage.key.fingerprint())), "{text}");
    }
}

#[tokio::test]
async fn text_outside_the_signature_is_not_looked_at() {
    let stage = Stage::new();
    let path = "/debian/dists/trixie/InRelease";
    let signed = String::from_utf8(stage.server.get(path).expect("a release")).expect("text");
    stage.server.put(path, format!("Codename: forged\n\n{signed}\nSHA256:\n forged\n"));
    match stage.open().await {
        Ok(archives) => assert_eq!(archives[0].identity, identity()),
        Err(error) => assert!(matches!(error, RepositoryError::Signature { .. }), "{error:?}"),
    }
}

#[tokio::test]
async fn another_archive_than_the_one_asked_for_is_refused() {
    let cases = [
        ("another codename", "Codename", "bookworm"),
        ("another origin", "Origin", "Ubuntu"),
        ("another label", "Label", "Debian-Security"),
    ];
    for (name, field, value) in cases {
        let stage = Stage::new();
        stage.serve(&trixie().with(field, value));
        let error = stage.open().await.expect_err(name);
        assert!(matches!(error, RepositoryError::Identity { .. }), "{name}: {error:?}");
        assert!(stage.tell(&error).contains(value), "{name}: {}", stage.tell(&error));
    }
}

#[tokio::test]
async fn dates_are_judged() {
    let expired = "Mon, 02 Nov 2026 00:00:00 UTC";
    let cases = [
        ("expired", "Valid-Until", expired, 3 * 86_400, "it expired at 2026-11-02T00:00:00Z"),
        ("in the future", "Date", "Sun, 08 Nov 2026 00:00:00 UTC", 3600, "in the future"),
    ];
    for (name, field, value, later, expected) in cases {
        let stage = Stage::new();
        stage.serve(&trixie().with(field, value));
        let mut settings = stage.settings();
        settings.now = seconds(DATE_SECONDS + later);
        let error = stage.open_with(settings).await.expect_err(name);
        assert!(matches!(error, RepositoryError::Stale { .. }), "{name}: {error:?}");
        assert!(stage.tell(&error).contains(expected), "{name}: {}", stage.tell(&error));
    }
    let stage = Stage::new();
    stage.serve(&trixie().with("Valid-Until", expired));
    let mut settings = stage.settings();
    settings.now = seconds(DATE_SECONDS + 3 * 86_400);
    let mut repository = stage.repository();
    repository.check_valid_until = Some(false);
    let client = stage.client(settings);
    client
        .open(&Repository::Debian(repository), Path::new("."), &["amd64"])
        .await
        .expect("the spec allows an expired release");
}

#[test]
fn a_rolled_back_release_is_refused() {
    let error = check_rollback(seconds(DATE_SECONDS + 1), seconds(DATE_SECONDS)).expect_err("older");
    assert!(matches!(error, Stale::RolledBack { .. }));
    assert_eq!(
        error.to_string(),
        "it was made at 2026-11-01T00:00:00Z, before the one that the lock records, \
         which was made at 2026-11-01T00:00:01Z"
    );
}

#[tokio::test]
async fn a_damaged_index_is_refused() {
    let named = "/debian/dists/trixie/main/binary-amd64/Packages.xz";
    let stage = Stage::new();
    let index = stage.server.get(named).expect("an index");
    let hashed = format!("/debian/dists/trixie/main/binary-amd64/by-hash/SHA256/{}", hex(&index));
    let mut tampered = index.clone();
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    let cases = [
        ("tampered", tampered, "checksum mismatch: expected sha256:"),
        ("truncated", index[..index.len() - 4].to_vec(), "size mismatch: expected"),
        ("too long", [&index[..], b"more"].concat(), "size mismatch: expected"),
    ];
    for (name, bytes, expected) in cases {
        for path in [named, &hashed] {
            stage.server.put(path, bytes.clone());
        }
        let error = stage.open().await.expect_err(name);
        let text = stage.tell(&error);
        assert!(text.starts_with("cannot fetch package index trixie/main (amd64): http://server/"), "{text}");
        assert!(text.contains(expected), "{name}: {text}");
    }
    for path in [named, &hashed] {
        stage.server.put(path, index.clone());
    }
    stage.open().await.expect("the next run works");
}

#[tokio::test]
async fn an_index_that_unpacks_to_something_else_is_refused() {
    let stage = Stage::new();
    let mut suite = trixie();
    suite.compressions = vec!["", "xz"];
    let mut files = suite.files(&stage.key).expect("a suite");
    // The release lists the checksums of another plain text than the compressed file holds.
    let plain = files["dists/trixie/main/binary-amd64/Packages"].clone();
    let other = plain.iter().map(|byte| byte.to_ascii_uppercase()).collect::<Vec<_>>();
    let release = String::from_utf8(files["dists/trixie/InRelease"].clone()).expect("text");
    let text = release.split("\n\n").nth(1).and_then(|text| text.split("-----BEGIN").next()).expect("a text");
    let text = text.replace(&hex(&plain), &hex(&other));
    let signed = stage.key.sign(&text, Signature::Inline).expect("a signature");
    files.insert("dists/trixie/InRelease".to_owned(), signed);
    stage.server.put_all("/debian", &files);
    let error = stage.open().await.expect_err("the plain text differs");
    let text = stage.tell(&error);
    assert!(
        text.starts_with("cannot decompress package index trixie/main (amd64): checksum mismatch"),
        "{text}"
    );
}

#[tokio::test]
async fn an_architecture_may_be_missing_where_only_updates_are() {
    let stage = Stage::new();
    let mut updates = Suite::debian("trixie-updates");
    updates.architectures = vec!["amd64"];
    stage.serve(&updates);
    let archives = stage.open().await.expect("updates may lack an architecture");
    let warning =
        Warning::MissingArchitecture { suite: "trixie-updates".to_owned(), architecture: "arm64".to_owned() };
    assert_eq!(archives[1].warnings, [warning]);
    let mut main = trixie();
    main.architectures = vec!["amd64"];
    stage.serve(&main);
    let error = stage.open().await.expect_err("the release itself may not");
    assert_eq!(stage.tell(&error), "trixie has no packages for arm64: it has amd64");
}

#[tokio::test]
async fn a_missing_component_is_named() {
    let stage = Stage::new();
    let mut repository = stage.repository();
    repository.components = vec!["main".to_owned(), "contrib".to_owned()];
    let client = stage.client(stage.settings());
    let error = client
        .open(&Repository::Debian(repository), Path::new("."), &["amd64"])
        .await
        .expect_err("there is no contrib");
    assert_eq!(stage.tell(&error), "trixie has no component `contrib`: it has main");
}

#[tokio::test]
async fn packages_for_all_architectures_may_be_listed_apart() {
    let stage = Stage::new();
    let mut suite = trixie().with("No-Support-for-Architecture-all", "");
    suite.architectures = vec!["amd64", "arm64", "all"];
    stage.serve(&suite);
    let archives = stage.open().await.expect("the archive opens");
    let architectures: Vec<_> = archives[0].indexes.iter().map(|index| index.architecture.as_str()).collect();
    assert_eq!(architectures, ["amd64", "arm64", "all"]);
}

#[tokio::test]
async fn a_flat_archive_is_split_by_architecture() {
    let stage = Stage::empty();
    let mut index = String::new();
    for package in [Package::new("tool", "1", "amd64"), Package::new("tool", "1", "arm64")] {
        let bytes = package.bytes().expect("a package");
        index.push_str(&format!(
            "{}Filename: ./{}\nSize: {}\nSHA256: {}\n\n",
            package.control,
            package.path(),
            bytes.len(),
            hex(&bytes)
        ));
    }
    let release = format!(
        "Date: Sun, 01 Nov 2026 00:00:00 UTC\nSHA256:\n {} {} Packages\n",
        hex(index.as_bytes()),
        index.len()
    );
    let signed = stage.key.sign(&release, Signature::Inline).expect("a signature");
    stage.server.put("/flat/InRelease", signed);
    stage.server.put("/flat/Packages", index);
    let repository = Repository::Deb(DebRepository {
        deb: stage.server.url("/flat"),
        suites: vec!["./".to_owned()],
        components: Vec::new(),
        signed_by: stage.scratch.write("key.asc", stage.key.armored().expect("a key")).display().to_string(),
        packages: vec!["tool".to_owned()],
        priority: Some(700),
        check_valid_until: None,
    });
    let client = stage.client(stage.settings());
    let archives = client
        .open(&repository, Path::new("/"), &["amd64", "arm64"])
        .await
        .unwrap_or_else(|error| panic!("{}", stage.tell(&error)));
    let found: Vec<_> = archives[0]
        .indexes
        .iter()
        .map(|index| {
            let packages = index.index.packages().map(|package| package.architecture().to_owned());
            (index.architecture.as_str(), packages.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(found, [("amd64", vec!["amd64".to_owned()]), ("arm64", vec!["arm64".to_owned()])]);
    assert_eq!((archives[0].priority, archives[0].allowed.clone()), (700, Some(vec!["tool".to_owned()])));
}
