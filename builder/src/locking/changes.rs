//! What differs between the packages of two locks.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::{Lock, LockedPackage};

/// A package that differs between two locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// The version in the old lock, if it is there.
    pub from: Option<String>,
    /// The version in the new lock, if it is there.
    pub to: Option<String>,
    /// The platforms it concerns.
    pub platforms: Vec<String>,
    /// The new version comes from an archive of security updates.
    pub security: bool,
}

/// Name, old and new version, and whether the new one is a security update.
type Key = (String, Option<String>, Option<String>, bool);

/// Lists what differs, in order of the names.
pub(crate) fn between(old: &Lock, new: &Lock) -> Vec<Change> {
    let mut changes: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    let platforms: BTreeSet<&String> = old.packages.keys().chain(new.packages.keys()).collect();
    for platform in platforms {
        let (before, after) = (by_name(old, platform), by_name(new, platform));
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            let (from, to) = (before.get(name), after.get(name));
            if from.map(|package| (&package.version, package.digest))
                == to.map(|package| (&package.version, package.digest))
            {
                continue;
            }
            let version = |package: Option<&&LockedPackage>| package.map(|package| package.version.clone());
            let security = to.is_some_and(|package| {
                new.archives.get(package.archive).is_some_and(|archive| archive.label == "Debian-Security")
            });
            let key = (name.to_owned(), version(from), version(to), security);
            changes.entry(key).or_default().push(platform.clone());
        }
    }
    let change = |((name, from, to, security), platforms)| Change { name, from, to, platforms, security };
    changes.into_iter().map(change).collect()
}

fn by_name<'a>(lock: &'a Lock, platform: &str) -> BTreeMap<&'a str, &'a LockedPackage> {
    let packages = lock.packages.get(platform).into_iter().flatten();
    packages.map(|package| (&package.name[..], package)).collect()
}

#[cfg(test)]
mod tests {
    use attar_image::Digest;

    use super::*;
    use crate::lock::{FORMAT, LockedArchive};

    fn lock(packages: &[(&str, &str, usize)]) -> Lock {
        let archive = |label: &str| LockedArchive { label: label.into(), ..LockedArchive::default() };
        let package = |(name, version, archive): &(&str, &str, usize)| LockedPackage {
            name: (*name).into(),
            version: (*version).into(),
            architecture: "amd64".into(),
            source: (*name).into(),
            archive: *archive,
            path: String::new(),
            size: 0,
            digest: Digest::of(version),
            foundation: false,
            variants: None,
        };
        Lock {
            vendor: None,
            format: FORMAT,
            epoch: 0,
            inputs: BTreeMap::new(),
            archives: vec![archive("Debian"), archive("Debian-Security")],
            packages: BTreeMap::from([(String::from("linux/amd64"), packages.iter().map(package).collect())]),
            accounts: BTreeMap::new(),
            layers: BTreeMap::new(),
        }
    }

    #[test]
    fn additions_removals_and_updates() {
        let changes = between(
            &lock(&[("a", "1", 0), ("b", "1", 0), ("d", "1", 0)]),
            &lock(&[("a", "2", 1), ("c", "1", 0), ("d", "1", 0)]),
        );
        let short: Vec<_> = changes
            .iter()
            .map(|change| (&change.name[..], change.from.as_deref(), change.to.as_deref(), change.security))
            .collect();
        assert_eq!(
            short,
            [("a", Some("1"), Some("2"), true), ("b", Some("1"), None, false), ("c", None, Some("1"), false)]
        );
    }
}
