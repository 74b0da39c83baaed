//! Who an archive says it is, under its signature.

use attar_packages::debian::release::Release;
use jiff::Timestamp;

use super::candidates::Area;

/// Who an archive says it is: what a lock records, and what it is recognised by, never by its host.
///
/// Text that the archive does not say is empty. A directory of `.deb` files has no identity: all is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Who publishes it, such as `Debian`.
    pub origin: String,
    /// Which of the publisher's archives it is, such as `Debian-Security`.
    pub label: String,
    /// The role of the suite, such as `stable`.
    pub suite: String,
    /// The name of the suite, such as `trixie`.
    pub codename: String,
    /// When this state of it was made.
    pub date: Timestamp,
}

impl Identity {
    /// Reads the identity of a verified release.
    pub fn of(release: &Release) -> Self {
        Self {
            origin: release.origin.clone(),
            label: release.label.clone(),
            suite: release.suite.clone(),
            codename: release.codename.clone(),
            date: timestamp(release.date.seconds()),
        }
    }

    /// Returns the identity of a directory of `.deb` files.
    pub fn none() -> Self {
        Self {
            origin: String::new(),
            label: String::new(),
            suite: String::new(),
            codename: String::new(),
            date: Timestamp::UNIX_EPOCH,
        }
    }

    /// Returns which of Debian's archives it is.
    pub(super) fn area(&self) -> Area {
        if self.label == "Debian-Security" { Area::Security } else { Area::of_suite(&self.codename) }
    }

    /// Says what was expected instead, if this is not `suite` of Debian.
    pub(super) fn is_not_debian(&self, suite: &str) -> Option<String> {
        let is_backports = suite.ends_with("-backports") || suite.ends_with("-backports-sloppy");
        let (origin, label) = match Area::of_suite(suite) {
            Area::Security => ("Debian", "Debian-Security"),
            Area::Main if is_backports => ("Debian Backports", "Debian Backports"),
            Area::Main => ("Debian", "Debian"),
        };
        let fits = self.origin == origin && self.label == label && self.is_named(suite);
        (!fits).then(|| format!("Origin `{origin}`, Label `{label}`, Codename or Suite `{suite}`"))
    }

    /// Says what was expected instead, if this is not `suite` of a third party's archive.
    ///
    /// Some archives do not name their suites at all; then the key alone says whose it is.
    pub(super) fn is_not_suite(&self, suite: &str) -> Option<String> {
        let unnamed = self.suite.is_empty() && self.codename.is_empty();
        (!unnamed && !self.is_named(suite)).then(|| format!("Codename or Suite `{suite}`"))
    }

    /// Tells what the archive says of itself.
    pub(super) fn describe(&self) -> String {
        format!(
            "Origin `{}`, Label `{}`, Codename `{}`, Suite `{}`",
            self.origin.escape_default(),
            self.label.escape_default(),
            self.codename.escape_default(),
            self.suite.escape_default()
        )
    }

    fn is_named(&self, suite: &str) -> bool {
        // The security archive of old releases is asked for as `buster/updates` and calls itself `buster`.
        let short = suite.strip_suffix("/updates");
        [Some(suite), short].into_iter().flatten().any(|name| self.codename == name || self.suite == name)
    }
}

pub(super) fn timestamp(seconds: i64) -> Timestamp {
    let limit = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(origin: &str, label: &str, suite: &str, codename: &str) -> Identity {
        Identity {
            origin: origin.to_owned(),
            label: label.to_owned(),
            suite: suite.to_owned(),
            codename: codename.to_owned(),
            ..Identity::none()
        }
    }

    #[test]
    fn debian_is_recognised_by_what_it_says() {
        let cases = [
            ("trixie", identity("Debian", "Debian", "stable", "trixie"), true),
            ("stable", identity("Debian", "Debian", "stable", "trixie"), true),
            (
                "trixie-security",
                identity("Debian", "Debian-Security", "stable-security", "trixie-security"),
                true,
            ),
            (
                "trixie-backports",
                identity("Debian Backports", "Debian Backports", "stable-backports", "trixie-backports"),
                true,
            ),
            ("buster/updates", identity("Debian", "Debian-Security", "oldstable", "buster"), true),
            ("trixie", identity("Debian", "Debian", "oldstable", "bookworm"), false),
            ("trixie", identity("Ubuntu", "Ubuntu", "trixie", "trixie"), false),
            ("trixie", identity("Debian", "Debian-Security", "stable", "trixie"), false),
        ];
        for (suite, identity, expected) in cases {
            assert_eq!(identity.is_not_debian(suite).is_none(), expected, "{suite} {identity:?}");
        }
    }

    #[test]
    fn a_third_party_may_leave_its_suites_unnamed() {
        assert_eq!(identity("", "", "", "").is_not_suite("trixie"), None);
        assert_eq!(identity("x", "", "trixie", "").is_not_suite("trixie"), None);
        assert!(identity("x", "", "bookworm", "").is_not_suite("trixie").is_some());
    }
}
