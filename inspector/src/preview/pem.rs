//! PEM (RFC 7468): texts between lines of dashes, wherever they stand in a content.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"END ";
const DASHES: &[u8] = b"-----";
/// The longest label that is looked at, in bytes.
const MAX_LABEL: usize = 100;
/// The longest block, in bytes; the longest keys and certificates have a tenth of it.
const MAX_BODY: usize = 64 << 10;
/// A text of this many characters of base64 without a blank is taken for a part of a key.
const MIN_KEY: usize = 24;

/// A text between two lines of dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    /// What it is: `CERTIFICATE`.
    pub(super) label: &'a [u8],
    /// Where it stands.
    pub(super) body: Range<usize>,
    /// Whether the line that ends it comes after it.
    pub(super) is_closed: bool,
}

/// Finds all blocks.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + find(&bytes[at..], BEGIN)? + BEGIN.len();
            at = start;
            let head = &bytes[start..bytes.len().min(start + MAX_LABEL)];
            let Some(length) = find(head, DASHES) else { continue };
            let body = start + length + DASHES.len();
            let window = &bytes[body..bytes.len().min(body + MAX_BODY)];
            let end = find(window, DASHES);
            let before = &window[..end.unwrap_or(window.len())];
            // Programs have such lines among their texts, and nothing between them.
            let zero = before.iter().position(|byte| *byte == 0);
            at = body + zero.unwrap_or(before.len());
            let is_closed =
                zero.is_none() && end.is_some_and(|end| window[end + DASHES.len()..].starts_with(END));
            return Some(Block { label: &head[..length], body: body..at, is_closed });
        }
    })
}

impl Block<'_> {
    /// Says whether it is a private key: `RSA PRIVATE KEY`, `PGP PRIVATE KEY BLOCK`, … Programs that read
    /// keys have the lines around them, and no key between.
    pub(super) fn is_private_key(&self, bytes: &[u8]) -> bool {
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let mut parts = bytes[self.body.clone()].split(|byte| !is_base64(byte));
        find(self.label, b"PRIVATE KEY").is_some() && parts.any(|part| part.len() >= MIN_KEY)
    }

    /// Says whether it is a certificate.
    pub(super) fn is_certificate(&self) -> bool {
        matches!(self.label, b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE")
    }

    /// Decodes it; `None` when it is cut short or no base64.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if !self.is_closed {
            return None;
        }
        let body = bytes[self.body.clone()].iter().copied().filter(|byte| !byte.is_ascii_whitespace());
        STANDARD.decode(body.collect::<Vec<u8>>()).ok()
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut at = 0;
    while let Some(place) = bytes[at..].iter().position(|byte| byte == first) {
        if bytes[at + place..].starts_with(wanted) {
            return Some(at + place);
        }
        at += place + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn many_blocks_take_as_long_as_few() {
        let many = b"-----BEGIN -----".repeat(1 << 16);
        let few = b"-----BEGIN------".repeat(1 << 16);
        // In turns, and the best of each, so that a busy machine slows down both.
        let mut best = [Duration::MAX; 2];
        for _ in 0..5 {
            for ((bytes, count), best) in [(&many, 1 << 16), (&few, 0)].into_iter().zip(&mut best) {
                let start = Instant::now();
                assert_eq!(blocks(bytes).count(), count);
                *best = start.elapsed().min(*best);
            }
        }
        let ratio = best[0].as_secs_f64() / best[1].as_secs_f64();
        // With a body searched anew for each block it is some hundreds.
        assert!(ratio < 100.0, "{ratio} times as long: {best:?}");
    }
}
