//! The spec's `files`, `paths` and certificates, looked up: owners as numbers, times, layers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use attar_image::{Attributes, Digest, TreePath};

use super::BuildError;
use crate::effects::accounts::Table;
use crate::effects::capabilities;
use crate::files::{Collected, FileRequest, Hashes, OWN_MTIME, Source, collect};
use crate::foundation::certificates::Additional;
use crate::rootfs::own::{OwnFiles, PathRequest};
use crate::spec::Effective;
use crate::spec::schema::{self, Certificate, FileEntry, PathEntry};

/// Layers of own files at most, unless the spec names more: each layer costs every puller a request.
const MAX_UNNAMED: usize = 5;

/// Says which layer each `files` entry goes into, and what the layers are called.
pub(super) fn layers(files: &[FileEntry]) -> (Vec<String>, Vec<usize>) {
    let mut names: Vec<String> = Vec::new();
    let mut numbers = Vec::with_capacity(files.len());
    let mut unnamed = 0;
    for entry in files {
        let name = match &entry.layer {
            Some(name) => name.clone(),
            None => {
                unnamed = (unnamed + 1).min(MAX_UNNAMED);
                format!("files {unnamed}")
            }
        };
        let number = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        numbers.push(number);
    }
    (names, numbers)
}

/// Collects the `files` entries of one image.
pub(super) fn files(
    effective: &Effective,
    platform: &str,
    table: &Table,
    hashes: &mut Hashes,
) -> Result<(Vec<String>, Vec<OwnFiles>), BuildError> {
    collected(effective, platform, &|label, user, group| owner(label, user, group, table), hashes)
}

/// Looks up owner and group of an entry.
type Owners<'a> =
    dyn Fn(&str, Option<&str>, Option<&str>) -> Result<(Option<u32>, Option<u32>), BuildError> + 'a;

/// Collects the `files` entries of one image with owners as `owners` says.
pub(super) fn collected(
    effective: &Effective,
    platform: &str,
    owners: &Owners<'_>,
    hashes: &mut Hashes,
) -> Result<(Vec<String>, Vec<OwnFiles>), BuildError> {
    let (names, requests) = looked_up(effective, platform, owners)?;
    let mut collected = Vec::with_capacity(requests.len());
    for request in requests {
        let files = collect(&request.files, hashes)?;
        collected.push(request.with(files));
    }
    Ok((names, collected))
}

/// One `files` entry with everything looked up but its files.
#[derive(Debug)]
pub(crate) struct OwnRequest {
    /// What it takes and what that becomes.
    pub(crate) files: FileRequest,
    /// Number of the layer it goes into.
    pub(crate) layer: usize,
    /// It may take the place of a package's file.
    pub(crate) replace: bool,
    says_directories: bool,
}

impl OwnRequest {
    /// Adds what was collected.
    pub(crate) fn with(&self, collected: Collected) -> OwnFiles {
        OwnFiles {
            label: self.files.label.clone(),
            layer: self.layer,
            collected,
            replace: self.replace,
            says_directories: self.says_directories,
        }
    }
}

/// Looks up the `files` entries of one image: the names of their layers, and the entries.
pub(super) fn requests(
    effective: &Effective,
    platform: &str,
    table: &Table,
) -> Result<(Vec<String>, Vec<OwnRequest>), BuildError> {
    looked_up(effective, platform, &|label, user, group| owner(label, user, group, table))
}

fn looked_up(
    effective: &Effective,
    platform: &str,
    owners: &Owners<'_>,
) -> Result<(Vec<String>, Vec<OwnRequest>), BuildError> {
    let entries = &effective.spec.contents.files;
    let (names, numbers) = layers(entries);
    let mut requests = Vec::with_capacity(entries.len());
    for (number, (entry, layer)) in entries.iter().zip(numbers).enumerate() {
        let label = effective.origins.label(&format!("/contents/files/{number}"));
        requests.push(OwnRequest {
            files: file_request(entry, &label, platform, &effective.directory, owners)?,
            layer,
            replace: entry.replace,
            says_directories: entry.directory_permissions.is_some() || entry.owner.is_some(),
        });
    }
    Ok((names, requests))
}

fn file_request(
    entry: &FileEntry,
    label: &str,
    platform: &str,
    folder: &Path,
    owners: &Owners<'_>,
) -> Result<FileRequest, BuildError> {
    let (uid, gid) = owners(label, entry.owner.as_deref(), entry.group.as_deref())?;
    let for_platform = |source: &schema::Source| -> Result<String, BuildError> {
        let missing = || BuildError::NoSource { label: label.to_owned(), platform: platform.to_owned() };
        source.for_platform(platform).map(str::to_owned).ok_or_else(missing)
    };
    let source = match (&entry.from, &entry.text, &entry.archive) {
        (Some(from), _, _) => Source::Path { folder: folder.to_owned(), path: for_platform(from)? },
        (_, Some(text), _) => Source::Text(text.clone()),
        (_, _, Some(archive)) => Source::Archive(folder.join(for_platform(archive)?)),
        (None, None, None) => {
            return Err(BuildError::NoSource { label: label.to_owned(), platform: platform.to_owned() });
        }
    };
    let sha256 = entry.sha256.as_deref().and_then(|hex| Digest::from_hex(&hex.to_ascii_lowercase()).ok());
    Ok(FileRequest {
        label: label.to_owned(),
        source,
        to: entry.to.clone(),
        exclude: entry.exclude.clone(),
        sha256,
        uid: uid.unwrap_or(0),
        gid: gid.unwrap_or(0),
        permissions: entry.permissions.map(|mode| mode.0),
        directory_permissions: entry.directory_permissions.map(|mode| mode.0),
        mtime: entry.modified.map_or(OWN_MTIME, |time| time.0),
        xattrs: attributes(label, &entry.xattrs, entry.capabilities.as_deref())?,
    })
}

/// Looks up the `paths` entries of one image.
pub(super) fn paths(effective: &Effective, table: &Table) -> Result<Vec<PathRequest>, BuildError> {
    let request = |(number, entry): (usize, &PathEntry)| -> Result<PathRequest, BuildError> {
        let label = effective.origins.label(&format!("/paths/{number}"));
        let (uid, gid) = owner(&label, entry.owner.as_deref(), entry.group.as_deref(), table)?;
        // apko: one of the two numbers said makes the other 0.
        let apko = entry.uid.or(entry.gid).is_some();
        let apko = |number: Option<u32>| apko.then(|| number.unwrap_or(0));
        let path = TreePath::parse(&entry.path)
            .map_err(|source| BuildError::Path { label: label.clone(), source })?;
        Ok(PathRequest {
            path,
            kind: entry.kind,
            uid: uid.or(apko(entry.uid)),
            gid: gid.or(apko(entry.gid)),
            mode: entry.permissions.map(|mode| mode.0),
            source: entry.source.clone(),
            recursive: entry.recursive,
            mtime: entry.modified.map(|time| time.0),
            xattrs: attributes(&label, &entry.xattrs, entry.capabilities.as_deref())?,
            replace: entry.replace,
            label,
        })
    };
    effective.spec.paths.iter().enumerate().map(request).collect()
}

/// Reads the additional certificates of one image.
pub(crate) fn certificates(effective: &Effective) -> Result<Vec<Additional>, BuildError> {
    let read = |(number, certificate): (usize, &Certificate)| match certificate {
        Certificate::Inline(inline) => {
            Ok(Additional { name: inline.name.clone(), pem: inline.content.clone() })
        }
        Certificate::Path(path) => {
            let label = effective.origins.label(&format!("/certificates/additional/{number}"));
            let path: PathBuf = effective.directory.join(path);
            let pem = std::fs::read_to_string(&path).map_err(|source| BuildError::Certificate {
                label,
                path: path.clone(),
                source,
            })?;
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Ok(Additional { name, pem })
        }
    };
    effective.spec.certificates.additional.iter().enumerate().map(read).collect()
}

/// Looks up owner and group; the group is the owner's unless it is said.
fn owner(
    label: &str,
    user: Option<&str>,
    group: Option<&str>,
    table: &Table,
) -> Result<(Option<u32>, Option<u32>), BuildError> {
    let unknown = |kind: &'static str, name: &str| BuildError::UnknownOwner {
        label: label.to_owned(),
        kind,
        name: name.to_owned(),
    };
    let mut gid = None;
    let mut uid = None;
    if let Some(name) = user {
        let number = table.uid(name).ok_or_else(|| unknown("user", name))?;
        uid = Some(number);
        let account = table.users().iter().find(|account| account.uid == number);
        gid = Some(account.map_or(number, |account| account.gid));
    }
    if let Some(name) = group {
        gid = Some(table.gid(name).ok_or_else(|| unknown("group", name))?);
    }
    Ok((uid, gid))
}

fn attributes(
    label: &str,
    xattrs: &BTreeMap<String, String>,
    capabilities: Option<&str>,
) -> Result<Attributes, BuildError> {
    let mut all: Attributes =
        xattrs.iter().map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into())).collect();
    if let Some(text) = capabilities {
        let value = capabilities::encode(text).map_err(|reason| BuildError::Capabilities {
            label: label.to_owned(),
            reason: reason.to_string(),
        })?;
        all.insert((*b"security.capability").into(), value.into());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(to: &str, layer: Option<&str>) -> FileEntry {
        FileEntry { to: to.to_owned(), layer: layer.map(str::to_owned), ..FileEntry::default() }
    }

    #[test]
    fn one_layer_an_entry_up_to_five() {
        let mut files: Vec<FileEntry> = (0..7).map(|number| entry(&format!("/{number}"), None)).collect();
        files.insert(1, entry("/deps", Some("dependencies")));
        files.push(entry("/more", Some("dependencies")));
        let (names, numbers) = layers(&files);
        assert_eq!(names, ["files 1", "dependencies", "files 2", "files 3", "files 4", "files 5"]);
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 5, 5, 1]);
    }
}
