//! Puts a stream where it can be read from any position.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ArchiveError;
use crate::layer::compression::decoder;

/// A stream may always become this long, in bytes.
const ALWAYS: u64 = 4 << 30;

/// Beyond that, it may become this many times longer than it came. Nothing but zeros and the like is
/// compressed as well as that.
const RATIO: u64 = 250;

/// Decompresses a stream into a file without a name, which goes when it is closed.
pub(super) fn spool(reader: impl Read + Send) -> Result<File, ArchiveError> {
    let came = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: reader, count: Arc::clone(&came) };
    let mut plain = decoder(counted).map_err(ArchiveError::Read)?;
    let mut file = tempfile::tempfile().map_err(ArchiveError::Spool)?;
    let mut buffer = vec![0; 256 << 10];
    let mut length = 0;
    loop {
        let read = match plain.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveError::Read(error)),
        };
        length += read as u64;
        if length > limit(came.load(Ordering::Relaxed)) {
            return Err(ArchiveError::Bomb { length, compressed: came.load(Ordering::Relaxed) });
        }
        file.write_all(&buffer[..read]).map_err(ArchiveError::Spool)?;
    }
}

/// Returns how long a stream of which this much came may become.
fn limit(came: u64) -> u64 {
    came.saturating_mul(RATIO).max(ALWAYS)
}

/// Counts the bytes that are read through it.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Seek as _;

    use super::*;
    use crate::layer::compression::{Codec, compress};

    #[test]
    fn streams_come_out_decompressed() {
        for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
            let bytes = compress(codec, b"attar").expect("memory takes all");
            let mut file = spool(&bytes[..]).expect("it is small");
            let mut text = String::new();
            file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("readable");
            assert_eq!(text, "attar", "{codec}");
        }
    }

    #[test]
    fn what_grows_beyond_measure_is_refused() {
        assert_eq!(limit(0), 4 << 30);
        assert_eq!(limit(1 << 30), 250 << 30);
        assert_eq!(limit(u64::MAX), u64::MAX);
    }
}
