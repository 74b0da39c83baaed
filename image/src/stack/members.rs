//! The members of a layer in full, with the digests of their contents.

use std::io::{self, BufReader, Read};

use super::StackError;
use crate::digest::{DiffId, Digest, HashingWriter};
use crate::layer::compression::decoder;
use crate::layer::reader::{Member, MemberKind, Reader, hash_content};
use crate::layout::Layout;
use crate::manifest::Descriptor;

/// The members of a layer as they stand in its archive, with the digests of their contents.
#[derive(Clone, Debug)]
pub struct Members {
    /// The members, in order.
    pub members: Vec<(Member, Option<Digest>)>,
    /// The digest of the uncompressed bytes.
    pub diff_id: DiffId,
    /// The number of uncompressed bytes.
    pub size: u64,
}

/// Reads the members of a layer, and verifies its blob on the way.
pub fn read_members(layout: &Layout, descriptor: &Descriptor) -> Result<Members, StackError> {
    let digest = descriptor.digest;
    let blob = layout
        .open_blob(descriptor)
        .map_err(|source| StackError::Layout { digest, source: Box::new(source) })?;
    Members::read(digest, blob)
}

impl Members {
    /// Reads the members of a layer from its bytes, compressed or not; errors call it `digest`.
    pub fn read(digest: Digest, blob: impl Read + Send) -> Result<Self, StackError> {
        let failed = |source| StackError::Read { digest, source };
        let hashing = Hashing::new(decoder(blob).map_err(failed)?);
        let mut reader = Reader::new(BufReader::with_capacity(64 << 10, hashing));
        let mut members = Vec::new();
        while let Some(member) = reader.next_member().map_err(|source| StackError::Tar { digest, source })? {
            let content = match member.kind {
                MemberKind::File { .. } => Some(hash_content(&mut reader).map_err(failed)?.digest),
                _ => None,
            };
            members.push((member, content));
        }
        // What follows the end of the archive belongs to the blob and to the diff ID.
        let mut rest = reader.into_inner();
        io::copy(&mut rest, &mut io::sink()).map_err(failed)?;
        let (plain, size) = rest.into_inner().finish();
        Ok(Self { members, diff_id: DiffId(plain), size })
    }
}

/// Hashes all that is read through it.
pub(super) struct Hashing<R> {
    inner: R,
    hasher: HashingWriter<io::Sink>,
}

impl<R> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hasher: HashingWriter::new(io::sink()) }
    }

    /// Returns the digest and the number of all bytes so far.
    pub(super) fn finish(self) -> (Digest, u64) {
        let (_, digest, size) = self.hasher.finish();
        (digest, size)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        io::Write::write_all(&mut self.hasher, &buffer[..read])?;
        Ok(read)
    }
}
