//! Users, groups, paths and certificates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Time;
use super::value::{Mode, Scalar};

/// Certificate authorities that programs in the image trust.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Certificates {
    /// PEM files, or maps with `name` and `content`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "certificates"))]
    pub additional: Vec<Certificate>,
    /// Packages whose certificates are added to the bundle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "names", "x-format" = "package-name"))]
    pub providers: Vec<String>,
    /// Write all of them into `/etc/ssl/certs/java/cacerts` too. Default: when the image holds a Java
    /// runtime, and no such file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub java_keystore: Option<bool>,
}

impl Certificates {
    /// Says whether nothing is said about certificates.
    pub fn is_empty(&self) -> bool {
        self.additional.is_empty() && self.providers.is_empty() && self.java_keystore.is_none()
    }
}

/// A certificate authority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Certificate {
    /// A PEM file, relative to the file that names it.
    Path(#[schemars(extend("x-format" = "host-path"))] String),
    /// A certificate written into the spec.
    Inline(InlineCertificate),
}

/// A certificate written into the spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineCertificate {
    /// Name of its file below `/usr/local/share/ca-certificates`.
    #[schemars(extend("x-format" = "certificate-name"))]
    pub name: String,
    /// One certificate in PEM.
    #[schemars(extend("x-format" = "certificate"))]
    pub content: String,
}

/// Users and groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Accounts {
    /// User the program runs as: a name or a number. Default: 65532.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "account"))]
    pub run_as: Option<String>,
    /// Users besides those of the foundation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "users"))]
    pub users: Vec<User>,
    /// Groups besides those of the foundation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "groups"))]
    pub groups: Vec<Group>,
}

impl Accounts {
    /// Says whether nothing is said about users and groups.
    pub fn is_empty(&self) -> bool {
        self.run_as.is_none() && self.users.is_empty() && self.groups.is_empty()
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct User {
    /// Login name.
    #[schemars(extend("x-format" = "account-name"))]
    pub username: String,
    /// The user's number.
    pub uid: u32,
    /// Number of the primary group. Default: the uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Login shell. Default: `/sbin/nologin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "image-path"))]
    pub shell: Option<String>,
    /// Home directory. Default: `/home/NAME`, mode 0700.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "image-path"))]
    pub homedir: Option<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Group {
    /// The group's name.
    #[schemars(extend("x-format" = "account-name"))]
    pub groupname: String,
    /// The group's number.
    pub gid: u32,
    /// Users who belong to it besides those whose primary group it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "account-name"))]
    pub members: Vec<String>,
}

/// A path that is made or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PathEntry {
    /// Path in the image.
    #[schemars(extend("x-format" = "image-path"))]
    pub path: String,
    /// What to do there.
    #[serde(rename = "type")]
    pub kind: PathKind,
    /// Owner: a user's name or number. Default: root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "account"))]
    pub owner: Option<String>,
    /// Group: a name or number. Default: the owner's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "account"))]
    pub group: Option<String>,
    /// Owner's number, as apko spells it: where only one of `uid` and `gid` is given, the other is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Group's number, as apko spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Its mode. Default: `0755` for a directory, `0644` for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Mode>,
    /// What a link points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Apply owner and mode to everything below as well. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recursive: bool,
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
    /// Replace a package's entry at the same path. Default: false.
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
