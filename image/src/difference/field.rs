//! What can differ, and the values of both sides.

use std::collections::BTreeSet;
use std::fmt;

use crate::digest::Digest;
use crate::filesystem::Metadata;
use crate::path::escape;

/// What differs between two images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Whether it is there at all.
    Presence,
    /// Whether the layer can be read.
    Readable,
    /// The type of file.
    Kind,
    /// Permission bits.
    Mode,
    /// The owner's number.
    Owner,
    /// The group's number.
    Group,
    /// The modification time.
    Time,
    /// An extended attribute.
    Attribute(Box<[u8]>),
    /// The content of a file.
    Content,
    /// What a link points to.
    Target,
    /// The numbers of a device.
    Device,
    /// The other names of a file.
    Links,
    /// The order of the entries in the archive.
    Order,
    /// How the archive is written, with equal entries in it.
    Archive,
    /// The compressed bytes alone: the archive in them is the same.
    Compression,
    /// The number of layers.
    Layers,
    /// A value of the configuration, by JSON pointer.
    Configuration(String),
    /// A value of the manifest, by JSON pointer.
    Manifest(String),
    /// A value of the index, by JSON pointer.
    Index(String),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Presence => "presence",
            Self::Readable => "layer",
            Self::Kind => "type",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Group => "group",
            Self::Time => "modification time",
            Self::Attribute(name) => return write!(f, "attribute {}", escape(name)),
            Self::Content => "content",
            Self::Target => "link target",
            Self::Device => "device number",
            Self::Links => "hard links",
            Self::Order => "order",
            Self::Archive => "archive headers",
            Self::Compression => "compressed bytes",
            Self::Layers => "number of layers",
            Self::Configuration(pointer) => return write!(f, "configuration {pointer}"),
            Self::Manifest(pointer) => return write!(f, "manifest {pointer}"),
            Self::Index(pointer) => return write!(f, "index {pointer}"),
        };
        f.write_str(word.trim_end())
    }
}

/// What one side has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It is there and cannot be read, with the reason.
    Unreadable(String),
    /// A number.
    Number(u64),
    /// Permission bits.
    Mode(u32),
    /// Seconds since 1970.
    Seconds(i64),
    /// A digest.
    Digest(Digest),
    /// Bytes, mostly text.
    Bytes(Box<[u8]>),
    /// Text, or JSON of a document.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("there"),
            Self::Absent => f.write_str("not there"),
            Self::Unreadable(reason) => write!(f, "not readable: {reason}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Mode(mode) => write!(f, "{mode:04o}"),
            Self::Seconds(seconds) => write!(f, "{seconds}"),
            Self::Digest(digest) => write!(f, "{digest}"),
            Self::Bytes(bytes) => f.write_str(&escape(bytes)),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Returns everything in which owner, mode, time and extended attributes differ.
pub fn of_metadata(expected: &Metadata, found: &Metadata) -> Vec<(Field, Value, Value)> {
    let number = |number: u32| Value::Number(number.into());
    let mut fields = Vec::new();
    let mut add = |field, expected, found| {
        if expected != found {
            fields.push((field, expected, found));
        }
    };
    add(Field::Mode, Value::Mode(expected.mode), Value::Mode(found.mode));
    add(Field::Owner, number(expected.uid), number(found.uid));
    add(Field::Group, number(expected.gid), number(found.gid));
    add(Field::Time, Value::Seconds(expected.mtime), Value::Seconds(found.mtime));
    let names: BTreeSet<&Box<[u8]>> = expected.xattrs.keys().chain(found.xattrs.keys()).collect();
    for name in names {
        let value =
            |metadata: &Metadata| metadata.xattrs.get(name).cloned().map_or(Value::Absent, Value::Bytes);
        add(Field::Attribute(name.clone()), value(expected), value(found));
    }
    fields
}
