//! Which packages an image says it holds.
//!
//! Distroless images have no package manager, and yet say what is in them: one control file for each
//! package below `/var/lib/dpkg/status.d`. Ordinary Debian images have all of them in one file,
//! `/var/lib/dpkg/status`. Both are read.

use std::io;

use attar_image::digest::Digest;
use attar_image::filesystem::FileTree;
use attar_image::path::TreePath;
use attar_packages::debian::deb822::{self, MalformedStanza, Stanza};
use serde::Serialize;

/// The largest file of package data that is read.
const MAX_DATA: u64 = 64 << 20;

/// A package that an image says it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Installed {
    /// Name of the binary package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture in Debian's words, or `all`.
    pub architecture: String,
    /// Name of the source package.
    pub source: String,
    /// Version of the source package.
    pub source_version: String,
    /// Path of the file that says so.
    pub recorded_in: TreePath,
}

/// Package data that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The content of a file is not at hand.
    #[error("cannot read package data `{path}`")]
    Read {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// The file is larger than package data ever is.
    #[error("package data `{path}` has {size} bytes: at most {MAX_DATA} are read")]
    TooLarge {
        /// The file.
        path: TreePath,
        /// Its size.
        size: u64,
    },
    /// The file does not follow the format.
    #[error("cannot parse package data `{path}`")]
    Malformed {
        /// The file.
        path: TreePath,
        /// What is wrong.
        source: MalformedStanza,
    },
    /// The file is not UTF-8.
    #[error("package data `{path}` is not UTF-8")]
    Encoding {
        /// The file.
        path: TreePath,
    },
    /// A stanza lacks a field that every package has.
    #[error("a package in `{path}` has no field `{field}`")]
    Field {
        /// The file.
        path: TreePath,
        /// The missing field.
        field: &'static str,
    },
}

/// Returns the installed packages of a tree by name, architecture and version.
///
/// `read` returns the content of a file of the tree; an image that has no package data has no packages.
pub fn installed(
    tree: &FileTree,
    mut read: impl FnMut(&Digest) -> io::Result<Vec<u8>>,
) -> Result<Vec<Installed>, CatalogError> {
    let mut found = Vec::new();
    for (path, digest) in data_files(tree)? {
        let bytes = read(&digest).map_err(|source| CatalogError::Read { path: path.clone(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| CatalogError::Encoding { path: path.clone() })?;
        for stanza in deb822::stanzas(&text) {
            let stanza = stanza.map_err(|source| CatalogError::Malformed { path: path.clone(), source })?;
            found.extend(package(&stanza, &path)?);
        }
    }
    found.sort();
    found.dedup_by(|next, kept| {
        (&next.name, &next.version, &next.architecture) == (&kept.name, &kept.version, &kept.architecture)
    });
    Ok(found)
}

/// Returns the files that hold package data, in the order of their paths.
fn data_files(tree: &FileTree) -> Result<Vec<(TreePath, Digest)>, CatalogError> {
    let folder = TreePath::parse("var/lib/dpkg/status.d").expect("the path is a constant");
    let single = TreePath::parse("var/lib/dpkg/status").expect("the path is a constant");
    let in_folder = tree.below(&folder).filter(|(path, _)| {
        path.parent().as_ref() == Some(&folder) && !path.file_name().ends_with(b".md5sums")
    });
    let at_path = tree.get(&single).map(|entry| (&single, entry));
    let mut files = Vec::new();
    for (path, entry) in at_path.into_iter().chain(in_folder) {
        let Some(content) = entry.content() else { continue };
        if content.size > MAX_DATA {
            return Err(CatalogError::TooLarge { path: path.clone(), size: content.size });
        }
        files.push((path.clone(), content.digest));
    }
    Ok(files)
}

/// Reads one stanza; `None` for a package that was removed and left its configuration.
fn package(stanza: &Stanza<'_>, path: &TreePath) -> Result<Option<Installed>, CatalogError> {
    // Files below `status.d` have no `Status`: that they are there says that the package is.
    if stanza.get("Status").is_some_and(|status| !status.ends_with(" installed")) {
        return Ok(None);
    }
    let field = |field: &'static str| {
        let value = stanza.get(field).map(deb822::first_line);
        value.ok_or_else(|| CatalogError::Field { path: path.clone(), field })
    };
    let (name, version) = (field("Package")?, field("Version")?);
    let (source, source_version) = match stanza.get("Source").map(deb822::first_line) {
        None => (name, version),
        Some(source) => match source.split_once('(') {
            None => (source, version),
            Some((source, bracket)) => (source.trim_end(), bracket.trim_end_matches(')').trim()),
        },
    };
    Ok(Some(Installed {
        name: name.into(),
        version: version.into(),
        architecture: field("Architecture")?.into(),
        source: source.into(),
        source_version: source_version.into(),
        recorded_in: path.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use attar_image::filesystem::{Content, Entry, Metadata};

    use super::*;

    /// Catalogues an image that has these files.
    fn catalogue(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let mut tree = FileTree::new();
        let mut contents = BTreeMap::new();
        for (path, text) in files {
            let content = Content::of(text.as_bytes());
            contents.insert(content.digest, text.as_bytes().to_vec());
            tree.insert(
                TreePath::parse(path).expect("a path"),
                Entry::file(content, Metadata::root(0o644, 0)),
            );
        }
        let read = |digest: &Digest| contents.get(digest).cloned().ok_or(io::ErrorKind::NotFound.into());
        match installed(&tree, read) {
            Ok(packages) => Ok(packages
                .iter()
                .map(|package| {
                    let Installed { name, version, architecture, source, source_version, recorded_in } =
                        package;
                    format!("{name} {version} {architecture} {source} {source_version} {recorded_in}")
                })
                .collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn both_places_are_read_and_counted_once() {
        let zlib = "Package: zlib1g\nSource: zlib\nVersion: 1:1.3-1+b1\nArchitecture: amd64\n";
        let found = catalogue(&[
            ("var/lib/dpkg/status.d/zlib1g", zlib),
            ("var/lib/dpkg/status.d/zlib1g.md5sums", "0123  usr/lib/libz.so.1\n"),
            (
                "var/lib/dpkg/status.d/libgcc-s1",
                "Package: libgcc-s1\nSource: gcc-14 (14.2.0-19)\nVersion: 14.2.0-19+b1\nArchitecture: amd64\n",
            ),
            (
                "var/lib/dpkg/status",
                "Package: zlib1g\nStatus: install ok installed\nSource: zlib\nVersion: 1:1.3-1+b1\n\
                 Architecture: amd64\n\nPackage: old\nStatus: deinstall ok config-files\nVersion: 1\n\
                 Architecture: all\n",
            ),
        ]);
        let expected = [
            "libgcc-s1 14.2.0-19+b1 amd64 gcc-14 14.2.0-19 /var/lib/dpkg/status.d/libgcc-s1",
            "zlib1g 1:1.3-1+b1 amd64 zlib 1:1.3-1+b1 /var/lib/dpkg/status",
        ];
        assert_eq!(found, Ok(expected.map(String::from).to_vec()));
    }

    #[test]
    fn an_image_without_package_data_has_no_packages() {
        assert_eq!(catalogue(&[("usr/bin/app", "")]), Ok(vec![]));
    }

    #[test]
    fn damaged_data_is_an_error_and_not_a_shorter_list() {
        let path = "var/lib/dpkg/status.d/a";
        for (text, expected) in [
            (
                "Package: a\nVersion: 1\n",
                "a package in `/var/lib/dpkg/status.d/a` has no field `Architecture`",
            ),
            ("nonsense\n", "cannot parse package data `/var/lib/dpkg/status.d/a`"),
        ] {
            assert_eq!(catalogue(&[(path, text)]), Err(expected.into()), "{text}");
        }
    }
}
