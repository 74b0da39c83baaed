//! What files hold: read again from their layers when it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use rayon::prelude::*;

use super::cache::Cache;
use super::read::{Settings, fingerprint};
use super::table::{Fingerprint, Form, Hashes};
use super::{EntryId, Reason, Stack, StackError};
use crate::blobs::{Blob, Blobs};
use crate::digest::{Digest, VerifyingReader};
use crate::filesystem::Content;
use crate::layer::compression::{Compression, decoder};
use crate::layer::reader::{MemberKind, Reader};

/// The largest files that are read only to be compared, in bytes. Larger ones, such as those whose archive
/// has nothing but holes of them, count as different.
const MAX_COMPARED: u64 = 64 << 30;

impl Stack {
    /// Returns the digest of a file's content, if the stack was read with digests.
    pub fn digest(&self, entry: EntryId) -> Option<Digest> {
        let (layer, row) = self.merged.locate(self.merged.content(entry));
        self.layers[layer].hashes.digest(row)
    }

    /// Says whether a file holds the same as a file of another stack, or of this one; `None` where their
    /// contents were not hashed. Entries that are no regular files hold the same when they are of one form.
    pub fn holds_the_same(&self, entry: EntryId, other: &Self, other_entry: EntryId) -> Option<bool> {
        let (entry, other_entry) = (self.linked(entry), other.linked(other_entry));
        let (left, right) = (self.row(entry), other.row(other_entry));
        if left.form != Form::File || right.form != Form::File {
            return Some(left.form == right.form);
        }
        if left.size != right.size {
            return Some(false);
        }
        if left.size == 0 || self.is_same_entry(entry, other, other_entry) {
            return Some(true);
        }
        if let (Some(left), Some(right)) = (self.digest(entry), other.digest(other_entry)) {
            return Some(left == right);
        }
        Some(self.fingerprint(entry)? == other.fingerprint(other_entry)?)
    }

    fn fingerprint(&self, entry: EntryId) -> Option<Fingerprint> {
        let (layer, row) = self.merged.locate(entry);
        self.layers[layer].hashes.fingerprint(row)
    }

    /// Finds out which of the files that were written again hold the same as before, and says so in
    /// their [reasons](Reason). Contents are read only where a path has files of equal size in several
    /// layers.
    pub fn tell_rewritten(&mut self, blobs: &dyn Blobs, settings: &Settings<'_>) -> Result<(), StackError> {
        let pairs: Vec<(EntryId, EntryId)> = self
            .merged
            .replaced
            .iter()
            .map(|(new, old)| (*new, *old))
            .filter(|(_, old)| self.death(*old).is_some_and(|death| death.reason == Reason::Replaced))
            .collect();
        let unknown = pairs.iter().filter(|(new, old)| {
            self.row(self.merged.content(*old)).size <= MAX_COMPARED
                && self.holds_the_same(*new, self, *old).is_none()
        });
        let wanted: BTreeSet<EntryId> =
            unknown.flat_map(|(new, old)| [self.merged.content(*new), self.merged.content(*old)]).collect();
        self.add_fingerprints(blobs, wanted, settings)?;
        for (new, old) in pairs {
            if self.holds_the_same(new, self, old) == Some(true) {
                let is_same = self.has_same_metadata(new, old);
                let reason = if is_same { Reason::RewrittenIdentical } else { Reason::MetadataOnly };
                self.merged.set_reason(old, reason);
            }
        }
        Ok(())
    }

    /// Hashes the contents of regular files that are not hashed yet.
    pub(super) fn add_fingerprints(
        &mut self,
        blobs: &dyn Blobs,
        mut wanted: BTreeSet<EntryId>,
        settings: &Settings<'_>,
    ) -> Result<(), StackError> {
        wanted.retain(|entry| self.fingerprint(*entry).is_none());
        let mut by_layer: BTreeMap<usize, Vec<EntryId>> = BTreeMap::new();
        for entry in wanted {
            by_layer.entry(self.merged.locate(entry).0).or_default().push(entry);
        }
        let found: Vec<_> = by_layer
            .into_par_iter()
            .map(|(layer, entries)| Ok((layer, self.hashes(blobs, layer, &entries, settings)?)))
            .collect::<Result<_, StackError>>()?;
        for (layer, found) in found {
            let known = &mut Arc::make_mut(&mut self.layers[layer].hashes).fingerprints;
            known.extend(found.fingerprints);
            known.sort_unstable_by_key(|(row, _)| *row);
            known.dedup_by_key(|(row, _)| *row);
        }
        Ok(())
    }

    /// Hashes files of one layer, or finds their hashes in the cache.
    fn hashes(
        &self,
        blobs: &dyn Blobs,
        layer: usize,
        entries: &[EntryId],
        settings: &Settings<'_>,
    ) -> Result<Hashes, StackError> {
        let digest = self.layers[layer].descriptor.digest;
        let identity = || blobs.open(&self.layers[layer].descriptor).ok().map(|blob| blob.identity());
        let kept = settings.cache.map(Cache).zip(identity());
        let row = |entry: EntryId| self.merged.locate(entry).1;
        let known = kept.as_ref().and_then(|(cache, identity)| cache.load_hashes(digest, *identity));
        let mut hashes = known.unwrap_or_default();
        let missing: Vec<EntryId> =
            entries.iter().copied().filter(|entry| hashes.fingerprint(row(*entry)).is_none()).collect();
        if missing.is_empty() {
            return Ok(hashes);
        }
        self.visit_layer(blobs, layer, &missing, &mut |entry, reader| {
            hashes.fingerprints.push((row(entry), fingerprint(reader)?));
            Ok(())
        })?;
        hashes.fingerprints.sort_unstable_by_key(|(row, _)| *row);
        if let Some((cache, identity)) = kept {
            cache.store_hashes(digest, identity, &hashes);
        }
        Ok(hashes)
    }

    /// Calls `visit` with the contents of regular files, layer by layer, in the order of their archives.
    ///
    /// Of a hard link the content is that of the file it is a name of. Each compressed layer is
    /// decompressed at most once, and no further than its last wanted content. Where the digest of a
    /// content is known, the reader fails at its end when the bytes are not those that were read at first.
    pub fn visit_contents(
        &self,
        blobs: &dyn Blobs,
        wanted: impl IntoIterator<Item = EntryId>,
        visit: &mut dyn FnMut(EntryId, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), StackError> {
        let mut by_layer: BTreeMap<usize, Vec<EntryId>> = BTreeMap::new();
        for entry in wanted {
            let content = self.merged.content(entry);
            if self.merged.row(content).form == Form::File {
                by_layer.entry(self.merged.locate(content).0).or_default().push(content);
            }
        }
        for (layer, mut entries) in by_layer {
            entries.sort_unstable();
            entries.dedup();
            self.visit_layer(blobs, layer, &entries, visit)?;
        }
        Ok(())
    }

    /// Reads contents of regular files by digest, each at most `limit` bytes long; longer ones are left
    /// out. The stack must have been read with digests.
    pub fn contents(
        &self,
        blobs: &dyn Blobs,
        wanted: &BTreeSet<Digest>,
        limit: u64,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, StackError> {
        let mut first: BTreeMap<Digest, EntryId> = BTreeMap::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let start = self.entries(number).next();
            for (row, digest) in &layer.hashes.digests {
                if let Some(start) = start
                    && wanted.contains(digest)
                {
                    first.entry(*digest).or_insert(EntryId::of(start.number() + row));
                }
            }
        }
        let entries: Vec<EntryId> =
            first.into_values().filter(|entry| self.row(*entry).size <= limit).collect();
        let mut found = BTreeMap::new();
        self.visit_contents(blobs, entries, &mut |entry, reader| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes)?;
            if let Some(digest) = self.digest(entry) {
                found.insert(digest, bytes);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Visits contents of one layer; the entries are its own, in order.
    fn visit_layer(
        &self,
        blobs: &dyn Blobs,
        layer: usize,
        entries: &[EntryId],
        visit: &mut dyn FnMut(EntryId, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), StackError> {
        let descriptor = &self.layers[layer].descriptor;
        let digest = descriptor.digest;
        let failed = |source| StackError::Read { digest, source };
        let open = || {
            blobs.open(descriptor).map_err(|source| StackError::Layout { digest, source: Box::new(source) })
        };
        let mut blob: Blob = open()?;
        match Compression::peek(&mut blob).map_err(failed)? {
            Compression::None => {
                let reader = Reader::seekable(BufReader::with_capacity(16 << 10, open()?));
                self.visit_archive(reader, digest, entries, visit)
            }
            _ => {
                let plain = decoder(open()?).map_err(failed)?;
                let reader = Reader::buffered(BufReader::with_capacity(128 << 10, plain));
                self.visit_archive(reader, digest, entries, visit)
            }
        }
    }

    fn visit_archive<R: Read>(
        &self,
        mut reader: Reader<R>,
        digest: Digest,
        entries: &[EntryId],
        visit: &mut dyn FnMut(EntryId, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), StackError> {
        let failed = |source| StackError::Tar { digest, source };
        for entry in entries {
            let row = *self.merged.row(*entry);
            reader.skip_to(row.position()).map_err(failed)?;
            let member = reader.next_member().map_err(failed)?;
            // Another archive than the one that was analysed.
            let is_it = member.is_some_and(|member| member.kind == MemberKind::File { size: row.size });
            let changed = || io::Error::new(io::ErrorKind::InvalidData, "the layer has changed meanwhile");
            if !is_it {
                return Err(StackError::Read { digest, source: changed() });
            }
            let failed = |source| StackError::Read { digest, source };
            match self.digest(*entry) {
                Some(expected) => {
                    let mut bytes = VerifyingReader::new(&mut reader, expected, row.size);
                    visit(*entry, &mut bytes).map_err(failed)?;
                    // What was not asked for is verified all the same.
                    io::copy(&mut bytes, &mut io::sink()).map_err(failed)?;
                }
                None => visit(*entry, &mut reader).map_err(failed)?,
            }
        }
        Ok(())
    }

    /// Returns digest and size of a file, if the stack was read with digests.
    pub fn content(&self, entry: EntryId) -> Option<Content> {
        let size = self.row(self.merged.content(entry)).size;
        Some(Content { digest: self.digest(entry)?, size })
    }
}
