//! Hashes a file of an image as it is read from its layer; nothing of it is kept.

use std::io::{self, Read as _};
use std::sync::Arc;

use attar_image::blobs::{Meter, Metered};
use attar_image::digest::{Digest, HashingWriter};
use attar_image::stack::{EntryId, Stack, StackError};

use crate::tui::source::Opened;

/// Bytes that are hashed before anybody is asked whether to go on.
const STEP: u64 = 1 << 20;

/// Returns the digest of a regular file's content.
///
/// `meter` is told how much of the layer's blob is read, `hashed` how much of the file is hashed. It ends
/// with an error soon after `meter` is cancelled.
pub(super) fn digest(
    opened: &Opened,
    stack: &Stack,
    entry: EntryId,
    meter: &Arc<Meter>,
    hashed: &Meter,
) -> Result<Digest, StackError> {
    // What lies before the file in its layer takes time too.
    let blobs = Metered::all(opened.blobs.clone(), meter.clone());
    let mut digest = Digest::of([]);
    stack.visit_contents(&blobs, [entry], &mut |_, reader| {
        let mut hashing = HashingWriter::new(io::sink());
        let mut done = 0;
        loop {
            // A hole of a sparse file reads nothing of the blob.
            meter.check()?;
            match io::copy(&mut reader.take(STEP), &mut hashing)? {
                0 => break,
                some => done += some,
            }
            hashed.reach(done);
        }
        digest = hashing.finish().1;
        Ok(())
    })?;
    Ok(digest)
}
