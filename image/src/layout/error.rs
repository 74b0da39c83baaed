//! What can go wrong with a layout.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::{Digest, Mismatch};
use crate::manifest::InvalidDocument;
use crate::platform::Platform;

/// A layout that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The folder holds something else than a layout.
    #[error("folder `{}` is not empty and no OCI image layout", .directory.display())]
    NotEmpty {
        /// The folder.
        directory: PathBuf,
    },
    /// There is no layout.
    #[error("`{}` is no OCI image layout: expected a file `oci-layout` in it", .directory.display())]
    NotALayout {
        /// The folder.
        directory: PathBuf,
    },
    /// The layout is of another version.
    #[error("OCI image layout `{}` has version `{found}`: expected `1.0.0`", .directory.display())]
    Version {
        /// The folder.
        directory: PathBuf,
        /// The version that was found.
        found: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What could not be done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A blob is not there.
    #[error("OCI image layout `{}` has no blob {digest}", .directory.display())]
    MissingBlob {
        /// The folder.
        directory: PathBuf,
        /// The blob.
        digest: Digest,
    },
    /// A blob is not in an archive.
    #[error("the archive has no blob {digest}")]
    NotInArchive {
        /// The blob.
        digest: Digest,
    },
    /// A blob is elsewhere and cannot be had.
    #[error(transparent)]
    Elsewhere(Box<dyn std::error::Error + Send + Sync>),
    /// A blob has not the bytes that its name promises.
    #[error("blob `{}` is damaged", .path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// How it differs.
        source: Mismatch,
    },
    /// Bytes that were to become a blob are not the promised ones.
    #[error("cannot store blob {digest}")]
    Unexpected {
        /// The digest that was promised.
        digest: Digest,
        /// How the bytes differ.
        source: Mismatch,
    },
    /// A document cannot be read.
    #[error("cannot use `{}`", .path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        source: InvalidDocument,
    },
    /// A document is of a kind that the place does not allow.
    #[error("{digest} has the media type `{found}`: expected an image or an index of images")]
    NotAnImage {
        /// The document.
        digest: Digest,
        /// Its media type.
        found: String,
    },
    /// A manifest describes something else than an image.
    #[error("{digest} is an artifact of the type `{kind}`: expected an image")]
    Artifact {
        /// The manifest.
        digest: Digest,
        /// The type of the artifact.
        kind: String,
    },
    /// An index lists nothing that is an image.
    #[error("index {digest} holds no image{}", only(.others))]
    NoImages {
        /// The index.
        digest: Digest,
        /// What it lists.
        others: Vec<String>,
    },
    /// Indexes hold indexes beyond what any image needs.
    #[error("index {digest} is nested too deeply")]
    TooDeep {
        /// The index.
        digest: Digest,
    },
    /// No entry has this name.
    #[error("OCI image layout `{}` has no {}{}", .directory.display(), wanted(.name.as_deref()), known(.names))]
    NoEntry {
        /// The folder.
        directory: PathBuf,
        /// The name that was asked for.
        name: Option<String>,
        /// The names that there are.
        names: Vec<String>,
    },
    /// Several entries answer.
    #[error("OCI image layout `{}` has {entries} entries{}{}", .directory.display(), called(.name.as_deref()), known(.names))]
    Ambiguous {
        /// The folder.
        directory: PathBuf,
        /// The name that was asked for.
        name: Option<String>,
        /// How many entries answer.
        entries: usize,
        /// The names that there are.
        names: Vec<String>,
    },
    /// An entry without a name cannot stand beside others.
    #[error("cannot put an entry without a name into OCI image layout `{}`{}", .directory.display(), known(.names))]
    NamelessBesideOthers {
        /// The folder.
        directory: PathBuf,
        /// The names that are there.
        names: Vec<String>,
    },
    /// An entry cannot stand beside one without a name.
    #[error("cannot put entry `{name}` into OCI image layout `{}`: it has an entry without a name, which must stand alone", .directory.display())]
    BesideNameless {
        /// The folder.
        directory: PathBuf,
        /// The name that was to be added.
        name: String,
    },
    /// A name that the specification does not allow.
    #[error(
        "invalid entry name `{name}`: expected letters and digits, separated inside by `-`, `.`, `_`, `:`, `@`, \
         `+`, `--` or `/`"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The image is not made for the platform.
    #[error("image {digest} is not made for {wanted}, only for {}", list(.platforms))]
    NoPlatform {
        /// The image.
        digest: Digest,
        /// The platform that was asked for.
        wanted: Box<Platform>,
        /// The platforms that there are.
        platforms: Vec<Platform>,
    },
    /// The image is made for several platforms, and none was asked for.
    #[error("image {digest} is made for several platforms: {}", list(.platforms))]
    ManyPlatforms {
        /// The image.
        digest: Digest,
        /// The platforms that there are.
        platforms: Vec<Platform>,
    },
}

impl LayoutError {
    /// Says whether a blob is not there.
    pub fn is_missing_blob(&self) -> bool {
        matches!(self, Self::MissingBlob { .. } | Self::NotInArchive { .. })
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Tells a damaged blob from a failing disk.
    pub(crate) fn reading(path: &Path, error: io::Error) -> Self {
        match mismatch(error) {
            Ok(source) => Self::Mismatch { path: path.to_owned(), source },
            Err(error) => Self::io("read", path, error),
        }
    }
}

/// Takes the [`Mismatch`] out of the error of a verifying reader.
pub(super) fn mismatch(error: io::Error) -> Result<Mismatch, io::Error> {
    if !error.get_ref().is_some_and(|inner| inner.is::<Mismatch>()) {
        return Err(error);
    }
    let inner = error.into_inner().and_then(|inner| inner.downcast::<Mismatch>().ok());
    Ok(*inner.expect("the type was just checked"))
}

fn wanted(name: Option<&str>) -> String {
    name.map_or_else(|| "image".to_owned(), |name| format!("entry `{name}`"))
}

fn called(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" called `{name}`"))
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(" (it has {})", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
}

fn only(others: &[String]) -> String {
    let mut kinds: Vec<_> = others.iter().map(|kind| format!("`{kind}`")).collect();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() { String::new() } else { format!(", only {}", kinds.join(", ")) }
}

fn list(platforms: &[Platform]) -> String {
    platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ")
}
