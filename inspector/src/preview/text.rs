//! Text: told by its bytes, not by its name; its lines are found once and made harmless when asked for.

use std::sync::Arc;

use super::content::Content;
use super::display::{Run, plain, show};
use super::highlight::{self, language};
use super::line::{Line, Style};
use super::size;
use super::{Fact, Kind, Mode, Preview};

/// So many bytes decide whether a content is text.
const SAMPLE: usize = 8 << 10;

/// A text whose lines can be shown one by one.
#[derive(Clone, Debug)]
pub(super) struct Text {
    bytes: Arc<[u8]>,
    /// Where each line begins.
    starts: Vec<u32>,
    /// Styles of the first lines.
    runs: Vec<Vec<Run>>,
    /// What the text ends before.
    rest: Option<String>,
}

impl Text {
    /// Finds the lines of a text and, in the first ones, the words of its language. `rest` says what
    /// is missing after it.
    pub(super) fn new(bytes: &Arc<[u8]>, language: Option<&'static str>, rest: Option<String>) -> Self {
        let mut starts = vec![0];
        // Contents are shorter than `MAX_WHOLE`, which is far below.
        starts.extend(bytes.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, next)| next));
        if starts.last().is_some_and(|start: &u32| *start as usize == bytes.len()) {
            starts.pop();
        }
        let mut text = Self { bytes: Arc::clone(bytes), starts, runs: Vec::new(), rest };
        if let Some(language) = language {
            text.runs = highlight::runs(language, (0..text.starts.len()).map(|line| text.bytes_of(line)));
        }
        text
    }

    pub(super) fn line_count(&self) -> usize {
        self.starts.len() + usize::from(self.rest.is_some())
    }

    /// Returns a line, which must be one of [`line_count`](Self::line_count).
    pub(super) fn line(&self, number: usize) -> Line {
        if number >= self.starts.len() {
            return Line::of(Style::Muted, self.rest.clone().unwrap_or_default());
        }
        let bytes = self.bytes_of(number);
        match self.runs.get(number) {
            Some(runs) => show(bytes).styled(runs, Style::Plain),
            None => plain(bytes, Style::Plain),
        }
    }

    fn bytes_of(&self, number: usize) -> &[u8] {
        let end = self.starts.get(number + 1).map_or(self.bytes.len(), |end| *end as usize);
        let line = &self.bytes[self.starts[number] as usize..end];
        line.strip_suffix(b"\n").unwrap_or(line)
    }
}

/// Says whether a content is text: without zero bytes, and nearly all of it in UTF-8 and printable.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    if bytes.contains(&0) {
        return false;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let mut strange = 0;
    for chunk in sample.utf8_chunks() {
        let unusual =
            |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x08' | '\x0c' | '\x1b');
        strange += chunk.valid().chars().filter(unusual).count() + chunk.invalid().len();
    }
    // Texts of before Unicode have a letter with an accent here and there.
    strange * 8 <= sample.len()
}

/// Says what a text is.
pub(super) fn preview(content: &Content) -> Preview {
    let bytes = &content.bytes;
    let language = language(content.file_name(), bytes);
    let mut preview = Preview::new(Kind::Text { language }, &[Mode::Text, Mode::Hex, Mode::Facts]);
    let text = Text::new(bytes, language, missing(content));
    preview.facts = facts(bytes, &text);
    preview.text = Some(text);
    preview.more = content.more();
    preview
}

/// Says what a content lacks of its file.
pub(super) fn missing(content: &Content) -> Option<String> {
    let rest = content.size - content.bytes.len() as u64;
    (rest > 0).then(|| format!("… {} more", size(rest)))
}

/// Returns what is known of a text.
pub(super) fn facts(bytes: &[u8], text: &Text) -> Vec<Fact> {
    let lines = text.starts.len();
    let lines = match text.rest {
        Some(_) => format!("{lines} in the first {}", size(bytes.len() as u64)),
        None => lines.to_string(),
    };
    let encoding = match bytes {
        bytes if bytes.is_ascii() => "ASCII",
        [0xef, 0xbb, 0xbf, ..] => "UTF-8 with a byte order mark",
        // The last character may be cut in two.
        bytes => match std::str::from_utf8(bytes) {
            Ok(_) => "UTF-8",
            Err(error) if error.error_len().is_none() && text.rest.is_some() => "UTF-8",
            Err(_) => "not UTF-8",
        },
    };
    let all = bytes.iter().filter(|byte| **byte == b'\n').count();
    let crlf = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let ends = match (all, crlf) {
        (0, _) => "none",
        (_, 0) => "LF",
        (all, crlf) if all == crlf => "CRLF",
        _ => "LF and CRLF",
    };
    let mut facts =
        vec![Fact::new("lines", lines), Fact::new("encoding", encoding), Fact::new("line ends", ends)];
    if text.rest.is_none() && all > 0 && bytes.last() != Some(&b'\n') {
        facts.push(Fact::new("last line", "without line end"));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_by_its_bytes() {
        for (case, bytes, expected) in [
            ("ASCII", &b"a\tb\r\n"[..], true),
            ("colours", b"\x1b[1mbold\x1b[0m", true),
            ("UTF-8", "grün שלום".as_bytes(), true),
            ("Latin-1", b"sch\xf6n und gr\xfcn, alles in allem", true),
            ("UTF-16", b"\xff\xfea\0b\0", false),
            ("a zero byte", b"text\0", false),
            ("noise", b"\xde\x12\x04\x95\xf0\x9c\xe3\x01", false),
        ] {
            assert_eq!(is_text(bytes), expected, "{case}");
        }
    }

    #[test]
    fn lines_are_found() {
        for (case, bytes, expected) in [
            ("ends with a line end", "a\nb\n", &["a", "b"][..]),
            ("ends without", "a\nb", &["a", "b"]),
            ("blank lines", "\n\na", &["", "", "a"]),
            ("CRLF", "a\r\n", &["a\\r"]),
        ] {
            let text = Text::new(&Arc::from(bytes.as_bytes()), None, None);
            let lines: Vec<String> = (0..text.line_count()).map(|line| text.line(line).text()).collect();
            assert_eq!(lines, expected, "{case}");
        }
    }

    #[test]
    fn what_is_known_of_texts() {
        for (case, bytes, size, expected) in [
            ("plain", &b"a\nb\n"[..], 4, "2, ASCII, LF"),
            ("CRLF", b"a\r\nb\r\n", 6, "2, ASCII, CRLF"),
            ("mixed", b"a\r\nb\nc", 6, "3, ASCII, LF and CRLF, without line end"),
            ("more of it", b"a\n\xc3", 100, "2 in the first 3 B, UTF-8, LF"),
            ("Latin-1", b"\xf6\n", 2, "1, not UTF-8, LF"),
            ("mark", b"\xef\xbb\xbfa", 4, "1, UTF-8 with a byte order mark, none"),
        ] {
            let content = Content::new("x", bytes, size);
            let preview = preview(&content);
            let values: Vec<&str> = preview.facts.iter().map(|fact| fact.value.as_str()).collect();
            assert_eq!(values.join(", "), expected, "{case}");
        }
    }
}
