//! Which package a path of an image belongs to, as the image's own package database says.
//!
//! [`Claims`] collects what the files of the database say, in any order; [`Claims::settle`] makes the
//! answer. The caller brings the bytes of every file that [`DatabaseFile::of`](crate::database::DatabaseFile::of) knows, and says where
//! a directory really is: a list may name `bin/sh` where the tree has `usr/bin/sh`, or the other way.
//!
//! ```
//! use attar_packages::ownership::Claims;
//!
//! let mut claims = Claims::default();
//! let status = b"Package: dash\nStatus: install ok installed\nVersion: 0.5\nArchitecture: all\n";
//! claims.add(b"var/lib/dpkg/status", status)?;
//! claims.add(b"var/lib/dpkg/info/dash.list", b"/.\n/bin\n/bin/sh\n")?;
//! let ownership = claims.settle(|directory| match directory {
//!     b"bin" => Some(b"usr/bin".to_vec()),
//!     other => Some(other.to_vec()),
//! });
//! assert_eq!(ownership.owner(b"usr/bin/sh").expect("dash has it").name, "dash");
//! # Ok::<(), attar_packages::ownership::TooMuch>(())
//! ```
//!
//! A path may have several owners. Most directories do, and so have files that packages of several
//! architectures share. Of files that two packages name only one can have brought what is there; it
//! comes first, by these rules:
//!
//! 1. What dpkg's `info/PACKAGE.list` or apk's database says outweighs a list of checksums, which also
//!    names what another package has taken over since. A list of conffiles weighs less, a diversion
//!    least: the diverted path belongs to the package that diverts it.
//! 2. A package that says it replaces another one wins over it.
//! 3. Else the first by name, architecture and version.
//!
//! What no database lists has no owner: it is *unrecorded*. In images whose packages stand in
//! `status.d` those are symbolic links, directories and, unless attar built them, conffiles.

use crate::database::{DatabaseProblem, Package};

mod claims;
mod diversions;
mod paths;
mod settle;

pub use claims::{Claims, MAX_BYTES, MAX_CLAIMS, TooMuch};

use paths::{Name, Names, split};

/// The packages of an image, and which of them has which path.
///
/// It takes at most 16 bytes a path, beside the last components of the paths.
#[derive(Debug, Clone, Default)]
pub struct Ownership {
    packages: Vec<Package>,
    problems: Vec<(Box<[u8]>, DatabaseProblem)>,
    /// Sorted; a path's directory is named by its place here.
    directories: Vec<Box<[u8]>>,
    /// Sorted by directory and name, the strongest first.
    owned: Vec<Owned>,
    names: Names,
}

/// A path and one of its owners.
#[derive(Debug, Clone, Copy)]
struct Owned {
    directory: u32,
    name: Name,
    package: PackageId,
}

/// A package of one [`Ownership`], by its place in [`Ownership::packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(u32);

impl PackageId {
    /// Returns the place in the list of packages.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Ownership {
    /// Returns the packages by name, architecture and version.
    ///
    /// A package that only a list of files names is among them, with an empty version; and so are
    /// packages of which nothing but their configuration is left.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Returns what could not be read, each with the path of its file.
    pub fn problems(&self) -> &[(Box<[u8]>, DatabaseProblem)] {
        &self.problems
    }

    /// Returns a package.
    ///
    /// # Panics
    ///
    /// When the package is one of another `Ownership`.
    pub fn package(&self, id: PackageId) -> &Package {
        &self.packages[id.index()]
    }

    /// Returns the packages that have `path`, the one that brought it first; none when it is
    /// unrecorded.
    ///
    /// The path is one of the tree: without a leading slash, in one canonical spelling, its
    /// directory no symbolic link.
    pub fn owners(&self, path: &[u8]) -> impl ExactSizeIterator<Item = PackageId> + '_ {
        let (directory, name) = split(path);
        let found = self.directories.binary_search_by(|known| (**known).cmp(directory));
        let range = found.map_or(0..0, |place| {
            let place = place as u32;
            let key = |owned: &Owned| (owned.directory, self.names.get(owned.name));
            let start = self.owned.partition_point(|owned| key(owned) < (place, name));
            let end = self.owned.partition_point(|owned| key(owned) <= (place, name));
            start..end
        });
        self.owned[range].iter().map(|owned| owned.package)
    }

    /// Returns the package that brought what stands at `path`; see [`Ownership::owners`].
    ///
    /// Of a directory that is the first of its owners: ask how many there are.
    pub fn owner(&self, path: &[u8]) -> Option<&Package> {
        self.owners(path).next().map(|id| self.package(id))
    }

    /// Returns every path that is listed with its owners, the one that brought it first; the paths
    /// in the order of their directories.
    pub fn listed(&self) -> impl Iterator<Item = (Vec<u8>, impl ExactSizeIterator<Item = PackageId> + '_)> {
        let same = |left: &Owned, right: &Owned| {
            left.directory == right.directory && self.names.get(left.name) == self.names.get(right.name)
        };
        self.owned.chunk_by(same).map(|owners| {
            let directory = &self.directories[owners[0].directory as usize];
            let path = paths::join(directory, self.names.get(owners[0].name));
            (path, owners.iter().map(|owned| owned.package))
        })
    }
}

#[cfg(test)]
mod tests;
