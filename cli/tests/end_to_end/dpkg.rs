//! The tree of an image is what `dpkg-deb` unpacks, and nothing that no rule explains.

use std::collections::BTreeSet;

use attar_testing::command::words;
use attar_testing::tree::Listing;
use attar_testing::{need, run, skip};
use serde_json::Value;

use crate::support::{Examples, cache};

/// Paths that attar makes or changes; everything else must be the packages' own.
fn is_made(path: &str) -> bool {
    const MADE: [&str; 13] = [
        "",
        "etc/group",
        "etc/ld.so.cache",
        "etc/nsswitch.conf",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
        "home/nonroot",
        "root",
        "tmp",
        "usr/bin/python",
        "usr/bin/python3",
        "var/lib/dpkg",
        "var/lib/dpkg/status.d",
    ];
    MADE.contains(&path) || path.starts_with("var/lib/dpkg/status.d/") || is_scripted(path)
}

/// Paths that the scripts of base-files, netbase and python3.13-minimal make when they are installed.
fn is_scripted(path: &str) -> bool {
    const FILES: [&str; 13] = [
        "etc/dpkg/origins/default",
        "etc/hosts",
        "etc/motd",
        "etc/networks",
        "etc/profile",
        "root/.bashrc",
        "root/.profile",
        "run/lock",
        "usr/share/info/dir",
        "var/lock",
        "var/mail",
        "var/run",
        "var/spool/mail",
    ];
    const FOLDERS: [&str; 7] = ["etc/opt", "media", "mnt", "opt", "srv", "usr/local", "var/opt"];
    const LOGS: [&str; 3] = ["var/log/btmp", "var/log/lastlog", "var/log/wtmp"];
    let below = ["usr/local/", "var/lib/python"].iter().any(|folder| path.starts_with(folder));
    FILES.contains(&path) || FOLDERS.contains(&path) || LOGS.contains(&path) || below
}

/// Paths of packages that the foundation leaves out: of the certificates it takes one bundle.
fn is_left_out(path: &str) -> bool {
    // The manual page of `update-ca-certificates` is the only one of its section here.
    ["ca-certificates", "usr/sbin/update-ca-certificates", "usr/share/man/man8"]
        .iter()
        .any(|word| path.contains(word))
        && path != "usr/share/doc/ca-certificates/copyright"
        && path != "etc/ssl/certs/ca-certificates.crt"
}

#[test]
fn the_tree_is_what_dpkg_deb_unpacks() {
    need!(skip::program("dpkg-deb"));
    let examples = Examples::copy();
    // The example leaves libc-bin's tools out; here every package is whole.
    let spec = examples.scratch.write(
        "examples/python3-whole/attar.yaml",
        "include: ../python3/attar.yaml\ncontents: {packages: [libc-bin]}\ncheck: {fail-on: never}\n",
    );
    let image = examples.build_spec(&spec, "python3-whole").into_iter().next().expect("amd64 comes first");
    let written = image.listing().expect("layers that can be read");

    let listed = crate::support::attar()
        .args(["packages", "--platform", "linux/amd64", "-o", "json"])
        .arg(&spec)
        .run()
        .success();
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let root = examples.join("root");
    for package in listed["packages"].as_array().into_iter().flatten() {
        let digest = package["digest"].as_str().expect("a digest").trim_start_matches("sha256:");
        let archive = cache().join("packages/sha256").join(digest);
        let [archive, root] = [&archive, &root].map(|path| path.to_str().expect("a path in UTF-8"));
        run(&mut words(&["dpkg-deb", "-x", archive, root])).success();
    }
    let unpacked = Listing::of_folder(&root).expect("a folder");

    // A folder's time is that of whichever package was unpacked last: only what is in it is compared.
    let lines = |listing: &Listing| -> BTreeSet<String> {
        let mut files = listing.clone();
        files.retain(|path, item| !is_made(path) && !is_left_out(path) && item.kind != 'd');
        let mut folders = listing.clone();
        folders.retain(|path, item| !is_made(path) && !is_left_out(path) && item.kind == 'd');
        let (files, folders) = (files.with_times(), folders.without_times());
        files.lines().chain(folders.lines()).map(String::from).collect()
    };
    let differing =
        |left: &Listing, right: &Listing| lines(left).difference(&lines(right)).cloned().collect::<Vec<_>>();
    assert_eq!(differing(&unpacked, &written), Vec::<String>::new(), "in the packages, not in the image");
    assert_eq!(differing(&written, &unpacked), Vec::<String>::new(), "in the image, not in the packages");
}
