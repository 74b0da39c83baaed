//! The stanza format of Debian's control files, indexes and releases.
//!
//! A text is a sequence of stanzas that blank lines part; a stanza is a sequence of fields; a field is
//! `Name: value`, and lines that start with a blank continue its value. Field names have no case.
//! [`Scanner`] walks a text without copying or allocating; [`Stanza`] collects one stanza.

use memchr::memchr;

/// A field as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as spelled.
    pub name: &'a str,
    /// The raw value: without blanks around it, its continuation lines included.
    pub value: &'a str,
    /// The line of the name, counted from 1.
    pub line: u32,
    /// Whether lines continue the first one.
    pub continued: bool,
}

/// What the [`Scanner`] met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A field of the current stanza.
    Field(Field<'a>),
    /// The current stanza, which had at least one field, is over.
    End,
}

/// A text that does not follow the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedStanza {
    /// A line that is neither a field nor a continuation.
    #[error("line {line}: expected `Name: value`, found `{found}`")]
    NoField {
        /// The line, counted from 1.
        line: u32,
        /// The start of the line, escaped.
        found: String,
    },
    /// A continuation line with no field before it.
    #[error("line {line}: a continuation line stands before the first field")]
    Continuation {
        /// The line, counted from 1.
        line: u32,
    },
    /// A field that the stanza has already: which of the two counts would be a guess.
    #[error("line {line}: the field `{name}` stands twice in one stanza")]
    Duplicate {
        /// The line of the second one.
        line: u32,
        /// The field's name as spelled there.
        name: String,
    },
    /// Another stanza where one was expected.
    #[error("line {line}: expected one stanza, found another")]
    Another {
        /// The line where the other one starts.
        line: u32,
    },
}

/// Walks a text, field by field; see [`Token`].
///
/// Carriage returns at the end of a line do not count, comment lines between fields are skipped, and
/// a last line needs no newline. After an error the walk is over, unless it is told to
/// [go on](Scanner::skip_stanza).
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    text: &'a str,
    position: usize,
    line: u32,
    inside: bool,
    failed: bool,
}

impl<'a> Scanner<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0, line: 0, inside: false, failed: false }
    }

    /// Skips what is left of the current stanza, also after an error in it.
    pub fn skip_stanza(&mut self) {
        while self.position < self.text.len() {
            let (end, next) = self.line_at(self.position);
            let is_end = is_blank(&self.text.as_bytes()[self.position..end]);
            self.position = next;
            self.line = self.line.saturating_add(1);
            if is_end {
                break;
            }
        }
        self.inside = false;
        self.failed = false;
    }

    /// Returns where the line that starts at `start` ends, and where the next one starts.
    fn line_at(&self, start: usize) -> (usize, usize) {
        match memchr(b'\n', &self.text.as_bytes()[start..]) {
            Some(length) => (start + length, start + length + 1),
            None => (self.text.len(), self.text.len()),
        }
    }

    /// Reads the field whose first line stands at `start..end`, and the lines that continue it.
    fn field(&mut self, start: usize, mut end: usize) -> Result<Field<'a>, MalformedStanza> {
        let (line, number) = (&self.text[start..end], self.line);
        let Some(colon) = name_length(line.as_bytes()) else {
            return Err(self.fail(line));
        };
        while let Some(b' ' | b'\t') = self.text.as_bytes().get(self.position) {
            let (line_end, next) = self.line_at(self.position);
            if is_blank(&self.text.as_bytes()[self.position..line_end]) {
                break;
            }
            (end, self.position) = (line_end, next);
            self.line = self.line.saturating_add(1);
        }
        let value = self.text[start + colon + 1..end].trim_ascii();
        Ok(Field { name: &line[..colon], value, line: number, continued: self.line != number })
    }

    fn fail(&mut self, line: &str) -> MalformedStanza {
        self.failed = true;
        if line.starts_with([' ', '\t']) {
            return MalformedStanza::Continuation { line: self.line };
        }
        let found = line.trim_ascii_end().chars().take(60).flat_map(char::escape_default).collect();
        MalformedStanza::NoField { line: self.line, found }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Result<Token<'a>, MalformedStanza>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        while self.position < bytes.len() && !self.failed {
            let start = self.position;
            let (end, next) = self.line_at(start);
            self.position = next;
            self.line = self.line.saturating_add(1);
            if bytes[start] == b'#' {
                continue;
            }
            if !is_blank(&bytes[start..end]) {
                self.inside = true;
                return Some(self.field(start, end).map(Token::Field));
            }
            if std::mem::take(&mut self.inside) {
                return Some(Ok(Token::End));
            }
        }
        let is_over = std::mem::take(&mut self.inside) && !self.failed;
        is_over.then_some(Ok(Token::End))
    }
}

/// Says whether a line has nothing but white space, which ends a stanza.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// Returns the length of the field name that a line starts with, up to its colon: printable ASCII
/// without blanks, starting with neither `#` nor `-`.
fn name_length(line: &[u8]) -> Option<usize> {
    let length = line.iter().position(|byte| *byte == b':' || !byte.is_ascii_graphic())?;
    let is_name = line[length] == b':' && !matches!(line[0], b':' | b'#' | b'-');
    is_name.then_some(length)
}

impl<'a> Field<'a> {
    /// Returns the first line of the value.
    pub fn first_line(&self) -> &'a str {
        if self.continued { first_line(self.value) } else { self.value }
    }
}

/// Returns the first line of a raw value, without white space around it.
pub fn first_line(value: &str) -> &str {
    value.split('\n').next().unwrap_or_default().trim_ascii()
}

/// One stanza whose fields are found by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Stanza<'a> {
    /// Reads a text that holds at most one stanza; an empty text gives an empty one.
    pub fn parse(text: &'a str) -> Result<Self, MalformedStanza> {
        let mut stanzas = stanzas(text);
        let stanza = stanzas.next().unwrap_or(Ok(Self { fields: Vec::new() }))?;
        match stanzas.next() {
            None => Ok(stanza),
            Some(Err(error)) => Err(error),
            Some(Ok(other)) => {
                Err(MalformedStanza::Another { line: other.fields.first().map_or(0, |field| field.line) })
            }
        }
    }

    /// Returns the raw value of a field.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.field(name).map(|field| field.value)
    }

    /// Returns a field by its name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Returns all fields in their order.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    fn new(fields: Vec<Field<'a>>) -> Result<Self, MalformedStanza> {
        // Sorted rather than compared pairwise: a hostile stanza may have a million fields.
        let mut names: Vec<(String, u32)> =
            fields.iter().map(|field| (field.name.to_ascii_lowercase(), field.line)).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            None => Ok(Self { fields }),
            Some(pair) => {
                let line = pair[1].1;
                let field = fields.iter().find(|field| field.line == line);
                let name = field.map_or_else(String::new, |field| field.name.to_owned());
                Err(MalformedStanza::Duplicate { line, name })
            }
        }
    }
}

/// Iterates over the stanzas of a text; ends after the first line that cannot be read.
pub fn stanzas(text: &str) -> impl Iterator<Item = Result<Stanza<'_>, MalformedStanza>> {
    let mut scanner = Scanner::new(text);
    std::iter::from_fn(move || next_stanza(&mut scanner))
}

/// Iterates over the stanzas of a text; after one that cannot be read it goes on with the next.
pub fn recovering_stanzas(text: &str) -> impl Iterator<Item = Result<Stanza<'_>, MalformedStanza>> {
    let mut scanner = Scanner::new(text);
    std::iter::from_fn(move || {
        let stanza = next_stanza(&mut scanner)?;
        if scanner.failed {
            scanner.skip_stanza();
        }
        Some(stanza)
    })
}

fn next_stanza<'a>(scanner: &mut Scanner<'a>) -> Option<Result<Stanza<'a>, MalformedStanza>> {
    let mut fields = Vec::new();
    loop {
        match scanner.next()? {
            Ok(Token::Field(field)) => fields.push(field),
            Ok(Token::End) => return Some(Stanza::new(fields)),
            Err(error) => return Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
