//! Packages: resumed, verified, and found elsewhere when a mirror has lost them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use attar_builder::repository::PackageFile;
use attar_builder::spec::schema::Repository;
use attar_image::Digest;
use attar_testing::archive::Key;
use attar_testing::http::Fault;

use crate::stage::{Stage, hello};

const PATH: &str = "/debian/pool/main/hello_2.10-5_amd64.deb";

#[tokio::test]
async fn a_package_is_fetched_once() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    let client = stage.client(stage.settings());
    assert_eq!(stage.fetch(&client, &package).await, Ok(bytes.clone()));
    assert_eq!(stage.targets(), [PATH]);
    let mut offline = stage.settings();
    offline.transport.offline = true;
    assert_eq!(stage.fetch(&stage.client(offline), &package).await, Ok(bytes));
    assert!(stage.targets().is_empty());
}

#[tokio::test]
async fn a_damaged_file_of_the_cache_is_fetched_again() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    let client = stage.client(stage.settings());
    stage.fetch(&client, &package).await.expect("the package");
    let path = stage.scratch.join("cache/packages/sha256").join(package.digest.hex());
    std::fs::write(&path, vec![0; bytes.len()]).expect("a damaged file");
    assert_eq!(stage.fetch(&client, &package).await, Ok(bytes));
    assert!(stage.notes().iter().any(|note| note.contains("is damaged and is made anew")));
}

#[tokio::test]
async fn faults_that_pass_are_waited_out() {
    let cut = |length| Fault::CutAfter(length);
    let cases = [
        ("connection cut", vec![cut(100)], 2),
        ("cut before the first byte", vec![cut(0)], 2),
        ("cut again and again", vec![cut(50), cut(50), cut(50), cut(50)], 5),
        ("busy", vec![Fault::Status(503, vec![])], 2),
        ("too many requests", vec![Fault::Status(429, vec![("Retry-After", "1".to_owned())])], 2),
        ("silence", vec![Fault::Silence], 2),
        ("the whole file instead of the rest", vec![cut(100), Fault::IgnoreRange], 2),
        ("no such range", vec![cut(100), Fault::Status(416, vec![])], 3),
        ("other bytes after a part", vec![cut(100), Fault::Bytes(b"oops".to_vec())], 3),
    ];
    for (name, faults, requests) in cases {
        let stage = Stage::new();
        let (package, bytes) = hello();
        stage.server.fail(PATH, faults);
        let mut settings = stage.settings();
        if name == "silence" {
            // Long enough for a busy machine to answer the second request.
            settings.transport.read_timeout = Duration::from_secs(1);
        }
        let client = stage.client(settings);
        assert_eq!(stage.fetch(&client, &package).await, Ok(bytes), "{name}");
        assert_eq!(stage.targets(), vec![PATH; requests], "{name}");
    }
}

#[tokio::test]
async fn a_download_goes_on_where_it_was_cut() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    // The first build gives up, as a killed one would; the second finds what is there.
    stage.server.fail(PATH, [Fault::CutAfter(100), Fault::Status(403, vec![])]);
    let error = stage.fetch(&stage.client(stage.settings()), &package).await.expect_err("refused");
    assert!(error.contains("403 Forbidden"), "{error}");
    stage.server.take_requests();
    assert_eq!(stage.fetch(&stage.client(stage.settings()), &package).await, Ok(bytes));
    let requests = stage.server.take_requests();
    let range = |name: &str| requests[0].headers.get(name).map(String::as_str);
    assert_eq!(range("range"), Some("bytes=100-"));
    assert!(range("if-range").is_some_and(|etag| etag.starts_with('"')), "{requests:?}");
}

#[tokio::test]
async fn a_part_of_another_file_is_replaced() {
    for with_etags in [true, false] {
        let stage = Stage::new();
        if !with_etags {
            stage.server.without_etags();
        }
        let (package, bytes) = hello();
        let part = stage.scratch.write(format!("cache/tmp/{}.part", package.digest.hex()), [7; 100]);
        let client = stage.client(stage.settings());
        assert_eq!(stage.fetch(&client, &package).await, Ok(bytes), "with etags: {with_etags}");
        assert!(!part.exists());
    }
}

#[tokio::test]
async fn other_bytes_than_promised_are_refused() {
    let (package, bytes) = hello();
    let mut tampered = bytes.clone();
    tampered[90] ^= 1;
    let cases = [
        ("tampered", tampered, "checksum mismatch"),
        ("truncated", bytes[..90].to_vec(), "size mismatch"),
        ("too long", [&bytes[..], b"more"].concat(), "size mismatch"),
    ];
    for (name, wrong, expected) in cases {
        let stage = Stage::new();
        stage.server.put(PATH, wrong);
        let client = stage.client(stage.settings());
        let error = stage.fetch(&client, &package).await.expect_err(name);
        assert!(error.starts_with("cannot fetch package hello 2.10-5 (amd64): "), "{name}: {error}");
        assert!(error.contains(&format!("http://server{PATH}: {expected}")), "{name}: {error}");
        stage.server.put(PATH, bytes.clone());
        assert_eq!(stage.fetch(&client, &package).await, Ok(bytes.clone()), "{name}: the next run works");
    }
}

#[tokio::test]
async fn the_second_mirror_answers() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    let mut settings = stage.settings();
    settings.mirrors =
        vec!["http://127.0.0.1:9/debian".to_owned(), stage.server.url("/empty"), stage.server.url("/debian")];
    assert_eq!(stage.fetch(&stage.client(settings), &package).await, Ok(bytes));
    let notes = stage.notes();
    let failed = "cannot fetch package hello 2.10-5 (amd64) from";
    assert!(notes.iter().any(|note| note.starts_with(&format!("{failed} http://127.0.0.1:9/debian: "))));
    assert!(notes.contains(&format!("{failed} http://server/empty: not found")), "{notes:?}");
}

#[tokio::test]
async fn an_unreachable_mirror_is_named_with_all_others() {
    let stage = Stage::empty();
    let mut settings = stage.settings();
    settings.mirrors =
        vec!["http://me:hunter2@127.0.0.1:9/debian".to_owned(), stage.server.url("/elsewhere")];
    let error = stage.open_with(settings).await.expect_err("nothing is there");
    let text = stage.tell(&error);
    let expected = "cannot fetch release of trixie: \
         http://127.0.0.1:9/debian/dists/trixie/InRelease: Connection refused (os error 111); \
         http://server/elsewhere/dists/trixie/InRelease: not found; \
         http://server/snapshot/archive/debian/20261101T010000Z/dists/trixie/InRelease: not found";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn a_pruned_package_comes_from_the_snapshot_of_its_release() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    stage.server.remove(PATH);
    // The day after the Date of the release.
    let kept = "/snapshot/archive/debian/20261102T000000Z/pool/main/hello_2.10-5_amd64.deb";
    stage.server.put(kept, bytes.clone());
    assert_eq!(stage.fetch(&stage.client(stage.settings()), &package).await, Ok(bytes));
    assert_eq!(stage.targets(), [PATH, kept]);
}

#[tokio::test]
async fn the_snapshot_archive_answers_with_the_import_that_followed_the_release() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    stage.server.remove(PATH);
    // The release of midnight was imported in the morning; the package is gone the day after.
    let archive = "/snapshot/archive/debian";
    let imports = ["20261031T203000Z", "20261101T083000Z", "20261102T023000Z"];
    stage.server.snapshots(archive, &imports);
    let kept = format!("{archive}/20261101T083000Z/pool/main/hello_2.10-5_amd64.deb");
    stage.server.put(&kept, bytes.clone());
    assert_eq!(stage.fetch(&stage.client(stage.settings()), &package).await, Ok(bytes));
    let asked = format!("{archive}/20261102T000000Z/pool/main/hello_2.10-5_amd64.deb");
    assert_eq!(stage.targets(), [PATH, &asked, &kept]);
}

#[tokio::test]
async fn what_is_gone_everywhere_comes_from_where_the_packages_are_kept() {
    let stage = Stage::empty();
    let (package, bytes) = hello();
    let kept = stage.scratch.write(format!("kept/{}", package.digest.hex()), &bytes);
    let folder = kept.parent().expect("a folder");
    assert_eq!(stage.fetch_kept(&stage.client(stage.settings()), &package, folder).await, Ok(bytes.clone()));
    assert_eq!(stage.targets().len(), 3, "mirror and snapshot archive are asked first");

    // Offline nobody is asked.
    std::fs::remove_dir_all(stage.scratch.join("cache")).expect("the cache");
    let mut settings = stage.settings();
    settings.transport.offline = true;
    assert_eq!(stage.fetch_kept(&stage.client(settings), &package, folder).await, Ok(bytes));
    assert!(stage.targets().is_empty());

    // What is kept is believed no more than a mirror.
    std::fs::remove_dir_all(stage.scratch.join("cache")).expect("the cache");
    std::fs::write(&kept, vec![b'x'; usize::try_from(package.size).expect("small")]).expect("writable");
    let error = stage.fetch_kept(&stage.client(stage.settings()), &package, folder).await;
    assert!(error.expect_err("other bytes").contains("mismatch"));
}

#[tokio::test]
async fn a_package_pruned_everywhere_is_found_by_name_and_version() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    stage.server.remove(PATH);
    let hash = "0123456789abcdef0123456789abcdef01234567";
    let answer = format!(
        "{{\"result\":[{{\"architecture\":\"arm64\",\"hash\":\"{}\"}},\
         {{\"architecture\":\"amd64\",\"hash\":\"{hash}\"}}],\
         \"fileinfo\":{{\"{hash}\":[{{\"size\":{},\"name\":\"hello.deb\"}}]}}}}",
        "f".repeat(40),
        bytes.len()
    );
    stage.server.put("/snapshot/mr/binary/hello/2.10-5/binfiles", answer);
    stage.server.put(format!("/snapshot/file/{hash}"), bytes.clone());
    assert_eq!(stage.fetch(&stage.client(stage.settings()), &package).await, Ok(bytes));
    let targets = stage.targets();
    assert_eq!(
        targets[2..],
        ["/snapshot/mr/binary/hello/2.10-5/binfiles?fileinfo=1".to_owned(), format!("/snapshot/file/{hash}")]
    );
}

#[tokio::test]
async fn a_package_that_is_nowhere_names_every_place() {
    let stage = Stage::empty();
    let (package, _) = hello();
    let error = stage.fetch(&stage.client(stage.settings()), &package).await.expect_err("it is nowhere");
    assert_eq!(
        error,
        "cannot fetch package hello 2.10-5 (amd64): \
         http://server/debian/pool/main/hello_2.10-5_amd64.deb: not found; \
         http://server/snapshot/archive/debian/20261102T000000Z/pool/main/hello_2.10-5_amd64.deb: not found; \
         http://server/snapshot/mr/binary/hello/2.10-5/binfiles: not found"
    );
}

#[tokio::test]
async fn offline_names_what_would_have_been_fetched() {
    let stage = Stage::new();
    let (package, _) = hello();
    let mut settings = stage.settings();
    settings.transport.offline = true;
    let error = stage.fetch(&stage.client(settings), &package).await.expect_err("it is not in the cache");
    assert_eq!(
        error,
        "cannot fetch package hello 2.10-5 (amd64) offline: it is not in the cache, and would come from \
         `http://server/debian/pool/main/hello_2.10-5_amd64.deb`"
    );
    assert!(stage.targets().is_empty());
}

#[tokio::test]
async fn a_path_that_leads_out_of_the_archive_is_refused() {
    let stage = Stage::new();
    for path in ["../secret", "/etc/passwd", "pool/../../x", "", "pool//x"] {
        let package = PackageFile { path: path.to_owned(), digest: Digest::of(b"x"), size: 1, ..hello().0 };
        let error = stage.fetch(&stage.client(stage.settings()), &package).await.expect_err(path);
        assert!(error.contains("leads out of the archive"), "{path}: {error}");
    }
    assert!(stage.targets().is_empty());
}

#[tokio::test]
async fn the_same_package_is_fetched_once_by_many() {
    let stage = Stage::new();
    let (package, bytes) = hello();
    let (one, two) = (stage.client(stage.settings()), stage.client(stage.settings()));
    let (first, second, third) =
        tokio::join!(stage.fetch(&one, &package), stage.fetch(&one, &package), stage.fetch(&two, &package));
    assert_eq!([first, second, third], [Ok(bytes.clone()), Ok(bytes.clone()), Ok(bytes)]);
    assert_eq!(stage.targets(), [PATH]);
}

#[tokio::test]
async fn one_command_asks_for_an_archive_once() {
    let stage = Stage::new();
    let client = stage.client(stage.settings());
    let repository = Repository::Debian(stage.repository());
    let first = client.open(&repository, Path::new("."), &["amd64"]).await.expect("an archive");
    assert!(!stage.server.take_requests().is_empty());
    let second = client.open(&repository, Path::new("."), &["amd64"]).await.expect("an archive");
    assert_eq!(stage.server.take_requests().len(), 0, "what was verified serves the next spec");
    assert!(Arc::ptr_eq(&first[0].indexes[0].index, &second[0].indexes[0].index));
    // Keys decide as well: another signer is not believed because this one was.
    let mut other = stage.repository();
    other.signed_by = Some(Key::generate(3650).and_then(|key| key.armored()).expect("a key"));
    client.open(&Repository::Debian(other), Path::new("."), &["amd64"]).await.expect_err("an unknown key");
}
