//! Days of the calendar: when an allowance expires.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the Gregorian calendar, written `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

/// A text that is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date: expected a day such as `2027-01-31`")]
pub struct InvalidDate(String);

impl Date {
    /// Returns the day, in UTC, of a time in seconds since 1970; the last day of the calendar for a time
    /// that no calendar has.
    pub fn of_seconds(seconds: i64) -> Self {
        let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        Self(time.to_zoned(TimeZone::UTC).date())
    }
}

/// Returns the seconds since 1970 of a time in RFC 3339; parts of seconds are left out. `None` for
/// anything else.
pub(super) fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_second())
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        // Other forms that are read as dates are left to nobody's guess.
        let date = jiff::civil::Date::strptime("%Y-%m-%d", text).ok().map(Self);
        date.filter(|date| date.to_string() == text).ok_or_else(|| InvalidDate(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_fall_on_days() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_795_000_000, "2026-11-18"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(Date::of_seconds(seconds).to_string(), expected);
        }
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for text in ["2027-02-29", "2027-13-01", "2027-00-10", "2027-04-31", "27-01-01", "2027-1-01", "soon"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!("2028-02-29".parse::<Date>().map(|date| date.to_string()), Ok("2028-02-29".to_owned()));
    }

    #[test]
    fn times_of_images_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-18T08:53:20Z", Some(1_794_992_000)),
            ("2000-03-01T00:00:01.123456789Z", Some(951_868_801)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800)),
            ("2026-11-18T08:53:20+01:00", Some(1_794_988_400)),
            ("2026-11-18", None),
            ("yesterday", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in 0_i64..200_000_000_000) {
            let date = Date::of_seconds(seconds);
            prop_assert_eq!(date.to_string().parse(), Ok(date));
            prop_assert!(Date::of_seconds(seconds + 86_400) > date);
        }
    }
}
