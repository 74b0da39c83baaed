//! The content store: an OCI image layout on disk.
//!
//! [`Layout`] reads, [`Writer`] holds the layout's lock and writes. Blobs and `index.json` appear
//! under their names only when they are complete, so a process that is killed leaves a valid layout
//! and at most a file that the next writer removes.

mod entries;
mod error;
mod image;
pub(crate) mod reach;
mod writer;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use entries::Garbage;
pub use error::LayoutError;
pub use image::{Image, Other, Survey, survey};
pub use reach::Reach;
pub use writer::{Durability, Part, Writer};

use crate::blobs::{self, Blob, Blobs};
use crate::digest::{Digest, Mismatch, VerifyingReader};
use crate::manifest::{CONTAINERD_NAME, Descriptor, Document, Index, Kind, MAX_DOCUMENT};

const MARKER: &str = "oci-layout";
const INDEX: &str = "index.json";
const MARKER_TEXT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// Names of files that are being written start and end with these.
const PARTIAL: (&str, &str) = (".attar-", ".partial");

/// An OCI image layout.
#[derive(Clone, Debug)]
pub struct Layout {
    directory: PathBuf,
}

impl Layout {
    /// Opens the layout in `directory`.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, LayoutError> {
        #[derive(Deserialize)]
        struct Marker {
            #[serde(rename = "imageLayoutVersion")]
            version: String,
        }
        let directory = directory.into();
        let path = directory.join(MARKER);
        let not_a_layout = || LayoutError::NotALayout { directory: directory.clone() };
        let bytes = match read_bounded(&path, MAX_DOCUMENT) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Err(not_a_layout()),
            Err(source) => return Err(LayoutError::io("read", &path, source)),
        };
        let Marker { version } = serde_json::from_slice(&bytes).map_err(|_| not_a_layout())?;
        if version.split('.').next() != Some("1") {
            return Err(LayoutError::Version { directory, found: version });
        }
        Ok(Self { directory })
    }

    /// Opens the layout in `directory`, or makes an empty one where there is nothing.
    ///
    /// A folder that holds anything else is refused. Waits while another process writes to it, so it
    /// must not be called by whoever holds a [`Writer`] of the same folder.
    pub fn create(directory: impl Into<PathBuf>) -> Result<Self, LayoutError> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(|source| LayoutError::io("create", &directory, source))?;
        // Of two that create it at once, the second waits and finds it there: without the lock it could
        // take what the first has half made for something else.
        let _lock = File::open(&directory)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|source| LayoutError::io("lock", &directory, source))?;
        let layout = match Self::open(&directory) {
            Ok(layout) => layout,
            Err(LayoutError::NotALayout { .. }) if is_vacant(&directory)? => {
                let layout = Self { directory };
                layout.place(MARKER, MARKER_TEXT.as_bytes())?;
                layout
            }
            Err(LayoutError::NotALayout { directory }) => return Err(LayoutError::NotEmpty { directory }),
            Err(error) => return Err(error),
        };
        // Also completes a layout whose creation was cut short.
        let blobs = layout.blobs();
        fs::create_dir_all(&blobs).map_err(|source| LayoutError::io("create", &blobs, source))?;
        layout.place(INDEX, Document::new(Index::of(Vec::new())).bytes())?;
        Ok(layout)
    }

    /// Says whether `directory` holds a layout of any version.
    pub fn is_layout(directory: &Path) -> bool {
        directory.join(MARKER).is_file()
    }

    /// Returns the layout's folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Waits for the layout's lock and returns what writes to it.
    ///
    /// There is one writer at a time, among all threads and processes: a second call on the same
    /// thread never returns while the first writer lives.
    pub fn write(&self, durability: Durability) -> Result<Writer, LayoutError> {
        Writer::new(self.clone(), durability)
    }

    /// Returns where the blob is or would be.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    /// Says whether the blob is there with the size that the descriptor says; its bytes are not read.
    pub fn has(&self, descriptor: &Descriptor) -> bool {
        fs::metadata(self.blob_path(&descriptor.digest))
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == descriptor.size)
    }

    /// Opens a blob without reading it, after checking its size.
    pub fn open_unverified(&self, descriptor: &Descriptor) -> Result<File, LayoutError> {
        let path = self.blob_path(&descriptor.digest);
        let (file, metadata) = File::open(&path)
            .and_then(|file| file.metadata().map(|metadata| (file, metadata)))
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => self.missing(&descriptor.digest),
                _ => LayoutError::io("open", &path, source),
            })?;
        if metadata.len() != descriptor.size {
            let source = Mismatch::Size { expected: descriptor.size, found: metadata.len() };
            return Err(LayoutError::Mismatch { path, source });
        }
        Ok(file)
    }

    /// Opens a blob; reading it to its end fails when its bytes have another digest.
    pub fn open_blob(&self, descriptor: &Descriptor) -> Result<VerifyingReader<File>, LayoutError> {
        let file = self.open_unverified(descriptor)?;
        Ok(VerifyingReader::new(file, descriptor.digest, descriptor.size))
    }

    /// Reads a document and verifies it.
    pub fn document<T: Kind>(&self, descriptor: &Descriptor) -> Result<Document<T>, LayoutError> {
        blobs::document(self, descriptor)
    }

    /// Reads `index.json`: the entries of the layout.
    pub fn index(&self) -> Result<Document<Index>, LayoutError> {
        let path = self.directory.join(INDEX);
        let bytes =
            read_bounded(&path, MAX_DOCUMENT + 1).map_err(|source| LayoutError::io("read", &path, source))?;
        Document::parse(bytes).map_err(|source| LayoutError::Document { path, source })
    }

    /// Returns the entry of this name, or the only image of the layout when no name is given.
    ///
    /// A name is that of the entry, the full reference that containerd noted, or a digest.
    pub fn resolve(&self, name: Option<&str>) -> Result<Descriptor, LayoutError> {
        let entries = self.index()?.into_value().manifests;
        let names = || {
            let mut names: Vec<_> =
                entries.iter().filter_map(Descriptor::ref_name).map(str::to_owned).collect();
            names.sort();
            names.dedup();
            names
        };
        let found: Vec<&Descriptor> = match name {
            Some(name) => find_named(&entries, name),
            None => entries.iter().filter(|entry| !self.is_referrer(entry)).collect(),
        };
        let directory = || self.directory.clone();
        match found.as_slice() {
            [] => Err(LayoutError::NoEntry {
                directory: directory(),
                name: name.map(str::to_owned),
                names: names(),
            }),
            [first, rest @ ..] if rest.iter().all(|entry| entry.digest == first.digest) => {
                Ok((*first).clone())
            }
            several => Err(LayoutError::Ambiguous {
                directory: directory(),
                name: name.map(str::to_owned),
                entries: several.len(),
                names: names(),
            }),
        }
    }

    fn blobs(&self) -> PathBuf {
        self.directory.join("blobs").join("sha256")
    }

    fn missing(&self, digest: &Digest) -> LayoutError {
        LayoutError::MissingBlob { directory: self.directory.clone(), digest: *digest }
    }

    /// Writes a file of the layout unless it exists.
    fn place(&self, name: &str, bytes: &[u8]) -> Result<(), LayoutError> {
        let path = self.directory.join(name);
        if path.exists() {
            return Ok(());
        }
        let written = self.partial().and_then(|mut file| {
            io::Write::write_all(&mut file, bytes)?;
            match file.persist_noclobber(&path) {
                Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
                _ => Ok(()),
            }
        });
        written.map_err(|source| LayoutError::io("write", &path, source))
    }

    /// Makes a file that does not have its name yet. Its mode follows the umask, as that of any file
    /// that a user makes: other users and daemons read layouts too.
    fn partial(&self) -> io::Result<tempfile::NamedTempFile> {
        use std::os::unix::fs::PermissionsExt;
        tempfile::Builder::new()
            .prefix(PARTIAL.0)
            .suffix(PARTIAL.1)
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(&self.directory)
    }
}

impl Blobs for Layout {
    fn has(&self, descriptor: &Descriptor) -> bool {
        self.has(descriptor)
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        self.blob_path(digest)
    }

    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let path = self.blob_path(&descriptor.digest);
        Blob::whole(self.open_unverified(descriptor)?)
            .map_err(|source| LayoutError::io("open", &path, source))
    }
}

/// Returns the entries that `name` means, by the strongest of its meanings.
fn find_named<'a>(entries: &'a [Descriptor], name: &str) -> Vec<&'a Descriptor> {
    let digest = name.parse::<Digest>().ok();
    let meanings: [&dyn Fn(&&Descriptor) -> bool; 3] = [
        &|entry| entry.ref_name() == Some(name),
        &|entry| entry.annotations.get(CONTAINERD_NAME).is_some_and(|full| full == name),
        &|entry| digest == Some(entry.digest),
    ];
    meanings
        .iter()
        .map(|meaning| entries.iter().filter(meaning).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_partial(name: &str) -> bool {
    name.starts_with(PARTIAL.0) && name.ends_with(PARTIAL.1)
}

/// Says whether a folder holds nothing but files that some writer never finished.
fn is_vacant(directory: &Path) -> Result<bool, LayoutError> {
    let failed = |source| LayoutError::io("list", directory, source);
    for entry in fs::read_dir(directory).map_err(failed)? {
        if !entry.map_err(failed)?.file_name().to_str().is_some_and(is_partial) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
