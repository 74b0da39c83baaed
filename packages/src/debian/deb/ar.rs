//! The members of an ar archive, in the form that packages have: no long names, no symbol tables.

use std::io::{self, Read};

use super::DebError;

const SIGNATURE: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Reads an archive from front to back. Reading from it reads the current member.
#[derive(Debug)]
pub(super) struct Archive<R> {
    input: R,
    /// The position in the file.
    offset: u64,
    /// The name of the current member.
    name: Vec<u8>,
    /// The bytes of the current member that are not yet read.
    left: u64,
    /// Whether a byte of padding follows the member.
    padded: bool,
}

/// What the header of a member says.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
}

impl<R: Read> Archive<R> {
    /// Reads the signature.
    pub(super) fn open(input: R) -> Result<Self, DebError> {
        let mut archive = Self { input, offset: 0, name: Vec::new(), left: 0, padded: false };
        let mut start = [0; SIGNATURE.len()];
        let length = archive.fill(&mut start)?;
        if &start != SIGNATURE {
            return Err(DebError::NotArchive(start[..length].escape_ascii().to_string()));
        }
        Ok(archive)
    }

    /// Goes to the next member, past what is left of the current one; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Member>, DebError> {
        io::copy(self, &mut io::sink())?;
        if std::mem::take(&mut self.padded) && self.fill(&mut [0])? == 0 {
            return Ok(None);
        }
        let offset = self.offset;
        let mut header = [0; HEADER];
        let length = self.fill(&mut header)?;
        if length == 0 {
            return Ok(None);
        }
        let (name, size) = parse_header(&header)
            .ok_or_else(|| DebError::Header { offset, found: header[..length].escape_ascii().to_string() })?;
        self.name = name.to_vec();
        self.left = size;
        self.padded = size % 2 == 1;
        Ok(Some(Member { name: self.name.clone() }))
    }

    /// Reads the whole current member, which may have at most `limit` bytes.
    pub(super) fn member_bytes(&mut self, limit: u64) -> Result<Vec<u8>, DebError> {
        if self.left > limit {
            let member = self.name.escape_ascii().to_string();
            return Err(DebError::TooLong { member, size: self.left, limit });
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns the number of bytes of the current member that are not yet read.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Fills the buffer as far as the input goes.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DebError> {
        let mut length = 0;
        while length < buffer.len() {
            match self.input.read(&mut buffer[length..]) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.offset += length as u64;
        Ok(length)
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let length = self.input.read(&mut buffer[..wanted])?;
        if length == 0 {
            let (name, left) = (self.name.escape_ascii(), self.left);
            let message = format!("member `{name}` ends {left} bytes too early");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.offset += length as u64;
        self.left -= length as u64;
        Ok(length)
    }
}

/// Reads name and size from a header; times, owner and mode mean nothing in a package.
fn parse_header(header: &[u8; HEADER]) -> Option<(&[u8], u64)> {
    if &header[58..] != b"`\n" {
        return None;
    }
    let name = header[..16].trim_ascii_end();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let size = str::from_utf8(header[48..58].trim_ascii_end()).ok()?;
    if name.is_empty() || !size.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((name, size.parse().ok()?))
}
