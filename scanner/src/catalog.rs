//! Which packages an image says it holds.
//!
//! Distroless images have no package manager, and yet say what is in them: one control file for each
//! package below `/var/lib/dpkg/status.d`. Ordinary Debian images have all of them in one file,
//! `/var/lib/dpkg/status`, and Alpine's in `/lib/apk/db/installed`. All are read.

use std::io;

use attar_image::digest::Digest;
use attar_image::filesystem::FileTree;
use attar_image::path::TreePath;
use attar_packages::database::{DatabaseFile, DatabaseProblem, Manager, Package, read_packages};
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
    /// Its architecture in the words of its distribution.
    pub architecture: String,
    /// What installed it.
    pub manager: Manager,
    /// Name of the source package.
    pub source: String,
    /// Version of the source package.
    pub source_version: String,
    /// Path of the file that says so.
    #[serde(serialize_with = "attar_image::path::serialize_shown")]
    pub recorded_in: TreePath,
}

/// What an image's package data says, and what of it could not be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The packages by name, version and architecture.
    pub packages: Vec<Installed>,
    /// What was skipped, each with its file: there may be more packages than listed.
    pub problems: Vec<(TreePath, DatabaseProblem)>,
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
        for (path, digest) in package_files(tree)? {
            let bytes = read(&digest).map_err(|source| CatalogError::Read { path: path.clone(), source })?;
            let Some(file) = DatabaseFile::of(path.as_bytes()) else { continue };
            for package in read_packages(file, &bytes) {
                match package {
                    Ok(package) if package.is_there() => {
                        catalog.packages.push(Installed::new(package, &path));
                    }
                    Ok(_) => {}
                    Err(problem) => catalog.problems.push((path.clone(), problem)),
                }
            }
        }
        catalog.packages.sort();
        catalog.packages.dedup_by(|next, kept| next.identity() == kept.identity());
        Ok(catalog)
    }
}

impl Installed {
    fn new(package: Package, path: &TreePath) -> Self {
        let Package { name, version, architecture, manager, source, source_version, .. } = package;
        Self { name, version, architecture, manager, source, source_version, recorded_in: path.clone() }
    }

    /// Returns what makes two entries the same package, wherever they are recorded.
    fn identity(&self) -> (&str, &str, &str, Manager) {
        (&self.name, &self.version, &self.architecture, self.manager)
    }
}

/// Returns the files that name packages, in the order of their paths.
pub fn package_files(tree: &FileTree) -> Result<Vec<(TreePath, Digest)>, CatalogError> {
    let mut files = Vec::new();
    for (path, entry) in tree.iter() {
        if !DatabaseFile::of(path.as_bytes()).is_some_and(|file| file.names_packages()) {
            continue;
        }
        let Some(content) = entry.content() else { continue };
        check_size(path, content.size)?;
        files.push((path.clone(), content.digest));
    }
    Ok(files)
}

/// Refuses a file that is larger than package data ever is.
pub fn check_size(path: &TreePath, size: u64) -> Result<(), CatalogError> {
    if size > MAX_DATA {
        return Err(CatalogError::TooLarge { path: path.clone(), size });
    }
    Ok(())
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
            let Installed { name, version, architecture, manager, source, source_version, recorded_in } =
                package;
            let manager = manager.purl_type();
            format!("{manager} {name} {version} {architecture} {source} {source_version} {recorded_in}")
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
            "deb libgcc-s1 14.2.0-19+b1 amd64 gcc-14 14.2.0-19 /var/lib/dpkg/status.d/libgcc-s1",
            "deb zlib1g 1:1.3-1+b1 amd64 zlib 1:1.3-1+b1 /var/lib/dpkg/status",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn packages_of_alpine_are_read() {
        let installed = "P:libcrypto3\nV:3.3.2-r4\nA:x86_64\no:openssl\nF:usr/lib\nR:libcrypto.so.3\n";
        let expected = ["apk libcrypto3 3.3.2-r4 x86_64 openssl 3.3.2-r4 /lib/apk/db/installed"];
        assert_eq!(catalogue(&[("lib/apk/db/installed", installed)]), expected);
    }

    #[test]
    fn an_image_without_package_data_has_no_packages() {
        assert_eq!(catalogue(&[("usr/bin/app", "")]), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_read_is_named_beside_the_rest() {
        let text = "Package: a\nVersion: 1\nArchitecture: all\n\nPackage: b\nArchitecture: all\n";
        let expected = [
            "deb a 1 all a 1 /var/lib/dpkg/status",
            "/var/lib/dpkg/status: line 5: package `b` has no `Version`",
        ];
        assert_eq!(catalogue(&[("var/lib/dpkg/status", text)]), expected);
    }
}
