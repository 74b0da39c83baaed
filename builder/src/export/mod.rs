//! Writes built images where the user wants them: a layout, an archive, or a plain root file system.
//!
//! Everything appears at once or not at all: a killed export leaves the old state.

mod rootfs;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use attar_image::archive::{ArchiveError, write_docker_archive, write_oci_archive};
use attar_image::filesystem::Content;
use attar_image::layout::{Durability, Layout, LayoutError, Part, Writer};
use attar_image::manifest::{CONTAINERD_NAME, Descriptor, REF_NAME, media_type};
use attar_image::platform::Platform;
use attar_image::reference::Reference;

use crate::build::Built;
use crate::cache::Cache;
pub use rootfs::RootfsError;

/// Where an image is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// An OCI image layout, and the name of the entry in it.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The entry's name.
        name: Option<String>,
    },
    /// A tar archive of a layout.
    OciArchive(PathBuf),
    /// An archive that `docker load` reads.
    DockerArchive(PathBuf),
    /// A tar archive of the root file system of one platform.
    Rootfs(PathBuf),
}

/// A destination that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot understand the destination `{0}`: expected `oci:DIR[:NAME]`, `oci-archive:FILE`, `docker-archive:FILE` or `rootfs:FILE.tar`"
)]
pub struct InvalidDestination(String);

impl FromStr for Destination {
    type Err = InvalidDestination;

    fn from_str(text: &str) -> Result<Self, InvalidDestination> {
        let invalid = || InvalidDestination(text.to_owned());
        let (kind, value) = text.split_once(':').ok_or_else(invalid)?;
        if value.is_empty() {
            return Err(invalid());
        }
        let file = || PathBuf::from(value);
        Ok(match kind {
            "oci" => match value.rsplit_once(':') {
                Some((folder, name)) if !name.is_empty() && !name.contains('/') && !folder.is_empty() => {
                    Self::Layout { folder: PathBuf::from(folder), name: Some(name.to_owned()) }
                }
                _ => Self::Layout { folder: file(), name: None },
            },
            "oci-archive" => Self::OciArchive(file()),
            "docker-archive" => Self::DockerArchive(file()),
            "rootfs" => Self::Rootfs(file()),
            _ => return Err(invalid()),
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { folder, name: Some(name) } => write!(f, "oci:{}:{name}", folder.display()),
            Self::Layout { folder, name: None } => write!(f, "oci:{}", folder.display()),
            Self::OciArchive(file) => write!(f, "oci-archive:{}", file.display()),
            Self::DockerArchive(file) => write!(f, "docker-archive:{}", file.display()),
            Self::Rootfs(file) => write!(f, "rootfs:{}", file.display()),
        }
    }
}

/// An image that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The layout cannot be written.
    #[error("cannot write `{destination}`")]
    Layout {
        /// The destination.
        destination: Destination,
        /// What went wrong.
        #[source]
        source: Box<LayoutError>,
    },
    /// The archive cannot be written.
    #[error("cannot write `{destination}`")]
    Archive {
        /// The destination.
        destination: Destination,
        /// What went wrong.
        #[source]
        source: Box<ArchiveError>,
    },
    /// The root file system cannot be written.
    #[error("cannot write `{destination}`")]
    Rootfs {
        /// The destination.
        destination: Destination,
        /// What went wrong.
        #[source]
        source: Box<RootfsError>,
    },
    /// The file cannot be written.
    #[error("cannot write `{destination}`")]
    File {
        /// The destination.
        destination: Destination,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A destination for one image, and several images.
    #[error("`{destination}` takes one image, but there are {count}: {cure}")]
    Several {
        /// The destination.
        destination: Destination,
        /// How many images there are.
        count: usize,
        /// What helps.
        cure: &'static str,
    },
    /// Two images for one place.
    #[error("two images would be written to `{0}`")]
    SamePlace(Destination),
}

/// Says under which name each image goes into a destination: variant `v` of `NAME` is `NAME-v`.
///
/// A wrong combination is an error before anything is built.
pub fn places(
    destinations: &[Destination],
    variants: &[String],
    name: Option<&str>,
    platforms: usize,
) -> Result<(), ExportError> {
    let mut seen: Vec<Destination> = Vec::new();
    for destination in destinations {
        let count = variants.len();
        match destination {
            Destination::Rootfs(_) if count * platforms > 1 => {
                let cure = "narrow it with `--platform`";
                return Err(ExportError::Several {
                    destination: destination.clone(),
                    count: count * platforms,
                    cure,
                });
            }
            Destination::Layout { name: None, .. } if count > 1 && name.is_none() => {
                let cure = "variants need a name, as in `oci:DIR:NAME`";
                return Err(ExportError::Several { destination: destination.clone(), count, cure });
            }
            _ => {}
        }
        if seen.contains(destination) {
            return Err(ExportError::SamePlace(destination.clone()));
        }
        seen.push(destination.clone());
    }
    Ok(())
}

/// Returns the name of a variant's entry.
pub fn entry_name(base: &str, variant: &str) -> String {
    if variant.is_empty() { base.to_owned() } else { format!("{base}-{variant}") }
}

/// Writes images to a destination. Archives hold them under `tags`: variant `v` of `R:T` is `R:T-v`.
pub fn export(
    cache: &Cache,
    built: &[Built],
    destination: &Destination,
    tags: &[Reference],
) -> Result<(), ExportError> {
    match destination {
        Destination::Layout { folder, name } => {
            to_layout(built, folder, |built| layout_name(name.as_deref(), built, built_is_alone(built)))
                .map_err(|source| ExportError::Layout {
                    destination: destination.clone(),
                    source: Box::new(source),
                })
                .map(drop)
        }
        Destination::OciArchive(file) => {
            let (layout, entries, _folder) = temporary_layout(cache, built, destination)?;
            let entries = tagged(&entries, built, tags);
            write_file(destination, file, |out| {
                write_oci_archive(&layout, &entries, out).map_err(|source| ExportError::Archive {
                    destination: destination.clone(),
                    source: Box::new(source),
                })
            })
        }
        Destination::DockerArchive(file) => to_docker_archive(cache, built, destination, file, tags),
        Destination::Rootfs(file) => {
            let images: Vec<_> = built.iter().flat_map(|built| &built.images).collect();
            let [image] = images[..] else {
                let cure = "narrow it with `--platform`";
                let count = images.len();
                return Err(ExportError::Several { destination: destination.clone(), count, cure });
            };
            write_file(destination, file, |out| {
                rootfs::write(image, out).map_err(|source| ExportError::Rootfs {
                    destination: destination.clone(),
                    source: Box::new(source),
                })
            })
        }
    }
}

fn built_is_alone(built: &Built) -> bool {
    built.variant.is_empty()
}

/// Without a name the entry is nameless, unless the image is a variant.
fn layout_name(name: Option<&str>, built: &Built, alone: bool) -> Option<String> {
    match (name, &built.name) {
        (Some(name), _) => Some(entry_name(name, &built.variant)),
        (None, _) if alone => None,
        (None, Some(name)) => Some(entry_name(name.rsplit('/').next().unwrap_or(name), &built.variant)),
        (None, None) => Some(built.variant.clone()),
    }
}

/// Writes blobs and documents, then moves the entries, under the layout's lock.
fn to_layout(
    built: &[Built],
    folder: &Path,
    name: impl Fn(&Built) -> Option<String>,
) -> Result<(Layout, Vec<Descriptor>), LayoutError> {
    let layout = Layout::create(folder)?;
    let writer = layout.write(Durability::Process)?;
    let mut entries = Vec::new();
    for built in built {
        for image in &built.images {
            for (descriptor, layer) in image.manifest.value().layers.iter().zip(&image.layers) {
                let parts: Vec<Part<'_>> = layer.segments.iter().map(|path| Part::File(path)).collect();
                let known = Content { digest: layer.digest, size: layer.size };
                writer.put_concatenation(&descriptor.media_type, &parts, Some(known))?;
            }
            writer.put_document(media_type::CONFIG, &image.config)?;
            writer.put_document(media_type::MANIFEST, &image.manifest)?;
        }
        let entry = entry(&writer, built)?;
        let name = name(built);
        // An entry without a name stands alone: readers refuse to choose among several.
        let evidence = name.as_ref().map(|_| built.evidence.write(&writer, &entry)).transpose()?;
        writer.replace_entry(name.as_deref(), &entry, evidence.as_slice())?;
        entries.push(entry);
    }
    drop(writer);
    Ok((layout, entries))
}

fn entry(writer: &Writer, built: &Built) -> Result<Descriptor, LayoutError> {
    writer.put_document(media_type::INDEX, &built.index)
}

fn temporary_layout(
    cache: &Cache,
    built: &[Built],
    destination: &Destination,
) -> Result<(Layout, Vec<Descriptor>, tempfile::TempDir), ExportError> {
    let folder = tempfile::Builder::new()
        .prefix("attar-layout-")
        .tempdir_in(cache.root().join("tmp"))
        .map_err(|source| ExportError::File { destination: destination.clone(), source })?;
    let name = |built: &Built| {
        let base = built.name.as_deref().unwrap_or("latest");
        Some(entry_name(base.rsplit('/').next().unwrap_or(base), &built.variant))
    };
    let (layout, _) = to_layout(built, folder.path(), name).map_err(|source| ExportError::Layout {
        destination: destination.clone(),
        source: Box::new(source),
    })?;
    let mut entries = layout
        .index()
        .map_err(|source| ExportError::Layout { destination: destination.clone(), source: Box::new(source) })?
        .into_value()
        .manifests;
    // An archive is read without a name, as a layout without names is: the images stand alone in it.
    entries.retain(|entry| !layout.is_referrer(entry));
    Ok((layout, entries, folder))
}

/// Returns a reference with the tag of a variant: variant `v` of `R:T` is `R:T-v`, of `R` it is `R:v`.
///
/// `None` where the tag would be too long; the image keeps its digest.
pub fn variant_reference(reference: &Reference, variant: &str) -> Option<Reference> {
    let tag = match (&reference.tag, variant) {
        (_, "") => reference.tag_or_latest(),
        (None, variant) => variant.parse().ok()?,
        (Some(tag), variant) => entry_name(tag.as_str(), variant).parse().ok()?,
    };
    Some(reference.at_tag(tag))
}

/// Names entries by their tags, each tag an entry, as engines write and read them.
fn tagged(entries: &[Descriptor], built: &[Built], tags: &[Reference]) -> Vec<Descriptor> {
    if tags.is_empty() {
        return entries.to_vec();
    }
    let mut named = Vec::new();
    for (entry, built) in entries.iter().zip(built) {
        for reference in tags.iter().filter_map(|reference| variant_reference(reference, &built.variant)) {
            let mut entry = entry.clone();
            let tag = reference.tag_or_latest();
            entry.annotations.insert(REF_NAME.to_owned(), tag.as_str().to_owned());
            entry.annotations.insert(CONTAINERD_NAME.to_owned(), reference.to_string());
            named.push(entry);
        }
    }
    named
}

fn to_docker_archive(
    cache: &Cache,
    built: &[Built],
    destination: &Destination,
    file: &Path,
    tags: &[Reference],
) -> Result<(), ExportError> {
    let [one] = built else {
        let cure = "write each variant to an archive of its own";
        let count = built.len();
        return Err(ExportError::Several { destination: destination.clone(), count, cure });
    };
    write_file(destination, file, |out| docker_archive(cache, one, destination, tags, out))
}

/// Writes an image as an archive that `docker load` reads, under `tags` or the spec's name.
fn docker_archive(
    cache: &Cache,
    built: &Built,
    destination: &Destination,
    tags: &[Reference],
    out: impl Write,
) -> Result<(), ExportError> {
    let (layout, entries, _folder) = temporary_layout(cache, std::slice::from_ref(built), destination)?;
    let failed = |source| ExportError::Layout { destination: destination.clone(), source: Box::new(source) };
    let mut images = Vec::new();
    for entry in &entries {
        images.extend(layout.images(entry).map_err(failed)?);
    }
    let references: Vec<Reference> = match tags {
        [] => built.name.iter().filter_map(|name| name.parse().ok()).collect(),
        tags => tags.to_vec(),
    };
    let references: Vec<Reference> =
        references.iter().filter_map(|reference| variant_reference(reference, &built.variant)).collect();
    write_docker_archive(&layout, &images, &references, out)
        .map_err(|source| ExportError::Archive { destination: destination.clone(), source: Box::new(source) })
}

/// Writes the image of one platform as an archive for an engine, under `tags` or the spec's name.
///
/// `engine` is what messages call the engine.
pub fn for_engine(
    cache: &Cache,
    built: &Built,
    platform: &Platform,
    engine: &str,
    tags: &[Reference],
    out: impl Write,
) -> Result<(), ExportError> {
    let images: Vec<_> =
        built.images.iter().filter(|image| image.platform.is_same(platform)).cloned().collect();
    let index = crate::assemble::index(built.index.annotations.clone(), &images);
    let one = Built { images, index, ..built.clone() };
    docker_archive(cache, &one, &Destination::DockerArchive(engine.into()), tags, out)
}

/// Writes a file beside its place and moves it there when it is complete. `-` is standard output.
fn write_file(
    destination: &Destination,
    file: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let failed = |source| ExportError::File { destination: destination.clone(), source };
    if file == Path::new("-") {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out)?;
        return out.flush().map_err(failed);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let temporary = tempfile::Builder::new().prefix(".attar-").tempfile_in(folder).map_err(failed)?;
    let mut out = BufWriter::with_capacity(256 << 10, temporary);
    write(&mut out)?;
    let temporary = out.into_inner().map_err(|error| failed(error.into_error()))?;
    crate::files::readable_by_all(temporary.as_file()).map_err(failed)?;
    temporary.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read() {
        let layout = |folder: &str, name: Option<&str>| Destination::Layout {
            folder: folder.into(),
            name: name.map(str::to_owned),
        };
        for (text, expected) in [
            ("oci:python3", Some(layout("python3", None))),
            ("oci:out/dir:1.4", Some(layout("out/dir", Some("1.4")))),
            ("oci:./a:b/c", Some(layout("./a:b/c", None))),
            ("oci-archive:a.tar", Some(Destination::OciArchive("a.tar".into()))),
            ("docker-archive:-", Some(Destination::DockerArchive("-".into()))),
            ("rootfs:a:b.tar", Some(Destination::Rootfs("a:b.tar".into()))),
            ("oci:", None),
            ("python3", None),
            ("ocl:python3", None),
        ] {
            assert_eq!(text.parse::<Destination>().ok(), expected, "{text}");
        }
    }

    #[test]
    fn wrong_combinations_are_refused_before_building() {
        let check = |text: &str, variants: &[&str], name: Option<&str>| {
            let variants: Vec<String> = variants.iter().map(|name| (*name).to_owned()).collect();
            places(&[text.parse().expect("a destination")], &variants, name, 2)
                .map_err(|error| error.to_string())
        };
        assert_eq!(check("oci:x", &["", "root"], Some("app")), Ok(()));
        assert_eq!(
            check("oci:x", &["", "root"], None),
            Err("`oci:x` takes one image, but there are 2: variants need a name, as in `oci:DIR:NAME`".into())
        );
        assert_eq!(
            check("rootfs:x.tar", &[""], None),
            Err("`rootfs:x.tar` takes one image, but there are 2: narrow it with `--platform`".into())
        );
    }
}
