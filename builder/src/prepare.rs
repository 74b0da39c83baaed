//! Packages become records, parts of trees, and segments: one pass over each package.

use std::path::PathBuf;
use std::sync::Arc;

use attar_image::layer::compression::Codec;

use crate::cache::{Cache, CacheError, Shelf};
use crate::contents::PackageContents;
use crate::record::{ArchiveError, PackageArchive, PackageRecord, ReadError};
use crate::rootfs::package::{PackageTree, Rules};
use crate::segment::{self, Part, SegmentError};

/// A verified package file and the images that take it.
pub(crate) struct Package<'a> {
    /// Its name.
    pub(crate) name: String,
    /// Its file.
    pub(crate) archive: PackageArchive,
    /// How each image takes it.
    pub(crate) uses: Vec<Rules<'a>>,
}

/// What a package became.
pub(crate) struct Prepared {
    pub(crate) record: Arc<PackageRecord>,
    /// Its part of each image's tree, in the order of the uses.
    pub(crate) parts: Vec<PackageTree>,
    /// Whether nothing of it had to be decompressed.
    pub(crate) cached: bool,
}

/// A package that cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The package is damaged or hostile.
    #[error("cannot read package `{name}` (`{}`)", path.display())]
    Read {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ReadError,
    },
    /// Its part of a layer cannot be made.
    #[error("cannot make the layer segment of package `{name}`")]
    Segment {
        /// Its name.
        name: String,
        /// What is wrong.
        #[source]
        source: SegmentError,
    },
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Makes a package's part of each image that takes it, and its segment.
///
/// The segment is made here, while the contents are at hand, on the assumption that nothing
/// overrides the package's files. Where something does, the layer makes the right one later.
pub(crate) fn prepare(cache: &Cache, package: &Package<'_>, codec: Codec) -> Result<Prepared, PrepareError> {
    let failed = |error| package.failed(error);
    let (record, mut data) = package.archive.record().map_err(failed)?;
    let mut cached = data.is_none();
    let mut parts = Vec::with_capacity(package.uses.len());
    for rules in &package.uses {
        let part = PackageTree::new(&record, rules);
        let mut registered = part.clone();
        parts.push(part);
        registered.register(&package.name, &record);
        let tree = Part::Tree(&registered.tree);
        let key = segment::key(&tree, codec);
        if cache.lookup(Shelf::Segments, &key.hex()).is_some() {
            continue;
        }
        cached = false;
        let data = match &mut data {
            Some(data) => data,
            none => none.insert(package.archive.data().map_err(failed)?),
        };
        let contents = PackageContents { locations: record.locations(), texts: &registered.texts, data };
        segment::ensure(cache, &tree, key, codec, &contents)
            .map_err(|source| PrepareError::Segment { name: package.name.clone(), source })?;
    }
    Ok(Prepared { record, parts, cached })
}

impl Package<'_> {
    fn failed(&self, error: ArchiveError) -> PrepareError {
        match error {
            ArchiveError::Cache(error) => PrepareError::Cache(error),
            ArchiveError::Read(source) => {
                PrepareError::Read { name: self.name.clone(), path: self.archive.path().to_owned(), source }
            }
        }
    }
}
