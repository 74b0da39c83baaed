//! Words of a Dockerfile: quotes, escapes, and variables with their values.

use std::collections::{BTreeMap, BTreeSet};

use super::super::text::Text;

/// The longest text that variables may expand to: nesting them could double it with each line.
const MAX_TEXT: usize = 64 << 10;

/// The deepest nesting of `${A:-${B:-…}}`.
const MAX_DEPTH: usize = 16;

/// The variables that have a value at some place.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    values: BTreeMap<String, Text>,
    /// Names that were asked for in vain.
    missing: BTreeSet<String>,
}

/// What cannot be expanded, in words.
pub(super) type Expanded = Result<Text, String>;

/// Variables that the platform gives, with the parameters of a spec that say the same.
const PLATFORM: [(&str, &str); 4] = [
    ("TARGETPLATFORM", "platform"),
    ("TARGETOS", "os"),
    ("TARGETARCH", "arch"),
    ("TARGETVARIANT", "variant"),
];

impl Scope {
    pub(super) fn set(&mut self, name: &str, value: Text) {
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Text> {
        self.values.get(name)
    }

    /// Gives a variable the value that the platform gives it, if it gives one.
    pub(super) fn set_from_platform(&mut self, name: &str) -> bool {
        let parameter = PLATFORM.iter().find(|(variable, _)| *variable == name);
        if let Some((_, parameter)) = parameter {
            self.set(name, Text::parameter(parameter));
        }
        parameter.is_some()
    }

    /// Returns the names without a value since the last call.
    pub(super) fn take_missing(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.missing)
    }

    /// Takes quotes and escapes off a word and puts values for variables.
    pub(super) fn expand(&mut self, raw: &str, escape: char) -> Expanded {
        let characters: Vec<char> = raw.chars().collect();
        Expansion { scope: self, escape, characters: &characters, at: 0 }.run(0, Quotes::Shell, None)
    }

    /// Puts values for variables in a here-document, in which quotes mean themselves.
    pub(super) fn expand_document(&mut self, raw: &str, escape: char) -> Expanded {
        let characters: Vec<char> = raw.chars().collect();
        Expansion { scope: self, escape, characters: &characters, at: 0 }.run(0, Quotes::Literal, None)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Shell,
    Literal,
}

struct Expansion<'a> {
    scope: &'a mut Scope,
    escape: char,
    characters: &'a [char],
    at: usize,
}

impl Expansion<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    /// Expands up to `end` outside quotes, or to the end.
    fn run(&mut self, depth: usize, quotes: Quotes, end: Option<char>) -> Expanded {
        let mut text = Text::default();
        let mut double = false;
        while let Some(character) = self.peek() {
            if text.as_str().len() > MAX_TEXT {
                return Err(String::from("its value is too long"));
            }
            if !double && end == Some(character) {
                return Ok(text);
            }
            self.at += 1;
            match character {
                '\'' if quotes == Quotes::Shell && !double => loop {
                    match self.next() {
                        Some('\'') => break,
                        Some(inner) => text.push_char(inner),
                        None => return Err(String::from("a quote has no end")),
                    }
                },
                '"' if quotes == Quotes::Shell => double = !double,
                '$' => text.push(&self.variable(depth, quotes)?),
                c if c == self.escape => match self.next() {
                    Some(next) if !double && quotes == Quotes::Shell => text.push_char(next),
                    Some(next) if matches!(next, '"' | '$') || next == c => text.push_char(next),
                    Some(next) => {
                        text.push_char(c);
                        text.push_char(next);
                    }
                    None => text.push_char(c),
                },
                other => text.push_char(other),
            }
        }
        if double {
            return Err(String::from("a quote has no end"));
        }
        match end {
            Some(end) => Err(format!("`{end}` is missing")),
            None => Ok(text),
        }
    }

    /// Expands what follows a dollar.
    fn variable(&mut self, depth: usize, quotes: Quotes) -> Expanded {
        if depth > MAX_DEPTH {
            return Err(String::from("variables are nested too deeply"));
        }
        let braces = self.peek() == Some('{');
        self.at += usize::from(braces);
        let name = self.name();
        if !braces {
            if name.is_empty() {
                let mut dollar = Text::default();
                dollar.push_char('$');
                return Ok(dollar);
            }
            return Ok(self.value(&name));
        }
        if name.is_empty() {
            return Err(String::from("`${` without a name"));
        }
        let colon = self.peek() == Some(':');
        self.at += usize::from(colon);
        let value = self.scope.values.get(&name).filter(|value| !colon || !value.is_empty()).cloned();
        match self.next() {
            Some('}') if !colon => Ok(self.value(&name)),
            Some(operator @ ('-' | '+' | '?')) => {
                let word = self.run(depth + 1, quotes, Some('}'))?;
                self.at += 1;
                match (operator, value) {
                    ('+', Some(_)) => Ok(word),
                    ('+', None) => Ok(Text::default()),
                    (_, Some(value)) => Ok(value),
                    ('-', None) => Ok(word),
                    _ => Err(format!("`{name}` has no value: {}", word.as_str())),
                }
            }
            _ => Err(format!("`${{{name}…}}` is of a form that is not understood here")),
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(character) = self.peek() {
            let fits = character == '_'
                || character.is_ascii_alphabetic()
                || (!name.is_empty() && character.is_ascii_digit());
            if !fits {
                break;
            }
            name.push(character);
            self.at += 1;
        }
        name
    }

    fn value(&mut self, name: &str) -> Text {
        match self.scope.values.get(name) {
            Some(value) => value.clone(),
            None => {
                self.scope.missing.insert(name.to_owned());
                Text::default()
            }
        }
    }
}

/// Splits at blanks outside quotes; quotes and escapes stay. Each word comes with its offset.
pub(super) fn split(text: &str, escape: char) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            open = false;
            continue;
        }
        if !open {
            words.push((at, String::new()));
            open = true;
        }
        let Some((_, word)) = words.last_mut() else { continue };
        word.push(character);
        match (character, quote) {
            (c, open) if c == escape && open != Some('\'') => {
                if let Some((_, next)) = characters.next() {
                    word.push(next);
                }
            }
            ('"' | '\'', None) => quote = Some(character),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    words
}

/// Reads the exec form: a JSON list of texts. Anything else is none.
pub(super) fn exec_form(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten()
}
