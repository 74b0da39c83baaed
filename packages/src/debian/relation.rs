//! Relations between packages: the fields Depends, Conflicts, Provides and their kin.
//!
//! A field is a list of clauses parted by commas, a clause a list of alternatives parted by `|`. An
//! alternative names a package, and may narrow it: `name:any (>= 1.0) [amd64 !i386] <!nocheck>`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::version::{self, InvalidVersion, Version};

mod parse;

pub use parse::{MAX_FIELD, parse_relations};

/// How a version must compare with the one a relation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `<<`
    StrictlyEarlier,
    /// `<=`, and the old `<`, which always meant the same
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`, and the old `>`
    LaterOrEqual,
    /// `>>`
    StrictlyLater,
}

/// A condition on the version of a package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Constraint {
    /// How the package's version must compare.
    pub operator: Operator,
    /// What it is compared with.
    pub version: Version,
}

/// Which architecture of a package a relation means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `:any`, allowed for packages that are `Multi-Arch: allowed`.
    Any,
    /// `:native`, used by build dependencies.
    Native,
    /// `:amd64` and the like.
    Architecture(Box<str>),
}

/// A word that is wanted, or, after a `!`, not wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// Whether a `!` stands before the word.
    pub negated: bool,
    /// An architecture or its wildcard, or a build profile.
    pub name: Box<str>,
}

/// One package that can satisfy a clause.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The name of a package, real or virtual.
    pub name: Box<str>,
    /// The architecture after the colon.
    pub qualifier: Option<Qualifier>,
    /// The condition in parentheses.
    pub constraint: Option<Constraint>,
    /// The list in brackets, for which architectures the relation counts; empty for all.
    pub architectures: Vec<Term>,
    /// The lists in angle brackets, for which build profiles it counts: one list must hold whole.
    pub profiles: Vec<Vec<Term>>,
}

/// The alternatives of which one must be there; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Clause {
    /// The alternatives in the order of preference.
    pub alternatives: Vec<Relation>,
}

/// A text that is no list of relations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read relation `{relation}`")]
pub struct InvalidRelation {
    /// The alternative that cannot be read, escaped and shortened.
    pub relation: String,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No name where one is due.
    #[error("expected the name of a package")]
    NoName,
    /// A name with a character that package names never have.
    #[error("`{0}` is not the name of a package")]
    Name(String),
    /// Nothing, or something else than a word, after the colon.
    #[error("expected an architecture after the colon")]
    Qualifier,
    /// A parenthesis without a comparison such as `>=`.
    #[error("expected `<<`, `<=`, `=`, `>=` or `>>` after the parenthesis")]
    Operator,
    /// The version in the parenthesis is not valid.
    #[error(transparent)]
    Version(#[from] InvalidVersion),
    /// A bracket or parenthesis that is never closed.
    #[error("`{0}` has no closing `{1}`")]
    Unclosed(char, char),
    /// Something after the end of the relation, or a part given twice or out of order.
    #[error("unexpected `{0}`")]
    Trailing(String),
    /// More bytes than [`MAX_FIELD`].
    #[error("the field is longer than {MAX_FIELD} bytes")]
    TooLong,
}

impl Operator {
    /// Says whether a version that compares as `order` with the named one will do.
    pub fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::StrictlyEarlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::StrictlyLater => order.is_gt(),
        }
    }

    /// Returns the operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StrictlyEarlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::StrictlyLater => ">>",
        }
    }
}

impl Constraint {
    /// Says whether a package of this version will do.
    pub fn allows(&self, version: &Version) -> bool {
        self.allows_text(version.as_str())
    }

    /// Does the same for the raw text of a version, as an index has it.
    pub fn allows_text(&self, version: &str) -> bool {
        self.operator.accepts(version::compare(version, self.version.as_str()))
    }
}

impl Relation {
    /// Makes a relation to any version of a package.
    pub fn to(name: &str) -> Self {
        Self {
            name: name.into(),
            qualifier: None,
            constraint: None,
            architectures: Vec::new(),
            profiles: Vec::new(),
        }
    }

    /// Says whether a package's own version will do; the name is the caller's to compare.
    pub fn allows(&self, version: &str) -> bool {
        self.constraint.as_ref().is_none_or(|constraint| constraint.allows_text(version))
    }

    /// Says whether a `Provides` entry will do: one without a version satisfies no constraint.
    pub fn allows_provided(&self, version: Option<&str>) -> bool {
        match (&self.constraint, version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(constraint), Some(version)) => constraint.allows_text(version),
        }
    }

    /// Says whether the relation counts on a Debian architecture.
    pub fn counts_on(&self, architecture: &str) -> bool {
        let matches = |term: &Term| architecture_matches(&term.name, architecture);
        let (forbidden, wanted): (Vec<&Term>, Vec<&Term>) =
            self.architectures.iter().partition(|term| term.negated);
        !forbidden.into_iter().any(matches) && (wanted.is_empty() || wanted.into_iter().any(matches))
    }
}

/// Says whether an architecture falls under a name or wildcard (`any`, `linux-any`, `any-arm64`).
fn architecture_matches(pattern: &str, architecture: &str) -> bool {
    match pattern.split_once('-') {
        Some(("linux", "any")) => !architecture.contains('-'),
        Some(("any", cpu)) => architecture.rsplit('-').next() == Some(cpu),
        _ => pattern == "any" || pattern == architecture,
    }
}

impl FromStr for Relation {
    type Err = InvalidRelation;

    /// Reads one relation, such as `libssl3t64 (>= 3.5)`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::relation(text)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operator, self.version)
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Native => "native",
            Self::Architecture(name) => name,
        })
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "!" } else { "" }, self.name)
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some(constraint) = &self.constraint {
            write!(f, " ({constraint})")?;
        }
        if !self.architectures.is_empty() {
            f.write_str(" [")?;
            join(f, &self.architectures, " ")?;
            f.write_str("]")?;
        }
        for profiles in &self.profiles {
            f.write_str(" <")?;
            join(f, profiles, " ")?;
            f.write_str(">")?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, &self.alternatives, " | ")
    }
}

fn join(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if number == 0 { "" } else { separator })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
