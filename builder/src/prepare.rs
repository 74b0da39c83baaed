//! Packages become records, parts of trees, and segments: one pass over each package.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use attar_image::Digest;
use attar_image::layer::compression::Codec;

use crate::cache::{Cache, CacheError, Shelf};
use crate::contents::PackageContents;
use crate::record::{self, PackageData, PackageRecord, ReadError};
use crate::rootfs::package::{PackageTree, Rules};
use crate::segment::{self, Part, SegmentError};

/// A verified package file and the images that take it.
pub(crate) struct Package<'a> {
    /// Its name.
    pub(crate) name: String,
    /// SHA-256 of the file.
    pub(crate) digest: Digest,
    /// The file.
    pub(crate) path: PathBuf,
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

/// Returns the record of a package, reading the package when the cache has none.
pub(crate) fn record(
    cache: &Cache,
    name: &str,
    digest: &Digest,
    path: &Path,
) -> Result<(Arc<PackageRecord>, Option<PackageData>), PrepareError> {
    let key = PackageRecord::key(digest);
    if let Some(record) = cache.get(Shelf::Records, &key).and_then(|bytes| PackageRecord::from_bytes(&bytes))
    {
        return Ok((Arc::new(record), None));
    }
    let (record, data) = record::read(path).map_err(|source| PrepareError::Read {
        name: name.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    cache.put(Shelf::Records, &key, &record.to_bytes())?;
    Ok((Arc::new(record), Some(data)))
}

/// Makes a package's part of each image that takes it, and its segment.
///
/// The segment is made here, while the contents are at hand, on the assumption that nothing
/// overrides the package's files. Where something does, the layer makes the right one later.
pub(crate) fn prepare(cache: &Cache, package: &Package<'_>, codec: Codec) -> Result<Prepared, PrepareError> {
    let (record, mut data) = record(cache, &package.name, &package.digest, &package.path)?;
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
            none => none.insert(read_data(&package.name, &package.path)?),
        };
        let contents = PackageContents { locations: record.locations(), texts: &registered.texts, data };
        segment::ensure(cache, &tree, key, codec, &contents)
            .map_err(|source| PrepareError::Segment { name: package.name.clone(), source })?;
    }
    Ok(Prepared { record, parts, cached })
}

fn read_data(name: &str, path: &Path) -> Result<PackageData, PrepareError> {
    record::read_data(path).map_err(|source| PrepareError::Read {
        name: name.to_owned(),
        path: path.to_owned(),
        source,
    })
}
