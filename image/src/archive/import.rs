//! Copies the images of archives into a layout.

use std::io::Read;

use rayon::prelude::*;

use super::open::{Archive, Kind, Packed};
use super::{ArchiveError, classic};
use crate::blobs::Blobs;
use crate::digest::Digest;
use crate::filesystem::Content;
use crate::layout::{LayoutError, Writer, reach, survey};
use crate::manifest::{Descriptor, Index, media_type};

/// Reads the images of an archive into a layout: OCI or Docker, plain, gzip or zstd.
///
/// All that is copied is verified: blobs by their digests, the layers of Docker archives by the diff
/// IDs of their configuration. Of a multi-platform image that is not whole (engines export what they
/// happen to have) the platforms that are whole are returned. After an error nothing stays that was not
/// there before. What is returned is whole in the layout but not yet one of its entries.
pub fn import(reader: impl Read + Send, writer: &Writer) -> Result<Vec<Packed>, ArchiveError> {
    Archive::spooled(reader)?.import(writer)
}

impl Archive {
    /// Copies the images into a layout, as [`import`] does.
    pub fn import(&self, writer: &Writer) -> Result<Vec<Packed>, ArchiveError> {
        let images = match self.kind() {
            Kind::Oci => self.whole()?,
            Kind::Docker => self.checked()?,
            Kind::RootFileSystem => return Err(ArchiveError::NoImage),
        };
        let before = writer.list_blobs()?;
        let copied = images.iter().try_for_each(|image| self.copy(image, writer));
        if let Err(error) = copied {
            let stray = writer.list_blobs()?.difference(&before).copied().collect();
            writer.remove_blobs(stray)?;
            return Err(error);
        }
        Ok(images)
    }

    /// Returns those images that are whole.
    fn whole(&self) -> Result<Vec<Packed>, ArchiveError> {
        let mut images = Vec::new();
        for image in self.images() {
            let mut whole = Vec::new();
            let missing = self.collect_whole(&image.entry, &mut whole);
            if let (true, Some(digest)) = (whole.is_empty(), missing) {
                return Err(LayoutError::NotInArchive { digest }.into());
            }
            let of = |entry: Descriptor| Packed { entry, ..image.clone() };
            images.extend(whole.into_iter().map(of));
        }
        Ok(images)
    }

    /// Collects an entry if it is whole, else those below it that are; returns a blob that is missing.
    fn collect_whole(&self, entry: &Descriptor, whole: &mut Vec<Descriptor>) -> Option<Digest> {
        let Some(missing) = reach::reach(self, [entry]).missing.first().map(|missing| missing.digest) else {
            // What an index lists need not be an image.
            if survey(self, entry).is_ok() {
                whole.push(entry.clone());
            }
            return None;
        };
        if media_type::is_index(&entry.media_type)
            && let Ok(index) = crate::blobs::document::<Index>(self, entry)
        {
            for child in index.manifests.iter().filter(|child| !child.is_about_an_image()) {
                self.collect_whole(child, whole);
            }
        }
        Some(missing)
    }

    /// Returns the images after comparing their layers with the diff IDs of their configurations.
    fn checked(&self) -> Result<Vec<Packed>, ArchiveError> {
        for packed in self.images() {
            for image in survey(self, &packed.entry)?.images {
                let layers: Vec<_> = image.layers().collect();
                layers
                    .into_par_iter()
                    .map(|(layer, diff_id)| classic::check_layer(self, layer, diff_id))
                    // Of several errors the lowest layer's is reported, whichever was found first.
                    .collect::<Vec<_>>()
                    .into_iter()
                    .collect::<Result<(), _>>()?;
            }
        }
        Ok(self.images().to_vec())
    }

    fn copy(&self, image: &Packed, writer: &Writer) -> Result<(), ArchiveError> {
        let entries = image.referrers.iter().chain([&image.entry]);
        for digest in reach::reach(self, entries).blobs {
            // What may be fetched from elsewhere need not be there.
            let Some(size) = self.size_of(&digest) else { continue };
            let descriptor = Descriptor::new("", digest, size);
            if writer.has(&descriptor) {
                continue;
            }
            let expected = Some(Content { digest, size });
            match self.made(&digest) {
                Some(bytes) => writer.put("", bytes, expected)?,
                None => writer.put("", self.open(&descriptor)?, expected)?,
            };
        }
        Ok(())
    }
}
