//! The types of a spec: what `attar.yaml` says, key by key.
//!
//! The JSON Schema, the validation with line and column, and the reference in `docs/` are made from
//! these types, so a doc comment here is what a user reads.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A declarative description of a container image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Spec {
    /// Repository of the image below `--repository`, and the name of its entry in a layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is in the image.
    pub contents: Contents,
    /// Certificate authorities that programs in the image trust besides the distribution's.
    pub certificates: Certificates,
    /// Users and groups.
    pub accounts: Accounts,
    /// Directories, links, empty files and permissions.
    #[schemars(extend("x-merge-key" = "path"))]
    pub paths: Vec<PathEntry>,
    /// The program the container starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Entrypoint>,
    /// Arguments after the entrypoint, replaced by those of `docker run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Words>,
    /// Working directory of the program. Default: the home directory of `run-as`, or `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_dir: Option<String>,
    /// Signal that asks the program to stop, such as `SIGTERM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Directories that hold data of the container.
    pub volumes: Vec<String>,
    /// Ports the program listens on, such as `8080`, `53/udp`.
    pub ports: Vec<String>,
    /// How an engine asks the program whether it is well (exec form).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Environment variables. `PATH` and `SSL_CERT_FILE` have defaults.
    pub environment: BTreeMap<String, String>,
    /// Labels of the image's configuration.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the index and the manifests, and labels of the configuration.
    pub annotations: BTreeMap<String, String>,
    /// Platforms to build, such as `linux/amd64`. Default: `linux/amd64` and `linux/arm64`.
    #[serde(alias = "archs")]
    pub platforms: Vec<String>,
    /// How packages are spread over layers.
    pub layering: Layering,
    /// Compression of the layers.
    pub compression: Compression,
    /// Rules the image is judged by before it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Findings of the start-up proof that are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
}

/// What is in the image: packages, files, and where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Contents {
    /// Where packages come from. Default: `debian: trixie`.
    pub repositories: Vec<Repository>,
    /// Packages by name, with an optional version constraint.
    #[schemars(extend("x-merge-key" = "name"))]
    pub packages: Vec<PackageEntry>,
    /// Packages and paths to leave out.
    pub without: Without,
    /// Your own files.
    #[schemars(extend("x-merge-key" = "to"))]
    pub files: Vec<FileEntry>,
    /// What every image gets without naming it: `static` (default) or `none`.
    pub foundation: Foundation,
    /// Follow every relation, also those that serve maintainer scripts alone.
    pub full_relations: bool,
    /// Let platforms differ in the version of a package.
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

/// A Debian suite with its updates and security.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebianRepository {
    /// Suite, such as `trixie`.
    pub debian: String,
    /// Components. Default: `main`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// State of the archive at this time, such as `20261101T000000Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// Mirrors to ask before the snapshot archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<String>,
    /// OpenPGP keys instead of the Debian archive keys: a file, or an armored key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Take only these packages from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    pub deb: String,
    /// Suites, or one path that ends in `/` for a flat archive.
    pub suites: Vec<String>,
    /// Components; none for a flat archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// OpenPGP keys that sign the archive: a file, or an armored key.
    pub signed_by: String,
    /// Take only these packages from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    pub debs: String,
    /// Take only these packages from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// Higher wins over lower. Default: above all archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

/// A package: its name, `name (>= version)`, or a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PackageEntry {
    /// `name` or `name (>= version)`; `!name` takes one out that the base has.
    Relation(String),
    /// A package with what else is to be said of it.
    Package(PackageOptions),
}

/// A package with what else is to be said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PackageOptions {
    /// Name, or `name (>= version)`.
    pub name: String,
    /// Exact version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Value of the repository to take it from (the suite, URL or directory).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Keep only these paths of the package: globs, or names of sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Leave these paths of the package out: globs, or names of sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Directory that gets one link for each applet of a busybox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applets: Option<String>,
}

/// Packages and paths to leave out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Without {
    /// Real or virtual packages that are never installed.
    pub packages: Vec<String>,
    /// Globs that start with `/`, names of sets (`docs`, `man`, `locales`), or `!glob` to keep.
    pub paths: Vec<String>,
}

/// Files of your own: exactly one of `from`, `text`, `archive` says where the content comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileEntry {
    /// A file, directory or glob, relative to the file that names it; or a map platform -> path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<From>,
    /// The content itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A tar archive (plain, gzip, xz or zstd) that is unpacked below `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<From>,
    /// Path in the image; several matches of `from` need one that ends in `/`.
    pub to: String,
    /// Globs below the source that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Checksum of the source, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Owner: a user's name or number. Default: root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Group: a name or number. Default: the owner's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Mode of files. Default: `0755` if executable by their owner, else `0644`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Mode>,
    /// Mode of directories. Default: `0755`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_permissions: Option<Mode>,
    /// Modification time (RFC 3339 or seconds since 1970). Default: 2000-01-01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Extended attributes by full name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, String>,
    /// File capabilities in text form, such as `cap_net_bind_service=+ep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<String>,
    /// Layer the files go into. Default: a layer of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// Replace a package's file at the same path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

/// A source path, or one for each platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum From {
    /// One path for all platforms.
    Path(String),
    /// Platform -> path.
    Platforms(BTreeMap<String, String>),
}

/// A file mode: three or four octal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

/// Certificate authorities that programs in the image trust.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Certificates {
    /// PEM files, or maps with `name` and `content`.
    pub additional: Vec<Certificate>,
    /// Packages whose certificates are added to the bundle.
    pub providers: Vec<String>,
}

/// A certificate authority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Certificate {
    /// A PEM file, relative to the file that names it.
    Path(String),
    /// A certificate written into the spec.
    Inline(InlineCertificate),
}

/// A certificate written into the spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineCertificate {
    /// Name of its file below `/usr/local/share/ca-certificates`.
    pub name: String,
    /// One certificate in PEM.
    pub content: String,
}

/// Users and groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Accounts {
    /// User the program runs as: a name or a number. Default: 65532.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as: Option<String>,
    /// Users besides those of the foundation.
    #[schemars(extend("x-merge-key" = "username"))]
    pub users: Vec<User>,
    /// Groups besides those of the foundation.
    #[schemars(extend("x-merge-key" = "groupname"))]
    pub groups: Vec<Group>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct User {
    /// Login name.
    pub username: String,
    /// Number.
    pub uid: u32,
    /// Number of the primary group. Default: the uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Login shell. Default: `/sbin/nologin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// Home directory. Default: `/home/NAME`, mode 0700.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homedir: Option<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Group {
    /// Name.
    pub groupname: String,
    /// Number.
    pub gid: u32,
    /// Users who belong to it besides those whose primary group it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// A path that is made or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PathEntry {
    /// Path in the image.
    pub path: String,
    /// What to do there.
    #[serde(rename = "type")]
    pub kind: PathKind,
    /// Owner: a user's name or number. Default: root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Group: a name or number. Default: the owner's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Owner's number, as apko spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Group's number, as apko spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Mode>,
    /// What a link points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Apply owner and mode to everything below as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recursive: bool,
    /// Modification time (RFC 3339 or seconds since 1970). Default: 2000-01-01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Extended attributes by full name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, String>,
    /// File capabilities in text form, such as `cap_net_bind_service=+ep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<String>,
    /// Replace a package's entry at the same path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

/// What is made at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    /// A directory.
    Directory,
    /// A file without content.
    EmptyFile,
    /// Another name of an existing file.
    Hardlink,
    /// A symbolic link.
    Symlink,
    /// Owner and mode of what is there already.
    Permissions,
}

/// The program the container starts: `{command: …}`, or its words directly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Entrypoint {
    /// A map, as apko writes it.
    Command(EntrypointCommand),
    /// The words directly.
    Words(Words),
}

/// The entrypoint's command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EntrypointCommand {
    /// Program and arguments.
    pub command: Words,
}

/// Words of a command: a list, or a string that is split at spaces outside quotes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Words {
    /// The words.
    List(Vec<String>),
    /// One string.
    Line(String),
}

/// How an engine asks the program whether it is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Healthcheck {
    /// Program and arguments; no shell is involved.
    pub command: Words,
    /// Time between two checks, such as `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Time after which a check has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Time in which failures do not count after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<String>,
    /// Failures in a row that make the container unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

/// How packages are spread over layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Layering {
    /// `origin`: packages of one source package stay together.
    pub strategy: LayeringStrategy,
    /// Number of package layers at most.
    pub budget: u32,
}

impl Default for Layering {
    fn default() -> Self {
        Self { strategy: LayeringStrategy::Origin, budget: 10 }
    }
}

/// What packages are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayeringStrategy {
    /// By source package.
    Origin,
}

/// Compression of the layers: a name, `gzip:9`, `zstd:10`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not compressed.
    None,
    /// gzip at level 6.
    #[default]
    Gzip,
    /// zstd at level 3.
    Zstd,
}

/// Rules the image is judged by before it is published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    /// Profile of the rules, such as `runtime`.
    pub profile: String,
}

/// Findings of the start-up proof that are accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Start {
    /// What may be missing.
    pub allow: Vec<StartException>,
}

/// A missing library that is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StartException {
    /// Object that needs it.
    pub path: String,
    /// What is missing.
    pub missing: String,
    /// Why it may be missing.
    pub reason: String,
}
