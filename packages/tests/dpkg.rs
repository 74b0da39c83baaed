//! Owners as the host's own dpkg names them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::process::Command;

use attar_packages::database::{DatabaseFile, Package};
use attar_packages::ownership::{Claims, Ownership};
use attar_testing::need;

/// How many paths dpkg is asked about.
const ASKED: usize = 4000;

/// Reads the database of the host.
fn claims() -> Claims {
    let mut claims = Claims::default();
    for folder in ["var/lib/dpkg", "var/lib/dpkg/info"] {
        for file in std::fs::read_dir(Path::new("/").join(folder)).expect("the database") {
            let path = file.expect("an entry").path();
            let relative = &path.as_os_str().as_bytes()[1..];
            if DatabaseFile::of(relative).is_some() {
                let bytes = std::fs::read(&path).expect("a file of the database");
                claims.add(relative, &bytes).expect("a database of the usual size");
            }
        }
    }
    claims
}

/// Returns the owners that dpkg names, for each path. What it cannot say is left out.
fn asked(paths: &[Vec<u8>]) -> BTreeMap<Vec<u8>, BTreeSet<String>> {
    let mut command = Command::new("dpkg-query");
    command.env("LC_ALL", "C").arg("--search").args(paths.iter().map(|path| OsStr::from_bytes(path)));
    let said = command.output().expect("dpkg-query").stdout;
    let mut owners: BTreeMap<Vec<u8>, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&said).lines() {
        // The other lines tell of diversions; the packages of those come in lines of their own.
        if let Some((packages, path)) = line.split_once(": /")
            && !line.starts_with("diversion by ")
        {
            let packages = packages.split(", ").map(String::from);
            owners.entry(path.as_bytes().to_vec()).or_default().extend(packages);
        }
    }
    owners
}

/// Returns the owners that attar names, without the architectures that dpkg leaves out.
fn owners(ownership: &Ownership, path: &[u8], as_dpkg: &BTreeSet<String>) -> BTreeSet<String> {
    let spelled = |package: &Package| {
        let full = format!("{}:{}", package.name, package.architecture);
        if as_dpkg.contains(&full) { full } else { package.name.clone() }
    };
    ownership.owners(path).map(|id| spelled(ownership.package(id))).collect()
}

/// Returns some of the listed paths, from all over the tree, and all whose packages are unusual.
fn sample(ownership: &Ownership) -> Vec<Vec<u8>> {
    let all: Vec<(Vec<u8>, usize)> = ownership
        .listed()
        .map(|(path, owners)| (path, owners.len()))
        .filter(|(path, _)| is_plain(path))
        .collect();
    let step = (all.len() / ASKED).max(1);
    let some = all.iter().step_by(step).map(|(path, _)| path);
    let shared = all.iter().filter(|(_, owners)| *owners > 1).map(|(path, _)| path).take(ASKED);
    let paths: BTreeSet<&Vec<u8>> = some.chain(shared).collect();
    paths.into_iter().map(|path| [b"/", &path[..]].concat()).collect()
}

/// Says whether dpkg takes a path as it is, and not for a pattern, and prints it in one line.
fn is_plain(path: &[u8]) -> bool {
    !path.is_empty() && path.is_ascii() && !path.iter().any(|byte| b"*?[]\\\n".contains(byte))
}

#[test]
fn owners_are_those_that_dpkg_names() {
    need!(attar_testing::skip::program("dpkg-query"));
    let ownership = claims().settle(|directory| Some(directory.to_vec()));
    assert_eq!(ownership.problems(), []);
    let expected = asked(&sample(&ownership));
    assert!(expected.len() > 100, "dpkg knows few paths: {}", expected.len());
    for (path, as_dpkg) in expected {
        let found = owners(&ownership, &path, &as_dpkg);
        assert_eq!(found, as_dpkg, "{}", String::from_utf8_lossy(&path));
    }
}

#[test]
fn files_are_found_where_they_really_are() {
    need!(attar_testing::skip::program("dpkg-query"));
    let real = |path: &Path| {
        let real = std::fs::canonicalize(path).ok()?.into_os_string().into_vec();
        Some(real[1..].to_vec())
    };
    let by_list = claims().settle(|directory| Some(directory.to_vec()));
    let by_place = claims().settle(|directory| real(&Path::new("/").join(OsStr::from_bytes(directory))));
    let mut compared = 0;
    for path in sample(&by_list) {
        let path = Path::new(OsStr::from_bytes(&path));
        let (Some(name), Some(directory)) = (path.file_name(), path.parent().and_then(real)) else {
            continue;
        };
        let place = Path::new(OsStr::from_bytes(&directory)).join(name).into_os_string().into_vec();
        let spelled = &path.as_os_str().as_bytes()[1..];
        let owners: BTreeSet<&Package> = by_list.owners(spelled).map(|id| by_list.package(id)).collect();
        let found: BTreeSet<&Package> = by_place.owners(&place).map(|id| by_place.package(id)).collect();
        assert!(found.is_superset(&owners), "{}: {found:?}, not {owners:?}", path.display());
        compared += 1;
    }
    assert!(compared > 100, "only {compared} paths");
}
