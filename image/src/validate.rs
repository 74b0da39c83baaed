//! The invariants of an image, checked on what a layout holds.
//!
//! Tests run this on the output of every producer, `push` before it sends anything, and people on
//! whatever they got from elsewhere. Nothing stops at the first finding.

mod layer;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;

use rayon::prelude::*;
use serde::Serialize;

use crate::digest::{DiffId, Digest};
use crate::layout::{Image, Layout, LayoutError};
use crate::manifest::{Config, Descriptor, Document, ImageConfig, Index, Kind, Manifest, media_type};
use crate::path::escape;
use crate::platform::Platform;
use crate::stack::{Members, StackError, read_members};

/// The most findings of one rule about one thing; the rest is counted.
const MAX_ALIKE: usize = 10;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The image is broken: it is not what it claims, or some engine cannot use it.
    Error,
    /// The image is legal, and tools are known to disagree about it.
    Warning,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Every blob is there, with the promised size and digest.
    Blob,
    /// Every document can be read.
    Document,
    /// Media types say what the bytes are.
    MediaType,
    /// Index and configuration agree about the platform, and an index has each platform once.
    Platform,
    /// The configuration can be used.
    Config,
    /// There is one diff ID for each layer, and one step of the history unless there is none.
    LayerCount,
    /// Each layer has the diff ID that the configuration gives.
    DiffId,
    /// Each layer can be decompressed and unpacked.
    Layer,
    /// No path stands in a layer twice.
    DuplicatePath,
    /// Directories stand before what is in them.
    Order,
    /// Every directory is an entry of its layer or of a lower one.
    MissingParent,
    /// Nothing stands below something that is no directory.
    NotADirectory,
    /// Hard links lead to earlier entries of the same layer.
    HardLink,
    /// Whiteouts take away something that is there.
    Whiteout,
}

/// Something about an image that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule that is broken.
    pub rule: Rule,
    /// Where: the name or digest of an entry, a platform, a layer.
    pub place: String,
    /// What was expected and what was found.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Validates some entries of a layout, with everything they reach. Findings come in the order of
/// the entries, each once.
pub fn validate(layout: &Layout, entries: &[Descriptor]) -> Vec<Finding> {
    let mut validator = Validator {
        layout,
        findings: Findings::default(),
        layers: BTreeMap::new(),
        visited: BTreeSet::new(),
    };
    for entry in entries {
        let place = entry.ref_name().map_or_else(|| entry.digest.to_string(), |name| escape(name.as_bytes()));
        validator.entry(entry, &place, 0);
    }
    validator.findings.finish()
}

struct Validator<'a> {
    layout: &'a Layout,
    findings: Findings,
    /// Layers that were read already: platforms and variants share them.
    layers: BTreeMap<Digest, Result<Members, (Rule, String)>>,
    visited: BTreeSet<Digest>,
}

/// Collects findings, and counts those beyond [`MAX_ALIKE`].
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    alike: BTreeMap<(String, Rule), usize>,
}

impl Findings {
    fn error(&mut self, rule: Rule, place: &str, message: impl fmt::Display) {
        self.add(Severity::Error, rule, place, &message);
    }

    fn warning(&mut self, rule: Rule, place: &str, message: impl fmt::Display) {
        self.add(Severity::Warning, rule, place, &message);
    }

    fn add(&mut self, severity: Severity, rule: Rule, place: &str, message: &dyn fmt::Display) {
        let alike = self.alike.entry((place.to_owned(), rule)).or_default();
        *alike += 1;
        if *alike <= MAX_ALIKE {
            let message = message.to_string();
            self.list.push(Finding { severity, rule, place: place.to_owned(), message });
        }
    }

    /// Replaces what was only counted by its number, behind the last finding of its kind.
    fn finish(self) -> Vec<Finding> {
        let mut list = Vec::with_capacity(self.list.len());
        let mut seen: BTreeMap<(String, Rule), usize> = BTreeMap::new();
        for finding in self.list {
            let key = (finding.place.clone(), finding.rule);
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            let more = self.alike[&key].saturating_sub(MAX_ALIKE);
            let is_last = *count == MAX_ALIKE && more > 0;
            let rest =
                is_last.then(|| Finding { message: format!("{more} more of this kind"), ..finding.clone() });
            list.push(finding);
            list.extend(rest);
        }
        list
    }
}

impl Validator<'_> {
    fn entry(&mut self, entry: &Descriptor, place: &str, depth: usize) {
        const MAX_DEPTH: usize = 8;
        if !self.visited.insert(entry.digest) {
            return;
        }
        if depth > MAX_DEPTH {
            self.findings.error(Rule::Document, place, "indexes are nested too deeply");
        } else if media_type::is_index(&entry.media_type) {
            self.index(entry, place, depth);
        } else if media_type::is_manifest(&entry.media_type) {
            self.manifest(entry, place);
        } else {
            self.blob(entry, place);
        }
    }

    fn index(&mut self, entry: &Descriptor, place: &str, depth: usize) {
        let Some(index) = self.document::<Index>(entry, place) else {
            return;
        };
        self.media_type(entry, index.media_type.as_deref(), place);
        let mut platforms: Vec<Platform> = Vec::new();
        for child in &index.manifests {
            let place = match &child.platform {
                Some(platform) if !child.is_about_an_image() => format!("{place} {platform}"),
                _ => format!("{place} {}", child.digest),
            };
            if let Some(platform) = child.platform.as_ref().filter(|_| !child.is_about_an_image()) {
                // Windows images differ in the version of the operating system alone.
                if platforms.contains(&platform.normalised()) {
                    self.findings.error(Rule::Platform, &place, "the index has this platform twice");
                }
                platforms.push(platform.normalised());
            }
            self.entry(child, &place, depth + 1);
        }
    }

    fn manifest(&mut self, entry: &Descriptor, place: &str) {
        let Some(manifest) = self.document::<Manifest>(entry, place) else {
            return;
        };
        self.media_type(entry, manifest.media_type.as_deref(), place);
        if !manifest.is_image() {
            for blob in std::iter::once(&manifest.config).chain(&manifest.layers) {
                self.blob(blob, place);
            }
            return;
        }
        let Some(config) = self.document::<ImageConfig>(&manifest.config, place) else {
            return;
        };
        self.config(entry, &config, place);
        let platform = config.platform.normalised();
        let image = Image { descriptor: entry.clone(), platform, manifest, config };
        self.counts(&image, place);
        self.layers(&image, place);
    }

    fn config(&mut self, entry: &Descriptor, config: &ImageConfig, place: &str) {
        let platform = &config.platform;
        if platform.os.is_empty() || platform.architecture.is_empty() {
            self.findings.error(Rule::Platform, place, "the configuration names no platform");
        }
        if let Some(named) = entry.platform.as_ref().filter(|named| !named.is_same(platform)) {
            let message = format!("the index says {named}, the configuration {platform}");
            self.findings.error(Rule::Platform, place, message);
        }
        if config.rootfs.kind != "layers" {
            let found = escape(config.rootfs.kind.as_bytes());
            let message = format!("the root file system has the type `{found}`: expected `layers`");
            self.findings.error(Rule::Config, place, message);
        }
        let empty = Config::default();
        for variable in &config.config.as_ref().unwrap_or(&empty).env {
            if !variable.contains('=') || variable.starts_with('=') {
                let variable = escape(variable.as_bytes());
                let message = format!("environment entry `{variable}`: expected `NAME=VALUE`");
                self.findings.error(Rule::Config, place, message);
            }
        }
    }

    fn counts(&mut self, image: &Image, place: &str) {
        let layers = image.manifest.layers.len();
        let diff_ids = image.config.rootfs.diff_ids.len();
        if layers != diff_ids {
            let message = format!("the manifest has {layers} layers, the configuration {diff_ids} diff IDs");
            self.findings.error(Rule::LayerCount, place, message);
        }
        let steps = image.config.history.iter().filter(|step| !step.empty_layer).count();
        if !image.config.history.is_empty() && steps != layers {
            let message =
                format!("the manifest has {layers} layers, the history {steps} steps that make one");
            self.findings.warning(Rule::LayerCount, place, message);
        }
    }

    fn layers(&mut self, image: &Image, place: &str) {
        self.read_layers(&image.manifest.layers);
        let mut below = layer::Below::default();
        let diff_ids = image.config.rootfs.diff_ids.iter().map(Some).chain(std::iter::repeat(None));
        for (number, (descriptor, expected)) in image.manifest.layers.iter().zip(diff_ids).enumerate() {
            let place = format!("{place} layer {} {}", number + 1, descriptor.digest);
            self.layer_type(descriptor, &place);
            match &self.layers[&descriptor.digest] {
                Ok(members) => {
                    check_diff_id(&mut self.findings, expected, members.diff_id, &place);
                    layer::check(&mut self.findings, members, &mut below, &place);
                }
                Err((rule, message)) => self.findings.error(*rule, &place, message),
            }
        }
    }

    /// Reads those layers that were not read yet, at the same time.
    fn read_layers(&mut self, layers: &[Descriptor]) {
        let layout = self.layout;
        let mut new: Vec<&Descriptor> =
            layers.iter().filter(|layer| !self.layers.contains_key(&layer.digest)).collect();
        new.sort_by_key(|layer| layer.digest);
        new.dedup_by_key(|layer| layer.digest);
        let read: Vec<_> = new
            .into_par_iter()
            .map(|layer| {
                let members = read_members(layout, layer).map_err(|error| {
                    let rule = match &error {
                        StackError::Layout { .. } => Rule::Blob,
                        _ => Rule::Layer,
                    };
                    (rule, crate::chain(&error))
                });
                (layer.digest, members)
            })
            .collect();
        self.layers.extend(read);
    }

    /// Compares a layer's media type with its first bytes.
    fn layer_type(&mut self, descriptor: &Descriptor, place: &str) {
        let named = &descriptor.media_type;
        let expected = match named.as_str() {
            _ if !media_type::is_layer(named) => "",
            name if name.ends_with("gzip") => "gzip",
            name if name.ends_with("zstd") => "zstd",
            _ => "none",
        };
        let mut start = [0; 4];
        let read =
            self.layout.open_unverified(descriptor).map(|mut file| io::Read::read(&mut file, &mut start));
        let found = match (read, start) {
            (Ok(Ok(0)) | Ok(Err(_)) | Err(_), _) => return,
            (_, [0x1f, 0x8b, ..]) => "gzip",
            (_, [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18]) => "zstd",
            _ => "none",
        };
        if expected != found {
            let named = escape(named.as_bytes());
            let message = format!("the layer has the media type `{named}`, its compression is {found}");
            self.findings.error(Rule::MediaType, place, message);
        }
    }

    fn media_type(&mut self, entry: &Descriptor, own: Option<&str>, place: &str) {
        if let Some(own) = own.filter(|own| *own != entry.media_type) {
            let [named, own] = [&entry.media_type, own].map(|name| escape(name.as_bytes()));
            let message = format!("the descriptor says `{named}`, the document `{own}`");
            self.findings.error(Rule::MediaType, place, message);
        }
    }

    fn document<T: Kind>(&mut self, descriptor: &Descriptor, place: &str) -> Option<Document<T>> {
        match self.layout.document(descriptor) {
            Ok(document) => Some(document),
            Err(error) => {
                let rule = match &error {
                    LayoutError::Document { .. } => Rule::Document,
                    _ => Rule::Blob,
                };
                self.findings.error(rule, place, crate::chain(&error));
                None
            }
        }
    }

    /// Reads a blob of any kind to verify it.
    fn blob(&mut self, descriptor: &Descriptor, place: &str) {
        if !self.layout.blob_path(&descriptor.digest).exists() && !descriptor.urls.is_empty() {
            return;
        }
        let error = match self.layout.open_blob(descriptor) {
            Ok(mut blob) => match io::copy(&mut blob, &mut io::sink()) {
                Ok(_) => return,
                Err(error) => format!("blob {} is damaged: {error}", descriptor.digest),
            },
            Err(error) => crate::chain(&error),
        };
        self.findings.error(Rule::Blob, place, error);
    }
}

fn check_diff_id(findings: &mut Findings, expected: Option<&DiffId>, found: DiffId, place: &str) {
    if let Some(expected) = expected.filter(|expected| **expected != found) {
        let message = format!("the diff ID differs: expected {expected}, found {found}");
        findings.error(Rule::DiffId, place, message);
    }
}

#[cfg(test)]
mod tests;
