//! Reads one layer in one pass.
//!
//! Of a plain archive only the headers are read, and the first bytes of each file. A compressed one is decompressed in full, so its
//! digest is compared, and its contents are hashed where that costs little beside decompressing.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use super::StackError;
use super::cache::{Analyses, Cache};
use super::members::Hashing;
use super::table::{Builder, Fingerprint, Form, Magic, Table};
use crate::blobs::{Blob, Blobs};
use crate::digest::{DiffId, Digest, VerifyingReader};
use crate::layer::compression::{Compression, decoder};
use crate::layer::reader::{Reader, TarError, hash_content};
use crate::manifest::Descriptor;

/// Bytes of a plain archive that are read at once: headers, and small contents between them.
const HEADERS: usize = 4 << 10;
/// Bytes that are decompressed at once.
const PLAIN: usize = 128 << 10;

/// How layers are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings<'a> {
    /// Whether every blob is compared with its digest, and every layer with its diff ID.
    pub verify: bool,
    /// Whether contents get SHA-256 digests, which a [`FileTree`](crate::FileTree) needs. It goes
    /// through all bytes, so it verifies as `verify` does.
    pub digests: bool,
    /// Where analyses of layers are kept from one time to the next.
    pub cache: Option<&'a dyn Analyses>,
}

/// Reads one layer, or finds it in the cache.
///
/// With a diff ID, that of the layer is compared where it is computed.
pub fn read_layer(
    blobs: &dyn Blobs,
    descriptor: &Descriptor,
    expected: Option<DiffId>,
    settings: &Settings<'_>,
) -> Result<Table, StackError> {
    let digest = descriptor.digest;
    let cache = settings.cache.map(Cache);
    let is_enough = |table: &Table| !settings.verify && (!settings.digests || table.has_digests());
    if blobs.is_elsewhere(descriptor)
        && let Some(table) = cache.as_ref().and_then(|cache| cache.load_verified(digest)).filter(is_enough)
    {
        return Ok(table);
    }
    let blob =
        blobs.open(descriptor).map_err(|source| StackError::Layout { digest, source: Box::new(source) })?;
    let identity = blob.identity();
    if let Some(table) = cache.as_ref().and_then(|cache| cache.load(digest, identity)).filter(is_enough) {
        return Ok(table);
    }
    let table = read(blob, descriptor, settings)?;
    if let (Some(expected), Some(found)) = (expected, table.diff_id)
        && expected != found
    {
        return Err(StackError::DiffId { digest, expected, found });
    }
    if let Some(cache) = cache {
        cache.store(digest, identity, &table);
    }
    Ok(table)
}

fn read(mut blob: Blob, descriptor: &Descriptor, settings: &Settings<'_>) -> Result<Table, StackError> {
    let digest = descriptor.digest;
    let failed = |source| StackError::Read { digest, source };
    let compression = Compression::peek(&mut blob).map_err(failed)?;
    blob.seek(SeekFrom::Start(0)).map_err(failed)?;
    let in_full = settings.verify || settings.digests;
    if compression == Compression::None && !in_full {
        let length = blob.length();
        let mut reader = Reader::seekable(BufReader::with_capacity(HEADERS, blob));
        let builder = rows(&mut reader, digest, Hash::Nothing)?;
        return Ok(builder.finish(length, None, false));
    }
    let hash = match compression {
        _ if settings.digests => Hash::Digests,
        // Beside inflating, hashing is cheap; a second pass is not.
        Compression::Gzip => Hash::Fingerprints,
        Compression::None | Compression::Zstd => Hash::Nothing,
    };
    let verifying = VerifyingReader::new(blob, digest, descriptor.size);
    let plain = decoder(verifying).map_err(failed)?;
    if in_full {
        let mut reader = Reader::buffered(BufReader::with_capacity(PLAIN, Hashing::new(plain)));
        let builder = rows(&mut reader, digest, hash)?;
        let mut rest = reader.into_inner();
        io::copy(&mut rest, &mut io::sink()).map_err(failed)?;
        let (diff_id, size) = rest.into_inner().finish();
        return Ok(builder.finish(size, Some(DiffId(diff_id)), true));
    }
    let mut reader = Reader::buffered(BufReader::with_capacity(PLAIN, plain));
    let builder = rows(&mut reader, digest, hash)?;
    let position = reader.position();
    // What follows the end of the archive belongs to the blob.
    let rest = io::copy(&mut reader.into_inner(), &mut io::sink()).map_err(failed)?;
    Ok(builder.finish(position + rest, None, true))
}

/// What is computed of each content.
#[derive(Clone, Copy)]
enum Hash {
    Nothing,
    Fingerprints,
    Digests,
}

fn rows<R: Read>(reader: &mut Reader<R>, digest: Digest, hash: Hash) -> Result<Builder, StackError> {
    let mut builder = Builder::default();
    while let Some(member) = reader.next_member().map_err(|source| StackError::Tar { digest, source })? {
        let (row, form) = builder.add(member).map_err(|source| StackError::TooLarge { digest, source })?;
        if form != Form::File {
            continue;
        }
        let offset = reader.position();
        let failed = |source| StackError::Tar { digest, source: TarError::Read { offset, source } };
        let mut buffer = [0; Magic::LENGTH];
        let first = first_bytes(reader, &mut buffer).map_err(failed)?;
        builder.set_magic(row, Magic::of(first));
        let mut content = first.chain(&mut *reader);
        match hash {
            Hash::Nothing => {}
            Hash::Fingerprints => {
                builder.hashes.fingerprints.push((row, fingerprint(&mut content).map_err(failed)?));
            }
            Hash::Digests => {
                builder.hashes.digests.push((row, hash_content(&mut content).map_err(failed)?.digest));
            }
        }
    }
    Ok(builder)
}

/// Reads as much as fits into the buffer, or as there is.
fn first_bytes<'b>(content: &mut dyn Read, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
    let mut length = 0;
    while length < buffer.len() {
        match content.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A hole that nobody waits for. Whoever wants the content is told so; zeros begin nothing.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => break,
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..length])
}

/// Hashes what is left of a content.
pub(super) fn fingerprint(content: &mut dyn Read) -> io::Result<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = [0; 32 << 10];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hasher.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut fingerprint = Fingerprint::default();
    let length = fingerprint.len();
    fingerprint.copy_from_slice(&hasher.finalize().as_bytes()[..length]);
    Ok(fingerprint)
}
