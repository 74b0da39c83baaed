use attar_image::{Content, Entry, Kind, LinkGroup};

use super::*;
use crate::effects::{Addition, MetadataChange, known};
use crate::files::{Collected, OWN_MTIME};
use crate::spec::schema::PathKind;

fn file(text: &str) -> Entry {
    Entry::file(Content::of(text.as_bytes()), Metadata::root(0o644, 5))
}

fn linked(text: &str, group: u32) -> Entry {
    let mut entry = file(text);
    entry.kind = Kind::File { content: Content::of(text.as_bytes()), links: Some(LinkGroup(group)) };
    entry
}

fn package(name: &str, entries: &[(&str, Entry)]) -> ImagePackage {
    let mut part = PackageTree::default();
    for (path, entry) in entries {
        if entry.is_directory() {
            part.directories.insert(known(path), entry.metadata.clone());
        } else {
            part.tree.insert(known(path), entry.clone());
        }
    }
    let record = PackageRecord::empty(&format!("Package: {name}\n"), 9);
    ImagePackage { name: name.to_owned(), record: Arc::new(record), replaces: Vec::new(), part }
}

fn own(label: &str, entries: &[(&str, Entry)], replace: bool) -> OwnFiles {
    let tree = entries.iter().map(|(path, entry)| (known(path), entry.clone())).collect();
    let collected = Collected { tree, ..Collected::default() };
    OwnFiles { label: label.to_owned(), layer: 0, collected, replace, says_directories: false }
}

fn path_request(path: &str, kind: PathKind) -> PathRequest {
    PathRequest {
        label: String::from("attar.yaml:9"),
        path: known(path),
        kind,
        uid: None,
        gid: None,
        mode: None,
        source: None,
        recursive: false,
        mtime: None,
        xattrs: BTreeMap::new(),
        replace: false,
    }
}

#[test]
fn the_database_is_part_of_the_package() {
    let builder = Builder::new(vec![package("a", &[("usr/bin/a", file("a"))])]).expect("one package");
    let rootfs = builder.finish();
    let listing = rootfs.packages[0].tree.to_string();
    insta::assert_snapshot!(listing, @r"
    -0644 0:0 1 5 /usr/bin/a
    -0644 0:0 11 9 /var/lib/dpkg/status.d/a
    -0644 0:0 0 9 /var/lib/dpkg/status.d/a.md5sums
    ");
    assert_eq!(rootfs.directories[&known("var/lib/dpkg")], Metadata::root(0o755, 0));
    assert_eq!(rootfs.packages[0].directories[&known("usr/bin")], 9);
}

#[test]
fn an_own_file_takes_a_packages_place_only_when_it_says_so() {
    let make = |replace| {
        let mut builder = Builder::new(vec![package("a", &[("etc/x", file("a"))])]).expect("one package");
        builder.name_layers([String::from("app")]);
        builder.add_files(own("attar.yaml:7", &[("etc/x", file("mine"))], replace))?;
        Ok::<_, RootfsError>(builder.finish())
    };
    let error = make(false).expect_err("not said").to_string();
    assert_eq!(
        error,
        "attar.yaml:7: `/etc/x` is there already, from package `a`; `replace: true` takes its place"
    );
    let rootfs = make(true).expect("said");
    assert!(!rootfs.packages[0].tree.contains(&known("etc/x")));
    assert_eq!(rootfs.files[0].tree.len(), 1);
    assert_eq!(rootfs.owners[&known("etc/x")], Owner::File(0));
}

#[test]
fn own_files_pass_through_links_and_leave_directories_alone() {
    let directory = Entry::directory(Metadata::root(0o1777, 5));
    let mut builder = Builder::new(vec![package("a", &[("tmp", directory)])]).expect("one package");
    builder
        .apply(Outcome {
            additions: vec![Addition::symlink(known("bin"), b"usr/bin", "/usr is merged")],
            ..Outcome::default()
        })
        .expect("a new link");
    builder.name_layers([String::from("app")]);
    let plain = Entry::directory(Metadata::root(0o755, OWN_MTIME));
    builder
        .add_files(own(
            "attar.yaml:7",
            &[("tmp", plain.clone()), ("bin", plain), ("bin/x", file("x"))],
            false,
        ))
        .expect("no conflict");
    let rootfs = builder.finish();
    assert_eq!(rootfs.directories[&known("tmp")].mode, 0o1777);
    assert!(rootfs.files[0].tree.contains(&known("usr/bin/x")));
}

#[test]
fn a_change_reaches_every_name_of_a_file() {
    let entries = [("usr/bin/a", linked("x", 0)), ("usr/bin/b", linked("x", 0))];
    let mut builder = Builder::new(vec![package("p", &entries)]).expect("one package");
    let change = MetadataChange {
        path: known("usr/bin/a"),
        uid: None,
        gid: Some(8),
        mode: Some(0o2755),
        capabilities: None,
        because: String::from("statoverride"),
    };
    builder.apply(Outcome { changes: vec![change], ..Outcome::default() }).expect("there");
    let mut request = path_request("usr/bin/b", PathKind::Permissions);
    request.mode = Some(0o700);
    let error = builder.apply_path(&request).expect_err("the other name has another mode").to_string();
    assert_eq!(
        error,
        "attar.yaml:9: `/usr/bin/b` and `/usr/bin/a` are names of one file, but get different owners or modes"
    );
    let rootfs = builder.finish();
    for name in ["usr/bin/a", "usr/bin/b"] {
        let metadata = &rootfs.packages[0].tree.get(&known(name)).expect("there").metadata;
        assert_eq!((metadata.mode, metadata.gid), (0o2755, 8), "{name}");
    }
}

#[test]
fn paths_make_and_change() {
    let mut builder = Builder::new(vec![package("p", &[("usr/bin/a", file("x"))])]).expect("one package");
    let mut directory = path_request("var/lib/app", PathKind::Directory);
    (directory.uid, directory.mode) = (Some(10001), Some(0o750));
    let mut link = path_request("usr/bin/b", PathKind::Symlink);
    link.source = Some(String::from("a"));
    let mut copy = path_request("usr/bin/c", PathKind::Hardlink);
    copy.source = Some(String::from("/usr/bin/a"));
    let empty = path_request("etc/empty", PathKind::EmptyFile);
    for request in [&directory, &link, &copy, &empty] {
        builder.apply_path(request).expect("no conflict");
    }
    let missing = path_request("nowhere", PathKind::Permissions);
    assert_eq!(
        builder.apply_path(&missing).expect_err("nothing is there").to_string(),
        "attar.yaml:9: `/nowhere` does not exist"
    );
    let rootfs = builder.finish();
    insta::assert_snapshot!(rootfs.generated.tree.to_string(), @r"
    -0644 0:0 0 946684800 /etc/empty
    l0777 0:0 - 946684800 /usr/bin/b -> a
    -0644 0:0 1 5 /usr/bin/c
    ");
    let metadata = &rootfs.directories[&known("var/lib/app")];
    assert_eq!((metadata.uid, metadata.gid, metadata.mode), (10001, 10001, 0o750));
}
