//! Whose files differ: those of packages that changed anyway, and all others.

use std::collections::BTreeMap;

use attar_image::path::TreePath;
use attar_packages::database::DatabaseFile;
use serde::Serialize;

use super::packages::PackageChange;
use super::{Change, FileChange, Side, packages};

/// Whose file it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "group", rename_all = "kebab-case")]
pub enum Group {
    /// That of a package that is another one, or not there, in the other image.
    Package {
        /// Its name.
        package: String,
    },
    /// That of a package that both images have in one version.
    SameVersion {
        /// Its name.
        package: String,
    },
    /// That of a package that both images have in one version, made for another architecture each.
    OtherArchitecture {
        /// Its name.
        package: String,
    },
    /// A file of the package manager about several packages.
    PackageData,
    /// Nobody's, as far as the package data says.
    Unrecorded,
}

/// Finds out whose file each change is about, and counts those of each package that differs.
pub(super) fn assign(
    changes: &mut [FileChange],
    differing_packages: &mut [PackageChange],
    before: Side<'_>,
    after: Side<'_>,
) {
    let numbers =
        differing_packages.iter().enumerate().map(|(number, package)| (package.name.clone(), number));
    let differing: BTreeMap<String, usize> = numbers.collect();
    let made = packages::made_for_each_platform(before, after);
    for change in changes.iter_mut() {
        let mut owners = Vec::new();
        if change.change != Change::Removed {
            owners.extend(self::owners(after, &change.place));
        }
        if change.change != Change::Added {
            owners.extend(self::owners(before, &change.place));
        }
        let found = owners.iter().find(|name| differing.contains_key(*name)).cloned();
        change.group = match (found, owners.into_iter().next()) {
            (Some(package), _) => Group::Package { package },
            (None, Some(package)) if made.contains(&package) => Group::OtherArchitecture { package },
            (None, Some(package)) => Group::SameVersion { package },
            (None, None) if is_package_data(&change.place) => Group::PackageData,
            (None, None) => Group::Unrecorded,
        };
    }
    join_directories(changes);
    for change in changes.iter() {
        if let Group::Package { package } = &change.group
            && let Some(number) = differing.get(package)
        {
            let package = &mut differing_packages[*number];
            package.files += usize::from(!change.is_directory());
            package.bytes = package.bytes.saturating_add(change.bytes);
        }
    }
}

/// A directory that came or went goes with what is in it, where nobody owns it.
fn join_directories(changes: &mut [FileChange]) {
    for number in (1..changes.len()).rev() {
        let (first, rest) = changes.split_at_mut(number);
        let (Some(directory), Some(next)) = (first.last_mut(), rest.first()) else { continue };
        if directory.group == Group::Unrecorded && carries(directory, next) {
            directory.group = next.group.clone();
        }
    }
}

/// Says whether a directory came or went with what stands next in the list.
pub(super) fn carries(directory: &FileChange, next: &FileChange) -> bool {
    directory.is_directory()
        && directory.change != Change::Changed
        && directory.change == next.change
        && next.place.starts_with(&directory.place)
}

/// Returns the names of the packages that have a path.
fn owners(side: Side<'_>, path: &TreePath) -> Vec<String> {
    let named = |path: &TreePath| -> Vec<String> {
        let owners = side.ownership.owners(path.as_bytes());
        owners.map(|id| side.ownership.package(id).name.clone()).collect()
    };
    let owners = named(path);
    if !owners.is_empty() {
        return owners;
    }
    if let Some(package) = recorded_package(path) {
        let is_it = |name: &&str| side.ownership.packages().iter().any(|package| package.name == **name);
        return Some(package).iter().map(String::as_str).filter(is_it).map(String::from).collect();
    }
    // Lists of checksums name no links; a link goes with what it leads to.
    let target = side.stack.find(path).and_then(|entry| side.stack.symlink(entry));
    target.and_then(|target| path.resolve_link(target).ok()).map(|target| named(&target)).unwrap_or_default()
}

/// Returns the package that a file of dpkg's data is about by its name, such as that of a control file or
/// of a maintainer script.
fn recorded_package(path: &TreePath) -> Option<String> {
    let rest = path.as_bytes().strip_prefix(b"var/lib/dpkg/")?;
    let (folder, name) = std::str::from_utf8(rest).ok()?.split_once('/')?;
    let name = match folder {
        "status.d" => name.strip_suffix(".md5sums").unwrap_or(name),
        // Names of packages have dots, extensions of these files have none.
        "info" => name.rsplit_once('.')?.0,
        _ => return None,
    };
    Some(name.split_once(':').map_or(name, |(name, _)| name).to_owned())
}

fn is_package_data(path: &TreePath) -> bool {
    let path = path.as_bytes();
    DatabaseFile::of(path).is_some()
        || [&b"var/lib/dpkg/"[..], b"lib/apk/db/", b"usr/lib/apk/db/"]
            .iter()
            .any(|folder| path.starts_with(folder))
}
