//! The checks, one file each, and the table that lists them.

mod development;
mod installation;
mod interpreter;
mod leftovers;
mod multicall;
mod needed;
mod privilege;
mod secrets;
mod shell;
mod size;
mod start;
mod supply_chain;
#[cfg(test)]
mod tests;
mod tools;
mod unreachable;
mod user;
mod writable;

use std::fmt;
use std::str::FromStr;

use attar_image::TreePath;
use serde::{Serialize, Serializer};

use super::Rules;
use super::verdict::{Fix, Severity};
use super::view::View;

/// A check of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckId {
    /// Shells.
    D01,
    /// Multi-call programs: one file that is many tools.
    D02,
    /// Package managers.
    D03,
    /// Programs that fetch from the network, or talk to it.
    D04,
    /// Interpreters that are not the runtime.
    D05,
    /// Tools for building and debugging, headers, static libraries.
    D06,
    /// Tools that installation needs, and service managers.
    D07,
    /// Files that give rights.
    D08,
    /// Files that the program may overwrite and should not.
    D09,
    /// The user, and the accounts.
    D10,
    /// Whether it starts.
    D11,
    /// Programs and libraries that the entrypoint does not reach.
    D12,
    /// Secrets.
    D13,
    /// What nothing needs at run time.
    D14,
    /// Files that programs expect everywhere.
    D15,
    /// What says where it comes from.
    D16,
    /// Sizes.
    D17,
}

/// A name that no check has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no check `{0}`: expected D01 to D17")]
pub struct UnknownCheck(String);

/// A check: what it is called, and what finds something.
pub(super) struct Check {
    pub(super) id: CheckId,
    pub(super) name: &'static str,
    pub(super) run: fn(&View<'_>) -> Findings,
    /// What its findings may sum up to, where a sum decides.
    pub(super) budget: Option<fn(&Rules) -> Budget>,
}

/// What findings may sum up to, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) bytes: u64,
    /// Somebody set it, so it fails; a default only warns.
    pub(super) is_set: bool,
}

/// What a check found.
pub(super) enum Findings {
    /// There is nothing to look at, and why.
    NotApplicable(String),
    Found {
        drafts: Vec<Draft>,
        /// What could not be looked at.
        doubt: Option<String>,
    },
}

/// A finding before the allow list, and before it is known where its paths come from.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) why: &'static str,
    pub(super) setting: Option<String>,
    pub(super) places: Vec<Spot>,
    pub(super) fix: Fix,
    pub(super) is_runtime: bool,
    /// Why the profile lets it pass.
    pub(super) permitted: Option<&'static str>,
}

/// A place before it is known where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) path: TreePath,
    pub(super) bytes: Option<u64>,
    /// Known where it is not the merged tree's.
    pub(super) layer: Option<usize>,
    pub(super) hidden_by: Option<usize>,
}

/// All checks in order.
pub(super) const CHECKS: &[Check] = &[
    Check { id: CheckId::D01, name: "shell", run: shell::run, budget: None },
    Check { id: CheckId::D02, name: "multi-call program", run: multicall::run, budget: None },
    Check { id: CheckId::D03, name: "package manager", run: tools::package_managers, budget: None },
    Check { id: CheckId::D04, name: "network client", run: tools::network_clients, budget: None },
    Check { id: CheckId::D05, name: "interpreter", run: interpreter::run, budget: None },
    Check { id: CheckId::D06, name: "development", run: development::run, budget: None },
    Check { id: CheckId::D07, name: "installation", run: installation::run, budget: None },
    Check { id: CheckId::D08, name: "privilege", run: privilege::run, budget: None },
    Check { id: CheckId::D09, name: "writable", run: writable::run, budget: None },
    Check { id: CheckId::D10, name: "user", run: user::run, budget: None },
    Check { id: CheckId::D11, name: "start", run: start::run, budget: None },
    Check {
        id: CheckId::D12,
        name: "unreachable code",
        run: unreachable::run,
        budget: Some(unreachable::budget),
    },
    Check { id: CheckId::D13, name: "secrets", run: secrets::run, budget: None },
    Check { id: CheckId::D14, name: "leftovers", run: leftovers::run, budget: Some(leftovers::budget) },
    Check { id: CheckId::D15, name: "needed files", run: needed::run, budget: None },
    Check { id: CheckId::D16, name: "supply chain", run: supply_chain::run, budget: None },
    Check { id: CheckId::D17, name: "size", run: size::run, budget: None },
];

impl CheckId {
    /// Every check.
    pub const ALL: [Self; 17] = [
        Self::D01,
        Self::D02,
        Self::D03,
        Self::D04,
        Self::D05,
        Self::D06,
        Self::D07,
        Self::D08,
        Self::D09,
        Self::D10,
        Self::D11,
        Self::D12,
        Self::D13,
        Self::D14,
        Self::D15,
        Self::D16,
        Self::D17,
    ];

    /// Returns what it looks at, in a word or two.
    pub fn name(self) -> &'static str {
        CHECKS.iter().find(|check| check.id == self).map_or("", |check| check.name)
    }
}

impl Findings {
    /// What was found, of what could all be looked at.
    pub(super) fn of(drafts: impl IntoIterator<Item = Draft>) -> Self {
        Self::Found { drafts: drafts.into_iter().collect(), doubt: None }
    }

    /// What was found among the programs, and what could not be looked at.
    pub(super) fn among_programs(drafts: Vec<Draft>, view: &View<'_>) -> Self {
        let unknown = &view.programs().unknown;
        let doubt = unknown.first().map(|first| match unknown.len() {
            1 => format!("the content of {first} could not be looked at"),
            count => {
                format!("the content of {first} and {} other programs could not be looked at", count - 1)
            }
        });
        Self::Found { drafts, doubt }
    }
}

impl Draft {
    /// Returns a failure without a place.
    pub(super) fn fail(what: impl Into<String>, why: &'static str, fix: Fix) -> Self {
        Self {
            severity: Severity::Fail,
            what: what.into(),
            why,
            setting: None,
            places: Vec::new(),
            fix,
            is_runtime: false,
            permitted: None,
        }
    }

    /// Returns the same as a warning or a note.
    pub(super) fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    pub(super) fn at<'a>(self, paths: impl IntoIterator<Item = &'a TreePath>) -> Self {
        let spot = |path: &TreePath| Spot { path: path.clone(), bytes: None, layer: None, hidden_by: None };
        Self { places: paths.into_iter().map(spot).collect(), ..self }
    }

    pub(super) fn setting(self, name: impl Into<String>) -> Self {
        Self { setting: Some(name.into()), ..self }
    }

    pub(super) fn permitted(self, why: Option<&'static str>) -> Self {
        Self { permitted: why, ..self }
    }
}

impl FromStr for CheckId {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        let found = Self::ALL.into_iter().find(|id| id.to_string().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownCheck(text.to_owned()))
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
