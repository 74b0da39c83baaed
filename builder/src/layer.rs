//! Layers: lists of segments, their digests, and how the parts of a tree become them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use attar_image::digest::HashingWriter;
use attar_image::layer::compression::{Codec, decoder};
use attar_image::{DiffId, Digest, Entry, FileTree, Metadata, TreePath};
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, CacheError, Shelf, Stored};
use crate::files::OWN_MTIME;
use crate::rootfs::Rootfs;
use crate::segment::{self, Contents, Part, SegmentError, SegmentKey};

/// What a layer is to hold, before it is compressed.
#[derive(Debug)]
pub struct LayerPlan<'a> {
    /// What is in it, for people.
    pub name: String,
    /// Its directories.
    pub directories: FileTree,
    /// Everything else, one tree a segment.
    pub trees: Vec<&'a FileTree>,
}

/// A finished layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What is in it, for people.
    pub name: String,
    /// Digest of the compressed bytes.
    pub digest: Digest,
    /// Size of the compressed bytes.
    pub size: u64,
    /// Digest of the tar stream.
    pub diff_id: DiffId,
    /// Size of the tar stream.
    pub plain_size: u64,
    /// The files that follow each other in it.
    pub segments: Vec<PathBuf>,
}

/// A layer that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A segment failed.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A segment cannot be read back.
    #[error("cannot read the layer segment `{}`", path.display())]
    Read {
        /// The segment.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What is remembered of a layer, by its list of segments.
#[derive(Serialize, Deserialize)]
struct Remembered {
    digest: [u8; 32],
    size: u64,
    diff_id: [u8; 32],
    plain_size: u64,
}

/// Groups the parts of a tree into layers, the lowest first.
///
/// `layer_of` gives the number of the layer of each package, by the package's number; packages
/// without one share a layer above those. A layer that would hold nothing is left out.
pub fn plan<'a>(rootfs: &'a Rootfs, layer_of: impl Fn(usize) -> Option<u32>) -> Vec<LayerPlan<'a>> {
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for number in 0..rootfs.packages.len() {
        groups.entry(layer_of(number).unwrap_or(u32::MAX)).or_default().push(number);
    }
    let mut plans = Vec::new();
    for members in groups.into_values() {
        let mut times: BTreeMap<&TreePath, i64> = BTreeMap::new();
        for (path, time) in members.iter().flat_map(|number| &rootfs.packages[*number].directories) {
            let newest = times.entry(path).or_insert(*time);
            *newest = (*newest).max(*time);
        }
        let names: Vec<&str> = members.iter().map(|number| &rootfs.packages[*number].name[..]).collect();
        plans.push(LayerPlan {
            name: names.join(" "),
            directories: directories(rootfs, times),
            trees: members.iter().map(|number| &rootfs.packages[*number].tree).collect(),
        });
    }
    for own in std::iter::once(&rootfs.generated).chain(&rootfs.files) {
        let mut times: BTreeMap<&TreePath, i64> = BTreeMap::new();
        let above: BTreeSet<TreePath> = own
            .tree
            .iter()
            .map(|(path, _)| path)
            .chain(own.directories.keys())
            .flat_map(TreePath::ancestors)
            .filter(|path| !path.is_root())
            .collect();
        times.extend(above.iter().map(|path| (path, OWN_MTIME)));
        times.extend(own.directories.iter().map(|(path, time)| (path, *time)));
        let directories = directories(rootfs, times);
        if !directories.is_empty() || !own.tree.is_empty() {
            plans.push(LayerPlan { name: own.name.clone(), directories, trees: vec![&own.tree] });
        }
    }
    plans
}

/// Directories have the owner and mode of the merged tree in every layer, and the layer's own time.
fn directories(rootfs: &Rootfs, times: BTreeMap<&TreePath, i64>) -> FileTree {
    let entry = |(path, mtime): (&TreePath, i64)| {
        let metadata = rootfs.directories.get(path)?;
        Some((path.clone(), Entry::directory(Metadata { mtime, ..metadata.clone() })))
    };
    times.into_iter().filter_map(entry).collect()
}

/// Makes a layer, from the cache as far as it can. The second value says whether its digests came
/// from there.
pub fn make(
    cache: &Cache,
    plan: &LayerPlan<'_>,
    codec: Codec,
    contents: &dyn Contents,
) -> Result<(Layer, bool), LayerError> {
    let empty = FileTree::new();
    let directories = if plan.directories.is_empty() { &empty } else { &plan.directories };
    let parts = std::iter::once(Part::Tree(directories))
        .chain(plan.trees.iter().map(|tree| Part::Tree(tree)))
        .filter(|part| !matches!(part, Part::Tree(tree) if tree.is_empty()))
        .chain([Part::End]);
    let mut keys = Vec::new();
    let mut segments = Vec::new();
    for part in parts {
        let key = segment::key(&part, codec);
        segments.push(segment::ensure(cache, &part, key, codec, contents)?.0);
        keys.push(key);
    }
    let list = list_key(&keys);
    let remembered: Option<Remembered> =
        cache.get(Shelf::Layers, &list).and_then(|bytes| postcard::from_bytes(&bytes).ok());
    let sizes: u64 = segments.iter().map(|stored| stored.size).sum();
    let (remembered, cached) = match remembered {
        Some(remembered) if remembered.size == sizes => (remembered, true),
        _ => {
            let made = digest(&segments, codec)?;
            let bytes = postcard::to_stdvec(&made).expect("numbers and digests can be encoded");
            cache.put(Shelf::Layers, &list, &bytes)?;
            (made, false)
        }
    };
    let layer = Layer {
        name: plan.name.clone(),
        digest: Digest::from_bytes(remembered.digest),
        size: remembered.size,
        diff_id: DiffId(Digest::from_bytes(remembered.diff_id)),
        plain_size: remembered.plain_size,
        segments: segments.into_iter().map(|stored| stored.path).collect(),
    };
    Ok((layer, cached))
}

fn list_key(keys: &[SegmentKey]) -> String {
    let list: Vec<String> = keys.iter().map(SegmentKey::hex).collect();
    Digest::of(list.join("\n")).hex()
}

/// Hashes the compressed and the uncompressed bytes of the segments, one after the other.
fn digest(segments: &[Stored], codec: Codec) -> Result<Remembered, LayerError> {
    let mut packed = HashingWriter::new(io::sink());
    let mut plain = HashingWriter::new(io::sink());
    for stored in segments {
        let read_error = |source| LayerError::Read { path: stored.path.clone(), source };
        let mut bytes = Vec::with_capacity(stored.size as usize);
        File::open(&stored.path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(read_error)?;
        packed.write_all(&bytes).map_err(read_error)?;
        if codec == Codec::None {
            plain.write_all(&bytes).map_err(read_error)?;
        } else {
            let mut reader = decoder(&bytes[..]).map_err(read_error)?;
            io::copy(&mut reader, &mut plain).map_err(read_error)?;
        }
    }
    let (_, digest, size) = packed.finish();
    let (_, diff_id, plain_size) = plain.finish();
    Ok(Remembered { digest: *digest.as_bytes(), size, diff_id: *diff_id.as_bytes(), plain_size })
}
