//! One Packages index: parsed in place, looked up by package and by what packages provide.
//!
//! [`Index`] owns the text and, for each package, where its fields stand in it, so that the 70 000
//! packages of a suite take some twenty milliseconds. Fields are read as text; relations are parsed on
//! demand with [`parse_relations`](super::relation::parse_relations).

use std::fmt;

use super::deb822::{self, MalformedStanza, Scanner, Token};
use super::version;

mod field;
mod package;
mod table;

use field::Field;
pub(crate) use package::source;
pub use package::{MultiArch, Package, Priority};
use table::{NameTable, TableBuilder};

/// The longest text of an index, in bytes; Debian's longest is a tenth of it.
pub const MAX_INDEX: usize = 1 << 29;

/// The number of a package in its [`Index`], in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageNumber(pub u32);

/// The packages of one component and architecture of a suite.
#[derive(Clone)]
pub struct Index {
    text: String,
    records: Vec<Record>,
    /// All packages by name, those of one name from the newest to the oldest.
    by_name: NameTable<PackageNumber>,
    /// What packages provide by the provided name, for one name in the order of the text.
    provided: NameTable<Provided>,
}

/// A package that provides a name.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// The package.
    pub package: Package<'a>,
    /// The version it provides; without one it satisfies no constraint.
    pub version: Option<&'a str>,
}

/// A text that is no package index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIndex {
    /// The text has a line that cannot be read.
    #[error("cannot read the package index")]
    Malformed(#[from] MalformedStanza),
    /// A package has a field twice.
    #[error("line {line} of the package index: package `{package}` has the field `{field}` twice")]
    Duplicate {
        /// The line of the second one.
        line: u32,
        /// The package's name, empty if it has none yet.
        package: String,
        /// The field's name.
        field: &'static str,
    },
    /// A package lacks a field that it must have.
    #[error("line {line} of the package index: package `{package}` has no `{field}`")]
    Missing {
        /// The line of the stanza's first field.
        line: u32,
        /// The package's name, empty if that is what is missing.
        package: String,
        /// The field's name.
        field: &'static str,
    },
    /// The text is longer than [`MAX_INDEX`].
    #[error("the package index has {length} bytes: expected at most {MAX_INDEX}")]
    TooLong {
        /// The length found.
        length: usize,
    },
}

/// Where a value stands in the text.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    start: u32,
    length: u32,
}

/// Where the fields of one package stand.
type Record = [Span; field::COUNT];

#[derive(Clone, Copy)]
struct Provided {
    name: Span,
    version: Span,
    package: PackageNumber,
}

impl Index {
    /// Reads the decompressed text of a Packages file.
    ///
    /// A package needs Package, Version, Architecture, Filename, Size and SHA256; a field that stands
    /// twice is an error. Bytes that are not UTF-8 become replacement characters.
    pub fn parse(text: Vec<u8>) -> Result<Self, InvalidIndex> {
        let text =
            String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into());
        if text.len() > MAX_INDEX {
            return Err(InvalidIndex::TooLong { length: text.len() });
        }
        let Reader { records, names, provided, .. } = Reader::read(&text)?;
        let package = |number: &PackageNumber| Package {
            text: &text,
            record: &records[number.0 as usize],
            number: *number,
        };
        let by_name = names.build(
            |number| package(number).name(),
            |a, b| version::compare(package(b).version(), package(a).version()),
        );
        let provided = provided.build(|provided| provided.name.of(&text), |a, b| a.package.cmp(&b.package));
        Ok(Self { text, records, by_name, provided })
    }

    /// Returns the number of packages.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Says whether there is no package.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Iterates over all packages in the order of the text.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = Package<'_>> {
        (0..self.records.len()).map(|number| self.get(PackageNumber(number as u32)))
    }

    /// Returns a package by its number.
    ///
    /// # Panics
    /// If the number is not from this index.
    pub fn get(&self, number: PackageNumber) -> Package<'_> {
        Package { text: &self.text, record: &self.records[number.0 as usize], number }
    }

    /// Iterates over the packages of a name, from the newest version to the oldest.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Package<'_>> + use<'_> {
        let numbers = self.by_name.named(name, |number| self.get(*number).name());
        numbers.iter().map(|number| self.get(*number))
    }

    /// Iterates over the packages whose Provides names `virtual_name`, in the order of the text.
    pub fn providers(&self, virtual_name: &str) -> impl Iterator<Item = Provider<'_>> + use<'_> {
        let provided = self.provided.named(virtual_name, |provided| provided.name.of(&self.text));
        provided.iter().map(|provided| Provider {
            package: self.get(provided.package),
            version: Some(provided.version.of(&self.text)).filter(|version| !version.is_empty()),
        })
    }

    /// Writes the fields that attar reads, and no others, in the form that [`Index::parse`] reads.
    pub fn to_compact(&self) -> Vec<u8> {
        let mut compact = String::with_capacity(self.text.len() / 2);
        for package in self.packages() {
            for field in field::ALL {
                let value = package.raw(field);
                if !value.is_empty() {
                    compact.extend([field.name(), ": ", value, "\n"]);
                }
            }
            compact.push('\n');
        }
        compact.into_bytes()
    }
}

/// What is known of an index while it is read.
struct Reader<'a> {
    text: &'a str,
    records: Vec<Record>,
    names: TableBuilder<PackageNumber>,
    provided: TableBuilder<Provided>,
}

impl<'a> Reader<'a> {
    fn read(text: &'a str) -> Result<Self, InvalidIndex> {
        // A stanza of Debian's has some 800 bytes; a short guess costs a copy, a long one only addresses.
        let records = Vec::with_capacity(text.len() / 600);
        let mut reader = Self { text, records, names: TableBuilder::new(), provided: TableBuilder::new() };
        let mut record = Record::default();
        let mut stanza_line = None;
        for token in Scanner::new(text) {
            match token? {
                Token::Field(found) => {
                    stanza_line.get_or_insert(found.line);
                    if let Some(field) = Field::named(found.name) {
                        set(&mut record, field, &found, text)?;
                    }
                }
                Token::End => {
                    check(&record, text, stanza_line.take().unwrap_or_default())?;
                    reader.add(std::mem::take(&mut record));
                }
            }
        }
        Ok(reader)
    }

    /// Takes in a package. Its names are hashed now, while they are in the processor's cache.
    fn add(&mut self, record: Record) {
        let number = PackageNumber(self.records.len() as u32);
        self.names.add(record[Field::Package as usize].of(self.text), number);
        for item in record[Field::Provides as usize].of(self.text).split(',') {
            let item = item.trim_ascii();
            let end = item.bytes().position(|byte| b": \t\r\n(".contains(&byte)).unwrap_or(item.len());
            if end == 0 {
                continue;
            }
            let version = item[end..]
                .split_once('(')
                .and_then(|(_, inner)| inner.split_once(')'))
                .and_then(|(inner, _)| inner.trim_ascii().strip_prefix('='))
                .unwrap_or_default();
            let name = Span::within(self.text, &item[..end]);
            let version = Span::within(self.text, version.trim_ascii());
            self.provided.add(&item[..end], Provided { name, version, package: number });
        }
        self.records.push(record);
    }
}

fn set(record: &mut Record, field: Field, found: &deb822::Field<'_>, text: &str) -> Result<(), InvalidIndex> {
    if record[field as usize] != Span::default() {
        let package = record[Field::Package as usize].of(text).to_owned();
        return Err(InvalidIndex::Duplicate { line: found.line, package, field: field.name() });
    }
    let value = if field.is_one_line() { found.first_line() } else { found.value };
    record[field as usize] = Span::within(text, value);
    Ok(())
}

/// Checks that a package has all that it must have.
fn check(record: &Record, text: &str, line: u32) -> Result<(), InvalidIndex> {
    let is_missing = |field: &Field| field.is_required() && record[*field as usize].length == 0;
    match field::ALL.into_iter().find(is_missing) {
        None => Ok(()),
        Some(field) => {
            let package = record[Field::Package as usize].of(text).to_owned();
            Err(InvalidIndex::Missing { line, package, field: field.name() })
        }
    }
}

impl Span {
    /// Returns where `part` stands in `text`, which it must be a slice of.
    fn within(text: &str, part: &str) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
        // Lengths fit: `Index::parse` refuses a text beyond `MAX_INDEX`. A slice of another text, such
        // as an empty literal, has no place in this one.
        if start > text.len() || part.is_empty() && start == 0 {
            return Self::default();
        }
        Self { start: start as u32, length: part.len() as u32 }
    }

    fn of(self, text: &str) -> &str {
        &text[self.start as usize..][..self.length as usize]
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} packages)", self.len())
    }
}

#[cfg(test)]
mod tests;
