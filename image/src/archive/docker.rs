//! Writes Docker archives: what `docker load` and `podman load` read.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::{ArchiveError, ArchiveWriter};
use crate::digest::{DiffId, HashingWriter, VerifyingReader};
use crate::filesystem::Content;
use crate::layer::compression::decoder;
use crate::layout::{Image, Layout};
use crate::manifest::Descriptor;
use crate::platform::Platform;
use crate::reference::{Reference, Tag};

/// One image of `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

/// How a layer stands in the archive.
struct Member<'a> {
    name: String,
    layer: &'a Descriptor,
    diff_id: DiffId,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Byte for byte as in the layout: a plain tar stream or gzip.
    AsIs,
    /// Decompressed, because engines read no other compression from archives.
    Plain,
}

/// Returns the tags of each image in an archive of several platforms.
///
/// A tag names one image, and loading a second one under the same tag takes it away from the first.
/// So with several platforms each image gets the tag followed by its platform
/// (`app:1-linux-arm64`), and the first one the plain tag too. With one image the tags stay as they
/// are. A reference without a tag means `latest`.
pub fn platform_tags(platforms: &[Platform], references: &[Reference]) -> Vec<Vec<Reference>> {
    let plain = references.iter().map(|reference| reference.at_tag(reference.tag_or_latest()));
    let plain: Vec<Reference> = plain.collect();
    let suffixed = |platform: &Platform| {
        let suffix = platform.to_string().replace('/', "-");
        plain.iter().filter_map(move |reference| {
            // A tag that is too long with its suffix is left out; the image keeps its digest.
            let tag: Tag = format!("{}-{suffix}", reference.tag_or_latest()).parse().ok()?;
            Some(reference.at_tag(tag))
        })
    };
    platforms
        .iter()
        .enumerate()
        .map(|(place, platform)| match (place, platforms.len()) {
            (_, 1) => plain.clone(),
            (0, _) => plain.iter().cloned().chain(suffixed(platform)).collect(),
            _ => suffixed(platform).collect(),
        })
        .collect()
}

/// Writes images as a Docker archive, each under the tags that [`platform_tags`] gives it.
///
/// Layers stay as they are, plain or gzip; others are decompressed. `manifest.json` comes first, so
/// that a reader of the stream knows what follows.
pub fn write_docker_archive(
    layout: &Layout,
    images: &[Image],
    references: &[Reference],
    out: impl Write,
) -> Result<(), ArchiveError> {
    let platforms: Vec<Platform> = images.iter().map(|image| image.platform.clone()).collect();
    let mut members = Vec::with_capacity(images.len());
    let mut manifest = Vec::with_capacity(images.len());
    for (image, tags) in images.iter().zip(platform_tags(&platforms, references)) {
        let layers = members_of(layout, image)?;
        manifest.push(DockerImage {
            config: config_name(image),
            repo_tags: tags.iter().map(Reference::to_string).collect(),
            layers: layers.iter().map(|member| member.name.clone()).collect(),
        });
        members.push(layers);
    }
    let manifest = serde_json::to_vec(&manifest).expect("names serialise");
    let mut archive = ArchiveWriter { out };
    archive.bytes("manifest.json", &manifest).map_err(ArchiveError::Write)?;
    let mut written = BTreeSet::new();
    for (image, members) in images.iter().zip(&members) {
        let name = config_name(image);
        if written.insert(name.clone()) {
            archive.bytes(&name, image.config.bytes()).map_err(ArchiveError::Write)?;
        }
        for member in members {
            if written.insert(member.name.clone()) {
                write_layer(layout, member, &mut archive)?;
            }
        }
    }
    archive.finish().map_err(ArchiveError::Write)
}

fn config_name(image: &Image) -> String {
    format!("{}.json", image.config.digest().hex())
}

fn members_of<'a>(layout: &Layout, image: &'a Image) -> Result<Vec<Member<'a>>, ArchiveError> {
    let (layers, diff_ids) = (image.manifest.layers.len(), image.config.rootfs.diff_ids.len());
    if layers != diff_ids {
        return Err(ArchiveError::LayerCount { config: image.config.digest(), layers, diff_ids });
    }
    image
        .layers()
        .map(|(layer, diff_id)| {
            let mut start = [0; 4];
            let mut file = layout.open_unverified(layer)?;
            let read = io::Read::read(&mut file, &mut start).map_err(ArchiveError::Read)?;
            let (name, form) = match &start[..read] {
                _ if layer.digest == diff_id.0 => (format!("{}.tar", diff_id.0.hex()), Form::AsIs),
                [0x1f, 0x8b, ..] => (format!("{}.tar.gz", layer.digest.hex()), Form::AsIs),
                _ => (format!("{}.tar", diff_id.0.hex()), Form::Plain),
            };
            Ok(Member { name, layer, diff_id, form })
        })
        .collect()
}

fn write_layer<W: Write>(
    layout: &Layout,
    member: &Member<'_>,
    archive: &mut ArchiveWriter<W>,
) -> Result<(), ArchiveError> {
    let Descriptor { digest, size, .. } = *member.layer;
    let blob = layout.open_blob(member.layer)?;
    match member.form {
        Form::AsIs => archive.file(&member.name, Content { digest, size }, blob),
        Form::Plain => {
            // The header needs the size, so the layer is decompressed twice and never held.
            let content = plain_content(layout, member)?;
            let plain = decoder(blob).map_err(|source| ArchiveError::Layer { digest, source })?;
            let plain = VerifyingReader::new(plain, content.digest, content.size);
            archive.file(&member.name, content, plain)
        }
    }
    .map_err(ArchiveError::Write)
}

/// Decompresses a layer to learn its size, and checks its diff ID.
fn plain_content(layout: &Layout, member: &Member<'_>) -> Result<Content, ArchiveError> {
    let found = diff_id_of(layout, member.layer)?;
    if found.digest != member.diff_id.0 {
        let (digest, expected) = (member.layer.digest, member.diff_id);
        return Err(ArchiveError::DiffId { digest, expected, found: DiffId(found.digest) });
    }
    Ok(found)
}

/// Decompresses a layer and returns the digest and size of what is inside.
fn diff_id_of(layout: &Layout, layer: &Descriptor) -> Result<Content, ArchiveError> {
    let blob = layout.open_blob(layer)?;
    let mut hasher = HashingWriter::new(io::sink());
    decoder(blob)
        .and_then(|mut plain| io::copy(&mut plain, &mut hasher))
        .map_err(|source| ArchiveError::Layer { digest: layer.digest, source })?;
    let (_, digest, size) = hasher.finish();
    Ok(Content { digest, size })
}
