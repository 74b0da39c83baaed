//! Packages that are kept beside mirrors, for when those have dropped them.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

use attar_image::Digest;
use attar_image::digest::Mismatch;
use attar_image::reference::Reference;

use super::Client;
use super::download::{Place, Wanted};
use super::error::RepositoryError;
use super::failure::{Attempt, Attempts, Failure};
use super::mirror::Mirror;
use super::partial::Partial;
use crate::cache::{CacheError, Shelf, hash_file};

/// Where the packages of a lock are kept.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    /// A folder with files named by the hexadecimal digits of their SHA-256.
    Folder(&'a Path),
    /// A repository of a registry, which a [`Keeper`] speaks with.
    Registry(&'a Reference),
}

impl Kept<'_> {
    /// Says whether the package is here, without asking anybody.
    pub(super) fn is_here(&self, digest: &Digest) -> bool {
        matches!(self, Self::Folder(folder) if folder.join(digest.hex()).is_file())
    }
}

/// Fetches packages that are kept in registries. What it brings is verified by whoever asked.
pub trait Keeper: Send + Sync {
    /// Writes the blob to `file`. Called on a thread that may block.
    fn fetch(
        &self,
        reference: &Reference,
        digest: Digest,
        size: u64,
        file: File,
    ) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl Client {
    /// Brings a package from where it is kept; the failures are the caller's to tell.
    pub(super) async fn fetch_kept(
        &self,
        kept: Kept<'_>,
        wanted: &Wanted,
        mut partial: Partial,
    ) -> Result<Result<PathBuf, Attempts>, RepositoryError> {
        match kept {
            Kept::Folder(folder) => {
                let place = Place { mirror: Mirror::of_directory(folder)?, path: wanted.digest.hex() };
                match self.download(&[place], wanted, &mut partial).await? {
                    Ok(()) => Ok(Ok(self.place(partial, wanted.digest).await?)),
                    Err(attempts) => Ok(Err(attempts)),
                }
            }
            Kept::Registry(reference) => self.fetch_from_registry(reference, wanted).await,
        }
    }

    async fn fetch_from_registry(
        &self,
        reference: &Reference,
        wanted: &Wanted,
    ) -> Result<Result<PathBuf, Attempts>, RepositoryError> {
        let failed =
            |failure| Ok(Err(Attempts(vec![Attempt { url: format!("registry:{reference}"), failure }])));
        let Some(keeper) = self.settings.keeper.clone().filter(|_| !self.transport.is_offline()) else {
            return failed(Failure::NotFound);
        };
        let (cache, reference_to_ask) = (self.settings.cache.clone(), reference.clone());
        let (digest, size) = (wanted.digest, wanted.size);
        let fetched = self.blocking(move || {
            let file = cache.temporary()?;
            let reopened = file.reopen().map_err(CacheError::io("write", file.path()))?;
            if let Err(error) = keeper.fetch(&reference_to_ask, digest, size, reopened) {
                return Ok(Err(Failure::Interrupted(attar_image::chain(&*error))));
            }
            let (found, found_size) = hash_file(file.path()).map_err(CacheError::io("read", file.path()))?;
            if found_size != size {
                return Ok(Err(Mismatch::Size { expected: size, found: found_size }.into()));
            }
            if found != digest {
                return Ok(Err(Mismatch::Digest { expected: digest, found }.into()));
            }
            Ok::<_, CacheError>(Ok(cache.store(file, Shelf::Packages, &digest.hex(), digest, 0)?.path))
        });
        match fetched.await?? {
            Ok(path) => Ok(Ok(path)),
            Err(failure) => failed(failure),
        }
    }
}
