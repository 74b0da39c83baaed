//! What extended headers say: pax records, which replace or add to the fields of a header.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::sparse::Records;
use super::{TarError, text};

/// What pax headers and GNU long names say of the next entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<i64>,
    pub(super) sparse: Records,
    pub(super) xattrs: BTreeMap<Box<[u8]>, Box<[u8]>>,
}

impl Extensions {
    /// Notes the records of a pax header.
    pub(super) fn apply_pax(&mut self, mut body: &[u8], offset: u64) -> Result<(), TarError> {
        let invalid = |field| TarError::Field { field, offset };
        while !body.is_empty() {
            let space = memchr::memchr(b' ', body).ok_or_else(|| invalid("pax record"))?;
            let length: usize = text(&body[..space]).ok_or_else(|| invalid("length of a pax record"))?;
            let record = body.get(space + 1..length).ok_or_else(|| invalid("length of a pax record"))?;
            let record = record.strip_suffix(b"\n").ok_or_else(|| invalid("pax record"))?;
            let equals = memchr::memchr(b'=', record).ok_or_else(|| invalid("pax record"))?;
            self.apply_record(&record[..equals], &record[equals + 1..], offset)?;
            body = &body[length..];
        }
        Ok(())
    }

    /// Notes one record. Without a value it takes back what stood before, but for attributes, whose
    /// values may be empty. Records of other makers say nothing about the entry.
    fn apply_record(&mut self, keyword: &[u8], value: &[u8], offset: u64) -> Result<(), TarError> {
        let invalid = |field| TarError::Field { field, offset };
        let some = (!value.is_empty()).then_some(value);
        let decimal = |field| some.map(|value| text::<u64>(value).ok_or(invalid(field))).transpose();
        match keyword {
            b"path" => self.path = some.map(<[u8]>::to_vec),
            b"linkpath" => self.link = some.map(<[u8]>::to_vec),
            b"size" => {
                self.size = decimal("pax size")?;
                // What is larger than any file would overflow when it is padded.
                if self.size.is_some_and(|size| i64::try_from(size).is_err()) {
                    return Err(invalid("pax size"));
                }
            }
            b"uid" => self.uid = decimal("pax user number")?,
            b"gid" => self.gid = decimal("pax group number")?,
            b"mtime" => {
                let seconds = some.map(|value| seconds(value).ok_or(invalid("pax modification time")));
                self.mtime = seconds.transpose()?;
            }
            _ => {
                if let Some(keyword) = keyword.strip_prefix(b"GNU.sparse.") {
                    self.sparse.apply(keyword, value).ok_or(invalid("pax record of a sparse file"))?;
                } else if let Some(name) = keyword.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.insert(name.into(), value.into());
                } else if let Some(name) = keyword.strip_prefix(b"LIBARCHIVE.xattr.") {
                    let (name, value) = libarchive(name, value).ok_or(invalid("pax extended attribute"))?;
                    // Its writer also writes the other form, which wins wherever it stands.
                    self.xattrs.entry(name.into()).or_insert(value.into());
                }
            }
        }
        Ok(())
    }
}

/// Reads seconds since 1970. Fractions of a second have no place in an image: they are cut off
/// towards the past.
fn seconds(value: &[u8]) -> Option<i64> {
    let (whole, fraction) = match memchr::memchr(b'.', value) {
        Some(dot) => (&value[..dot], &value[dot + 1..]),
        None => (value, &b""[..]),
    };
    let seconds: i64 = text(whole)?;
    let below = whole.starts_with(b"-") && fraction.iter().any(|digit| *digit != b'0');
    Some(seconds.saturating_sub(i64::from(below)))
}

/// Decodes an extended attribute of libarchive's: the name with `%` and hexadecimal digits for what
/// is not plain, the value in base64.
fn libarchive(name: &[u8], value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let encoded = after.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        let (byte, after) = match (first, encoded) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            _ => (*first, after),
        };
        plain.push(byte);
        rest = after;
    }
    let settings = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let value = GeneralPurpose::new(&STANDARD, settings).decode(value).ok()?;
    Some((plain, value))
}
