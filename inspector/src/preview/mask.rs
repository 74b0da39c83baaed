//! What must not be shown: passwords and private keys.
//!
//! Masked bytes are replaced by as many stars before anything else looks at the content, so that neither
//! text nor hexadecimal digits nor a difference can show them.

use std::ops::Range;
use std::sync::Arc;

use super::content::Content;

/// What stands in the place of each masked byte.
const MASK: u8 = b'*';
/// What a key in PEM begins with, and what ends a line around it.
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// The longest label of PEM that is looked at.
const MAX_LABEL: usize = 100;

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

/// Returns the bytes of a content with everything private masked.
pub(super) fn masked(content: &Content) -> Arc<[u8]> {
    masked_bytes(content.file_name(), &content.bytes)
}

/// Returns the bytes of a file of this name with everything private masked.
pub(super) fn masked_bytes(name: &[u8], bytes: &Arc<[u8]>) -> Arc<[u8]> {
    let mut ranges = private_keys(bytes);
    if ACCOUNTS.contains(&name) {
        ranges.extend(passwords(bytes));
    }
    if ranges.is_empty() {
        return Arc::clone(bytes);
    }
    let mut masked = bytes.to_vec();
    for range in ranges {
        let secret = masked[range].iter_mut();
        secret.filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = MASK);
    }
    masked.into()
}

/// Says whether a content has a private key in PEM.
pub(super) fn has_private_key(bytes: &[u8]) -> bool {
    !private_keys(bytes).is_empty()
}

/// Finds what stands between the lines around private keys, to the end where the second one is missing.
fn private_keys(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = find(&bytes[at..], BEGIN) {
        let label = at + begin + BEGIN.len();
        at = label;
        let head = &bytes[label..bytes.len().min(label + MAX_LABEL)];
        let Some(length) = find(head, DASHES) else { continue };
        // Every private key's label ends so: RSA PRIVATE KEY, OPENSSH PRIVATE KEY, …; PGP's goes on.
        if find(&head[..length], b"PRIVATE KEY").is_none() {
            continue;
        }
        let start = label + length + DASHES.len();
        let end = find(&bytes[start..], END).map_or(bytes.len(), |length| start + length);
        found.push(start..end);
        at = end;
    }
    found
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

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // A single byte is found fast, and these begin with one that is rare in long runs.
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
    use super::*;

    fn mask(name: &str, text: &str) -> String {
        let masked = masked(&Content::whole(name, text.as_bytes()));
        String::from_utf8(masked.to_vec()).expect("text stays text")
    }

    #[test]
    fn private_keys_are_masked() {
        for (case, text, expected) in [
            (
                "a key",
                "a\n-----BEGIN PRIVATE KEY-----\nAB+/\r\nCD==\n-----END PRIVATE KEY-----\nb\n",
                "a\n-----BEGIN PRIVATE KEY-----\n****\r\n****\n-----END PRIVATE KEY-----\nb\n",
            ),
            (
                "a key in a string",
                r#"{"key": "-----BEGIN RSA PRIVATE KEY-----\nAB\n-----END RSA PRIVATE KEY-----\n"}"#,
                r#"{"key": "-----BEGIN RSA PRIVATE KEY-----******-----END RSA PRIVATE KEY-----\n"}"#,
            ),
            (
                "cut short",
                "-----BEGIN OPENSSH PRIVATE KEY-----\nABCD",
                "-----BEGIN OPENSSH PRIVATE KEY-----\n****",
            ),
            (
                "PGP",
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\nAB\n-----END ",
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n**\n-----END ",
            ),
            ("a certificate", "-----BEGIN CERTIFICATE-----\nAB\n", "-----BEGIN CERTIFICATE-----\nAB\n"),
            ("a label without end", "-----BEGIN PRIVATE KEY ----\nAB\n", "-----BEGIN PRIVATE KEY ----\nAB\n"),
        ] {
            assert_eq!(mask("key.pem", text), expected, "{case}");
        }
    }

    #[test]
    fn passwords_are_masked() {
        let text =
            "root:$6$salt$hash:19000::\r\ndaemon:*:1:\nbin:!*:\na:!$y$j9T$x$y:\nb:AbCdEfGhIjKlM\nc::\nd\n";
        let expected =
            "root:$6$*********:19000::\r\ndaemon:*:1:\nbin:!*:\na:!$y$*******:\nb:*************\nc::\nd\n";
        assert_eq!(mask("/etc/shadow", text), expected);
        assert_eq!(mask("etc/notes", text), text);
        assert_eq!(mask("passwd", "root:x:0:0:root:/root:/bin/sh\n"), "root:x:0:0:root:/root:/bin/sh\n");
    }
}
