//! Documents with their exact bytes: what was fetched is never serialised anew.

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Descriptor, ImageConfig, Index, Manifest, media_type};
use crate::digest::Digest;

/// The largest document that is read, in bytes; registries promise to take 4 MiB.
pub const MAX_DOCUMENT: u64 = 8 << 20;

/// A parsed document beside the bytes it was parsed from, and their digest.
#[derive(Clone, Debug)]
pub struct Document<T> {
    bytes: Arc<[u8]>,
    digest: Digest,
    value: T,
}

/// Bytes that are not the document they should be.
#[derive(Debug, thiserror::Error)]
pub enum InvalidDocument {
    /// The document is larger than [`MAX_DOCUMENT`].
    #[error("{kind} of {size} bytes: expected at most {MAX_DOCUMENT}")]
    TooLarge {
        /// What the document should be.
        kind: &'static str,
        /// Its size.
        size: u64,
    },
    /// The bytes are not JSON, or not of this shape.
    #[error("cannot read {kind}")]
    Json {
        /// What the document should be.
        kind: &'static str,
        /// Where and why reading stopped.
        source: serde_json::Error,
    },
    /// The document is of another version.
    #[error("cannot read {kind}: schema version {found}: expected 2")]
    SchemaVersion {
        /// What the document should be.
        kind: &'static str,
        /// The version that was found.
        found: u32,
    },
    /// The document says that it is something else.
    #[error("cannot read {kind}: it has the media type `{found}`")]
    MediaType {
        /// What the document should be.
        kind: &'static str,
        /// The media type that was found.
        found: String,
    },
    /// The document could be read as a manifest and as an index, so two readers may see two images.
    #[error("cannot read {kind}: the field `{field}` belongs to another kind of document")]
    Ambiguous {
        /// What the document should be.
        kind: &'static str,
        /// The field that should not be there.
        field: &'static str,
    },
}

/// A kind of document.
pub trait Kind: Serialize + DeserializeOwned {
    /// What error messages call it.
    const NAME: &'static str;

    /// Checks what the shape alone does not say.
    fn check(&self) -> Result<(), InvalidDocument> {
        Ok(())
    }
}

impl<T: Kind> Document<T> {
    /// Parses `bytes` and keeps them.
    pub fn parse(bytes: impl Into<Arc<[u8]>>) -> Result<Self, InvalidDocument> {
        let bytes = bytes.into();
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(InvalidDocument::TooLarge { kind: T::NAME, size: bytes.len() as u64 });
        }
        let value: T = serde_json::from_slice(&bytes)
            .map_err(|source| InvalidDocument::Json { kind: T::NAME, source })?;
        value.check()?;
        Ok(Self { digest: Digest::of(&bytes), bytes, value })
    }

    /// Writes `value` in its one canonical form: compact, fields in the order of the
    /// specification, maps in the order of their keys.
    pub fn new(value: T) -> Self {
        let bytes: Arc<[u8]> =
            serde_json::to_vec(&value).expect("every map of a document has text keys").into();
        Self { digest: Digest::of(&bytes), bytes, value }
    }
}

impl<T> Document<T> {
    /// Returns the exact bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the digest of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the number of bytes.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Returns the parsed view.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the parsed view alone.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Returns the descriptor of the bytes under `media_type`.
    pub fn descriptor(&self, media_type: &str) -> Descriptor {
        Descriptor::new(media_type, self.digest, self.size())
    }
}

impl<T> Deref for Document<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Documents are equal when their bytes are.
impl<T> PartialEq for Document<T> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl<T> Eq for Document<T> {}

impl Kind for Manifest {
    const NAME: &'static str = "image manifest";

    fn check(&self) -> Result<(), InvalidDocument> {
        check_version(Self::NAME, self.schema_version)?;
        check_media_type(Self::NAME, self.media_type.as_deref(), media_type::is_manifest)?;
        check_fields(Self::NAME, &self.other, &["manifests", "fsLayers"])
    }
}

impl Kind for Index {
    const NAME: &'static str = "image index";

    fn check(&self) -> Result<(), InvalidDocument> {
        check_version(Self::NAME, self.schema_version)?;
        check_media_type(Self::NAME, self.media_type.as_deref(), media_type::is_index)?;
        check_fields(Self::NAME, &self.other, &["config", "layers", "fsLayers"])
    }
}

impl Kind for ImageConfig {
    const NAME: &'static str = "image configuration";
}

fn check_version(kind: &'static str, found: u32) -> Result<(), InvalidDocument> {
    if found == 2 { Ok(()) } else { Err(InvalidDocument::SchemaVersion { kind, found }) }
}

fn check_media_type(
    kind: &'static str,
    found: Option<&str>,
    expected: fn(&str) -> bool,
) -> Result<(), InvalidDocument> {
    match found {
        Some(found) if !expected(found) => {
            Err(InvalidDocument::MediaType { kind, found: found.chars().take(120).collect() })
        }
        _ => Ok(()),
    }
}

fn check_fields(
    kind: &'static str,
    other: &std::collections::BTreeMap<String, serde_json::Value>,
    foreign: &[&'static str],
) -> Result<(), InvalidDocument> {
    match foreign.iter().find(|field| other.contains_key(**field)) {
        Some(field) => Err(InvalidDocument::Ambiguous { kind, field }),
        None => Ok(()),
    }
}
