//! Contents indexes: which package of a suite has which file.
//!
//! An index has a line for each path, `path section/package,section/package`, two million of them, so it
//! is searched as it streams and never held.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use memchr::{memchr, memrchr};

/// The longest line that is read, in bytes; Debian's longest is a hundredth of it.
pub const MAX_LINE: u64 = 1 << 20;

/// Reads the lines of a Contents index, one at a time.
#[derive(Debug)]
pub struct Contents<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

/// A path, and the packages that have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing<'a> {
    /// The path below the root, without a leading slash.
    pub path: &'a [u8],
    /// The packages with their sections, as they stand in the index.
    pub packages: &'a [u8],
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// A path, with or without its leading slash. `/bin/sh` and `/usr/bin/sh` are the same.
    Path(Vec<u8>),
    /// A file of this name, in whatever directory.
    FileName(Vec<u8>),
    /// A shared library that programs look for under this name, such as `libssl.so.3`.
    Soname(Vec<u8>),
}

/// A path that answers a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The path below the root, as the index spells it.
    pub path: Vec<u8>,
    /// The names of the packages that have it.
    pub packages: Vec<String>,
    /// Whether the loader finds a library there without being told where to look.
    pub is_default_library: bool,
}

/// The answers to one query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What was found: libraries in the loader's own directories first, then in the index's order.
    pub hits: Vec<Hit>,
    /// How many more there are beyond the limit.
    pub more: u64,
}

/// An index that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// The source of the bytes failed.
    #[error("cannot read the contents index")]
    Read(#[from] io::Error),
    /// A line is longer than [`MAX_LINE`].
    #[error("line {0} of the contents index is longer than {MAX_LINE} bytes")]
    TooLong(u64),
}

impl<R: BufRead> Contents<R> {
    /// Starts to read a decompressed index.
    pub fn new(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0 }
    }

    /// Reads the next line that has a path and packages; `None` at the end.
    pub fn next_listing(&mut self) -> Result<Option<Listing<'_>>, ContentsError> {
        loop {
            self.line.clear();
            self.number += 1;
            let length = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.line)?;
            if length == 0 {
                return Ok(None);
            }
            if length as u64 == MAX_LINE && !self.line.ends_with(b"\n") {
                return Err(ContentsError::TooLong(self.number));
            }
            if columns(&self.line).is_some() {
                break;
            }
        }
        Ok(columns(&self.line).map(|(path, packages)| Listing { path, packages }))
    }
}

/// Splits a line at its last blanks: paths may have blanks, packages have none.
fn columns(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii();
    let blank = memrchr(b' ', line).max(memrchr(b'\t', line))?;
    Some((line[..blank].trim_ascii_end(), &line[blank + 1..]))
}

impl<'a> Listing<'a> {
    /// Iterates over the names of the packages, without their sections.
    pub fn package_names(self) -> impl Iterator<Item = &'a [u8]> {
        let names = self.packages.split(|byte| *byte == b',');
        names.map(last_component).filter(|name| !name.is_empty())
    }

    /// Returns the name of the file.
    pub fn file_name(self) -> &'a [u8] {
        last_component(self.path)
    }
}

/// Searches an index for all queries in one pass, and keeps at most `limit` hits of each.
pub fn search<R: BufRead>(index: R, queries: &[Query], limit: usize) -> Result<Vec<Answer>, ContentsError> {
    let mut by_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (number, query) in queries.iter().enumerate() {
        by_name.entry(query.file_name()).or_default().push(number);
    }
    let mut answers = vec![Answer::default(); queries.len()];
    let mut contents = Contents::new(index);
    while let Some(listing) = contents.next_listing()? {
        for number in by_name.get(listing.file_name()).into_iter().flatten() {
            if queries[*number].matches(listing.path) {
                answers[*number].add(listing, limit);
            }
        }
    }
    for answer in &mut answers {
        answer.hits.sort_by_key(|hit| !hit.is_default_library);
    }
    Ok(answers)
}

impl Query {
    fn file_name(&self) -> &[u8] {
        match self {
            Self::Path(path) => last_component(path),
            Self::FileName(name) | Self::Soname(name) => name,
        }
    }

    /// Says whether a path answers the query, given that the name of the file does.
    fn matches(&self, path: &[u8]) -> bool {
        match self {
            Self::Path(wanted) => merged(wanted) == merged(path),
            Self::FileName(_) => true,
            Self::Soname(_) => merged(path).starts_with(b"lib"),
        }
    }
}

impl Answer {
    fn add(&mut self, listing: Listing<'_>, limit: usize) {
        let is_default_library = is_default_library(listing.path);
        if self.hits.len() >= limit {
            // A library the loader would find is worth more than one it would not.
            let worse = self.hits.iter().rposition(|hit| is_default_library && !hit.is_default_library);
            self.more += 1;
            match worse {
                Some(worse) => drop(self.hits.remove(worse)),
                None => return,
            }
        }
        let names = listing.package_names().map(|name| String::from_utf8_lossy(name).into_owned());
        self.hits.push(Hit { path: listing.path.to_vec(), packages: names.collect(), is_default_library });
    }
}

/// Drops what differs between spellings of a path: `./`, `/`, and the `usr/` of a merged system.
fn merged(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b".").filter(|rest| rest.starts_with(b"/")).unwrap_or(path);
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let moved = |rest: &&[u8]| [b"bin/".as_slice(), b"sbin/", b"lib"].iter().any(|top| rest.starts_with(top));
    path.strip_prefix(b"usr/").filter(moved).unwrap_or(path)
}

/// Says whether a path is directly in `lib`, `lib64` or the like, or in an architecture's directory there.
fn is_default_library(path: &[u8]) -> bool {
    let path = merged(path);
    let directory = &path[..path.len() - last_component(path).len()];
    let Some(rest) = directory.strip_prefix(b"lib").and_then(|rest| rest.strip_suffix(b"/")) else {
        return false;
    };
    match memchr(b'/', rest) {
        None => matches!(rest, b"" | b"32" | b"64" | b"x32"),
        Some(0) => rest.windows(7).any(|part| part == b"-linux-") && memchr(b'/', &rest[1..]).is_none(),
        Some(_) => false,
    }
}

fn last_component(path: &[u8]) -> &[u8] {
    memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..])
}

#[cfg(test)]
mod tests;
