//! The Release file of a suite: what it is, how old it is, and the checksums of its indexes.
//!
//! The text is what stands inside the signature of an InRelease file, verified by the caller.

use std::collections::BTreeMap;

use super::deb822::{MalformedStanza, Stanza, first_line};

mod date;

pub use date::{Date, InvalidDate};

/// What a suite says of itself. Text that it does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who publishes the archive, such as `Debian`.
    pub origin: String,
    /// What part of the publisher's archives this is, such as `Debian-Security`.
    pub label: String,
    /// The role that may move on to another release, such as `stable`.
    pub suite: String,
    /// The name that stays, such as `trixie`.
    pub codename: String,
    /// The version of the release, such as `13.2`.
    pub version: String,
    /// A line for people.
    pub description: String,
    /// When the release was made.
    pub date: Date,
    /// Until when it may be used.
    pub valid_until: Option<Date>,
    /// Whether indexes can be fetched by their checksums.
    pub acquire_by_hash: bool,
    /// Whether packages of the suite are to be taken only where they are asked for.
    pub not_automatic: bool,
    /// Whether packages taken from such a suite are kept current.
    pub but_automatic_upgrades: bool,
    /// The architectures it has.
    pub architectures: Vec<String>,
    /// The components it has, such as `main`; some archives spell them `updates/main`.
    pub components: Vec<String>,
    /// The kinds of index for which packages of architecture `all` are in an index of their own, and
    /// not also in that of each architecture.
    pub no_support_for_architecture_all: Vec<String>,
    /// Fingerprints of the keys that must sign it from now on, as raw text.
    pub signed_by: String,
    /// Where old states of the archive are, with a variable for the time.
    pub snapshots: String,
    /// The indexes by their path below the suite's directory.
    pub sha256: BTreeMap<String, ListedFile>,
}

/// An index as the Release lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// 64 lowercase hexadecimal digits.
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
}

/// A text that is no Release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelease {
    /// The text is not one stanza.
    #[error("cannot read the Release file")]
    Malformed(#[from] MalformedStanza),
    /// A field that every Release needs is not there.
    #[error("the Release file has no `{0}`")]
    Missing(&'static str),
    /// A date cannot be read.
    #[error("cannot read the field `{field}` of the Release file")]
    Date {
        /// The name of the field.
        field: &'static str,
        /// Why it cannot be read.
        source: InvalidDate,
    },
    /// A line of the SHA256 table is not digest, size and path.
    #[error("cannot read line `{0}` of the Release file's SHA256: expected digest, size and relative path")]
    Checksum(String),
    /// A path stands twice in the table, with different values.
    #[error("the Release file lists `{0}` twice, with different checksums or sizes")]
    Ambiguous(String),
}

impl Release {
    /// Reads the text of a Release file, without any signature around it.
    pub fn parse(text: &str) -> Result<Self, InvalidRelease> {
        let stanza = Stanza::parse(text)?;
        let text = |name| stanza.get(name).map(first_line).unwrap_or_default().to_owned();
        let words =
            |name| stanza.get(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
        let flag = |name| stanza.get(name).is_some_and(|value| value.eq_ignore_ascii_case("yes"));
        Ok(Self {
            origin: text("Origin"),
            label: text("Label"),
            suite: text("Suite"),
            codename: text("Codename"),
            version: text("Version"),
            description: text("Description"),
            date: date(&stanza, "Date")?.ok_or(InvalidRelease::Missing("Date"))?,
            valid_until: date(&stanza, "Valid-Until")?,
            acquire_by_hash: flag("Acquire-By-Hash"),
            not_automatic: flag("NotAutomatic"),
            but_automatic_upgrades: flag("ButAutomaticUpgrades"),
            architectures: words("Architectures"),
            components: words("Components"),
            no_support_for_architecture_all: words("No-Support-for-Architecture-all"),
            signed_by: text("Signed-By"),
            snapshots: text("Snapshots"),
            sha256: table(stanza.get("SHA256").ok_or(InvalidRelease::Missing("SHA256"))?)?,
        })
    }
}

fn date(stanza: &Stanza<'_>, field: &'static str) -> Result<Option<Date>, InvalidRelease> {
    let date = stanza.get(field).map(|value| Date::parse(first_line(value))).transpose();
    date.map_err(|source| InvalidRelease::Date { field, source })
}

fn table(value: &str) -> Result<BTreeMap<String, ListedFile>, InvalidRelease> {
    let mut files = BTreeMap::new();
    for line in value.lines().filter(|line| !line.trim_ascii().is_empty()) {
        let (path, file) = entry(line).ok_or_else(|| {
            InvalidRelease::Checksum(
                line.trim_ascii().chars().take(120).flat_map(char::escape_default).collect(),
            )
        })?;
        match files.get(path) {
            Some(known) if *known != file => {
                return Err(InvalidRelease::Ambiguous(path.escape_default().to_string()));
            }
            _ => files.insert(path.to_owned(), file),
        };
    }
    Ok(files)
}

fn entry(line: &str) -> Option<(&str, ListedFile)> {
    let mut words = line.split_ascii_whitespace();
    let (digest, size, path) = (words.next()?, words.next()?, words.next()?);
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_size = size.bytes().all(|byte| byte.is_ascii_digit());
    // Flat archives may write `./Packages`.
    let path = path.strip_prefix("./").unwrap_or(path);
    // Paths become parts of addresses and of file names: they must not lead out of the suite.
    let is_inside = path.split('/').all(|component| !matches!(component, "" | "." | ".."));
    if words.next().is_some() || !is_digest || !is_size || !is_inside {
        return None;
    }
    Some((path, ListedFile { sha256: digest.to_ascii_lowercase(), size: size.parse().ok()? }))
}

#[cfg(test)]
mod tests;
