//! Skips contents without reading them, where the bytes are in a file.

use std::io::{self, Read, Seek};

use super::{Reader, TarError};

impl<R: Read + Seek> Reader<R> {
    /// Moves past the content of the current entry without reading it.
    ///
    /// A content that goes beyond the end is an error if the inner reader refuses to move there, as
    /// [`Blob`](crate::blobs::Blob) does.
    pub fn seek_past_content(&mut self) -> Result<(), TarError> {
        let offset = self.position;
        let content = i64::try_from(self.remaining).map_err(|_| Self::truncated(offset))?;
        self.inner.seek_relative(content).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::truncated(offset),
            _ => TarError::Read { offset, source },
        })?;
        // The padding is left to be read: some writers leave it out at the very end.
        self.position += self.remaining;
        (self.remaining, self.expansion) = (0, None);
        Ok(())
    }
}
