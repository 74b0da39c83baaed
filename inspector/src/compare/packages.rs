//! Which packages two images hold, and in which versions.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use attar_packages::database::{Manager, Package};
use attar_packages::debian::version;
use attar_packages::ownership::Ownership;
use serde::Serialize;

use super::Side;

/// A package that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageChange {
    /// What was done to it.
    pub change: PackageFate,
    /// Its name.
    pub name: String,
    /// What installed it, as the type of its package URL.
    #[serde(rename = "type")]
    pub manager: Manager,
    /// What the first image has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<PackageVersion>,
    /// What the second has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<PackageVersion>,
    /// How many of its files differ.
    pub files: usize,
    /// By how many bytes they grew.
    pub bytes: i64,
}

/// What was done to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageFate {
    /// Only the second image has it.
    Added,
    /// Only the first has it.
    Removed,
    /// The second has a later version.
    Upgraded,
    /// The second has an earlier version.
    Downgraded,
    /// The second has another version or architecture, and neither is the later one.
    Changed,
}

impl PackageFate {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Upgraded, Self::Downgraded, Self::Changed, Self::Added, Self::Removed];

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Changed => "changed",
        }
    }
}

/// Version and architecture of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PackageVersion {
    /// The version; empty where the database does not say.
    pub version: String,
    /// The architecture in the words of the distribution.
    pub architecture: String,
}

impl PackageVersion {
    fn of(package: &Package) -> Self {
        Self { version: package.version.clone(), architecture: package.architecture.clone() }
    }
}

/// Packages of one name, for all architectures.
type ByName = BTreeMap<(Manager, String), Vec<PackageVersion>>;

fn by_name(ownership: &Ownership) -> ByName {
    let mut packages = ByName::new();
    for package in ownership.packages().iter().filter(|package| package.is_there()) {
        let versions = packages.entry((package.manager, package.name.clone())).or_default();
        versions.push(PackageVersion::of(package));
    }
    for versions in packages.values_mut() {
        versions.sort_unstable_by(|one, other| {
            (&one.architecture, &one.version).cmp(&(&other.architecture, &other.version))
        });
        versions.dedup();
    }
    packages
}

/// Returns the packages that differ, by name.
///
/// One that is there once on either side is compared whatever its architecture; of several for several
/// architectures, those of one architecture are.
pub(super) fn compare(before: Side<'_>, after: Side<'_>) -> Vec<PackageChange> {
    let is_one_platform = before.image.platform.is_same(&after.image.platform);
    let (ours, theirs) = (by_name(before.ownership), by_name(after.ownership));
    let mut changes = Vec::new();
    let mut add = |(manager, name): &(Manager, String), before, after| {
        if let Some(change) = fate(*manager, before, after, is_one_platform) {
            let (name, before, after) = (name.clone(), before.cloned(), after.cloned());
            changes.push(PackageChange {
                change,
                name,
                manager: *manager,
                before,
                after,
                files: 0,
                bytes: 0,
            });
        }
    };
    for (key, ours) in &ours {
        let theirs = theirs.get(key).map_or(&[][..], Vec::as_slice);
        if let ([before], [after]) = (&ours[..], theirs) {
            add(key, Some(before), Some(after));
            continue;
        }
        let same = |versions: &[PackageVersion], architecture: &str| {
            versions.iter().position(|version| version.architecture == architecture)
        };
        for before in ours {
            add(key, Some(before), same(theirs, &before.architecture).map(|place| &theirs[place]));
        }
        for after in theirs.iter().filter(|after| same(ours, &after.architecture).is_none()) {
            add(key, None, Some(after));
        }
    }
    for (key, theirs) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
        for after in theirs {
            add(key, None, Some(after));
        }
    }
    changes.sort_by(|one, other| (&one.name, one.manager).cmp(&(&other.name, other.manager)));
    changes
}

/// Returns the names of packages that both images have in one version, each made for its own platform:
/// their files differ as a matter of course.
pub(super) fn made_for_each_platform(before: Side<'_>, after: Side<'_>) -> BTreeSet<String> {
    if before.image.platform.is_same(&after.image.platform) {
        return BTreeSet::new();
    }
    let theirs = by_name(after.ownership);
    let is_made = |(key, ours): &(&(Manager, String), &Vec<PackageVersion>)| {
        matches!((&ours[..], theirs.get(*key).map(Vec::as_slice)), ([before], Some([after]))
            if before.version == after.version && before.architecture != after.architecture)
    };
    by_name(before.ownership).iter().filter(is_made).map(|((_, name), _)| name.clone()).collect()
}

fn fate(
    manager: Manager,
    before: Option<&PackageVersion>,
    after: Option<&PackageVersion>,
    is_one_platform: bool,
) -> Option<PackageFate> {
    let (before, after) = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => return Some(PackageFate::Added),
        (Some(_), None) => return Some(PackageFate::Removed),
        (Some(before), Some(after)) => (before, after),
    };
    if before.version == after.version {
        let is_other = is_one_platform && before.architecture != after.architecture;
        return is_other.then_some(PackageFate::Changed);
    }
    let order = match manager {
        Manager::Dpkg => version::compare(&before.version, &after.version),
        // Which of two versions of apk's is the later one is not known here.
        Manager::Apk => Ordering::Equal,
    };
    Some(match order {
        Ordering::Less => PackageFate::Upgraded,
        Ordering::Greater => PackageFate::Downgraded,
        Ordering::Equal => PackageFate::Changed,
    })
}
