//! What a file of an image is, and what of it is shown: bytes in, lines out.
//!
//! ```text
//! Content (name, first bytes, size)  ->  preview()     kind, facts, the modes in which it can be looked at
//! Preview + mode + range of lines    ->  lines()       only these lines: a file of a million costs no more
//! two contents                       ->  difference()  lines that came and went, facts that differ
//! Stack + entry                      ->  entry()       links with every hop, directories, devices, whiteouts
//! ```
//!
//! Bytes are hostile. Nothing here panics, and every figure that grows with them has a limit. All text of
//! the lines and facts is harmless to a terminal: control characters, and invisible ones, are escaped.
//! Passwords and private keys are masked before any bytes of a file are shown.

mod archive;
mod certificates;
mod content;
mod difference;
mod display;
mod elf;
mod entry;
mod hex;
mod highlight;
mod line;
mod magic;
mod mask;
mod pem;
mod picture;
mod provider;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use attar_image::elf::Facts as ElfFacts;
use attar_image::path::TreePath;

pub use archive::{MAX_DECOMPRESSED, MAX_MEMBERS};
use attar_image::text::bytes as size;
pub use content::{Content, MAX_READ, MAX_WHOLE};
pub use difference::{difference, metadata};
pub use display::MAX_COLUMNS;
pub use entry::{directory, entry, link};
pub use hex::bytes_per_line;
pub use highlight::MAX_HIGHLIGHTED;
pub use line::{Line, Span, Style};
use mask::mask;
pub use provider::provider;
use text::Text;

/// Says which file of an image provides what an ELF file needs: a library by its name, or a path.
pub type Provider<'a> = dyn Fn(&ElfFacts, &str) -> Option<TreePath> + 'a;

/// What a content is looked at with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The time in seconds since 1970, for saying whether a certificate is valid; nothing is said without.
    pub now: Option<i64>,
    /// Says which file of the image provides a library that an ELF file needs: see [`provider()`]. Nothing
    /// is said of that without.
    pub provider: Option<&'a Provider<'a>>,
}

impl Surroundings<'static> {
    /// Returns surroundings in which nothing is known.
    pub fn unknown() -> Self {
        Self { now: None, provider: None }
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Surroundings(now: {:?})", self.now)
    }
}

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file without bytes.
    Empty,
    /// Text, in a language if it is known: `shell`, `python`, …
    Text {
        /// The language.
        language: Option<&'static str>,
    },
    /// Bytes that mean nothing here but what their beginning says.
    Binary {
        /// What that is: `SQLite database`, …
        what: Option<&'static str>,
    },
    /// A program, a library, or another ELF file.
    Elf,
    /// An archive of this format, compressed or not.
    Archive {
        /// Its format: `tar`, `zip`, …
        format: &'static str,
    },
    /// One file that is compressed in this format.
    Compressed {
        /// The format: `gzip`, …
        format: &'static str,
    },
    /// Certificates, one or many.
    Certificates,
    /// A private key, which is not shown.
    PrivateKey,
    /// A picture of this format.
    Picture {
        /// The format: `PNG`, …
        format: &'static str,
    },
    /// A symbolic link.
    Link,
    /// A directory.
    Directory,
    /// A character or block device.
    Device,
    /// A named pipe.
    Pipe,
    /// What takes away something of lower layers, or means nothing in an image.
    Whiteout,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty file"),
            Self::Text { language: None } => f.write_str("text"),
            Self::Text { language: Some(language) } => write!(f, "text ({language})"),
            Self::Binary { what: None } => f.write_str("binary"),
            Self::Binary { what: Some(what) } => f.write_str(what),
            Self::Elf => f.write_str("ELF"),
            Self::Archive { format } => write!(f, "archive ({format})"),
            Self::Compressed { format } => write!(f, "compressed ({format})"),
            Self::Certificates => f.write_str("certificates"),
            Self::PrivateKey => f.write_str("private key"),
            Self::Picture { format } => write!(f, "picture ({format})"),
            Self::Link => f.write_str("symbolic link"),
            Self::Directory => f.write_str("directory"),
            Self::Device => f.write_str("device"),
            Self::Pipe => f.write_str("named pipe"),
            Self::Whiteout => f.write_str("whiteout"),
        }
    }
}

/// A way of looking at something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Its text, line by line.
    Text,
    /// Its bytes in hexadecimal digits and as ASCII.
    Hex,
    /// What is known of it.
    Facts,
    /// What it holds: members of an archive, certificates, files of a directory.
    Listing,
    /// What distinguishes it from another version.
    Difference,
}

impl Mode {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Text, Self::Hex, Self::Facts, Self::Listing, Self::Difference];

    /// Finds one by its word.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mode| mode.name() == name)
    }

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Facts => "facts",
            Self::Listing => "listing",
            Self::Difference => "difference",
        }
    }
}

/// Something that is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about: `needs`, `build ID`, …
    pub label: String,
    /// What is known, harmless to a terminal.
    pub value: String,
    /// How it is shown: [`Style::Warning`] where something is wrong.
    pub style: Style,
    /// The path of the image that it is about.
    pub jump: Option<TreePath>,
}

impl Fact {
    fn new(label: &str, value: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into(), style: Style::Plain, jump: None }
    }

    fn warning(label: &str, value: impl Into<String>) -> Self {
        Self { style: Style::Warning, ..Self::new(label, value) }
    }
}

/// What is shown of a file.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What it is.
    pub kind: Kind,
    /// What is known of it, what matters most first.
    pub facts: Vec<Fact>,
    /// The ways of looking at it, the best one first; never empty.
    pub modes: Vec<Mode>,
    /// So many bytes from the beginning of the file would say more; `None` when it need not be read on.
    pub more: Option<u64>,
    /// The bytes of the file from its beginning, masked.
    bytes: Arc<[u8]>,
    /// All bytes of the file.
    size: u64,
    text: Option<Text>,
    listing: Vec<Line>,
    difference: Vec<Line>,
}

impl Preview {
    /// Puts lines in front of those that say what differs.
    #[must_use]
    pub fn differing_in(mut self, lines: Vec<Line>) -> Self {
        self.difference.splice(..0, lines);
        self
    }

    fn new(kind: Kind, modes: &[Mode]) -> Self {
        Self {
            kind,
            facts: Vec::new(),
            modes: modes.to_vec(),
            more: None,
            bytes: Arc::from([]),
            size: 0,
            text: None,
            listing: Vec::new(),
            difference: Vec::new(),
        }
    }

    /// Returns the number of lines that a mode has on a pane of this many columns: the width decides how
    /// many bytes stand in a line of [`Mode::Hex`], and nothing else.
    pub fn line_count(&self, mode: Mode, columns: usize) -> usize {
        match mode {
            Mode::Text => self.text.as_ref().map_or(0, Text::line_count),
            Mode::Hex => hex::line_count(self.bytes.len(), self.size, columns),
            Mode::Facts => self.facts.len(),
            Mode::Listing => self.listing.len(),
            Mode::Difference => self.difference.len(),
        }
    }

    /// Returns some of the lines of a mode; those of the range that there are. Takes time and memory for
    /// these lines only. Lines are at most [`MAX_COLUMNS`] wide and a mark of what was cut off; they are
    /// not broken at the width of the pane.
    pub fn lines(&self, mode: Mode, columns: usize, range: Range<usize>) -> Vec<Line> {
        let end = range.end.min(self.line_count(mode, columns));
        let range = range.start.min(end)..end;
        match mode {
            Mode::Text => {
                self.text.as_ref().map(|text| range.map(|line| text.line(line)).collect()).unwrap_or_default()
            }
            Mode::Hex => range.map(|line| hex::line(&self.bytes, self.size, columns, line)).collect(),
            Mode::Facts => self.facts[range].iter().map(|fact| self.fact_line(fact)).collect(),
            Mode::Listing => self.listing[range].to_vec(),
            Mode::Difference => self.difference[range].to_vec(),
        }
    }

    fn fact_line(&self, fact: &Fact) -> Line {
        let width = self.facts.iter().map(|fact| fact.label.chars().count()).max().unwrap_or(0).min(20);
        let mut line = Line::default();
        line.push(Style::Label, format!("{:<width$}  ", fact.label));
        line.push(fact.style, fact.value.clone());
        line
    }
}

/// Says what a file is and how it can be looked at. What is private in it is masked.
///
/// Takes at most some tens of milliseconds for [`MAX_READ`] bytes, and longer for archives, of which at
/// most [`MAX_DECOMPRESSED`] bytes are decompressed.
pub fn preview(content: &Content, surroundings: &Surroundings<'_>) -> Preview {
    let masked = mask(content);
    let shown = Content { bytes: Arc::clone(&masked.bytes), ..content.clone() };
    let mut preview = if masked.is_key {
        Preview::new(Kind::PrivateKey, &[Mode::Facts])
    } else {
        look(content, &shown, surroundings)
    };
    if masked.keys > 0 {
        if matches!(preview.kind, Kind::Text { .. }) {
            preview.kind = Kind::PrivateKey;
        }
        preview.facts.insert(0, Fact::warning("private keys", format!("{}, masked", masked.keys)));
    }
    if masked.passwords > 0 {
        preview.facts.insert(0, Fact::warning("passwords", format!("{}, masked", masked.passwords)));
    }
    preview.facts.push(Fact::new("size", size(content.size)));
    preview.bytes = masked.bytes;
    preview.size = content.size;
    preview
}

/// Tells what a content is. `shown` is the same, masked: text comes from it. Programs and archives are read
/// unmasked, since what is a key's place by mistake would damage them; of them only facts and names show.
fn look(content: &Content, shown: &Content, surroundings: &Surroundings<'_>) -> Preview {
    if content.size == 0 {
        return Preview::new(Kind::Empty, &[Mode::Facts]);
    }
    let bytes = &content.bytes[..];
    let known = elf::preview(content, surroundings)
        .or_else(|| archive::preview(content))
        .or_else(|| certificates::of_der(bytes, surroundings))
        .or_else(|| picture::preview(bytes));
    if let Some(known) = known {
        return known;
    }
    let what = magic::of(bytes);
    if !text::is_text(bytes) {
        return Preview::new(Kind::Binary { what }, &[Mode::Hex, Mode::Facts]);
    }
    let text = text::preview(shown);
    match certificates::of_pem(&shown.bytes, surroundings) {
        Some(certificates) => Preview { text: text.text, more: text.more, ..certificates },
        None => text,
    }
}
