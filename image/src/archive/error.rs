//! What can go wrong with an archive.

use std::io;
use std::path::PathBuf;

use crate::blobs::Cancelled;
use crate::digest::{DiffId, Digest};
use crate::layer::reader::TarError;
use crate::layout::LayoutError;
use crate::manifest::InvalidDocument;

/// An archive that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive's bytes could not be written.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
    /// The archive's bytes could not be read.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
    /// The archive is no tar archive, or a damaged one.
    #[error("cannot read the archive")]
    Tar(#[from] TarError),
    /// A stream cannot be kept while it is read.
    #[error("cannot write a temporary file")]
    Spool(#[source] io::Error),
    /// A file of a root file system cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody waits for it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A stream becomes far longer than it came.
    #[error("{compressed} compressed bytes become more than {length}: this is no image")]
    Bomb {
        /// How long the stream has become.
        length: u64,
        /// How much of it came.
        compressed: u64,
    },
    /// The file is something else.
    #[error("expected an image in a tar archive, found {found}")]
    NotAnArchive {
        /// What it is.
        found: String,
    },
    /// The archive holds nothing.
    #[error("the archive is empty")]
    Empty,
    /// The archive holds a folder with an image layout.
    #[error("the archive holds an OCI image layout in the folder `{folder}`: expected it at the top")]
    LayoutBelow {
        /// The folder.
        folder: String,
    },
    /// No image of the archive has this name.
    #[error("the archive has no image `{name}`{}", known(.names))]
    NoSuchImage {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// The layout or the archive could not give or take a blob.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The archive holds more files than any image has.
    #[error("the archive has more than {limit} members")]
    TooManyMembers {
        /// How many are accepted.
        limit: usize,
    },
    /// The archive lacks the documents of an image.
    #[error("the archive holds no image: expected `index.json` with `oci-layout`, or `manifest.json`")]
    NoImage,
    /// One of the archive's own documents cannot be read.
    #[error("cannot read `{name}` of the archive")]
    Document {
        /// The member.
        name: String,
        /// Why.
        source: InvalidDocument,
    },
    /// `manifest.json` is not what Docker writes.
    #[error("cannot read `manifest.json` of the archive")]
    DockerManifest(#[source] serde_json::Error),
    /// A file that the archive's manifest names is not there.
    #[error("the archive has no member `{name}`, which its `manifest.json` names")]
    MissingMember {
        /// The member.
        name: String,
    },
    /// Layers and diff IDs do not match up.
    #[error("image {config} has {layers} layers and {diff_ids} diff IDs")]
    LayerCount {
        /// The configuration.
        config: Digest,
        /// The layers that the manifest names.
        layers: usize,
        /// The diff IDs that the configuration names.
        diff_ids: usize,
    },
    /// A layer cannot be decompressed.
    #[error("cannot decompress layer {digest}")]
    Layer {
        /// The layer.
        digest: Digest,
        /// Why.
        source: io::Error,
    },
    /// A layer is another one than the configuration says.
    #[error("layer {digest} has another diff ID: expected {expected}, found {found}")]
    DiffId {
        /// The layer.
        digest: Digest,
        /// What the configuration says.
        expected: DiffId,
        /// The digest of the uncompressed bytes.
        found: DiffId,
    },
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        return " (its images have no names)".to_owned();
    }
    format!(" (it has {})", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
}
