//! Binary packages: `.deb` files of format 2.
//!
//! A package is an ar archive of three members: the format's version, a tar archive of control data,
//! and a tar archive of the files. [`DebReader::open`] reads the first two; the third is left as a
//! stream of its compressed bytes, because whoever unpacks it wants to hash and decode it in one pass.
//! See deb(5).
//!
//! ```no_run
//! # fn unpack(file: std::fs::File) -> Result<(), Box<dyn std::error::Error>> {
//! use std::io::Read as _;
//!
//! let package = attar_packages::debian::deb::DebReader::open(file)?;
//! println!("{}", package.control().control);
//! let data = package.data()?;
//! let mut tar = data.compression.decoder(data)?.take(1 << 30);
//! # Ok(())
//! # }
//! ```

use std::io::{self, Read};

use crate::compression::Compression;

mod ar;
mod control;

pub use control::{ControlArchive, ControlError, SCRIPTS};

/// The most bytes that the compressed control archive may have.
pub const MAX_CONTROL: u64 = 64 << 20;

/// The most members that may stand before the data; deb(5) lets others stand between.
const MAX_MEMBERS: usize = 16;

/// A package whose control data is read and whose files are not yet.
#[derive(Debug)]
pub struct DebReader<R> {
    archive: ar::Archive<R>,
    control: ControlArchive,
}

/// The data member: reads as the compressed bytes of the tar archive of files.
///
/// A package that ends too early is an error when it is read.
#[derive(Debug)]
pub struct Data<R> {
    /// How the tar archive is compressed.
    pub compression: Compression,
    /// The number of compressed bytes.
    pub size: u64,
    archive: ar::Archive<R>,
}

/// A file that cannot be read as a package.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// The source of the bytes failed, or ended too early.
    #[error("cannot read the package")]
    Read(#[from] io::Error),
    /// The file is no ar archive.
    #[error("not a Debian package: expected the signature of an ar archive, found `{0}`")]
    NotArchive(String),
    /// The header of a member is damaged.
    #[error("the package is damaged: expected the header of an ar member at byte {offset}, found `{found}`")]
    Header {
        /// Where in the file.
        offset: u64,
        /// What stands there, escaped.
        found: String,
    },
    /// The package has a format attar does not know.
    #[error("the package has format `{0}`: expected 2.x")]
    Format(String),
    /// A member is not the one that must stand there.
    #[error("the package has member `{found}` where `{expected}` is due")]
    Member {
        /// The name of the member that is due.
        expected: &'static str,
        /// The name found, escaped; empty at the end of the file.
        found: String,
    },
    /// A member is longer than its limit.
    #[error("member `{member}` of the package has {size} bytes: expected at most {limit}")]
    TooLong {
        /// The name of the member, escaped.
        member: String,
        /// Its size as its header says.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The control archive cannot be read.
    #[error("cannot read the control archive of the package")]
    Control(#[from] ControlError),
}

impl<R: Read> DebReader<R> {
    /// Checks the format and reads the control archive.
    pub fn open(input: R) -> Result<Self, DebError> {
        let mut archive = ar::Archive::open(input)?;
        let member = archive.next()?;
        if member.as_ref().is_none_or(|member| member.name != b"debian-binary") {
            return Err(unexpected("debian-binary", member));
        }
        check_format(&archive.member_bytes(64)?)?;
        let compression = next(&mut archive, "control.tar")?;
        let packed = archive.member_bytes(MAX_CONTROL)?;
        let control = ControlArchive::read(compression, &packed)?;
        Ok(Self { archive, control })
    }

    /// Returns the control data.
    pub fn control(&self) -> &ControlArchive {
        &self.control
    }

    /// Goes on to the files.
    pub fn data(mut self) -> Result<Data<R>, DebError> {
        let compression = next(&mut self.archive, "data.tar")?;
        Ok(Data { compression, size: self.archive.left(), archive: self.archive })
    }
}

impl<R: Read> Read for Data<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.archive.read(buffer)
    }
}

/// Checks the text of `debian-binary`: the version of the format, then lines to come in later versions.
fn check_format(text: &[u8]) -> Result<(), DebError> {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_known = line.strip_prefix(b"2.").is_some_and(|minor| {
        !minor.is_empty() && minor.iter().all(u8::is_ascii_digit) && text.len() > line.len()
    });
    if is_known { Ok(()) } else { Err(DebError::Format(line.escape_ascii().to_string())) }
}

/// Goes to the next member, which must be `expected` with the extension of a compression. Members whose
/// names start with an underscore are skipped, as deb(5) says.
fn next<R: Read>(archive: &mut ar::Archive<R>, expected: &'static str) -> Result<Compression, DebError> {
    for _ in 0..MAX_MEMBERS {
        let member = archive.next()?;
        if member.as_ref().is_some_and(|member| member.name.starts_with(b"_")) {
            continue;
        }
        let found = member.as_ref().and_then(|member| compression(&member.name, expected));
        return found.ok_or_else(|| unexpected(expected, member));
    }
    Err(unexpected(expected, None))
}

fn compression(name: &[u8], stem: &str) -> Option<Compression> {
    let name = str::from_utf8(name).ok()?;
    match name.strip_prefix(stem)? {
        "" => Some(Compression::None),
        extension => Compression::from_extension(extension.strip_prefix('.')?),
    }
}

fn unexpected(expected: &'static str, member: Option<ar::Member>) -> DebError {
    let found = member.map(|member| member.name.escape_ascii().to_string());
    DebError::Member { expected, found: found.unwrap_or_default() }
}

#[cfg(test)]
mod tests;
