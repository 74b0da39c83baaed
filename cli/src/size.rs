//! Sizes in bytes as people write and read them.

use std::fmt;
use std::str::FromStr;

/// A number of bytes; written as `500MB`, `1.5 GiB`, `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) u64);

/// What is no size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number with a unit, such as `500MB` or `2GiB`")]
pub(crate) struct InvalidSize;

/// Units with what they stand for; a shorter spelling comes after a longer one it ends.
const UNITS: [(&str, u64); 13] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("b", 1),
    ("", 1),
];

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let text = text.trim().to_ascii_lowercase();
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
            .ok_or(InvalidSize)?;
        let (whole, fraction) = number.trim_end().split_once('.').unwrap_or((number.trim_end(), ""));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Nine digits after the point are less than a byte of a gibibyte.
        if !digits(whole) || fraction.len() > 9 || (number.contains('.') && !digits(fraction)) {
            return Err(InvalidSize);
        }
        let whole: u64 = whole.parse().map_err(|_| InvalidSize)?;
        let part = fraction.parse::<u128>().unwrap_or(0) * u128::from(factor);
        let part = part / 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let part = u64::try_from(part).map_err(|_| InvalidSize)?;
        whole.checked_mul(factor).and_then(|bytes| bytes.checked_add(part)).map(Self).ok_or(InvalidSize)
    }
}

impl fmt::Display for Size {
    /// Writes three digits and a decimal unit: `5.41 MB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0 as f64;
        let mut unit = "B";
        for next in ["kB", "MB", "GB", "TB"] {
            if value < 999.5 {
                break;
            }
            value /= 1000.0;
            unit = next;
        }
        let digits = match value {
            _ if unit == "B" => 0,
            value if value < 9.995 => 2,
            value if value < 99.95 => 1,
            _ => 0,
        };
        f.pad(&format!("{value:.digits$} {unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing() {
        for (text, expected) in [
            ("0", Ok(Size(0))),
            ("12", Ok(Size(12))),
            ("12B", Ok(Size(12))),
            ("2GiB", Ok(Size(2 << 30))),
            ("2 GiB", Ok(Size(2 << 30))),
            ("500MB", Ok(Size(500_000_000))),
            ("1k", Ok(Size(1024))),
            ("GiB", Err(InvalidSize)),
            ("-1", Err(InvalidSize)),
            ("1.5GiB", Ok(Size(3 << 29))),
            ("0.25 kB", Ok(Size(250))),
            ("1.", Err(InvalidSize)),
            (".5MB", Err(InvalidSize)),
            ("1e3", Err(InvalidSize)),
            ("+1", Err(InvalidSize)),
            ("99999999999TB", Err(InvalidSize)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }

    #[test]
    fn display() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (5_412_345, "5.41 MB"),
            (54_123_456, "54.1 MB"),
            (999_600, "1.00 MB"),
            (12_000_000_000, "12.0 GB"),
        ] {
            assert_eq!(Size(bytes).to_string(), expected);
        }
    }
}
