//! What a file is, by its first bytes: so that what is no image can be named for what it is.

use std::fmt;

use serde_json::Value;

use crate::layer::BLOCK;
use crate::layer::compression::Compression;

/// How many bytes at the start of a file are looked at.
pub(super) const START: usize = 4096;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Nothing at all.
    Empty,
    /// A tar archive.
    Tar,
    /// Compressed with gzip.
    Gzip,
    /// Compressed with zstd.
    Zstd,
    /// Something that is named and not read.
    Foreign(&'static str),
    /// JSON that may be a document of an image: its first bytes do not say.
    Json,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file",
            Self::Tar => "a tar archive",
            Self::Gzip => "a gzip file",
            Self::Zstd => "a zstd file",
            Self::Foreign(name) => name,
            Self::Json => "JSON",
        })
    }
}

/// First bytes, and what a file that starts with them is.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\xfd7zXZ\0", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"\x04\x22\x4d\x18", "an lz4 file"),
    (b"LZIP", "an lzip file"),
    (b"\x5d\0\0", "an lzma file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"!<arch>\ndebian-binary", "a Debian package"),
    (b"!<arch>\n", "an ar archive"),
    (b"\xed\xab\xee\xdb", "an RPM package"),
    (b"070701", "a cpio archive"),
    (b"070702", "a cpio archive"),
    (b"070707", "a cpio archive"),
    (b"\x7fELF", "an ELF file"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O file"),
    (b"\xca\xfe\xba\xbe", "a Java class or a Mach-O file"),
    (b"\0asm", "a WebAssembly module"),
    (b"hsqs", "a SquashFS image"),
    (b"QFI\xfb", "a disk image in the format qcow2"),
    (b"-----BEGIN ", "a PEM file"),
    (b"%PDF-", "a PDF file"),
    (b"SQLite format 3\0", "an SQLite database"),
];

/// Says what a file is by its first bytes: [`START`] of them, or all there are.
pub(super) fn recognise(start: &[u8]) -> Format {
    match Compression::of(start) {
        _ if start.is_empty() => return Format::Empty,
        Compression::Gzip => return Format::Gzip,
        Compression::Zstd => return Format::Zstd,
        Compression::None => {}
    }
    if is_tar(start) {
        return Format::Tar;
    }
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Format::Foreign(name);
    }
    if start.starts_with(b"#!") {
        return Format::Foreign("a script");
    }
    let text = match std::str::from_utf8(start) {
        Ok(text) => Some(text),
        // The first bytes may end in the middle of a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    let is_text = |text: &&str| !text.chars().any(|it| it.is_control() && !it.is_whitespace());
    match text.filter(is_text).map(str::trim_start) {
        Some(text) if text.starts_with(['{', '[']) => Format::Json,
        Some(_) => Format::Foreign("text"),
        None => Format::Foreign("a file of an unknown format"),
    }
}

/// Says whether this is the start of a tar archive: a header whose checksum is right, or the blocks of
/// zeros that end an archive.
fn is_tar(start: &[u8]) -> bool {
    let Some(header) = start.get(..BLOCK) else { return false };
    if header.iter().all(|byte| *byte == 0) {
        return true;
    }
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let expected = sum(&header[..148]) + 8 * u64::from(b' ') + sum(&header[156..]);
    let digits = header[148..156].trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    let found = std::str::from_utf8(&digits[..end]).ok().and_then(|text| u64::from_str_radix(text, 8).ok());
    found == Some(expected)
}

/// Says which document JSON is, by its fields.
pub(super) fn of_json(bytes: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return "JSON that is damaged".into() };
    let has = |name: &str| value.get(name).is_some();
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if let Some(list) = value.as_array() {
        let is_docker = list.iter().any(|image| image.get("Layers").is_some());
        return if is_docker { "the `manifest.json` of a Docker archive" } else { "JSON" }.into();
    }
    if has("rootfs") && has("architecture") {
        "the configuration of an image".into()
    } else if let Some(kind) = text("artifactType") {
        format!("the manifest of an artifact of the type `{kind}`")
    } else if has("manifests") {
        "an image index".into()
    } else if has("config") && has("layers") {
        "an image manifest".into()
    } else if has("imageLayoutVersion") {
        "the `oci-layout` of an OCI image layout".into()
    } else if has("spdxVersion") {
        "an SPDX document".into()
    } else if text("bomFormat") == Some("CycloneDX") {
        "a CycloneDX document".into()
    } else if has("_type") && has("predicateType") {
        "an in-toto statement".into()
    } else if let Some(kind) = text("mediaType") {
        format!("a document of the type `{kind}`")
    } else {
        "JSON".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_what_they_are() {
        let tar = crate::testing::tar(&[("a", "b")]);
        for (start, expected) in [
            (&b""[..], "an empty file"),
            (b"\x1f\x8b\x08", "a gzip file"),
            (b"\x28\xb5\x2f\xfd", "a zstd file"),
            (b"\x52\x2a\x4d\x18", "a zstd file"),
            (&tar, "a tar archive"),
            (&[0; 1024], "a tar archive"),
            (b"\xfd7zXZ\0\0", "an xz file"),
            (b"PK\x03\x04\x14", "a zip archive"),
            (b"!<arch>\ndebian-binary   1", "a Debian package"),
            (b"!<arch>\nlibc.o/", "an ar archive"),
            (b"\x7fELF\x02\x01\x01", "an ELF file"),
            (b"#!/bin/sh\n", "a script"),
            (b"kind: Pod\n", "text"),
            ("é".repeat(3000).as_bytes()[1..].trim_ascii(), "a file of an unknown format"),
            (&"aé".repeat(3000).as_bytes()[..START - 1], "text"),
            (b" {\"a\": 1}", "JSON"),
            (b"\x00\x01\x02", "a file of an unknown format"),
        ] {
            assert_eq!(recognise(start).to_string(), expected, "{:?}", &start[..start.len().min(20)]);
        }
    }

    #[test]
    fn documents_are_named_by_their_fields() {
        for (text, expected) in [
            (r#"{"schemaVersion": 2, "manifests": []}"#, "an image index"),
            (r#"{"schemaVersion": 2, "config": {}, "layers": []}"#, "an image manifest"),
            (
                r#"{"config": {}, "layers": [], "artifactType": "application/x"}"#,
                "the manifest of an artifact of the type `application/x`",
            ),
            (r#"{"architecture": "amd64", "rootfs": {}}"#, "the configuration of an image"),
            (r#"[{"Config": "c", "Layers": []}]"#, "the `manifest.json` of a Docker archive"),
            (r#"{"spdxVersion": "SPDX-2.3"}"#, "an SPDX document"),
            (r#"{"mediaType": "application/y"}"#, "a document of the type `application/y`"),
            ("[1]", "JSON"),
            ("{", "JSON that is damaged"),
        ] {
            assert_eq!(of_json(text.as_bytes()), expected, "{text}");
        }
    }
}
