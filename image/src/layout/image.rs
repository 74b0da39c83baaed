//! From an entry of a layout to the images behind it.

use super::{Layout, LayoutError};
use crate::digest::DiffId;
use crate::manifest::{Descriptor, Document, ImageConfig, Index, Manifest, media_type};
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

impl Layout {
    /// Returns the images behind an entry, in the order of its index. Attestations and artifacts
    /// are left out.
    pub fn images(&self, entry: &Descriptor) -> Result<Vec<Image>, LayoutError> {
        let mut images = Vec::new();
        self.collect_images(entry, 0, &mut images)?;
        Ok(images)
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

    fn collect_images(
        &self,
        entry: &Descriptor,
        depth: usize,
        images: &mut Vec<Image>,
    ) -> Result<(), LayoutError> {
        if entry.is_about_an_image() {
            return Ok(());
        }
        if media_type::is_index(&entry.media_type) {
            if depth == MAX_DEPTH {
                return Err(LayoutError::TooDeep { digest: entry.digest });
            }
            let index: Document<Index> = self.document(entry)?;
            return index
                .manifests
                .iter()
                .try_for_each(|entry| self.collect_images(entry, depth + 1, images));
        }
        if !media_type::is_manifest(&entry.media_type) {
            // An index may list things that attar does not know; an entry that is one is an error.
            return match depth {
                0 => Err(LayoutError::NotAnImage { digest: entry.digest, found: entry.media_type.clone() }),
                _ => Ok(()),
            };
        }
        let manifest: Document<Manifest> = self.document(entry)?;
        if manifest.is_image() {
            let config: Document<ImageConfig> = self.document(&manifest.config)?;
            let platform = entry.platform.as_ref().unwrap_or(&config.platform).normalised();
            images.push(Image { descriptor: entry.clone(), platform, manifest, config });
        }
        Ok(())
    }
}
