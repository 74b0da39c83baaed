//! Which mirrors are asked for an archive, and in which order.
//!
//! Flag, environment and settings, then the spec, then the host's apt, then the snapshot archive. The
//! order says who is asked first, never who is believed: what an answer is decides its signature.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::Client;
use super::apt::sources::Source;
use super::error::RepositoryError;
use super::mirror::{Mirror, NamedBy};
use crate::spec::schema::DebianRepository;

/// The two archives that Debian's suites live in, which mirrors serve side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Area {
    /// Releases, updates, backports, testing, unstable.
    Main,
    /// Security updates.
    Security,
}

/// Names of Debian's suites and releases, by which archives of the host's apt are picked to be asked.
const SUITES: [&str; 18] = [
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
    "experimental",
    "sid",
    "wheezy",
    "jessie",
    "stretch",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "proposed-updates",
    "rc-buggy",
];

impl Area {
    /// Returns the area that a suite of Debian lives in.
    pub(super) fn of_suite(suite: &str) -> Self {
        if suite.ends_with("-security") || suite.ends_with("/updates") { Self::Security } else { Self::Main }
    }

    /// Returns the name of a suite of this area, given a codename of the archive.
    pub(super) fn suite(self, codename: &str) -> String {
        match self {
            Self::Security if Self::of_suite(codename) != Self::Security => format!("{codename}/updates"),
            Self::Main | Self::Security => codename.to_owned(),
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Main => "debian",
            Self::Security => "debian-security",
        }
    }
}

impl Client {
    /// Lists the mirrors of one of Debian's archives for `suite`.
    pub(super) fn debian_mirrors(
        &self,
        repository: &DebianRepository,
        suite: &str,
    ) -> Result<Vec<Mirror>, RepositoryError> {
        let area = Area::of_suite(suite);
        let mut named = self.mirrors.to_vec();
        for text in &repository.mirrors {
            named.push(Mirror::parse(text, NamedBy::User)?);
        }
        let of_area = |mirror| sibling(mirror, area, Strictness::OfItsArea);
        let mut mirrors: Vec<_> = named.into_iter().filter_map(of_area).collect();
        mirrors.extend(self.host_mirrors(area, suite));
        let mut seen = BTreeSet::new();
        mirrors.retain(|mirror| seen.insert(mirror.base().to_string()));
        Ok(mirrors)
    }

    /// Returns the snapshot archive as it was at `time`.
    pub(super) fn snapshot_mirror(&self, area: Area, time: &str) -> Result<Mirror, RepositoryError> {
        let base = self.settings.snapshot_archive.trim_end_matches('/');
        let text = format!("{base}/archive/{}/{time}", area.folder());
        Ok(Mirror::parse(&text, NamedBy::Snapshot)?)
    }

    /// Returns the snapshot archive as it is now; its URL changes by the second, its key does not.
    pub(super) fn newest_snapshot_mirror(&self, area: Area) -> Result<Mirror, RepositoryError> {
        let mirror = self.snapshot_mirror(area, &snapshot_time(self.settings.now))?;
        Ok(mirror.with_key(format!("newest snapshot of {}", area.folder())))
    }

    /// Lists archives of the host's apt: those that have the suite, then others that look like Debian's.
    fn host_mirrors(&self, area: Area, suite: &str) -> Vec<Mirror> {
        let mut ranked: Vec<(u8, Mirror)> = Vec::new();
        for source in &self.apt.sources {
            let is_debian = source.suites.iter().any(|suite| SUITES.contains(&release_of(suite)));
            if !is_debian || !source.components.iter().any(|component| component == "main") {
                continue;
            }
            let check_date = source.check_date.unwrap_or_else(|| self.apt.check_date());
            let check_valid_until = source.check_valid_until.unwrap_or_else(|| self.apt.check_valid_until());
            let named_by =
                NamedBy::HostApt { check_valid_until: check_valid_until && check_date, check_date };
            // What apt cannot fetch over HTTP, such as a disc, is not for attar either.
            let Ok(mirror) = Mirror::parse(&source.uri, named_by) else { continue };
            if source_area(source) == area {
                let rank = if source.suites.iter().any(|name| name == suite) { 0 } else { 1 };
                ranked.push((rank, mirror));
            } else if area == Area::Security {
                ranked.extend(sibling(mirror, area, Strictness::Any).map(|mirror| (2, mirror)));
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, mirror)| mirror).collect()
    }
}

/// Writes a time as the snapshot archive spells it.
pub(super) fn snapshot_time(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads a time such as `20261101T000000Z`.
pub(super) fn parse_snapshot_time(text: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    (text.len() == 16).then(|| civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp()))?
}

/// Returns the time to ask the snapshot archive for, to get the state that a Release of `date` describes.
///
/// It answers with the last import before the time asked, and imports follow the Date by hours.
pub(crate) fn snapshot_time_of(date: Timestamp) -> String {
    snapshot_time(date.checked_add(SignedDuration::from_hours(24)).unwrap_or(date))
}

#[derive(Clone, Copy, PartialEq)]
enum Strictness {
    /// A mirror of the security archive serves only that.
    OfItsArea,
    /// The mirror is known to be one of the main archive.
    Any,
}

/// Returns the base of `area` for a mirror that the user gave as the base of one of the two.
///
/// Mirrors serve them side by side as `…/debian` and `…/debian-security`.
fn sibling(mirror: Mirror, area: Area, strictness: Strictness) -> Option<Mirror> {
    let base = mirror.base().as_str().trim_end_matches('/');
    let is_security = base.ends_with("-security");
    match (area, is_security && strictness == Strictness::OfItsArea) {
        (Area::Main, false) | (Area::Security, true) => Some(mirror),
        (Area::Main, true) => None,
        (Area::Security, false) => {
            let path = format!("{}-security/", mirror.base().path().trim_end_matches('/'));
            Some(mirror.with_path(&path))
        }
    }
}

fn source_area(source: &Source) -> Area {
    let security = source.suites.iter().any(|suite| Area::of_suite(suite) == Area::Security);
    if security || source.uri.trim_end_matches('/').ends_with("-security") {
        Area::Security
    } else {
        Area::Main
    }
}

/// Returns `bookworm` for `bookworm-updates` and `buster/updates`.
fn release_of(suite: &str) -> &str {
    suite.split(['-', '/']).next().unwrap_or(suite)
}

/// Lists the suites that `debian: SUITE` stands for.
///
/// A release has updates and security updates beside it; unstable has neither, and the name of a part,
/// such as `trixie-backports`, means that part alone.
pub(super) fn suites_of(name: &str) -> Vec<String> {
    let alone = matches!(name, "sid" | "unstable" | "experimental" | "rc-buggy") || name.contains(['-', '/']);
    if alone {
        return vec![name.to_owned()];
    }
    let security = match name {
        "wheezy" | "jessie" | "stretch" | "buster" => format!("{name}/updates"),
        _ => format!("{name}-security"),
    };
    vec![name.to_owned(), format!("{name}-updates"), security]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_updates_and_security() {
        let cases: [(&str, &[&str]); 5] = [
            ("trixie", &["trixie", "trixie-updates", "trixie-security"]),
            ("stable", &["stable", "stable-updates", "stable-security"]),
            ("buster", &["buster", "buster-updates", "buster/updates"]),
            ("sid", &["sid"]),
            ("trixie-backports", &["trixie-backports"]),
        ];
        for (name, expected) in cases {
            assert_eq!(suites_of(name), expected, "{name}");
        }
    }

    #[test]
    fn snapshot_times_are_read_and_written() {
        let time = parse_snapshot_time("20261101T123456Z").expect("a time");
        assert_eq!(snapshot_time(time), "20261101T123456Z");
        assert_eq!(snapshot_time_of(time), "20261102T123456Z");
        for text in ["", "2026-11-01", "20261101", "20261101T000000", "20261301T000000Z", "20261101T000000Zx"]
        {
            assert_eq!(parse_snapshot_time(text), None, "{text}");
        }
    }

    #[test]
    fn the_security_archive_stands_beside_the_main_one() {
        let base = |text, area, strictness| {
            let mirror = Mirror::parse(text, NamedBy::User).expect("a URL");
            sibling(mirror, area, strictness).map(|mirror| mirror.to_string())
        };
        let main = "http://m.example/debian";
        let security = "http://m.example/debian-security";
        assert_eq!(base(main, Area::Main, Strictness::OfItsArea).as_deref(), Some(main));
        assert_eq!(base(main, Area::Security, Strictness::OfItsArea).as_deref(), Some(security));
        assert_eq!(base(security, Area::Security, Strictness::OfItsArea).as_deref(), Some(security));
        assert_eq!(base(security, Area::Main, Strictness::OfItsArea), None);
    }
}
