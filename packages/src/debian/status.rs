//! What is installed: dpkg's status database, and the form of it that images without dpkg carry.
//!
//! A system with dpkg has one file `var/lib/dpkg/status`. An image without it has a file
//! `var/lib/dpkg/status.d/PACKAGE` with the package's control data for each package, and
//! `PACKAGE.md5sums` beside it with the checksums of its files.

use super::deb822::{MalformedStanza, Stanza, first_line, recovering_stanzas};
use super::index::source;

mod md5sums;

pub use md5sums::{Md5Sum, parse_md5sums, write_md5sums};

/// A package of a status database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEntry {
    /// The package's name.
    pub name: String,
    /// The version's text.
    pub version: String,
    /// The Debian architecture, or `all`.
    pub architecture: String,
    /// The name of the source package.
    pub source: String,
    /// The version of the source package.
    pub source_version: String,
    /// Who maintains it; empty where the database does not say, as for all that follows.
    pub maintainer: String,
    /// The address of the project's site.
    pub homepage: String,
    /// The section, such as `libs`.
    pub section: String,
    /// The one-line description.
    pub description: String,
    /// The Depends field.
    pub depends: String,
    /// The Pre-Depends field.
    pub pre_depends: String,
    /// The Provides field.
    pub provides: String,
    /// The Replaces field.
    pub replaces: String,
    /// How much of the package is there.
    pub state: State,
    /// The configuration files of the package, by absolute path, with the MD5 of what it shipped.
    pub conffiles: Vec<(String, String)>,
}

/// How much of a package is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// All of it, also where the database has no states.
    Installed,
    /// Its files, but dpkg did not finish.
    Partial,
    /// Only its configuration.
    ConfigFiles,
    /// Nothing.
    NotInstalled,
}

/// A status database, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The packages in the order of the text.
    pub entries: Vec<StatusEntry>,
    /// What could not be read.
    pub problems: Vec<StatusProblem>,
}

/// A stanza of a status database that is skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusProblem {
    /// It does not follow the format.
    #[error(transparent)]
    Malformed(#[from] MalformedStanza),
    /// It names no package or no version.
    #[error("line {line}: package `{package}` has no `{field}`")]
    Missing {
        /// The line of its first field.
        line: u32,
        /// The package's name, as far as there is one.
        package: String,
        /// The field's name.
        field: &'static str,
    },
}

/// Reads `var/lib/dpkg/status`, or a file of `status.d`.
///
/// The database comes out of an image that may be broken on purpose: a stanza that cannot be read is
/// noted and skipped, so that one does not hide the others.
pub fn parse_status(text: &[u8]) -> Status {
    let text = String::from_utf8_lossy(text);
    let mut status = Status::default();
    for stanza in recovering_stanzas(&text) {
        match stanza.map_err(StatusProblem::from).and_then(|stanza| StatusEntry::read(&stanza)) {
            Ok(entry) => status.entries.push(entry),
            Err(problem) => status.problems.push(problem),
        }
    }
    status
}

impl StatusEntry {
    /// Reads the package from the fields of its control data.
    pub fn read(stanza: &Stanza<'_>) -> Result<Self, StatusProblem> {
        let raw = |name| stanza.get(name).unwrap_or_default();
        let text = |name| first_line(raw(name)).to_owned();
        let (name, version) = (first_line(raw("Package")), first_line(raw("Version")));
        let state = stanza.get("Status").map_or(State::Installed, State::read);
        for (field, value) in [("Package", name), ("Version", version)] {
            // dpkg keeps stanzas without a version for packages it only heard of.
            if value.is_empty() && (field == "Package" || state != State::NotInstalled) {
                let line = stanza.fields().first().map_or(0, |field| field.line);
                return Err(StatusProblem::Missing { line, package: name.to_owned(), field });
            }
        }
        let (source, source_version) = source(first_line(raw("Source")), name, version);
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: text("Architecture"),
            source: source.to_owned(),
            source_version: source_version.to_owned(),
            maintainer: text("Maintainer"),
            homepage: text("Homepage"),
            section: text("Section"),
            description: text("Description"),
            depends: raw("Depends").to_owned(),
            pre_depends: raw("Pre-Depends").to_owned(),
            provides: raw("Provides").to_owned(),
            replaces: raw("Replaces").to_owned(),
            state,
            conffiles: conffiles(raw("Conffiles")),
        })
    }
}

impl State {
    /// Reads a Status field: what is wanted, whether it is broken, and what is there.
    fn read(field: &str) -> Self {
        match field.split_ascii_whitespace().nth(2) {
            Some("installed") => Self::Installed,
            Some("config-files") => Self::ConfigFiles,
            Some("not-installed") | None => Self::NotInstalled,
            Some(_) => Self::Partial,
        }
    }
}

/// Reads lines of path, MD5 and perhaps a flag. A conffile that is obsolete is still the package's.
fn conffiles(field: &str) -> Vec<(String, String)> {
    field
        .lines()
        .filter_map(|line| {
            let line = line.trim_ascii();
            let line = line.strip_suffix(" remove-on-upgrade").unwrap_or(line);
            let line = line.strip_suffix(" obsolete").unwrap_or(line);
            let (path, digest) = line.rsplit_once(' ')?;
            Some((path.to_owned(), digest.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
