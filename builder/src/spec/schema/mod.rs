//! The types of a spec: what `attar.yaml` says, key by key.
//!
//! The JSON Schema, the validation with line and column, and the reference in `docs/` are made from
//! these types, so a doc comment here is what a user reads. Two extensions of the schema steer the
//! rest of this module: `x-merge` names the rule by which a list merges (none: it replaces), and
//! `x-format` the syntax of a text, of a list's items, or of a map's values.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

mod accounts;
mod check;
mod composition;
mod contents;
mod time;
mod value;

pub use accounts::{
    Accounts, Certificate, Certificates, Group, InlineCertificate, PathEntry, PathKind, User,
};
pub use check::{Check, CheckException, CheckLimits, CheckProfile, FailOn};
pub(crate) use composition::{FileKeys, VariantKeys};
pub(crate) use contents::PackageOptions;
pub use contents::{
    Contents, DebRepository, DebianRepository, DebsRepository, FileEntry, Foundation, PackageEntry,
    Repository, Source, Without,
};
pub use time::{Interval, Time};
pub use value::{Compression, InvalidValue, Mode, Scalar, Words};

/// A declarative description of a container image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Spec {
    /// Repository of the image below `--repository`, and the name of its entry in a layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "repository-name"))]
    pub name: Option<String>,
    /// Parameters with their defaults: `${NAME}` stands for the value everywhere, `--arg NAME=VALUE`
    /// sets it. They are published with the image: not for secrets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Scalar>", extend("x-keys" = "parameter"))]
    pub args: BTreeMap<String, String>,
    /// What is in the image.
    pub contents: Contents,
    /// Certificate authorities that programs in the image trust besides the distribution's.
    #[serde(skip_serializing_if = "Certificates::is_empty")]
    pub certificates: Certificates,
    /// Users and groups.
    #[serde(skip_serializing_if = "Accounts::is_empty")]
    pub accounts: Accounts,
    /// Directories, links, empty files and permissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "paths"))]
    pub paths: Vec<PathEntry>,
    /// The program the container starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Entrypoint>,
    /// Arguments after the entrypoint, replaced by those of `docker run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Words>,
    /// Working directory of the program. Default: the home directory of `run-as`, or `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-format" = "image-path"))]
    pub work_dir: Option<String>,
    /// Signal that asks the program to stop, such as `SIGTERM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "signal"))]
    pub stop_signal: Option<String>,
    /// Directories that hold data of the container.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "names", "x-format" = "image-path"))]
    pub volumes: Vec<String>,
    /// Ports the program listens on, such as `8080`, `53/udp`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Scalar>", extend("x-merge" = "names", "x-format" = "port"))]
    pub ports: Vec<String>,
    /// How an engine asks the program whether it is well (exec form).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Environment variables. `PATH` and `SSL_CERT_FILE` have defaults.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Scalar>", extend("x-keys" = "variable"))]
    pub environment: BTreeMap<String, String>,
    /// Labels of the image's configuration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the index and the manifests, and labels of the configuration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub annotations: BTreeMap<String, String>,
    /// Platforms to build, such as `linux/amd64`. Default: `linux/amd64` and `linux/arm64`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "platform", "x-alias" = "archs"))]
    pub platforms: Vec<String>,
    /// How packages are spread over layers.
    pub layering: Layering,
    /// Compression of the layers. Default: `gzip`.
    pub compression: Compression,
    /// Rules the image is judged by before it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Findings of the start-up proof that are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
}

/// The program the container starts: `{command: …}`, or its words directly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entrypoint {
    /// Program and arguments.
    pub command: Words,
}

/// How the entrypoint is written.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum WrittenEntrypoint {
    /// A map, as apko writes it.
    Command(EntrypointCommand),
    /// The words directly.
    Words(Words),
}

/// The entrypoint's command.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct EntrypointCommand {
    /// Program and arguments.
    command: Words,
}

impl<'de> Deserialize<'de> for Entrypoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let command = match WrittenEntrypoint::deserialize(deserializer)? {
            WrittenEntrypoint::Command(EntrypointCommand { command }) | WrittenEntrypoint::Words(command) => {
                command
            }
        };
        Ok(Self { command })
    }
}

impl JsonSchema for Entrypoint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Entrypoint".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = WrittenEntrypoint::json_schema(generator);
        let description = "The program the container starts: `{command: …}`, or its words directly.";
        schema.insert("description".into(), description.into());
        schema
    }
}

/// How an engine asks the program whether it is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Healthcheck {
    /// Program and arguments; no shell is involved.
    pub command: Words,
    /// Time between two checks, such as `30s`. Default: the engine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Time after which a check has failed. Default: the engine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Interval>,
    /// Time in which failures do not count after the start. Default: the engine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<Interval>,
    /// Failures in a row that make the container unhealthy. Default: the engine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

/// How packages are spread over layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Layering {
    /// `origin` (default): packages of one source package stay together.
    pub strategy: LayeringStrategy,
    /// Number of package layers at most. Default: 10.
    #[schemars(range(min = 1, max = 100))]
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

/// Findings of the start-up proof that are accepted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Start {
    /// What may be missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "exceptions"))]
    pub allow: Vec<StartException>,
}

/// A missing library that is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StartException {
    /// Object that needs it.
    #[schemars(extend("x-format" = "image-path"))]
    pub path: String,
    /// What is missing.
    pub missing: String,
    /// Why it may be missing.
    pub reason: String,
}
