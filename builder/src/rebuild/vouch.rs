//! Who vouches for the packages that an image claims to hold.
//!
//! A claim says which packages, and from which archive. Only the names of Debian's suites are taken from
//! it to know what to open; that an index lists a package counts when a trusted key signed the index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use attar_image::Digest;
use jiff::Timestamp;

use crate::context::Context;
use crate::evidence::Claim;
use crate::images::architecture;
use crate::lock::{LockedArchive, LockedPackage};
use crate::repository::openpgp::{Fingerprint, Keyring};
use crate::repository::{Archive, snapshot_time_of};
use crate::spec::schema::{DebRepository, DebianRepository, Repository};

/// Whom the user believes.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Armored keys that are trusted besides those that ship with attar.
    pub keys: Vec<String>,
    /// Where to ask for archives that are not Debian's, given `keys`.
    pub mirrors: Vec<String>,
    /// Believe the keys and ask the addresses of the image's own spec.
    pub spec: bool,
}

/// Which of the claimed packages somebody vouches for.
#[derive(Clone, Debug, Default)]
pub struct Vouching {
    /// Number of packages that are listed in signed indexes.
    pub vouched: usize,
    /// Who signed those indexes.
    pub signers: BTreeSet<Fingerprint>,
    /// The others.
    pub unvouched: Vec<Unvouched>,
    /// Archives that could not be opened, with the reason.
    pub unopened: Vec<(String, String)>,
    /// Where the packages of each archive of the lock are to be asked for.
    pub(super) repositories: Vec<Repository>,
}

/// A package that no signed index lists with this version and digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unvouched {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Debian's name of its architecture, or `all`.
    pub architecture: String,
    /// Its digest.
    pub digest: Digest,
    /// Where the claim says that it comes from.
    pub archive: String,
}

/// Keys and addresses that an image's own spec names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Fingerprints of keys.
    pub keys: BTreeSet<String>,
    /// Addresses and folders of archives.
    pub addresses: BTreeSet<String>,
}

/// Lists the keys and addresses that the claimed spec names.
pub fn named(claim: &Claim) -> Named {
    let mut named = Named::default();
    for repository in claim.recipe.specs.values().flat_map(|spec| &spec.contents.repositories) {
        let key = match repository {
            Repository::Debian(debian) => debian.signed_by.as_ref(),
            Repository::Deb(deb) => {
                named.addresses.insert(deb.deb.clone());
                Some(&deb.signed_by)
            }
            Repository::Debs(_) => None,
        };
        let keyring = key.and_then(|key| Keyring::parse(key.as_bytes()).ok()).unwrap_or_default();
        named.keys.extend(keyring.fingerprints().iter().map(ToString::to_string));
    }
    named
}

/// What is known of archives so far.
struct Opening<'a> {
    context: &'a Context,
    architectures: Vec<&'static str>,
    archives: Vec<Archive>,
    unopened: BTreeMap<String, String>,
}

/// Looks every package up that the claimed image holds.
pub fn vouch(context: &Context, claim: &Claim, trust: &Trust) -> Vouching {
    let architectures: BTreeSet<&'static str> =
        claim.recipe.platforms.iter().filter_map(|platform| architecture(platform)).collect();
    let mut opening = Opening {
        context,
        architectures: architectures.into_iter().collect(),
        archives: Vec::new(),
        unopened: BTreeMap::new(),
    };
    let claimed = claimed_repositories(claim);
    let supplies: Vec<Vec<Repository>> =
        claim.lock.archives.iter().map(|archive| supplies(archive, &claimed, trust)).collect();
    let mut pending: BTreeMap<usize, Vec<&LockedPackage>> = BTreeMap::new();
    for package in super::packages(claim).into_values() {
        pending.entry(package.archive).or_default().push(package);
    }
    let mut vouching = Vouching::default();
    let mut opened: Vec<Repository> = Vec::new();
    for (number, packages) in pending {
        let archive = &claim.lock.archives[number];
        for repository in &supplies[number] {
            if !opened.contains(repository) {
                opened.push(repository.clone());
                opening.open(repository, &describe(archive));
            }
        }
        let mut missing = Vec::new();
        for package in packages {
            if !vouching.take(package, &opening.archives) {
                missing.push(package);
            }
        }
        // Archives drop what is superseded; the snapshot archive keeps it.
        for repository in supplies[number].iter().filter_map(|it| at_time(it, archive)) {
            if !missing.is_empty() && !opened.contains(&repository) {
                opened.push(repository.clone());
                opening.open(&repository, &describe(archive));
            }
        }
        for package in missing {
            if !vouching.take(package, &opening.archives) {
                vouching.unvouched.push(Unvouched {
                    name: package.name.clone(),
                    version: package.version.clone(),
                    architecture: package.architecture.clone(),
                    digest: package.digest,
                    archive: describe(archive),
                });
            }
        }
    }
    vouching.unopened = opening.unopened.into_iter().collect();
    vouching.repositories =
        supplies.into_iter().map(|supplies| supplies.into_iter().next().unwrap_or_else(nowhere)).collect();
    vouching
}

impl Opening<'_> {
    /// Opens an archive and keeps what a trusted key signed; that it fails is noted.
    fn open(&mut self, repository: &Repository, name: &str) {
        let nowhere = Path::new("/nonexistent");
        match self.context.wait(self.context.client.open(repository, nowhere, &self.architectures)) {
            Ok(archives) => {
                self.archives.extend(archives.into_iter().filter(|archive| !archive.signers.is_empty()));
            }
            Err(error) => {
                self.unopened.entry(name.to_owned()).or_insert_with(|| attar_image::chain(&error));
            }
        }
    }
}

impl Vouching {
    /// Counts a package as vouched for when a signed index lists it.
    fn take(&mut self, package: &LockedPackage, archives: &[Archive]) -> bool {
        let hex = package.digest.hex();
        for archive in archives {
            let listed =
                archive.indexes.iter().flat_map(|index| index.index.named(&package.name)).any(|it| {
                    it.version() == package.version
                        && it.architecture() == package.architecture
                        && it.size() == Some(package.size)
                        && it.sha256().eq_ignore_ascii_case(&hex)
                });
            if listed {
                self.vouched += 1;
                self.signers.extend(archive.signers.iter().cloned());
                return true;
            }
        }
        false
    }
}

/// Returns the repositories of the claimed spec; those of all platforms are the same.
fn claimed_repositories(claim: &Claim) -> Vec<Repository> {
    claim.recipe.specs.values().next().map(|spec| spec.contents.repositories.clone()).unwrap_or_default()
}

/// Lists where an archive of the lock may be opened, by what the user trusts.
fn supplies(archive: &LockedArchive, claimed: &[Repository], trust: &Trust) -> Vec<Repository> {
    let claimed = claimed.get(archive.repository);
    let keys = (!trust.keys.is_empty()).then(|| trust.keys.concat());
    let mut supplies = Vec::new();
    if archive.origin.starts_with("Debian") && is_suite(&archive.codename) {
        let debian = |signed_by: Option<String>| {
            Repository::Debian(DebianRepository {
                debian: archive.codename.clone(),
                components: components(archive),
                signed_by,
                ..DebianRepository::default()
            })
        };
        supplies.push(debian(None));
        supplies.extend(keys.clone().map(|keys| debian(Some(keys))));
    }
    match claimed {
        Some(Repository::Deb(deb)) => {
            let is_plain = |name: &String| is_suite(name.strip_suffix('/').unwrap_or(name)) || name == "./";
            if let Some(keys) = keys.filter(|_| deb.suites.iter().chain(&deb.components).all(is_plain)) {
                let asked = |mirror: &String| {
                    Repository::Deb(DebRepository {
                        deb: mirror.clone(),
                        signed_by: keys.clone(),
                        check_valid_until: None,
                        packages: Vec::new(),
                        ..deb.clone()
                    })
                };
                supplies.extend(trust.mirrors.iter().map(asked));
            }
            supplies.extend(trust.spec.then(|| Repository::Deb(deb.clone())));
        }
        Some(Repository::Debian(debian)) if trust.spec => {
            supplies.push(Repository::Debian(debian.clone()));
        }
        _ => {}
    }
    supplies
}

/// Returns the components that the lock has indexes of.
fn components(archive: &LockedArchive) -> Vec<String> {
    let named = archive.indexes.keys().filter_map(|index| index.rsplit_once('/'));
    let names: BTreeSet<&str> = named.map(|(component, _)| component).filter(|name| is_suite(name)).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Says whether a text from a claim can be the name of a suite or a component, and nothing else.
fn is_suite(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphanumeric())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.+".contains(&byte))
    };
    name.len() <= 64 && name.split('/').all(is_word)
}

/// Returns the archive as it was when the lock was made.
fn at_time(repository: &Repository, archive: &LockedArchive) -> Option<Repository> {
    let Repository::Debian(debian) = repository else { return None };
    let date = archive.date.and_then(|date| Timestamp::from_second(date).ok())?;
    let asked = archive.snapshot.clone().filter(|time| is_suite(time) && !time.contains('/'));
    let snapshot = Some(asked.unwrap_or_else(|| snapshot_time_of(date)));
    Some(Repository::Debian(DebianRepository { snapshot, ..debian.clone() }))
}

fn describe(archive: &LockedArchive) -> String {
    if archive.origin.is_empty() && archive.codename.is_empty() && archive.date.is_none() {
        return String::from("a directory of packages");
    }
    let words = [&archive.origin, &archive.codename];
    words.into_iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

/// A place that holds nothing: the bytes come from the cache or not at all.
fn nowhere() -> Repository {
    Repository::Debs(crate::spec::schema::DebsRepository {
        debs: String::from("/nonexistent"),
        packages: Vec::new(),
        priority: None,
    })
}
