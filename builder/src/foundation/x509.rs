//! Certificates as bytes: DER inside PEM, and the little that is read of it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How a certificate in PEM begins.
pub(super) const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
/// How it ends.
pub(super) const END: &str = "-----END CERTIFICATE-----";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0] EXPLICIT`, the version of a certificate.
const VERSION: u8 = 0xa0;

/// Why a text between the marks is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// The closing mark is missing.
    Open,
    /// The text is not base64.
    Base64,
}

/// Returns the contents of all certificates in a text.
pub(super) fn pem(text: &str) -> impl Iterator<Item = Result<Vec<u8>, Damage>> + '_ {
    text.split(BEGIN).skip(1).map(|rest| {
        let (body, _) = rest.split_once(END).ok_or(Damage::Open)?;
        base64(body).ok_or(Damage::Base64)
    })
}

/// Returns from when on a certificate is valid, in milliseconds since 1970; `None` when the bytes are
/// not one X.509 certificate (RFC 5280, section 4.1), no more and no less.
pub(super) fn valid_from(der: &[u8]) -> Option<i64> {
    let (certificate, []) = expect(SEQUENCE, der)? else { return None };
    let (signed, rest) = expect(SEQUENCE, certificate)?;
    let (_, rest) = expect(SEQUENCE, rest)?;
    let (_, []) = expect(BIT_STRING, rest)? else { return None };
    let rest = expect(VERSION, signed).map_or(signed, |(_, rest)| rest);
    let (_serial, rest) = expect(INTEGER, rest)?;
    let (_algorithm, rest) = expect(SEQUENCE, rest)?;
    let (_issuer, rest) = expect(SEQUENCE, rest)?;
    let (validity, rest) = expect(SEQUENCE, rest)?;
    let (_subject, rest) = expect(SEQUENCE, rest)?;
    expect(SEQUENCE, rest)?;
    let (tag, from, rest) = element(validity)?;
    let (until_tag, until, []) = element(rest)? else { return None };
    time(until_tag, until)?;
    time(tag, from)
}

/// Returns the content of an element with this tag, and what follows it.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// Splits the first element off: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else { return None };
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Reads a time, in milliseconds since 1970.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    let pair = |at: usize| -> Option<i16> {
        let [tens, ones] = *digits.get(at..at + 2)? else { return None };
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| i16::from(tens - b'0') * 10 + i16::from(ones - b'0'))
    };
    let (year, start) = match (tag, digits.len()) {
        (UTC_TIME, 12) => (pair(0)? + if pair(0)? < 50 { 2000 } else { 1900 }, 2),
        (GENERALIZED_TIME, 14) => (pair(0)? * 100 + pair(2)?, 4),
        _ => return None,
    };
    let small = |number: usize| pair(start + 2 * number).and_then(|value| i8::try_from(value).ok());
    let time = DateTime::new(year, small(0)?, small(1)?, small(2)?, small(3)?, small(4)?, 0).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count, mut padding) = (Vec::new(), 0u32, 0, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        (bits, count) = (bits << 6 | u32::from(value), count + 1);
        if count == 4 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    match (count, padding) {
        (0, 0) => {}
        (2, 2) => bytes.push((bits >> 4) as u8),
        (3, 1) => bytes.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => return None,
    }
    Some(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An authority valid from 2020-02-29T12:00:00Z to 2129, so both forms of time stand in it.
    pub(in crate::foundation) const PEM: &str = "-----BEGIN CERTIFICATE-----
MIIBaTCCAQ+gAwIBAgIJALEXopR46Ez7MAoGCCqGSM49BAMCMB8xHTAbBgNVBAMT
FGF0dGFyIHRlc3QgYXV0aG9yaXR5MCAXDTIwMDIyOTEyMDAwMFoYDzIxMjkwOTA1
MTIwMDAwWjAfMR0wGwYDVQQDExRhdHRhciB0ZXN0IGF1dGhvcml0eTBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABLQgTcsPSSs/wfKXcpQ9e1VJ7JZ0OiMcl0KMRjgx
CJxv6DnrD+UiW/ONwQEZcKbqk7xLXI/yiqkOjBbuvqfTroejMjAwMB0GA1UdDgQW
BBQRz8zu77lH+0qlSSL+SPmyJS2mwjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0gAMEUCIFVn5QZNGdsjykP+QAzu3dM1sX6KqZafOmcro9gyKogZAiEAuQy1
hRGfrF6YZyjTQ//3hjCkP19HZpcSABEFiI5DAXc=
-----END CERTIFICATE-----";

    #[test]
    fn a_certificate_says_from_when_on_it_is_valid() {
        let der = pem(PEM).next().expect("one certificate").expect("base64");
        assert_eq!(valid_from(&der), Some(1_582_977_600_000));
        for length in 0..der.len() {
            assert_eq!(valid_from(&der[..length]), None, "cut after {length} bytes");
        }
        let longer = [&der[..], b"\0"].concat();
        assert_eq!(valid_from(&longer), None, "one byte more");
    }

    #[test]
    fn times() {
        for (tag, text, expected) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999_000)),
            (UTC_TIME, "500101000000Z", Some(-631_152_000_000)),
            (GENERALIZED_TIME, "19700101000001Z", Some(1000)),
            (UTC_TIME, "19700101000001Z", None),
            (UTC_TIME, "7001010000Z", None),
            (UTC_TIME, "700101000000", None),
            (UTC_TIME, "701301000000Z", None),
            (UTC_TIME, "7001010000+0Z", None),
            (SEQUENCE, "700101000000Z", None),
        ] {
            assert_eq!(time(tag, text.as_bytes()), expected, "{tag} {text}");
        }
    }

    #[test]
    fn texts_with_several_certificates() {
        let text = format!("subject: x\n{PEM}\n{BEGIN}\n?\n{END}\n{BEGIN}\nAAAA\n");
        let found: Vec<_> = pem(&text).map(|one| one.map(|der| der.len())).collect();
        assert_eq!(found, [Ok(365), Err(Damage::Base64), Err(Damage::Open)]);
    }
}
