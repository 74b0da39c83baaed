//! Writes OCI archives: a tar archive of an image layout.

use std::collections::BTreeMap;
use std::io::Write;

use super::{ArchiveError, ArchiveWriter, blob_name};
use crate::filesystem::Content;
use crate::layout::{Layout, LayoutError};
use crate::manifest::{Descriptor, Document, Index};

/// Writes some entries of a layout, with everything they reach, as an OCI archive.
///
/// The entries keep their names and order. `oci-layout` and `index.json` come first, then the blobs
/// in order of their digests, each once and verified on the way.
pub fn write_oci_archive(
    layout: &Layout,
    entries: &[Descriptor],
    out: impl Write,
) -> Result<(), ArchiveError> {
    let reach = layout.reach(entries);
    if let Some(missing) = reach.missing.first() {
        let directory = layout.directory().to_owned();
        return Err(LayoutError::MissingBlob { directory, digest: missing.digest }.into());
    }
    let mut archive = ArchiveWriter { out };
    let index = Document::new(Index::of(entries.to_vec()));
    archive
        .bytes("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)
        .and_then(|()| archive.bytes("index.json", index.bytes()))
        .and_then(|()| archive.directory("blobs"))
        .and_then(|()| archive.directory("blobs/sha256"))
        .map_err(ArchiveError::Write)?;
    for (digest, size) in sizes(layout, &reach.blobs)? {
        let blob = layout.open_blob(&Descriptor::new("", digest, size))?;
        archive.file(&blob_name(&digest), Content { digest, size }, blob).map_err(ArchiveError::Write)?;
    }
    archive.finish().map_err(ArchiveError::Write)
}

/// Returns the sizes of those blobs that are there; what may be fetched from elsewhere is not.
fn sizes(
    layout: &Layout,
    blobs: &std::collections::BTreeSet<crate::Digest>,
) -> Result<BTreeMap<crate::Digest, u64>, ArchiveError> {
    let mut sizes = BTreeMap::new();
    for digest in blobs {
        match std::fs::metadata(layout.blob_path(digest)) {
            Ok(metadata) => {
                sizes.insert(*digest, metadata.len());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ArchiveError::Read(error)),
        }
    }
    Ok(sizes)
}
