//! Expands words to fields: variables, outputs of commands, splitting and file patterns.

use attar_image::TreePath;

use super::evaluate::Run;
use super::pattern;
use super::state::Value;
use super::syntax::{Operation, Part, Word};

/// A field of a command after expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The text, if all of it is known.
    pub(super) text: Value,
    /// The text for a person, with names where values are unknown.
    pub(super) shown: String,
}

impl Field {
    pub(super) fn known(text: &str) -> Self {
        Self { text: Some(text.to_owned()), shown: text.to_owned() }
    }
}

#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    text: String,
    shown: String,
    unknown: bool,
    /// The pattern the field is, if it has one: quoted characters are escaped.
    pattern: String,
    is_pattern: bool,
    started: bool,
}

impl Fields {
    fn push(&mut self, text: &str, quoted: bool) {
        self.started |= quoted || !text.is_empty();
        self.text.push_str(text);
        self.shown.push_str(text);
        for character in text.chars() {
            if matches!(character, '*' | '?' | '[' | ']' | '\\') {
                if quoted {
                    self.pattern.push('\\');
                } else {
                    self.is_pattern = true;
                }
            }
            self.pattern.push(character);
        }
    }

    fn push_value(&mut self, value: Value, name: &str, quoted: bool) {
        match value {
            Some(text) if quoted => self.push(&text, true),
            Some(text) => {
                let mut words = text.split_ascii_whitespace().peekable();
                if text.starts_with(|c: char| c.is_ascii_whitespace()) {
                    self.end();
                }
                while let Some(word) = words.next() {
                    self.push(word, false);
                    if words.peek().is_some() || text.ends_with(|c: char| c.is_ascii_whitespace()) {
                        self.end();
                    }
                }
            }
            None => {
                self.started = true;
                self.unknown = true;
                self.shown.push_str(name);
            }
        }
    }

    fn end(&mut self) {
        if self.started {
            let done = std::mem::take(&mut self.done);
            let Self { text, shown, unknown, .. } = std::mem::replace(self, Self { done, ..Self::default() });
            self.done.push(Field { text: (!unknown).then_some(text), shown });
        }
    }
}

impl Run<'_> {
    /// Expands words as arguments of a command.
    pub(super) fn fields(&mut self, words: &[Word]) -> Vec<Field> {
        let mut all = Vec::new();
        for word in words {
            let mut fields = Fields::default();
            self.expand(word, &mut fields, true);
            let matches = match fields.is_pattern && !fields.unknown {
                true => self.files_matching(&fields.pattern),
                false => Vec::new(),
            };
            if matches.is_empty() {
                fields.end();
                all.append(&mut fields.done);
            } else {
                all.append(&mut fields.done);
                all.extend(matches.iter().map(|path| Field::known(path)));
            }
        }
        all
    }

    /// Expands a word where it is neither split nor a file pattern.
    pub(super) fn text(&mut self, word: &Word) -> Field {
        let mut fields = Fields { started: true, ..Fields::default() };
        self.expand(word, &mut fields, false);
        fields.started = true;
        fields.end();
        fields.done.pop().unwrap_or_else(|| Field::known(""))
    }

    /// Expands a word as a pattern of `case`.
    pub(super) fn pattern(&mut self, word: &Word) -> Value {
        let mut fields = Fields::default();
        self.expand(word, &mut fields, false);
        (!fields.unknown).then_some(fields.pattern)
    }

    fn expand(&mut self, word: &Word, fields: &mut Fields, split: bool) {
        for part in word {
            match part {
                Part::Text { text, quoted } => fields.push(text, *quoted || !split && !is_glob(text)),
                Part::Variable { name, operation: None, quoted } if name == "@" || name == "*" => {
                    self.expand_arguments(fields, *quoted && name == "@", split);
                }
                Part::Variable { name, operation, quoted } => {
                    let value = self.variable(name, operation.as_ref());
                    fields.push_value(value, &format!("${name}"), *quoted || !split);
                }
                Part::Output { command, quoted } => {
                    let value = self.output_of(command).map(|text| text.trim_end_matches('\n').to_owned());
                    fields.push_value(value, "$(…)", *quoted || !split);
                }
                Part::Arithmetic => fields.push_value(None, "$((…))", true),
            }
        }
    }

    fn expand_arguments(&mut self, fields: &mut Fields, each: bool, split: bool) {
        for (index, value) in self.state.arguments.clone().into_iter().enumerate() {
            if index > 0 && split {
                fields.end();
            } else if index > 0 {
                fields.push(" ", true);
            }
            fields.push_value(value, &format!("${}", index + 1), each || !split);
        }
    }

    fn variable(&mut self, name: &str, operation: Option<&Operation>) -> Value {
        let value = self.plain_variable(name);
        let Some(operation) = operation else { return value };
        let is_set = self.state.variables.contains_key(name)
            || name.parse::<usize>().is_ok_and(|number| number <= self.state.arguments.len());
        let missing = |empty_too: bool, value: &Value| {
            value.as_ref().map(|text| !is_set || empty_too && text.is_empty())
        };
        match operation {
            Operation::Length => value.map(|value| value.chars().count().to_string()),
            Operation::Default { empty_too, word } | Operation::Assign { empty_too, word } => {
                let missing = missing(*empty_too, &value)?;
                if !missing {
                    return value;
                }
                let value = self.text(word).text;
                if matches!(operation, Operation::Assign { .. }) {
                    self.state.set(name, value.clone());
                }
                value
            }
            Operation::Alternative { empty_too, word } => match missing(*empty_too, &value)? {
                true => Some(String::new()),
                false => self.text(word).text,
            },
            Operation::Require => value,
            Operation::StripPrefix { longest, word } => {
                let pattern = self.pattern(word)?;
                Some(pattern::strip_prefix(&value?, &pattern, *longest).to_owned())
            }
            Operation::StripSuffix { longest, word } => {
                let pattern = self.pattern(word)?;
                Some(pattern::strip_suffix(&value?, &pattern, *longest).to_owned())
            }
            Operation::Other => None,
        }
    }

    fn plain_variable(&self, name: &str) -> Value {
        if let Ok(number) = name.parse::<usize>() {
            return match number.checked_sub(1) {
                None => None,
                Some(index) => {
                    self.state.arguments.get(index).cloned().unwrap_or_else(|| Some(String::new()))
                }
            };
        }
        match name {
            "#" => Some(self.state.arguments.len().to_string()),
            "?" => match self.status {
                Some(true) => Some("0".to_owned()),
                _ => None,
            },
            "$" | "!" | "-" | "RANDOM" | "SECONDS" | "PWD" => None,
            _ => self.state.get(name),
        }
    }

    /// Returns the paths of the tree that match a pattern, which must be absolute.
    fn files_matching(&self, pattern: &str) -> Vec<String> {
        let Some(relative) = pattern.strip_prefix('/') else { return Vec::new() };
        let components: Vec<&str> = relative.split('/').collect();
        let plain =
            components.iter().take_while(|component| !component.contains(['*', '?', '[', '\\'])).count();
        let Ok(start) = TreePath::parse(components[..plain].join("/")) else { return Vec::new() };
        let Some(resolved) = self.surroundings.tree.resolve(&start) else { return Vec::new() };
        let depth = components.len() - plain;
        let mut found = Vec::new();
        for (path, _) in self.surroundings.tree.below(&resolved) {
            let Some(below) = path.strip_prefix(&resolved).and_then(|below| std::str::from_utf8(below).ok())
            else {
                continue;
            };
            let parts: Vec<&str> = below.split('/').collect();
            let hidden = |part: &str, pattern: &str| part.starts_with('.') && !pattern.starts_with('.');
            let matches = parts.len() == depth
                && parts
                    .iter()
                    .zip(&components[plain..])
                    .all(|(part, pattern)| !hidden(part, pattern) && pattern::matches(pattern, part));
            if matches {
                let start = if start.is_root() { String::new() } else { start.to_string() };
                found.push(format!("{start}/{below}"));
            }
        }
        found
    }
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}
