//! Values that are more than text: modes, compression, the words of a command.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// Reads and writes a type as its text.
macro_rules! as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use as_text;

/// Text that YAML may read as a number or a boolean: `1.10`, `8080`, `true`.
///
/// It stands in the schema for strings that keep their source text.
#[derive(Debug)]
pub enum Scalar {}

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// A file mode: three or four octal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mode(pub u32);

/// A value that a type of this module cannot be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// The text is no file mode.
    #[error("expected three or four octal digits such as `0755`, found `{0}`")]
    Mode(String),
    /// The text names no compression.
    #[error("expected `none`, `gzip` or `zstd`, with an optional level as in `gzip:9`, found `{0}`")]
    Compression(String),
    /// The level is outside the range of its compression.
    #[error("expected a level from 1 to {highest} for `{codec}`, found `{found}`")]
    Level {
        /// Name of the compression.
        codec: &'static str,
        /// Its highest level.
        highest: u8,
        /// What was found.
        found: String,
    },
    /// The text is no time.
    #[error("expected a time by RFC 3339 or seconds since 1970, found `{0}`")]
    Time(String),
    /// The text is no length of time.
    #[error("expected a length of time such as `30s` or `1m30s`, found `{0}`")]
    Interval(String),
    /// A quote is not closed.
    #[error("the quote `{0}` is not closed")]
    Quote(char),
    /// The text ends in a lone backslash.
    #[error("nothing follows the `\\` at the end")]
    Backslash,
}

impl FromStr for Mode {
    type Err = InvalidValue;

    /// Reads `0755`, `755` and `0o755` alike.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let octal = digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
        match u32::from_str_radix(digits, 8) {
            Ok(mode) if octal && matches!(digits.len(), 3 | 4) => Ok(Self(mode)),
            _ => Err(InvalidValue::Mode(text.to_owned())),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A file mode: three or four octal digits, such as `0755`.",
            "type": ["string", "integer"],
            "pattern": "^(0o)?[0-7]{3,4}$",
            "x-format": "mode",
        })
    }
}

/// Compression of the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// Not compressed.
    None,
    /// gzip at a level from 1 to 9.
    Gzip(u8),
    /// zstd at a level from 1 to 22.
    Zstd(u8),
}

impl Default for Compression {
    fn default() -> Self {
        Self::Gzip(6)
    }
}

impl FromStr for Compression {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (codec, level) = match text.split_once(':') {
            Some((codec, level)) => (codec, Some(level)),
            None => (text, None),
        };
        let level = |codec: &'static str, default: u8, highest: u8| match level {
            None => Ok(default),
            Some(found) => match found.parse() {
                Ok(level) if (1..=highest).contains(&level) => Ok(level),
                _ => Err(InvalidValue::Level { codec, highest, found: found.to_owned() }),
            },
        };
        match codec {
            "none" if !text.contains(':') => Ok(Self::None),
            "gzip" => Ok(Self::Gzip(level("gzip", 6, 9)?)),
            "zstd" => Ok(Self::Zstd(level("zstd", 3, 22)?)),
            _ => Err(InvalidValue::Compression(text.to_owned())),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gzip(6) => f.write_str("gzip"),
            Self::Gzip(level) => write!(f, "gzip:{level}"),
            Self::Zstd(3) => f.write_str("zstd"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
        }
    }
}

impl JsonSchema for Compression {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Compression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Compression of the layers: `gzip`, `zstd` or `none`, with an optional level as in \
                            `gzip:9`, `zstd:19`.",
            "type": "string",
            "pattern": "^(none|gzip(:[1-9])?|zstd(:([1-9]|1[0-9]|2[0-2]))?)$",
            "x-format": "compression",
        })
    }
}

/// The words of a command: a list, or a string that is split at spaces outside quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Words(pub Vec<String>);

/// How the words of a command are written.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum WrittenWords {
    /// The words.
    List(#[schemars(with = "Vec<Scalar>")] Vec<String>),
    /// One string that is split at spaces outside quotes.
    Line(#[schemars(extend("x-format" = "words"))] String),
}

impl FromStr for Words {
    type Err = InvalidValue;

    /// Splits a line at white space outside quotes, as a shell does, without expanding anything.
    fn from_str(line: &str) -> Result<Self, InvalidValue> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            match character {
                ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
                '#' if word.is_none() => {
                    characters.by_ref().find(|character| *character == '\n');
                }
                '\'' | '"' => quoted(character, &mut characters, word.get_or_insert_default())?,
                '\\' => {
                    let next = characters.next().ok_or(InvalidValue::Backslash)?;
                    word.get_or_insert_default().push(next);
                }
                character => word.get_or_insert_default().push(character),
            }
        }
        words.extend(word);
        Ok(Self(words))
    }
}

/// Appends what stands between two quotes. A backslash escapes inside double quotes alone.
fn quoted(quote: char, characters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), InvalidValue> {
    loop {
        match characters.next().ok_or(InvalidValue::Quote(quote))? {
            character if character == quote => return Ok(()),
            '\\' if quote == '"' => word.push(characters.next().ok_or(InvalidValue::Quote(quote))?),
            character => word.push(character),
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match WrittenWords::deserialize(deserializer)? {
            WrittenWords::List(words) => Ok(Self(words)),
            WrittenWords::Line(line) => line.parse().map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for Words {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Words".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = WrittenWords::json_schema(generator);
        schema.insert(
            "description".into(),
            "The words of a command: a list, or a string that is split at spaces outside quotes.".into(),
        );
        schema
    }
}

as_text!(Mode);
as_text!(Compression);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_whatever_their_spelling() {
        for (text, mode) in [("0755", 0o755), ("755", 0o755), ("0o755", 0o755), ("4755", 0o4755), ("000", 0)]
        {
            assert_eq!(text.parse(), Ok(Mode(mode)), "{text}");
        }
        for text in ["", "75", "00755", "0o", "798", "+755", "rwxr-xr-x", "0x1ff"] {
            assert_eq!(text.parse::<Mode>(), Err(InvalidValue::Mode(text.to_owned())), "{text}");
        }
        assert_eq!(Mode(0o755).to_string(), "0755");
        assert_eq!(Mode(0o4755).to_string(), "4755");
    }

    #[test]
    fn compression_keeps_a_level_that_is_not_the_default() {
        for (text, compression, written) in [
            ("gzip", Compression::Gzip(6), "gzip"),
            ("gzip:6", Compression::Gzip(6), "gzip"),
            ("gzip:9", Compression::Gzip(9), "gzip:9"),
            ("zstd:19", Compression::Zstd(19), "zstd:19"),
            ("none", Compression::None, "none"),
        ] {
            assert_eq!(text.parse(), Ok(compression), "{text}");
            assert_eq!(compression.to_string(), written);
        }
        for text in ["gzip:0", "gzip:10", "zstd:23", "gzip:", "none:1", "xz", "GZIP"] {
            assert!(text.parse::<Compression>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_is_split_at_spaces_outside_quotes() {
        for (line, words) in [
            ("/app --port 80", vec!["/app", "--port", "80"]),
            ("a 'b c' \"d e\"", vec!["a", "b c", "d e"]),
            (r#"a\ b "\"x\"" 'y\z'"#, vec!["a b", "\"x\"", r"y\z"]),
            ("x''y \"\"", vec!["xy", ""]),
            ("  ", vec![]),
            ("a # b", vec!["a"]),
            ("a#b", vec!["a#b"]),
        ] {
            let words = words.into_iter().map(str::to_owned).collect();
            assert_eq!(line.parse(), Ok(Words(words)), "{line}");
        }
        assert_eq!("a 'b".parse::<Words>(), Err(InvalidValue::Quote('\'')));
        assert_eq!("a\\".parse::<Words>(), Err(InvalidValue::Backslash));
    }
}
