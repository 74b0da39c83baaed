//! A small language that says which paths are shown: terms with blanks in between, all of which must hold.
//!
//! | term | holds for |
//! |---|---|
//! | `word` | paths with these characters in this order, others in between; capitals count where the word has one |
//! | `re:PATTERN` | paths that the regular expression finds something in |
//! | `glob:PATTERN` | paths that the glob matches: from the root if it starts with `/`, else at any depth |
//! | `size:>10M` | regular files by size: `>` `<` `>=` `<=` `=`, and `k M G Ki Mi Gi` |
//! | `dead:` `dead:>1M` | anything but directories of which copies are dead, by the bytes of these |
//! | `layer:3` `layer:3..5` | what these layers wrote, numbered from 1 |
//! | `type:…` | `file`, `dir`, `link`, `hardlink`, `device`, `fifo`; of regular files `exec`: may be executed, `elf` and `script`: begin as such |
//! | `mode:…` | `suid`, `sgid`, `sticky`, `exec`, `world-writable`, or all twelve bits: `0644` |
//! | `uid:0` `gid:0` | owner's and group's number |
//! | `change:…` | `added`, `modified`, `rewritten`, `removed`, `unchanged` |
//! | `owner:NAME` `owner:none` | what the package has, `*` standing for anything; or what no package has |
//! | `!TERM` | whatever the term does not hold for |
//!
//! Paths start with a slash. Quotes keep blanks together, and a quoted word is never a key: `re:"a b"`,
//! `"a:b"`; `\"` stands for a quote between quotes.

pub(super) mod parse;

use attar_image::stack::{EntryId, Form, Magic, Stack};
use attar_packages::ownership::Ownership;

use super::figures::Figures;
use super::marks::Mark;
use crate::rules::Glob;

pub use parse::MAX_BYTES;

/// Says which paths are shown.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

impl PartialEq for Filter {
    /// Says whether both are written alike.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Filter {}

/// A term that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{term}` in column {column} of the filter: expected {expected}")]
pub struct FilterError {
    /// The term as it was written.
    pub term: String,
    /// Where it starts, in characters from 1.
    pub column: usize,
    /// What should stand there.
    pub expected: String,
}

/// What a filter is asked about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The path with its leading slash.
    pub(super) path: &'a [u8],
    pub(super) stack: &'a Stack,
    /// What stands there; a directory that is only implied has none.
    pub(super) entry: Option<EntryId>,
    pub(super) mark: Mark,
    pub(super) figures: Figures,
    pub(super) owners: Option<&'a Ownership>,
}

#[derive(Clone, Debug)]
struct Term {
    is_negated: bool,
    test: Test,
}

/// What a term asks; the cheapest first, which is the order in which they are asked.
#[derive(Clone, Debug)]
enum Test {
    Change(Mark),
    Dead(Comparison, u64),
    Layer { from: usize, to: usize },
    Size(Comparison, u64),
    Type(Type),
    Mode(ModeTest),
    Uid(u32),
    Gid(u32),
    Word(Word),
    Regex(regex::bytes::Regex),
    Glob(Glob),
    Owner(Option<Glob>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Greater,
    Less,
    AtLeast,
    AtMost,
    Equal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    File,
    Directory,
    Link,
    HardLink,
    Device,
    Fifo,
    Executable,
    /// A regular file that begins like this.
    Magic(Magic),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ModeTest {
    /// One of these bits is set.
    Any(u16),
    Executable,
    WorldWritable,
    Exact(u16),
}

/// Characters that a path has in this order.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    has_capitals: bool,
}

impl Filter {
    /// Reads a filter of at most [`MAX_BYTES`]. One without terms lets everything through.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut terms = parse::terms(text)?;
        terms.sort_by_key(|term| term.test.cost());
        Ok(Self { text: text.to_owned(), terms })
    }

    /// Returns the filter as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Says whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Says whether it asks which package has a path.
    pub fn needs_owners(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Owner(_)))
    }

    /// Says whether a path matches. What asks for owners holds for nothing where they are not known, and
    /// neither does its opposite.
    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        self.terms.iter().all(|term| term.test.holds(subject) == Some(!term.is_negated))
    }
}

impl Test {
    fn cost(&self) -> u8 {
        match self {
            Self::Change(_) | Self::Dead(..) => 0,
            Self::Layer { .. } | Self::Size(..) | Self::Type(_) => 1,
            Self::Mode(_) | Self::Uid(_) | Self::Gid(_) => 1,
            Self::Word(_) => 2,
            Self::Regex(_) => 3,
            Self::Glob(_) => 4,
            Self::Owner(_) => 5,
        }
    }

    /// Returns the answer; `None` where it is not known.
    fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        let Subject { stack, entry, .. } = *subject;
        let row = entry.map(|entry| stack.row(entry));
        let file = entry.map(|entry| stack.row(stack.linked(entry)));
        let form = file.map_or(Form::Directory, |file| file.form);
        Some(match self {
            Self::Change(mark) => subject.mark == *mark,
            Self::Dead(comparison, bytes) => {
                form != Form::Directory && comparison.holds(subject.figures.dead, *bytes)
            }
            Self::Layer { from, to } => {
                entry.is_some_and(|entry| (*from..=*to).contains(&(stack.layer_of(entry) + 1)))
            }
            Self::Size(comparison, bytes) => {
                file.is_some_and(|file| file.form == Form::File && comparison.holds(file.size, *bytes))
            }
            Self::Type(Type::HardLink) => row.is_some_and(|row| row.form == Form::HardLink),
            Self::Type(Type::Executable) => {
                form == Form::File && row.is_some_and(|row| row.mode & 0o111 != 0)
            }
            Self::Type(Type::Magic(magic)) => {
                form == Form::File && file.is_some_and(|file| file.magic == *magic)
            }
            Self::Type(kind) => kind.is(form),
            Self::Mode(test) => row.is_some_and(|row| test.holds(form, row.mode)),
            Self::Uid(number) => row.is_some_and(|row| row.uid == *number),
            Self::Gid(number) => row.is_some_and(|row| row.gid == *number),
            Self::Word(word) => word.is_in(subject.path),
            Self::Regex(regex) => regex.is_match(subject.path),
            Self::Glob(glob) => glob.matches_absolute(subject.path),
            Self::Owner(wanted) => {
                let owners = subject.owners?;
                let mut found = owners.owners(subject.path.strip_prefix(b"/").unwrap_or(subject.path));
                match wanted {
                    None => found.len() == 0,
                    // A directory is everybody's who has it, anything else the one's who brought it.
                    Some(wanted) => {
                        let limit = if form == Form::Directory { usize::MAX } else { 1 };
                        let name = |id| ["/", &owners.package(id).name].concat();
                        found.by_ref().take(limit).any(|id| wanted.matches_absolute(name(id).as_bytes()))
                    }
                }
            }
        })
    }
}

impl Comparison {
    fn holds(self, found: u64, wanted: u64) -> bool {
        match self {
            Self::Greater => found > wanted,
            Self::Less => found < wanted,
            Self::AtLeast => found >= wanted,
            Self::AtMost => found <= wanted,
            Self::Equal => found == wanted,
        }
    }
}

impl Type {
    fn is(self, form: Form) -> bool {
        match self {
            Self::File | Self::Executable | Self::Magic(_) => form == Form::File,
            Self::Directory => form == Form::Directory,
            Self::Link => form == Form::Symlink,
            Self::HardLink => form == Form::HardLink,
            Self::Device => matches!(form, Form::CharacterDevice | Form::BlockDevice),
            Self::Fifo => form == Form::Fifo,
        }
    }
}

impl ModeTest {
    fn holds(self, form: Form, mode: u16) -> bool {
        match self {
            Self::Exact(bits) => mode == bits,
            // Nothing asks for the permissions of a link.
            _ if form == Form::Symlink => false,
            Self::Any(bits) => mode & bits != 0,
            // Every directory has these bits, and they mean something else there.
            Self::Executable => form != Form::Directory && mode & 0o111 != 0,
            Self::WorldWritable => mode & 0o002 != 0,
        }
    }
}

impl Word {
    fn new(text: String) -> Self {
        let has_capitals = text.chars().any(char::is_uppercase);
        Self { text, has_capitals }
    }

    fn is_in(&self, path: &[u8]) -> bool {
        if self.text.is_ascii() {
            let fold = |byte: u8| if self.has_capitals { byte } else { byte.to_ascii_lowercase() };
            let mut path = path.iter();
            return self.text.bytes().all(|wanted| path.any(|byte| fold(*byte) == wanted));
        }
        let path = String::from_utf8_lossy(path);
        if self.has_capitals {
            let mut path = path.chars();
            return self.text.chars().all(|wanted| path.any(|found| found == wanted));
        }
        let mut path = path.chars().flat_map(char::to_lowercase);
        self.text.chars().all(|wanted| path.any(|found| found == wanted))
    }
}

#[cfg(test)]
mod tests;
