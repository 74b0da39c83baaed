//! Makes text from outside harmless before it reaches a terminal.
//!
//! Package data, file names and server answers may hold escape sequences that move the cursor, hide
//! text or change the title of the window. They are printed in Rust's notation instead.

/// Escapes every control character, line ends included.
pub(crate) fn line(text: &str) -> String {
    escape(text, |character| character.is_control() || is_invisible(character))
}

/// Escapes every control character but line ends and tabs.
pub(crate) fn lines(text: &str) -> String {
    escape(text, |character| {
        (character.is_control() && !matches!(character, '\n' | '\t')) || is_invisible(character)
    })
}

/// Escapes, in the text of a JSON document, what serializers leave as it is: control characters beyond
/// ASCII's first ones, which some terminals obey, and invisible ones. The document stays the same.
pub(crate) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        // Only strings have such characters, and all of them fit into four digits.
        if character >= '\x7f' && (character.is_control() || is_invisible(character)) {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

fn escape(text: &str, unwanted: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if unwanted(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Says whether a character changes the direction or the looks of others without being seen itself.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_meaning() {
        let text = "a\u{9b}31m\u{7f}\u{202e}\u{1b}é\u{10ffff}";
        let document = serde_json::to_string_pretty(&[text]).expect("JSON");
        let safe = json(&document);
        assert!(safe.contains("\\u009b31m\\u007f\\u202e\\u001bé"), "{safe}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&safe).expect("JSON"), [text]);
    }

    #[test]
    fn control_characters_become_visible() {
        for (text, one_line, several) in [
            ("zlib1g", "zlib1g", "zlib1g"),
            ("grün", "grün", "grün"),
            ("a\u{1b}]0;title\u{7}", "a\\u{1b}]0;title\\u{7}", "a\\u{1b}]0;title\\u{7}"),
            ("a\nb\tc", "a\\nb\\tc", "a\nb\tc"),
            ("a\rb", "a\\rb", "a\\rb"),
            ("a\u{202e}b", "a\\u{202e}b", "a\\u{202e}b"),
            ("\u{9b}31m", "\\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(line(text), one_line);
            assert_eq!(lines(text), several);
        }
    }
}
