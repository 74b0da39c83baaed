//! The entries of a layout: what `index.json` names, and what goes when an entry goes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};

use super::{Durability, INDEX, LayoutError, Writer};
use crate::digest::Digest;
use crate::manifest::{Descriptor, Document, Index, REF_NAME};

/// What was removed from a layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Garbage {
    /// The blobs, in order of their digests.
    pub blobs: Vec<Digest>,
    /// Their size together, in bytes.
    pub size: u64,
}

impl Writer {
    /// Makes `entry` the entry of this name, or the only one when it has none, with the manifests
    /// that are about it.
    ///
    /// The old entry of that name goes, with what was about it, and with the blobs that it reached
    /// and that nothing reaches any more; other blobs stay, also those that nothing reached before.
    /// An entry without a name cannot stand beside another one: a reader that is given no name
    /// could not choose.
    pub fn replace_entry(
        &self,
        name: Option<&str>,
        entry: &Descriptor,
        referrers: &[Descriptor],
    ) -> Result<Garbage, LayoutError> {
        if let Some(name) = name.filter(|name| !is_valid_name(name)) {
            return Err(LayoutError::Name { name: name.to_owned() });
        }
        let mut index = self.index()?.into_value();
        let old = std::mem::take(&mut index.manifests);
        let replaced: Vec<usize> = (0..old.len())
            .filter(|place| old[*place].ref_name() == name && !self.is_referrer(&old[*place]))
            .collect();
        self.check_company(name, &old, &replaced)?;
        let mut entry = entry.clone();
        entry.annotations.remove(REF_NAME);
        if let Some(name) = name {
            entry.annotations.insert(REF_NAME.to_owned(), name.to_owned());
        }
        self.check_whole(std::iter::once(&entry).chain(referrers))?;
        if self.is_as_wanted(&old, &replaced, &entry, referrers) {
            return Ok(Garbage::default());
        }
        let gone = self.with_referrers(&old, &replaced);

        let mut manifests: Vec<Descriptor> = Vec::with_capacity(old.len() + 1);
        for (place, kept) in old.iter().enumerate() {
            if replaced.first() == Some(&place) {
                manifests.push(entry.clone());
            }
            if !gone.contains(&place) {
                manifests.push(kept.clone());
            }
        }
        if replaced.is_empty() {
            manifests.push(entry);
        }
        for referrer in referrers {
            if !manifests.iter().any(|known| known.digest == referrer.digest) {
                manifests.push(referrer.clone());
            }
        }
        self.write_index(Index { manifests, ..index })?;
        self.drop_unreached(gone.iter().map(|place| &old[*place]))
    }

    /// Says whether the entry and exactly these referrers are there already. Finding that out reads the
    /// referrers alone, where replacing an entry reads every document of the layout.
    fn is_as_wanted(
        &self,
        old: &[Descriptor],
        replaced: &[usize],
        entry: &Descriptor,
        referrers: &[Descriptor],
    ) -> bool {
        let [place] = replaced else { return false };
        if old[*place] != *entry {
            return false;
        }
        let there: BTreeSet<Digest> = self.referrers(entry, old).iter().map(|found| found.digest).collect();
        there == referrers.iter().map(|referrer| referrer.digest).collect()
    }

    fn check_company(
        &self,
        name: Option<&str>,
        old: &[Descriptor],
        replaced: &[usize],
    ) -> Result<(), LayoutError> {
        let directory = || self.directory().to_owned();
        let Some(name) = name else {
            let names: BTreeSet<_> = old.iter().filter_map(Descriptor::ref_name).map(str::to_owned).collect();
            let names: Vec<_> = names.into_iter().collect();
            return match replaced.len() {
                _ if !names.is_empty() => {
                    Err(LayoutError::NamelessBesideOthers { directory: directory(), names })
                }
                0 | 1 => Ok(()),
                entries => Err(LayoutError::Ambiguous { directory: directory(), name: None, entries, names }),
            };
        };
        if old.iter().any(|entry| entry.ref_name().is_none() && !self.is_referrer(entry)) {
            return Err(LayoutError::BesideNameless { directory: directory(), name: name.to_owned() });
        }
        Ok(())
    }

    /// Adds to some entries those that are about them alone, and those that are about these.
    fn with_referrers(&self, old: &[Descriptor], entries: &[usize]) -> BTreeSet<usize> {
        let mut gone: BTreeSet<usize> = entries.iter().copied().collect();
        let referrers: Vec<(usize, Digest)> = old
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.ref_name().is_none())
            .filter_map(|(place, entry)| self.subject(entry).map(|subject| (place, subject)))
            .collect();
        let is_referrer = |place: usize| referrers.iter().any(|(referrer, _)| *referrer == place);
        let images = (0..old.len()).filter(|place| !gone.contains(place) && !is_referrer(*place));
        let living = self.reach(images.map(|place| &old[place])).blobs;
        loop {
            let dead = self.reach(gone.iter().map(|place| &old[*place])).blobs;
            let before = gone.len();
            gone.extend(
                referrers
                    .iter()
                    .filter(|(_, subject)| dead.contains(subject) && !living.contains(subject))
                    .map(|(place, _)| *place),
            );
            if gone.len() == before {
                return gone;
            }
        }
    }

    fn check_whole<'a>(&self, entries: impl Iterator<Item = &'a Descriptor>) -> Result<(), LayoutError> {
        match self.reach(entries).missing.first() {
            Some(missing) => Err(self.missing(&missing.digest)),
            None => Ok(()),
        }
    }

    /// Removes the blobs that these entries reach and the layout does not.
    fn drop_unreached<'a>(
        &self,
        entries: impl Iterator<Item = &'a Descriptor>,
    ) -> Result<Garbage, LayoutError> {
        let dead = self.reach(entries).blobs;
        let living = self.reach(&self.index()?.manifests);
        // Where a document of another entry cannot be read, its blobs cannot be told from garbage.
        if dead.is_empty() || !living.unreadable.is_empty() {
            return Ok(Garbage::default());
        }
        self.remove_blobs(dead.difference(&living.blobs).copied().collect())
    }

    /// Lists the blobs that are there, whether something names them or not.
    pub(crate) fn list_blobs(&self) -> Result<BTreeSet<Digest>, LayoutError> {
        let blobs = self.blobs();
        let failed = |source| LayoutError::io("list", &blobs, source);
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&blobs).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            found.extend(name.to_str().and_then(|name| Digest::from_hex(name).ok()));
        }
        Ok(found)
    }

    pub(crate) fn remove_blobs(&self, digests: BTreeSet<Digest>) -> Result<Garbage, LayoutError> {
        let mut garbage = Garbage::default();
        for digest in digests {
            let path = self.blob_path(&digest);
            let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            match fs::remove_file(&path) {
                Ok(()) => {
                    garbage.size += size;
                    garbage.blobs.push(digest);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(LayoutError::io("remove", &path, source)),
            }
        }
        Ok(garbage)
    }

    fn write_index(&self, index: Index) -> Result<(), LayoutError> {
        let path = self.directory().join(INDEX);
        let written = self.partial().and_then(|mut file| {
            file.write_all(Document::new(index).bytes())?;
            self.sync(file.as_file())?;
            file.persist(&path)?;
            match self.durability {
                Durability::Process => Ok(()),
                Durability::Disk => File::open(self.directory())?.sync_all(),
            }
        });
        written.map_err(|source| LayoutError::io("write", &path, source))
    }
}

/// Follows the grammar of `org.opencontainers.image.ref.name` in the image layout specification.
fn is_valid_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    let is_component = |component: &str| {
        component.starts_with(|first: char| first.is_ascii_alphanumeric())
            && component.ends_with(|last: char| last.is_ascii_alphanumeric())
            && component
                .as_bytes()
                .split(|byte| is_word(*byte))
                .all(|separator| matches!(separator, b"" | b"-" | b"." | b"_" | b":" | b"@" | b"+" | b"--"))
    };
    name.split('/').all(is_component)
}
