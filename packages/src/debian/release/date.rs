//! The dates of Release files.

use std::fmt;

/// A date of a Release file, with the moment it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Date {
    text: String,
    seconds: i64,
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid date `{found}`: expected one such as `Sat, 15 Nov 2025 10:02:30 UTC`")]
pub struct InvalidDate {
    /// The text that was found, escaped and shortened.
    pub found: String,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Date {
    /// Reads a date as RFC 1123 writes it: `[Sat, ]15 Nov 2025 10:02:30 UTC`. The zone is `UTC`, `GMT`,
    /// `Z` or an offset such as `+0000`; the name of the day is not checked.
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        let seconds = seconds(text).ok_or_else(|| InvalidDate {
            found: text.chars().take(60).flat_map(char::escape_default).collect(),
        })?;
        Ok(Self { text: text.to_owned(), seconds })
    }

    /// Returns the date as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the seconds since 1970-01-01 00:00:00 UTC.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn seconds(text: &str) -> Option<i64> {
    let text = match text.split_once(',') {
        Some((day, rest)) if day.trim_ascii().bytes().all(|byte| byte.is_ascii_alphabetic()) => rest,
        _ => text,
    };
    let mut words = text.split_ascii_whitespace();
    let day = number(words.next()?, 1..=2)?;
    let month_name = words.next()?;
    let month = 1 + MONTHS.iter().position(|month| month.eq_ignore_ascii_case(month_name))? as i64;
    let year = number(words.next()?, 4..=4)?;
    let mut clock = words.next()?.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    let (hour, minute, second) = (number(hour, 1..=2)?, number(minute, 2..=2)?, number(second, 2..=2)?);
    let zone = offset(words.next()?)?;
    let is_valid = (1970..=9999).contains(&year)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if words.next().is_some() || clock.next().is_some() || !is_valid {
        return None;
    }
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - zone)
}

fn number(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let is_number = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Returns how many seconds a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        _ if matches!(zone, "UTC" | "GMT" | "UT" | "Z") => return Some(0),
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let number = number(digits, 4..=4)?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a day of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    (year - 1970) * 365 + leap_days + months + day - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_become_seconds() {
        // The expected values are those of `date --utc --date TEXT +%s`.
        let cases = [
            ("Thu, 01 Jan 1970 00:00:00 UTC", 0),
            ("Sat, 15 Nov 2025 10:02:30 UTC", 1_763_200_950),
            ("Sat, 15 Nov 2025  9:02:30 UTC", 1_763_197_350),
            ("15 Nov 2025 10:02:30 GMT", 1_763_200_950),
            ("Sat, 15 Nov 2025 10:02:30 +0130", 1_763_195_550),
            ("Sat, 15 Nov 2025 10:02:30 -0130", 1_763_206_350),
            ("Thu, 29 Feb 2024 23:59:59 UTC", 1_709_251_199),
            ("Tue, 01 Mar 2100 00:00:00 UTC", 4_107_542_400),
        ];
        for (text, seconds) in cases {
            assert_eq!(Date::parse(text).map(|date| date.seconds()), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let cases = [
            "",
            "2025-11-15",
            "Sat, 15 Nov 2025",
            "Sat, 15 Nov 2025 10:02:30",
            "Sat, 15 Nov 2025 10:02:30 CET",
            "Sat, 15 Nov 2025 10:02:30 UTC UTC",
            "Sat, 15 Nov 2025 10:02 UTC",
            "Sat, 15 Nov 2025 24:00:00 UTC",
            "Sat, 31 Nov 2025 10:02:30 UTC",
            "Thu, 29 Feb 2100 00:00:00 UTC",
            "Sat, 00 Nov 2025 10:02:30 UTC",
            "Sat, 15 Nov 25 10:02:30 UTC",
            "Sat, +1 Nov 2025 10:02:30 UTC",
        ];
        for text in cases {
            assert_eq!(Date::parse(text), Err(InvalidDate { found: text.to_owned() }));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ ,:0-9+é-]{0,10}( ?(Jan|Feb|UTC|[0-9:]{1,8})){0,6}") {
            let _ = Date::parse(&text);
        }
    }
}
