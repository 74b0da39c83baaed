//! Debian version numbers, ordered as dpkg orders them.
//!
//! A version is `[epoch:]upstream[-revision]`. Two spellings may be the same version: a missing epoch
//! is 0, a missing revision is 0, leading zeros of a number do not count, and a number that is not
//! there at all is 0 (`1.0a` is `1.0a0`).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A valid Debian version, which keeps the spelling it was given.
///
/// Equality, order and hash follow dpkg, not the spelling: `1.0` equals `1.0-0`.
#[derive(Clone)]
pub struct Version(Box<str>);

/// A text that is no Debian version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVersion {
    /// Nothing but white space.
    #[error("the version is empty")]
    Empty,
    /// The part before the first colon is not a number that dpkg accepts.
    #[error("version `{0}` has an epoch that is not a number between 0 and 2147483647")]
    Epoch(String),
    /// Nothing stands between epoch and revision.
    #[error("version `{0}` has no upstream part")]
    NoUpstream(String),
    /// A hyphen with nothing behind it.
    #[error("version `{0}` ends in a hyphen: expected a revision after it")]
    NoRevision(String),
    /// White space, a control character or a character outside ASCII.
    #[error("version `{version}` has the character `{character}`")]
    Character {
        /// The version, escaped and shortened.
        version: String,
        /// The character, escaped.
        character: String,
    },
}

impl Version {
    /// Reads a version; white space around it is dropped.
    ///
    /// As lenient as dpkg is with packages that exist: any printable ASCII character may stand in the
    /// upstream part and in the revision, and the upstream part need not start with a digit.
    pub fn parse(text: &str) -> Result<Self, InvalidVersion> {
        let text = text.trim();
        let shown = || text.escape_default().take(80).collect::<String>();
        if text.is_empty() {
            return Err(InvalidVersion::Empty);
        }
        if let Some(character) = text.chars().find(|character| !character.is_ascii_graphic()) {
            let character = character.escape_default().collect();
            return Err(InvalidVersion::Character { version: shown(), character });
        }
        let rest = match text.split_once(':') {
            None => text,
            Some((epoch, rest)) if is_epoch(epoch) => rest,
            Some(_) => return Err(InvalidVersion::Epoch(shown())),
        };
        if rest.ends_with('-') {
            return Err(InvalidVersion::NoRevision(shown()));
        }
        if rest.rsplit_once('-').map_or(rest, |(upstream, _)| upstream).is_empty() {
            return Err(InvalidVersion::NoUpstream(shown()));
        }
        Ok(Self(text.into()))
    }

    /// Returns the version as it was spelled.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the number before the first colon, 0 without one.
    pub fn epoch(&self) -> u32 {
        Parts::of(&self.0).epoch
    }

    /// Returns what stands between the epoch and the last hyphen.
    pub fn upstream(&self) -> &str {
        Parts::of(&self.0).upstream
    }

    /// Returns what stands behind the last hyphen.
    pub fn revision(&self) -> Option<&str> {
        Parts::of(&self.0).revision
    }

    /// Returns the text without a final `+bN`, which marks a rebuild of the same source for one
    /// architecture.
    pub fn without_rebuild(&self) -> &str {
        without_rebuild(&self.0)
    }
}

/// Returns a version's text without a final `+bN`; see [`Version::without_rebuild`].
pub fn without_rebuild(version: &str) -> &str {
    let source = version.trim_end_matches(|character: char| character.is_ascii_digit());
    match source.strip_suffix("+b") {
        Some(rest) if source.len() < version.len() && !rest.is_empty() => rest,
        _ => version,
    }
}

/// Orders two version texts as dpkg does, without allocating.
///
/// Takes any text: what is not a valid version is ordered by the same rules, an epoch that is no
/// number counting as part of the upstream version.
pub fn compare(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (a, b) = (Parts::of(a), Parts::of(b));
    (a.epoch.cmp(&b.epoch))
        .then_with(|| compare_part(a.upstream.as_bytes(), b.upstream.as_bytes()))
        .then_with(|| compare_part(a.revision_bytes(), b.revision_bytes()))
}

struct Parts<'a> {
    epoch: u32,
    upstream: &'a str,
    revision: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.trim();
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if is_epoch(epoch) => (epoch.parse().unwrap_or(u32::MAX), rest),
            _ => (0, text),
        };
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((upstream, revision)) => (upstream, Some(revision)),
            None => (rest, None),
        };
        Self { epoch, upstream, revision }
    }

    fn revision_bytes(&self) -> &'a [u8] {
        self.revision.unwrap_or_default().as_bytes()
    }
}

/// Says whether the text is a number that fits dpkg's `int`.
fn is_epoch(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u32>().is_ok_and(|epoch| epoch <= i32::MAX as u32)
}

/// Compares an upstream part or a revision: runs of other characters and of digits in turn.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (left, right) = (weight(a.first()), weight(b.first()));
            if left != right {
                return left.cmp(&right);
            }
            if left == 0 {
                break;
            }
            (a, b) = (&a[1..], &b[1..]);
        }
        let (left, right) = (take_number(&mut a), take_number(&mut b));
        let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Weighs a character outside numbers: a tilde sorts before the end, letters before the rest. The end
/// and the start of a number weigh 0.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None | Some(b'0'..=b'9') => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

/// Takes the digits at the front, and returns them without leading zeros.
fn take_number<'a>(part: &mut &'a [u8]) -> &'a [u8] {
    let end = part.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(part.len());
    let (digits, rest) = part.split_at(end);
    *part = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let parts = Parts::of(&self.0);
        parts.epoch.hash(state);
        for mut part in [parts.upstream.as_bytes(), parts.revision_bytes()] {
            // Zeros in front of a number are left out, and so is a number that is 0: what remains is
            // the same for all spellings of a version.
            while let Some(first) = part.first() {
                if first.is_ascii_digit() {
                    state.write(take_number(&mut part));
                } else {
                    state.write_u8(*first);
                    part = &part[1..];
                }
            }
            state.write_u8(b'-');
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({:?})", self.0)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
