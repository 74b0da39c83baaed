//! The lists of checksums that packages carry.

/// The checksum of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Md5Sum {
    /// The path as it is spelled in the list, usually relative to the root and without `./`.
    pub path: Vec<u8>,
    /// The 16 bytes of the MD5.
    pub digest: [u8; 16],
}

/// Reads a list of checksums; lines that are none are skipped.
pub fn parse_md5sums(text: &[u8]) -> Vec<Md5Sum> {
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// Writes a list of checksums, in the order given.
///
/// A path with a line break is left out: the format cannot hold it, and it could forge other lines.
pub fn write_md5sums<'a>(sums: impl IntoIterator<Item = &'a Md5Sum>) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Vec::new();
    for sum in sums.into_iter().filter(|sum| !sum.path.iter().any(|byte| matches!(byte, b'\n' | b'\r'))) {
        for byte in sum.digest {
            text.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        text.extend(b"  ");
        text.extend(&sum.path);
        text.push(b'\n');
    }
    text
}

/// Reads 32 hexadecimal digits, a blank, a blank or the asterisk of binary mode, and a path.
fn line(line: &[u8]) -> Option<Md5Sum> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (digits, rest) = line.split_at_checked(32)?;
    let path = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let mut digest = [0; 16];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    (!path.is_empty()).then(|| Md5Sum { path: path.to_vec(), digest })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
