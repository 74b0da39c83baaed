//! Layers: canonical tar streams, written and read, compressed as concatenated segments.
//!
//! - [`writer`] turns entries into canonical tar bytes: the same tree gives the same bytes.
//! - [`reader`] turns tar bytes from outside into entries, refusing what could leave the tree.
//! - [`compression`] compresses in independent members, so that segments concatenate.

pub mod compression;
pub mod reader;
pub mod writer;

/// Size of a tar block: headers and contents are padded to it.
pub const BLOCK: usize = 512;

/// The two zero blocks that end a tar archive; the last segment of every layer.
pub const END_OF_ARCHIVE: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Returns how many zero bytes follow a content of `size` bytes.
pub(crate) fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

#[cfg(test)]
mod tests;
