//! The Java keystore: the certificates of the bundle in the form that a Java runtime reads.
//!
//! Debian's runtimes look for authorities in `/etc/ssl/certs/java/cacerts`, which the script of
//! `ca-certificates-java` would make by running the runtime itself. The format is JKS, version 2: the
//! one that script writes, and the one that every runtime reads without a password.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::{FileTree, TreePath};
use sha1::{Digest as _, Sha1};

use super::certificates::Additional;
use super::x509;
use crate::effects::{Addition, Outcome, known};

/// Where the keystore stands.
pub const KEYSTORE: &str = "/etc/ssl/certs/java/cacerts";
/// The password of every keystore of public certificates: it guards nothing.
const PASSWORD: &str = "changeit";
/// What the checksum of a JKS is salted with.
const SALT: &[u8] = b"Mighty Aphrodite";

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const TRUSTED_CERTIFICATE: u32 = 2;

/// A certificate under its name in the keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trusted {
    alias: String,
    /// When the entry was made, in milliseconds since 1970: the start of the certificate's validity,
    /// for want of another date that does not depend on the day of the build.
    since: i64,
    der: Vec<u8>,
}

/// Says whether an image holds a Java runtime.
pub fn has_runtime(tree: &FileTree) -> bool {
    tree.iter().any(|(path, entry)| path.file_name() == b"libjvm.so" && !entry.is_directory())
}

/// Makes the keystore out of the certificates of the bundle, in its order; nothing without any.
///
/// What is no X.509 certificate is left out with a warning: one of them would make the runtime refuse
/// the whole keystore.
pub fn outcome(packaged: &BTreeMap<TreePath, Vec<u8>>, additional: &[Additional]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut trusted = Vec::new();
    let mut aliases = BTreeSet::new();
    let own: BTreeMap<_, _> =
        additional.iter().map(|certificate| (&certificate.name[..], &certificate.pem[..])).collect();
    let packaged = packaged.iter().map(|(path, pem)| (path.file_name(), String::from_utf8_lossy(pem)));
    let own = own.into_iter().map(|(name, pem)| (name.as_bytes(), pem.into()));
    for (name, pem) in packaged.chain(own) {
        for der in x509::pem(&pem) {
            let certificate = der.ok().and_then(|der| Some((x509::valid_from(&der)?, der)));
            let Some((since, der)) = certificate else {
                let name = attar_image::path::escape(name);
                outcome.warnings.push(format!(
                    "certificate `{name}` is left out of the Java keystore: it is no X.509 certificate"
                ));
                continue;
            };
            let alias = unique(alias(name), &mut aliases);
            trusted.push(Trusted { alias, since, der });
        }
    }
    if !trusted.is_empty() {
        let bytes = jks(&trusted);
        outcome.additions.push(Addition::file(known(KEYSTORE), bytes, 0o644, (0, 0), "certificates"));
    }
    outcome
}

/// Names a certificate as Debian's script does: `ISRG_Root_X1.crt` becomes `debian:isrg_root_x1.pem`.
fn alias(file: &[u8]) -> String {
    let file = String::from_utf8_lossy(file);
    let stem = file.strip_suffix(".crt").or(file.strip_suffix(".pem")).unwrap_or(&file);
    let letters = stem.chars().map(|letter| match letter {
        ' ' | ',' => '_',
        '(' | ')' => '=',
        // What Java's own form of UTF-8 writes otherwise.
        '\0' | '\u{10000}'.. => '_',
        other => other,
    });
    let stem: String = letters.take(200).collect();
    format!("debian:{}.pem", stem.to_lowercase())
}

/// Numbers a name that was given before: the runtime compares names without case.
fn unique(alias: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2u32..).map(|number| format!("{alias}-{number}"));
    let free = std::iter::once(alias.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(alias);
    taken.insert(free.clone());
    free
}

/// Writes certificates as a JKS, version 2.
fn jks(certificates: &[Trusted]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [MAGIC, VERSION, length(certificates.len())] {
        bytes.extend(word.to_be_bytes());
    }
    for Trusted { alias, since, der } in certificates {
        bytes.extend(TRUSTED_CERTIFICATE.to_be_bytes());
        text(&mut bytes, alias);
        bytes.extend(since.to_be_bytes());
        text(&mut bytes, "X.509");
        bytes.extend(length(der.len()).to_be_bytes());
        bytes.extend_from_slice(der);
    }
    let mut checksum = Sha1::new();
    for unit in PASSWORD.encode_utf16() {
        checksum.update(unit.to_be_bytes());
    }
    checksum.update(SALT);
    checksum.update(&bytes);
    bytes.extend_from_slice(&checksum.finalize());
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("an alias has 200 letters at most");
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("certificates have a few thousand bytes")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use attar_image::{Content, Entry, Metadata};
    use attar_testing::{need, skip};

    use super::super::x509::tests::PEM;
    use super::*;

    #[test]
    fn names_are_those_of_debian() {
        for (file, expected) in [
            ("ISRG_Root_X1.crt", "debian:isrg_root_x1.pem"),
            ("provider.pem", "debian:provider.pem"),
            ("A (b), c.crt", "debian:a_=b=__c.pem"),
            (
                "NetLock_Arany_=Class_Gold=_Főtanúsítvány.crt",
                "debian:netlock_arany_=class_gold=_főtanúsítvány.pem",
            ),
            ("\u{1f512}.crt", "debian:_.pem"),
            ("corporate", "debian:corporate.pem"),
        ] {
            assert_eq!(alias(file.as_bytes()), expected, "{file}");
        }
        let mut taken = BTreeSet::new();
        let names: Vec<_> = (0..3).map(|_| unique(String::from("a"), &mut taken)).collect();
        assert_eq!(names, ["a", "a-2", "a-3"]);
    }

    #[test]
    fn a_runtime_is_known_by_its_library() {
        let tree = |path: &str| -> FileTree {
            let file = Entry::file(Content::of(b""), Metadata::root(0o644, 0));
            [(known(path), file)].into_iter().collect()
        };
        assert!(has_runtime(&tree("usr/lib/jvm/java-21-openjdk-arm64/lib/server/libjvm.so")));
        assert!(has_runtime(&tree("opt/java/lib/server/libjvm.so")));
        assert!(!has_runtime(&tree("usr/bin/java")));
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        let bad = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
        let packaged =
            BTreeMap::from([(known("usr/share/ca-certificates/bad.crt"), bad.as_bytes().to_vec())]);
        let outcome = outcome(&packaged, &[]);
        assert!(outcome.additions.is_empty());
        assert_eq!(
            outcome.warnings,
            ["certificate `bad.crt` is left out of the Java keystore: it is no X.509 certificate"]
        );
    }

    #[test]
    fn java_reads_the_keystore() {
        need!(skip::program("keytool"));
        let packaged = BTreeMap::from([
            (known("usr/share/ca-certificates/mozilla/Root.crt"), PEM.as_bytes().to_vec()),
            (known("usr/share/ca-certificates/mozilla/root.crt"), PEM.as_bytes().to_vec()),
        ]);
        let own = [Additional { name: String::from("Corporate"), pem: PEM.to_owned() }];
        let outcome = outcome(&packaged, &own);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cacerts");
        let bytes = outcome.additions[0].bytes.as_ref().expect("a file");
        std::fs::write(&file, bytes).expect("a file can be written");
        let mut keytool = Command::new("keytool");
        keytool.args(["-J-Duser.timezone=UTC", "-J-Duser.language=en", "-list", "-storepass", PASSWORD]);
        let said = keytool.arg("-keystore").arg(file).output().expect("keytool runs");
        let said = String::from_utf8_lossy(&said.stdout);
        let lines: Vec<_> =
            said.lines().filter(|line| line.contains("debian:") || line.contains("type")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        Keystore type: JKS
        debian:corporate.pem, Feb 29, 2020, trustedCertEntry, 
        debian:root.pem, Feb 29, 2020, trustedCertEntry, 
        debian:root.pem-2, Feb 29, 2020, trustedCertEntry, 
        ");
    }
}
