//! A YAML document as a tree that remembers where everything stands and how it was written.

use std::fmt;

use super::source::Span;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) value: Value,
    /// Where it stands.
    pub(crate) span: Span,
}

/// A scalar, a list or a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Text, with how it was written.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A map.
    Mapping(Mapping),
}

/// The exact text of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    /// What it says, escapes resolved.
    pub(crate) text: String,
    /// How it was written.
    pub(crate) style: Style,
}

/// How a scalar was written, which decides what it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: `5` is a number.
    Plain,
    /// In quotes or as a block: `"5"` is text.
    Quoted,
    /// Out of a parameter: `5` is whatever is expected.
    Expanded,
}

/// The entries of a map in written order, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mapping(pub(crate) Vec<Entry>);

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) key_span: Span,
    /// The value.
    pub(crate) value: Node,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: no value at all, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number without a fraction.
    Integer,
    /// A number with a fraction or an exponent.
    Float,
    /// Any other scalar.
    Text,
    /// A list.
    Sequence,
    /// A map.
    Mapping,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "nothing",
            Self::Boolean => "a boolean",
            Self::Integer | Self::Float => "a number",
            Self::Text => "text",
            Self::Sequence => "a list",
            Self::Mapping => "a map",
        })
    }
}

impl Node {
    /// Returns what the value is.
    pub(crate) fn kind(&self) -> Kind {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind(),
            Value::Sequence(_) => Kind::Sequence,
            Value::Mapping(_) => Kind::Mapping,
        }
    }

    /// Says whether there is no value.
    pub(crate) fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Returns the text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// Returns the entries of a map.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// Returns the items of a list.
    pub(crate) fn sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }
}

impl Mapping {
    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Returns the entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// Returns the entry of a key for changing it.
    pub(crate) fn entry_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.key == key)
    }

    /// Takes a key out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Entry> {
        let index = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(index))
    }
}

impl Scalar {
    /// Returns what the scalar is by the core schema of YAML 1.2, in which `no` and `1.1.1` are text.
    pub(crate) fn kind(&self) -> Kind {
        match (self.style, self.text.as_str()) {
            (Style::Quoted | Style::Expanded, _) => Kind::Text,
            (_, "" | "~" | "null" | "Null" | "NULL") => Kind::Null,
            (_, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") => Kind::Boolean,
            (_, text) if is_integer(text) => Kind::Integer,
            (_, text) if is_float(text) => Kind::Float,
            _ => Kind::Text,
        }
    }
}

fn is_integer(text: &str) -> bool {
    let all =
        |digits: &str, allowed: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|d| allowed(&d));
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |digit| matches!(digit, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    all(text.strip_prefix(['+', '-']).unwrap_or(text), u8::is_ascii_digit)
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let numeric = unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    numeric && unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_read_by_the_core_schema() {
        let kind = |text: &str| Scalar { text: text.to_owned(), style: Style::Plain }.kind();
        for (expected, texts) in [
            (Kind::Null, vec!["", "~", "null"]),
            (Kind::Boolean, vec!["true", "FALSE"]),
            (Kind::Integer, vec!["0", "-17", "0755", "0o755", "0xff", "+1"]),
            (Kind::Float, vec!["1.10", ".5", "1e3", "-.inf", ".nan", "1."]),
            (Kind::Text, vec!["no", "yes", "on", "1.2.3", "1_000", "0o8", "-", "+", ".", "e", "inf", "nan"]),
        ] {
            for text in texts {
                assert_eq!(kind(text), expected, "{text:?}");
            }
        }
        let quoted = Scalar { text: "5".to_owned(), style: Style::Quoted };
        assert_eq!(quoted.kind(), Kind::Text);
    }
}
