//! Names as they are shown, and back: two names never look the same, and what is copied from a screen is
//! found again.

use crate::text::is_harmful;

/// A text that no name is shown as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no escape: expected `\\xff` for a byte, `\\u{{1b}}` for a character, `\\n`, `\\r`, `\\t`, or `\\\\` \
     for a backslash"
)]
pub struct WrongEscape(String);

/// Renders bytes from outside for a person: what is [harmful](is_harmful) becomes an escape, and what is no
/// UTF-8 `\xff`.
///
/// Backslashes stay as they are, but those that would be taken for such an escape are doubled. So
/// [`unescape`] gives the same bytes again.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut place = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            place += character.len_utf8();
            if is_harmful(character) {
                text.extend(character.escape_default());
                continue;
            }
            text.push(character);
            if character == '\\' && starts_like_an_escape(&bytes[place..]) {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
        place += chunk.invalid().len();
    }
    text
}

/// Says whether a backslash before these bytes could be that of an escape.
fn starts_like_an_escape(rest: &[u8]) -> bool {
    match rest {
        [] => false,
        [b'\\' | b'n' | b'r' | b't' | b'u', ..] => true,
        // Units of systemd have such names; an escape stands for no such byte.
        [b'x', high, low, ..] => !(matches!(high, b'0'..=b'7') && low.is_ascii_hexdigit()),
        [b'x', ..] => true,
        [first, ..] if first.is_ascii() => is_harmful(char::from(*first)),
        // What is shown instead starts with a backslash itself.
        rest => {
            let first = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
            first.is_none_or(is_harmful)
        }
    }
}

/// Returns the bytes that are [shown](escape) as a text.
pub fn unescape(text: &str) -> Result<Vec<u8>, WrongEscape> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let length = match rest.as_bytes() {
            [_, b'\\', ..] => add(&mut bytes, b"\\", 2),
            [_, b'n', ..] => add(&mut bytes, b"\n", 2),
            [_, b'r', ..] => add(&mut bytes, b"\r", 2),
            [_, b't', ..] => add(&mut bytes, b"\t", 2),
            [_, b'x', high @ b'0'..=b'7', low, ..] if low.is_ascii_hexdigit() => {
                add(&mut bytes, &[b'\\', b'x', *high, *low], 4)
            }
            [_, b'x', ..] => {
                let digits = rest.get(2..4).filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                add(&mut bytes, &[byte.ok_or_else(|| WrongEscape::at(rest))?], 4)
            }
            [_, b'u', ..] => {
                let (character, length) = character(rest).ok_or_else(|| WrongEscape::at(rest))?;
                add(&mut bytes, character.encode_utf8(&mut [0; 4]).as_bytes(), length)
            }
            _ => add(&mut bytes, b"\\", 1),
        };
        rest = &rest[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

fn add(bytes: &mut Vec<u8>, more: &[u8], length: usize) -> usize {
    bytes.extend_from_slice(more);
    length
}

/// Reads `\u{1b}` at the beginning of a text; returns the character and how long that is.
fn character(text: &str) -> Option<(char, usize)> {
    let (digits, _) = text.strip_prefix("\\u{")?.split_once('}')?;
    let is_number = digits.len() <= 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_number)?;
    Some((char::from_u32(number)?, digits.len() + 4))
}

impl WrongEscape {
    /// Quotes the beginning of a text.
    fn at(text: &str) -> Self {
        let end = text.find('}').filter(|_| text.starts_with("\\u{")).map_or(4, |end| end + 1).min(12);
        Self(crate::text::escape_line(&text.chars().take(end).collect::<String>()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_shown_harmless_and_found_again() {
        for (bytes, shown) in [
            (&b"usr/bin/env"[..], "usr/bin/env"),
            (b"a\x1b[31m", "a\\u{1b}[31m"),
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b"),
            (b"a\xffb\xc3", "a\\xffb\\xc3"),
            (b"new\nline\r\t", "new\\nline\\r\\t"),
            // Backslashes of names of their own.
            (b"C:\\dir", "C:\\dir"),
            (b"system-systemd\\x2dcryptsetup.slice", "system-systemd\\x2dcryptsetup.slice"),
            (b"a\\", "a\\"),
            (b"a\\/b", "a\\/b"),
            // Those that would be taken for escapes.
            (b"C:\\new", "C:\\\\new"),
            (b"\\\\server", "\\\\\\server"),
            (b"\\u{1b}", "\\\\u{1b}"),
            (b"\\xff", "\\\\xff"),
            (b"\\xyz", "\\\\xyz"),
            (b"\\x", "\\\\x"),
            (b"\\\x1b", "\\\\\\u{1b}"),
            (b"\\\xff", "\\\\\\xff"),
            ("\\\u{202e}".as_bytes(), "\\\\\\u{202e}"),
            ("\\ü".as_bytes(), "\\ü"),
        ] {
            assert_eq!(escape(bytes), shown);
            assert_eq!(unescape(shown).as_deref(), Ok(bytes), "{shown}");
        }
        // Written by hand.
        for (text, bytes) in
            [("\\xFF", &b"\xff"[..]), ("\\u{1B}", b"\x1b"), ("\\u{61}", b"a"), ("\\q", b"\\q")]
        {
            assert_eq!(unescape(text).as_deref(), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_escape_is_named() {
        for (text, named) in [
            ("/a\\u{12", "\\u{1"),
            ("/a\\u{zz}/b", "\\u{zz}"),
            ("\\u{110000}", "\\u{110000}"),
            ("\\u{}", "\\u{}"),
            ("\\u{+1}", "\\u{+1}"),
            ("\\u12", "\\u12"),
            ("\\xgg/", "\\xgg"),
            ("\\x9", "\\x9"),
            ("\\x日本", "\\x日本"),
            ("\\x+1", "\\x+1"),
        ] {
            assert_eq!(unescape(text), Err(WrongEscape(named.to_owned())), "{text}");
        }
        let said = WrongEscape("\\x9".to_owned()).to_string();
        assert!(
            said.starts_with("`\\x9` is no escape: expected `\\xff` for a byte, `\\u{1b}` for"),
            "{said}"
        );
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let pieces = ["\\", "\\", "x", "2d", "ff", "u{1b}", "n", "\n", "\u{202e}", "/", "日", "{", "}"];
        let piece = prop_oneof![
            6 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
            2 => prop::collection::vec(any::<u8>(), 1..4),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_name_comes_back(bytes in bytes()) {
            let shown = escape(&bytes);
            prop_assert!(!shown.contains(is_harmful));
            prop_assert_eq!(unescape(&shown), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[\\\\xu{}0-9a-f日]{0,16}") {
            let _ = unescape(&text);
        }
    }
}
