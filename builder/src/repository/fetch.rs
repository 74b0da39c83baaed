//! Fetching packages: verified bytes in the cache, from whatever mirror still has them.

use std::path::{Path, PathBuf};

use attar_image::Digest;
use futures_util::future::try_join_all;

use super::Client;
use super::candidates::snapshot_time_of;
use super::download::{Place, Wanted};
use super::error::RepositoryError;
use super::failure::Attempts;
use super::identity::Identity;
use super::item::Item;
use super::kept::Kept;
use super::mirror::{Mirror, NamedBy};
use super::partial::Partial;
use crate::cache::{CacheError, Shelf};
use crate::spec::schema::{DebianRepository, Repository};

/// A package as a lock records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFile {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Debian's name of its architecture, or `all`.
    pub architecture: String,
    /// Its path below the archive's base.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub digest: Digest,
}

/// Where a package is to be fetched from: what the spec says, and the archive that the lock records.
#[derive(Clone, Copy, Debug)]
pub struct Supply<'a> {
    /// The repository of the spec.
    pub repository: &'a Repository,
    /// What its relative paths are relative to.
    pub directory: &'a Path,
    /// The archive that listed the package.
    pub identity: &'a Identity,
    /// Where the lock's packages are kept; asked last.
    pub kept: Option<Kept<'a>>,
}

impl PackageFile {
    fn item(&self) -> Item {
        Item::Package {
            name: self.name.as_str().into(),
            version: self.version.as_str().into(),
            architecture: self.architecture.as_str().into(),
        }
    }
}

impl Client {
    /// Fetches several packages at a time and returns their paths in the same order.
    pub async fn fetch_all(
        &self,
        packages: &[(Supply<'_>, &PackageFile)],
    ) -> Result<Vec<PathBuf>, RepositoryError> {
        try_join_all(packages.iter().map(|(supply, package)| self.fetch(supply, package))).await
    }

    /// Returns the path of a package's verified bytes in the cache, fetching them if need be.
    ///
    /// Mirrors prune superseded packages: what none of them has is looked for in the snapshot archive,
    /// first at the time of the release, then by name and version, and last where the lock's packages are
    /// kept.
    pub async fn fetch(
        &self,
        supply: &Supply<'_>,
        package: &PackageFile,
    ) -> Result<PathBuf, RepositoryError> {
        let item = package.item();
        if let Some(path) = self.kept_package(package).await? {
            return Ok(path);
        }
        check_path(&package.path, &item)?;
        let _slot = self.slots.acquire().await.map_err(|_| RepositoryError::Cancelled)?;
        let wanted = Wanted { item: item.clone(), digest: package.digest, size: package.size };
        let mut partial = self.partial(&wanted).await?;
        // Another platform or another build may have fetched it while this one waited.
        if let Some(path) = self.kept_package(package).await? {
            drop(partial.into_file());
            return Ok(path);
        }
        let places = self.places(supply, package)?;
        let places = match supply.kept {
            // Offline, what is kept here is at hand without asking anybody.
            Some(kept) if self.transport.is_offline() && kept.is_here(&package.digest) => &[],
            _ => self.allowed(&places, &item)?,
        };
        let mut attempts = Attempts::default();
        let mut found = self.download(places, &wanted, &mut partial).await?;
        if let Err(failures) = &mut found
            && !self.transport.is_offline()
            && matches!(supply.repository, Repository::Debian(_))
        {
            attempts.0.append(&mut failures.0);
            let places = self.snapshot_places(package, &item, &mut attempts).await?;
            found = self.download(&places, &wanted, &mut partial).await?;
        }
        let Err(failures) = found else { return self.place(partial, package.digest).await };
        attempts.0.extend(failures.0);
        if let Some(kept) = supply.kept {
            match self.fetch_kept(kept, &wanted, partial).await? {
                Ok(path) => return Ok(path),
                Err(failures) => attempts.0.extend(failures.0),
            }
        }
        Err(RepositoryError::Unavailable { item, attempts })
    }

    /// Moves a verified download to its place in the cache.
    pub(super) async fn place(&self, partial: Partial, digest: Digest) -> Result<PathBuf, RepositoryError> {
        let cache = self.settings.cache.clone();
        self.blocking(move || {
            let path = partial.path().to_path_buf();
            let (file, _lock) = partial.into_file().map_err(CacheError::io("read", path))?;
            Ok(cache.store(file, Shelf::Packages, &digest.hex(), digest, 0)?.path)
        })
        .await?
    }

    async fn kept_package(&self, package: &PackageFile) -> Result<Option<PathBuf>, RepositoryError> {
        let (cache, digest, size) = (self.settings.cache.clone(), package.digest, package.size);
        self.blocking(move || {
            let stored = cache.lookup(Shelf::Packages, &digest.hex())?;
            (stored.digest == digest && stored.size == size).then_some(stored.path)
        })
        .await
    }

    fn places(&self, supply: &Supply<'_>, package: &PackageFile) -> Result<Vec<Place>, RepositoryError> {
        let mirrors = match supply.repository {
            Repository::Debian(repository) => self.package_mirrors(repository, supply.identity)?,
            Repository::Deb(repository) => vec![Mirror::parse(&repository.deb, NamedBy::User)?],
            Repository::Debs(repository) => {
                vec![Mirror::of_directory(&supply.directory.join(&repository.debs))?]
            }
        };
        Ok(mirrors.into_iter().map(|mirror| Place { mirror, path: package.path.clone() }).collect())
    }

    fn package_mirrors(
        &self,
        repository: &DebianRepository,
        identity: &Identity,
    ) -> Result<Vec<Mirror>, RepositoryError> {
        let area = identity.area();
        let suite = area.suite(&identity.codename);
        let mut mirrors = self.debian_mirrors(repository, &suite)?;
        let time = repository.snapshot.clone().unwrap_or_else(|| snapshot_time_of(identity.date));
        mirrors.push(self.snapshot_mirror(area, &time)?);
        Ok(mirrors)
    }
}

/// Refuses paths that lead out of an archive: they come from an index or a lock.
fn check_path(path: &str, item: &Item) -> Result<(), RepositoryError> {
    let is_inside =
        !path.is_empty() && path.split('/').all(|name| !matches!(name, "" | "..")) && !path.contains('\0');
    if is_inside {
        Ok(())
    } else {
        let path = path.escape_default().to_string();
        Err(RepositoryError::UnsafePath { item: item.clone(), path })
    }
}
