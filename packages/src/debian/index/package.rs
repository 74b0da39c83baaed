//! One package of an index.

use std::fmt;

use super::field::Field;
use super::{PackageNumber, Record};

/// A package as its index describes it: a view, cheap to copy.
///
/// Methods that return text return it raw, empty where the package has no such field. Numbers and
/// versions are read when asked for, so a wrong one is met there.
#[derive(Clone, Copy)]
pub struct Package<'a> {
    pub(super) text: &'a str,
    pub(super) record: &'a Record,
    pub(super) number: PackageNumber,
}

/// How a package behaves when several architectures are installed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MultiArch {
    /// The field is `no`, missing or unknown.
    No,
    /// Packages of several architectures can stand beside each other.
    Same,
    /// It serves packages of any architecture.
    Foreign,
    /// It does so for those that ask for `:any`.
    Allowed,
}

/// How much a package belongs to an ordinary system; the more it does, the earlier in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Needed for the system to work at all.
    Required,
    /// Expected on any such system.
    Important,
    /// Part of a small text system.
    Standard,
    /// Everything else.
    Optional,
    /// An old name for what conflicts with others, or no priority known.
    Extra,
}

impl<'a> Package<'a> {
    pub(super) fn raw(self, field: Field) -> &'a str {
        self.record[field as usize].of(self.text)
    }

    /// Returns the package's number in its index.
    pub fn number(self) -> PackageNumber {
        self.number
    }

    /// Returns the name.
    pub fn name(self) -> &'a str {
        self.raw(Field::Package)
    }

    /// Returns the version's text.
    pub fn version(self) -> &'a str {
        self.raw(Field::Version)
    }

    /// Returns the Debian architecture, or `all`.
    pub fn architecture(self) -> &'a str {
        self.raw(Field::Architecture)
    }

    /// Returns name and version of the source package, which are the package's own unless it says
    /// otherwise.
    pub fn source(self) -> (&'a str, &'a str) {
        source(self.raw(Field::Source), self.name(), self.version())
    }

    /// Returns how the package behaves beside other architectures.
    pub fn multi_arch(self) -> MultiArch {
        match self.raw(Field::MultiArch) {
            "same" => MultiArch::Same,
            "foreign" => MultiArch::Foreign,
            "allowed" => MultiArch::Allowed,
            _ => MultiArch::No,
        }
    }

    /// Says whether the package is marked essential.
    pub fn essential(self) -> bool {
        self.raw(Field::Essential) == "yes"
    }

    /// Returns how much the package belongs to an ordinary system.
    pub fn priority(self) -> Priority {
        match self.raw(Field::Priority) {
            "required" => Priority::Required,
            "important" => Priority::Important,
            "standard" => Priority::Standard,
            "optional" => Priority::Optional,
            _ => Priority::Extra,
        }
    }

    /// Returns the section, such as `libs` or `contrib/net`.
    pub fn section(self) -> &'a str {
        self.raw(Field::Section)
    }

    /// Returns the path of the package's file below the archive's root.
    pub fn filename(self) -> &'a str {
        self.raw(Field::Filename)
    }

    /// Returns the size of the file in bytes; `None` when the field is no number.
    pub fn size(self) -> Option<u64> {
        self.raw(Field::Size).parse().ok()
    }

    /// Returns the file's SHA-256 as the index writes it, in hexadecimal digits.
    pub fn sha256(self) -> &'a str {
        self.raw(Field::Sha256)
    }

    /// Returns the size after unpacking in KiB, as the package estimates it.
    pub fn installed_size(self) -> Option<u64> {
        self.raw(Field::InstalledSize).parse().ok()
    }

    /// Returns the Depends field.
    pub fn depends(self) -> &'a str {
        self.raw(Field::Depends)
    }

    /// Returns the Pre-Depends field.
    pub fn pre_depends(self) -> &'a str {
        self.raw(Field::PreDepends)
    }

    /// Returns the Recommends field.
    pub fn recommends(self) -> &'a str {
        self.raw(Field::Recommends)
    }

    /// Returns the Conflicts field.
    pub fn conflicts(self) -> &'a str {
        self.raw(Field::Conflicts)
    }

    /// Returns the Breaks field.
    pub fn breaks(self) -> &'a str {
        self.raw(Field::Breaks)
    }

    /// Returns the Replaces field.
    pub fn replaces(self) -> &'a str {
        self.raw(Field::Replaces)
    }

    /// Returns the Provides field.
    pub fn provides(self) -> &'a str {
        self.raw(Field::Provides)
    }

    /// Returns the one-line description.
    pub fn description(self) -> &'a str {
        self.raw(Field::Description)
    }
}

/// Reads a Source field, `name` or `name (version)`; what it does not say is the package's own.
pub(crate) fn source<'a>(field: &'a str, name: &'a str, version: &'a str) -> (&'a str, &'a str) {
    match field.split_once('(') {
        _ if field.is_empty() => (name, version),
        None => (field, version),
        Some((source, rest)) => (source.trim_ascii(), rest.split(')').next().unwrap_or(rest).trim_ascii()),
    }
}

impl fmt::Debug for Package<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name(), self.version(), self.architecture())
    }
}
