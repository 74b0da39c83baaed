//! The evidence of a build: everything that decided about an image's bytes, as an artifact about it.
//!
//! An artifact manifest names the image's index as its subject and holds two blobs: the recipe, which
//! has the effective specs and every option that shapes an image, and the lock. It holds no time, no
//! path and no name of the machine, so that building the same again makes the same evidence.

mod inline;

use std::collections::BTreeMap;
use std::io::Read as _;

use attar_image::layout::{Layout, LayoutError, Writer};
use attar_image::manifest::{Descriptor, Document, Manifest, media_type};
use serde::{Deserialize, Serialize};

use crate::build::{BuildError, Request};
use crate::images::Images;
use crate::lock::{FORMAT, Lock, LockError};
use crate::spec::schema::{Certificate, Repository, Spec};

/// Type of the artifact, and of the blob that holds the recipe.
pub const EVIDENCE: &str = "application/vnd.attar.evidence.v1+json";

/// Type of the blob that holds the lock.
pub const LOCK: &str = "application/vnd.attar.lock.v1+json";

/// What a recipe says it is.
const SCHEMA: &str = "attar.evidence/1";

/// The largest recipe or lock that is read, in bytes.
const MAX_SIZE: u64 = 16 << 20;

const EMPTY: &[u8] = b"{}";

/// Everything besides the lock that decides about an image's bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// Name and version of this form.
    schema: String,
    /// The version of attar.
    pub attar: String,
    /// Generation of solver, effects, planner and writer.
    pub lock_format: u32,
    /// Codec, level, compressor and its version.
    pub compressor: String,
    /// The variant; empty for the plain image.
    pub variant: String,
    /// The platforms in the order of the index.
    pub platforms: Vec<String>,
    /// `SOURCE_DATE_EPOCH`, if it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_date_epoch: Option<i64>,
    /// Values of parameters that were given.
    pub arguments: BTreeMap<String, String>,
    /// Annotations that were given besides the spec's.
    pub annotations: BTreeMap<String, String>,
    /// Labels that were given besides the spec's.
    pub labels: BTreeMap<String, String>,
    /// The effective spec of each platform, with certificates and keys in place of their files.
    pub specs: BTreeMap<String, Spec>,
}

/// The evidence of one image, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    recipe: Vec<u8>,
    lock: Vec<u8>,
}

/// What an image's evidence claims.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// How it says that the image was built.
    pub recipe: Recipe,
    /// The packages it says are in the image.
    pub lock: Lock,
}

/// Evidence that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A blob cannot be read.
    #[error("the evidence cannot be read")]
    Layout(#[from] LayoutError),
    /// A blob cannot be read to its end.
    #[error("the evidence cannot be read")]
    Read(#[from] std::io::Error),
    /// A blob is not there.
    #[error("the evidence has no blob of type `{0}`")]
    NoBlob(&'static str),
    /// A blob is larger than any that attar writes.
    #[error("a blob of the evidence has {0} bytes, more than any evidence needs")]
    TooLarge(u64),
    /// The recipe cannot be understood.
    #[error("the recipe in the evidence cannot be understood")]
    Recipe(#[source] serde_json::Error),
    /// Another generation of attar wrote it.
    #[error("the evidence has lock format {found}; this attar builds as format {FORMAT} says")]
    Format {
        /// Its format.
        found: u32,
    },
    /// The lock cannot be understood.
    #[error("the lock in the evidence cannot be understood")]
    Lock(#[source] LockError),
    /// The recipe does not fit itself.
    #[error("the recipe in the evidence is not whole: {0}")]
    Incomplete(String),
}

impl Evidence {
    /// Gathers the evidence of one variant.
    pub(crate) fn of(
        images: &Images,
        lock: &Lock,
        request: &Request,
        variant: &str,
        platforms: Vec<String>,
    ) -> Result<Self, BuildError> {
        let mut specs = BTreeMap::new();
        let mut compressor = String::new();
        for platform in &platforms {
            let Some(effective) = images.image(variant, platform) else { continue };
            compressor = crate::build::codec(effective.spec.compression).identity();
            specs.insert(platform.clone(), inline::spec(effective)?);
        }
        let recipe = Recipe {
            schema: SCHEMA.to_owned(),
            attar: env!("CARGO_PKG_VERSION").to_owned(),
            lock_format: lock.format,
            compressor,
            variant: variant.to_owned(),
            platforms,
            source_date_epoch: request.epoch,
            arguments: request.arguments.clone(),
            annotations: request.annotations.clone(),
            labels: request.labels.clone(),
            specs,
        };
        let recipe = serde_json::to_vec(&recipe).expect("a recipe has no keys but text");
        Ok(Self { recipe, lock: lock.to_text().into_bytes() })
    }

    /// Returns the artifact about the image `subject`.
    pub fn manifest(&self, subject: &Descriptor) -> Document<Manifest> {
        let blobs = [(EVIDENCE, &self.recipe), (LOCK, &self.lock)];
        let blobs = blobs.map(|(media_type, bytes)| Descriptor::of(media_type, bytes));
        let mut manifest = Manifest::image(Descriptor::of(media_type::EMPTY, EMPTY), blobs.to_vec());
        manifest.artifact_type = Some(EVIDENCE.to_owned());
        manifest.subject = Some(Descriptor::new(&subject.media_type, subject.digest, subject.size));
        Document::new(manifest)
    }

    /// Returns the blobs of the artifact, each with its media type.
    pub fn blobs(&self) -> [(&'static str, &[u8]); 3] {
        [(media_type::EMPTY, EMPTY), (EVIDENCE, &self.recipe), (LOCK, &self.lock)]
    }

    /// Writes the artifact about the image `subject` into a layout. The returned descriptor is its entry.
    pub fn write(&self, writer: &Writer, subject: &Descriptor) -> Result<Descriptor, LayoutError> {
        for (media_type, bytes) in self.blobs() {
            writer.put(media_type, bytes, None)?;
        }
        let mut entry = writer.put_document(media_type::MANIFEST, &self.manifest(subject))?;
        entry.artifact_type = Some(EVIDENCE.to_owned());
        Ok(entry)
    }
}

/// Returns the artifacts among `candidates` that are evidence about exactly this image.
pub fn about<'a>(
    layout: &Layout,
    image: &Descriptor,
    candidates: &'a [Descriptor],
) -> Vec<(&'a Descriptor, Document<Manifest>)> {
    let mut found: Vec<(&Descriptor, Document<Manifest>)> = layout
        .referrers(image, candidates)
        .into_iter()
        .filter_map(|candidate| Some((candidate, layout.document::<Manifest>(candidate).ok()?)))
        .filter(|(_, manifest)| manifest.artifact_type.as_deref() == Some(EVIDENCE))
        .filter(|(_, manifest)| manifest.subject.as_ref().is_some_and(|it| it.digest == image.digest))
        .collect();
    found.sort_by_key(|(descriptor, _)| descriptor.digest);
    found
}

impl Claim {
    /// Reads what an artifact claims. It comes from outside: nothing of it is true yet.
    pub fn read(layout: &Layout, artifact: &Manifest) -> Result<Self, EvidenceError> {
        let blob = |wanted: &'static str| {
            let found = artifact.layers.iter().find(|blob| blob.media_type == wanted);
            let descriptor = found.ok_or(EvidenceError::NoBlob(wanted))?;
            if descriptor.size > MAX_SIZE {
                return Err(EvidenceError::TooLarge(descriptor.size));
            }
            let mut bytes = Vec::new();
            layout.open_blob(descriptor)?.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Generation {
            lock_format: u32,
        }
        let bytes = blob(EVIDENCE)?;
        // Another generation may say other things, so its number is read before anything else.
        let Generation { lock_format } = serde_json::from_slice(&bytes).map_err(EvidenceError::Recipe)?;
        if lock_format != FORMAT {
            return Err(EvidenceError::Format { found: lock_format });
        }
        let recipe: Recipe = serde_json::from_slice(&bytes).map_err(EvidenceError::Recipe)?;
        let text = String::from_utf8_lossy(&blob(LOCK)?).into_owned();
        let lock = Lock::parse(&text, "attar.lock".as_ref()).map_err(EvidenceError::Lock)?;
        if lock.format != FORMAT {
            return Err(EvidenceError::Format { found: lock.format });
        }
        let claim = Self { recipe, lock };
        claim.check()?;
        Ok(claim)
    }

    /// Checks that nothing has to be read from the host, and that every platform has its spec.
    fn check(&self) -> Result<(), EvidenceError> {
        let Recipe { schema, platforms, specs, .. } = &self.recipe;
        let incomplete = |text: String| Err(EvidenceError::Incomplete(text));
        if schema != SCHEMA {
            return incomplete(format!("expected `{SCHEMA}`, found `{schema}`"));
        }
        if platforms.is_empty() || platforms.len() != specs.len() {
            return incomplete(format!("{} platforms and {} specs", platforms.len(), specs.len()));
        }
        // Names become paths in the image.
        let is_name = |name: &str| {
            let is_allowed =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
            name.bytes().all(is_allowed) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        };
        if let Some(package) = self.lock.packages.values().flatten().find(|package| !is_name(&package.name)) {
            return incomplete(format!("`{}` is no name of a package", package.name));
        }
        for platform in platforms {
            let Some(spec) = specs.get(platform) else {
                return incomplete(format!("no spec for `{platform}`"));
            };
            if crate::images::architecture(platform).is_none() {
                return incomplete(format!("`{platform}` is no platform of Debian"));
            }
            for certificate in &spec.certificates.additional {
                if let Certificate::Path(path) = certificate {
                    return incomplete(format!("the certificate `{path}` is a file's name"));
                }
            }
            for repository in &spec.contents.repositories {
                let key = match repository {
                    Repository::Debian(debian) => debian.signed_by.as_deref(),
                    Repository::Deb(deb) => Some(&deb.signed_by[..]),
                    Repository::Debs(_) => None,
                };
                if let Some(key) = key.filter(|key| !key.contains("-----BEGIN PGP")) {
                    return incomplete(format!("the key `{key}` is a file's name"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
