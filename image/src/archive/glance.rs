//! Tells archives of images from other files at a glance, as a list of images needs it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::ArchiveError;
use super::format::Format;
use super::listing::{Overview, digest_in};
use super::open::beginning;
use crate::blobs::Blob;
use crate::digest::Digest;
use crate::layer::compression::decoder;
use crate::layer::reader::{Member, Reader};
use crate::path::TreePath;

/// The most members that are looked at: an archive of images has few, and its documents may come last.
const MEMBERS: usize = 4_096;

/// The most bytes that are decompressed of an archive that is compressed as a whole.
const PLAIN: u64 = 1 << 20;

/// Says whether a file is an archive of images: by the names of its members, of a compressed one by the
/// first of them. No content is read, and nothing is promised about the images.
pub fn holds_images(path: &Path) -> Result<bool, ArchiveError> {
    let file = File::open(path).map_err(ArchiveError::Read)?;
    if !file.metadata().map_err(ArchiveError::Read)?.is_file() {
        return Ok(false);
    }
    match beginning(&file)? {
        Format::Tar => {
            let blob = Blob::whole(file).map_err(ArchiveError::Read)?;
            let mut reader = Reader::seekable(BufReader::with_capacity(4 << 10, blob));
            is_of_images(&mut || Ok(reader.next_in_place()?))
        }
        Format::Gzip | Format::Zstd => {
            let plain = decoder(file).map_err(ArchiveError::Read)?.take(PLAIN);
            let mut reader = Reader::new(plain);
            // Where the bytes end that are looked at, an archive is cut.
            is_of_images(&mut || Ok(reader.next_member().unwrap_or_default()))
        }
        _ => Ok(false),
    }
}

fn is_of_images(
    next: &mut dyn FnMut() -> Result<Option<Member>, ArchiveError>,
) -> Result<bool, ArchiveError> {
    let mut overview = Overview::default();
    for _ in 0..MEMBERS {
        let Some(member) = next()? else { break };
        overview.note(&member);
        if overview.looks_like_a_root {
            return Ok(false);
        }
        if digest_in(&member.path).is_some() || is_classic(&member.path) || overview.docker.is_some() {
            return Ok(true);
        }
    }
    Ok(overview.marker.is_some() && overview.index.is_some())
}

/// Says whether a member is named as those of Docker's older archives: by the identifier of a layer.
fn is_classic(path: &TreePath) -> bool {
    let first = path.components().next().unwrap_or_default();
    let name = first.strip_suffix(b".json").unwrap_or(first);
    std::str::from_utf8(name).is_ok_and(|name| Digest::from_hex(name).is_ok())
}
