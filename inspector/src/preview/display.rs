//! One line of any bytes, as a terminal may show it.

use std::ops::Range;

use attar_image::text::{bytes as size, is_harmful};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::line::{Line, Style};

/// The most columns of a line that are shown; a mark says how much follows.
pub const MAX_COLUMNS: usize = 4096;
/// The most bytes of a line that are looked at: four for each column.
const MAX_BYTES: usize = 4 * MAX_COLUMNS;
/// Distance of the tab stops.
const TAB: usize = 8;
/// The most characters of a grapheme cluster that are shown as they are. Written languages need no more;
/// a hundred marks on one letter would be painted over the lines above.
const MAX_CLUSTER: usize = 8;

/// A line as a terminal may show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Its text, without tabs and all else that is harmful.
    pub(super) text: String,
    /// The parts of the text that stand for something else.
    pub(super) escapes: Vec<Range<usize>>,
    /// Bytes of the line that are not shown because it is too long.
    pub(super) hidden: usize,
    column: usize,
}

/// A part of a shown text from its beginning, or from the end of the part before, to this byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) end: u32,
    pub(super) style: Style,
}

/// Makes a line harmless: its bytes are any but line ends.
pub(super) fn show(bytes: &[u8]) -> Shown {
    let mut shown = Shown::default();
    let mut seen = 0;
    'line: for chunk in head(bytes).utf8_chunks() {
        for cluster in chunk.valid().graphemes(true) {
            if shown.column + cluster.width() > MAX_COLUMNS {
                break 'line;
            }
            shown.push_cluster(cluster);
            seen += cluster.len();
        }
        for byte in chunk.invalid() {
            if shown.column >= MAX_COLUMNS {
                break 'line;
            }
            shown.escape(&format!("\\x{byte:02x}"));
            seen += 1;
        }
    }
    shown.hidden = bytes.len() - seen;
    shown
}

/// Cuts what nobody would see, between two characters if there are any.
fn head(bytes: &[u8]) -> &[u8] {
    if bytes.len() <= MAX_BYTES {
        return bytes;
    }
    let is_inside = |end: &usize| bytes[*end] & 0xc0 == 0x80;
    let end = (MAX_BYTES - 3..=MAX_BYTES).rev().find(|end| !is_inside(end)).unwrap_or(MAX_BYTES);
    &bytes[..end]
}

impl Shown {
    fn push_cluster(&mut self, cluster: &str) {
        if cluster == "\t" {
            let width = TAB - self.column % TAB;
            self.text.extend(std::iter::repeat_n(' ', width));
            self.column += width;
        } else if cluster.width() == 0 || cluster.contains(is_harmful) {
            for character in cluster.chars() {
                if is_harmful(character) || character.width().unwrap_or(0) == 0 {
                    self.escape(&character.escape_default().to_string());
                } else {
                    self.push(character.encode_utf8(&mut [0; 4]));
                }
            }
        } else if let Some((cut, _)) = cluster.char_indices().nth(MAX_CLUSTER) {
            self.push(&cluster[..cut]);
            for character in cluster[cut..].chars() {
                self.escape(&character.escape_default().to_string());
            }
        } else {
            self.push(cluster);
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.width();
    }

    fn escape(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.column += text.len();
        match self.escapes.last_mut() {
            Some(last) if last.end == start => last.end = self.text.len(),
            _ => self.escapes.push(start..self.text.len()),
        }
    }

    /// Returns the line with the styles of these runs, and what follows the last one in `style`.
    pub(super) fn styled(&self, runs: &[Run], style: Style) -> Line {
        let mut line = Line::default();
        let mut escapes = self.escapes.iter().peekable();
        let mut at = 0;
        let rest = Run { end: self.text.len() as u32, style };
        for run in runs.iter().chain([&rest]) {
            let end = (run.end as usize).min(self.text.len());
            while at < end {
                while escapes.next_if(|escape| escape.end <= at).is_some() {}
                let (stop, style) = match escapes.peek() {
                    Some(escape) if escape.start <= at => (escape.end.min(end), Style::Escape),
                    Some(escape) => (escape.start.min(end), run.style),
                    None => (end, run.style),
                };
                // Runs end between characters, unless they are those of another text.
                let Some(text) = self.text.get(at..stop) else { return Line::of(style, self.text.clone()) };
                line.push(style, text);
                at = stop;
            }
        }
        if self.hidden > 0 {
            line.push(Style::Muted, format!("… {} more", size(self.hidden as u64)));
        }
        line
    }
}

/// Returns a line of one style.
pub(super) fn plain(bytes: &[u8], style: Style) -> Line {
    show(bytes).styled(&[], style)
}

/// Makes a name or value of one line harmless.
pub(super) fn value(bytes: impl AsRef<[u8]>) -> String {
    show(bytes.as_ref()).styled(&[], Style::Plain).text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_harmless() {
        for (case, bytes, text) in [
            ("plain", &b"a b"[..], "a b"),
            ("tabs", b"a\tbc\t\td", "a       bc              d"),
            ("a tab after something wide", "日\tx".as_bytes(), "日      x"),
            ("escape sequence", b"\x1b[31mred\x1b]0;t\x07", "\\u{1b}[31mred\\u{1b}]0;t\\u{7}"),
            ("carriage return", b"a\r", "a\\r"),
            ("C1", "a\u{9b}1m".as_bytes(), "a\\u{9b}1m"),
            ("no UTF-8", b"a\xff\xc3b", "a\\xff\\xc3b"),
            ("direction", "a\u{202e}b".as_bytes(), "a\\u{202e}b"),
            ("letters from right to left stay", "שלום".as_bytes(), "שלום"),
            ("emoji", "❤\u{fe0f}👍🏽".as_bytes(), "❤\u{fe0f}👍🏽"),
            ("joined emoji", "👩\u{200d}💻".as_bytes(), "👩\\u{200d}💻"),
            ("accent", "e\u{301}".as_bytes(), "e\u{301}"),
            ("accent upon nothing", "\u{301}e".as_bytes(), "\\u{301}e"),
            ("NUL", b"a\0", "a\\u{0}"),
        ] {
            assert_eq!(show(bytes).text, text, "{case}");
        }
        let marks = show(format!("e{}", "\u{301}".repeat(100)).as_bytes());
        assert!(marks.text.starts_with(&format!("e{}\\u{{301}}", "\u{301}".repeat(MAX_CLUSTER - 1))));
    }

    #[test]
    fn long_lines_are_cut() {
        let shown = show(&vec![b'x'; 10 << 20]);
        assert_eq!((shown.text.len(), shown.hidden), (MAX_COLUMNS, (10 << 20) - MAX_COLUMNS));
        let wide = show("日".repeat(MAX_COLUMNS).as_bytes());
        assert_eq!(wide.text.width(), MAX_COLUMNS);
        assert_eq!(wide.hidden, 3 * MAX_COLUMNS / 2);
        let line = plain(&vec![b'x'; MAX_COLUMNS + 2048], Style::Plain);
        assert_eq!(line.spans.last().map(|span| span.text.as_str()), Some("… 2.05 kB more"));
        let marks = "e\u{301}".repeat(2 * MAX_COLUMNS);
        assert!(show(marks.as_bytes()).escapes.is_empty(), "nothing is cut in two");
        assert!(show(&marks.as_bytes()[2..]).text.starts_with("\\x81"));
    }

    #[test]
    fn styles_and_escapes_share_a_line() {
        let runs = [Run { end: 2, style: Style::Keyword }, Run { end: 8, style: Style::String }];
        let line = show(b"ab c\x1bd").styled(&runs, Style::Plain);
        let spans: Vec<(Style, &str)> =
            line.spans.iter().map(|span| (span.style, span.text.as_str())).collect();
        let expected =
            [(Style::Keyword, "ab"), (Style::String, " c"), (Style::Escape, "\\u{1b}"), (Style::Plain, "d")];
        assert_eq!(spans, expected);
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (5_412_345, "5.41 MB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
