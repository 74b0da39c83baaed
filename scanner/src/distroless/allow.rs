//! The allow list: what may be in an image though a check finds it, why, and until when.

use std::cell::Cell;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use attar_image::TreePath;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Serialize;

use super::verdict::Excuse;
use super::{CheckId, Date};

/// One entry of the allow list.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The check whose findings it lets pass.
    pub id: CheckId,
    /// Patterns of paths (`/usr/bin/git*`, `**` for any depth) or settings (`env:GPG_KEY`); none for
    /// everything that the check finds.
    pub paths: Vec<String>,
    /// Why, for whoever reads the verdict.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Option<Date>,
    patterns: GlobSet,
}

/// An entry of the allow list that does nothing, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The check.
    pub id: CheckId,
    /// Its patterns.
    pub paths: Vec<String>,
    /// Its reason.
    pub reason: String,
    /// What is the matter with it.
    #[serde(flatten)]
    pub because: StaleReason,
}

/// What is the matter with an entry of the allow list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "because", content = "expired", rename_all = "kebab-case")]
pub enum StaleReason {
    /// It counted until this day.
    Expired(Date),
    /// Nothing that was found is what it allows.
    Unused,
}

impl Allow {
    /// Makes an entry. The error is that of the first pattern which cannot be read.
    pub fn new(
        id: CheckId,
        paths: Vec<String>,
        reason: String,
        expires: Option<Date>,
    ) -> Result<Self, globset::Error> {
        let mut patterns = GlobSetBuilder::new();
        for pattern in &paths {
            patterns.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
        }
        Ok(Self { id, patterns: patterns.build()?, paths, reason, expires })
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        self.paths.is_empty() || self.patterns.is_match(Path::new(OsStr::from_bytes(bytes)))
    }
}

/// The allow list while an image is judged.
pub(super) struct Allowances<'a> {
    entries: Vec<(&'a Allow, Cell<bool>)>,
    today: Date,
}

impl<'a> Allowances<'a> {
    pub(super) fn new(entries: &'a [Allow], today: Date) -> Self {
        Self { entries: entries.iter().map(|entry| (entry, Cell::new(false))).collect(), today }
    }

    /// Returns the number of the entry that lets a path pass.
    pub(super) fn path(&self, id: CheckId, path: &TreePath) -> Option<usize> {
        self.find(id, &[b"/", path.as_bytes()].concat())
    }

    /// Returns the number of the entry that lets something pass which is no path.
    pub(super) fn setting(&self, id: CheckId, setting: &str) -> Option<usize> {
        self.find(id, setting.as_bytes())
    }

    pub(super) fn excuse(&self, number: usize) -> Option<Excuse> {
        let (entry, _) = self.entries.get(number)?;
        Some(Excuse::List { reason: entry.reason.clone(), expires: entry.expires })
    }

    /// Returns the entries that did nothing.
    pub(super) fn stale(&self) -> Vec<Stale> {
        let stale = |(entry, used): &(&Allow, Cell<bool>)| {
            let because = match entry.expires {
                Some(day) if day < self.today => StaleReason::Expired(day),
                _ if used.get() => return None,
                _ => StaleReason::Unused,
            };
            let (paths, reason) = (entry.paths.clone(), entry.reason.clone());
            Some(Stale { id: entry.id, paths, reason, because })
        };
        self.entries.iter().filter_map(stale).collect()
    }

    fn find(&self, id: CheckId, bytes: &[u8]) -> Option<usize> {
        let counts = |entry: &Allow| entry.id == id && entry.expires.is_none_or(|day| day >= self.today);
        let found = self.entries.iter().position(|(entry, _)| counts(entry) && entry.matches(bytes))?;
        self.entries[found].1.set(true);
        Some(found)
    }
}
