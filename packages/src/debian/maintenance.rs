//! Relations that serve maintainer scripts alone, as reviewed by hand.
//!
//! dpkg would run a package's scripts, and the package depends on what they call. attar never runs a
//! script: what most of them do it does itself, so most of those dependencies would only bring shells
//! and interpreters into an image. No field tells them apart from those that the programs need; this
//! table does.
//!
//! A row is here only if the program of the package never calls what the row leaves out. The packages of
//! Debian 13 were searched for that: for a [general rule](Owners::AllBut) every package that has the
//! relation, all its files other than documentation; those that call it are the rule's exceptions. Tools
//! that only maintainer scripts call, such as `update-ca-certificates` and `py3compile`, do not count as
//! programs.

use super::relation::Clause;

mod rules;

pub use rules::RULES;

/// Relations that are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The packages whose relations they are.
    pub owners: Owners,
    /// The packages, real or virtual, that the relations name.
    pub targets: &'static [&'static str],
    /// A sentence that says what the relations are for.
    pub reason: &'static str,
}

/// The packages a [`Rule`] is about. A `#` in a name stands for a number, as in `postgresql-#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owners {
    /// These alone.
    Only(&'static [&'static str]),
    /// All but these, whose programs do call the target.
    AllBut(&'static [&'static str]),
}

/// Says why the relation of a package to another serves its maintainer scripts alone; `None` when it does
/// not, as far as the table knows.
pub fn serves_scripts_only(owner: &str, target: &str) -> Option<&'static str> {
    let covers = |rule: &&Rule| rule.names(target) && rule.owners.include(owner);
    RULES.iter().find(covers).map(|rule| rule.reason)
}

/// Says the same of a whole clause.
///
/// One alternative that serves scripts is enough: each alternative does all that the package needs, so
/// the others are needed for no more.
pub fn clause_serves_scripts_only(owner: &str, clause: &Clause) -> Option<&'static str> {
    clause.alternatives.iter().find_map(|relation| serves_scripts_only(owner, &relation.name))
}

impl Rule {
    fn names(&self, target: &str) -> bool {
        self.targets.iter().any(|pattern| is_named(pattern, target))
    }
}

impl Owners {
    /// Says whether a package is among them.
    pub fn include(&self, package: &str) -> bool {
        let any = |patterns: &[&str]| patterns.iter().any(|pattern| is_named(pattern, package));
        match self {
            Self::Only(owners) => any(owners),
            Self::AllBut(exceptions) => !any(exceptions),
        }
    }
}

/// Compares a name with a pattern in which each `#` stands for one or more digits.
pub fn is_named(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('#');
    let first = parts.next().unwrap_or_default();
    let after_numbers = parts.try_fold(name.strip_prefix(first), |rest, part| {
        let rest = rest?;
        let end = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        (end > 0).then(|| rest[end..].strip_prefix(part))
    });
    after_numbers.flatten() == Some("")
}

#[cfg(test)]
mod tests;
