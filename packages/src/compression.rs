//! The compressions of package files and indexes: recognising and decoding them.
//!
//! What a decoder gives is never bounded by the size of its input, so a caller bounds it: with
//! [`decode`], with [`Limited`], or by reading no more than it needs. A decoder's own memory is bounded
//! here.

use std::fmt;
use std::io::{self, Read};

use liblzma::stream::Stream;

/// The most memory an xz or lzma decoder may take, in bytes. `xz -9` asks for 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// The largest window of a zstd frame, as a power of two; `zstd --ultra -22` asks for this.
const ZSTD_WINDOW: u32 = 27;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// bzip2, of one or more streams.
    Bzip2,
    /// xz, of one or more streams.
    Xz,
    /// The format before xz, which has no checksum.
    Lzma,
    /// Zstandard, of one or more frames.
    Zstd,
}

/// A stream that decodes, or data that was expected to, to more bytes than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than the {limit} bytes allowed")]
pub struct TooLong {
    /// The limit in bytes.
    pub limit: u64,
}

impl Compression {
    /// Every compression, in the order of preference for downloads: the smallest first.
    pub const ALL: [Self; 6] = [Self::Xz, Self::Zstd, Self::Lzma, Self::Bzip2, Self::Gzip, Self::None];

    /// Recognises a compression by the extension that names it (`xz`, `gz`, …), without a dot.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.extension() == Some(extension))
    }

    /// Recognises the compression of a file by its name; without a known extension there is none.
    pub fn from_name(name: &str) -> Self {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        Self::from_extension(extension).unwrap_or(Self::None)
    }

    /// Returns the extension that names it, without a dot.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gz"),
            Self::Bzip2 => Some("bz2"),
            Self::Xz => Some("xz"),
            Self::Lzma => Some("lzma"),
            Self::Zstd => Some("zst"),
        }
    }

    /// Recognises a compression by the first bytes of the data; six are enough.
    ///
    /// Old lzma has no magic number: what is taken for it starts with the properties that every encoder
    /// writes, and with a dictionary of a round size.
    pub fn detect(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0x5d, 0, 0, low, high, ..] if *low & 0x0f == 0 && *high < 8 && (*low, *high) != (0, 0) => {
                Self::Lzma
            }
            _ => Self::None,
        }
    }

    /// Wraps a reader of compressed bytes into one of plain bytes.
    ///
    /// Truncated and altered input is an error when it is read, as far as the format can tell.
    pub fn decoder<'a, R: Read + Send + 'a>(self, input: R) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Self::None => Box::new(input),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(input)),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(input)),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(liblzma::read::XzDecoder::new_stream(io::BufReader::new(input), stream))
            }
            Self::Lzma => {
                let stream = Stream::new_lzma_decoder(XZ_MEMORY)?;
                Box::new(liblzma::read::XzDecoder::new_stream(io::BufReader::new(input), stream))
            }
            Self::Zstd => {
                let mut decoder = zstd::Decoder::new(input)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
        })
    }
}

/// Decodes bytes that are at hand, to at most `limit` bytes.
pub fn decode(kind: Compression, bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    Limited::new(kind.decoder(bytes)?, limit).read_to_end(&mut plain)?;
    Ok(plain)
}

/// A reader that fails with [`TooLong`] instead of giving more than its limit.
#[derive(Debug)]
pub struct Limited<R> {
    input: R,
    limit: u64,
    left: u64,
}

impl<R> Limited<R> {
    /// Lets at most `limit` bytes through.
    pub fn new(input: R, limit: u64) -> Self {
        Self { input, limit, left: limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.input.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::other(TooLong { limit: self.limit })),
            };
        }
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let length = self.input.read(&mut buffer[..wanted])?;
        self.left -= length as u64;
        Ok(length)
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension().unwrap_or("none"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    const KINDS: [Compression; 6] = Compression::ALL;

    fn encode(kind: Compression, plain: &[u8]) -> Vec<u8> {
        let into_memory = "writing into memory succeeds";
        match kind {
            Compression::None => plain.to_vec(),
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(plain).expect(into_memory);
                encoder.finish().expect(into_memory)
            }
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(plain).expect(into_memory);
                encoder.finish().expect(into_memory)
            }
            Compression::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
                encoder.write_all(plain).expect(into_memory);
                encoder.finish().expect(into_memory)
            }
            Compression::Lzma => {
                let options = liblzma::stream::LzmaOptions::new_preset(6).expect("a preset of lzma");
                let stream = Stream::new_lzma_encoder(&options).expect("an encoder of lzma");
                let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
                encoder.write_all(plain).expect(into_memory);
                encoder.finish().expect(into_memory)
            }
            Compression::Zstd => zstd::encode_all(plain, 1).expect(into_memory),
        }
    }

    #[test]
    fn names_and_extensions_are_recognised() {
        let cases = [
            ("Packages.xz", Compression::Xz),
            ("Contents-amd64.gz", Compression::Gzip),
            ("data.tar.bz2", Compression::Bzip2),
            ("data.tar.lzma", Compression::Lzma),
            ("data.tar.zst", Compression::Zstd),
            ("data.tar", Compression::None),
            ("Packages", Compression::None),
        ];
        for (name, kind) in cases {
            assert_eq!(Compression::from_name(name), kind, "{name}");
        }
        assert_eq!(Compression::from_extension("zip"), None);
    }

    #[test]
    fn truncated_and_altered_input_is_an_error() {
        let plain: Vec<u8> =
            (0..20_000u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for kind in [Compression::Gzip, Compression::Bzip2, Compression::Xz, Compression::Zstd] {
            let packed = encode(kind, &plain);
            assert!(decode(kind, &packed[..packed.len() - 1], u64::MAX).is_err(), "{kind} cut by a byte");
            assert!(decode(kind, &packed[..packed.len() / 2], u64::MAX).is_err(), "{kind} cut in half");
            let mut altered = packed.clone();
            altered[packed.len() / 2] ^= 1;
            // A frame of zstd has a checksum only if its writer asked for one.
            let result = decode(kind, &altered, u64::MAX);
            assert!(result.is_err() || kind == Compression::Zstd, "{kind} with a bit turned");
            assert!(
                decode(kind, &[&packed, b"tail".as_slice()].concat(), u64::MAX).is_err(),
                "{kind} with a tail"
            );
        }
    }

    #[test]
    fn a_decoder_gives_no_more_than_its_limit() {
        let packed = encode(Compression::Xz, &vec![0; 1 << 20]);
        assert!(packed.len() < 1000);
        let error = decode(Compression::Xz, &packed, 1000).expect_err("the limit is exceeded");
        assert_eq!(error.to_string(), "more than the 1000 bytes allowed");
        assert_eq!(decode(Compression::None, b"abc", 3).expect("the limit is met"), b"abc");
        assert!(decode(Compression::None, b"abcd", 3).is_err());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_and_recognised(plain in proptest::collection::vec(any::<u8>(), 0..300)) {
            for kind in KINDS {
                let packed = encode(kind, &plain);
                prop_assert_eq!(&decode(kind, &packed, 300)?, &plain);
                if kind != Compression::None {
                    prop_assert_eq!(Compression::detect(&packed), kind);
                }
                if !matches!(kind, Compression::Lzma | Compression::None) {
                    let twice = [packed.clone(), packed].concat();
                    prop_assert_eq!(decode(kind, &twice, 600)?, [plain.clone(), plain.clone()].concat());
                }
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Compression::detect(&bytes);
            for kind in KINDS {
                let _ = decode(kind, &bytes, 1 << 16);
            }
        }
    }
}
