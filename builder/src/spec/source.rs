//! The files a spec is read from, and places in them.

use std::fmt;
use std::sync::Arc;

/// A place in a file of a spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Bytes of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// Number of the file in its [`Sources`].
    pub(crate) file: u32,
    /// First byte.
    pub(crate) start: u32,
    /// Byte after the last.
    pub(crate) end: u32,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file, as the user named it.
    pub(crate) name: Arc<str>,
    /// What precedes a relative path of this file to make it relative to the spec's directory.
    pub(crate) prefix: String,
    /// Its text.
    pub(crate) text: String,
    /// Its text as messages show it.
    pub(crate) shown: String,
}

impl Source {
    /// Returns a file with this text.
    pub(crate) fn new(name: &str, prefix: String, text: String) -> Self {
        Self { name: name.into(), prefix, shown: masked(&text), text }
    }
}

/// Puts an asterisk for each byte of the credentials in URLs, so that no message shows them.
pub(crate) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let authority = after.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(after.len());
        let credentials = after[..authority].rfind('@').unwrap_or(0);
        shown.extend(std::iter::repeat_n('*', credentials));
        rest = &after[credentials..];
    }
    shown + rest
}

/// All files of a spec.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// Adds a file and returns its number.
    pub(crate) fn add(&mut self, source: Source) -> u32 {
        self.0.push(Arc::new(source));
        u32::try_from(self.0.len() - 1).expect("the number of files is limited")
    }

    /// Returns the file a span lies in.
    pub(crate) fn of(&self, span: Span) -> &Source {
        &self.0[span.file as usize]
    }

    /// Returns a file by its number.
    pub(crate) fn file(&self, file: u32) -> Arc<Source> {
        Arc::clone(&self.0[file as usize])
    }

    /// Iterates over the files in the order in which they were begun.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().map(|source| &**source)
    }

    /// Returns the number of files.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns where a span begins.
    pub(crate) fn locate(&self, span: Span) -> Location {
        let source = self.of(span);
        let before = &source.text[..floor(&source.text, span.start as usize)];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Location { file: Arc::clone(&source.name), line: number(line), column: number(column) }
    }

    /// Returns where a text stands in a span for the first time, written as it is.
    pub(crate) fn find(&self, span: Span, text: &str) -> Option<Span> {
        let written = self.of(span).text.get(span.start as usize..span.end as usize)?;
        let offset = u32::try_from(written.find(text)?).ok()?;
        let start = span.start + offset;
        Some(Span { start, end: start + u32::try_from(text.len()).ok()?, ..span })
    }

    /// Returns the part of a span that lies on its first line, as byte offsets.
    pub(crate) fn first_line(&self, span: Span) -> std::ops::Range<usize> {
        let text = &self.of(span).text;
        let start = floor(text, span.start as usize);
        let end = floor(text, span.end as usize).max(start);
        let line = text[start..end].split(['\n', '\r']).next().unwrap_or_default().trim_end();
        start..start + line.len()
    }
}

/// Returns the character boundary at or before `index`.
fn floor(text: &str, index: usize) -> usize {
    text.floor_char_boundary(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked() {
        for (text, shown) in [
            ("a: https://u:p@example.org/x@y # b", "a: https://***@example.org/x@y # b"),
            ("https://example.org http://é@x", "https://example.org http://**@x"),
            ("://", "://"),
            ("no@url", "no@url"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn places_count_characters() {
        let mut sources = Sources::default();
        let text = "é: 1\nab: ü x\n".to_owned();
        let file = sources.add(Source::new("a.yaml", String::new(), text));
        for (start, expected) in
            [(0, "a.yaml:1:1"), (2, "a.yaml:1:2"), (6, "a.yaml:2:1"), (13, "a.yaml:2:7"), (99, "a.yaml:3:1")]
        {
            assert_eq!(sources.locate(Span { file, start, end: start }).to_string(), expected);
        }
        assert_eq!(sources.first_line(Span { file, start: 0, end: 14 }), 0..5);
    }
}
