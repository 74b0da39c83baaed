//! The verdict: what each check says, how far the image gets, and what it comes to.

use std::fmt;

use attar_image::TreePath;
use serde::{Serialize, Serializer};

use super::{CheckId, Date, Profile, Stale};

/// What the checks say about an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What it was judged by.
    pub profile: Profile,
    /// Whether it passes that profile.
    pub answer: Answer,
    /// How good it is; `None` when something that decides it could not be judged.
    pub grade: Option<Grade>,
    /// The levels it reaches, whichever profile it was judged by.
    pub levels: Vec<Level>,
    /// Every check in order.
    pub checks: Vec<Outcome>,
    /// Entries of the allow list that do nothing, or no longer.
    pub stale: Vec<Stale>,
}

/// Whether an image passes its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// No check fails.
    Yes,
    /// A check fails.
    No,
    /// No check fails, but one that counts could not be judged.
    CannotJudge,
}

/// How good an image is under its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// Nothing fails, nothing warns, nothing had to be allowed.
    A,
    /// Nothing fails; something warns, or is allowed by the list or by the profile.
    B,
    /// Only budgets are exceeded: D12, D14, D17.
    C,
    /// A tool, a right or a setting that has no place in it: D04 to D10.
    D,
    /// A shell, a multi-call program, a package manager or a secret is in it, or it does not start.
    F,
}

/// What an image comes up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No failure of D01 to D11 and D13, but for the interpreter that the entrypoint starts.
    Runtime,
    /// The same without any interpreter.
    Strict,
    /// `runtime`, and D12, D14 and D17 stay within their budgets.
    Slim,
    /// `slim`, and no check has anything to say.
    Full,
}

/// What one check says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The check.
    pub id: CheckId,
    /// What it looks at, in a word or two.
    pub name: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub state: State,
    /// What it found, failures first.
    pub findings: Vec<Finding>,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "kebab-case")]
pub enum State {
    /// Nothing was found.
    Passed,
    /// Something was found that has no place in the image.
    Failed,
    /// Something was found that should be looked at.
    Warned,
    /// Something was found that is worth knowing, and no more.
    Noted,
    /// All that was found is allowed, by the list or by the profile.
    Allowed,
    /// There is nothing to look at, and why.
    NotApplicable(String),
    /// It could not be looked at, and why.
    CannotJudge(String),
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check that found it.
    pub id: CheckId,
    /// How much it counts.
    pub severity: Severity,
    /// What it is, with its name: `/usr/bin/app is bash under another name`.
    pub what: String,
    /// Why it has no place in the image.
    pub why: &'static str,
    /// What is meant that is no path: `env:API_KEY`, `history:3`, `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Where it stands, in order of the paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// How to get rid of it.
    pub fix: Fix,
    /// Says that it is what the entrypoint runs on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_runtime: bool,
    /// Why it does not count, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excuse: Option<Excuse>,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Excuse {
    /// An entry of the allow list.
    #[serde(rename_all = "kebab-case")]
    List {
        /// Its reason.
        reason: String,
        /// Until when.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<Date>,
    },
    /// The profile is for images that have it.
    #[serde(rename_all = "kebab-case")]
    Profile {
        /// Why.
        reason: &'static str,
    },
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The path.
    #[serde(serialize_with = "attar_image::path::serialize_shown")]
    pub path: TreePath,
    /// Its size; for a directory that is meant with all below it, the sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The layer that holds it, the lowest being 0.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "from_one")]
    pub layer: Option<usize>,
    /// The command that made the layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The layer that deletes or replaces it: no container sees it, anybody can recover it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "from_one")]
    pub hidden_by: Option<usize>,
    /// The package that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

/// Counts layers as all reports do.
fn from_one<S: Serializer>(layer: &Option<usize>, serializer: S) -> Result<S::Ok, S::Error> {
    layer.map(|layer| layer + 1).serialize(serializer)
}

/// How to get rid of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// In words of attar's spec.
    pub spec: String,
    /// In words of a Dockerfile, where that is short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
}

/// How much a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The check fails.
    Fail,
    /// It should be looked at.
    Warning,
    /// It is worth knowing.
    Info,
}

impl Verdict {
    /// Returns what counts: findings without those that are excused.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|check| &check.findings).filter(|finding| finding.excuse.is_none())
    }

    /// Returns what a check says; `None` for a check that was left out.
    pub fn outcome(&self, id: CheckId) -> Option<&Outcome> {
        self.checks.iter().find(|outcome| outcome.id == id)
    }
}

impl Finding {
    /// Returns the place to point at, where a format has room for one.
    pub fn place(&self) -> Option<&Place> {
        self.places.first()
    }
}

impl Fix {
    /// Returns a cure in words of the spec alone.
    pub(super) fn spec(text: impl Into<String>) -> Self {
        Self { spec: text.into(), dockerfile: None }
    }

    /// Adds a cure in words of a Dockerfile.
    pub(super) fn dockerfile(self, text: impl Into<String>) -> Self {
        Self { dockerfile: Some(text.into()), ..self }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runtime => "runtime",
            Self::Strict => "strict",
            Self::Slim => "slim",
            Self::Full => "full",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "fail",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

impl fmt::Display for Excuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { reason, expires: None } => f.write_str(reason),
            Self::List { reason, expires: Some(expires) } => write!(f, "{reason} (until {expires})"),
            Self::Profile { reason } => f.write_str(reason),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}
