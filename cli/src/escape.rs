//! Makes text from outside harmless before it reaches a terminal.

/// Escapes every control character, line ends included.
pub(crate) use attar_image::text::escape_line as line;
/// Escapes every control character but line ends and tabs.
pub(crate) use attar_image::text::escape_lines as lines;
use attar_image::text::is_harmful;

/// Escapes, in the text of a JSON document, what serializers leave as it is: control characters beyond
/// ASCII's first ones, which some terminals obey, and invisible ones. The document stays the same.
pub(crate) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character < '\x7f' || !is_harmful(character) {
            safe.push(character);
            continue;
        }
        // Only strings have such characters. Those beyond four digits are two units of UTF-16.
        for unit in character.encode_utf16(&mut [0; 2]) {
            safe.push_str(&format!("\\u{unit:04x}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_meaning() {
        let text = "a\u{9b}31m\u{7f}\u{202e}\u{1b}é\u{10ffff}\u{e0041}";
        let document = serde_json::to_string_pretty(&[text]).expect("JSON");
        let safe = json(&document);
        assert!(safe.contains("\\u009b31m\\u007f\\u202e\\u001bé"), "{safe}");
        assert!(safe.contains("\\udb40\\udc41"), "{safe}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&safe).expect("JSON"), [text]);
    }
}
