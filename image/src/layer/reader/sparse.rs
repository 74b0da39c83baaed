//! Sparse files: only what is no hole stands in the archive, and a map says where it belongs.
//!
//! GNU tar has written four forms of the map: in the header and the blocks behind it (type `S`); as
//! pairs of pax records (0.0); as one pax record (0.1); as text before the content (1.0).

use std::io::{self, Read};

use super::extension::Extensions;
use super::{BLOCK, Reader, TarError, number};

/// The most parts of a file that a map may have; those of real archives have some hundreds.
const MAX_PARTS: usize = 1 << 16;

/// The most bytes of holes that are read from one archive. Wider ones take longer to read than
/// anyone waits, and nothing of them stands in the archive.
const MAX_HOLES: u64 = 64 << 30;

/// What pax headers say of a sparse file.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// The file's name; the header has one that tells other programs of the form.
    pub(super) name: Option<Vec<u8>>,
    size: Option<u64>,
    /// Offsets and lengths in turn.
    numbers: Vec<u64>,
    major: Option<u64>,
    minor: Option<u64>,
    is_there: bool,
}

/// Where the stored parts of a sparse file belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map {
    /// The size with the holes.
    pub(super) size: u64,
    /// Offset and length of each part: in order, not empty, within the size.
    parts: Vec<(u64, u64)>,
}

/// A sparse file that is being read.
#[derive(Debug)]
pub(super) struct Expansion {
    map: Map,
    /// The first part that is not read to its end.
    next: usize,
    position: u64,
}

/// What comes next of a sparse file.
enum Next {
    /// This many zeros.
    Hole(u64),
    /// This many bytes of the archive.
    Stored(u64),
    End,
}

impl Records {
    /// Notes what follows `GNU.sparse.` of a keyword; keywords that nobody knows are ignored.
    pub(super) fn apply(&mut self, keyword: &[u8], value: &[u8]) -> Option<()> {
        self.is_there = true;
        let one = || super::text::<u64>(value);
        match keyword {
            b"name" => self.name = Some(value.to_vec()),
            b"size" | b"realsize" => self.size = Some(one()?),
            b"major" => self.major = Some(one()?),
            b"minor" => self.minor = Some(one()?),
            b"offset" | b"numbytes" => {
                // They come in pairs, and more than a map may have are no map.
                let is_turn = (self.numbers.len() % 2 == 1) == (keyword == b"numbytes");
                (is_turn && self.numbers.len() < 2 * MAX_PARTS).then_some(())?;
                self.numbers.push(one()?);
            }
            b"map" => {
                let numbers = value.split(|byte| *byte == b',').take(2 * MAX_PARTS + 1);
                self.numbers = numbers.map(super::text::<u64>).collect::<Option<_>>()?;
            }
            _ => {}
        }
        Some(())
    }
}

impl Map {
    /// Makes a map of offsets and lengths in turn, for a file of `size` bytes of which `stored` stand
    /// in the archive; `None` when they do not fit together.
    fn new(size: u64, stored: u64, numbers: &[u64]) -> Option<Self> {
        if numbers.len() % 2 == 1 || numbers.len() > 2 * MAX_PARTS || i64::try_from(size).is_err() {
            return None;
        }
        let mut parts = Vec::new();
        let (mut end, mut sum) = (0, 0_u64);
        for pair in numbers.chunks_exact(2) {
            let (offset, length) = (pair[0], pair[1]);
            // The end of a file that ends with a hole is marked by a part without bytes.
            if offset < end || offset > size || length > size - offset {
                return None;
            }
            (end, sum) = (offset + length, sum + length);
            if length > 0 {
                parts.push((offset, length));
            }
        }
        (sum == stored).then_some(Self { size, parts })
    }
}

impl Expansion {
    pub(super) fn new(map: Map) -> Self {
        Self { map, next: 0, position: 0 }
    }

    fn next(&self) -> Next {
        match self.map.parts.get(self.next) {
            Some((offset, _)) if self.position < *offset => Next::Hole(offset - self.position),
            Some((offset, length)) => Next::Stored(offset + length - self.position),
            None if self.position < self.map.size => Next::Hole(self.map.size - self.position),
            None => Next::End,
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        if let Some((offset, length)) = self.map.parts.get(self.next)
            && self.position >= offset + length
        {
            self.next += 1;
        }
    }
}

impl<R: Read> Reader<R> {
    /// Reads the map of a sparse file, if this is one; `stored` is how many bytes the archive has of it,
    /// and becomes how many are left after the map.
    pub(super) fn read_map(
        &mut self,
        header: &[u8; BLOCK],
        extensions: &Extensions,
        stored: &mut u64,
        offset: u64,
    ) -> Result<Option<Map>, TarError> {
        let invalid = || TarError::Field { field: "map of a sparse file", offset };
        let records = &extensions.sparse;
        let (size, numbers) = if header[156] == b'S' {
            (number(&header[483..495], "size of a sparse file", offset)?, self.numbers_of_blocks(header)?)
        } else if !records.is_there {
            return Ok(None);
        } else {
            let size = records.size.ok_or_else(invalid)?;
            match (records.major, records.minor) {
                (None | Some(0), _) => (size, records.numbers.clone()),
                (Some(1), Some(0)) => (size, self.numbers_of_content(stored, offset)?),
                _ => return Err(TarError::Field { field: "form of a sparse file", offset }),
            }
        };
        Map::new(size, *stored, &numbers).ok_or_else(invalid).map(Some)
    }

    /// Reads a map of type `S`: four parts in the header, 21 in each block behind it.
    fn numbers_of_blocks(&mut self, header: &[u8; BLOCK]) -> Result<Vec<u64>, TarError> {
        let offset = self.position;
        let mut numbers = Vec::new();
        let mut read = |fields: &[u8]| -> Result<(), TarError> {
            // What is not used is empty.
            for field in fields.chunks_exact(12) {
                numbers.push(number(field, "map of a sparse file", offset)?);
            }
            Ok(())
        };
        read(&header[386..482])?;
        let mut is_extended = header[482] != 0;
        let mut parts = 4;
        while is_extended {
            let offset = self.position;
            let block = self.read_block()?.ok_or_else(|| Self::truncated(offset))?;
            read(&block[..504])?;
            is_extended = block[504] != 0;
            parts += 21;
            if parts > MAX_PARTS {
                return Err(TarError::Field { field: "map of a sparse file", offset });
            }
        }
        // Unused fields at the end say `0, 0`, which may stand after a part without being one.
        while numbers.ends_with(&[0, 0]) {
            numbers.truncate(numbers.len() - 2);
        }
        Ok(numbers)
    }

    /// Reads a map of form 1.0: decimal numbers, each with a newline, the first one says how many
    /// pairs there are; zeros fill the last block.
    fn numbers_of_content(&mut self, stored: &mut u64, offset: u64) -> Result<Vec<u64>, TarError> {
        let invalid = || TarError::Field { field: "map of a sparse file", offset };
        let mut numbers: Vec<u64> = Vec::new();
        let mut digits: Option<u64> = None;
        loop {
            *stored = stored.checked_sub(BLOCK as u64).ok_or_else(invalid)?;
            let start = self.position;
            let block = self.read_block()?.ok_or_else(|| Self::truncated(start))?;
            for byte in block {
                match (byte, digits) {
                    (b'0'..=b'9', _) => {
                        let tens = digits.unwrap_or(0).checked_mul(10).ok_or_else(invalid)?;
                        digits = Some(tens.checked_add(u64::from(byte - b'0')).ok_or_else(invalid)?);
                    }
                    (b'\n', Some(value)) => {
                        numbers.push(value);
                        digits = None;
                    }
                    _ => return Err(invalid()),
                }
                // The first number counts the pairs that follow.
                let Some(pairs) = numbers.first() else { continue };
                let pairs = usize::try_from(*pairs).ok().filter(|pairs| *pairs <= MAX_PARTS);
                if numbers.len() == 1 + 2 * pairs.ok_or_else(invalid)? {
                    numbers.remove(0);
                    return Ok(numbers);
                }
            }
        }
    }

    /// Reads on in a sparse file, its holes as zeros.
    pub(super) fn read_expanded(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(expansion) = &self.expansion else { return Ok(0) };
        let within = |there: u64| buffer.len().min(usize::try_from(there).unwrap_or(usize::MAX));
        let read = match expansion.next() {
            Next::End => 0,
            Next::Hole(length) => {
                // All of it is asked for, or nothing of it is read.
                if length > MAX_HOLES.saturating_sub(self.holes) {
                    let limit = MAX_HOLES >> 30;
                    let message = format!("sparse files with holes of more than {limit} GiB are not read");
                    return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
                }
                let length = within(length);
                self.holes += length as u64;
                buffer[..length].fill(0);
                length
            }
            Next::Stored(length) => {
                let length = within(length);
                self.read_stored(&mut buffer[..length])?
            }
        };
        if let Some(expansion) = &mut self.expansion {
            expansion.advance(read as u64);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_fit_their_files() {
        for (size, stored, numbers, parts) in [
            (10, 4, &[2, 4][..], Some(&[(2, 4)][..])),
            (10, 5, &[0, 1, 1, 4, 10, 0], Some(&[(0, 1), (1, 4)])),
            (10, 0, &[], Some(&[])),
            (10, 4, &[2, 4, 8], None),
            (10, 5, &[2, 4], None),
            (10, 8, &[2, 4, 5, 4], None),
            (10, 8, &[5, 4, 0, 4], None),
            (10, 4, &[8, 4], None),
            (10, u64::MAX, &[0, u64::MAX], None),
            (10, 0, &[u64::MAX, 0], None),
            (u64::MAX, 0, &[], None),
        ] {
            let found = Map::new(size, stored, numbers).map(|map| map.parts);
            assert_eq!(found.as_deref(), parts, "{size} {stored} {numbers:?}");
        }
    }

    #[test]
    fn holes_wider_than_anyone_waits_for_are_refused() {
        let mut reader = Reader::new(io::empty());
        reader.expansion = Map::new(10, 0, &[]).map(Expansion::new);
        reader.holes = MAX_HOLES - 10;
        let mut buffer = [1; 10];
        assert_eq!(reader.read(&mut buffer).expect("the last hole that is read"), 10);
        assert_eq!(buffer, [0; 10]);
        reader.expansion = Map::new(1 << 60, 0, &[]).map(Expansion::new);
        let error = reader.read(&mut buffer).expect_err("one more").to_string();
        assert_eq!(error, "sparse files with holes of more than 64 GiB are not read");
    }
}
