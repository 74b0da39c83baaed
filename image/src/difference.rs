//! The first difference between two images: which layer, which file, which field.
//!
//! Layers come first, the lowest before all others, because what differs in a document mostly follows
//! from them. Bytes are read as they are and not believed: a blob that is not what its manifest
//! promises is a difference of its layer.

mod document;
mod field;
mod members;

use std::fs::File;
use std::io::{self, BufReader};

use crate::digest::{Digest, HashingWriter};
use crate::layout::{Image, Layout, LayoutError};
use crate::manifest::{Descriptor, Document, Index, media_type};
use crate::path::TreePath;
use crate::platform::Platform;
use crate::stack::{Members, StackError};
pub use field::{Field, Value, of_metadata};

/// What differs first between an image and another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The platform; none when only the index differs.
    pub platform: Option<Platform>,
    /// The layer; none for what stands in a document.
    pub layer: Option<LayerPlace>,
    /// The path in the layer.
    pub path: Option<TreePath>,
    /// What differs.
    pub field: Field,
    /// What the first image has.
    pub expected: Value,
    /// What the other one has.
    pub found: Value,
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerPlace {
    /// Its number, from 0 for the lowest.
    pub number: usize,
    /// What the history says about it.
    pub created_by: Option<String>,
}

impl Difference {
    /// Says whether the images hold the same files with the same metadata in the same order, and
    /// nothing but the compressed bytes differ.
    pub fn is_compression_alone(&self) -> bool {
        self.field == Field::Compression
    }
}

/// An entry of a layout.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The layout.
    pub layout: &'a Layout,
    /// The entry: an index, or a single manifest.
    pub entry: &'a Descriptor,
}

/// Returns the first difference between two images; `None` when all their bytes are the same.
///
/// Every layer's bytes are read, on both sides. With `only`, that platform alone is compared, and
/// the indexes are not.
pub fn first(
    expected: Side<'_>,
    found: Side<'_>,
    only: Option<&Platform>,
) -> Result<Option<Difference>, LayoutError> {
    let wanted = |image: &Image| only.is_none_or(|platform| image.platform.is_same(platform));
    let ours: Vec<Image> = expected.layout.images(expected.entry)?.into_iter().filter(wanted).collect();
    let theirs: Vec<Image> = found.layout.images(found.entry)?.into_iter().filter(wanted).collect();
    let whole = |platform: &Platform, expected, found| {
        let platform = Some(platform.clone());
        Some(Difference { platform, layer: None, path: None, field: Field::Presence, expected, found })
    };
    let mut compression = None;
    for ours in &ours {
        let Some(theirs) = theirs.iter().find(|image| image.platform.is_same(&ours.platform)) else {
            return Ok(whole(&ours.platform, Value::Present, Value::Absent));
        };
        match of_platform((expected.layout, ours), (found.layout, theirs))? {
            // What differs in a file is worth more than what differs in its compression.
            Some(difference) if difference.is_compression_alone() => {
                compression = compression.or(Some(difference));
            }
            Some(difference) => return Ok(Some(difference)),
            None => {}
        }
    }
    for theirs in &theirs {
        if !ours.iter().any(|image| image.platform.is_same(&theirs.platform)) {
            return Ok(whole(&theirs.platform, Value::Absent, Value::Present));
        }
    }
    if compression.is_some() || only.is_some() || expected.entry.digest == found.entry.digest {
        return Ok(compression);
    }
    of_indexes(expected, found).map(Some)
}

/// Compares the images of one platform: layers, then configuration, then manifest.
fn of_platform(
    (our_layout, ours): (&Layout, &Image),
    (their_layout, theirs): (&Layout, &Image),
) -> Result<Option<Difference>, LayoutError> {
    let platform = Some(ours.platform.clone());
    let mut compression = None;
    for (number, (our_layer, their_layer)) in
        ours.manifest.layers.iter().zip(&theirs.manifest.layers).enumerate()
    {
        let Some((path, field, expected, found)) =
            of_layers((our_layout, our_layer), (their_layout, their_layer))?
        else {
            continue;
        };
        let layer = Some(LayerPlace { number, created_by: created_by(ours, number) });
        let difference = Difference { platform: platform.clone(), layer, path, field, expected, found };
        if !difference.is_compression_alone() {
            return Ok(Some(difference));
        }
        compression = compression.or(Some(difference));
    }
    let counts = (ours.manifest.layers.len(), theirs.manifest.layers.len());
    if counts.0 != counts.1 {
        let (expected, found) = (Value::Number(counts.0 as u64), Value::Number(counts.1 as u64));
        let field = Field::Layers;
        return Ok(Some(Difference { platform, layer: None, path: None, field, expected, found }));
    }
    let of_document = |field: fn(String) -> Field, ours: &[u8], theirs: &[u8], skipped: &[&str]| {
        let (pointer, expected, found) = document::first(ours, theirs, skipped)?;
        let platform = platform.clone();
        Some(Difference { platform, layer: None, path: None, field: field(pointer), expected, found })
    };
    if let Some(difference) =
        of_document(Field::Configuration, ours.config.bytes(), theirs.config.bytes(), &["/rootfs/diff_ids"])
    {
        return Ok(Some(difference));
    }
    // Digests and sizes follow from what was compared already.
    let skipped = ["/config/digest", "/config/size", "/layers/*/digest", "/layers/*/size"];
    let skipped = if compression.is_some() || ours.config.digest() != theirs.config.digest() {
        &skipped[..]
    } else {
        &[]
    };
    let manifest = of_document(Field::Manifest, ours.manifest.bytes(), theirs.manifest.bytes(), skipped);
    Ok(manifest.or(compression))
}

fn created_by(image: &Image, number: usize) -> Option<String> {
    image.config.history.iter().filter(|step| !step.empty_layer).nth(number)?.created_by.clone()
}

/// A path of a layer, and what differs there.
type Found = (Option<TreePath>, Field, Value, Value);

/// Compares two layers by their bytes, then by their entries.
fn of_layers(
    (our_layout, ours): (&Layout, &Descriptor),
    (their_layout, theirs): (&Layout, &Descriptor),
) -> Result<Option<Found>, LayoutError> {
    let our_bytes = hash(our_layout, ours)?;
    let their_bytes = hash(their_layout, theirs)?;
    let is_true = our_bytes == Some(ours.digest) && their_bytes == Some(theirs.digest);
    if is_true && ours.digest == theirs.digest {
        return Ok(None);
    }
    let (expected, found) = match (read(our_layout, ours), read(their_layout, theirs)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (ours, theirs) => {
            let value = |read: Result<Members, StackError>| match read {
                Ok(_) => Value::Present,
                Err(error) => Value::Unreadable(crate::chain(&error)),
            };
            return Ok(Some((None, Field::Readable, value(ours), value(theirs))));
        }
    };
    if let Some((path, field, expected, found)) = members::first(&expected, &found) {
        return Ok(Some((Some(path), field, expected, found)));
    }
    if expected.diff_id != found.diff_id {
        let (expected, found) = (Value::Digest(expected.diff_id.0), Value::Digest(found.diff_id.0));
        return Ok(Some((None, Field::Archive, expected, found)));
    }
    let digest =
        |bytes: Option<Digest>, descriptor: &Descriptor| Value::Digest(bytes.unwrap_or(descriptor.digest));
    Ok(Some((None, Field::Compression, digest(our_bytes, ours), digest(their_bytes, theirs))))
}

/// Returns the digest of the bytes that stand where the blob should be.
fn hash(layout: &Layout, descriptor: &Descriptor) -> Result<Option<Digest>, LayoutError> {
    let path = layout.blob_path(&descriptor.digest);
    let failed = |source| LayoutError::io("read", &path, source);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let mut hasher = HashingWriter::new(io::sink());
    io::copy(&mut file, &mut hasher).map_err(failed)?;
    Ok(Some(hasher.finish().1))
}

fn read(layout: &Layout, descriptor: &Descriptor) -> Result<Members, StackError> {
    let digest = descriptor.digest;
    let file = File::open(layout.blob_path(&digest)).map_err(|source| StackError::Read { digest, source })?;
    Members::read(digest, BufReader::new(file))
}

fn of_indexes(expected: Side<'_>, found: Side<'_>) -> Result<Difference, LayoutError> {
    let whole = |field, expected, found| Difference {
        platform: None,
        layer: None,
        path: None,
        field,
        expected,
        found,
    };
    let digests = (Value::Digest(expected.entry.digest), Value::Digest(found.entry.digest));
    let kinds = [expected.entry, found.entry].map(|entry| media_type::is_index(&entry.media_type));
    if kinds != [true, true] {
        return Ok(whole(Field::Index(String::new()), digests.0, digests.1));
    }
    let ours: Document<Index> = expected.layout.document(expected.entry)?;
    let theirs: Document<Index> = found.layout.document(found.entry)?;
    Ok(match document::first(ours.bytes(), theirs.bytes(), &[]) {
        Some((pointer, expected, found)) => whole(Field::Index(pointer), expected, found),
        None => whole(Field::Index(String::new()), digests.0, digests.1),
    })
}

#[cfg(test)]
mod tests;
