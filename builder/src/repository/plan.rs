//! What a repository of the spec stands for: its suites, how each is recognised, and where it may be.

use std::path::Path;
use std::sync::Arc;

use super::Client;
use super::candidates::{Area, parse_snapshot_time, suites_of};
use super::error::RepositoryError;
use super::keys;
use super::mirror::{Mirror, NamedBy};
use super::openpgp::Keyring;
use super::release::{Kind, Suite};
use crate::spec::schema::{DebRepository, DebianRepository, Repository};

/// One suite of a repository, and where it may be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) suite: Suite,
    /// Where it may be, in the order to ask.
    pub(super) mirrors: Vec<Mirror>,
    /// Its components; one without a name for a flat archive.
    pub(super) components: Vec<String>,
    /// Whether the suite only brings updates, so that an architecture may be missing.
    pub(super) only_updates: bool,
}

impl Plan {
    /// Puts the mirror that gave the release before the others, which may still have its indexes.
    pub(super) fn mirrors_from(&self, first: &Mirror) -> Vec<Mirror> {
        let others = self.mirrors.iter().filter(|mirror| *mirror != first);
        std::iter::once(first).chain(others).cloned().collect()
    }
}

impl Client {
    /// Lists the suites of a repository; a directory of packages has none.
    pub(super) fn plans(
        &self,
        repository: &Repository,
        directory: &Path,
    ) -> Result<Vec<Plan>, RepositoryError> {
        match repository {
            Repository::Debian(repository) => self.debian_plans(repository, directory),
            Repository::Deb(repository) => self.third_party_plans(repository, directory),
            Repository::Debs(_) => Ok(Vec::new()),
        }
    }

    fn debian_plans(
        &self,
        repository: &DebianRepository,
        directory: &Path,
    ) -> Result<Vec<Plan>, RepositoryError> {
        let keyring = Arc::new(match &repository.signed_by {
            Some(signed_by) => keyring(signed_by, directory, &repository.debian)?,
            None => keys::debian().map_err(|source| RepositoryError::SignedBy {
                repository: repository.debian.clone(),
                source,
            })?,
        });
        let now = match repository.snapshot.as_deref() {
            None => self.settings.now,
            Some(text) => parse_snapshot_time(text)
                .ok_or_else(|| RepositoryError::SnapshotTime { text: text.to_owned() })?,
        };
        let plan = |name: String| {
            Ok(Plan {
                mirrors: self.release_mirrors(repository, &name)?,
                components: or_main(&repository.components),
                only_updates: name.ends_with("-updates") || Area::of_suite(&name) == Area::Security,
                suite: Suite {
                    directory: format!("dists/{name}/"),
                    name: name.into(),
                    kind: Kind::Debian,
                    keyring: Arc::clone(&keyring),
                    now,
                    check_valid_until: repository.check_valid_until.unwrap_or(true),
                },
            })
        };
        suites_of(&repository.debian).into_iter().map(plan).collect()
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

    fn third_party_plans(
        &self,
        repository: &DebRepository,
        directory: &Path,
    ) -> Result<Vec<Plan>, RepositoryError> {
        let keyring = Arc::new(keyring(&repository.signed_by, directory, &repository.deb)?);
        let mirror = Mirror::parse(&repository.deb, NamedBy::User)?;
        let plan = |name: &String| {
            let is_flat = name.ends_with('/');
            let path = name.trim_start_matches("./").trim_start_matches('/');
            Plan {
                suite: Suite {
                    name: name.as_str().into(),
                    directory: if is_flat { path.to_owned() } else { format!("dists/{path}/") },
                    kind: if is_flat { Kind::Flat } else { Kind::ThirdParty },
                    keyring: Arc::clone(&keyring),
                    now: self.settings.now,
                    check_valid_until: repository.check_valid_until.unwrap_or(true),
                },
                mirrors: vec![mirror.clone()],
                components: if is_flat { vec![String::new()] } else { or_main(&repository.components) },
                only_updates: false,
            }
        };
        Ok(repository.suites.iter().map(plan).collect())
    }
}

/// Reads the keys that a spec names: a file, or the armored text itself.
fn keyring(signed_by: &str, directory: &Path, repository: &str) -> Result<Keyring, RepositoryError> {
    let bytes = if signed_by.contains("-----BEGIN PGP") {
        signed_by.as_bytes().to_vec()
    } else {
        let file = directory.join(signed_by);
        std::fs::read(&file).map_err(|source| RepositoryError::ReadFile { file, source })?
    };
    Keyring::parse(&bytes)
        .map_err(|source| RepositoryError::SignedBy { repository: repository.to_owned(), source })
}

fn or_main(components: &[String]) -> Vec<String> {
    if components.is_empty() { vec!["main".to_owned()] } else { components.to_vec() }
}
