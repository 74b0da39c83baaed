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

impl FromStr for Size {
    type Err = InvalidSize;

    /// Reads a size as specs and policies write it.
    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        attar_builder::spec::bytes(text).map(Self).ok_or(InvalidSize)
    }
}

impl fmt::Display for Size {
    /// Writes three digits and a decimal unit: `5.41 MB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&attar_image::text::bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
