//! Logins that the user has stored: the one module that reads the environment for them.
//!
//! Asked in this order: the file that `REGISTRY_AUTH_FILE` names; Docker's `config.json` in
//! `DOCKER_CONFIG` or `~/.docker`; the `auth.json` of Podman, Buildah and Skopeo. In each, a credential
//! helper of the registry, a stored login, and the helper for everything. The first that knows one wins.

mod file;
mod helper;

use std::path::{Path, PathBuf};

use attar_image::reference::Repository;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::secret::Secret;
use file::AuthFile;
pub use helper::HelperError;

/// A stored login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// A name and a password.
    Password { name: String, password: Secret },
    /// A token that is exchanged for others.
    Identity(Secret),
}

impl Login {
    /// Returns the header that sends the login itself; an identity token cannot be sent so.
    pub(crate) fn basic(&self) -> Option<Secret> {
        match self {
            Self::Password { name, password } => {
                let pair = BASE64_STANDARD.encode(format!("{name}:{}", password.expose()));
                Some(Secret::new(format!("Basic {pair}")))
            }
            Self::Identity(_) => None,
        }
    }
}

/// Stored logins that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file cannot be read.
    #[error("cannot read the logins in `{}`: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said; it stands in the message.
        source: std::io::Error,
    },
    /// The file is not what Docker writes.
    #[error("cannot read the logins in `{}`: {source}", file.display())]
    Parse {
        /// The file.
        file: PathBuf,
        /// Where and why reading stopped; it stands in the message.
        source: serde_json::Error,
    },
    /// One login of the file is not the text that Docker writes.
    #[error("cannot read the login for {key} in `{}`: expected `NAME:PASSWORD` in base64", file.display())]
    Login {
        /// The file.
        file: PathBuf,
        /// The registry it is for.
        key: String,
    },
    /// A helper does not work.
    #[error("cannot ask `docker-credential-{name}` for the login: {source}")]
    Helper {
        /// The helper.
        name: String,
        /// What went wrong; it stands in the message.
        source: HelperError,
    },
}

/// Where logins are looked for.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    files: Vec<PathBuf>,
}

impl Credentials {
    /// Knows no login: registries are asked as anybody.
    pub fn none() -> Self {
        Self::default()
    }

    /// Looks in these files, in order; those that do not exist are left out.
    pub fn in_files(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// Looks where Docker, Podman and their kin store logins.
    pub fn ambient() -> Self {
        let folder = |name: &str| {
            let value = std::env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        let below = |name: &str, path: &str| folder(name).map(|folder| folder.join(path));
        let docker = folder("DOCKER_CONFIG").or_else(|| below("HOME", ".docker"));
        let config = folder("XDG_CONFIG_HOME").or_else(|| below("HOME", ".config"));
        let files = [
            folder("REGISTRY_AUTH_FILE"),
            docker.map(|folder| folder.join("config.json")),
            below("XDG_RUNTIME_DIR", "containers/auth.json"),
            config.map(|folder| folder.join("containers/auth.json")),
        ];
        Self { files: files.into_iter().flatten().collect() }
    }

    /// Returns where logins are looked for, for messages.
    pub(crate) fn places(&self) -> String {
        let places: Vec<String> = self.files.iter().map(|file| format!("`{}`", file.display())).collect();
        places.join(", ")
    }

    /// Returns the login for a repository.
    pub(crate) async fn find(&self, repository: &Repository) -> Result<Option<Login>, CredentialError> {
        for path in &self.files {
            let Some(file) = AuthFile::read(path)? else { continue };
            if let Some(login) = find_in(&file, path, repository).await? {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }
}

async fn find_in(
    file: &AuthFile,
    path: &Path,
    repository: &Repository,
) -> Result<Option<Login>, CredentialError> {
    let registry = repository.registry();
    if let Some(name) = file.helper(registry)
        && let Some(login) = ask(name, registry).await?
    {
        return Ok(Some(login));
    }
    if let Some(login) = file.login(repository, path)? {
        return Ok(Some(login));
    }
    match file.store() {
        Some(name) => ask(name, registry).await,
        None => Ok(None),
    }
}

async fn ask(name: &str, registry: &str) -> Result<Option<Login>, CredentialError> {
    helper::get(name, file::server_address(registry))
        .await
        .map_err(|source| CredentialError::Helper { name: name.to_owned(), source })
}
