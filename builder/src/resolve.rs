//! Chooses the packages of an image: a complete, deterministic solve over package indexes.
//!
//! [`resolve`] takes what can be had (a [`Universe`]: the indexes of each platform, with priorities
//! and allow lists) and what is wanted (a [`Request`]), and returns a [`Selection`]: for each
//! platform the chosen packages, each with the [`Reason`] it is there.
//!
//! The flow:
//! 1. `pool` finds the packages that a name or relation can mean, best first;
//! 2. `rules` turns one package's fields into clauses over those;
//! 3. `engine` lets a SAT solver (CDCL) satisfy the clauses, asking for the rules of a package
//!    only once it is chosen, so that solving costs what the answer is large, not the index;
//!    `sketch` guesses beforehand which alternatives will be there anyway;
//! 4. `agreement` says which version each platform should prefer, so that they agree;
//! 5. `selection` keeps what a request leads to, and notes reasons, dropped relations and lags;
//! 6. where there is no answer, `proof` looks for a smallest set of facts that contradict.
//!
//! Invariants:
//! - Pure: the result is a function of universe and request. The order of stanzas in an index never
//!   shows; nothing that is iterated lives in a hash table.
//! - Every relation of a chosen package holds, or is listed in [`Selection::dropped`].
//! - `Replaces` is about files, not about what can be installed together, and has no part here.

use std::collections::BTreeMap;
use std::sync::Arc;

use attar_packages::debian::index::{Index, PackageNumber};
use attar_packages::debian::relation::{Constraint, Relation};

mod agreement;
mod engine;
mod error;
mod foundation;
mod nearest;
mod pool;
mod proof;
mod requests;
mod rules;
mod selection;
mod sketch;
#[cfg(test)]
mod tests;

pub use error::{Missing, NoVersion, Offer, ResolveError, Skew, Unknown};

/// What can be had: the indexes of every platform.
#[derive(Clone)]
pub struct Universe {
    /// The platforms that are solved together.
    pub platforms: Vec<PlatformUniverse>,
}

/// What one platform can have.
#[derive(Clone)]
pub struct PlatformUniverse {
    /// The platform as OCI names it, such as `linux/amd64`.
    pub platform: String,
    /// The architecture as Debian names it, such as `amd64`.
    pub architecture: String,
    /// Its indexes, in the order in which equal versions are preferred.
    pub sources: Vec<Source>,
}

/// One index of packages.
#[derive(Clone)]
pub struct Source {
    /// The name that messages use, such as `trixie-security`.
    pub name: String,
    /// The value of the repository in the spec, which `from` names too.
    pub repository: String,
    /// The greater goes before the newer.
    pub priority: i32,
    /// The only packages to take from here.
    pub allowed: Option<Vec<String>>,
    /// Whether its versions fix security problems.
    pub security: bool,
    /// The packages.
    pub index: Arc<Index>,
}

/// What an image needs.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The packages that are asked for, real or virtual.
    pub packages: Vec<Wanted>,
    /// Packages, real or virtual, that are never installed and count as there.
    pub without: Vec<String>,
    /// Packages taken alone, without their relations, unless something else brings them.
    pub foundation: Vec<String>,
    /// Follow the relations that serve maintainer scripts alone, too.
    pub full_relations: bool,
    /// Let platforms differ in the version of a package.
    pub allow_skew: bool,
    /// Versions to keep where possible, by platform and name.
    pub preferred: BTreeMap<(String, String), String>,
}

/// A package that is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name, or one that it provides.
    pub name: String,
    /// Which versions will do.
    pub constraint: Option<Constraint>,
    /// The repository or suite it must come from.
    pub from: Option<String>,
    /// Where it is asked for, such as `attar.yaml:12`.
    pub label: String,
}

/// The packages of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// In the order of the universe's platforms.
    pub platforms: Vec<PlatformSelection>,
    /// The relations that were left unsatisfied on purpose, by platform, package and clause.
    pub dropped: Vec<DroppedRelation>,
    /// The packages that are older than they could be because another platform has no newer one.
    pub lags: Vec<Lag>,
}

/// The packages of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformSelection {
    /// The platform as OCI names it.
    pub platform: String,
    /// The packages, by name.
    pub packages: Vec<Chosen>,
}

/// A package that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The number of its [`Source`] in [`PlatformUniverse::sources`].
    pub source: usize,
    /// Its number in the source's index.
    pub package: PackageNumber,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Why it is there.
    pub reason: Reason,
}

/// Why a package was chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The spec asks for it, at the place with this label.
    Requested(String),
    /// A chosen package needs it.
    DependencyOf {
        /// The name of the package.
        package: String,
        /// The clause of its `Depends` or `Pre-Depends` that this satisfies.
        clause: String,
    },
    /// It is part of the foundation, without its relations.
    Foundation,
}

/// A relation of a chosen package that was left unsatisfied on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DroppedRelation {
    /// The platform as OCI names it.
    pub platform: String,
    /// The package that has the relation.
    pub package: String,
    /// The clause.
    pub clause: String,
    /// Why it was left.
    pub cause: Cause,
}

/// Why a relation was left unsatisfied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The request leaves out this package.
    Without(String),
    /// It serves maintainer scripts alone, for this reason.
    Scripts(&'static str),
}

/// A package that is older than it could be, so that platforms agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lag {
    /// The name of the package.
    pub name: String,
    /// The platform that has a newer version.
    pub platform: String,
    /// The version that was chosen there.
    pub chosen: String,
    /// The newest version there.
    pub newest: String,
    /// Whether the newest version fixes a security problem.
    pub security: bool,
}

impl Wanted {
    /// Returns the relation that the package must satisfy.
    fn relation(&self) -> Relation {
        Relation { constraint: self.constraint.clone(), ..Relation::to(&self.name) }
    }
}

impl Selection {
    /// Returns the chain of reasons from a package back to what asked for it, the package first.
    ///
    /// Empty where the platform has no such package.
    pub fn why(&self, platform: &str, name: &str) -> Vec<&Chosen> {
        let mut chain = Vec::new();
        let mut next = self.find(platform, name);
        while let Some(chosen) = next {
            chain.push(chosen);
            next = match &chosen.reason {
                Reason::DependencyOf { package, .. } => self.find(platform, package),
                Reason::Requested(_) | Reason::Foundation => None,
            };
        }
        chain
    }

    /// Returns the package of this name on a platform.
    pub fn find(&self, platform: &str, name: &str) -> Option<&Chosen> {
        let packages = &self.platforms.iter().find(|it| it.platform == platform)?.packages;
        let position = packages.binary_search_by(|chosen| chosen.name.as_str().cmp(name)).ok()?;
        packages.get(position)
    }
}

/// Chooses packages so that every relation holds on every platform.
///
/// A real package goes before one that provides the name; providers go by priority and name; among
/// the versions of a package the repository's priority decides, then the newest wins. Platforms
/// agree on the version, less a final `+bN`, of what more than one of them takes.
///
/// # Errors
/// Fails where a name is unknown, a platform lacks a package or its version, platforms cannot
/// agree, or the relations contradict; the error says why in a few lines.
pub fn resolve(universe: &Universe, request: &Request) -> Result<Selection, ResolveError> {
    let policy = requests::Policy::new(universe, request)?;
    agreement::solve(universe, request, &policy)
}
