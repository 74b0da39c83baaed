//! Contents indexes: which package of a suite has which file.
//!
//! They are large (Debian's unpack to hundreds of megabytes), so they are kept as they were downloaded,
//! and are searched as they stream.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attar_packages::compression::{Compression, Limited};
use futures_util::future::join_all;

use super::Client;
use super::archive::in_order;
use super::error::RepositoryError;
use super::index::Listed;
use super::item::Item;
use super::mirror::Mirror;
use super::plan::Plan;
use crate::cache::{CacheError, Shelf};
use crate::spec::schema::Repository;

/// The most bytes that an index may unpack to; Debian's largest is a tenth of it.
pub(super) const LIMIT: u64 = 8 << 30;

/// The list of the files of all packages of a component for one architecture, verified, in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentsIndex {
    /// The suite as asked for.
    pub archive: String,
    /// The component.
    pub component: String,
    /// The architecture, or `all`.
    pub architecture: String,
    pub(super) path: PathBuf,
    pub(super) compression: Compression,
}

impl ContentsIndex {
    /// Opens the list for [`search`](attar_packages::debian::contents::search).
    pub fn read(&self) -> io::Result<impl BufRead + use<>> {
        let file = BufReader::with_capacity(256 << 10, File::open(&self.path)?);
        let plain = Limited::new(self.compression.decoder(file)?, LIMIT);
        Ok(BufReader::with_capacity(256 << 10, plain))
    }
}

/// The contents indexes of a repository.
#[derive(Debug, Default)]
pub struct Contents {
    /// Those that are there.
    pub indexes: Vec<ContentsIndex>,
    /// Why others, which the releases list, are not: mirrors care less for them than for packages.
    pub missing: Vec<RepositoryError>,
}

impl Client {
    /// Fetches the contents indexes of a repository, as far as its suites have any; that of a directory
    /// is made from its packages.
    ///
    /// Lists of packages for all architectures are among them where they stand apart.
    pub async fn contents(
        &self,
        repository: &Repository,
        directory: &Path,
        architectures: &[&str],
    ) -> Result<Contents, RepositoryError> {
        if let Repository::Debs(debs) = repository {
            let indexes = self.contents_of_directory(debs, directory, architectures).await?;
            return Ok(Contents { indexes, missing: Vec::new() });
        }
        let plans = self.plans(repository, directory)?;
        let suites = in_order(plans.iter().map(|plan| self.contents_of(plan, architectures))).await?;
        let mut contents = Contents::default();
        for index in suites.into_iter().flatten() {
            match index {
                Ok(index) => contents.indexes.push(index),
                Err(error) => contents.missing.push(error),
            }
        }
        Ok(contents)
    }

    async fn contents_of(
        &self,
        plan: &Plan,
        architectures: &[&str],
    ) -> Result<Vec<Result<ContentsIndex, RepositoryError>>, RepositoryError> {
        let found = self.find_release(&plan.suite, &plan.mirrors).await?;
        let mirrors = plan.mirrors_from(&found.mirror);
        let mut wanted = Vec::new();
        for component in plan.components.iter().filter(|component| !component.is_empty()) {
            for architecture in architectures.iter().copied().chain(["all"]) {
                let named = format!("{component}/Contents-{architecture}");
                let listed = Listed::find(&found.release, &named)
                    .or_else(|| Listed::find(&found.release, &format!("Contents-{architecture}")));
                if let Some(listed) = listed.filter(|listed| !listed.is_empty()) {
                    let item = Item::Contents {
                        suite: Arc::clone(&plan.suite.name),
                        component: component.as_str().into(),
                        architecture: architecture.into(),
                    };
                    wanted.push((listed, item));
                }
            }
        }
        let fetch = wanted.iter().map(|(listed, item)| self.contents_index(plan, listed, item, &mirrors));
        Ok(join_all(fetch).await)
    }

    async fn contents_index(
        &self,
        plan: &Plan,
        listed: &Listed,
        item: &Item,
        mirrors: &[Mirror],
    ) -> Result<ContentsIndex, RepositoryError> {
        let Item::Contents { suite, component, architecture } = item else {
            unreachable!("contents_of names contents alone")
        };
        let index = |path, compression| ContentsIndex {
            archive: suite.to_string(),
            component: component.to_string(),
            architecture: architecture.to_string(),
            path,
            compression,
        };
        let (cache, variants) = (self.settings.cache.clone(), listed.variants().to_vec());
        let kept = self
            .blocking(move || {
                variants.iter().find_map(|variant| {
                    let stored = cache.lookup(Shelf::Contents, &variant.digest.hex())?;
                    (stored.digest == variant.digest).then_some((stored.path, variant.compression))
                })
            })
            .await?;
        if let Some((path, compression)) = kept {
            return Ok(index(path, compression));
        }
        let (variant, partial) = self.download_listed(listed, &plan.suite, mirrors, item).await?;
        let cache = self.settings.cache.clone();
        let (digest, compression) = (variant.digest, variant.compression);
        let stored = self
            .blocking(move || {
                let path = partial.path().to_path_buf();
                let (file, _lock) = partial.into_file().map_err(CacheError::io("read", path))?;
                cache.store(file, Shelf::Contents, &digest.hex(), digest, 0)
            })
            .await??;
        Ok(index(stored.path, compression))
    }
}
