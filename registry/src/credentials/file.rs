//! Reads files with logins: Docker's `config.json` and the containers tools' `auth.json`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use attar_image::reference::Repository;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::{CredentialError, Login};
use crate::secret::Secret;

/// Docker pads, other tools do not always.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Under this name Docker keeps the login for Docker Hub.
const DOCKER_HUB_ADDRESS: &str = "https://index.docker.io/v1/";

/// A file with logins.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthFile {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default, rename = "identitytoken")]
    identity_token: String,
}

impl AuthFile {
    /// Reads a file; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialError> {
        let bytes = match std::fs::read(path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            other => other.map_err(|source| CredentialError::Read { file: path.to_owned(), source })?,
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| CredentialError::Parse { file: path.to_owned(), source })
    }

    /// Returns the helper for one registry.
    pub(super) fn helper(&self, registry: &str) -> Option<&str> {
        let found = self.cred_helpers.iter().find(|(key, _)| is_key_of(key, registry));
        found.map(|(_, name)| name.as_str()).filter(|name| !name.is_empty())
    }

    /// Returns the helper for everything.
    pub(super) fn store(&self) -> Option<&str> {
        self.creds_store.as_deref().filter(|name| !name.is_empty())
    }

    /// Returns the stored login for a repository: that of the longest path above it, else the registry's.
    pub(super) fn login(
        &self,
        repository: &Repository,
        path: &Path,
    ) -> Result<Option<Login>, CredentialError> {
        let full = repository.to_string();
        let above = self.auths.iter().filter(|(key, entry)| {
            let is_above =
                full.strip_prefix(*key).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            is_above && !entry.is_empty()
        });
        let registry = || {
            let mut all = self.auths.iter();
            all.find(|(key, entry)| is_key_of(key, repository.registry()) && !entry.is_empty())
        };
        let found = above.max_by_key(|(key, _)| key.len()).or_else(registry);
        found.map(|(key, entry)| entry.login(key, path)).transpose()
    }
}

impl Entry {
    /// With a helper for everything, Docker leaves entries without a login behind.
    fn is_empty(&self) -> bool {
        self.auth.is_empty() && self.username.is_empty() && self.identity_token.is_empty()
    }

    fn login(&self, key: &str, path: &Path) -> Result<Login, CredentialError> {
        if !self.identity_token.is_empty() {
            return Ok(Login::Identity(Secret::new(self.identity_token.clone())));
        }
        let password = |name: &str, password: &str| Login::Password {
            name: name.to_owned(),
            password: Secret::new(password.trim_end_matches('\0')),
        };
        if self.auth.is_empty() {
            return Ok(password(&self.username, &self.password));
        }
        let wrong = || CredentialError::Login { file: path.to_owned(), key: key.to_owned() };
        let decoded = BASE64.decode(self.auth.trim()).map_err(|_| wrong())?;
        let decoded = String::from_utf8(decoded).map_err(|_| wrong())?;
        let (name, secret) = decoded.split_once(':').ok_or_else(wrong)?;
        Ok(match name {
            "<token>" => Login::Identity(Secret::new(secret)),
            name => password(name, secret),
        })
    }
}

/// Returns what helpers know a registry by.
pub(super) fn server_address(registry: &str) -> &str {
    if registry == "docker.io" { DOCKER_HUB_ADDRESS } else { registry }
}

/// Says whether a key of `auths` or `credHelpers` means a registry: Docker has written addresses with and
/// without a scheme and a version.
fn is_key_of(key: &str, registry: &str) -> bool {
    let host = key.split_once("://").map_or(key, |(_, rest)| rest);
    let (host, path) = host.split_once('/').unwrap_or((host, ""));
    let is_api = matches!(path.trim_end_matches('/'), "" | "v1" | "v2");
    let is_hub = registry == "docker.io" && matches!(host, "index.docker.io" | "registry-1.docker.io");
    is_api && (host == registry || is_hub)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> AuthFile {
        serde_json::from_str(text).expect("a file")
    }

    fn login(file: &AuthFile, repository: &str) -> Option<Login> {
        let repository = repository.parse().expect("a repository");
        file.login(&repository, Path::new("auth.json")).expect("readable logins")
    }

    fn password(name: &str, password: &str) -> Option<Login> {
        Some(Login::Password { name: name.into(), password: Secret::new(password) })
    }

    #[test]
    fn logins_are_found_by_registry_and_by_path() {
        // `a:b`, `ab:c:d`, `<token>:x`
        let file = read(
            r#"{"auths": {
                "reg.example": {"auth": "YTpi"},
                "reg.example/team/app": {"auth": "YWI6Yzpk"},
                "https://old.example/v1/": {"auth": "YTpi"},
                "https://index.docker.io/v1/": {"username": "hub", "password": "secret"},
                "token.example": {"identitytoken": "opaque", "auth": "YTpi"},
                "marked.example": {"auth": "PHRva2VuPjp4"},
                "helped.example": {}
            }, "unknown": 1}"#,
        );
        for (repository, expected) in [
            ("reg.example/other", password("a", "b")),
            ("reg.example/team", password("a", "b")),
            ("reg.example/team/app", password("ab", "c:d")),
            ("reg.example/team/app/inner", password("ab", "c:d")),
            ("reg.example/team/application", password("a", "b")),
            ("old.example/x", password("a", "b")),
            ("nginx", password("hub", "secret")),
            ("token.example/x", Some(Login::Identity(Secret::new("opaque")))),
            ("marked.example/x", Some(Login::Identity(Secret::new("x")))),
            ("helped.example/x", None),
            ("reg.example:5000/x", None),
        ] {
            assert_eq!(login(&file, repository), expected, "{repository}");
        }
    }

    #[test]
    fn helpers_are_named_by_registry_or_for_all() {
        let file = read(
            r#"{"credHelpers": {"ecr.example": "ecr", "index.docker.io": "hub"}, "credsStore": "pass"}"#,
        );
        assert_eq!(file.helper("ecr.example"), Some("ecr"));
        assert_eq!(file.helper("docker.io"), Some("hub"));
        assert_eq!(file.helper("reg.example"), None);
        assert_eq!(file.store(), Some("pass"));
    }

    #[test]
    fn a_login_that_is_none_is_named_without_its_text() {
        let file = read(r#"{"auths": {"reg.example": {"auth": "bm8tY29sb24="}}}"#);
        let repository = "reg.example/x".parse().expect("a repository");
        let error = file.login(&repository, Path::new("auth.json")).expect_err("no colon");
        insta::assert_snapshot!(error, @"cannot read the login for reg.example in `auth.json`: expected `NAME:PASSWORD` in base64");
    }
}
