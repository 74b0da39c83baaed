//! Certificates: who they are for, who vouches for that, and for how long.

use attar_image::Digest;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::display::value;
use super::line::{Line, Style};
use super::pem;
use super::{Fact, Kind, Mode, Preview, Surroundings};

/// The most certificates that are listed; the largest bundles have some hundred.
const MAX_CERTIFICATES: usize = 2000;

/// What is shown of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Certificate {
    subject: String,
    issuer: String,
    not_before: Option<i64>,
    not_after: Option<i64>,
    validity: String,
    key: String,
    fingerprint: String,
}

/// How a certificate stands to the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Valid,
    NotYet,
    Expired,
}

/// Says what certificates in PEM there are; `None` when there are none. `bytes` are masked.
pub(super) fn of_pem(bytes: &[u8], surroundings: &Surroundings<'_>) -> Option<Preview> {
    let blocks: Vec<_> =
        pem::blocks(bytes).filter(pem::Block::is_certificate).take(MAX_CERTIFICATES + 1).collect();
    if blocks.is_empty() {
        return None;
    }
    let found: Vec<Option<Certificate>> = blocks
        .iter()
        .take(MAX_CERTIFICATES)
        .map(|block| Certificate::read(&block.decode(bytes)?).map(|(certificate, _)| certificate))
        .collect();
    let mut preview = preview(&found, surroundings, &[Mode::Listing, Mode::Text, Mode::Facts, Mode::Hex]);
    if blocks.len() > MAX_CERTIFICATES {
        preview.listing.push(Line::of(Style::Muted, format!("… only {MAX_CERTIFICATES} are listed")));
    }
    Some(preview)
}

/// Says what certificate in DER it is; `None` when it is none.
pub(super) fn of_der(bytes: &[u8], surroundings: &Surroundings<'_>) -> Option<Preview> {
    // What is shorter than 128 bytes is no certificate.
    if !matches!(bytes, [0x30, 0x81 | 0x82, ..]) {
        return None;
    }
    let (certificate, rest) = Certificate::read(bytes)?;
    let mut preview = preview(&[Some(certificate)], surroundings, &[Mode::Listing, Mode::Facts, Mode::Hex]);
    if !rest.is_empty() {
        preview.facts.push(Fact::warning("after it", format!("{} bytes of something else", rest.len())));
    }
    Some(preview)
}

fn preview(found: &[Option<Certificate>], surroundings: &Surroundings<'_>, modes: &[Mode]) -> Preview {
    let mut preview = Preview::new(Kind::Certificates, modes);
    preview.facts.push(Fact::new("certificates", found.len().to_string()));
    let states: Vec<State> = found.iter().flatten().map(|it| it.state(surroundings.now)).collect();
    for (label, wanted) in [("expired", State::Expired), ("not valid yet", State::NotYet)] {
        let count = states.iter().filter(|state| **state == wanted).count();
        if count > 0 {
            preview.facts.push(Fact::warning(label, count.to_string()));
        }
    }
    let damaged = found.iter().filter(|certificate| certificate.is_none()).count();
    if damaged > 0 {
        preview.facts.push(Fact::warning("damaged", damaged.to_string()));
    }
    if let [Some(only)] = found {
        preview.facts.extend(only.facts(surroundings.now));
    }
    let width = found.len().to_string().len();
    for (number, certificate) in (1..).zip(found) {
        let mut line = Line::of(Style::Muted, format!("{number:>width$}  "));
        let Some(certificate) = certificate else {
            line.push(Style::Warning, "damaged, or cut short");
            preview.listing.push(line);
            continue;
        };
        line.push(Style::Heading, certificate.subject.as_str());
        preview.listing.push(line);
        for fact in certificate.facts(surroundings.now).into_iter().skip(1) {
            let mut line = Line::of(Style::Label, format!("{:width$}  {:<9} ", "", fact.label));
            line.push(fact.style, fact.value);
            preview.listing.push(line);
        }
    }
    preview
}

impl Certificate {
    /// Reads a certificate in DER, and gives what follows it.
    fn read(der: &[u8]) -> Option<(Self, &[u8])> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        let own = &der[..der.len() - rest.len()];
        let (subject, issuer) = (certificate.subject().to_string(), certificate.issuer().to_string());
        let validity = certificate.validity();
        let read = Self {
            subject: value(if subject.is_empty() { "nobody" } else { &subject }),
            issuer: if issuer == subject { String::from("itself") } else { value(&issuer) },
            not_before: Some(validity.not_before.timestamp()),
            not_after: Some(validity.not_after.timestamp()),
            validity: format!("{} to {}", day(validity.not_before), day(validity.not_after)),
            key: key(certificate.public_key()),
            fingerprint: Digest::of(own).hex(),
        };
        Some((read, rest))
    }

    fn state(&self, now: Option<i64>) -> State {
        match (now, self.not_before, self.not_after) {
            (Some(now), _, Some(end)) if now > end => State::Expired,
            (Some(now), Some(start), _) if now < start => State::NotYet,
            (Some(_), Some(_), Some(_)) => State::Valid,
            _ => State::Unknown,
        }
    }

    fn facts(&self, now: Option<i64>) -> Vec<Fact> {
        let valid = match self.state(now) {
            State::Expired => Fact::warning("valid", format!("{}: expired", self.validity)),
            State::NotYet => Fact::warning("valid", format!("{}: not yet", self.validity)),
            State::Valid | State::Unknown => Fact::new("valid", self.validity.clone()),
        };
        vec![
            Fact::new("subject", self.subject.clone()),
            Fact::new("issuer", self.issuer.clone()),
            valid,
            Fact::new("key", self.key.clone()),
            Fact::new("SHA-256", self.fingerprint.clone()),
        ]
    }
}

fn day(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = info.algorithm.algorithm.to_id_string();
    let parameters = info.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
    let curve = parameters.map(|curve| curve.to_id_string());
    match (info.parsed(), algorithm.as_str(), curve.as_deref()) {
        (Ok(PublicKey::RSA(key)), ..) => format!("RSA, {} bits", key.key_size()),
        (Ok(PublicKey::EC(_)), _, Some("1.2.840.10045.3.1.7")) => String::from("elliptic curve P-256"),
        (Ok(PublicKey::EC(_)), _, Some("1.3.132.0.34")) => String::from("elliptic curve P-384"),
        (Ok(PublicKey::EC(_)), _, Some("1.3.132.0.35")) => String::from("elliptic curve P-521"),
        (Ok(PublicKey::EC(key)), ..) => format!("elliptic curve, {} bits", key.key_size()),
        (Ok(PublicKey::DSA(_)), ..) => String::from("DSA"),
        (_, "1.3.101.112", _) => String::from("Ed25519"),
        (_, "1.3.101.113", _) => String::from("Ed448"),
        (_, algorithm, _) => format!("algorithm {algorithm}"),
    }
}
