//! Which packages an image says it holds.
//!
//! Distroless images have no package manager, and yet say what is in them: one control file for each
//! package below `/var/lib/dpkg/status.d`. Ordinary Debian images have all of them in one file,
//! `/var/lib/dpkg/status`. Both are read.

use std::io;

use attar_image::digest::Digest;
use attar_image::filesystem::FileTree;
use attar_image::path::TreePath;
use attar_packages::debian::status::{State, StatusEntry, StatusProblem, parse_status};
use serde::Serialize;

/// The largest file of package data that is read.
pub const MAX_DATA: u64 = 64 << 20;

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

/// What an image's package data says, and what of it could not be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The packages by name, version and architecture.
    pub packages: Vec<Installed>,
    /// Stanzas that were skipped, each with its file: there may be more packages than listed.
    pub problems: Vec<(TreePath, StatusProblem)>,
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
}

impl Catalog {
    /// Reads the package data of a tree.
    ///
    /// `read` returns the content of a file of the tree; an image that has no package data has no
    /// packages.
    pub fn of(
        tree: &FileTree,
        mut read: impl FnMut(&Digest) -> io::Result<Vec<u8>>,
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        for (path, digest) in data_files(tree)? {
            let bytes = read(&digest).map_err(|source| CatalogError::Read { path: path.clone(), source })?;
            let status = parse_status(&bytes);
            let entries = status.entries.into_iter().filter(|entry| is_there(entry.state));
            catalog.packages.extend(entries.map(|entry| Installed::new(entry, &path)));
            catalog.problems.extend(status.problems.into_iter().map(|problem| (path.clone(), problem)));
        }
        catalog.packages.sort();
        catalog.packages.dedup_by(|next, kept| next.identity() == kept.identity());
        Ok(catalog)
    }
}

impl Installed {
    fn new(entry: StatusEntry, path: &TreePath) -> Self {
        let StatusEntry { name, version, architecture, source, source_version, .. } = entry;
        Self { name, version, architecture, source, source_version, recorded_in: path.clone() }
    }

    /// Returns what makes two entries the same package, wherever they are recorded.
    fn identity(&self) -> (&str, &str, &str) {
        (&self.name, &self.version, &self.architecture)
    }
}

fn is_there(state: State) -> bool {
    match state {
        State::Installed | State::Partial => true,
        State::ConfigFiles | State::NotInstalled => false,
    }
}

/// Returns the files that hold package data, in the order of their paths.
pub fn data_files(tree: &FileTree) -> Result<Vec<(TreePath, Digest)>, CatalogError> {
    let single = TreePath::parse("var/lib/dpkg/status").expect("the path is a constant");
    let folder = TreePath::parse("var/lib/dpkg/status.d").expect("the path is a constant");
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use attar_image::filesystem::{Content, Entry, Metadata};

    use super::*;

    /// Catalogues an image that has these files.
    fn catalogue(files: &[(&str, &str)]) -> Vec<String> {
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
        let catalog = Catalog::of(&tree, read).expect("small files that are there");
        let packages = catalog.packages.iter().map(|package| {
            let Installed { name, version, architecture, source, source_version, recorded_in } = package;
            format!("{name} {version} {architecture} {source} {source_version} {recorded_in}")
        });
        let problems = catalog.problems.iter().map(|(path, problem)| format!("{path}: {problem}"));
        packages.chain(problems).collect()
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
        assert_eq!(found, expected);
    }

    #[test]
    fn an_image_without_package_data_has_no_packages() {
        assert_eq!(catalogue(&[("usr/bin/app", "")]), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_read_is_named_beside_the_rest() {
        let text = "Package: a\nVersion: 1\nArchitecture: all\n\nPackage: b\nArchitecture: all\n";
        let expected = [
            "a 1 all a 1 /var/lib/dpkg/status",
            "/var/lib/dpkg/status: line 5: package `b` has no `Version`",
        ];
        assert_eq!(catalogue(&[("var/lib/dpkg/status", text)]), expected);
    }
}
