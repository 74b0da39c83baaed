//! Analyses of layers, kept from one time to the next.
//!
//! An analysis of a verified blob is kept under the blob's digest. That of a blob whose digest was not
//! compared is kept under the digest and what the file system says of the file, so that it is never
//! taken for that of other bytes.

use std::fmt;

use super::table::{Hashes, Table};
use crate::blobs::Identity;
use crate::digest::Digest;

/// Generation of the form that analyses are kept in.
const FORMAT: u32 = 2;

/// Keeps values under keys, as long as it likes.
pub trait Analyses: fmt::Debug + Send + Sync {
    /// Returns what was kept, exactly as it was; a key is a valid name of a file.
    fn load(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps a value if it can.
    fn store(&self, key: &str, value: &[u8]);
}

/// A place for analyses.
pub(super) struct Cache<'a>(pub(super) &'a dyn Analyses);

impl Cache<'_> {
    pub(super) fn load(&self, digest: Digest, identity: Identity) -> Option<Table> {
        let bytes = self.0.load(&verified(digest)).or_else(|| self.0.load(&unverified(digest, identity)))?;
        table(&bytes)
    }

    /// Returns the analysis of a blob with this digest, wherever it was then and is now.
    pub(super) fn load_verified(&self, digest: Digest) -> Option<Table> {
        table(&self.0.load(&verified(digest))?)
    }

    pub(super) fn store(&self, digest: Digest, identity: Identity, table: &Table) {
        let key = if table.is_verified { verified(digest) } else { unverified(digest, identity) };
        if let Some(bytes) = pack(table) {
            self.0.store(&key, &bytes);
        }
    }

    /// Returns hashes that were computed after the layer was read.
    pub(super) fn load_hashes(&self, digest: Digest, identity: Identity) -> Option<Hashes> {
        unpack(&self.0.load(&hashes(digest, identity))?)
    }

    pub(super) fn store_hashes(&self, digest: Digest, identity: Identity, found: &Hashes) {
        if let Some(bytes) = pack(found) {
            self.0.store(&hashes(digest, identity), &bytes);
        }
    }
}

fn table(bytes: &[u8]) -> Option<Table> {
    let table: Table = unpack(bytes)?;
    table.is_sound().then_some(table)
}

fn verified(digest: Digest) -> String {
    format!("{FORMAT}-{}", digest.hex())
}

fn unverified(digest: Digest, identity: Identity) -> String {
    let identity = postcard::to_allocvec(&identity).expect("numbers serialise");
    format!("{FORMAT}-{}-{}", digest.hex(), &Digest::of(identity).hex()[..32])
}

/// The bytes were not compared with the digest when they were read the second time.
fn hashes(digest: Digest, identity: Identity) -> String {
    format!("{}-contents", unverified(digest, identity))
}

fn pack<T: serde::Serialize>(value: &T) -> Option<Vec<u8>> {
    let bytes = postcard::to_allocvec(value).ok()?;
    zstd::bulk::compress(&bytes, 1).ok()
}

fn unpack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let plain = zstd::stream::decode_all(bytes).ok()?;
    postcard::from_bytes(&plain).ok()
}
