//! What an image is judged by: a profile, budgets, an allow list.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Allow, Date};

/// What an image is judged by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What kind of image it shall be.
    pub profile: Profile,
    /// Budgets.
    pub limits: Limits,
    /// What may be there all the same.
    pub allow: Vec<Allow>,
    /// The day on which it is judged: entries of the allow list expire.
    pub today: Date,
}

/// What kind of image it shall be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// No interpreter at all, whatever the entrypoint is.
    Strict,
    /// The interpreter that the entrypoint starts is its runtime; no other.
    #[default]
    Runtime,
    /// A container that prepares something and ends: what the entrypoint reaches may be a shell, a
    /// multi-call program, a tool of installation.
    Init,
    /// As `runtime`, and a multi-call program with its shell may be there to look around with.
    Debug,
    /// A base for programs that bring everything: as `strict`, and no code of its own.
    Static,
    /// A base for programs that need libraries: as `strict`.
    Base,
    /// A base for Java programs: as `runtime`, and Java is the runtime, whatever the entrypoint is.
    Java,
    /// The same for Node.js.
    Node,
    /// The same for Python.
    Python,
}

/// Budgets in uncompressed bytes, and entries. One that is set fails when it is exceeded; where none
/// is set, a default warns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// D12: programs and libraries that the entrypoint does not reach.
    pub unreachable: Option<u64>,
    /// D14: what nothing needs at run time.
    pub leftovers: Option<u64>,
    /// D17: all layers together.
    pub size: Option<u64>,
    /// D17: what no container sees.
    pub reclaimable: Option<u64>,
    /// D17: the largest layer.
    pub layer: Option<u64>,
    /// D17: the number of entries.
    pub entries: Option<u64>,
}

/// A name that no profile has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile `{name}`: expected one of {}", Profile::ALL.map(Profile::name).join(", "))]
pub struct UnknownProfile {
    name: String,
}

impl Rules {
    /// Returns the rules of a profile without budgets or an allow list.
    pub fn new(profile: Profile, today: Date) -> Self {
        Self { profile, limits: Limits::default(), allow: Vec::new(), today }
    }
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 9] = [
        Self::Strict,
        Self::Runtime,
        Self::Init,
        Self::Debug,
        Self::Static,
        Self::Base,
        Self::Java,
        Self::Node,
        Self::Python,
    ];

    /// Returns the name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Runtime => "runtime",
            Self::Init => "init",
            Self::Debug => "debug",
            Self::Static => "static",
            Self::Base => "base",
            Self::Java => "java",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    /// Says whether no interpreter may be there, not even the one that the entrypoint starts.
    pub(super) fn forbids_interpreters(self) -> bool {
        matches!(self, Self::Strict | Self::Static | Self::Base)
    }

    /// Returns the interpreter that is the runtime whatever the entrypoint is.
    pub(super) fn runtime(self) -> Option<&'static str> {
        match self {
            Self::Java => Some("java"),
            Self::Node => Some("node"),
            Self::Python => Some("python"),
            _ => None,
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| UnknownProfile { name: text.to_owned() })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
