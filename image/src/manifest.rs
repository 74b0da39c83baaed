//! The documents of an image: descriptors, manifests, indexes and configurations.
//!
//! Follows the OCI image specification 1.1, and reads Docker's schema 2 documents, which differ in
//! their media types alone. Maps are ordered and fields that attar does not know are kept, so what
//! is written depends on nothing but the values.

pub mod config;
pub mod document;
pub mod media_type;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use config::{Config, Healthcheck, History, ImageConfig, RootFs};
pub use document::{Document, InvalidDocument, Kind, MAX_DOCUMENT};

use crate::digest::Digest;
use crate::platform::Platform;

/// Names and values that people attach to a document.
pub type Annotations = BTreeMap<String, String>;

/// The annotation that names an entry of a layout.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The annotation in which containerd and Docker keep the full reference of an entry.
pub const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// The annotation with which BuildKit marks entries of an index that are no images.
pub const DOCKER_REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Names a blob: its media type, digest and size, and what is worth knowing before fetching it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the blob is.
    pub media_type: String,
    /// The digest of the blob's bytes.
    pub digest: Digest,
    /// The size of the blob in bytes.
    pub size: u64,
    /// Further places to get the blob from.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Annotations of the blob.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
    /// The blob itself in base64, when it is small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The platform that the image is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The type of artifact that the manifest describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Fields of later versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// An image manifest: the configuration and the layers of one image for one platform, or an
/// artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// The media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The type of artifact, when this is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image's configuration.
    pub config: Descriptor,
    /// The layers, the lowest first.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Annotations of the image.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
    /// Fields of later versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// An image index: the manifests of one image for several platforms, or the entries of a layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// The media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The type of artifact, when these are no images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The manifests, and further indexes.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this index is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Annotations of the image.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
    /// Fields of later versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Descriptor {
    /// Returns a descriptor with nothing but what every descriptor has.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: Vec::new(),
            annotations: Annotations::new(),
            data: None,
            platform: None,
            artifact_type: None,
            other: BTreeMap::new(),
        }
    }

    /// Returns the descriptor of `bytes`.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// Returns the descriptor with its platform.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Returns the descriptor with one more annotation.
    #[must_use]
    pub fn with_annotation(mut self, name: &str, value: &str) -> Self {
        self.annotations.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Returns the name that the entry has in a layout.
    pub fn ref_name(&self) -> Option<&str> {
        self.annotations.get(REF_NAME).map(String::as_str)
    }

    /// Says whether this entry of an index is something about an image and not an image: an
    /// attestation of BuildKit, or an artifact.
    pub fn is_about_an_image(&self) -> bool {
        self.annotations.contains_key(DOCKER_REFERENCE_TYPE)
            || self.artifact_type.is_some()
            || self.platform.as_ref().is_some_and(Platform::is_unknown)
    }
}

impl Manifest {
    /// Returns the OCI manifest of an image.
    pub fn image(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: Annotations::new(),
            other: BTreeMap::new(),
        }
    }

    /// Says whether this is the manifest of an image, and not of an artifact.
    pub fn is_image(&self) -> bool {
        self.artifact().is_none()
    }

    /// Returns the type of the artifact that this describes; `None` for an image.
    ///
    /// Artifacts from before there were types have the configuration of an image at times, as
    /// signatures do: then nothing that they hold is a layer.
    pub fn artifact(&self) -> Option<&str> {
        let contents = self.layers.first().map(|layer| &*layer.media_type);
        if let Some(kind) = &self.artifact_type {
            return Some(kind);
        }
        if self.config.media_type == media_type::EMPTY {
            return Some(contents.unwrap_or(media_type::EMPTY));
        }
        if !media_type::is_config(&self.config.media_type) {
            return Some(&self.config.media_type);
        }
        let holds_layers = self.layers.iter().any(|layer| media_type::is_layer(&layer.media_type));
        contents.filter(|_| !holds_layers)
    }
}

impl Index {
    /// Returns the OCI index of these manifests.
    pub fn of(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::INDEX.to_owned()),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: Annotations::new(),
            other: BTreeMap::new(),
        }
    }
}

/// Reads `null` as the empty value: Docker writes `null` for lists and maps that are not there.
pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
