//! Reads archives in place: an index of parts of the file, and the documents.
//!
//! What an archive is shows in its documents, never in the names of its files: Docker changed those
//! with almost every export format, and its newest archives are both an OCI layout and a classic
//! Docker archive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ArchiveError;
use super::classic::{self, DockerImage};
use super::format::{self, Format, START, recognise};
use super::listing::{Listing, Overview, Part};
use super::spool::spool;
use crate::blobs::{Blob, Blobs, Cancelled, Meter};
use crate::digest::{DiffId, Digest, Mismatch, VerifyingReader};
use crate::layout::{LayoutError, Survey, reach, survey};
use crate::manifest::{
    CONTAINERD_NAME, Descriptor, Document, ImageConfig, Index, InvalidDocument, MAX_DOCUMENT, Manifest,
    REF_NAME, media_type,
};
use crate::platform::Platform;
use crate::reference::Reference;

/// Hears now and then how many bytes were read, and fails when nobody waits for the rest.
pub type Attend<'a> = &'a mut dyn FnMut(u64) -> Result<(), Cancelled>;

/// Bytes that are read between two times that somebody hears of them.
pub(super) const CHUNK: u64 = 1 << 20;

/// A file of images, or of one root file system, read in place.
#[derive(Debug)]
pub struct Archive {
    file: File,
    parts: BTreeMap<Digest, Part>,
    /// Documents that the archive's own stand for, which have no bytes in it.
    made: BTreeMap<Digest, Arc<[u8]>>,
    images: Vec<Packed>,
    kind: Kind,
}

/// What an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An OCI image layout.
    Oci,
    /// A Docker archive.
    Docker,
    /// The files of a root file system, without a document of an image.
    RootFileSystem,
}

/// An image in an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    /// The image or index.
    pub entry: Descriptor,
    /// What the archive calls it: full references first, then bare tags and other names.
    pub names: Vec<String>,
    /// What the archive holds about it: signatures, attestations.
    pub referrers: Vec<Descriptor>,
}

impl Archive {
    /// Opens an archive: its headers and documents are read, its layers are not.
    ///
    /// One that is compressed as a whole is decompressed into a temporary file first. What no document
    /// tells the digest of is hashed: compressed layers of Docker archives, and a root file system.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Self::of(File::open(path).map_err(ArchiveError::Read)?)
    }

    /// Opens an archive in an open file, from its beginning. Whatever is no regular file is read to its
    /// end first.
    pub fn of(file: File) -> Result<Self, ArchiveError> {
        if !file.metadata().map_err(ArchiveError::Read)?.is_file() {
            return Self::spooled(file);
        }
        match beginning(&file)? {
            Format::Gzip | Format::Zstd => Self::spooled(whole(file)?),
            _ => Self::plain(file),
        }
    }

    /// Reads an archive from a stream into a temporary file.
    pub fn spooled(reader: impl Read + Send) -> Result<Self, ArchiveError> {
        Self::plain(spool(reader)?)
    }

    /// Opens a root file system, whatever documents it holds. All of it is hashed; `attend` hears how far
    /// that is, and ends it with [`ArchiveError::Cancelled`].
    pub fn of_root(file: File, attend: Attend<'_>) -> Result<Self, ArchiveError> {
        let file = match file.metadata().map_err(ArchiveError::Read)?.is_file() {
            false => spool(file)?,
            true if matches!(beginning(&file)?, Format::Gzip | Format::Zstd) => spool(whole(file)?)?,
            true => file,
        };
        check_tar(&file)?;
        Self::root(file, attend)
    }

    fn plain(file: File) -> Result<Self, ArchiveError> {
        check_tar(&file)?;
        let overview = Overview::read(&file)?;
        match documents(&file, &overview)? {
            Some(documents) => Self::of_images(file, documents),
            None => Self::root(file, &mut |_| Ok(())),
        }
    }

    fn of_images(file: File, documents: Documents) -> Result<Self, ArchiveError> {
        let listing = Listing::read(&file)?;
        let parts = listing.blobs().collect();
        let mut archive = Self { file, parts, made: BTreeMap::new(), images: Vec::new(), kind: Kind::Oci };
        let Documents { index, docker } = documents;
        if let Some(index) = index {
            match archive.of_index(&index, &listing, &docker) {
                Ok(images) if !images.is_empty() => {
                    archive.images = images;
                    return Ok(archive);
                }
                Err(error) if docker.is_empty() => return Err(error),
                // The other half of the archive may still be whole.
                _ => {}
            }
        }
        if docker.is_empty() {
            return Err(ArchiveError::NoImage);
        }
        archive.kind = Kind::Docker;
        for image in &docker {
            let packed = archive.add_classic(image, &listing)?;
            archive.images.push(packed);
        }
        Ok(archive)
    }

    fn of_index(
        &self,
        index: &Index,
        listing: &Listing,
        docker: &[DockerImage],
    ) -> Result<Vec<Packed>, ArchiveError> {
        let mut images = Vec::new();
        let mut failed = None;
        let entries = index.manifests.iter().filter(|entry| !reach::is_referrer(self, entry));
        for entry in entries {
            let survey = match survey(self, entry) {
                Ok(survey) => survey,
                // An artifact may stand beside images, and signatures without a subject do.
                Err(error @ (LayoutError::Artifact { .. } | LayoutError::NoImages { .. })) => {
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let names = [CONTAINERD_NAME, REF_NAME];
            let mut names: Vec<_> =
                names.iter().filter_map(|name| entry.annotations.get(*name).cloned()).collect();
            for tag in self.tags(&survey, listing, docker) {
                if !names.contains(&tag) {
                    names.push(tag);
                }
            }
            let referrers = reach::referrers(self, entry, &index.manifests).into_iter().cloned().collect();
            images.push(Packed { entry: entry.clone(), names, referrers });
        }
        match failed {
            Some(error) if images.is_empty() => Err(error.into()),
            _ => Ok(images),
        }
    }

    /// Returns the tags that `manifest.json` gives to these images.
    fn tags(&self, survey: &Survey, listing: &Listing, docker: &[DockerImage]) -> Vec<String> {
        let configs: BTreeSet<Digest> = survey.images.iter().map(|image| image.config.digest()).collect();
        let is_meant = |image: &&DockerImage| {
            let config =
                listing.file(&image.config).and_then(|part| classic::digest_of(&self.file, part).ok());
            config.is_some_and(|digest| configs.contains(&digest))
        };
        docker.iter().filter(is_meant).flat_map(|image| image.repo_tags.clone()).collect()
    }

    /// Makes an OCI image of a classic one: the configuration stays, its layers keep their bytes.
    fn add_classic(&mut self, image: &DockerImage, listing: &Listing) -> Result<Packed, ArchiveError> {
        let found = classic::read(&self.file, image, listing)?;
        let config = found.config.descriptor(media_type::CONFIG);
        self.parts.insert(config.digest, found.config_part);
        let mut layers = Vec::with_capacity(found.layers.len());
        for (mut layer, part) in found.layers {
            // Two different files cannot have one diff ID: what a second one claims is not believed.
            if self.parts.get(&layer.digest).is_some_and(|known| *known != part) {
                layer.digest = classic::digest_of(&self.file, part).map_err(ArchiveError::Read)?;
            }
            self.parts.insert(layer.digest, part);
            layers.push(layer);
        }
        let entry = self.make(media_type::MANIFEST, &Document::new(Manifest::image(config, layers)));
        let entry = entry.with_platform(found.config.platform.normalised());
        Ok(Packed { entry, names: image.repo_tags.clone(), referrers: Vec::new() })
    }

    /// Takes the whole file for the one layer of an image without configuration.
    fn root(file: File, attend: Attend<'_>) -> Result<Self, ArchiveError> {
        let length = file.metadata().map_err(ArchiveError::Read)?.len();
        let part = Part { start: 0, length };
        let digest = classic::digest_attended(&file, part, attend)?;
        let parts = BTreeMap::from([(digest, part)]);
        let kind = Kind::RootFileSystem;
        let mut archive = Self { file, parts, made: BTreeMap::new(), images: Vec::new(), kind };
        let platform = Platform::new("unknown", "unknown", None);
        let config = Document::new(ImageConfig::new(platform, vec![DiffId(digest)]));
        let config = archive.make(media_type::CONFIG, &config);
        let layer = Descriptor::new(media_type::LAYER, digest, length);
        let entry = archive.make(media_type::MANIFEST, &Document::new(Manifest::image(config, vec![layer])));
        archive.images.push(Packed { entry, names: Vec::new(), referrers: Vec::new() });
        Ok(archive)
    }

    fn make<T>(&mut self, media_type: &str, document: &Document<T>) -> Descriptor {
        self.made.insert(document.digest(), document.bytes().into());
        document.descriptor(media_type)
    }

    /// Returns the bytes of a document that has none in the archive.
    pub(super) fn made(&self, digest: &Digest) -> Option<&[u8]> {
        self.made.get(digest).map(|bytes| &bytes[..])
    }

    /// Returns the size of a blob that is there.
    pub(super) fn size_of(&self, digest: &Digest) -> Option<u64> {
        let made = self.made(digest).map(|bytes| bytes.len() as u64);
        made.or_else(|| self.parts.get(digest).map(|part| part.length))
    }

    /// Returns what the archive is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the images, in the order of the archive.
    pub fn images(&self) -> &[Packed] {
        &self.images
    }

    /// Returns the images of this name: a reference, a tag, or a digest.
    pub fn named(&self, name: &str) -> Result<Vec<&Packed>, ArchiveError> {
        let digest = name.parse::<Digest>().ok();
        let wanted = name.parse::<Reference>().ok();
        let is_same = |text: &String| {
            text == name
                || wanted.as_ref().is_some_and(|wanted| text.parse().is_ok_and(|it: Reference| it == *wanted))
        };
        let found: Vec<&Packed> = self
            .images
            .iter()
            .filter(|image| image.names.iter().any(is_same) || digest == Some(image.entry.digest))
            .collect();
        if found.is_empty() {
            let mut names: Vec<String> = self.images.iter().flat_map(|image| image.names.clone()).collect();
            names.dedup();
            return Err(ArchiveError::NoSuchImage { name: name.to_owned(), names });
        }
        Ok(found)
    }

    /// Reads all blobs of the archive and compares them with their digests, several at a time.
    ///
    /// An archive says many digests itself, so one that came over a network is read once before its
    /// contents are believed. It ends with an error soon after the meter is cancelled.
    pub fn verify(&self, meter: &Arc<Meter>) -> Result<(), ArchiveError> {
        use rayon::prelude::*;
        let parts: Vec<(Digest, Part)> = self.parts.iter().map(|(digest, part)| (*digest, *part)).collect();
        let check = |(digest, part): (Digest, Part)| {
            let blob = part.open(&self.file)?.metered(Arc::clone(meter));
            let mut reader = VerifyingReader::new(blob, digest, part.length);
            std::io::copy(&mut reader, &mut std::io::sink())
        };
        parts.into_par_iter().try_for_each(|(digest, part)| {
            check((digest, part)).map(drop).map_err(|error| LayoutError::reading(&self.place(&digest), error))
        })?;
        Ok(())
    }
}

impl Blobs for Archive {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let digest = descriptor.digest;
        let part = self.parts.get(&digest).ok_or(LayoutError::NotInArchive { digest })?;
        if part.length != descriptor.size {
            let source = Mismatch::Size { expected: descriptor.size, found: part.length };
            return Err(LayoutError::Mismatch { path: self.place(&digest), source });
        }
        part.open(&self.file).map_err(|source| LayoutError::io("open", &self.place(&digest), source))
    }

    fn has(&self, descriptor: &Descriptor) -> bool {
        self.size_of(&descriptor.digest) == Some(descriptor.size)
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        super::blob_name(digest).into()
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Arc<[u8]>, LayoutError> {
        match self.made.get(&descriptor.digest) {
            Some(bytes) => Ok(Arc::clone(bytes)),
            None => crate::blobs::read_verified(self, descriptor),
        }
    }
}

/// The documents that tell what an archive of images holds.
struct Documents {
    index: Option<Document<Index>>,
    docker: Vec<DockerImage>,
}

/// Reads the documents of an archive; `None` when it is a root file system.
///
/// A root file system may hold files of these names too: whether something is a damaged archive or the
/// files of a web application shows in what stands beside them.
fn documents(file: &File, overview: &Overview) -> Result<Option<Documents>, ArchiveError> {
    let is_broken = overview.marker.is_some() || overview.holds_blobs;
    let may_be_a_root = overview.looks_like_a_root && !is_broken;
    let docker = match overview.docker {
        Some(part) => match serde_json::from_slice(&bytes_of(file, part, "manifest.json")?) {
            Ok(images) => images,
            Err(_) if may_be_a_root => Vec::new(),
            Err(error) => return Err(ArchiveError::DockerManifest(error)),
        },
        None => Vec::new(),
    };
    let index = match (overview.marker, overview.index) {
        (Some(_), Some(part)) => {
            let index = Document::parse(bytes_of(file, part, "index.json")?);
            Some(index.map_err(|source| ArchiveError::Document { name: "index.json".into(), source })?)
        }
        _ => None,
    };
    if index.is_some() || !docker.is_empty() {
        return Ok(Some(Documents { index, docker }));
    }
    if !overview.holds_something {
        return Err(ArchiveError::Empty);
    }
    if let Some(folder) = &overview.layout_below {
        return Err(ArchiveError::LayoutBelow { folder: crate::path::escape(folder.as_bytes()) });
    }
    if let Some(found) = overview.foreign {
        return Err(ArchiveError::NotAnArchive { found: found.to_owned() });
    }
    let has_documents = overview.index.is_some() || overview.docker.is_some();
    if is_broken || (has_documents && !overview.looks_like_a_root) {
        return Err(ArchiveError::NoImage);
    }
    Ok(None)
}

fn bytes_of(file: &File, part: Part, name: &str) -> Result<Vec<u8>, ArchiveError> {
    if part.length > MAX_DOCUMENT {
        let source = InvalidDocument::TooLarge { kind: "document", size: part.length };
        return Err(ArchiveError::Document { name: name.to_owned(), source });
    }
    let mut bytes = Vec::new();
    part.open(file).and_then(|mut blob| blob.read_to_end(&mut bytes)).map_err(ArchiveError::Read)?;
    Ok(bytes)
}

/// Returns all bytes of a file, wherever it has been read to.
fn whole(file: File) -> Result<Blob, ArchiveError> {
    Blob::whole(file).map_err(ArchiveError::Read)
}

/// Says what a file is by its first bytes.
pub(super) fn beginning(file: &File) -> Result<Format, ArchiveError> {
    let mut start = vec![0; START];
    let mut filled = 0;
    while filled < start.len() {
        match file.read_at(&mut start[filled..], filled as u64).map_err(ArchiveError::Read)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(recognise(&start[..filled]))
}

/// Makes sure that a file is a tar archive, and else says what it is.
fn check_tar(file: &File) -> Result<(), ArchiveError> {
    let found = match beginning(file)? {
        Format::Tar => return Ok(()),
        Format::Json => {
            let length = file.metadata().map_err(ArchiveError::Read)?.len();
            let part = Part { start: 0, length: length.min(MAX_DOCUMENT) };
            format::of_json(&bytes_of(file, part, "JSON")?)
        }
        format => format.to_string(),
    };
    Err(ArchiveError::NotAnArchive { found })
}
