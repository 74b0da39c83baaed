//! Layers: lists of segments, their digests, and how the parts of a tree become them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;

use attar_image::digest::HashingWriter;
use attar_image::layer::compression::{Codec, decoder};
use attar_image::{DiffId, Digest, Entry, FileTree, Metadata, TreePath};
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, CacheError, Shelf, Stored};
use crate::files::OWN_MTIME;
use crate::lock::Lock;
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

/// Returns the number of layers that packages of these sources make.
pub(crate) fn packages(sources: &[String], lock: &Lock) -> usize {
    sources.iter().map(|source| lock.layers.get(source)).collect::<BTreeSet<_>>().len()
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
        .chain([Part::End])
        .collect::<Vec<_>>();
    let mut keys = Vec::new();
    let mut segments = Vec::new();
    for part in &parts {
        let key = segment::key(part, codec);
        segments.push(segment::ensure(cache, part, key, codec, contents)?.0);
        keys.push(key);
    }
    let list = list_key(&keys);
    let remembered: Option<Remembered> =
        cache.get(Shelf::Layers, &list).and_then(|bytes| postcard::from_bytes(&bytes).ok());
    let sizes: u64 = segments.iter().map(|stored| stored.size).sum();
    let (remembered, cached) = match remembered {
        Some(remembered) if remembered.size == sizes => (remembered, true),
        _ => {
            let made = digest(&parts, &segments, codec, contents)?;
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
fn digest(
    parts: &[Part<'_>],
    segments: &[Stored],
    codec: Codec,
    contents: &dyn Contents,
) -> Result<Remembered, LayerError> {
    let packed = || {
        let mut hasher = HashingWriter::new(io::sink());
        segments.iter().try_for_each(|stored| copy(stored, &mut hasher, plain_file))?;
        Ok::<_, LayerError>(hasher.finish())
    };
    let plain = || {
        let mut hasher = HashingWriter::new(io::sink());
        for (part, stored) in parts.iter().zip(segments) {
            // Writing the part once more is several times as fast as decompressing the segment.
            if segment::is_at_hand(part, contents) {
                segment::write(part, contents, &mut hasher)?;
            } else if codec == Codec::None {
                copy(stored, &mut hasher, plain_file)?;
            } else {
                copy(stored, &mut hasher, decoder)?;
            }
        }
        Ok::<_, LayerError>(hasher.finish())
    };
    let (packed, plain) = rayon::join(packed, plain);
    let ((_, digest, size), (_, diff_id, plain_size)) = (packed?, plain?);
    Ok(Remembered { digest: *digest.as_bytes(), size, diff_id: *diff_id.as_bytes(), plain_size })
}

fn plain_file(file: File) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(file))
}

/// Copies a segment through what `open` makes of it.
fn copy(
    stored: &Stored,
    out: &mut impl Write,
    open: impl FnOnce(File) -> io::Result<Box<dyn Read + Send>>,
) -> Result<(), LayerError> {
    let copy = || {
        let mut reader = open(File::open(&stored.path)?)?;
        io::copy(&mut BufReader::with_capacity(256 << 10, &mut reader), out)
    };
    copy().map(|_| ()).map_err(|source| LayerError::Read { path: stored.path.clone(), source })
}

#[cfg(test)]
mod tests {
    use attar_image::Content;

    use super::*;
    use crate::event::Events;

    /// Gives one content, from its source or only from the segment that was made of it.
    struct Source {
        at_hand: bool,
    }

    const TEXT: &[u8] = b"the content of a file";

    impl Contents for Source {
        fn write(&self, _: &TreePath, _: &Content, out: &mut dyn Write) -> io::Result<()> {
            out.write_all(TEXT)
        }

        fn is_at_hand(&self, _: &Content) -> bool {
            self.at_hand
        }
    }

    #[test]
    fn digests_are_those_of_the_bytes_wherever_the_contents_come_from() {
        let file = Entry::file(Content::of(TEXT), Metadata::root(0o644, 7));
        let path = TreePath::parse("etc/motd").expect("a valid path");
        let tree: FileTree = [(path, file)].into_iter().collect();
        let directories =
            [(TreePath::parse("etc").expect("a valid path"), Entry::directory(Metadata::root(0o755, 7)))];
        let plan = LayerPlan {
            name: "motd".into(),
            directories: directories.into_iter().collect(),
            trees: vec![&tree],
        };
        for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
            for at_hand in [true, false] {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let cache = Cache::open(folder.path(), Events::ignore()).expect("a new cache");
                let (layer, _) = make(&cache, &plan, codec, &Source { at_hand }).expect("a layer");
                let packed: Vec<u8> = layer
                    .segments
                    .iter()
                    .flat_map(|segment| std::fs::read(segment).expect("a segment"))
                    .collect();
                let mut plain = Vec::new();
                decoder(&packed[..]).and_then(|mut reader| reader.read_to_end(&mut plain)).expect("readable");
                assert_eq!(layer.digest, Digest::of(&packed), "{codec}");
                assert_eq!(layer.diff_id.0, Digest::of(&plain), "{codec}, at hand: {at_hand}");
                assert_eq!((layer.size, layer.plain_size), (packed.len() as u64, plain.len() as u64));
            }
        }
    }
}
