//! Directories of `.deb` files.

use std::path::Path;

use attar_builder::repository::{Archive, Identity, PackageFile, RepositoryError, Supply};
use attar_builder::spec::schema::{DebsRepository, Repository};
use attar_image::Digest;
use attar_testing::archive::Package;

use crate::stage::Stage;

fn repository() -> Repository {
    Repository::Debs(DebsRepository { debs: "local".to_owned(), packages: Vec::new(), priority: None })
}

fn write(stage: &Stage, name: &str, package: &Package) {
    stage.scratch.write(format!("local/{name}"), package.bytes().expect("a package"));
}

async fn open(stage: &Stage) -> Result<Vec<Archive>, RepositoryError> {
    let client = stage.client(stage.settings());
    client.open(&repository(), stage.scratch.path(), &["amd64", "arm64"]).await
}

fn names(archives: &[Archive]) -> Vec<(String, String)> {
    let indexes = archives.iter().flat_map(|archive| &archive.indexes);
    indexes
        .map(|index| {
            let names: Vec<_> = index.index.packages().map(|package| package.name().to_owned()).collect();
            (index.architecture.clone(), names.join(" "))
        })
        .collect()
}

#[tokio::test]
async fn every_package_of_a_directory_is_listed_and_can_be_fetched() {
    let stage = Stage::empty();
    write(&stage, "a b+c%.deb", &Package::new("one", "1", "amd64").with("Depends", "two"));
    write(&stage, "two.deb", &Package::new("two", "1", "all"));
    stage.scratch.write("local/readme.txt", "not a package");
    let archives = open(&stage).await.expect("the directory opens");
    let expected = [("amd64", "one two"), ("arm64", "two")].map(|(a, n)| (a.to_owned(), n.to_owned()));
    assert_eq!(names(&archives), expected);
    assert_eq!((archives[0].priority, archives[0].identity.clone()), (1000, Identity::none()));

    let package = archives[0].indexes[0].index.named("one").next().expect("the package");
    assert_eq!(package.depends(), "two");
    let file = PackageFile {
        name: "one".to_owned(),
        version: "1".to_owned(),
        architecture: "amd64".to_owned(),
        path: package.filename().to_owned(),
        size: package.size().expect("a size"),
        digest: Digest::from_hex(package.sha256()).expect("a digest"),
    };
    let identity = Identity::none();
    let repository = repository();
    let supply =
        Supply { repository: &repository, directory: stage.scratch.path(), identity: &identity, kept: None };
    let mut settings = stage.settings();
    settings.transport.offline = true;
    let path = stage.client(settings).fetch(&supply, &file).await.expect("the package is there");
    assert_eq!(Digest::of(std::fs::read(path).expect("a file")), file.digest);
}

#[tokio::test]
async fn a_changed_directory_is_read_again() {
    let stage = Stage::empty();
    write(&stage, "one.deb", &Package::new("one", "1", "amd64"));
    write(&stage, "two.deb", &Package::new("two", "1", "amd64"));
    open(&stage).await.expect("the directory opens");
    write(&stage, "one.deb", &Package::new("changed", "1", "amd64"));
    std::fs::remove_file(stage.scratch.join("local/two.deb")).expect("a file");
    let archives = open(&stage).await.expect("the directory opens");
    assert_eq!(names(&archives)[0].1, "changed");
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told_with_its_name() {
    let good = Package::new("one", "1", "amd64").bytes().expect("a package");
    let nameless = Package { control: "Architecture: all\n".to_owned(), files: vec![] };
    let cases = [
        ("no archive", b"hello".to_vec(), "cannot read the package `"),
        ("truncated", good[..100].to_vec(), "cannot read the package `"),
        ("nameless", nameless.bytes().expect("a package"), "cannot use the control data of the package `"),
    ];
    for (name, bytes, expected) in cases {
        let stage = Stage::empty();
        stage.scratch.write("local/broken.deb", bytes);
        let error = open(&stage).await.expect_err(name);
        let text = stage.tell(&error);
        assert!(text.starts_with(expected) && text.contains("local/broken.deb`: "), "{name}: {text}");
    }
    let stage = Stage::empty();
    for name in ["a.deb", "b.deb"] {
        write(&stage, name, &Package::new("one", "1", "amd64"));
    }
    let error = open(&stage).await.expect_err("the same package twice");
    assert_eq!(stage.tell(&error), "`a.deb` and `b.deb` are both one 1 (amd64)");
    let stage = Stage::empty();
    let error = open(&stage).await.expect_err("no directory");
    assert!(stage.tell(&error).contains("local`: No such file or directory"), "{}", stage.tell(&error));
    assert!(Path::new(&stage.scratch.join("cache")).is_dir());
}
