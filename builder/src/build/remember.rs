//! Whole builds are remembered by everything that went into them, so that building the same again
//! opens no package and hashes no layer.

use attar_image::digest::HashingWriter;
use attar_image::layer::compression::Codec;
use attar_image::manifest::Document;
use attar_image::{DiffId, Digest};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

use super::{BuildError, Built, Request, Start, own_files};
use crate::assemble::Image;
use crate::cache::{Cache, Shelf};
use crate::context::Context;
use crate::event::Event;
use crate::files::Hashes;
use crate::images::Images;
use crate::layer::Layer;
use crate::lock::Lock;
use crate::record::RECORD_FORMAT;
use crate::segment::{self, Part, WRITER_FORMAT};
use crate::spec::schema::Spec;

/// Generation of what is remembered; to be raised with every change of what effects make.
const FORMAT: u32 = 3;

/// A build that is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    warnings: Vec<String>,
    images: Vec<RememberedImage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RememberedImage {
    variant: String,
    platform: String,
    manifest: Vec<u8>,
    config: Vec<u8>,
    layers: Vec<RememberedLayer>,
    start: Start,
}

#[derive(Debug, Serialize, Deserialize)]
struct RememberedLayer {
    name: String,
    digest: [u8; 32],
    size: u64,
    diff_id: [u8; 32],
    plain_size: u64,
    /// Keys of its segments.
    segments: Vec<String>,
}

/// Returns the key of a build: the hash of everything that decides about its bytes.
pub(super) fn key(
    context: &Context,
    images: &Images,
    lock: &Lock,
    request: &Request,
    wanted: &[(String, String)],
    hashes: &mut Hashes,
) -> Result<String, BuildError> {
    let mut key = HashingWriter::new(io::sink());
    let mut add = |part: &[u8]| {
        key.write_all(&(part.len() as u64).to_le_bytes())
            .and_then(|()| key.write_all(part))
            .expect("a sink takes all");
    };
    let generation = &context.generation;
    add(format!("{generation} build {FORMAT} record {RECORD_FORMAT} writer {WRITER_FORMAT}").as_bytes());
    add(lock.to_text().as_bytes());
    add(format!("{:?} {:?} {:?}", request.epoch, request.annotations, request.labels).as_bytes());
    for (variant, platform) in wanted {
        let Some(effective) = images.image(variant, platform) else { continue };
        add(variant.as_bytes());
        add(platform.as_bytes());
        let spec = Spec { check: None, ..effective.spec.clone() };
        add(&serde_json::to_vec(&spec).expect("a spec has a JSON form"));
        // Owners are a function of spec and lock: here only names, contents and modes count.
        let (_, files) = own_files::collected(effective, platform, &|_, _, _| Ok((None, None)), hashes)?;
        for files in files {
            add(segment::key(&Part::Tree(&files.collected.tree), Codec::None).hex().as_bytes());
        }
        for certificate in own_files::certificates(effective)? {
            add(certificate.name.as_bytes());
            add(certificate.pem.as_bytes());
        }
    }
    let (_, digest, _) = key.finish();
    Ok(digest.hex())
}

/// Returns a remembered build, if every part of its layers is still in the cache.
pub(super) fn recall(context: &Context, key: &str) -> Option<Vec<(String, Image)>> {
    let bytes = context.cache.get(Shelf::Builds, key)?;
    let remembered: Remembered = postcard::from_bytes(&bytes).ok()?;
    let mut found = Vec::with_capacity(remembered.images.len());
    for image in remembered.images {
        let layers =
            image.layers.iter().map(|layer| layer.recall(&context.cache)).collect::<Option<Vec<_>>>()?;
        let manifest = Document::parse(image.manifest).ok()?;
        let config = Document::parse(image.config).ok()?;
        let platform = image.platform.parse().ok()?;
        let start = image.start;
        found.push((image.variant, image.platform, Image { platform, manifest, config, layers, start }));
    }
    for warning in remembered.warnings {
        context.events.warn(warning);
    }
    for (variant, platform, image) in &found {
        context.events.send(Event::PlatformFinished {
            platform: super::image_name(variant, platform),
            layers: image.layers.len(),
            bytes: image.layers.iter().map(|layer| layer.size).sum(),
        });
    }
    Some(found.into_iter().map(|(variant, _, image)| (variant, image)).collect())
}

/// Remembers a build with the warnings it gave.
pub(super) fn remember(
    context: &Context,
    key: &str,
    warnings: Vec<String>,
    built: &[Built],
) -> Result<(), BuildError> {
    let image = |variant: &str, image: &Image| RememberedImage {
        variant: variant.to_owned(),
        platform: image.platform.to_string(),
        manifest: image.manifest.bytes().to_vec(),
        config: image.config.bytes().to_vec(),
        layers: image.layers.iter().map(RememberedLayer::of).collect(),
        start: image.start.clone(),
    };
    let images =
        built.iter().flat_map(|built| built.images.iter().map(|it| image(&built.variant, it))).collect();
    let remembered = Remembered { warnings, images };
    let bytes = postcard::to_stdvec(&remembered).expect("texts and numbers can be encoded");
    context.cache.put(Shelf::Builds, key, &bytes).map_err(crate::prepare::PrepareError::Cache)?;
    Ok(())
}

impl RememberedLayer {
    fn of(layer: &Layer) -> Self {
        let key = |path: &std::path::PathBuf| {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        Self {
            name: layer.name.clone(),
            digest: *layer.digest.as_bytes(),
            size: layer.size,
            diff_id: *layer.diff_id.0.as_bytes(),
            plain_size: layer.plain_size,
            segments: layer.segments.iter().map(key).collect(),
        }
    }

    fn recall(&self, cache: &Cache) -> Option<Layer> {
        let segments: Vec<_> =
            self.segments.iter().map(|key| cache.lookup(Shelf::Segments, key)).collect::<Option<Vec<_>>>()?;
        let size: u64 = segments.iter().map(|stored| stored.size).sum();
        (size == self.size).then(|| Layer {
            name: self.name.clone(),
            digest: Digest::from_bytes(self.digest),
            size,
            diff_id: DiffId(Digest::from_bytes(self.diff_id)),
            plain_size: self.plain_size,
            segments: segments.into_iter().map(|stored| stored.path).collect(),
        })
    }
}
