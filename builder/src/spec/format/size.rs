//! Sizes in bytes as people write them.

/// Units with what they stand for; a shorter spelling comes after a longer one it ends.
const UNITS: [(&str, u64); 14] = [
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
    ("t", 1 << 40),
    ("b", 1),
    ("", 1),
];

/// Reads a number of bytes: `500MB`, `1.5 GiB`, `0`; parts of a byte are dropped. Letters may be large or
/// small.
///
/// `None` for what is no size, and for sizes beyond 64 bits.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, factor) =
        UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.trim_end(), *factor)))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Nine digits after the point are less than a byte of a gibibyte.
    if !digits(whole) || fraction.len() > 9 || (number.contains('.') && !digits(fraction)) {
        return None;
    }
    let part = fraction.parse::<u128>().unwrap_or(0) * u128::from(factor);
    let part = part / 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(factor)?.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12", Some(12)),
            ("12B", Some(12)),
            ("2GiB", Some(2 << 30)),
            ("2 GiB", Some(2 << 30)),
            ("500MB", Some(500_000_000)),
            ("1k", Some(1024)),
            ("2T", Some(2 << 40)),
            ("1.5GiB", Some(3 << 29)),
            ("0.25 kB", Some(250)),
            ("0.0001 kB", Some(0)),
            ("GiB", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.", None),
            (".5MB", None),
            ("1.2.3", None),
            ("1e3", None),
            ("1.0000000001 GB", None),
            ("20 parsecs", None),
            ("99999999999TB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
