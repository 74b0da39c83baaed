use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::cache::Cache;
use crate::event::Events;

struct Host {
    folder: TempDir,
    cache: Cache,
    _cache_folder: TempDir,
}

fn host(files: &[(&str, &str)]) -> Host {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }
    let cache_folder = tempfile::tempdir().expect("a temporary folder");
    let cache = Cache::open(cache_folder.path(), Events::ignore()).expect("a new cache");
    Host { folder, cache, _cache_folder: cache_folder }
}

impl Host {
    fn request(&self, from: &str, to: &str) -> FileRequest {
        FileRequest {
            label: String::from("attar.yaml:3"),
            source: Source::Path { folder: self.folder.path().to_owned(), path: from.to_owned() },
            to: to.to_owned(),
            exclude: Vec::new(),
            sha256: None,
            uid: 0,
            gid: 0,
            permissions: None,
            directory_permissions: None,
            mtime: OWN_MTIME,
            xattrs: BTreeMap::new(),
        }
    }

    fn collect(&self, request: &FileRequest) -> Result<String, String> {
        let mut hashes = Hashes::load(&self.cache, Path::new("attar.yaml"));
        let folder = self.folder.path().display().to_string();
        collect(request, &mut hashes)
            .map(|collected| collected.tree.to_string())
            .map_err(|error| error.to_string().replace(&folder, "."))
    }
}

#[test]
fn a_file_becomes_exactly_the_path_it_is_given() {
    let host = host(&[("bin/app", "x")]);
    fs::set_permissions(host.folder.path().join("bin/app"), fs::Permissions::from_mode(0o700))
        .expect("own file");
    let listing = |to| host.collect(&host.request("bin/app", to)).expect("collected");
    assert_eq!(listing("/usr/bin/api"), "-0755 0:0 1 946684800 /usr/bin/api\n");
    assert_eq!(listing("/usr/bin/"), "-0755 0:0 1 946684800 /usr/bin/app\n");
}

#[test]
fn a_folder_keeps_links_and_loses_what_is_excluded() {
    let host = host(&[("src/a.py", "a"), ("src/lib/b.py", "b"), ("src/lib/__pycache__/b.pyc", "c")]);
    symlink("../a.py", host.folder.path().join("src/lib/link")).expect("writable");
    let mut request = host.request("src", "/app");
    request.exclude = vec![String::from("**/__pycache__/**"), String::from("**/__pycache__")];
    (request.uid, request.gid, request.permissions) = (7, 8, Some(0o600));
    insta::assert_snapshot!(host.collect(&request).expect("collected"), @r"
    d0755 7:8 - 946684800 /app
    -0600 7:8 1 946684800 /app/a.py
    d0755 7:8 - 946684800 /app/lib
    -0600 7:8 1 946684800 /app/lib/b.py
    l0777 7:8 - 946684800 /app/lib/link -> ../a.py
    ");
}

#[test]
fn globs_need_a_folder_to_go_into() {
    let host = host(&[("dist/a.so", "a"), ("dist/b.so", "b"), ("dist/c.txt", "c")]);
    assert_eq!(
        host.collect(&host.request("dist/*.so", "/usr/lib/")).expect("collected"),
        "-0644 0:0 1 946684800 /usr/lib/a.so\n-0644 0:0 1 946684800 /usr/lib/b.so\n"
    );
    assert_eq!(
        host.collect(&host.request("dist/*.so", "/usr/lib")),
        Err("attar.yaml:3: `dist/*.so` matches 2 files, but `to: /usr/lib` names one path; end it with `/`"
            .into())
    );
    assert_eq!(
        host.collect(&host.request("dist/*.jar", "/usr/lib/")),
        Err("attar.yaml:3: `dist/*.jar` matches nothing in `.`".into())
    );
}

#[test]
fn what_is_missing_or_has_no_place_is_named() {
    let host = host(&[("a", "a")]);
    assert_eq!(host.collect(&host.request("b", "/b")), Err("attar.yaml:3: `./b` does not exist".into()));
    let socket = host.folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(socket).expect("writable");
    assert_eq!(
        host.collect(&host.request("socket", "/b")),
        Err("attar.yaml:3: `./socket` is a socket, which has no place in an image".into())
    );
    let mut request = host.request("a", "/a");
    request.sha256 = Some(Digest::of("b"));
    let error = host.collect(&request).expect_err("another checksum");
    assert!(error.starts_with("attar.yaml:3: `./a` has another checksum: expected sha256:3e23"), "{error}");
}

#[test]
fn a_changed_file_is_hashed_again() {
    let host = host(&[("a", "one")]);
    let digest = || {
        let mut hashes = Hashes::load(&host.cache, Path::new("attar.yaml"));
        let collected = collect(&host.request("a", "/a"), &mut hashes).expect("collected");
        hashes.save(&host.cache).expect("saved");
        collected.tree.iter().next().and_then(|(_, entry)| entry.content()).expect("a file").digest
    };
    assert_eq!(digest(), Digest::of("one"));
    // The same size, within the same tick of the clock.
    fs::write(host.folder.path().join("a"), "two").expect("writable");
    assert_eq!(digest(), Digest::of("two"));
    assert_eq!(digest(), Digest::of("two"));
}

fn archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    builder.into_inner().expect("memory takes all")
}

fn append(builder: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, path: &str, text: &str) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o4711);
    header.set_uid(1000);
    if kind.is_file() {
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, text.as_bytes()).expect("memory takes all");
    } else {
        header.set_size(0);
        builder.append_link(&mut header, path, text).expect("memory takes all");
    }
}

#[test]
fn an_archive_is_unpacked_under_the_rules_of_files() {
    let bytes = archive(|builder| {
        append(builder, tar::EntryType::Regular, "bin/tool", "x");
        append(builder, tar::EntryType::Link, "bin/other", "bin/tool");
        append(builder, tar::EntryType::Symlink, "link", "bin/tool");
    });
    let host = host(&[]);
    let path = host.folder.path().join("a.tar");
    fs::write(&path, bytes).expect("writable");
    let mut request = host.request("", "/opt");
    request.source = Source::Archive(path);
    insta::assert_snapshot!(host.collect(&request).expect("unpacked"), @r"
    d0755 0:0 - 946684800 /opt
    d0755 0:0 - 946684800 /opt/bin
    -0755 0:0 1 946684800 /opt/bin/other
    -0755 0:0 1 946684800 /opt/bin/tool
    l0777 0:0 - 946684800 /opt/link -> bin/tool
    ");
}

#[test]
fn hostile_archives_are_refused() {
    let host = host(&[]);
    let path = host.folder.path().join("a.tar");
    let mut request = host.request("", "/opt");
    request.source = Source::Archive(path.clone());
    let refuse = |bytes: Vec<u8>| {
        fs::write(&path, bytes).expect("writable");
        let mut hashes = Hashes::load(&host.cache, Path::new("attar.yaml"));
        let error = collect(&request, &mut hashes).expect_err("refused");
        std::error::Error::source(&error).expect("a reason").to_string()
    };
    let device = archive(|builder| append(builder, tar::EntryType::Char, "null", "x"));
    assert_eq!(refuse(device), "it has `/null`, which is a character device and has no place in an image");
    let dangling = archive(|builder| append(builder, tar::EntryType::Link, "a", "b"));
    assert_eq!(refuse(dangling), "hard link `/a` points to `/b`, which is no earlier file of the archive");
    assert!(
        refuse(b"no archive at all, though long enough".repeat(20))
            .starts_with("invalid checksum in the tar header")
    );
    let zeros = archive(|builder| append(builder, tar::EntryType::Regular, "zeros", &"\0".repeat(80 << 20)));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&zeros).expect("memory takes all");
    let bomb = encoder.finish().expect("memory takes all");
    let error = refuse(bomb);
    assert!(error.ends_with("200 times its size: this is a decompression bomb"), "{error}");
}
