//! The lock: every package of every image by version and hash, and the numbers and layers that were
//! decided for them, so that the same bytes are built until somebody asks for newer ones.
//!
//! The file is JSON with one package a line, so that a change of a package is a change of a line.
//! It never holds a mirror's address: an archive is known by what it signs of itself.

mod text;

use std::collections::BTreeMap;

use attar_image::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use text::LockError;

/// Generation of solver, effects, planner and writer: locks of another one may give other bytes.
pub const FORMAT: u32 = 1;

/// Everything that decides about the packages of an image, and what was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Generation of solver, effects, planner and writer.
    pub format: u32,
    /// Newest modification time of the packages' control data, in seconds since 1970; 0 without
    /// packages. The time of creation of the image, unless `SOURCE_DATE_EPOCH` says another.
    pub epoch: i64,
    /// Where the packages are kept beside mirrors; a layout's folder is relative to the lock's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Everything of the spec that solver, effects and planner read, by variant; the plain image has
    /// the empty name.
    pub inputs: BTreeMap<String, Value>,
    /// Where the packages come from.
    pub archives: Vec<LockedArchive>,
    /// Packages by platform, in order of their names.
    pub packages: BTreeMap<String, Vec<LockedPackage>>,
    /// Numbers that were given to system users and groups, by name.
    pub accounts: BTreeMap<String, u32>,
    /// The layer of each source package, counted from 0.
    pub layers: BTreeMap<String, u32>,
}

/// An archive, known by what it signs of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LockedArchive {
    /// Number of the repository of the spec that it belongs to.
    pub repository: usize,
    /// Signed `Origin`; empty for a directory of local packages.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// Signed `Label`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Signed `Suite`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suite: String,
    /// Signed `Codename`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub codename: String,
    /// Signed `Date`, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<i64>,
    /// The time of the snapshot that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// Fingerprints of the keys that signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<String>,
    /// Digests of the package indexes by component and architecture.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, Digest>,
}

/// A package that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedPackage {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Debian architecture, or `all`.
    pub architecture: String,
    /// Source package.
    pub source: String,
    /// Number of the archive it comes from.
    pub archive: usize,
    /// Path of the file in the archive.
    pub path: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Taken for the foundation alone: its relations are not followed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foundation: bool,
    /// Variants that have the package; none said means every image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<String>>,
}

impl Lock {
    /// Returns the packages of one image in order of their names.
    pub fn image<'a>(&'a self, platform: &str, variant: &'a str) -> impl Iterator<Item = &'a LockedPackage> {
        self.packages.get(platform).into_iter().flatten().filter(move |package| package.is_in(variant))
    }
}

impl LockedPackage {
    /// Says whether the image of this variant has the package.
    pub fn is_in(&self, variant: &str) -> bool {
        self.variants.as_ref().is_none_or(|variants| variants.iter().any(|name| name == variant))
    }
}
