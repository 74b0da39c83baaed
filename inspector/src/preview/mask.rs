//! What must not be shown: passwords and private keys.
//!
//! Masked bytes are replaced by as many stars before anything else looks at the content, so that neither
//! text nor hexadecimal digits nor a difference can show them.

use std::ops::Range;
use std::sync::Arc;

use super::content::{Content, MAX_WHOLE};
use super::pem;

/// What stands in the place of each masked byte.
const MASK: u8 = b'*';
/// Files whose lines have a password in their second field.
const ACCOUNTS: [&[u8]; 11] = [
    b"shadow",
    b"shadow-",
    b"gshadow",
    b"gshadow-",
    b"passwd",
    b"passwd-",
    b"group",
    b"group-",
    b"opasswd",
    b"htpasswd",
    b".htpasswd",
];

/// A content of which nothing private is left.
#[derive(Clone, Debug)]
pub(super) struct Masked {
    /// The bytes with stars in the place of what is private.
    pub(super) bytes: Arc<[u8]>,
    /// Private keys in PEM that are masked.
    pub(super) keys: usize,
    /// Whether all of it is one private key in DER.
    pub(super) is_key: bool,
    /// Passwords that are masked.
    pub(super) passwords: usize,
}

/// Masks everything private in a content.
pub(super) fn mask(content: &Content) -> Masked {
    let bytes = &content.bytes[..content.bytes.len().min(MAX_WHOLE as usize)];
    let is_key = is_key_in_der(bytes, content.size);
    let mut ranges: Vec<Range<usize>> = if is_key {
        Vec::from([Range { start: 0, end: bytes.len() }])
    } else {
        pem::blocks(bytes).filter(|block| block.is_private_key(bytes)).map(|block| block.body).collect()
    };
    let keys = ranges.len();
    if ACCOUNTS.contains(&content.file_name()) {
        ranges.extend(passwords(bytes));
    }
    let passwords = ranges.len() - keys;
    let mut masked = if bytes.len() == content.bytes.len() && ranges.is_empty() {
        return Masked { bytes: Arc::clone(&content.bytes), keys, is_key, passwords };
    } else {
        bytes.to_vec()
    };
    for range in ranges {
        // Lines of text keep their ends.
        let secret = masked[range].iter_mut();
        secret.filter(|byte| is_key || !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = MASK);
    }
    Masked { bytes: masked.into(), keys, is_key, passwords }
}

/// Says whether a file of this size is a private key in DER: of PKCS #8, of RSA (PKCS #1) or of an
/// elliptic curve (SEC 1). A number, the version, is the first thing in each; certificates begin with a
/// sequence.
fn is_key_in_der(bytes: &[u8], size: u64) -> bool {
    let (length, header) = match bytes {
        [0x30, length @ ..=0x7f, ..] => (u64::from(*length), 2),
        [0x30, 0x81, length, ..] => (u64::from(*length), 3),
        [0x30, 0x82, high, low, ..] => (u64::from(u16::from_be_bytes([*high, *low])), 4),
        _ => return false,
    };
    let body = &bytes[header..];
    length + header as u64 == size
        && (body.starts_with(&[2, 1, 0, 0x30])
            || body.starts_with(&[2, 1, 1, 0x30])
            || body.starts_with(&[2, 1, 0, 2, 0x81])
            || body.starts_with(&[2, 1, 0, 2, 0x82])
            || body.starts_with(&[2, 1, 1, 4]))
}

/// Finds the passwords of a file of accounts; what only locks an account, or points to another file, is
/// none.
fn passwords(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next().unwrap_or_default();
        if let Some(field) = fields.next().map(<[u8]>::trim_ascii_end)
            && field.iter().any(|byte| !matches!(byte, b'!' | b'*' | b'x'))
        {
            let from = start + name.len() + 1;
            found.push(from + kept(field)..from + field.len());
        }
        start += line.len();
    }
    found
}

/// Returns how much of a password says how it was hashed: `!` and `$6$`.
fn kept(field: &[u8]) -> usize {
    let locks = field.iter().take_while(|byte| **byte == b'!').count();
    match field[locks..].strip_prefix(b"$") {
        Some(rest) => match rest.iter().position(|byte| *byte == b'$') {
            Some(length @ 1..=8) => locks + length + 2,
            _ => locks,
        },
        None => locks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(name: &str, text: &str) -> String {
        let masked = mask(&Content::whole(name, text.as_bytes()));
        String::from_utf8(masked.bytes.to_vec()).expect("text stays text")
    }

    #[test]
    fn private_keys_are_masked() {
        const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIAbc+/==";
        let stars = "*".repeat(KEY.len());
        for (case, text) in [
            ("a key", "a\n-----BEGIN PRIVATE KEY-----\n@\r\n@\n-----END PRIVATE KEY-----\nb\n"),
            ("cut short", "-----BEGIN OPENSSH PRIVATE KEY-----\n@"),
            ("PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n@\n-----END PGP"),
            ("before a certificate", "-----BEGIN PRIVATE KEY-----\n@\n-----BEGIN CERTIFICATE-----\nMI\n"),
        ] {
            let with = |body: &str| text.replace("@", body);
            assert_eq!(masked("key.pem", &with(KEY)), with(&stars), "{case}");
        }
    }

    #[test]
    fn what_only_looks_like_a_key_is_not_masked() {
        for (case, text) in [
            ("a certificate", "-----BEGIN CERTIFICATE-----\nMC4CAQAwBQYDK2VwBCIEIAbc\n"),
            ("a label without end", "-----BEGIN PRIVATE KEY ----\nMC4CAQAwBQYDK2VwBCIEIAbc\n"),
            ("a program", "if line == \"-----BEGIN PRIVATE KEY-----\" { read(line) }\n"),
            ("texts of a program", "-----BEGIN PRIVATE KEY-----\0MC4CAQAwBQYDK2VwBCIEIAbc\0"),
        ] {
            assert_eq!(masked("key.pem", text), text, "{case}");
        }
        let json = r#"{"key": "-----BEGIN RSA PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAbc\n-----END"}"#;
        assert!(masked("key.json", json).contains(&format!("KEY-----{}-----END", "*".repeat(28))));
    }

    #[test]
    fn passwords_are_masked() {
        let text =
            "root:$6$salt$hash:19000::\r\ndaemon:*:1:\nbin:!*:\na:!$y$j9T$x$y:\nb:AbCdEfGhIjKlM\nc::\nd\n";
        let expected =
            "root:$6$*********:19000::\r\ndaemon:*:1:\nbin:!*:\na:!$y$*******:\nb:*************\nc::\nd\n";
        assert_eq!(masked("/etc/shadow", text), expected);
        assert_eq!(masked("etc/notes", text), text);
        assert_eq!(masked("passwd", "root:x:0:0:root:/root:/bin/sh\n"), "root:x:0:0:root:/root:/bin/sh\n");
    }
    #[test]
    fn keys_without_text_are_masked() {
        for (case, start, is_key) in [
            ("PKCS #8", &[0x30, 10, 2, 1, 0, 0x30, 3][..], true),
            ("RSA", &[0x30, 10, 2, 1, 0, 2, 0x81, 5], true),
            ("elliptic curve", &[0x30, 10, 2, 1, 1, 4, 5], true),
            ("a sequence first", &[0x30, 10, 0x30, 5], false),
            ("another length", &[0x30, 11, 2, 1, 0, 0x30, 3], false),
        ] {
            let mut bytes = start.to_vec();
            bytes.resize(12, 7);
            let masked = mask(&Content::whole("key.der", bytes));
            assert_eq!(
                (masked.is_key, masked.bytes.iter().all(|byte| *byte == MASK)),
                (is_key, is_key),
                "{case}"
            );
        }
    }
}
