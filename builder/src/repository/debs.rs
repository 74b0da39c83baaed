//! A directory of `.deb` files as a repository: every file is read, and listed as an index would.
//!
//! What a file says is noted in the cache, so that a directory that did not change is only looked at.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use attar_image::Digest;
use attar_packages::debian::deb::DebReader;
use attar_packages::debian::index::Index;
use serde::{Deserialize, Serialize};

use super::Client;
use super::archive::{Archive, ArchiveIndex};
use super::error::RepositoryError;
use super::identity::Identity;
use crate::cache::{Cache, Shelf, hash_file};
use crate::files::hashes::{MARGIN, identity};
use crate::spec::schema::DebsRepository;

/// Above all archives.
const PRIORITY: i32 = 1000;

/// What is known of one file: its stanza, and what `stat` said when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    identity: [i128; 5],
    noted: i128,
    stanza: String,
}

impl Client {
    /// Reads the control data of every `.deb` file of a directory.
    pub(super) async fn open_directory(
        &self,
        repository: &DebsRepository,
        directory: &Path,
        architectures: &[&str],
    ) -> Result<Archive, RepositoryError> {
        let folder = directory.join(&repository.debs);
        let cache = self.settings.cache.clone();
        let stanzas = self.blocking(move || stanzas(&folder, &cache)).await??;
        let mut indexes = Vec::new();
        for architecture in architectures {
            let text = index_text(&stanzas, architecture)?;
            let digest = Digest::of(&text);
            let index = Index::parse(text.into_bytes()).expect("every stanza was parsed alone");
            indexes.push(ArchiveIndex {
                component: String::new(),
                architecture: (*architecture).to_owned(),
                digest,
                index: Arc::new(index),
            });
        }
        let mut archive = Archive {
            name: repository.debs.clone(),
            identity: Identity::none(),
            signers: Vec::new(),
            snapshot: None,
            indexes,
            priority: PRIORITY,
            allowed: None,
            repository: 0,
            warnings: Vec::new(),
        };
        archive.limit(repository.priority, &repository.packages);
        Ok(archive)
    }
}

/// Lists the stanzas of a directory's packages, by file name.
fn stanzas(folder: &Path, cache: &Cache) -> Result<BTreeMap<String, String>, RepositoryError> {
    let absolute = std::path::absolute(folder).map_err(unreadable(folder))?;
    let key = Digest::of([b"debs ", absolute.as_os_str().as_bytes()].concat()).hex();
    let before: BTreeMap<String, Known> = cache
        .get(Shelf::Inputs, &key)
        .and_then(|bytes| postcard::from_bytes(&bytes).ok())
        .unwrap_or_default();
    let mut now = BTreeMap::new();
    for name in file_names(folder)? {
        let path = folder.join(&name);
        let stat = fs::metadata(&path).map_err(unreadable(&path))?;
        let identity = identity(&stat);
        let unchanged = before.get(&name).filter(|known| {
            known.identity == identity && identity[1].max(identity[2]) + MARGIN < known.noted
        });
        let known = match unchanged {
            Some(known) => known.clone(),
            None => {
                let noted =
                    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i128);
                Known { identity, noted, stanza: stanza(&path, &name)? }
            }
        };
        now.insert(name, known);
    }
    if now != before {
        let bytes = postcard::to_allocvec(&now).expect("numbers and texts have a binary form");
        cache.put(Shelf::Inputs, &key, &bytes)?;
    }
    Ok(now.into_iter().map(|(name, known)| (name, known.stanza)).collect())
}

/// Lists the names that end in `.deb`, sorted.
fn file_names(folder: &Path) -> Result<Vec<String>, RepositoryError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
            names.push(name.ok_or_else(|| {
                unreadable(&path)(io::Error::new(io::ErrorKind::InvalidFilename, "its name is not UTF-8"))
            })?);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads one package and writes what an index would say of it.
fn stanza(path: &Path, name: &str) -> Result<String, RepositoryError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let package = DebReader::open(BufReader::new(file))
        .map_err(|source| RepositoryError::BrokenPackage { file: path.to_path_buf(), source })?;
    let (digest, size) = hash_file(path).map_err(unreadable(path))?;
    let stanza = package.control().index_stanza(name, size, &digest.hex());
    match Index::parse(stanza.clone().into_bytes()) {
        Ok(index) if index.len() == 1 => Ok(stanza),
        Ok(_) => Err(RepositoryError::SeveralStanzas { file: path.to_path_buf() }),
        Err(source) => Err(RepositoryError::InvalidPackage { file: path.to_path_buf(), source }),
    }
}

/// Writes the index of one architecture; two files with one package are an error.
fn index_text(stanzas: &BTreeMap<String, String>, architecture: &str) -> Result<String, RepositoryError> {
    let mut files: BTreeMap<(String, String, String), &str> = BTreeMap::new();
    let mut text = String::new();
    for (name, stanza) in stanzas {
        let index = Index::parse(stanza.clone().into_bytes()).expect("it was parsed when it was read");
        for package in index.packages() {
            if package.architecture() != architecture && package.architecture() != "all" {
                continue;
            }
            let key = (package.name(), package.version(), package.architecture());
            let key = (key.0.to_owned(), key.1.to_owned(), key.2.to_owned());
            if let Some(first) = files.insert(key.clone(), name) {
                return Err(RepositoryError::SamePackage {
                    package: format!("{} {} ({})", key.0, key.1, key.2),
                    files: [first.to_owned(), name.clone()],
                });
            }
            text.push_str(stanza);
        }
    }
    Ok(text)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> RepositoryError + use<> {
    let file = PathBuf::from(path);
    move |source| RepositoryError::ReadFile { file, source }
}
