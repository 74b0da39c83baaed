//! Advice about images in files and folders.

use attar_image::archive::ArchiveError;
use attar_image::layout::LayoutError;

/// Returns advice for an archive that cannot be read.
pub(super) fn archive(error: &ArchiveError) -> Option<String> {
    match error {
        ArchiveError::NotAnArchive { found } => not_an_archive(found).map(String::from),
        ArchiveError::NoImage => Some("`rootfs:FILE` reads any tar archive as a root file system".into()),
        ArchiveError::LayoutBelow { folder } => {
            Some(format!("`tar -xf FILE` unpacks it: then `oci:{folder}` is the image"))
        }
        ArchiveError::NoSuchImage { names, .. } if !names.is_empty() => {
            Some("`docker-archive:FILE:NAME` and `oci-archive:FILE:NAME` name one image of several".into())
        }
        _ => None,
    }
}

fn not_an_archive(found: &str) -> Option<&'static str> {
    Some(match found {
        "an xz file" | "a bzip2 file" | "an lz4 file" | "an lzip file" | "an lzma file" => {
            "gzip and zstd are read: decompress it first, as `xz -dc FILE | attar … -` does"
        }
        "an empty file" => "whatever should have written it has failed",
        "a Helm chart" => "the images that a chart starts are in what `helm template` prints",
        "an image index" | "an image manifest" | "the configuration of an image" => {
            "a document alone has no layers: expected the layout or archive that it is from"
        }
        "the `manifest.json` of a Docker archive" => "expected the archive that it is from",
        "text" => "a spec is named `attar.yaml`, or anything that ends in `.yaml`",
        _ => return None,
    })
}

/// Returns advice for a layout that cannot be read.
pub(super) fn layout(error: &LayoutError) -> Option<String> {
    match error {
        LayoutError::Artifact { kind, .. } if kind.starts_with("application/vnd.cncf.helm") => {
            not_an_archive("a Helm chart").map(String::from)
        }
        LayoutError::Artifact { .. } => {
            Some("signatures, attestations and other artifacts stand beside images and have no layers".into())
        }
        _ => None,
    }
}
