//! Reads archives of every kind into a layout.
//!
//! What an archive is shows in its documents, never in the names of its files: Docker changed those
//! with almost every export format, and its newest archives are both an OCI layout and a classic
//! Docker archive.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use rayon::prelude::*;
use serde::Deserialize;

use super::ArchiveError;
use super::docker::diff_id_of;
use crate::digest::{DiffId, Digest};
use crate::filesystem::Content;
use crate::layer::compression::decoder;
use crate::layer::reader::{MemberKind, Reader, TarError};
use crate::layout::{LayoutError, Writer};
use crate::manifest::{
    CONTAINERD_NAME, Descriptor, Document, ImageConfig, Index, InvalidDocument, MAX_DOCUMENT, Manifest,
    media_type, null_is_empty,
};
use crate::path::TreePath;

/// The most members that an archive may have.
const MAX_MEMBERS: usize = 100_000;

/// An image that was read from an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The image or index, whole in the layout but not yet one of its entries.
    pub entry: Descriptor,
    /// What the archive calls it: full references first, then bare tags and other names.
    pub names: Vec<String>,
    /// What the archive holds about it: signatures, attestations.
    pub referrers: Vec<Descriptor>,
}

/// One image of `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    layers: Vec<String>,
}

/// What stands in the archive, its files already in the layout.
#[derive(Default)]
struct Contents {
    files: BTreeMap<TreePath, Descriptor>,
    links: BTreeMap<TreePath, TreePath>,
    /// `index.json`, `oci-layout` and `manifest.json`.
    documents: BTreeMap<TreePath, Vec<u8>>,
}

/// Reads the images of an archive into a layout: OCI or Docker, plain, gzip or zstd.
///
/// Blobs that carry their digest in their name are verified, layers are checked against the diff
/// IDs of their configuration. Of a multi-platform image that is not whole (engines export what they
/// happen to have) the platforms that are whole are returned. What no image needs is removed again.
pub fn import(reader: impl Read + Send, writer: &Writer) -> Result<Vec<Imported>, ArchiveError> {
    let before = writer.list_blobs()?;
    let imported = read_contents(reader, writer).and_then(|contents| images(writer, &contents));
    let entries = imported.as_deref().unwrap_or_default();
    let mut needed = writer
        .reach(entries.iter().flat_map(|imported| imported.referrers.iter().chain([&imported.entry])))
        .blobs;
    needed.extend(before);
    let stray = writer.list_blobs()?.difference(&needed).copied().collect();
    writer.remove_blobs(stray)?;
    imported
}

fn read_contents(reader: impl Read + Send, writer: &Writer) -> Result<Contents, ArchiveError> {
    let mut reader = Reader::new(decoder(reader).map_err(ArchiveError::Read)?);
    let mut contents = Contents::default();
    for _ in 0..MAX_MEMBERS {
        let Some(member) = reader.next_member()? else {
            return Ok(contents);
        };
        let path = member.path;
        match member.kind {
            MemberKind::File { size } => {
                let expected = digest_in(&path).map(|digest| Content { digest, size });
                if matches!(path.as_bytes(), b"index.json" | b"oci-layout" | b"manifest.json") {
                    let document = read_document(&mut reader, &path, size, member.offset)?;
                    contents.documents.insert(path, document);
                } else {
                    let blob = writer.put("", &mut reader, expected)?;
                    contents.files.insert(path, blob);
                }
            }
            MemberKind::HardLink { target } => {
                contents.links.insert(path, target);
            }
            MemberKind::Symlink { target } => {
                if let Ok(target) = path.resolve_link(&target) {
                    contents.links.insert(path, target);
                }
            }
            _ => {}
        }
    }
    Err(ArchiveError::TooManyMembers { limit: MAX_MEMBERS })
}

fn read_document<R: Read>(
    reader: &mut Reader<R>,
    path: &TreePath,
    size: u64,
    offset: u64,
) -> Result<Vec<u8>, ArchiveError> {
    if size > MAX_DOCUMENT {
        let source = InvalidDocument::TooLarge { kind: "document", size };
        return Err(ArchiveError::Document { name: crate::path::escape(path.as_bytes()), source });
    }
    let mut bytes = Vec::new();
    reader.copy_content(&mut bytes).map_err(|source| TarError::Read { offset, source })?;
    Ok(bytes)
}

/// Returns the digest that a blob of an OCI layout has as its name.
fn digest_in(path: &TreePath) -> Option<Digest> {
    let name = path.as_bytes().strip_prefix(b"blobs/sha256/")?;
    Digest::from_hex(std::str::from_utf8(name).ok()?).ok()
}

impl Contents {
    fn document(&self, name: &str) -> Option<&Vec<u8>> {
        self.documents.get(name.as_bytes())
    }

    /// Returns a file by the name that `manifest.json` gives it, through the archive's links.
    fn file(&self, name: &str) -> Result<&Descriptor, ArchiveError> {
        let missing = || ArchiveError::MissingMember { name: name.to_owned() };
        let mut path = TreePath::parse(name).map_err(|_| missing())?;
        // As many steps as there are links lead through any chain that is no circle.
        for _ in 0..=self.links.len() {
            if let Some(file) = self.files.get(&path) {
                return Ok(file);
            }
            path = self.links.get(&path).ok_or_else(missing)?.clone();
        }
        Err(missing())
    }
}

fn images(writer: &Writer, contents: &Contents) -> Result<Vec<Imported>, ArchiveError> {
    let docker: Vec<DockerImage> = match contents.document("manifest.json") {
        Some(bytes) => serde_json::from_slice(bytes).map_err(ArchiveError::DockerManifest)?,
        None => Vec::new(),
    };
    if let (Some(index), Some(_)) = (contents.document("index.json"), contents.document("oci-layout")) {
        let index: Document<Index> = Document::parse(index.as_slice())
            .map_err(|source| ArchiveError::Document { name: "index.json".to_owned(), source })?;
        match oci_images(writer, &index, contents, &docker) {
            Ok(images) if !images.is_empty() => return Ok(images),
            Err(error) if docker.is_empty() => return Err(error),
            // The other half of the archive may still be whole.
            _ => {}
        }
    }
    if docker.is_empty() {
        return Err(ArchiveError::NoImage);
    }
    docker.iter().map(|image| docker_image(writer, image, contents)).collect()
}

fn oci_images(
    writer: &Writer,
    index: &Index,
    contents: &Contents,
    docker: &[DockerImage],
) -> Result<Vec<Imported>, ArchiveError> {
    let mut images = Vec::new();
    for entry in index.manifests.iter().filter(|entry| !writer.is_referrer(entry)) {
        let mut whole = Vec::new();
        let missing = collect_whole(writer, entry, &mut whole);
        if let (true, Some(digest)) = (whole.is_empty(), missing) {
            let directory = writer.directory().to_owned();
            return Err(LayoutError::MissingBlob { directory, digest }.into());
        }
        let names = [CONTAINERD_NAME, crate::manifest::REF_NAME];
        let names: Vec<_> = names.iter().filter_map(|name| entry.annotations.get(*name).cloned()).collect();
        for entry in whole {
            let configs: BTreeSet<Digest> =
                writer.images(&entry)?.iter().map(|image| image.config.digest()).collect();
            let tags = docker
                .iter()
                .filter(|image| {
                    contents.file(&image.config).is_ok_and(|config| configs.contains(&config.digest))
                })
                .flat_map(|image| &image.repo_tags);
            let mut names = names.clone();
            for tag in tags {
                if !names.contains(tag) {
                    names.push(tag.clone());
                }
            }
            let referrers = writer.referrers(&entry, &index.manifests).into_iter().cloned().collect();
            images.push(Imported { entry, names, referrers });
        }
    }
    Ok(images)
}

/// Collects an entry if it is whole, else those below it that are; returns a blob that is missing.
fn collect_whole(writer: &Writer, entry: &Descriptor, whole: &mut Vec<Descriptor>) -> Option<Digest> {
    let Some(missing) = writer.reach([entry]).missing.first().map(|missing| missing.digest) else {
        whole.push(entry.clone());
        return None;
    };
    if media_type::is_index(&entry.media_type)
        && let Ok(index) = writer.document::<Index>(entry)
    {
        for child in index.manifests.iter().filter(|child| !child.is_about_an_image()) {
            collect_whole(writer, child, whole);
        }
    }
    Some(missing)
}

/// Makes an OCI image of a classic one: the configuration stays, its layers keep their bytes.
fn docker_image(writer: &Writer, image: &DockerImage, contents: &Contents) -> Result<Imported, ArchiveError> {
    let config = contents.file(&image.config)?;
    let document: Document<ImageConfig> = writer.document(config)?;
    let diff_ids = &document.rootfs.diff_ids;
    if image.layers.len() != diff_ids.len() {
        return Err(ArchiveError::LayerCount {
            config: config.digest,
            layers: image.layers.len(),
            diff_ids: diff_ids.len(),
        });
    }
    let layers = image.layers.iter().map(|name| contents.file(name)).collect::<Result<Vec<_>, _>>()?;
    let layers = layers
        .into_par_iter()
        .zip(diff_ids)
        .map(|(layer, diff_id)| checked_layer(writer, layer, *diff_id))
        // Of several errors the lowest layer's is reported, whichever was found first.
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let config = Descriptor::new(media_type::CONFIG, config.digest, config.size);
    let entry = writer
        .put_document(media_type::MANIFEST, &Document::new(Manifest::image(config, layers)))?
        .with_platform(document.platform.normalised());
    Ok(Imported { entry, names: image.repo_tags.clone(), referrers: Vec::new() })
}

fn checked_layer(writer: &Writer, layer: &Descriptor, diff_id: DiffId) -> Result<Descriptor, ArchiveError> {
    let found = diff_id_of(writer, layer)?;
    if found.digest != diff_id.0 {
        let found = DiffId(found.digest);
        return Err(ArchiveError::DiffId { digest: layer.digest, expected: diff_id, found });
    }
    let mut start = [0; 2];
    let read = writer.open_unverified(layer)?.read(&mut start).map_err(ArchiveError::Read)?;
    let media_type = match &start[..read] {
        _ if layer.digest == diff_id.0 => media_type::LAYER,
        [0x1f, 0x8b] => media_type::LAYER_GZIP,
        _ => media_type::LAYER_ZSTD,
    };
    Ok(Descriptor::new(media_type, layer.digest, layer.size))
}
