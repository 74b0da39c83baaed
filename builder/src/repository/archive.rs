//! Opening a repository: its verified releases and their package indexes.

use std::path::Path;
use std::sync::Arc;

use attar_image::Digest;
use attar_packages::debian::index::Index;
use futures_util::future::join_all;

use super::Client;
use super::error::RepositoryError;
use super::freshness::Warning;
use super::identity::Identity;
use super::index::Listed;
use super::item::Item;
use super::openpgp::Fingerprint;
use super::plan::Plan;
use super::release::{Found, Kind};
use crate::spec::schema::Repository;

/// A suite whose release is verified, with its package indexes.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The suite as asked for, for messages: `trixie-security`, or the directory of `debs:`.
    pub name: String,
    /// Who it says it is.
    pub identity: Identity,
    /// Certificates that signed it; none for a directory of `.deb` files.
    pub signers: Vec<Fingerprint>,
    /// The snapshot the spec asks for.
    pub snapshot: Option<String>,
    /// Its indexes, by component and architecture in the order they were asked for.
    pub indexes: Vec<ArchiveIndex>,
    /// Higher wins over lower.
    pub priority: i32,
    /// The only packages that may be taken from here, if the spec limits them.
    pub allowed: Option<Vec<String>>,
    /// Position of the repository in the list given to [`Client::open_all`]; 0 from [`Client::open`].
    pub repository: usize,
    /// What the user should know about it.
    pub warnings: Vec<Warning>,
}

/// The packages of one component for one architecture.
#[derive(Clone, Debug)]
pub struct ArchiveIndex {
    /// The component; empty for flat archives and directories.
    pub component: String,
    /// The architecture; `all` where a suite lists such packages apart.
    pub architecture: String,
    /// Checksum of the index, as the signed release lists it for the plain file if it can.
    pub digest: Digest,
    /// The packages.
    pub index: Arc<Index>,
}

/// Priority of archives, and of suites that say they are not for automatic use.
const PRIORITY: i32 = 500;
const BACKPORTS_PRIORITY: i32 = 100;
const NOT_AUTOMATIC_PRIORITY: i32 = 1;

impl Client {
    /// Opens several repositories, numbered by their position.
    ///
    /// `directory` tells for each number what relative paths are relative to.
    pub async fn open_all(
        &self,
        repositories: &[Repository],
        directory: impl Fn(usize) -> std::path::PathBuf,
        architectures: &[&str],
    ) -> Result<Vec<Archive>, RepositoryError> {
        let open = |(number, repository)| {
            let directory = directory(number);
            async move {
                let mut archives = self.open(repository, &directory, architectures).await?;
                archives.iter_mut().for_each(|archive| archive.repository = number);
                Ok::<_, RepositoryError>(archives)
            }
        };
        let opened = in_order(repositories.iter().enumerate().map(open)).await?;
        Ok(opened.into_iter().flatten().collect())
    }

    /// Opens a repository: verified releases and parsed indexes, from the cache where unchanged.
    ///
    /// `directory` is what relative paths of the spec are relative to.
    pub async fn open(
        &self,
        repository: &Repository,
        directory: &Path,
        architectures: &[&str],
    ) -> Result<Vec<Archive>, RepositoryError> {
        let (snapshot, priority, packages) = match repository {
            Repository::Debian(debian) => (debian.snapshot.clone(), debian.priority, &debian.packages),
            Repository::Deb(deb) => (None, deb.priority, &deb.packages),
            Repository::Debs(directory_of_packages) => {
                let archive = self.open_directory(directory_of_packages, directory, architectures).await?;
                return Ok(vec![archive]);
            }
        };
        let plans = self.plans(repository, directory)?;
        let written = serde_json::to_string(repository).expect("a repository has a form in JSON");
        // Keys may stand in a file, whose path is relative to the directory.
        let key = format!("{written} {}", directory.display());
        let opened = plans.iter().map(|plan| self.open_suite(plan, architectures, &key));
        let mut archives = in_order(opened).await?;
        for archive in &mut archives {
            archive.snapshot = snapshot.clone();
            archive.limit(priority, packages);
        }
        Ok(archives)
    }

    /// Opens one suite; `key` tells the repository from others.
    async fn open_suite(
        &self,
        plan: &Plan,
        architectures: &[&str],
        key: &str,
    ) -> Result<Archive, RepositoryError> {
        let suite = &plan.suite;
        let key = format!("{} {} {key}", suite.name, suite.directory);
        let mut found = match self.releases.recall(&key) {
            Some(found) => found,
            None => self.releases.keep(key, self.find_release(suite, &plan.mirrors).await?),
        };
        let mirrors = plan.mirrors_from(&found.mirror);
        let wanted = wanted_indexes(plan, architectures, &mut found)?;
        let load = |(item, listed, only): &(Item, Listed, Option<String>)| {
            let (item, listed, only, mirrors) = (item.clone(), listed.clone(), only.clone(), &mirrors);
            async move {
                let index = self.index(&listed, suite, mirrors, &item, only.as_deref()).await?;
                let Item::Index { component, architecture, .. } = &item else {
                    unreachable!("wanted_indexes names indexes alone")
                };
                Ok::<_, RepositoryError>(ArchiveIndex {
                    component: component.to_string(),
                    architecture: architecture.to_string(),
                    digest: listed.digest(),
                    index,
                })
            }
        };
        let indexes = in_order(wanted.iter().map(load)).await?;
        Ok(Archive {
            name: suite.name.to_string(),
            priority: priority(&found),
            identity: found.identity,
            signers: found.signers,
            snapshot: None,
            indexes,
            allowed: None,
            repository: 0,
            warnings: found.warnings,
        })
    }
}

impl Archive {
    pub(super) fn limit(&mut self, priority: Option<i32>, packages: &[String]) {
        self.priority = priority.unwrap_or(self.priority);
        self.allowed = (!packages.is_empty()).then(|| packages.to_vec());
    }
}

/// Does all at once; of several errors the first in order counts, not the first in time.
pub(super) async fn in_order<T>(
    work: impl Iterator<Item = impl Future<Output = Result<T, RepositoryError>>>,
) -> Result<Vec<T>, RepositoryError> {
    join_all(work).await.into_iter().collect()
}

/// An index to load: what it is, where it is listed, and the only architecture to take from it.
type Wanted = (Item, Listed, Option<String>);

/// Lists the indexes to load; an architecture that a suite of updates lacks becomes a warning.
fn wanted_indexes(
    plan: &Plan,
    architectures: &[&str],
    found: &mut Found,
) -> Result<Vec<Wanted>, RepositoryError> {
    let mut wanted = Vec::new();
    for component in &plan.components {
        for architecture in architectures {
            match wanted_index(plan, component, architecture, found) {
                Some(index) => wanted.push(index),
                None => {
                    let warning = missing(plan, component, architecture, found)?;
                    if !found.warnings.contains(&warning) {
                        found.warnings.push(warning);
                    }
                }
            }
        }
        if plan.suite.kind != Kind::Flat && lists_all_apart(found) {
            wanted.extend(wanted_index(plan, component, "all", found));
        }
    }
    Ok(wanted)
}

fn wanted_index(plan: &Plan, component: &str, architecture: &str, found: &Found) -> Option<Wanted> {
    let is_flat = plan.suite.kind == Kind::Flat;
    let path = match is_flat {
        true => "Packages".to_owned(),
        false => format!("{component}/binary-{architecture}/Packages"),
    };
    let item = Item::Index {
        suite: Arc::clone(&plan.suite.name),
        component: component.into(),
        architecture: architecture.into(),
    };
    Some((item, Listed::find(&found.release, &path)?, is_flat.then(|| architecture.to_owned())))
}

/// Says why a release lists no index: a warning for a suite of updates that lacks the architecture.
fn missing(
    plan: &Plan,
    component: &str,
    architecture: &str,
    found: &Found,
) -> Result<Warning, RepositoryError> {
    let suite = plan.suite.name.to_string();
    let architecture = architecture.to_owned();
    if !has_component(found, component) {
        let available = found.release.components.clone();
        return Err(RepositoryError::MissingComponent { suite, component: component.to_owned(), available });
    }
    if plan.only_updates {
        return Ok(Warning::MissingArchitecture { suite, architecture });
    }
    let available = found.release.architectures.clone();
    Err(RepositoryError::MissingArchitecture { suite, architecture, available })
}

/// Says whether packages for all architectures stand in an index of their own.
fn lists_all_apart(found: &Found) -> bool {
    let release = &found.release;
    release.architectures.iter().any(|name| name == "all")
        && !release.no_support_for_architecture_all.iter().any(|kind| kind == "Packages")
}

fn has_component(found: &Found, component: &str) -> bool {
    let release = &found.release;
    let prefix = format!("{component}/");
    release.components.iter().any(|name| name.rsplit('/').next() == Some(component))
        || release.sha256.keys().any(|path| path.starts_with(&prefix))
}

fn priority(found: &Found) -> i32 {
    match (found.release.not_automatic, found.release.but_automatic_upgrades) {
        (false, _) => PRIORITY,
        (true, true) => BACKPORTS_PRIORITY,
        (true, false) => NOT_AUTOMATIC_PRIORITY,
    }
}
