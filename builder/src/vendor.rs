//! Packages that are kept beside a lock, so that it builds when every mirror has dropped them.
//!
//! They are the blobs of one OCI artifact: a manifest whose layers are the `.deb` files by their
//! SHA-256. The lock says where it is; a build asks there last, after mirrors and the snapshot archive,
//! and offline too when it is a folder. What comes is verified against the lock like everything else.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use attar_image::layout::{Durability, Layout, LayoutError};
use attar_image::manifest::{Descriptor, Document, Manifest, media_type};
use attar_image::reference::Reference;
use attar_image::{Content, Digest};

use crate::lock::{Lock, LockedPackage};

/// The type of the artifact.
pub const ARTIFACT_TYPE: &str = "application/vnd.attar.packages.v1";

/// The type of a Debian package, as IANA registered it.
pub const DEBIAN_PACKAGE: &str = "application/vnd.debian.binary-package";

/// Name of a blob for people, as ORAS and others show it.
const TITLE: &str = "org.opencontainers.image.title";

/// The entry of a layout that holds packages, unless another name is given.
pub const DEFAULT_NAME: &str = "packages";

/// Where the packages of a lock are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An OCI image layout, `oci:DIR[:NAME]`.
    Layout {
        /// The folder; in a lock it is relative to the lock's.
        folder: PathBuf,
        /// The entry.
        name: String,
    },
    /// A repository of a registry, `registry:REF`.
    Registry(Reference),
}

/// A text that names no place for packages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place for packages: expected `oci:DIR[:NAME]` or `registry:REF`")]
pub struct InvalidPlace(String);

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidPlace(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(invalid)?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        match kind {
            "oci" => {
                let (folder, name) = rest.split_once(':').unwrap_or((rest, DEFAULT_NAME));
                if folder.is_empty() || name.is_empty() {
                    return Err(invalid());
                }
                Ok(Self::Layout { folder: folder.into(), name: name.to_owned() })
            }
            "registry" => rest.parse().map(Self::Registry).map_err(|_| invalid()),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { folder, name } if name == DEFAULT_NAME => write!(f, "oci:{}", folder.display()),
            Self::Layout { folder, name } => write!(f, "oci:{}:{name}", folder.display()),
            Self::Registry(reference) => write!(f, "registry:{reference}"),
        }
    }
}

impl Place {
    /// Returns the place as the lock in `folder` writes it: a layout relative to that folder.
    pub fn seen_from(&self, folder: &Path) -> std::io::Result<Self> {
        let Self::Layout { folder: layout, name } = self else { return Ok(self.clone()) };
        let folder = relative(&std::path::absolute(layout)?, &std::path::absolute(folder)?);
        Ok(Self::Layout { folder, name: name.clone() })
    }

    /// Returns the folder of the packages by their SHA-256, for a place in a lock of `folder`.
    pub(crate) fn blobs(&self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::Layout { folder: layout, .. } => Some(folder.join(layout).join("blobs/sha256")),
            Self::Registry(_) => None,
        }
    }
}

/// Returns the way from one absolute folder to a path.
fn relative(path: &Path, from: &Path) -> PathBuf {
    let (path, from) = (normal(path), normal(from));
    let shared = path.iter().zip(&from).take_while(|(left, right)| left == right).count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(path[shared..].iter().copied()).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

fn normal(path: &Path) -> Vec<Component<'_>> {
    let mut components = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(components.last(), Some(Component::Normal(_))) => {
                components.pop();
            }
            other => components.push(other),
        }
    }
    components
}

/// The packages of a lock, ready to be kept.
#[derive(Debug)]
pub struct Packages {
    /// The artifact's manifest.
    pub manifest: Document<Manifest>,
    /// Its blobs: the empty configuration, then each package once, in order of their digests.
    pub blobs: Vec<(Descriptor, Blob)>,
}

/// Where the bytes of a blob are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    /// Here.
    Bytes(&'static [u8]),
    /// In a file.
    File(PathBuf),
}

/// Packages cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
    /// The layout cannot be written.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A package cannot be read.
    #[error("cannot read the package `{}`", path.display())]
    Read {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Packages {
    /// Puts the packages of a lock together, given their verified files.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a LockedPackage, &'a Path)>) -> Self {
        let by_digest: BTreeMap<Digest, (&LockedPackage, &Path)> =
            files.into_iter().map(|(package, path)| (package.digest, (package, path))).collect();
        let config = Descriptor::of(media_type::EMPTY, b"{}");
        let mut blobs = vec![(config, Blob::Bytes(b"{}"))];
        for (digest, (package, path)) in by_digest {
            let title = format!("{}_{}_{}.deb", package.name, package.version, package.architecture)
                .replace(':', "%3a");
            let descriptor =
                Descriptor::new(DEBIAN_PACKAGE, digest, package.size).with_annotation(TITLE, &title);
            blobs.push((descriptor, Blob::File(path.to_owned())));
        }
        Self { manifest: manifest(&blobs), blobs }
    }

    /// Adds the packages of another lock that shares the place.
    pub fn extend(&mut self, others: Self) {
        let mut packages: BTreeMap<Digest, (Descriptor, Blob)> = BTreeMap::new();
        for (descriptor, blob) in self.blobs.drain(1..).chain(others.blobs.into_iter().skip(1)) {
            packages.insert(descriptor.digest, (descriptor, blob));
        }
        self.blobs.extend(packages.into_values());
        self.manifest = manifest(&self.blobs);
    }

    /// Returns the number of packages and their size in bytes.
    pub fn size(&self) -> (usize, u64) {
        let layers = &self.manifest.value().layers;
        (layers.len(), layers.iter().map(|layer| layer.size).sum())
    }

    /// Writes them to an entry of a layout, in the place of what the entry held before.
    pub fn write(&self, folder: &Path, name: &str) -> Result<Descriptor, VendorError> {
        let writer = Layout::create(folder)?.write(Durability::Process)?;
        for (descriptor, blob) in &self.blobs {
            if writer.has(descriptor) {
                continue;
            }
            let expected = Some(Content { digest: descriptor.digest, size: descriptor.size });
            match blob {
                Blob::Bytes(bytes) => writer.put(&descriptor.media_type, *bytes, expected)?,
                Blob::File(path) => {
                    let file = File::open(path)
                        .map_err(|source| VendorError::Read { path: path.clone(), source })?;
                    writer.put(&descriptor.media_type, file, expected)?
                }
            };
        }
        let mut entry = writer.put_document(media_type::MANIFEST, &self.manifest)?;
        entry.artifact_type = Some(ARTIFACT_TYPE.to_owned());
        writer.replace_entry(Some(name), &entry, &[])?;
        Ok(entry)
    }
}

/// Describes the blobs, of which the first is the configuration.
fn manifest(blobs: &[(Descriptor, Blob)]) -> Document<Manifest> {
    let mut descriptors = blobs.iter().map(|(descriptor, _)| descriptor.clone());
    let config = descriptors.next().unwrap_or_else(|| Descriptor::of(media_type::EMPTY, b"{}"));
    let manifest = Manifest::image(config, descriptors.collect());
    Document::new(Manifest { artifact_type: Some(ARTIFACT_TYPE.to_owned()), ..manifest })
}

impl Lock {
    /// Returns where the lock's packages are kept; a text that this attar does not understand is nowhere.
    pub fn vendor_place(&self) -> Option<Place> {
        self.vendor.as_deref()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written() {
        for (text, shown) in [
            ("oci:vendor", "oci:vendor"),
            ("oci://vendor", "oci:vendor"),
            ("oci:../kept:services", "oci:../kept:services"),
            ("registry:reg.example:5000/team/packages:1", "registry:reg.example:5000/team/packages:1"),
        ] {
            assert_eq!(text.parse::<Place>().expect(text).to_string(), shown);
        }
        for text in ["vendor", "oci:", "oci:vendor:", "docker:x", "registry:"] {
            let error = text.parse::<Place>().expect_err(text);
            assert!(error.to_string().contains("expected `oci:DIR[:NAME]` or `registry:REF`"));
        }
    }

    #[test]
    fn a_lock_names_the_folder_from_where_it_stands() {
        let way = |path: &str, from: &str| relative(Path::new(path), Path::new(from)).display().to_string();
        assert_eq!(way("/srv/app/vendor", "/srv/app"), "vendor");
        assert_eq!(way("/srv/vendor", "/srv/services/api"), "../../vendor");
        assert_eq!(way("/srv/./app/../vendor", "/srv/app"), "../vendor");
        assert_eq!(way("/srv", "/srv"), ".");
    }

    #[test]
    fn every_package_is_kept_once_under_a_name_for_people() {
        let scratch = attar_testing::Scratch::new();
        let locked = |name: &str, version: &str| LockedPackage {
            name: name.into(),
            version: version.into(),
            architecture: "amd64".into(),
            source: name.into(),
            archive: 0,
            path: format!("pool/{name}.deb"),
            size: name.len() as u64,
            digest: Digest::of(name),
            foundation: false,
            variants: None,
        };
        let (one, two) = (locked("one", "1:2"), locked("two", "3"));
        let (first, second) = (scratch.write("1", "one"), scratch.write("2", "two"));
        let packages = Packages::new([(&one, first.as_path()), (&two, &second), (&one, &first)]);
        assert_eq!(packages.size(), (2, 6));
        let folder = scratch.join("vendor");
        packages.write(&folder, DEFAULT_NAME).expect("a new layout");
        let place = Place::Layout { folder: "vendor".into(), name: DEFAULT_NAME.into() };
        let blobs = place.blobs(scratch.path()).expect("a folder");
        assert_eq!(std::fs::read(blobs.join(two.digest.hex())).expect("kept"), b"two");
        let titles: Vec<_> = packages
            .manifest
            .value()
            .layers
            .iter()
            .filter_map(|layer| layer.annotations.get(TITLE))
            .collect();
        assert!(titles.iter().any(|title| *title == "one_1%3a2_amd64.deb"), "{titles:?}");
    }
}
