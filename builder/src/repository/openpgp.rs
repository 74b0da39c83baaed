//! OpenPGP: which text was signed by a key that is trusted.
//!
//! The only module that knows sequoia. It hands out nothing but text that a key of the given keyring
//! signed, so nothing unverified can be parsed by mistake. One good signature is enough, as for apt:
//! archives sign with the keys of two releases at a time, and a reader has the one or the other.

use std::error::Error;
use std::fmt;
use std::io::Read;
use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertParser};
use openpgp::parse::Parse;
use openpgp::parse::stream::{
    DetachedVerifierBuilder, GoodChecksum, MessageLayer, MessageStructure, VerificationError,
    VerificationHelper, VerifierBuilder,
};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;

/// The fingerprint of an OpenPGP certificate: hexadecimal digits in upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Returns the hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that was signed, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Exactly the text that the signature covers.
    pub text: Vec<u8>,
    /// Certificates of the keyring that signed it: at least one, sorted.
    pub signers: Vec<Fingerprint>,
}

/// Why a document does not count as signed.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature at all.
    #[error("it is not signed")]
    Unsigned,
    /// Keys signed it that are not in the keyring.
    #[error("no signature by a trusted key: signed by unknown key {}", .keys.join(", "))]
    UnknownKey {
        /// Key ids or fingerprints that the signatures name.
        keys: Vec<String>,
    },
    /// A trusted key's signature does not fit the text.
    #[error("bad signature by key {key}")]
    BadSignature {
        /// Certificate whose signature it claims to be.
        key: Fingerprint,
        /// What the verification found.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The key that signed has expired.
    #[error("the signing key {key} has expired")]
    ExpiredKey {
        /// The certificate.
        key: Fingerprint,
        /// When it expired.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The key that signed is revoked, not valid yet, or too weak.
    #[error("the signing key {key} cannot be accepted")]
    RejectedKey {
        /// The certificate.
        key: Fingerprint,
        /// Why it is rejected.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The document or the signature is not well-formed.
    #[error("malformed signed document")]
    Malformed(#[source] Box<dyn Error + Send + Sync>),
    /// A keyring holds something else than certificates.
    #[error("malformed OpenPGP key")]
    MalformedKey(#[source] Box<dyn Error + Send + Sync>),
    /// A keyring holds no certificate.
    #[error("no OpenPGP key in it")]
    EmptyKeyring,
}

/// The certificates whose signatures are accepted.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    certificates: Vec<Cert>,
}

impl Keyring {
    /// Reads the certificates of one file: binary, or any number of armored blocks.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        let mut keyring = Self::default();
        keyring.add(bytes)?;
        Ok(keyring)
    }

    /// Adds the certificates of one more file.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), SignatureError> {
        let before = self.certificates.len();
        for block in armored_blocks(bytes) {
            let parser = CertParser::from_bytes(block).map_err(malformed_key)?;
            for certificate in parser {
                self.certificates.push(certificate.map_err(malformed_key)?);
            }
        }
        if self.certificates.len() == before { Err(SignatureError::EmptyKeyring) } else { Ok(()) }
    }

    /// Returns the fingerprints of all certificates, sorted.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        let mut fingerprints: Vec<_> = self.certificates.iter().map(fingerprint).collect();
        fingerprints.sort();
        fingerprints
    }
}

/// Returns the certificates of a file as armored text, whatever form the file has; no secret key and
/// nothing that its owner keeps for himself comes along.
pub fn armored(bytes: &[u8]) -> Result<String, SignatureError> {
    let mut text = Vec::new();
    for certificate in Keyring::parse(bytes)?.certificates {
        certificate.armored().export(&mut text).map_err(malformed_key)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Verifies a clear-signed document such as `InRelease`, as seen at the time `now`.
pub fn verify_inline(keyring: &Keyring, document: &[u8], now: SystemTime) -> Result<Signed, SignatureError> {
    const HEADER: &[u8] = b"-----BEGIN PGP ";
    if !document.windows(HEADER.len()).any(|window| window == HEADER) {
        return Err(SignatureError::Unsigned);
    }
    let policy = StandardPolicy::at(now);
    let judge = Judge { keyring, policy: &policy, now, signers: Vec::new() };
    let mut verifier = VerifierBuilder::from_bytes(document)
        .and_then(|builder| builder.with_policy(&policy, now, judge))
        .map_err(refusal)?;
    let mut text = Vec::with_capacity(document.len());
    verifier.read_to_end(&mut text).map_err(|error| refusal(error.into()))?;
    Ok(Signed { text, signers: verifier.into_helper().signers })
}

/// Verifies a document against a signature beside it, such as `Release` and `Release.gpg`.
pub fn verify_detached(
    keyring: &Keyring,
    document: Vec<u8>,
    signature: &[u8],
    now: SystemTime,
) -> Result<Signed, SignatureError> {
    if signature.trim_ascii().is_empty() {
        return Err(SignatureError::Unsigned);
    }
    let policy = StandardPolicy::at(now);
    let judge = Judge { keyring, policy: &policy, now, signers: Vec::new() };
    let mut verifier = DetachedVerifierBuilder::from_bytes(signature)
        .and_then(|builder| builder.with_policy(&policy, now, judge))
        .map_err(refusal)?;
    verifier.verify_bytes(&document).map_err(refusal)?;
    Ok(Signed { text: document, signers: verifier.into_helper().signers })
}

/// Collects the good signatures, or the most telling reason why there is none.
struct Judge<'a> {
    keyring: &'a Keyring,
    policy: &'a StandardPolicy<'a>,
    now: SystemTime,
    signers: Vec<Fingerprint>,
}

impl Judge<'_> {
    /// Checks that the signing key is valid today, not only when it signed.
    ///
    /// The time of a signature is the signer's own word, and an expired key may be in anybody's hands.
    fn check_today(&self, good: &GoodChecksum<'_>) -> openpgp::Result<()> {
        let certificate = good.ka.cert().with_policy(self.policy, self.now)?;
        certificate.alive()?;
        let fingerprint = good.ka.key().fingerprint();
        let mut keys = certificate.keys().filter(|key| key.key().fingerprint() == fingerprint);
        let key = keys.next().ok_or_else(|| openpgp::Error::InvalidKey("it is not valid today".into()))?;
        key.alive()
    }
}

impl VerificationHelper for Judge<'_> {
    fn get_certs(&mut self, _ids: &[openpgp::KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        Ok(self.keyring.certificates.clone())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
        let mut refusals = Vec::new();
        let mut unknown = Vec::new();
        for layer in structure {
            let MessageLayer::SignatureGroup { results } = layer else { continue };
            for result in results {
                match result {
                    Ok(good) => {
                        let key = fingerprint(good.ka.cert());
                        match self.check_today(&good) {
                            Ok(()) => self.signers.push(key),
                            Err(error) => refusals.push(rejected(key, error.into())),
                        }
                    }
                    Err(VerificationError::MissingKey { sig }) => {
                        unknown.extend(sig.get_issuers().first().map(ToString::to_string));
                    }
                    Err(error) => refusals.push(explain(error)),
                }
            }
        }
        self.signers.sort();
        self.signers.dedup();
        if !self.signers.is_empty() {
            return Ok(());
        }
        let refusal = refusals.into_iter().next().unwrap_or_else(|| match unknown.is_empty() {
            true => SignatureError::Unsigned,
            false => SignatureError::UnknownKey { keys: unknown },
        });
        Err(refusal.into())
    }
}

fn explain(error: VerificationError<'_>) -> SignatureError {
    match error {
        VerificationError::BadSignature { ka, error, .. } => {
            SignatureError::BadSignature { key: fingerprint(ka.cert()), source: error.into() }
        }
        VerificationError::BadKey { ka, error, .. } => rejected(fingerprint(ka.cert()), error.into()),
        VerificationError::UnboundKey { cert, error, .. } => rejected(fingerprint(cert), error.into()),
        other => SignatureError::Malformed(other.to_string().into()),
    }
}

fn rejected(key: Fingerprint, source: Box<dyn Error + Send + Sync>) -> SignatureError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(source.as_ref());
    while let Some(error) = cause {
        if let Some(openpgp::Error::Expired(_)) = error.downcast_ref::<openpgp::Error>() {
            return SignatureError::ExpiredKey { key, source };
        }
        cause = error.source();
    }
    SignatureError::RejectedKey { key, source }
}

/// Recovers the [`SignatureError`] that travelled through sequoia, which also wraps it in I/O errors.
fn refusal(error: openpgp::anyhow::Error) -> SignatureError {
    match error.downcast::<SignatureError>() {
        Ok(refusal) => refusal,
        Err(other) => match other.downcast::<std::io::Error>() {
            Ok(io) => match io.into_inner().map(|inner| inner.downcast::<SignatureError>()) {
                Some(Ok(refusal)) => *refusal,
                Some(Err(inner)) => SignatureError::Malformed(inner),
                None => SignatureError::Malformed("the document ends early".into()),
            },
            Err(other) => SignatureError::Malformed(other.into()),
        },
    }
}

fn malformed_key(error: openpgp::anyhow::Error) -> SignatureError {
    SignatureError::MalformedKey(error.into())
}

fn fingerprint(certificate: &Cert) -> Fingerprint {
    Fingerprint(certificate.fingerprint().to_hex())
}

/// Splits a file into its armored blocks, since sequoia stops at the end of the first one.
fn armored_blocks(bytes: &[u8]) -> Vec<&[u8]> {
    const HEADER: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
    let starts: Vec<usize> = bytes
        .windows(HEADER.len())
        .enumerate()
        .filter(|(_, window)| *window == HEADER)
        .map(|(start, _)| start)
        .collect();
    if starts.is_empty() {
        return vec![bytes];
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &bytes[start..end]).collect()
}
