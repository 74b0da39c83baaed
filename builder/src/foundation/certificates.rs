//! The certificate bundle: `/etc/ssl/certs/ca-certificates.crt`, as `update-ca-certificates` makes it.

use std::collections::BTreeMap;

use attar_image::path::escape;
use attar_image::{FileTree, TreePath};

use super::x509::{self, BEGIN, Damage};
use crate::effects::{Addition, Outcome, known};

/// Where the bundle stands.
pub const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Where packages put their certificates.
const PACKAGED: &str = "usr/share/ca-certificates";
/// Where the administrator's own stand; those of the spec go here.
const LOCAL: &str = "usr/local/share/ca-certificates";

/// A certificate authority that the spec adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Additional {
    /// Name of its file, without `.crt`.
    pub name: String,
    /// One certificate in PEM.
    pub pem: String,
}

/// A certificate that cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The name cannot be that of a file.
    #[error(
        "certificate name `{0}` is not usable: expected letters, digits, `.`, `_`, `-`, not starting with `.` or `-`"
    )]
    Name(String),
    /// Two certificates have one name.
    #[error("two certificates are named `{0}`")]
    Duplicate(String),
    /// The text has no certificate.
    #[error("certificate `{name}` is not PEM: expected `{BEGIN}`, found {found}")]
    NotPem {
        /// Name of the certificate.
        name: String,
        /// What the text holds instead.
        found: String,
    },
    /// The text has several certificates, of which some programs would read only the first.
    #[error("certificate `{name}` holds {count} certificates: expected one in each file")]
    Several {
        /// Name of the certificate.
        name: String,
        /// How many it holds.
        count: usize,
    },
    /// What stands between the markers is no certificate.
    #[error("certificate `{name}` is damaged: {reason}")]
    Damaged {
        /// Name of the certificate.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Makes the bundle out of the packaged certificates, in byte order of their paths, those of the
/// providers, and the additional ones; and writes the additional ones below `/usr/local/share`.
///
/// `packaged` holds certificates by their path in the image. They need not stand in the tree: the
/// foundation takes the bundle alone. Without any certificate nothing is made.
pub fn outcome(
    packaged: &BTreeMap<TreePath, Vec<u8>>,
    additional: &[Additional],
    tree: &FileTree,
) -> Result<Outcome, CertificateError> {
    let mut outcome = Outcome::default();
    let mut bundle = Vec::new();
    for (path, pem) in packaged {
        append(&mut bundle, pem);
        if !contains(pem, BEGIN.as_bytes()) {
            outcome.warnings.push(format!("{path} is no PEM certificate, though it stands among them"));
        }
    }
    let mut local: BTreeMap<&str, &Additional> = BTreeMap::new();
    for certificate in additional {
        check(certificate)?;
        if local.insert(&certificate.name, certificate).is_some() {
            return Err(CertificateError::Duplicate(certificate.name.clone()));
        }
    }
    for (name, certificate) in local {
        append(&mut bundle, certificate.pem.as_bytes());
        let path = known(&format!("{LOCAL}/{name}.crt"));
        if tree.contains(&path) {
            outcome.notes.push(format!("certificate `{name}` replaces {path} of a package"));
        }
        let mut text = Vec::new();
        append(&mut text, certificate.pem.as_bytes());
        outcome.additions.push(Addition::file(path, text, 0o644, (0, 0), "certificates"));
    }
    if !bundle.is_empty() {
        outcome.additions.push(Addition::file(known(BUNDLE), bundle, 0o644, (0, 0), "certificates"));
    }
    Ok(outcome)
}

/// Says whether a path of a package is a certificate for the bundle. `provider` packages may name it
/// `.pem` as well, and put it where the administrator's own stand.
pub fn is_certificate(path: &TreePath, provider: bool) -> bool {
    let below = |directory: &str| path.strip_prefix(&known(directory)).is_some_and(|rest| !rest.is_empty());
    let bytes = path.as_bytes();
    if provider {
        (below(PACKAGED) || below(LOCAL)) && (bytes.ends_with(b".crt") || bytes.ends_with(b".pem"))
    } else {
        below(PACKAGED) && bytes.ends_with(b".crt")
    }
}

/// Checks that a text is one certificate in PEM whose content could be one.
pub fn check(certificate: &Additional) -> Result<(), CertificateError> {
    let name = certificate.name.clone();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(allowed) || name.len() > 200 {
        return Err(CertificateError::Name(escape(name.as_bytes())));
    }
    let text = &certificate.pem;
    match text.matches(BEGIN).count() {
        0 => return Err(CertificateError::NotPem { name, found: describe(text) }),
        1 => {}
        count => return Err(CertificateError::Several { name, count }),
    }
    let reason = match x509::pem(text).next() {
        Some(Ok(der)) if x509::valid_from(&der).is_some() => return Ok(()),
        Some(Ok(_)) => "its content is no X.509 certificate",
        Some(Err(Damage::Base64)) => "what is between the markers is not base64",
        Some(Err(Damage::Open)) | None => "the line `-----END CERTIFICATE-----` is missing",
    };
    Err(CertificateError::Damaged { name, reason })
}

/// Appends a text and the line break that it may lack.
fn append(bundle: &mut Vec<u8>, pem: &[u8]) {
    bundle.extend_from_slice(pem);
    if !pem.is_empty() && !pem.ends_with(b"\n") {
        bundle.push(b'\n');
    }
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

fn describe(text: &str) -> String {
    let text = text.trim_start();
    if text.is_empty() {
        return "nothing".to_owned();
    }
    if text.starts_with('\u{30}') || text.contains('\0') {
        return "binary content (DER?)".to_owned();
    }
    let line: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
    format!("`{}`", escape(line.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::x509::tests::PEM;
    use super::*;

    fn additional(name: &str, pem: &str) -> Additional {
        Additional { name: name.into(), pem: pem.into() }
    }

    #[test]
    fn the_bundle_has_packaged_then_additional_certificates() {
        let packaged = BTreeMap::from([
            (known("usr/share/ca-certificates/mozilla/b.crt"), b"-----BEGIN CERTIFICATE-----b\n".to_vec()),
            (known("usr/share/ca-certificates/mozilla/B.crt"), b"-----BEGIN CERTIFICATE-----B".to_vec()),
            (known("usr/share/ca-certificates/readme.crt"), b"hello\n".to_vec()),
        ]);
        let own = [additional("z", PEM), additional("corporate", PEM)];
        let outcome = outcome(&packaged, &own, &FileTree::new()).expect("a bundle");
        let files: Vec<_> = outcome.additions.iter().map(|addition| addition.path.to_string()).collect();
        assert_eq!(
            files,
            [
                "/usr/local/share/ca-certificates/corporate.crt",
                "/usr/local/share/ca-certificates/z.crt",
                "/etc/ssl/certs/ca-certificates.crt"
            ]
        );
        let bundle = outcome.additions[2].bytes.clone().expect("a file");
        let expected =
            format!("-----BEGIN CERTIFICATE-----B\n-----BEGIN CERTIFICATE-----b\nhello\n{PEM}\n{PEM}\n");
        assert_eq!(String::from_utf8_lossy(&bundle), expected);
        assert_eq!(
            outcome.warnings,
            ["/usr/share/ca-certificates/readme.crt is no PEM certificate, though it stands among them"]
        );
    }

    #[test]
    fn bad_certificates_are_named() {
        let name = "corp";
        for (case, certificate, expected) in [
            ("good", additional(name, PEM), ""),
            ("text around", additional(name, &format!("subject=x\n{PEM}\nend\n")), ""),
            (
                "path in the name",
                additional("../x", PEM),
                "certificate name `../x` is not usable: expected letters, digits, `.`, `_`, `-`, not starting with `.` or `-`",
            ),
            (
                "key",
                additional(name, "-----BEGIN PRIVATE KEY-----\n"),
                "certificate `corp` is not PEM: expected `-----BEGIN CERTIFICATE-----`, found `-----BEGIN PRIVATE KEY-----`",
            ),
            (
                "empty",
                additional(name, " \n"),
                "certificate `corp` is not PEM: expected `-----BEGIN CERTIFICATE-----`, found nothing",
            ),
            (
                "two",
                additional(name, &format!("{PEM}\n{PEM}")),
                "certificate `corp` holds 2 certificates: expected one in each file",
            ),
            (
                "cut",
                additional(name, &PEM[..40]),
                "certificate `corp` is damaged: the line `-----END CERTIFICATE-----` is missing",
            ),
            (
                "not base64",
                additional(name, &PEM.replace("MIIB", "M?IB")),
                "certificate `corp` is damaged: what is between the markers is not base64",
            ),
            (
                "not X.509",
                additional(name, &PEM.replace("MIIB", "MAMB")),
                "certificate `corp` is damaged: its content is no X.509 certificate",
            ),
        ] {
            let found = check(&certificate).map_or_else(|error| error.to_string(), |()| String::new());
            assert_eq!(found, expected, "{case}");
        }
        let twice = [additional(name, PEM), additional(name, PEM)];
        let error = outcome(&BTreeMap::new(), &twice, &FileTree::new()).expect_err("one name twice");
        assert_eq!(error.to_string(), "two certificates are named `corp`");
    }

    #[test]
    fn which_files_are_certificates() {
        for (path, provider, expected) in [
            ("/usr/share/ca-certificates/mozilla/a.crt", false, true),
            ("/usr/share/ca-certificates/a.pem", false, false),
            ("/usr/share/ca-certificates/a.pem", true, true),
            ("/usr/local/share/ca-certificates/a.crt", false, false),
            ("/usr/local/share/ca-certificates/a.crt", true, true),
            ("/usr/share/ca-certificates", true, false),
            ("/etc/a.crt", true, false),
        ] {
            assert_eq!(is_certificate(&known(path), provider), expected, "{path} {provider}");
        }
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(outcome(&BTreeMap::new(), &[], &FileTree::new()), Ok(Outcome::default()));
    }
}
