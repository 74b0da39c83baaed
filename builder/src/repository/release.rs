//! The signed release of a suite: fetched, verified, recognised, and judged by its dates.
//!
//! Verified first, then parsed: nothing looks at a release before its signature counts.

use std::sync::Arc;
use std::time::SystemTime;

use attar_packages::debian::release::Release;
use jiff::Timestamp;

use super::Client;
use super::document::Document;
use super::error::RepositoryError;
use super::failure::{Attempt, Attempts, Failure};
use super::freshness::{self, Dates, Judgement, Warning};
use super::identity::{Identity, timestamp};
use super::item::Item;
use super::mirror::{Mirror, NamedBy};
use super::openpgp::{self, Fingerprint, Keyring, SignatureError, Signed};

/// The longest release that is read; Debian's longest is a hundredth of it.
const LIMIT: u64 = 32 << 20;

/// The longest detached signature that is read.
const SIGNATURE_LIMIT: u64 = 1 << 20;

/// A suite that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Suite {
    /// Its name as asked for.
    pub(super) name: Arc<str>,
    /// Its directory below the archive's base: empty or ending in `/`.
    pub(super) directory: String,
    /// How it is recognised.
    pub(super) kind: Kind,
    /// The keys that may sign it.
    pub(super) keyring: Arc<Keyring>,
    /// The time its dates are judged against.
    pub(super) now: Timestamp,
    /// Whether the spec asks to refuse an expired release.
    pub(super) check_valid_until: bool,
}

/// How a suite is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By Debian's Origin and Label, and its own Codename or Suite.
    Debian,
    /// By its Codename or Suite.
    ThirdParty,
    /// By its key alone: a flat archive has no suites.
    Flat,
}

/// A release that may be used.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) release: Release,
    pub(super) identity: Identity,
    pub(super) signers: Vec<Fingerprint>,
    /// The mirror that gave it.
    pub(super) mirror: Mirror,
    pub(super) warnings: Vec<Warning>,
}

/// A release with its signature, as a mirror gave them.
enum Unverified {
    Inline(Document),
    Detached { release: Document, signature: Option<Document> },
}

impl Suite {
    /// Returns the item that its release is.
    pub(super) fn item(&self) -> Item {
        Item::Release { suite: Arc::clone(&self.name) }
    }

    fn is_not(&self, identity: &Identity) -> Option<String> {
        match self.kind {
            Kind::Debian => identity.is_not_debian(&self.name),
            Kind::ThirdParty => identity.is_not_suite(&self.name),
            Kind::Flat => None,
        }
    }
}

impl Client {
    /// Finds the release of a suite on the first mirror that has it.
    ///
    /// A mirror that cannot be reached or lacks the suite is passed over. A mirror that answers with
    /// something that may not be used is an error, except when the host's apt named it: its archives
    /// are recognised by their answer.
    pub(super) async fn find_release(
        &self,
        suite: &Suite,
        mirrors: &[Mirror],
    ) -> Result<Found, RepositoryError> {
        let item = suite.item();
        let mut attempts = Attempts::default();
        for mirror in mirrors {
            let url = mirror.url(&format!("{}InRelease", suite.directory)).to_string();
            let failure = match self.unverified(suite, mirror, &item).await {
                Ok(unverified) => match self.verified(suite, mirror, unverified, &url).await {
                    Ok(found) => return Ok(found),
                    Err(error) if is_of_another(mirror, &error) => Failure::Unrecognised(tell(&error)),
                    Err(error) => return Err(error),
                },
                Err(failure) => failure,
            };
            if !self.transport.is_offline() {
                self.note_failure(&item, mirror, &failure);
            }
            attempts.0.push(Attempt { url, failure });
        }
        match attempts.0.first() {
            Some(first) if self.transport.is_offline() => {
                Err(RepositoryError::Offline { item, url: first.url.clone() })
            }
            _ => Err(RepositoryError::Unavailable { item, attempts }),
        }
    }

    async fn unverified(&self, suite: &Suite, mirror: &Mirror, item: &Item) -> Result<Unverified, Failure> {
        let path = |name: &str| format!("{}{name}", suite.directory);
        match self.document(mirror, &path("InRelease"), LIMIT, item).await {
            Err(Failure::NotFound) => {}
            document => return document.map(Unverified::Inline),
        }
        let release = self.document(mirror, &path("Release"), LIMIT, item).await?;
        let signature = match self.document(mirror, &path("Release.gpg"), SIGNATURE_LIMIT, item).await {
            Err(Failure::NotFound) => None,
            document => Some(document?),
        };
        Ok(Unverified::Detached { release, signature })
    }

    async fn verified(
        &self,
        suite: &Suite,
        mirror: &Mirror,
        unverified: Unverified,
        url: &str,
    ) -> Result<Found, RepositoryError> {
        let now = SystemTime::from(suite.now);
        let keyring = Arc::clone(&suite.keyring);
        let (signed, unverified) = self
            .blocking(move || {
                let signed = verify(&keyring, &unverified, now);
                (signed, unverified)
            })
            .await?;
        let signed = signed.map_err(|source| RepositoryError::Signature { url: url.to_owned(), source })?;
        let text = String::from_utf8_lossy(&signed.text);
        let release = Release::parse(&text)
            .map_err(|source| RepositoryError::Release { url: url.to_owned(), source })?;
        let identity = Identity::of(&release);
        if let Some(expected) = suite.is_not(&identity) {
            let found = identity.describe();
            return Err(RepositoryError::Identity { url: url.to_owned(), expected, found });
        }
        let warnings = judge(suite, mirror, &release, url)?;
        match &unverified {
            Unverified::Inline(document) => self.keep(document)?,
            Unverified::Detached { release, signature } => {
                self.keep(release)?;
                signature.as_ref().map_or(Ok(()), |signature| self.keep(signature))?;
            }
        }
        Ok(Found { release, identity, signers: signed.signers, mirror: mirror.clone(), warnings })
    }
}

fn verify(keyring: &Keyring, unverified: &Unverified, now: SystemTime) -> Result<Signed, SignatureError> {
    match unverified {
        Unverified::Inline(document) => openpgp::verify_inline(keyring, &document.bytes, now),
        Unverified::Detached { signature: None, .. } => Err(SignatureError::Unsigned),
        Unverified::Detached { release, signature: Some(signature) } => {
            openpgp::verify_detached(keyring, release.bytes.clone(), &signature.bytes, now)
        }
    }
}

fn judge(
    suite: &Suite,
    mirror: &Mirror,
    release: &Release,
    url: &str,
) -> Result<Vec<Warning>, RepositoryError> {
    let dates = Dates {
        date: timestamp(release.date.seconds()),
        valid_until: release.valid_until.as_ref().map(|date| timestamp(date.seconds())),
    };
    let judgement =
        Judgement { now: suite.now, check_valid_until: suite.check_valid_until, named_by: mirror.named_by };
    let unchecked = freshness::judge(&dates, &judgement).map_err(|source| RepositoryError::Stale {
        suite: suite.name.to_string(),
        url: url.to_owned(),
        source,
    })?;
    let warning = |stale| Warning::UncheckedDates { suite: suite.name.to_string(), stale };
    Ok(unchecked.map(warning).into_iter().collect())
}

/// Says whether an archive of the host's apt is simply not the one that is wanted.
fn is_of_another(mirror: &Mirror, error: &RepositoryError) -> bool {
    let from_host = matches!(mirror.named_by, NamedBy::HostApt { .. });
    let another = match error {
        RepositoryError::Identity { .. } => true,
        RepositoryError::Signature { source, .. } => {
            matches!(source, SignatureError::UnknownKey { .. } | SignatureError::Unsigned)
        }
        _ => false,
    };
    from_host && another
}

fn tell(error: &RepositoryError) -> String {
    match error {
        RepositoryError::Signature { source, .. } => source.to_string(),
        RepositoryError::Identity { found, .. } => format!("another archive: {found}"),
        other => other.to_string(),
    }
}
