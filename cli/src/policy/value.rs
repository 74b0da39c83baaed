//! Values of policies: sizes and shares.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::size::Size;

/// A number of bytes: `20 MiB`, `1.5 MB`, `20000000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

/// A share in per cent: `5`, `0.5`, `5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Percent(pub(crate) f64);

/// Judges texts by the syntaxes that the types of policies name.
pub(super) fn format(format: &str, text: &str) -> Option<Result<(), String>> {
    let expected = |is_right: bool, expected: &str| if is_right { Ok(()) } else { Err(expected.to_owned()) };
    match format {
        "bytes" => Some(expected(text.parse::<Size>().is_ok(), "a size such as `20 MB` or `512 KiB`")),
        "percent" => Some(expected(percent(text, 100.0).is_some(), "per cent from 0 to 100, such as `2.5`")),
        "growth" => Some(expected(percent(text, f64::MAX).is_some(), "per cent, such as `10`")),
        "image-glob" => {
            Some(attar_inspector::rules::Glob::parse(text).map(drop).map_err(|error| error.expected()))
        }
        _ => super::dive::format(format, text),
    }
}

fn percent(text: &str, highest: f64) -> Option<f64> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    // What Rust reads besides, such as `inf` and `1e3`, is no share.
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    number.parse().ok().filter(|share| plain && *share <= highest)
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let size: Size = String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(size.0))
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        percent(&text, f64::MAX).map(Self).ok_or_else(|| serde::de::Error::custom("expected per cent"))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "x-format": "bytes" })
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "x-format": "percent" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        for (text, expected) in [
            ("5", Some(5.0)),
            ("0.5", Some(0.5)),
            ("5%", Some(5.0)),
            ("5 %", Some(5.0)),
            ("100", Some(100.0)),
            ("100.1", None),
            ("-1", None),
            ("1e1", None),
            ("inf", None),
            ("nan", None),
            ("", None),
            ("%", None),
            (".", None),
        ] {
            assert_eq!(percent(text, 100.0), expected, "{text}");
        }
    }
}
