//! From an entry of a layout to the images behind it.

use super::{Layout, LayoutError};
use crate::blobs::{Blobs, document};
use crate::digest::{DiffId, Digest};
use crate::manifest::{
    DOCKER_REFERENCE_TYPE, Descriptor, Document, ImageConfig, Index, Manifest, media_type,
};
use crate::platform::Platform;

/// How deeply indexes may hold indexes: an entry, an index of variants, an index of platforms.
const MAX_DEPTH: usize = 4;

/// One image for one platform.
#[derive(Clone, Debug)]
pub struct Image {
    /// The manifest as its index, or the layout, names it.
    pub descriptor: Descriptor,
    /// The platform, normalised; what the configuration says where the index says nothing.
    pub platform: Platform,
    /// The manifest.
    pub manifest: Document<Manifest>,
    /// The configuration.
    pub config: Document<ImageConfig>,
}

impl Image {
    /// Iterates over the layers with their diff IDs, the lowest first.
    ///
    /// Manifest and configuration may disagree about their number; the shorter list counts here, and
    /// [validate](crate::validate) reports it.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = (&Descriptor, DiffId)> {
        self.manifest.layers.iter().zip(self.config.rootfs.diff_ids.iter().copied())
    }
}

/// What stands behind an entry.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The images, in the order of the index.
    pub images: Vec<Image>,
    /// Attestations, artifacts, and what attar does not know.
    pub others: Vec<Other>,
    /// Manifests that the index lists and that are not there: whoever copied it took some platforms
    /// alone.
    pub absent: Vec<Descriptor>,
}

/// Something behind an entry that is no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Its manifest.
    pub digest: Digest,
    /// What it says it is: a type of artifact, or a media type.
    pub kind: String,
}

/// Finds the images behind an entry, and what else there is.
///
/// Layers need not be there. An entry behind which there is no image at all is an error, also when
/// only its manifests are missing.
pub fn survey(blobs: &dyn Blobs, entry: &Descriptor) -> Result<Survey, LayoutError> {
    let mut survey = Survey::default();
    survey.collect(blobs, entry, 0)?;
    if survey.images.is_empty() {
        if let Some(absent) = survey.absent.first() {
            // Opening it says what is not there.
            blobs.read(absent)?;
        }
        return Err(match (survey.others.as_slice(), media_type::is_index(&entry.media_type)) {
            ([other], false) => LayoutError::Artifact { digest: other.digest, kind: other.kind.clone() },
            (others, _) => LayoutError::NoImages {
                digest: entry.digest,
                others: others.iter().map(|other| other.kind.clone()).collect(),
            },
        });
    }
    Ok(survey)
}

impl Layout {
    /// Returns the images behind an entry, in the order of its index. Attestations and artifacts
    /// are left out; a manifest that is missing is an error.
    pub fn images(&self, entry: &Descriptor) -> Result<Vec<Image>, LayoutError> {
        let mut survey = Survey::default();
        survey.collect(self, entry, 0)?;
        match survey.absent.first() {
            Some(absent) => Err(self.missing(&absent.digest)),
            None => Ok(survey.images),
        }
    }

    /// Returns the image for `platform`, or the only one when none is given.
    pub fn image(&self, entry: &Descriptor, platform: Option<&Platform>) -> Result<Image, LayoutError> {
        let mut images = self.images(entry)?;
        let platforms = || images.iter().map(|image| image.platform.clone()).collect::<Vec<_>>();
        let found = match platform {
            Some(wanted) => {
                images.iter().position(|image| image.platform.is_same(wanted)).ok_or_else(|| {
                    LayoutError::NoPlatform {
                        digest: entry.digest,
                        wanted: Box::new(wanted.clone()),
                        platforms: platforms(),
                    }
                })?
            }
            None if images.len() == 1 => 0,
            None if images.is_empty() => {
                return Err(LayoutError::NotAnImage {
                    digest: entry.digest,
                    found: entry.media_type.clone(),
                });
            }
            None => {
                return Err(LayoutError::ManyPlatforms { digest: entry.digest, platforms: platforms() });
            }
        };
        Ok(images.swap_remove(found))
    }
}

impl Survey {
    fn collect(&mut self, blobs: &dyn Blobs, entry: &Descriptor, depth: usize) -> Result<(), LayoutError> {
        let digest = entry.digest;
        if entry.is_about_an_image() {
            self.others.push(Other { digest, kind: kind_of(entry) });
            return Ok(());
        }
        let is_index = media_type::is_index(&entry.media_type);
        if !is_index && !media_type::is_manifest(&entry.media_type) {
            // An index may list things that attar does not know; an entry that is one is an error.
            if depth == 0 {
                return Err(LayoutError::NotAnImage { digest, found: entry.media_type.clone() });
            }
            self.others.push(Other { digest, kind: entry.media_type.clone() });
            return Ok(());
        }
        if is_index && depth == MAX_DEPTH {
            return Err(LayoutError::TooDeep { digest });
        }
        if is_index {
            let index: Document<Index> = match document(blobs, entry) {
                Err(error) if depth > 0 && error.is_missing_blob() => {
                    self.absent.push(entry.clone());
                    return Ok(());
                }
                index => index?,
            };
            return index.manifests.iter().try_for_each(|entry| self.collect(blobs, entry, depth + 1));
        }
        let manifest: Document<Manifest> = match document(blobs, entry) {
            Err(error) if depth > 0 && error.is_missing_blob() => {
                self.absent.push(entry.clone());
                return Ok(());
            }
            manifest => manifest?,
        };
        if let Some(kind) = manifest.artifact() {
            self.others.push(Other { digest, kind: kind.to_owned() });
            return Ok(());
        }
        let config: Document<ImageConfig> = document(blobs, &manifest.config)?;
        let platform = entry.platform.as_ref().unwrap_or(&config.platform).normalised();
        self.images.push(Image { descriptor: entry.clone(), platform, manifest, config });
        Ok(())
    }
}

/// Returns what an entry says it is.
fn kind_of(entry: &Descriptor) -> String {
    let marked = entry.annotations.get(DOCKER_REFERENCE_TYPE);
    entry.artifact_type.as_ref().or(marked).unwrap_or(&entry.media_type).clone()
}
