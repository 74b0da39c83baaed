//! `contents`: packages, files, and where packages come from.

use std::collections::BTreeMap;

use attar_packages::debian::relation::{Constraint, InvalidRelation, Relation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Time;
use super::value::{Mode, Scalar};

/// What is in the image: packages, files, and where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Contents {
    /// Where packages come from. Default: `debian: trixie`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "repositories"))]
    pub repositories: Vec<Repository>,
    /// Packages by name, with an optional version constraint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "packages"))]
    pub packages: Vec<PackageEntry>,
    /// Packages and paths to leave out.
    #[serde(skip_serializing_if = "Without::is_empty")]
    pub without: Without,
    /// Your own files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "files"))]
    pub files: Vec<FileEntry>,
    /// What every image gets without naming it: `static` (default) or `none`.
    pub foundation: Foundation,
    /// Follow every relation, also those that serve maintainer scripts alone. Default: false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full_relations: bool,
    /// Let platforms differ in the version of a package. Default: false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_skew: bool,
}

/// What every image gets without naming it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Foundation {
    /// CA certificates, time zones, accounts, the `/usr` links, `/tmp` and homes.
    #[default]
    Static,
    /// Nothing.
    None,
}

/// Where packages come from: one of `debian:`, `deb:`, `debs:`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Repository {
    /// A Debian suite with its updates and security.
    Debian(DebianRepository),
    /// A third-party archive.
    Deb(DebRepository),
    /// A directory of `.deb` files.
    Debs(DebsRepository),
}

impl Repository {
    /// Returns what names the repository in a spec: the suite, the URL or the directory.
    pub fn value(&self) -> &str {
        match self {
            Self::Debian(repository) => &repository.debian,
            Self::Deb(repository) => &repository.deb,
            Self::Debs(repository) => &repository.debs,
        }
    }
}

/// A Debian suite with its updates and security.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebianRepository {
    /// Suite, such as `trixie`.
    #[schemars(extend("x-format" = "suite"))]
    pub debian: String,
    /// Components. Default: `main`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// State of the archive at this time, such as `20261101T000000Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "snapshot"))]
    pub snapshot: Option<String>,
    /// Mirrors to ask before the snapshot archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "url"))]
    pub mirrors: Vec<String>,
    /// OpenPGP keys instead of the Debian archive keys: a file, or an armored key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "key"))]
    pub signed_by: Option<String>,
    /// Take only these packages from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "package-name"))]
    pub packages: Vec<String>,
    /// Higher wins over lower. Default: 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Refuse a Release past its `Valid-Until`. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_valid_until: Option<bool>,
}

/// A third-party archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebRepository {
    /// Base URL of the archive.
    #[schemars(extend("x-format" = "url"))]
    pub deb: String,
    /// Suites, or one path that ends in `/` for a flat archive.
    #[schemars(extend("x-format" = "suite"))]
    pub suites: Vec<String>,
    /// Components; none for a flat archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// OpenPGP keys that sign the archive: a file, or an armored key.
    #[schemars(extend("x-format" = "key"))]
    pub signed_by: String,
    /// Take only these packages from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "package-name"))]
    pub packages: Vec<String>,
    /// Higher wins over lower. Default: 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Refuse a Release past its `Valid-Until`. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_valid_until: Option<bool>,
}

/// A directory of `.deb` files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebsRepository {
    /// The directory, relative to the file that names it.
    #[schemars(extend("x-format" = "directory"))]
    pub debs: String,
    /// Take only these packages from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "package-name"))]
    pub packages: Vec<String>,
    /// Higher wins over lower. Default: above all archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

/// A package: its name, `name (>= version)`, or a map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenPackage", into = "WrittenPackage")]
pub struct PackageEntry {
    /// Name alone.
    pub name: String,
    /// Constraint on the version.
    pub constraint: Option<Constraint>,
    /// Exact version.
    pub version: Option<String>,
    /// Value of the repository to take it from (the suite, URL or directory).
    pub from: Option<String>,
    /// Keep only these paths of the package: globs, or names of sets.
    pub only: Vec<String>,
    /// Leave these paths of the package out: globs, or names of sets.
    pub without: Vec<String>,
    /// Directory that gets one link for each applet of a busybox.
    pub applets: Option<String>,
}

/// How a package is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum WrittenPackage {
    /// `name` or `name (>= version)`; `!name` takes one out that the base has.
    Relation(#[schemars(extend("x-format" = "relation"))] String),
    /// A package with what else is to be said of it.
    Package(PackageOptions),
}

/// A package with what else is to be said of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PackageOptions {
    /// Name, or `name (>= version)`.
    #[schemars(extend("x-format" = "relation"))]
    name: String,
    /// Exact version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "version"))]
    version: Option<String>,
    /// Value of the repository to take it from (the suite, URL or directory).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Keep only these paths of the package: globs, or names of sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "pattern"))]
    only: Vec<String>,
    /// Leave these paths of the package out: globs, or names of sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "pattern"))]
    without: Vec<String>,
    /// Directory that gets one link for each applet of a busybox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "image-path"))]
    applets: Option<String>,
}

impl TryFrom<WrittenPackage> for PackageEntry {
    type Error = InvalidRelation;

    fn try_from(written: WrittenPackage) -> Result<Self, InvalidRelation> {
        let (relation, mut entry) = match written {
            WrittenPackage::Relation(relation) => (relation, Self::default()),
            WrittenPackage::Package(PackageOptions { name, version, from, only, without, applets }) => {
                (name, Self { version, from, only, without, applets, ..Self::default() })
            }
        };
        let relation: Relation = relation.parse()?;
        entry.name = relation.name.into();
        entry.constraint = relation.constraint;
        Ok(entry)
    }
}

impl From<PackageEntry> for WrittenPackage {
    fn from(entry: PackageEntry) -> Self {
        let PackageEntry { name, constraint, version, from, only, without, applets } = entry;
        let plain = version.is_none() && from.is_none() && applets.is_none();
        let relation = match constraint {
            Some(constraint) => format!("{name} ({constraint})"),
            None => name,
        };
        if plain && only.is_empty() && without.is_empty() {
            return Self::Relation(relation);
        }
        Self::Package(PackageOptions { name: relation, version, from, only, without, applets })
    }
}

impl JsonSchema for PackageEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PackageEntry".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = WrittenPackage::json_schema(generator);
        schema.insert("description".into(), "A package: its name, `name (>= version)`, or a map.".into());
        schema
    }
}

/// Packages and paths to leave out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Without {
    /// Real or virtual packages that are never installed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "names", "x-format" = "package-name"))]
    pub packages: Vec<String>,
    /// Globs that start with `/`, names of sets (`docs`, `man`, `locales`), or `!glob` to keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "patterns", "x-format" = "pattern"))]
    pub paths: Vec<String>,
}

impl Without {
    /// Says whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.paths.is_empty()
    }
}

/// Files of your own: exactly one of `from`, `text`, `archive` says where the content comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileEntry {
    /// A file, directory or glob, relative to the file that names it; or a map platform -> path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
    /// The content itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A tar archive (plain, gzip, xz or zstd) that is unpacked below `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Source>,
    /// Path in the image; several matches of `from` need one that ends in `/`.
    #[schemars(extend("x-format" = "image-path"))]
    pub to: String,
    /// Globs below the source that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "source-glob"))]
    pub exclude: Vec<String>,
    /// Checksum of the source, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "sha256"))]
    pub sha256: Option<String>,
    /// Owner: a user's name or number. Default: root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "account"))]
    pub owner: Option<String>,
    /// Group: a name or number. Default: the owner's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "account"))]
    pub group: Option<String>,
    /// Mode of files. Default: `0755` if executable by their owner, else `0644`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Mode>,
    /// Mode of directories. Default: `0755`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_permissions: Option<Mode>,
    /// Modification time (RFC 3339 or seconds since 1970). Default: 2000-01-01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Time>,
    /// Extended attributes by full name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub xattrs: BTreeMap<String, String>,
    /// File capabilities in text form, such as `cap_net_bind_service=+ep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "capabilities"))]
    pub capabilities: Option<String>,
    /// Layer the files go into. Default: a layer of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "layer"))]
    pub layer: Option<String>,
    /// Replace a package's file at the same path. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

/// A source path, or one for each platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Source {
    /// One path for all platforms.
    Path(#[schemars(extend("x-format" = "host-path"))] String),
    /// Platform -> path.
    Platforms(#[schemars(extend("x-format" = "host-path", "x-keys" = "platform"))] BTreeMap<String, String>),
}

impl Source {
    /// Returns the path for a platform such as `linux/arm64`.
    pub fn for_platform(&self, platform: &str) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path),
            Self::Platforms(paths) => paths.get(platform).map(String::as_str),
        }
    }
}
