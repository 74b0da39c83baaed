//! What the verdict about an image is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scalar;

/// Rules the image is judged by before it is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Check {
    /// What the image is for, which decides what it may hold. Default: `runtime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<CheckProfile>,
    /// Findings that are accepted, each with a reason; the verdict shows them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge" = "findings"))]
    pub allow: Vec<CheckException>,
    /// Budgets, which fail when they are exceeded.
    #[serde(skip_serializing_if = "CheckLimits::is_empty")]
    pub limits: CheckLimits,
    /// The least that makes the answer no. Default: `fail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<FailOn>,
}

/// Budgets in uncompressed bytes, such as `20 MB` or `512 KiB`. Where none is set, some have a default that
/// warns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CheckLimits {
    /// Programs and libraries that the entrypoint does not reach: D12.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "size"))]
    pub unreachable: Option<String>,
    /// What nothing needs at run time: D14.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "size"))]
    pub leftovers: Option<String>,
    /// All layers together: D17. A spec that is not built has no layers to measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "size"))]
    pub size: Option<String>,
    /// What no container sees: D17.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "size"))]
    pub reclaimable: Option<String>,
    /// The largest layer: D17.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "size"))]
    pub layer: Option<String>,
    /// The number of entries that a container sees: D17.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u32>,
}

impl CheckLimits {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckProfile {
    /// No interpreter at all, whatever the entrypoint is.
    Strict,
    /// The interpreter that the entrypoint starts is its runtime; no other.
    Runtime,
    /// A container that prepares something and ends: what the entrypoint reaches may be a shell or a tool.
    Init,
    /// As `runtime`, with a multi-call program and its shell to look around with.
    Debug,
    /// A base for programs that bring everything: as `strict`, and no code of its own.
    Static,
    /// A base for programs that need libraries: as `strict`.
    Base,
    /// A base for Java programs: as `runtime`, and Java is the runtime.
    Java,
    /// The same for Node.js.
    Node,
    /// The same for Python.
    Python,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// What the profile forbids.
    Fail,
    /// That, and what should be looked at.
    Warning,
    /// Everything that is found.
    Info,
    /// Nothing: the verdict is shown, and the answer is yes.
    Never,
}

/// A finding that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckException {
    /// The check, `D01` to `D17`.
    #[schemars(extend("x-format" = "check"))]
    pub id: String,
    /// Why what it finds may be there.
    #[schemars(extend("x-format" = "reason"))]
    pub reason: String,
    /// The last day on which it is accepted, such as `2027-06-30`. Default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Scalar>", extend("x-format" = "date"))]
    pub expires: Option<String>,
    /// What it is accepted for: globs of paths, such as `/usr/bin/git*`, or settings, such as
    /// `env:API_KEY`. Default: all that the check finds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-format" = "subject"))]
    pub paths: Vec<String>,
}
