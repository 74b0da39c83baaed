//! The report of a build for machines: `--metadata-file`.

use std::path::Path;

use anyhow::Context as _;
use attar_builder::build::{Built, Start};
use serde::Serialize;

use super::build::Places;
use crate::escape;
use crate::progress::Reporter;

/// Everything that was built.
#[derive(Debug, Serialize)]
pub(super) struct Metadata {
    schema: &'static str,
    images: Vec<Image>,
}

#[derive(Debug, Serialize)]
struct Image {
    spec: String,
    lock: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Empty for the plain image.
    variant: String,
    /// Digest of the index.
    digest: String,
    /// Where it was written or loaded.
    destinations: Vec<String>,
    /// Where it was pushed.
    pushed: Vec<Pushed>,
    platforms: Vec<Platform>,
}

#[derive(Debug, Serialize)]
struct Pushed {
    /// The image by its digest.
    reference: String,
    /// The tags that lead to it, as references.
    tags: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Platform {
    platform: String,
    /// Digest of the manifest.
    digest: String,
    /// Digest of the configuration, which classic engines call the image's identifier.
    config: String,
    layers: Vec<Layer>,
    /// What the start-up proof says.
    start: Start,
}

#[derive(Debug, Serialize)]
struct Layer {
    digest: String,
    diff_id: String,
    size: u64,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { schema: "attar.build/1", images: Vec::new() }
    }
}

impl Metadata {
    /// Adds the images of one spec.
    pub(super) fn add(&mut self, spec: &Path, lock: &Path, built: &[Built], written: &[Places]) {
        self.images.extend(built.iter().zip(written).map(|(built, places)| Image {
            spec: spec.display().to_string(),
            lock: lock.display().to_string(),
            name: built.name.clone(),
            variant: built.variant.clone(),
            digest: built.index.digest().to_string(),
            destinations: places.others.clone(),
            pushed: places.pushed.iter().map(Pushed::of).collect(),
            platforms: built.images.iter().map(Platform::of).collect(),
        }));
    }

    /// Writes the report to a file; `-` is standard output.
    pub(super) fn write(&self, file: &Path, reporter: &Reporter) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot write JSON")?;
        let text = escape::json(&text) + "\n";
        if file == Path::new("-") {
            return reporter.answer(&text);
        }
        std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))
    }
}

impl Pushed {
    fn of(pushed: &super::publish::Pushed) -> Self {
        let tags = pushed.tags.iter().map(|tag| pushed.reference.at_tag(tag.clone()).to_string());
        Self { reference: pushed.reference.to_string(), tags: tags.collect() }
    }
}

impl Platform {
    fn of(image: &attar_builder::build::Image) -> Self {
        let layers = image.layers.iter().map(|layer| Layer {
            digest: layer.digest.to_string(),
            diff_id: layer.diff_id.to_string(),
            size: layer.size,
        });
        Self {
            platform: image.platform.to_string(),
            digest: image.manifest.digest().to_string(),
            config: image.config.digest().to_string(),
            layers: layers.collect(),
            start: image.start.clone(),
        }
    }
}
