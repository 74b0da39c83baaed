//! Images as `manifest.json` describes them: the configuration and layers by names of files.

use std::fs::File;
use std::io::{self, Read};

use rayon::prelude::*;
use serde::Deserialize;

use super::ArchiveError;
use super::listing::{Listing, Part};
use super::open::{Attend, CHUNK};
use crate::blobs::Blobs;
use crate::digest::{DiffId, Digest, HashingWriter};
use crate::filesystem::Content;
use crate::layer::compression::{Compression, decoder};
use crate::manifest::{
    Descriptor, Document, ImageConfig, InvalidDocument, Kind as _, MAX_DOCUMENT, media_type, null_is_empty,
};

/// One image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DockerImage {
    pub(super) config: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    layers: Vec<String>,
}

/// The parts of one image.
pub(super) struct Classic {
    pub(super) config: Document<ImageConfig>,
    pub(super) config_part: Part,
    /// The layers, the lowest first. The digest of a layer that is not compressed is the diff ID that
    /// the configuration claims.
    pub(super) layers: Vec<(Descriptor, Part)>,
}

/// Finds the parts of an image; layers that are compressed are hashed.
pub(super) fn read(file: &File, image: &DockerImage, listing: &Listing) -> Result<Classic, ArchiveError> {
    let part =
        |name: &String| listing.file(name).ok_or_else(|| ArchiveError::MissingMember { name: name.clone() });
    let config_part = part(&image.config)?;
    let config = read_config(file, &image.config, config_part)?;
    let diff_ids = &config.rootfs.diff_ids;
    if image.layers.len() != diff_ids.len() {
        return Err(ArchiveError::LayerCount {
            config: config.digest(),
            layers: image.layers.len(),
            diff_ids: diff_ids.len(),
        });
    }
    let parts = image.layers.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let layers = parts
        .into_par_iter()
        .zip(diff_ids)
        .map(|(part, diff_id)| Ok((layer(file, part, *diff_id)?, part)))
        .collect::<io::Result<Vec<_>>>()
        .map_err(ArchiveError::Read)?;
    Ok(Classic { config, config_part, layers })
}

fn read_config(file: &File, name: &str, part: Part) -> Result<Document<ImageConfig>, ArchiveError> {
    let invalid = |source| ArchiveError::Document { name: name.to_owned(), source };
    if part.length > MAX_DOCUMENT {
        return Err(invalid(InvalidDocument::TooLarge { kind: ImageConfig::NAME, size: part.length }));
    }
    let mut bytes = Vec::new();
    part.open(file).and_then(|mut blob| blob.read_to_end(&mut bytes)).map_err(ArchiveError::Read)?;
    Document::parse(bytes).map_err(invalid)
}

/// Describes a layer by its content.
fn layer(file: &File, part: Part, diff_id: DiffId) -> io::Result<Descriptor> {
    let media_type = match Compression::peek(&mut part.open(file)?)? {
        Compression::Gzip => media_type::LAYER_GZIP,
        Compression::Zstd => media_type::LAYER_ZSTD,
        Compression::None => media_type::LAYER,
    };
    let digest = match media_type {
        media_type::LAYER => diff_id.0,
        _ => digest_of(file, part)?,
    };
    Ok(Descriptor::new(media_type, digest, part.length))
}

/// Hashes a part.
pub(super) fn digest_of(file: &File, part: Part) -> io::Result<Digest> {
    let mut hasher = HashingWriter::new(io::sink());
    io::copy(&mut part.open(file)?, &mut hasher)?;
    let (_, digest, _) = hasher.finish();
    Ok(digest)
}

/// Hashes a part as long as somebody waits for it.
pub(super) fn digest_attended(file: &File, part: Part, attend: Attend<'_>) -> Result<Digest, ArchiveError> {
    let mut hasher = HashingWriter::new(io::sink());
    let mut bytes = part.open(file).map_err(ArchiveError::Read)?;
    let mut done = 0;
    loop {
        attend(done)?;
        let chunk = &mut bytes.by_ref().take(CHUNK);
        match io::copy(chunk, &mut hasher).map_err(ArchiveError::Read)? {
            0 => break,
            read => done += read,
        }
    }
    let (_, digest, _) = hasher.finish();
    Ok(digest)
}

/// Decompresses a layer and compares it with its diff ID.
pub(super) fn check_layer(
    blobs: &dyn Blobs,
    layer: &Descriptor,
    expected: DiffId,
) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Layer { digest: layer.digest, source };
    let blob = blobs.open(layer)?;
    let mut hasher = HashingWriter::new(io::sink());
    decoder(blob).and_then(|mut plain| io::copy(&mut plain, &mut hasher)).map_err(failed)?;
    let (_, digest, size) = hasher.finish();
    let found = Content { digest, size };
    if found.digest == expected.0 {
        return Ok(());
    }
    // A layer that is not compressed was called by the diff ID that it does not have.
    let digest = if layer.digest == expected.0 { found.digest } else { layer.digest };
    Err(ArchiveError::DiffId { digest, expected, found: DiffId(found.digest) })
}
