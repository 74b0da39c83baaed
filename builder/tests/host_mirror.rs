//! Against real archives: the mirror that the host's apt uses. Needs the network of the host.

use std::path::Path;
use std::sync::{Arc, Mutex};

use attar_builder::cache::Cache;
use attar_builder::event::{Event, Events};
use attar_builder::repository::{Archive, Client, PackageFile, Settings, Supply, TransportSettings};
use attar_builder::spec::schema::{DebianRepository, Repository};
use attar_image::Digest;

fn trixie() -> Repository {
    Repository::Debian(DebianRepository {
        debian: "trixie".to_owned(),
        components: Vec::new(),
        snapshot: None,
        mirrors: Vec::new(),
        signed_by: None,
        packages: Vec::new(),
        priority: None,
        check_valid_until: None,
    })
}

fn client(folder: &Path, offline: bool) -> (Client, Arc<Mutex<Vec<Event>>>) {
    let seen: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let events = Events::new(move |event| sink.lock().expect("no panic").push(event));
    let cache = Cache::open(folder, events.clone()).expect("a cache");
    let mut settings = Settings::new(cache, jiff::Timestamp::now());
    settings.transport = TransportSettings { offline, ..TransportSettings::default() };
    (Client::new(settings, events).expect("a client"), seen)
}

fn package(archives: &[Archive], name: &str, architecture: &str) -> (usize, PackageFile) {
    for (number, archive) in archives.iter().enumerate() {
        for index in &archive.indexes {
            let found = index.index.named(name).find(|package| package.architecture() == architecture);
            if let Some(package) = found {
                let file = PackageFile {
                    name: name.to_owned(),
                    version: package.version().to_owned(),
                    architecture: architecture.to_owned(),
                    path: package.filename().to_owned(),
                    size: package.size().expect("a size"),
                    digest: Digest::from_hex(package.sha256()).expect("a digest"),
                };
                return (number, file);
            }
        }
    }
    panic!("no {name} for {architecture}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trixie_opens_and_packages_come_from_the_hosts_mirror() {
    let folder = tempfile::tempdir().expect("a directory");
    let (client, _) = self::client(folder.path(), false);
    let repository = trixie();
    let architectures = ["amd64", "arm64"];
    let archives = client.open(&repository, Path::new("."), &architectures).await.expect("trixie opens");
    let names: Vec<_> = archives.iter().map(|archive| archive.name.as_str()).collect();
    assert_eq!(names, ["trixie", "trixie-updates", "trixie-security"]);
    for archive in &archives {
        assert_eq!(archive.identity.origin, "Debian");
        assert!(!archive.signers.is_empty());
        let indexes: Vec<_> = archive.indexes.iter().map(|index| index.architecture.as_str()).collect();
        assert_eq!(indexes, architectures, "{}", archive.name);
    }
    assert!(archives[0].indexes.iter().all(|index| index.index.len() > 50_000));
    for architecture in ["amd64", "arm64", "all"] {
        let name = if architecture == "all" { "tzdata-legacy" } else { "libc6" };
        let (number, package) = package(&archives, name, architecture);
        let supply = Supply {
            repository: &repository,
            directory: Path::new("."),
            identity: &archives[number].identity,
            kept: None,
        };
        let path = client.fetch(&supply, &package).await.expect("the mirror has the package");
        assert_eq!(Digest::of(std::fs::read(path).expect("a file")), package.digest);
    }

    // What is in the cache needs no network, and is not downloaded again.
    let (offline, events) = self::client(folder.path(), true);
    let again = offline.open(&repository, Path::new("."), &architectures).await.expect("the cache has all");
    let digests = |archives: &[Archive]| -> Vec<_> {
        archives.iter().flat_map(|archive| &archive.indexes).map(|index| index.digest).collect()
    };
    assert_eq!(digests(&again), digests(&archives));
    let downloads = events
        .lock()
        .expect("no panic")
        .iter()
        .filter(|event| matches!(event, Event::DownloadStarted { .. }))
        .count();
    assert_eq!(downloads, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_that_stands_for_an_apk_package_is_in_trixie() {
    let folder = tempfile::tempdir().expect("a directory");
    let (client, _) = self::client(folder.path(), false);
    let archives = client.open(&trixie(), Path::new("."), &["amd64"]).await.expect("trixie opens");
    let is_there =
        |name: &str| archives[0].indexes.iter().any(|index| index.index.named(name).next().is_some());
    let missing: Vec<&str> = attar_builder::convert::apk_names()
        .flat_map(|apk| attar_builder::convert::apk_packages(apk).expect("a name of the table"))
        .copied()
        .filter(|name| !is_there(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
