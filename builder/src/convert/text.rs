//! Text as a spec writes it.

use std::fmt::Write as _;

/// Text in a spec's own syntax: `${arch}` is a parameter, and a dollar that begins none is doubled.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// Returns text that means itself.
    pub fn literal(text: &str) -> Self {
        Self(text.replace('$', "$$"))
    }

    /// Returns a parameter's value.
    pub(super) fn parameter(name: &str) -> Self {
        Self(format!("${{{name}}}"))
    }

    /// Returns text that is in the syntax already.
    pub(super) fn written(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn push(&mut self, text: &Self) {
        self.0.push_str(&text.0);
    }

    pub(super) fn push_char(&mut self, character: char) {
        if character == '$' {
            self.0.push('$');
        }
        self.0.push(character);
    }

    /// Returns the text as a spec writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns a YAML scalar: plain where that is safe in a list or map in braces too, else quoted.
pub fn scalar(text: &Text) -> String {
    let text = text.as_str();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
        || text == "."
        || text.starts_with("./")
        || text.starts_with("../");
    // What YAML 1.1 reads as something else is quoted as well, for the eyes of other tools.
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_word = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if starts_well && text.chars().all(is_plain) && !is_word {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                write!(quoted, "\\U{:08x}", u32::from(hidden)).expect("writing to a string cannot fail");
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// Returns a list in brackets.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a Text>) -> String {
    format!("[{}]", items.into_iter().map(scalar).collect::<Vec<_>>().join(", "))
}

/// Returns the lines of a comment, without its sign; what an editor would not show is replaced.
pub(super) fn comment(text: &str) -> Vec<String> {
    /// Longer lines are cut: nobody reads them.
    const WIDTH: usize = 300;
    text.lines()
        .map(|line| {
            let shown = |c: char| if is_hidden(c) { '\u{fffd}' } else { c };
            let mut cut: String = line.chars().take(WIDTH).map(shown).collect();
            if line.chars().nth(WIDTH).is_some() {
                cut.push('…');
            }
            cut.trim_end().to_owned()
        })
        .collect()
}

/// Says whether a character cannot be seen, or moves those around it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
                | '\u{fffe}' | '\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_quoted_where_they_must_be() {
        for (text, expected) in [
            ("dist/api", "dist/api"),
            ("./a", "./a"),
            (".", "."),
            ("-x", "\"-x\""),
            ("a b", "\"a b\""),
            ("a$b", "\"a$$b\""),
            ("a\"b", "\"a\\\"b\""),
            ("1.10", "\"1.10\""),
            (".5", "\".5\""),
            ("No", "\"No\""),
            ("", "\"\""),
            ("a\u{1b}\n", "\"a\\U0000001b\\n\""),
        ] {
            assert_eq!(scalar(&Text::literal(text)), expected);
        }
        assert_eq!(scalar(&Text::parameter("arch")), "\"${arch}\"");
    }

    #[test]
    fn comments_show_what_there_is() {
        assert_eq!(comment("a\u{1b}[1m\nb\r\n"), ["a\u{fffd}[1m", "b"]);
        assert_eq!(comment(&"x".repeat(400))[0].chars().count(), 301);
    }
}
