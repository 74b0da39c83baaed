//! Text as people see it: made harmless where it comes from outside, and sizes.
//!
//! Package data, file names, contents and server answers may hold escape sequences that move the cursor,
//! hide text or change the title of the window, and characters that reorder or hide others. They are
//! shown in Rust's notation instead: `\u{1b}`, `\n`, `\u{202e}`.

/// Says whether a character must not reach a terminal as it is: it is a control character, line ends and
/// tabs included, or it changes the direction or the looks of others without being seen itself.
pub fn is_harmful(character: char) -> bool {
    character.is_control() || is_invisible(character)
}

/// Says whether a character changes the direction or the looks of others without being seen itself.
///
/// Combining marks and the selectors of emoji belong to what they stand behind, and are not meant.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Escapes every character that is [harmful](is_harmful), line ends included.
pub fn escape_line(text: &str) -> String {
    escape(text, is_harmful)
}

/// Escapes every character that is [harmful](is_harmful) but line ends and tabs.
pub fn escape_lines(text: &str) -> String {
    escape(text, |character| is_harmful(character) && !matches!(character, '\n' | '\t'))
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

/// Writes a number of bytes with three digits and a decimal unit: `17 B`, `5.41 MB`.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    match value {
        _ if unit == "B" => format!("{bytes} B"),
        value if value < 9.995 => format!("{value:.2} {unit}"),
        value if value < 99.95 => format!("{value:.1} {unit}"),
        value => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_become_visible() {
        for (text, one_line, several) in [
            ("zlib1g", "zlib1g", "zlib1g"),
            ("grün", "grün", "grün"),
            ("a\u{1b}]0;title\u{7}", "a\\u{1b}]0;title\\u{7}", "a\\u{1b}]0;title\\u{7}"),
            ("a\nb\tc", "a\\nb\\tc", "a\nb\tc"),
            ("a\rb", "a\\rb", "a\\rb"),
            ("a\u{202e}b", "a\\u{202e}b", "a\\u{202e}b"),
            ("a\u{61c}\u{2028}\u{e0041}b", "a\\u{61c}\\u{2028}\\u{e0041}b", "a\\u{61c}\\u{2028}\\u{e0041}b"),
            ("\u{9b}31m", "\\u{9b}31m", "\\u{9b}31m"),
            ("e\u{301} ❤\u{fe0f}", "e\u{301} ❤\u{fe0f}", "e\u{301} ❤\u{fe0f}"),
        ] {
            assert_eq!(escape_line(text), one_line);
            assert_eq!(escape_lines(text), several);
        }
    }
}
