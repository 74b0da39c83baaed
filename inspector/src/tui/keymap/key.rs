//! One key as the interface knows it: how terminals tell of it, and how it is written.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key in one spelling, whatever the terminal sent for it.
///
/// Terminals send the same byte for some keys: `ctrl+m` is Enter, `ctrl+i` Tab, `ctrl+h` Backspace,
/// `ctrl+[` Escape, `ctrl+_` what `ctrl+/` is. Capital letters come with or without Shift. All of them
/// become the same value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Keys with a name, in the spelling that is shown, then others that are understood.
const NAMES: &[(&str, KeyCode)] = &[
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("space", KeyCode::Char(' ')),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("pgdown", KeyCode::PageDown),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("return", KeyCode::Enter),
    ("escape", KeyCode::Esc),
    ("del", KeyCode::Delete),
];

impl Key {
    /// Brings what the terminal told into the one spelling; none for what is no key press.
    pub fn of(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        if !known.contains(event.modifiers) {
            return None;
        }
        Self::canonical(event.code, event.modifiers)
    }

    /// Reads the name of a key: `a`, `G`, `/`, `space`, `f5`, `ctrl+f`, `alt+left`, `shift+tab`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((word, after)) = rest.split_once(['+', '-']).filter(|(_, after)| !after.is_empty()) {
            modifiers |= match word.to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "c" => KeyModifiers::CONTROL,
                "alt" | "meta" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => break,
            };
            rest = after;
        }
        let mut characters = rest.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return Self::canonical(KeyCode::Char(character), modifiers);
        }
        let name = rest.to_ascii_lowercase();
        if let Some(number) = name.strip_prefix('f').and_then(|number| number.parse::<u8>().ok()) {
            return (1..=24).contains(&number).then_some(Self { code: KeyCode::F(number), modifiers });
        }
        let (_, code) = NAMES.iter().find(|(known, _)| *known == name)?;
        Self::canonical(*code, modifiers)
    }

    /// Returns the digit, if it is one alone.
    pub(super) fn digit(self) -> Option<u32> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => character.to_digit(10),
            _ => None,
        }
    }

    fn canonical(code: KeyCode, mut modifiers: KeyModifiers) -> Option<Self> {
        let control = modifiers.contains(KeyModifiers::CONTROL);
        let code = match code {
            KeyCode::Null => {
                modifiers |= KeyModifiers::CONTROL;
                KeyCode::Char(' ')
            }
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(character) if control => {
                modifiers -= KeyModifiers::SHIFT;
                let code = with_control(character.to_ascii_lowercase());
                if !matches!(code, KeyCode::Char(_)) {
                    modifiers -= KeyModifiers::CONTROL;
                }
                code
            }
            KeyCode::Char('\t') => KeyCode::Tab,
            KeyCode::Char('\r' | '\n') => KeyCode::Enter,
            KeyCode::Char(character) if character.is_control() => return None,
            KeyCode::Char(character) => {
                let capital = modifiers.contains(KeyModifiers::SHIFT) && character.is_ascii_lowercase();
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(if capital { character.to_ascii_uppercase() } else { character })
            }
            KeyCode::F(_) => code,
            code if NAMES.iter().any(|(_, known)| *known == code) => code,
            _ => return None,
        };
        Some(Self { code, modifiers })
    }
}

/// Returns what a character with Control is, after the byte that terminals send for it.
fn with_control(character: char) -> KeyCode {
    match character {
        'm' | 'j' => KeyCode::Enter,
        'i' => KeyCode::Tab,
        'h' | '8' | '?' => KeyCode::Backspace,
        '[' | '3' => KeyCode::Esc,
        '@' | '2' => KeyCode::Char(' '),
        '4' => KeyCode::Char('\\'),
        '5' => KeyCode::Char(']'),
        '6' => KeyCode::Char('^'),
        '7' | '_' => KeyCode::Char('/'),
        character => KeyCode::Char(character),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in
            [(KeyModifiers::CONTROL, "ctrl+"), (KeyModifiers::ALT, "alt+"), (KeyModifiers::SHIFT, "shift+")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match (self.code, NAMES.iter().find(|(_, code)| *code == self.code)) {
            (_, Some((name, _))) => f.write_str(name),
            (KeyCode::Char(character), None) => write!(f, "{character}"),
            (KeyCode::F(number), None) => write!(f, "f{number}"),
            // No other code passes `canonical`.
            (code, None) => write!(f, "{code}"),
        }
    }
}

/// Reads keys that are pressed one after the other, with spaces between them.
///
/// # Errors
///
/// Returns the word that names no key; an empty one if there is none at all.
pub(super) fn sequence(text: &str) -> Result<Vec<Key>, String> {
    let keys: Vec<Key> =
        text.split_whitespace().map(|word| Key::parse(word).ok_or(word)).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(String::new()) } else { Ok(keys) }
}

/// Writes keys that are pressed one after the other, as [`sequence`] reads them.
pub(super) fn written(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_send_is_the_key_that_was_meant() {
        let (control, shift, alt, none) =
            (KeyModifiers::CONTROL, KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::NONE);
        for (code, modifiers, expected) in [
            (KeyCode::Char('g'), none, "g"),
            (KeyCode::Char('G'), none, "G"),
            (KeyCode::Char('G'), shift, "G"),
            (KeyCode::Char('g'), shift, "G"),
            (KeyCode::Char('?'), shift, "?"),
            (KeyCode::Char('F'), control | shift, "ctrl+f"),
            (KeyCode::Char('m'), control, "enter"),
            (KeyCode::Char('j'), control, "enter"),
            (KeyCode::Char('i'), control, "tab"),
            (KeyCode::Char('h'), control, "backspace"),
            (KeyCode::Char(' '), control, "ctrl+space"),
            (KeyCode::Null, none, "ctrl+space"),
            (KeyCode::Char('7'), control, "ctrl+/"),
            (KeyCode::BackTab, none, "shift+tab"),
            (KeyCode::BackTab, shift, "shift+tab"),
            (KeyCode::Tab, shift, "shift+tab"),
            (KeyCode::Left, alt, "alt+left"),
            (KeyCode::Char('B'), alt | shift, "alt+B"),
            (KeyCode::F(5), none, "f5"),
            (KeyCode::Char(' '), none, "space"),
            (KeyCode::Char('é'), none, "é"),
        ] {
            let key = Key::of(KeyEvent::new(code, modifiers)).expect("a key");
            assert_eq!(key.to_string(), expected, "{code:?} {modifiers:?}");
            assert_eq!(Key::parse(expected), Some(key), "{expected}");
        }
    }

    #[test]
    fn what_is_no_press_of_a_known_key_is_none() {
        let mut release = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(Key::of(release), None);
        assert_eq!(Key::of(KeyEvent::new(KeyCode::CapsLock, KeyModifiers::NONE)), None);
        assert_eq!(Key::of(KeyEvent::new(KeyCode::Char('a'), KeyModifiers::SUPER)), None);
    }

    #[test]
    fn names_are_read_in_the_spellings_people_use() {
        for (text, expected) in [
            ("Ctrl+F", "ctrl+f"),
            ("c-f", "ctrl+f"),
            ("control-space", "ctrl+space"),
            ("ctrl+_", "ctrl+/"),
            ("ctrl++", "ctrl++"),
            ("alt+-", "alt+-"),
            ("+", "+"),
            ("-", "-"),
            ("PgDn", "page-down"),
            ("page-down", "page-down"),
            ("Escape", "esc"),
            ("F12", "f12"),
            ("f", "f"),
            ("shift+a", "A"),
            ("shift+tab", "shift+tab"),
        ] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "gg", "f0", "f25", "hyper+a", "ctrl+", "\u{1b}"] {
            assert_eq!(Key::parse(text), None, "{text:?}");
        }
    }
}
