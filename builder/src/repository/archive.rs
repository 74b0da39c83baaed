//! Opening a repository: its verified releases and their package indexes.

use std::path::Path;
use std::sync::Arc;

use attar_image::Digest;
use attar_packages::debian::index::Index;
use futures_util::future::join_all;

use super::Client;
use super::candidates::{Area, parse_snapshot_time, suites_of};
use super::error::RepositoryError;
use super::freshness::Warning;
use super::identity::Identity;
use super::index::Listed;
use super::item::Item;
use super::keys;
use super::mirror::{Mirror, NamedBy};
use super::openpgp::{Fingerprint, Keyring};
use super::release::{Found, Kind, Suite};
use crate::spec::schema::{DebRepository, DebianRepository, Repository};

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

/// What opening one suite needs besides the suite.
struct Plan<'a> {
    mirrors: Vec<Mirror>,
    components: Vec<String>,
    architectures: &'a [&'a str],
    /// Whether the suite only brings updates, so that an architecture may be missing.
    only_updates: bool,
}

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
        match repository {
            Repository::Debian(repository) => self.open_debian(repository, directory, architectures).await,
            Repository::Deb(repository) => self.open_deb(repository, directory, architectures).await,
            Repository::Debs(repository) => {
                self.open_directory(repository, directory, architectures).await.map(|archive| vec![archive])
            }
        }
    }

    async fn open_debian(
        &self,
        repository: &DebianRepository,
        directory: &Path,
        architectures: &[&str],
    ) -> Result<Vec<Archive>, RepositoryError> {
        let keyring = Arc::new(match &repository.signed_by {
            Some(signed_by) => self.keyring(signed_by, directory, &repository.debian)?,
            None => keys::debian().map_err(|source| RepositoryError::SignedBy {
                repository: repository.debian.clone(),
                source,
            })?,
        });
        let snapshot = repository.snapshot.as_deref();
        let now = match snapshot {
            None => self.settings.now,
            Some(text) => parse_snapshot_time(text)
                .ok_or_else(|| RepositoryError::SnapshotTime { text: text.to_owned() })?,
        };
        let open = |name: String| {
            let suite = Suite {
                directory: format!("dists/{name}/"),
                name: name.into(),
                kind: Kind::Debian,
                keyring: Arc::clone(&keyring),
                now,
                check_valid_until: repository.check_valid_until.unwrap_or(true),
            };
            async move {
                let plan = Plan {
                    mirrors: self.release_mirrors(repository, &suite.name)?,
                    components: or_main(&repository.components),
                    architectures,
                    only_updates: only_updates(&suite.name),
                };
                let mut archive = self.open_suite(&suite, &plan).await?;
                archive.snapshot = snapshot.map(str::to_owned);
                archive.limit(repository.priority, &repository.packages);
                Ok::<_, RepositoryError>(archive)
            }
        };
        in_order(suites_of(&repository.debian).into_iter().map(open)).await
    }

    /// Lists where releases and indexes come from: with a snapshot time, the snapshot archive alone.
    fn release_mirrors(
        &self,
        repository: &DebianRepository,
        suite: &str,
    ) -> Result<Vec<Mirror>, RepositoryError> {
        let area = Area::of_suite(suite);
        if let Some(time) = &repository.snapshot {
            return Ok(vec![self.snapshot_mirror(area, time)?]);
        }
        let mut mirrors = self.debian_mirrors(repository, suite)?;
        mirrors.push(self.newest_snapshot_mirror(area)?);
        Ok(mirrors)
    }

    async fn open_deb(
        &self,
        repository: &DebRepository,
        directory: &Path,
        architectures: &[&str],
    ) -> Result<Vec<Archive>, RepositoryError> {
        let keyring = Arc::new(self.keyring(&repository.signed_by, directory, &repository.deb)?);
        let mirror = Mirror::parse(&repository.deb, NamedBy::User)?;
        let open = |name: &String| {
            let is_flat = name.ends_with('/');
            let path = name.trim_start_matches("./").trim_start_matches('/');
            let suite = Suite {
                name: name.as_str().into(),
                directory: if is_flat { path.to_owned() } else { format!("dists/{path}/") },
                kind: if is_flat { Kind::Flat } else { Kind::ThirdParty },
                keyring: Arc::clone(&keyring),
                now: self.settings.now,
                check_valid_until: repository.check_valid_until.unwrap_or(true),
            };
            let mirrors = vec![mirror.clone()];
            async move {
                let components = if is_flat { vec![String::new()] } else { or_main(&repository.components) };
                let plan = Plan { mirrors, components, architectures, only_updates: false };
                let mut archive = self.open_suite(&suite, &plan).await?;
                archive.limit(repository.priority, &repository.packages);
                Ok::<_, RepositoryError>(archive)
            }
        };
        in_order(repository.suites.iter().map(open)).await
    }

    async fn open_suite(&self, suite: &Suite, plan: &Plan<'_>) -> Result<Archive, RepositoryError> {
        let mut found = self.find_release(suite, &plan.mirrors).await?;
        let mirrors = from_first(&found.mirror, &plan.mirrors);
        let wanted = wanted_indexes(suite, plan, &mut found)?;
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

    /// Reads the keys that a spec names: a file, or the armored text itself.
    fn keyring(
        &self,
        signed_by: &str,
        directory: &Path,
        repository: &str,
    ) -> Result<Keyring, RepositoryError> {
        let bytes = if signed_by.contains("-----BEGIN PGP") {
            signed_by.as_bytes().to_vec()
        } else {
            let file = directory.join(signed_by);
            std::fs::read(&file).map_err(|source| RepositoryError::ReadFile { file, source })?
        };
        Keyring::parse(&bytes)
            .map_err(|source| RepositoryError::SignedBy { repository: repository.to_owned(), source })
    }
}

impl Archive {
    pub(super) fn limit(&mut self, priority: Option<i32>, packages: &[String]) {
        self.priority = priority.unwrap_or(self.priority);
        self.allowed = (!packages.is_empty()).then(|| packages.to_vec());
    }
}

/// Does all at once; of several errors the first in order counts, not the first in time.
async fn in_order<T>(
    work: impl Iterator<Item = impl Future<Output = Result<T, RepositoryError>>>,
) -> Result<Vec<T>, RepositoryError> {
    join_all(work).await.into_iter().collect()
}

/// Lists the indexes to load; an architecture that a suite of updates lacks becomes a warning.
fn wanted_indexes(
    suite: &Suite,
    plan: &Plan<'_>,
    found: &mut Found,
) -> Result<Vec<(Item, Listed, Option<String>)>, RepositoryError> {
    let release = &found.release;
    let mut wanted = Vec::new();
    for component in &plan.components {
        let mut add = |architecture: &str| {
            let path = match suite.kind {
                Kind::Flat => "Packages".to_owned(),
                _ => format!("{component}/binary-{architecture}/Packages"),
            };
            let item = Item::Index {
                suite: Arc::clone(&suite.name),
                component: component.as_str().into(),
                architecture: architecture.into(),
            };
            let only = (suite.kind == Kind::Flat).then(|| architecture.to_owned());
            let listed = Listed::find(release, &path);
            let is_listed = listed.is_some();
            wanted.extend(listed.map(|listed| (item, listed, only)));
            is_listed
        };
        for architecture in plan.architectures {
            if add(architecture) {
                continue;
            }
            if !has_component(found, component) {
                return Err(RepositoryError::MissingComponent {
                    suite: suite.name.to_string(),
                    component: component.clone(),
                    available: found.release.components.clone(),
                });
            }
            if !plan.only_updates {
                return Err(RepositoryError::MissingArchitecture {
                    suite: suite.name.to_string(),
                    architecture: (*architecture).to_owned(),
                    available: found.release.architectures.clone(),
                });
            }
            let warning = Warning::MissingArchitecture {
                suite: suite.name.to_string(),
                architecture: (*architecture).to_owned(),
            };
            if !found.warnings.contains(&warning) {
                found.warnings.push(warning);
            }
        }
        if suite.kind != Kind::Flat && lists_all_apart(found) {
            add("all");
        }
    }
    Ok(wanted)
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

fn only_updates(suite: &str) -> bool {
    suite.ends_with("-updates") || Area::of_suite(suite) == Area::Security
}

fn or_main(components: &[String]) -> Vec<String> {
    if components.is_empty() { vec!["main".to_owned()] } else { components.to_vec() }
}

/// Puts the mirror that gave the release before the others, which may still have its indexes.
fn from_first(first: &Mirror, mirrors: &[Mirror]) -> Vec<Mirror> {
    let others = mirrors.iter().filter(|mirror| *mirror != first);
    std::iter::once(first).chain(others).cloned().collect()
}
