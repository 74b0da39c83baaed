//! What is installed: apk's database, `lib/apk/db/installed`.
//!
//! A record describes a package; blank lines part records. A line is a letter, a colon and a value.
//! The fields of the package come first (`P` name, `V` version, `A` architecture, `o` the package it
//! was built from …), then its directories: `F` names one and `R` a file in the last one named. `M`
//! and `a` say whose a directory and a file are and their modes, `Z` a file's checksum.

use memchr::memchr_iter;

/// A package of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// The package's name.
    pub name: String,
    /// The version's text.
    pub version: String,
    /// The architecture in Alpine's words, or `noarch`; empty where the record does not say, as for
    /// all that follows.
    pub architecture: String,
    /// The name of the package whose recipe it was built with, of the same version.
    pub origin: String,
    /// The one-line description.
    pub description: String,
    /// The address of the project's site.
    pub homepage: String,
    /// The licence as an expression.
    pub license: String,
    /// Who maintains it.
    pub maintainer: String,
    /// Packages whose files it may take over, parted by blanks.
    pub replaces: String,
    /// What it owns, in the order of the text.
    pub owned: Vec<Owned<'a>>,
}

/// A file or directory of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned<'a> {
    /// The directory as spelled, without a leading slash; empty for the root.
    pub directory: &'a [u8],
    /// The name of the file in it; `None` for the directory itself.
    pub name: Option<&'a [u8]>,
    /// Owner, group and mode, where they are not root's and the usual.
    pub permissions: Option<Permissions>,
    /// The checksum as spelled (`Q1` and the SHA-1 in base64, `Q2` and the SHA-256); for a symbolic
    /// link that of its target. Directories have none.
    pub checksum: Option<&'a [u8]>,
}

/// Owner, group and mode of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
}

/// A record of the database that is skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// A line that is no field.
    #[error("line {line}: expected a letter, a colon and a value, found `{found}`")]
    NoField {
        /// The line, counted from 1.
        line: u32,
        /// The start of the line, escaped.
        found: String,
    },
    /// A file without a directory, or permissions or a checksum without a file.
    #[error("line {line}: `{field}:` stands before what it belongs to")]
    Early {
        /// The line, counted from 1.
        line: u32,
        /// The field's letter.
        field: char,
    },
    /// Permissions that are not two numbers and an octal one.
    #[error("line {line}: expected owner, group and mode, found `{found}`")]
    Permissions {
        /// The line, counted from 1.
        line: u32,
        /// The start of the value, escaped.
        found: String,
    },
    /// It names no package or no version.
    #[error("line {line}: package `{package}` has no `{field}:`")]
    Missing {
        /// The line where the record starts.
        line: u32,
        /// The package's name, as far as there is one, escaped.
        package: String,
        /// The field's letter.
        field: char,
    },
}

/// Reads the database, record by record.
///
/// It comes out of an image that may be broken on purpose: a record that cannot be read is reported
/// in its place, and the next one is read all the same.
pub fn records(text: &[u8]) -> impl Iterator<Item = Result<Record<'_>, RecordProblem>> {
    let mut lines = Lines { text, ends: memchr_iter(b'\n', text), start: 0, number: 0 };
    std::iter::from_fn(move || {
        let first = lines.find(|(_, line)| !line.is_empty())?;
        let mut reading = Reading::new(first.0);
        let mut problem = reading.line(first).err();
        for line in lines.by_ref().take_while(|(_, line)| !line.is_empty()) {
            if problem.is_none() {
                problem = reading.line(line).err();
            }
        }
        Some(problem.map_or_else(|| reading.finish(), Err))
    })
}

/// The lines of a text, counted from 1.
struct Lines<'a, I> {
    text: &'a [u8],
    ends: I,
    start: usize,
    number: u32,
}

impl<'a, I: Iterator<Item = usize>> Iterator for Lines<'a, I> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.start >= self.text.len() {
            return None;
        }
        let end = self.ends.next().unwrap_or(self.text.len());
        let line = &self.text[self.start..end];
        self.start = end + 1;
        self.number = self.number.saturating_add(1);
        Some((self.number, line))
    }
}

/// A record that is being read.
struct Reading<'a> {
    first_line: u32,
    directory: Option<&'a [u8]>,
    record: Record<'a>,
}

impl<'a> Reading<'a> {
    fn new(first_line: u32) -> Self {
        let record = Record {
            name: String::new(),
            version: String::new(),
            architecture: String::new(),
            origin: String::new(),
            description: String::new(),
            homepage: String::new(),
            license: String::new(),
            maintainer: String::new(),
            replaces: String::new(),
            owned: Vec::new(),
        };
        Self { first_line, directory: None, record }
    }

    fn line(&mut self, (number, line): (u32, &'a [u8])) -> Result<(), RecordProblem> {
        let [letter @ (b'a'..=b'z' | b'A'..=b'Z'), b':', value @ ..] = line else {
            return Err(RecordProblem::NoField { line: number, found: shown(line) });
        };
        let early = || RecordProblem::Early { line: number, field: char::from(*letter) };
        let record = &mut self.record;
        let text = || String::from_utf8_lossy(value).into_owned();
        match letter {
            b'P' => record.name = text(),
            b'V' => record.version = text(),
            b'A' => record.architecture = text(),
            b'o' => record.origin = text(),
            b'T' => record.description = text(),
            b'U' => record.homepage = text(),
            b'L' => record.license = text(),
            b'm' => record.maintainer = text(),
            b'r' => record.replaces = text(),
            b'F' => {
                self.directory = Some(value);
                record.owned.push(Owned { directory: value, name: None, permissions: None, checksum: None });
            }
            b'R' => {
                let directory = self.directory.ok_or_else(early)?;
                let name = Some(value);
                record.owned.push(Owned { directory, name, permissions: None, checksum: None });
            }
            b'a' | b'M' => {
                let owned = record.owned.last_mut().ok_or_else(early)?;
                let permissions = Permissions::read(value);
                owned.permissions = Some(
                    permissions
                        .ok_or_else(|| RecordProblem::Permissions { line: number, found: shown(value) })?,
                );
            }
            b'Z' => record.owned.last_mut().ok_or_else(early)?.checksum = Some(value),
            // Sizes, times, dependencies, and what later versions of apk may add.
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Record<'a>, RecordProblem> {
        for (field, value) in [('P', &self.record.name), ('V', &self.record.version)] {
            if value.is_empty() {
                let package = shown(self.record.name.as_bytes());
                return Err(RecordProblem::Missing { line: self.first_line, package, field });
            }
        }
        Ok(self.record)
    }
}

impl Permissions {
    /// Reads `uid:gid:mode`, perhaps with a checksum of extended attributes behind it.
    fn read(value: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(value).ok()?.split(':');
        let uid = parts.next()?.parse().ok()?;
        let gid = parts.next()?.parse().ok()?;
        let mode = u32::from_str_radix(parts.next()?, 8).ok().filter(|mode| *mode <= 0o7777)?;
        Some(Self { uid, gid, mode })
    }
}

/// Returns the start of some text, escaped.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(60).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests;
