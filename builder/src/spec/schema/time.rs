//! Points in time and lengths of it, as a spec writes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::value::InvalidValue;

/// A modification time: whole seconds since 1970, written so or by RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// A length of time such as `30s`, `1m30s`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(pub Duration);

/// The last second that every layer format holds without an extension: 11 octal digits.
const LAST: i64 = 0o77_777_777_777;

impl FromStr for Time {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let seconds = match text.parse::<i64>() {
            Ok(seconds) => Some(seconds),
            Err(_) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
        };
        let seconds = seconds.filter(|seconds| (0..=LAST).contains(seconds));
        seconds.map(Self).ok_or_else(|| InvalidValue::Time(text.to_owned()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time by RFC 3339, such as `2026-01-31T12:00:00Z`, or in seconds since 1970.",
            "type": ["string", "integer"],
            "x-format": "time",
        })
    }
}

impl FromStr for Interval {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse_interval(text).map(Self).ok_or_else(|| InvalidValue::Interval(text.to_owned()))
    }
}

/// Adds up numbers with their units.
fn parse_interval(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let number: u32 = number.parse().ok()?;
        let units = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(units);
        let unit = match unit {
            "h" => Duration::from_secs(3600),
            "m" => Duration::from_secs(60),
            "s" => Duration::from_secs(1),
            "ms" => Duration::from_millis(1),
            _ => return None,
        };
        total = total.checked_add(unit.checked_mul(number)?)?;
        rest = tail;
    }
    (total >= Duration::from_millis(1) && total <= Duration::from_secs(365 * 86_400)).then_some(total)
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        let parts = [
            (milliseconds / 3_600_000, "h"),
            (milliseconds / 60_000 % 60, "m"),
            (milliseconds / 1000 % 60, "s"),
            (milliseconds % 1000, "ms"),
        ];
        parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .try_for_each(|(number, unit)| write!(f, "{number}{unit}"))
    }
}

impl JsonSchema for Interval {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A length of time in hours, minutes, seconds, milliseconds: `30s`, `1m30s`, `500ms`.",
            "type": "string",
            "pattern": "^([0-9]+(h|m|s|ms))+$",
            "x-format": "interval",
        })
    }
}

super::value::as_text!(Time);
super::value::as_text!(Interval);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc_3339() {
        for (text, seconds, written) in [
            ("0", 0, "1970-01-01T00:00:00Z"),
            ("946684800", 946_684_800, "2000-01-01T00:00:00Z"),
            ("2000-01-01T00:00:00Z", 946_684_800, "2000-01-01T00:00:00Z"),
            ("2000-01-01T01:00:00+01:00", 946_684_800, "2000-01-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse(), Ok(Time(seconds)), "{text}");
            assert_eq!(Time(seconds).to_string(), written);
        }
        for text in ["", "-1", "2000-01-01", "2000-01-01T00:00:00", "yesterday", "8589934592"] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }

    #[test]
    fn intervals_have_units() {
        for (text, milliseconds, written) in [
            ("30s", 30_000, "30s"),
            ("1m30s", 90_000, "1m30s"),
            ("90s", 90_000, "1m30s"),
            ("500ms", 500, "500ms"),
        ] {
            let interval = Interval(Duration::from_millis(milliseconds));
            assert_eq!(text.parse(), Ok(interval), "{text}");
            assert_eq!(interval.to_string(), written);
        }
        for text in ["", "30", "s", "0s", "1d", "1.5s", "-1s", "99999999999s", "9999999h"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }
}
