//! What the files of a package database say, before it is settled who has what.

use super::diversions::{Diversion, parse_diversions};
use super::paths::{Directories, Name, Names, canonical, split};
use crate::alpine::installed::{Record, records};
use crate::database::{DatabaseFile, DatabaseProblem, Package};
use crate::debian::relation::parse_relations;
use crate::debian::status::{State, StatusEntry, parse_md5sums, parse_status};

/// The most paths that databases of one image may list, repetitions counted.
pub const MAX_CLAIMS: usize = 2 << 20;

/// The most bytes that databases of one image may have.
pub const MAX_BYTES: u64 = 256 << 20;

/// A package database that is larger than any image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// It lists too many paths.
    #[error("the package database lists more than {MAX_CLAIMS} paths")]
    Claims,
    /// Its files are too large.
    #[error("the package database has more than {} MiB", MAX_BYTES >> 20)]
    Bytes,
}

/// What the files of a package database say, collected in any order.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    pub(super) packages: Vec<Known>,
    pub(super) holders: Vec<Holder>,
    pub(super) problems: Vec<(Box<[u8]>, DatabaseProblem)>,
    pub(super) diversions: Vec<Diversion>,
    pub(super) directories: Directories,
    pub(super) names: Names,
    pub(super) claims: Vec<Claim>,
    bytes: u64,
}

/// A package with what else its database says of it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) package: Package,
    /// The file of `status.d` that it stands in.
    pub(super) file: Option<Box<[u8]>>,
    /// Names of packages whose files it may take over.
    pub(super) replaces: Vec<Box<str>>,
}

/// Who claims a path.
#[derive(Debug, Clone)]
pub(super) enum Holder {
    /// A package that is known, by its place.
    Package(usize),
    /// A package of dpkg's by its name, and the architecture where the list says it.
    Dpkg { name: String, architecture: Option<String> },
    /// The package of this file of `status.d`.
    Control(Box<[u8]>),
}

/// One path that someone claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) directory: u32,
    pub(super) name: Name,
    pub(super) weight: Weight,
    pub(super) holder: u32,
}

/// How much a claim weighs, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// The package manager's own list.
    List,
    /// A list of checksums.
    Sums,
    /// A list of conffiles.
    Conffiles,
    /// A diversion.
    Diversion,
}

impl Claims {
    /// Adds a file of the image by its path: bytes without a leading slash, in one canonical
    /// spelling. Files that belong to no database are ignored.
    pub fn add(&mut self, path: &[u8], bytes: &[u8]) -> Result<(), TooMuch> {
        let Some(file) = DatabaseFile::of(path) else { return Ok(()) };
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > MAX_BYTES {
            return Err(TooMuch::Bytes);
        }
        match file {
            DatabaseFile::DpkgStatus => self.add_status(path, None, bytes),
            DatabaseFile::DpkgControl(name) => self.add_status(path, Some(name), bytes),
            DatabaseFile::DpkgControlSums(name) => self.add_sums(Holder::Control(name.into()), bytes),
            DatabaseFile::DpkgSums(package) => self.add_sums(Holder::named(package), bytes),
            DatabaseFile::DpkgList(package) => self.add_list(Holder::named(package), bytes),
            DatabaseFile::DpkgDiversions => {
                self.diversions.extend(parse_diversions(bytes));
                Ok(())
            }
            DatabaseFile::ApkInstalled => self.add_installed(path, bytes),
        }
    }

    fn add_status(&mut self, path: &[u8], file: Option<&[u8]>, bytes: &[u8]) -> Result<(), TooMuch> {
        let status = parse_status(bytes);
        self.problems.extend(status.problems.into_iter().map(|problem| (path.into(), problem.into())));
        for entry in status.entries.iter().filter(|entry| entry.state != State::NotInstalled) {
            self.packages.push(Known::of_status(entry, file));
            let holder = self.hold(Holder::Package(self.packages.len() - 1));
            for (conffile, _) in &entry.conffiles {
                self.claim(holder, Weight::Conffiles, conffile.as_bytes())?;
            }
        }
        Ok(())
    }

    fn add_sums(&mut self, holder: Holder, bytes: &[u8]) -> Result<(), TooMuch> {
        let holder = self.hold(holder);
        for sum in parse_md5sums(bytes) {
            self.claim(holder, Weight::Sums, &sum.path)?;
        }
        Ok(())
    }

    fn add_list(&mut self, holder: Holder, bytes: &[u8]) -> Result<(), TooMuch> {
        let holder = self.hold(holder);
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.claim(holder, Weight::List, line)?;
        }
        Ok(())
    }

    fn add_installed(&mut self, path: &[u8], bytes: &[u8]) -> Result<(), TooMuch> {
        for record in records(bytes) {
            let record = match record {
                Ok(record) => record,
                Err(problem) => {
                    self.problems.push((path.into(), problem.into()));
                    continue;
                }
            };
            self.packages.push(Known::of_record(&record));
            let holder = self.hold(Holder::Package(self.packages.len() - 1));
            for owned in &record.owned {
                let path = super::paths::join(owned.directory, owned.name.unwrap_or_default());
                self.claim(holder, Weight::List, &path)?;
            }
        }
        Ok(())
    }

    fn hold(&mut self, holder: Holder) -> u32 {
        self.holders.push(holder);
        // Each one stands for a line of text at least, of which there are less than 2^28.
        self.holders.len() as u32 - 1
    }

    /// Notes a claim; a path that can stand in no tree is ignored.
    fn claim(&mut self, holder: u32, weight: Weight, path: &[u8]) -> Result<(), TooMuch> {
        let Some(path) = canonical(path) else { return Ok(()) };
        if self.claims.len() >= MAX_CLAIMS {
            return Err(TooMuch::Claims);
        }
        let (directory, name) = split(&path);
        let name = self.names.add(name).ok_or(TooMuch::Bytes)?;
        let directory = self.directories.number(directory);
        self.claims.push(Claim { directory, name, weight, holder });
        Ok(())
    }
}

impl Holder {
    /// Reads the name of a list of dpkg's: a package's, perhaps with `:` and an architecture.
    fn named(package: &[u8]) -> Self {
        let text = String::from_utf8_lossy(package);
        let (name, architecture) = match text.split_once(':') {
            Some((name, architecture)) => (name, Some(architecture.to_owned())),
            None => (&*text, None),
        };
        Self::Dpkg { name: name.to_owned(), architecture }
    }
}

impl Known {
    fn of_status(entry: &StatusEntry, file: Option<&[u8]>) -> Self {
        // A field that cannot be read is about nothing that another one would not settle.
        let clauses = parse_relations(&entry.replaces).unwrap_or_default();
        let relations = clauses.into_iter().flat_map(|clause| clause.alternatives);
        Self {
            package: Package::of_status(entry),
            file: file.map(Box::from),
            replaces: relations.map(|relation| relation.name).collect(),
        }
    }

    fn of_record(record: &Record<'_>) -> Self {
        let names = record.replaces.split_ascii_whitespace();
        let names = names.filter_map(|word| word.split(['<', '>', '=', '~', '!']).next());
        Self {
            package: Package::of_record(record),
            file: None,
            replaces: names.filter(|name| !name.is_empty()).map(Box::from).collect(),
        }
    }
}
