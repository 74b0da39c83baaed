//! Which files of an image are package databases, and the packages that they name.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::alpine::installed::{Record, RecordProblem, records};
use crate::debian::status::{State, StatusEntry, StatusProblem, parse_status};

/// What installed a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// Debian's dpkg, or something that keeps its records.
    Dpkg,
    /// Alpine's apk.
    Apk,
}

impl Manager {
    /// Returns the type that package URLs of such packages have.
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Dpkg => "deb",
            Self::Apk => "apk",
        }
    }
}

impl Serialize for Manager {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.purl_type())
    }
}

/// A file that belongs to a package database, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseFile<'a> {
    /// `var/lib/dpkg/status`: all packages.
    DpkgStatus,
    /// `var/lib/dpkg/status.d/NAME`: one package.
    DpkgControl(
        /// The name of the file, which need not be that of the package.
        &'a [u8],
    ),
    /// `var/lib/dpkg/status.d/NAME.md5sums`: the files of the package in `NAME`.
    DpkgControlSums(
        /// The name of the other file.
        &'a [u8],
    ),
    /// `var/lib/dpkg/info/PACKAGE.list`: all that a package owns.
    DpkgList(
        /// The package, `libc6:amd64` where it may be there for several architectures.
        &'a [u8],
    ),
    /// `var/lib/dpkg/info/PACKAGE.md5sums`: the regular files that a package brought.
    DpkgSums(
        /// The package, as before.
        &'a [u8],
    ),
    /// `var/lib/dpkg/diversions`: files that packages have moved out of each other's way.
    DpkgDiversions,
    /// `lib/apk/db/installed`: all packages and what they own.
    ApkInstalled,
}

impl<'a> DatabaseFile<'a> {
    /// The directories in which all files of databases stand.
    pub const FOLDERS: [&'static str; 5] =
        ["var/lib/dpkg", "var/lib/dpkg/info", "var/lib/dpkg/status.d", "lib/apk/db", "usr/lib/apk/db"];

    /// Says what the file at `path` is: bytes without a leading slash, in one canonical spelling.
    pub fn of(path: &'a [u8]) -> Option<Self> {
        if matches!(path, b"lib/apk/db/installed" | b"usr/lib/apk/db/installed") {
            return Some(Self::ApkInstalled);
        }
        let path = path.strip_prefix(b"var/lib/dpkg/")?;
        match path {
            b"status" => return Some(Self::DpkgStatus),
            b"diversions" => return Some(Self::DpkgDiversions),
            _ => {}
        }
        let slash = memchr::memchr(b'/', path)?;
        let (folder, name) = (&path[..slash], &path[slash + 1..]);
        if name.is_empty() || name.contains(&b'/') {
            return None;
        }
        let sums = name.strip_suffix(b".md5sums");
        match folder {
            b"status.d" => Some(sums.map_or(Self::DpkgControl(name), Self::DpkgControlSums)),
            b"info" => sums.map(Self::DpkgSums).or_else(|| name.strip_suffix(b".list").map(Self::DpkgList)),
            _ => None,
        }
    }

    /// Says whether packages are named in it, with their versions.
    pub fn names_packages(self) -> bool {
        match self {
            Self::DpkgStatus | Self::DpkgControl(_) | Self::ApkInstalled => true,
            Self::DpkgControlSums(_) | Self::DpkgList(_) | Self::DpkgSums(_) | Self::DpkgDiversions => false,
        }
    }
}

/// Keeps those of some files that say which package has which path, by their paths.
///
/// Checksums of a package that has a list beside them are not among them: they would say nothing more.
pub fn retain_ownership<T>(files: &mut Vec<T>, path: impl Fn(&T) -> &[u8]) {
    let lists = files.iter().filter_map(|file| match DatabaseFile::of(path(file)) {
        Some(DatabaseFile::DpkgList(package)) => Some(package.to_vec()),
        _ => None,
    });
    let lists: BTreeSet<Vec<u8>> = lists.collect();
    files.retain(|file| match DatabaseFile::of(path(file)) {
        Some(DatabaseFile::DpkgSums(package)) => !lists.contains(package),
        other => other.is_some(),
    });
}

/// A package that a database names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// Its architecture in the words of its distribution; empty where the database does not say.
    pub architecture: String,
    /// Its version's text.
    pub version: String,
    /// What installed it.
    pub manager: Manager,
    /// Name of the source package; for Alpine the one whose recipe it was built with.
    pub source: String,
    /// Version of the source package.
    pub source_version: String,
    /// How much of it is there.
    pub state: State,
}

/// A part of a package database that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseProblem {
    /// A stanza of dpkg's.
    #[error(transparent)]
    Dpkg(#[from] StatusProblem),
    /// A record of apk's.
    #[error(transparent)]
    Apk(#[from] RecordProblem),
}

/// Reads the packages that a file of a database names; none where it names none.
///
/// What cannot be read stands in its place, and hides nothing else.
pub fn read_packages(file: DatabaseFile<'_>, bytes: &[u8]) -> Vec<Result<Package, DatabaseProblem>> {
    match file {
        DatabaseFile::DpkgStatus | DatabaseFile::DpkgControl(_) => {
            let status = parse_status(bytes);
            let entries = status.entries.iter().map(|entry| Ok(Package::of_status(entry)));
            entries.chain(status.problems.into_iter().map(|problem| Err(problem.into()))).collect()
        }
        DatabaseFile::ApkInstalled => records(bytes)
            .map(|record| record.map(|record| Package::of_record(&record)).map_err(DatabaseProblem::from))
            .collect(),
        _ => Vec::new(),
    }
}

impl Package {
    /// Says whether its files are there, not only its configuration or its name.
    pub fn is_there(&self) -> bool {
        match self.state {
            State::Installed | State::Partial => true,
            State::ConfigFiles | State::NotInstalled => false,
        }
    }

    pub(crate) fn of_status(entry: &StatusEntry) -> Self {
        Self {
            name: entry.name.clone(),
            architecture: entry.architecture.clone(),
            version: entry.version.clone(),
            manager: Manager::Dpkg,
            source: entry.source.clone(),
            source_version: entry.source_version.clone(),
            state: entry.state,
        }
    }

    pub(crate) fn of_record(record: &Record<'_>) -> Self {
        let origin = if record.origin.is_empty() { &record.name } else { &record.origin };
        Self {
            name: record.name.clone(),
            architecture: record.architecture.clone(),
            version: record.version.clone(),
            manager: Manager::Apk,
            source: origin.clone(),
            source_version: record.version.clone(),
            state: State::Installed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_where_they_stand() {
        for (path, expected) in [
            ("var/lib/dpkg/status", Some(DatabaseFile::DpkgStatus)),
            ("var/lib/dpkg/status.d/base", Some(DatabaseFile::DpkgControl(b"base"))),
            ("var/lib/dpkg/status.d/base.md5sums", Some(DatabaseFile::DpkgControlSums(b"base"))),
            ("var/lib/dpkg/info/libc6:amd64.list", Some(DatabaseFile::DpkgList(b"libc6:amd64"))),
            ("var/lib/dpkg/info/tar.md5sums", Some(DatabaseFile::DpkgSums(b"tar"))),
            ("var/lib/dpkg/diversions", Some(DatabaseFile::DpkgDiversions)),
            ("lib/apk/db/installed", Some(DatabaseFile::ApkInstalled)),
            ("usr/lib/apk/db/installed", Some(DatabaseFile::ApkInstalled)),
            ("var/lib/dpkg/info/tar.postinst", None),
            ("var/lib/dpkg/info/x/tar.list", None),
            ("var/lib/dpkg/status.d/", None),
            ("var/lib/dpkg/status-old", None),
            ("srv/var/lib/dpkg/status", None),
        ] {
            assert_eq!(DatabaseFile::of(path.as_bytes()), expected, "{path}");
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            assert!(expected.is_none() || DatabaseFile::FOLDERS.contains(&folder), "{path}");
        }
    }

    #[test]
    fn checksums_beside_a_list_are_left_out() {
        let names = ["info/a.list", "info/a.md5sums", "info/b.md5sums", "info/b.postinst", "status"];
        let mut paths = names.map(|name| format!("var/lib/dpkg/{name}")).to_vec();
        retain_ownership(&mut paths, |path| path.as_bytes());
        let expected = ["info/a.list", "info/b.md5sums", "status"];
        assert_eq!(paths, expected.map(|name| format!("var/lib/dpkg/{name}")));
    }

    #[test]
    fn packages_of_both_managers_are_read() {
        let shown = |file, text: &str| -> Vec<String> {
            let packages = read_packages(file, text.as_bytes()).into_iter();
            packages
                .map(|package| match package {
                    Ok(package) => format!(
                        "{}: {} {} {} {} {} {}",
                        package.manager.purl_type(),
                        package.name,
                        package.version,
                        package.architecture,
                        package.source,
                        package.source_version,
                        package.is_there(),
                    ),
                    Err(problem) => problem.to_string(),
                })
                .collect()
        };
        let status = "Package: zlib1g\nSource: zlib\nVersion: 1:1.3-1+b1\nArchitecture: amd64\n\n\
                      Package: old\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n";
        assert_eq!(
            shown(DatabaseFile::DpkgStatus, status),
            ["deb: zlib1g 1:1.3-1+b1 amd64 zlib 1:1.3-1+b1 true", "deb: old 1 all old 1 false"]
        );
        let installed = "P:libcrypto3\nV:3.3.2-r4\nA:x86_64\no:openssl\n\nP:x\n";
        assert_eq!(
            shown(DatabaseFile::ApkInstalled, installed),
            ["apk: libcrypto3 3.3.2-r4 x86_64 openssl 3.3.2-r4 true", "line 6: package `x` has no `V:`"]
        );
        assert_eq!(shown(DatabaseFile::DpkgDiversions, status), Vec::<String>::new());
    }
}
