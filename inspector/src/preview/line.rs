//! Lines of styled text, whatever draws them.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What a piece of text is; a theme says how it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Text.
    #[default]
    Plain,
    /// A word of a language.
    Keyword,
    /// A text within a language.
    String,
    /// A comment.
    Comment,
    /// A number, a size.
    Number,
    /// A name within a language: of a function, a type, a tag.
    Name,
    /// A heading: a section, the place of a difference.
    Heading,
    /// What stands before a value.
    Label,
    /// Something that came.
    Added,
    /// Something that went.
    Removed,
    /// Something of less interest: line numbers, zero bytes, marks.
    Muted,
    /// What stands for a character or byte that is not shown as it is.
    Escape,
    /// Something that is wrong.
    Warning,
}

/// A piece of text of one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub style: Style,
    /// The text, harmless to a terminal.
    pub text: String,
}

/// A line of pieces of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The pieces, from left to right; none is empty.
    pub spans: Vec<Span>,
}

impl Line {
    /// Returns a line of one style.
    pub(super) fn of(style: Style, text: impl Into<String>) -> Self {
        let mut line = Self::default();
        line.push(style, text);
        line
    }

    /// Appends a piece of text, which must be harmless.
    pub(super) fn push(&mut self, style: Style, text: impl Into<String>) {
        let text = text.into();
        match self.spans.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.style == style => last.text.push_str(&text),
            _ => self.spans.push(Span { style, text }),
        }
    }

    /// Returns the number of columns that it takes, a grapheme cluster after the other.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| width(&span.text)).sum()
    }

    /// Returns the text without styles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Returns the number of columns of a text, a grapheme cluster after the other.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}
