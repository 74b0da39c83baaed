//! Compression of layers in independent pieces.
//!
//! gzip members and zstd frames concatenate, so a layer is a concatenation of ready segments, and
//! pieces compress in parallel with output that does not depend on the number of threads.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};

use rayon::prelude::*;

/// Uncompressed size of one gzip member.
const GZIP_PIECE: usize = 1 << 20;
/// Uncompressed size of one zstd frame.
const ZSTD_PIECE: usize = 8 << 20;
/// Pieces that are compressed at the same time; bounds the memory of a [`PieceWriter`].
const BATCH: usize = 16 << 20;

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip (RFC 1952) at a level from 1 to 12.
    Gzip {
        /// libdeflate's level.
        level: u8,
    },
    /// zstd (RFC 8878) at a level from 1 to 19.
    Zstd {
        /// zstd's level.
        level: u8,
    },
}

impl Codec {
    /// gzip at level 6, the default.
    pub const GZIP: Self = Self::Gzip { level: 6 };
    /// zstd at level 3.
    pub const ZSTD: Self = Self::Zstd { level: 3 };

    /// Names codec, level, compressor and its version: everything that decides about the bytes.
    ///
    /// The versions are those of the C libraries that this build links; a test compares them with
    /// the lock file of the build.
    pub fn identity(self) -> String {
        match self {
            Self::None => String::from("none"),
            Self::Gzip { level } => format!("gzip-{level} libdeflate-1.26 {GZIP_PIECE}"),
            Self::Zstd { level } => {
                format!("zstd-{level} zstd-{} {ZSTD_PIECE}", zstd::zstd_safe::version_string())
            }
        }
    }

    fn piece(self) -> usize {
        match self {
            Self::None | Self::Gzip { .. } => GZIP_PIECE,
            Self::Zstd { .. } => ZSTD_PIECE,
        }
    }

    /// Compresses one piece as a gzip member or zstd frame of its own.
    fn compress_piece(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let invalid =
            |error: &dyn fmt::Display| io::Error::new(io::ErrorKind::InvalidInput, error.to_string());
        match self {
            Self::None => Ok(bytes.to_vec()),
            Self::Gzip { level } => {
                let level = libdeflater::CompressionLvl::new(i32::from(level))
                    .map_err(|_| invalid(&"gzip levels go from 1 to 12"))?;
                let mut compressor = libdeflater::Compressor::new(level);
                let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
                let length = compressor.gzip_compress(bytes, &mut out).map_err(|error| invalid(&error))?;
                out.truncate(length);
                Ok(out)
            }
            Self::Zstd { level } => {
                let mut compressor = zstd::bulk::Compressor::new(i32::from(level))?;
                compressor.include_checksum(true)?;
                compressor.compress(bytes)
            }
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gzip { level } => write!(f, "gzip-{level}"),
            Self::Zstd { level } => write!(f, "zstd-{level}"),
        }
    }
}

/// Compresses what is written to it, piece by piece, and passes it on.
///
/// The output depends on the bytes and the codec alone: not on the sizes of the writes, nor on the
/// number of threads. No bytes give no output.
#[derive(Debug)]
pub struct PieceWriter<W> {
    inner: W,
    codec: Codec,
    buffer: Vec<u8>,
}

impl<W: Write> PieceWriter<W> {
    /// Compresses to `inner`.
    pub fn new(inner: W, codec: Codec) -> Self {
        Self { inner, codec, buffer: Vec::new() }
    }

    /// Compresses what is left and gives the inner writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.compress_buffer()?;
        Ok(self.inner)
    }

    fn compress_buffer(&mut self) -> io::Result<()> {
        match self.codec {
            Codec::None => self.inner.write_all(&self.buffer)?,
            codec => {
                let pieces: Vec<_> =
                    self.buffer.par_chunks(codec.piece()).map(|piece| codec.compress_piece(piece)).collect();
                for piece in pieces {
                    self.inner.write_all(&piece?)?;
                }
            }
        }
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Write for PieceWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The batch is a multiple of every piece's size, so pieces never depend on the writes.
        let taken = bytes.len().min(BATCH - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == BATCH {
            self.compress_buffer()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Compresses all of `bytes`, as a [`PieceWriter`] would.
pub fn compress(codec: Codec, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = PieceWriter::new(Vec::new(), codec);
    writer.write_all(bytes)?;
    writer.finish()
}

/// How bytes are compressed, recognised by the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all, or in a way that is not known here.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// zstd (RFC 8878).
    Zstd,
}

impl Compression {
    /// Recognises the compression of what starts with these bytes; four are enough.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a skippable frame before the first one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// Reads the first four bytes and recognises the compression.
    pub fn peek(reader: &mut impl Read) -> io::Result<Self> {
        let mut start = Vec::with_capacity(4);
        reader.take(4).read_to_end(&mut start)?;
        Ok(Self::of(&start))
    }
}

/// Returns a reader of the uncompressed bytes of a layer: gzip, zstd or plain tar, recognised by its
/// first bytes. All members and frames are read, one after the other.
pub fn decoder<'a>(compressed: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut compressed = BufReader::with_capacity(64 << 10, compressed);
    Ok(match Compression::of(compressed.fill_buf()?) {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(compressed)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(compressed)?),
        Compression::None => Box::new(compressed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(size: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        (0..size)
            .map(|index| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                if index % 3 == 0 { b'a' } else { (state >> 32) as u8 & 0x1f }
            })
            .collect()
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let bytes = noise(3 * (1 << 20) + 17);
        for codec in [Codec::None, Codec::GZIP, Codec::Zstd { level: 3 }] {
            let compressed = compress(codec, &bytes).expect("memory takes all");
            let mut back = Vec::new();
            decoder(&compressed[..]).and_then(|mut reader| reader.read_to_end(&mut back)).expect("readable");
            assert_eq!(back, bytes, "{codec}");
        }
    }

    #[test]
    fn segments_concatenate() {
        for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
            let parts =
                [&b"one "[..], b"", b"two"].map(|part| compress(codec, part).expect("memory takes all"));
            assert!(parts[1].is_empty(), "{codec}: no bytes give no output");
            let mut back = String::new();
            let whole = parts.concat();
            decoder(&whole[..]).and_then(|mut reader| reader.read_to_string(&mut back)).expect("readable");
            assert_eq!(back, "one two", "{codec}");
        }
    }

    #[test]
    fn output_depends_neither_on_threads_nor_on_writes() {
        let bytes = noise(20 << 20);
        for codec in [Codec::Gzip { level: 1 }, Codec::Zstd { level: 1 }] {
            let digests: Vec<_> = [(1, 1 << 20), (4, 77_777)]
                .map(|(threads, step)| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                    pool.install(|| {
                        let mut writer = PieceWriter::new(Vec::new(), codec);
                        for part in bytes.chunks(step) {
                            writer.write_all(part).expect("memory takes all");
                        }
                        crate::Digest::of(writer.finish().expect("memory takes all"))
                    })
                })
                .into();
            assert_eq!(digests[0], digests[1], "{codec}");
        }
    }

    /// Guards an upgrade of a compressor: other bytes need another format of the lock.
    #[test]
    fn golden_digests() {
        let bytes = noise(2 << 20);
        for (codec, identity, digest) in [
            (Codec::GZIP, "gzip-6 libdeflate-1.26 1048576", "31b7f1d9b83392f2"),
            (Codec::ZSTD, "zstd-3 zstd-1.5.7 8388608", "b877c900173279e5"),
        ] {
            let compressed = compress(codec, &bytes).expect("memory takes all");
            assert_eq!(
                (&codec.identity()[..], &crate::Digest::of(compressed).hex()[..16]),
                (identity, digest)
            );
        }
    }
}
