//! The cache of the dynamic linker, compared to the byte with what the real `ldconfig` of the same
//! C library writes for real packages.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use attar_builder::effects::ldcache;
use attar_image::elf::Facts;
use attar_image::{Content, Digest, Entry, FileTree, Kind, LinkGroup, Metadata, TreePath};
use attar_testing::{Scratch, need, run, skip};

#[path = "ldcache/packages.rs"]
mod packages;

/// The packages of the image python3 that bring libraries.
const PYTHON: &str = "libc6 libssl3t64 libzstd1 zlib1g libgcc-s1 libstdc++6 libgomp1 libbz2-1.0 libdb5.3t64 libexpat1 \
    liblzma5 libsqlite3-0 libuuid1 libncursesw6 libtinfo6 libcom-err2 libcrypt1 libc-bin libgssapi-krb5-2 libk5crypto3 \
    libkeyutils1 libkrb5-3 libkrb5support0 libnsl2 libreadline8t64 libtirpc3t64 libffi8 libpython3.13-minimal \
    libpython3.13-stdlib";

/// Libraries in other directories, for other ABIs, behind several links, and for compilers.
const VARIED: &str = "libc6 libc-bin libc6-i386 lib32stdc++6 lib32gcc-s1 libc6-dev libblas3 liblapack3 libgfortran5 \
    libopenblas0-pthread libssl-dev libssl3t64 libncurses-dev libncursesw6 libncurses6 zlib1g-dev zlib1g libmariadb3 \
    libgl1 libglvnd0 libglx0 libgl-dev libopenmpi40 libllvm19 libicu76 libboost-filesystem1.83.0 libx11-6 libc6-x32 \
    fakeroot libfakeroot libtcmalloc-minimal4t64 liblua5.4-0 libatomic1 libasan8 libnss-systemd";

#[test]
fn amd64_python() {
    let root = need!(root("amd64", PYTHON));
    compare("amd64", &root, &[]);
}

#[test]
fn amd64_with_everything_that_is_odd() {
    let root = need!(root("amd64", VARIED));
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    let local = root.join("usr/local/lib");
    for directory in ["glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2", "glibc-hwcaps/unused"] {
        std::fs::create_dir_all(local.join(directory)).expect("a directory");
    }
    let copy = |from: &str, to: &str| {
        std::fs::copy(libraries.join(from), local.join(to)).expect("the library is there");
    };
    // The same soname twice in one directory, in variants, without a link, behind a wrong link.
    copy("libz.so.1", "libz.so.1.2.13");
    copy("libz.so.1", "libz.so.1.3.1");
    copy("libz.so.1", "glibc-hwcaps/x86-64-v3/libz.so.1");
    copy("libz.so.1", "glibc-hwcaps/x86-64-v2/libz.so.1.3.1");
    copy("libssl.so.3", "libssl.so.3.0");
    copy("libssl.so.3", "libssl.so.3.10");
    copy("libssl.so.3", "librenamed.so.7");
    for (target, link) in [
        ("libssl.so.3.0", "libssl.so.3"),
        ("nowhere.so.9", "libstale.so.9"),
        ("libz.so.1.3.1", "libother.so.5"),
        ("/usr/lib/x86_64-linux-gnu/libncursesw.so.6", "libncursesw.so.6"),
        ("glibc-hwcaps", "liblooks.so.like"),
    ] {
        std::os::unix::fs::symlink(target, local.join(link)).expect("a link");
    }
    std::fs::write(local.join("libtext.so.1"), "no library\n").expect("a file");
    let odd =
        "  /opt/lib/  # ours\ninclude /etc/ld.so.conf.d/more/*.inc\n/usr/lib/../lib\nhwcap 1 nosegneg\n";
    std::fs::write(root.join("etc/ld.so.conf.d/zz-odd.conf"), odd).expect("a file");
    std::fs::create_dir_all(root.join("opt/lib")).expect("a directory");
    std::fs::copy(libraries.join("libz.so.1"), root.join("opt/lib/libz.so.1")).expect("the library is there");
    compare("amd64", &root, &[]);
}

#[test]
fn i386() {
    let root = need!(root("i386", FEW));
    compare("i386", &root, &[]);
}

/// A few libraries of every architecture.
const FEW: &str = "libc6 libc-bin libgcc-s1 libstdc++6 zlib1g libssl3t64 libncursesw6 libtinfo6 libblas3";

#[test]
fn arm64() {
    foreign("arm64", "qemu-aarch64-static");
}

#[test]
fn armhf() {
    foreign("armhf", "qemu-arm-static");
}

#[test]
fn riscv64() {
    foreign("riscv64", "qemu-riscv64-static");
}

#[test]
fn s390x() {
    foreign("s390x", "qemu-s390x-static");
}

#[test]
fn ppc64el() {
    foreign("ppc64el", "qemu-ppc64le-static");
}

fn foreign(architecture: &str, emulator: &str) {
    let emulator = need!(skip::program(emulator));
    let root = need!(root(architecture, FEW));
    compare(architecture, &root, &[emulator]);
}

/// Unpacks packages below a folder with a merged /usr.
fn root(architecture: &str, names: &str) -> Result<Scratch, String> {
    let names: Vec<&str> = names.split_whitespace().collect();
    let fetched = packages::fetch(architecture, &names)?;
    let root = Scratch::new();
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        std::fs::create_dir_all(root.join("usr").join(name)).expect("a directory");
        std::os::unix::fs::symlink(format!("usr/{name}"), root.join(name)).expect("a link");
    }
    for package in fetched.files() {
        let script =
            "dpkg-deb --fsys-tarfile \"$1\" | tar -x -C \"$2\" --keep-directory-symlink --no-same-owner";
        run(Command::new("sh").args(["-ec", script, "sh"]).arg(&package).arg(root.path())).success();
    }
    Ok(root)
}

/// Has both write the cache, ours first: the program also makes links.
fn compare(architecture: &str, root: &Scratch, emulator: &[&str]) {
    let (tree, libc) = tree(root.path());
    let libc = libc.expect("the C library is there");
    let disk = |path: &TreePath| root.path().join(std::ffi::OsStr::from_bytes(path.as_bytes()));
    let facts = |path: &TreePath| Facts::read(&std::fs::read(disk(path)).ok()?);
    let read = |path: &TreePath| std::fs::read(disk(path)).ok();
    let generator =
        ldcache::generator(&std::fs::read(disk(&libc)).expect("the C library")).expect("a banner");
    let inputs =
        ldcache::Inputs { tree: &tree, facts: &facts, read: &read, architecture, generator: &generator };
    let mut outcome = ldcache::outcome(&inputs);
    let cache = outcome.additions.pop().and_then(|addition| addition.bytes).expect("the cache comes last");
    assert_eq!(outcome.warnings, Vec::<String>::new());

    let program = root.join("usr/sbin/ldconfig");
    let mut command = match emulator {
        [emulator] => Command::new(emulator),
        _ => Command::new(&program),
    };
    if !emulator.is_empty() {
        command.arg(&program);
    }
    run(command.arg("-i").arg("-r").arg(root.path())).success();
    let judge = std::fs::read(root.join("etc/ld.so.cache")).expect("ldconfig wrote it");
    assert_eq!(strings(&cache), strings(&judge), "the strings of {architecture}");
    assert!(cache == judge, "the bytes of {architecture} differ, though the strings are the same");
    for link in outcome.additions {
        let target = std::fs::read_link(disk(&link.path)).expect("ldconfig made the link as well");
        assert_eq!(
            link.entry.kind,
            Kind::Symlink { target: target.as_os_str().as_bytes().into() },
            "{}",
            link.path
        );
    }
}

/// Returns the printable strings, so that a difference shows what it is about.
fn strings(bytes: &[u8]) -> Vec<String> {
    let printable = bytes.split(|byte| !byte.is_ascii_graphic() && *byte != b' ');
    printable.filter(|text| text.len() > 3).map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

/// Reads the names of a folder as a tree, and where the C library is.
fn tree(root: &Path) -> (FileTree, Option<TreePath>) {
    let (mut tree, mut libc) = (FileTree::new(), None);
    let mut inodes: BTreeMap<u64, u32> = BTreeMap::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let metadata = path.symlink_metadata().expect("an entry");
            let name = path.strip_prefix(root).expect("below the root").as_os_str().as_bytes();
            let name = TreePath::parse(name).expect("a path");
            let kind = if metadata.is_dir() {
                pending.push(path);
                Kind::Directory
            } else if metadata.is_symlink() {
                let target = std::fs::read_link(&path).expect("a link");
                Kind::Symlink { target: target.as_os_str().as_bytes().into() }
            } else {
                let next = inodes.len() as u32;
                let group = LinkGroup(*inodes.entry(metadata.ino()).or_insert(next));
                let content = Content { digest: Digest::of(b""), size: metadata.len() };
                Kind::File { content, links: (metadata.nlink() > 1).then_some(group) }
            };
            // Those of other ABIs stand in directories of their own.
            let is_native =
                !name.as_bytes().starts_with(b"usr/lib32/") && !name.as_bytes().starts_with(b"usr/libx32/");
            if name.file_name() == b"libc.so.6" && matches!(kind, Kind::File { .. }) && is_native {
                libc = Some(name.clone());
            }
            tree.insert(name, Entry { kind, metadata: Metadata::root(0o755, 0) });
        }
    }
    (tree, libc)
}
