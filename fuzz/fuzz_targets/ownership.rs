//! The files of a package database, parted by NUL bytes: every path has owners, and is found again.
#![no_main]

use attar_packages::ownership::Claims;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 8] = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/info/a:all.list",
    "var/lib/dpkg/info/a.md5sums",
    "var/lib/dpkg/status.d/a",
    "var/lib/dpkg/status.d/a.md5sums",
    "var/lib/dpkg/diversions",
    "lib/apk/db/installed",
];

fuzz_target!(|bytes: &[u8]| {
    let mut claims = Claims::default();
    for (path, bytes) in PATHS.iter().zip(bytes.split(|byte| *byte == 0)) {
        claims.add(path.as_bytes(), bytes).expect("inputs are small");
    }
    let ownership = claims.settle(|directory| match directory.strip_prefix(b"bin") {
        Some(rest) => Some([b"usr/bin", rest].concat()),
        None => (directory != b"lib").then(|| directory.to_vec()),
    });
    for (path, owners) in ownership.listed() {
        assert!(owners.len() > 0);
        assert!(ownership.owners(&path).eq(owners));
        assert!(ownership.owner(&path).is_some());
    }
});
