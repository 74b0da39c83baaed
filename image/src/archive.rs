//! Images in one file: OCI archives and Docker archives, read in place, from and to a layout.
//!
//! Reading looks at headers and documents; layers are parts of the file. Writing streams: memory does
//! not grow with the images, and standard output will do. What is written depends on the images alone,
//! byte for byte.

mod classic;
mod docker;
mod error;
mod folder;
mod format;
mod glance;
mod import;
mod listing;
mod oci;
mod open;
mod spool;

use std::io::{self, Read, Write};

pub use docker::{platform_tags, write_docker_archive};
pub use error::ArchiveError;
pub use glance::holds_images;
pub use import::import;
pub use listing::is_of_a_root;
pub use oci::write_oci_archive;
pub use open::{Archive, Attend, Kind, Packed};

use crate::digest::Digest;
use crate::filesystem::{Content, Entry, Metadata};
use crate::layer::writer::{append_header, append_padding};
use crate::layer::{BLOCK, END_OF_ARCHIVE};
use crate::path::TreePath;

/// Writes the members of an archive, owned by root and last changed at the start of 1970.
struct ArchiveWriter<W> {
    out: W,
}

impl<W: Write> ArchiveWriter<W> {
    fn directory(&mut self, name: &str) -> io::Result<()> {
        self.header(name, &Entry::directory(Metadata::root(0o755, 0)))
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.file(name, Content::of(bytes), bytes)
    }

    /// Copies a file; `reader` must have exactly the bytes of `content`.
    fn file(&mut self, name: &str, content: Content, mut reader: impl Read) -> io::Result<()> {
        self.header(name, &Entry::file(content, Metadata::root(0o644, 0)))?;
        let copied = io::copy(&mut reader, &mut self.out)?;
        if copied != content.size {
            let message = format!("`{name}` has {copied} bytes instead of {}", content.size);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut padding = Vec::new();
        append_padding(&mut padding, content.size);
        self.out.write_all(&padding)
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&END_OF_ARCHIVE)?;
        self.out.flush()
    }

    fn header(&mut self, name: &str, entry: &Entry) -> io::Result<()> {
        let path =
            TreePath::parse(name).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let mut header = Vec::with_capacity(BLOCK);
        append_header(&mut header, &path, entry, None);
        self.out.write_all(&header)
    }
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

#[cfg(test)]
mod tests;
