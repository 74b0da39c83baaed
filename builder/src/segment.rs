//! Segments: one package's part of a layer, compressed, ready to be concatenated.
//!
//! The key of a segment is the hash of its canonical tar headers and content digests together with
//! everything that decides about the compressed bytes. Equal key, equal bytes; so a package is
//! compressed once, whatever layers it ends up in.

use std::io::{self, Write};

use attar_image::digest::HashingWriter;
use attar_image::layer::END_OF_ARCHIVE;
use attar_image::layer::compression::{Codec, PieceWriter};
use attar_image::layer::writer::{Links, append_header, append_padding};
use attar_image::{Content, Digest, FileTree, Kind, TreePath};
use sha2::{Digest as _, Sha256};

use crate::cache::{Cache, CacheError, Shelf, Stored};

/// Generation of the tar writer and of what a segment is; part of every key.
pub const WRITER_FORMAT: u32 = 1;

/// Names a segment by everything that decides about its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentKey(Digest);

impl SegmentKey {
    /// Returns the key's 64 hexadecimal digits, the name of the segment in the cache.
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

/// What a segment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The entries of a tree, in path order, without end-of-archive blocks.
    Tree(&'a FileTree),
    /// The blocks that end a layer.
    End,
}

/// Gives the contents of a tree's regular files.
pub trait Contents: Sync {
    /// Writes the content at `path` to `out`. The caller checks the size, and the digest when the
    /// content comes from outside the cache.
    fn write(&self, path: &TreePath, content: &Content, out: &mut dyn Write) -> io::Result<()>;

    /// Says whether the content can be had without decompressing anything.
    fn is_at_hand(&self, content: &Content) -> bool;
}

/// A segment that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The content of a file cannot be read.
    #[error("cannot read the content of `{path}`")]
    Content {
        /// The path in the image.
        path: TreePath,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The segment cannot be written.
    #[error("cannot write a layer segment to the cache")]
    Write(#[source] io::Error),
}

/// Returns the key of a part under a codec.
pub fn key(part: &Part<'_>, codec: Codec) -> SegmentKey {
    let mut hasher = Sha256::new();
    hasher.update(format!("attar segment {WRITER_FORMAT}\n{}\n", codec.identity()));
    match part {
        Part::End => hasher.update(b"end"),
        Part::Tree(tree) => {
            let mut links = Links::default();
            let mut header = Vec::with_capacity(2048);
            for (path, entry) in tree.iter() {
                let linked_to = links.target(path, entry);
                header.clear();
                append_header(&mut header, path, entry, linked_to.as_ref());
                hasher.update(&header);
                if let (Kind::File { content, .. }, None) = (&entry.kind, &linked_to) {
                    hasher.update(content.digest.as_bytes());
                }
            }
        }
    }
    SegmentKey(Digest::from_bytes(hasher.finalize().into()))
}

/// Returns the segment from the cache, or compresses it into the cache.
///
/// The second value says whether it was there already.
pub fn ensure(
    cache: &Cache,
    part: &Part<'_>,
    key: SegmentKey,
    codec: Codec,
    contents: &dyn Contents,
) -> Result<(Stored, bool), SegmentError> {
    if let Some(stored) = cache.lookup(Shelf::Segments, &key.hex()) {
        return Ok((stored, true));
    }
    let file = cache.temporary()?;
    let mut out = PieceWriter::new(HashingWriter::new(file), codec);
    let plain = write(part, contents, &mut out)?;
    let (file, digest, _) = out.finish().map_err(SegmentError::Write)?.finish();
    let stored = cache.store(file, Shelf::Segments, &key.hex(), digest, plain)?;
    Ok((stored, false))
}

/// Says whether [`write()`] decompresses nothing.
pub fn is_at_hand(part: &Part<'_>, contents: &dyn Contents) -> bool {
    let Part::Tree(tree) = part else { return true };
    tree.iter().filter_map(|(_, entry)| entry.content()).all(|content| contents.is_at_hand(&content))
}

/// Writes a part uncompressed, and returns its size.
pub fn write(part: &Part<'_>, contents: &dyn Contents, out: &mut impl Write) -> Result<u64, SegmentError> {
    let mut out = Output { size: 0, inner: out };
    match part {
        Part::End => out.write_all(&END_OF_ARCHIVE).map_err(SegmentError::Write)?,
        Part::Tree(tree) => write_entries(tree, contents, &mut out)?,
    }
    Ok(out.size)
}

fn write_entries(
    tree: &FileTree,
    contents: &dyn Contents,
    out: &mut Output<impl Write>,
) -> Result<(), SegmentError> {
    let mut links = Links::default();
    let mut blocks = Vec::with_capacity(2048);
    for (path, entry) in tree.iter() {
        let linked_to = links.target(path, entry);
        blocks.clear();
        append_header(&mut blocks, path, entry, linked_to.as_ref());
        out.write_all(&blocks).map_err(SegmentError::Write)?;
        if let (Kind::File { content, .. }, None) = (&entry.kind, &linked_to) {
            write_content(path, content, contents, out)?;
            blocks.clear();
            append_padding(&mut blocks, content.size);
            out.write_all(&blocks).map_err(SegmentError::Write)?;
        }
    }
    Ok(())
}

fn write_content(
    path: &TreePath,
    content: &Content,
    contents: &dyn Contents,
    out: &mut Output<impl Write>,
) -> Result<(), SegmentError> {
    let before = out.size;
    contents
        .write(path, content, out)
        .map_err(|source| SegmentError::Content { path: path.clone(), source })?;
    let written = out.size - before;
    if written != content.size {
        let source = io::Error::new(
            io::ErrorKind::InvalidData,
            format!("size mismatch: expected {} bytes, found {written}", content.size),
        );
        return Err(SegmentError::Content { path: path.clone(), source });
    }
    Ok(())
}

/// Counts the uncompressed bytes.
struct Output<W> {
    size: u64,
    inner: W,
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use attar_image::{Entry, Metadata};

    use super::*;
    use crate::event::Events;

    struct Fixed(&'static [u8]);

    impl Contents for Fixed {
        fn write(&self, _: &TreePath, _: &Content, out: &mut dyn Write) -> io::Result<()> {
            out.write_all(self.0)
        }

        fn is_at_hand(&self, _: &Content) -> bool {
            true
        }
    }

    fn tree(bytes: &[u8], mtime: i64) -> FileTree {
        let path = TreePath::parse("usr/bin/app").expect("a valid path");
        [(path, Entry::file(Content::of(bytes), Metadata::root(0o755, mtime)))].into_iter().collect()
    }

    #[test]
    fn the_key_covers_everything_that_reaches_the_bytes() {
        let base = key(&Part::Tree(&tree(b"a", 0)), Codec::GZIP);
        assert_eq!(key(&Part::Tree(&tree(b"a", 0)), Codec::GZIP), base);
        for other in [
            key(&Part::Tree(&tree(b"b", 0)), Codec::GZIP),
            key(&Part::Tree(&tree(b"a", 1)), Codec::GZIP),
            key(&Part::Tree(&tree(b"a", 0)), Codec::ZSTD),
            key(&Part::Tree(&tree(b"a", 0)), Codec::Gzip { level: 9 }),
            key(&Part::End, Codec::GZIP),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn a_segment_is_made_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path(), Events::ignore()).expect("a new cache");
        let tree = tree(b"app", 0);
        let part = Part::Tree(&tree);
        let key = key(&part, Codec::GZIP);
        let (made, cached) = ensure(&cache, &part, key, Codec::GZIP, &Fixed(b"app")).expect("made");
        assert!(!cached);
        assert_eq!(made.remark, 1024);
        // A content that could not even be asked for shows that the cache answers.
        let again = ensure(&cache, &part, key, Codec::GZIP, &Fixed(b"")).expect("cached");
        assert_eq!(again, (made, true));
    }

    #[test]
    fn a_content_of_another_size_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path(), Events::ignore()).expect("a new cache");
        let tree = tree(b"app", 0);
        let part = Part::Tree(&tree);
        let error = ensure(&cache, &part, key(&part, Codec::GZIP), Codec::GZIP, &Fixed(b"longer"))
            .expect_err("the size differs");
        assert_eq!(error.to_string(), "cannot read the content of `/usr/bin/app`");
        assert_eq!(cache.usage().expect("listable")[&Shelf::Segments].files, 0);
    }
}
