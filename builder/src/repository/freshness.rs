//! Whether a signed release may be used today: expiry, dates in the future, rollback.
//!
//! Judged when locking, against now or against the snapshot's time; never from a lock.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::mirror::NamedBy;

/// Clocks differ; a Date this far ahead is not a date in the future.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// The dates of a signed release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    /// When it was made.
    pub(super) date: Timestamp,
    /// When it expires, if it says so.
    pub(super) valid_until: Option<Timestamp>,
}

/// What dates are judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judgement {
    /// The time they are judged against.
    pub(super) now: Timestamp,
    /// Whether the spec asks to refuse an expired release.
    pub(super) check_valid_until: bool,
    /// Who named the mirror that gave it.
    pub(super) named_by: NamedBy,
}

/// Why a release may not be used today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It has expired.
    #[error("it expired at {valid_until}, and now is {now:.0}")]
    Expired {
        /// Its `Valid-Until`.
        valid_until: Timestamp,
        /// The time it was judged against.
        now: Timestamp,
    },
    /// It was made in the future.
    #[error("it was made in the future, at {date}, and now is {now:.0}")]
    Future {
        /// Its `Date`.
        date: Timestamp,
        /// The time it was judged against.
        now: Timestamp,
    },
    /// It is older than one that was used before.
    #[error("it was made at {date}, before the one that the lock records, which was made at {previous}")]
    RolledBack {
        /// Its `Date`.
        date: Timestamp,
        /// The `Date` of the earlier one.
        previous: Timestamp,
    },
}

/// Something about a release that is allowed and should still be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Its dates are not right, and the host's apt is told not to look.
    UncheckedDates {
        /// The suite.
        suite: String,
        /// What is not right.
        stale: Stale,
    },
    /// The suite has no packages for an architecture; it is one that only brings updates.
    MissingArchitecture {
        /// The suite.
        suite: String,
        /// Debian's name of the architecture.
        architecture: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UncheckedDates { suite, stale } => write!(
                f,
                "the release of {suite} is used although {stale}, because the host's apt does not check dates"
            ),
            Self::MissingArchitecture { suite, architecture } => {
                write!(f, "{suite} has no packages for {architecture}: it gets no updates from there")
            }
        }
    }
}

/// Judges the dates of a release; what is wrong but not to be looked at is returned.
pub(super) fn judge(dates: &Dates, judgement: &Judgement) -> Result<Option<Stale>, Stale> {
    let Judgement { now, check_valid_until, named_by } = *judgement;
    let (host_checks_validity, host_checks_date) = match named_by {
        NamedBy::HostApt { check_valid_until, check_date } => (check_valid_until, check_date),
        NamedBy::User | NamedBy::Snapshot => (true, true),
    };
    let ahead = dates.date.duration_since(now);
    if ahead > TOLERANCE {
        let stale = Stale::Future { date: dates.date, now };
        return if host_checks_date { Err(stale) } else { Ok(Some(stale)) };
    }
    match dates.valid_until {
        Some(valid_until) if valid_until < now && check_valid_until => {
            let stale = Stale::Expired { valid_until, now };
            if host_checks_validity { Err(stale) } else { Ok(Some(stale)) }
        }
        _ => Ok(None),
    }
}

/// Refuses a release that is older than the one used before.
///
/// Not to be asked with `--allow-rollback`, nor for an explicit snapshot.
pub fn check_rollback(previous: Timestamp, date: Timestamp) -> Result<(), Stale> {
    if date < previous { Err(Stale::RolledBack { date, previous }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(number * 86_400).expect("a time")
    }

    #[test]
    fn dates_are_judged_as_the_spec_and_the_host_say() {
        let host = |check_valid_until, check_date| NamedBy::HostApt { check_valid_until, check_date };
        let expired = Stale::Expired { valid_until: day(9), now: day(10) };
        let future = Stale::Future { date: day(11), now: day(10) };
        let cases = [
            ("fresh", 8, Some(12), true, NamedBy::User, Ok(None)),
            ("without an end", 1, None, true, NamedBy::User, Ok(None)),
            ("expired", 8, Some(9), true, NamedBy::User, Err(expired)),
            ("expired on the snapshot archive", 8, Some(9), true, NamedBy::Snapshot, Err(expired)),
            ("expired, the spec allows it", 8, Some(9), false, NamedBy::User, Ok(None)),
            ("expired, the host allows it", 8, Some(9), true, host(false, true), Ok(Some(expired))),
            ("expired, the host checks", 8, Some(9), true, host(true, true), Err(expired)),
            ("in the future", 11, None, true, NamedBy::User, Err(future)),
            ("in the future, whatever the spec", 11, None, false, NamedBy::User, Err(future)),
            ("in the future, the host allows it", 11, None, true, host(false, false), Ok(Some(future))),
        ];
        for (name, date, valid_until, check_valid_until, named_by, expected) in cases {
            let dates = Dates { date: day(date), valid_until: valid_until.map(day) };
            let judgement = Judgement { now: day(10), check_valid_until, named_by };
            assert_eq!(judge(&dates, &judgement), expected, "{name}");
        }
    }

    #[test]
    fn an_older_release_is_a_rollback() {
        assert_eq!(check_rollback(day(1), day(1)), Ok(()));
        assert_eq!(check_rollback(day(1), day(2)), Ok(()));
        let expected = Stale::RolledBack { date: day(1), previous: day(2) };
        assert_eq!(check_rollback(day(2), day(1)), Err(expected));
    }
}
