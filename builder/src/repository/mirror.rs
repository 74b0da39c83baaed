//! Where an archive may be found: bases of URLs, in the order in which they are asked.

use std::fmt;
use std::io;
use std::path::Path;

use reqwest::Url;

use super::apt::credentials::Login;
use super::error::RepositoryError;
use super::secret::Secret;

/// The base of an archive, and how to reach it. Printing it never shows credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirror {
    /// Base of the archive; its path ends in `/`; carries no user information.
    base: Url,
    /// Login of the archive.
    pub(super) login: Option<Login>,
    /// Who named it.
    pub(super) named_by: NamedBy,
    /// What stands for the base as a key of the cache, where the URL changes with the time of day.
    key: Option<String>,
}

/// Who named a mirror, which decides how far it is believed to hold the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    /// The user: a flag, the environment, the settings or the spec.
    User,
    /// The host's apt, whose archives may be others than the one wanted.
    HostApt {
        /// Whether apt looks at `Valid-Until` there.
        check_valid_until: bool,
        /// Whether apt looks at dates there at all.
        check_date: bool,
    },
    /// attar: the snapshot archive.
    Snapshot,
}

/// A mirror's text that is no URL attar can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMirror {
    /// It is no URL.
    #[error("`{text}` is not a URL")]
    NoUrl {
        /// The text, without what stands before an `@`.
        text: String,
    },
    /// It is a URL of a kind that attar does not speak.
    #[error("`{text}` cannot be fetched from: expected `http:`, `https:` or `file:`")]
    Scheme {
        /// The text, without what stands before an `@`.
        text: String,
    },
}

impl Mirror {
    /// Reads the base of an archive; a login in it is kept apart.
    pub(super) fn parse(text: &str, named_by: NamedBy) -> Result<Self, InvalidMirror> {
        let shown = || text.rsplit_once('@').map_or(text, |(_, rest)| rest).to_owned();
        let mut base = Url::parse(text).map_err(|_| InvalidMirror::NoUrl { text: shown() })?;
        if !matches!(base.scheme(), "http" | "https" | "file") {
            return Err(InvalidMirror::Scheme { text: shown() });
        }
        let login = match (base.username(), base.password()) {
            ("", None) => None,
            (name, password) => {
                Some(Login { name: name.to_owned(), password: Secret::new(password.unwrap_or_default()) })
            }
        };
        if login.is_some() && (base.set_username("").is_err() || base.set_password(None).is_err()) {
            return Err(InvalidMirror::NoUrl { text: shown() });
        }
        base.set_query(None);
        base.set_fragment(None);
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        Ok(Self { base, login, named_by, key: None })
    }

    /// Takes a URL as it is: without user information, its path ending in `/`.
    pub(super) fn from_url(base: Url, named_by: NamedBy) -> Self {
        Self { base, login: None, named_by, key: None }
    }

    /// Returns a directory as the base of an archive.
    pub(super) fn of_directory(directory: &Path) -> Result<Self, RepositoryError> {
        let read = |source| RepositoryError::ReadFile { file: directory.to_path_buf(), source };
        let absolute = std::path::absolute(directory).map_err(read)?;
        let url =
            Url::from_directory_path(&absolute).map_err(|()| read(io::ErrorKind::InvalidFilename.into()))?;
        Ok(Self::from_url(url, NamedBy::User))
    }

    /// Lets `key` stand for the base in the cache.
    pub(super) fn with_key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Puts another path in the place of the base's.
    pub(super) fn with_path(mut self, path: &str) -> Self {
        self.base.set_path(path);
        self
    }

    /// Returns the base of the archive.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Returns the URL of `path`, a path as an index or a signed release spells it.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path(), encode(path)));
        url
    }

    /// Returns what stands for `path` on this mirror in the cache.
    pub(super) fn cache_key(&self, path: &str) -> String {
        match &self.key {
            Some(key) => format!("{key}/{path}"),
            None => self.url(path).to_string(),
        }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// Returns the URL of `path` on `mirror` with all that a path may hold encoded.
///
/// Pool paths hold `+` and `%`. Object stores read a bare `+` as a space, so it is encoded as well.
fn encode(path: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(path.len() + 8);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:=@,".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_kept_apart() {
        let mirror =
            Mirror::parse("https://me:hunter2@mirror.example/debian?x#y", NamedBy::User).expect("a URL");
        assert_eq!(mirror.to_string(), "https://mirror.example/debian");
        assert_eq!(mirror.login.as_ref().map(|login| login.password.expose()), Some("hunter2"));
        assert!(!format!("{mirror:?}").contains("hunter2"));
        let error = Mirror::parse("ftp://me:hunter2@mirror.example", NamedBy::User).expect_err("ftp");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn paths_are_encoded() {
        let mirror = Mirror::parse("http://mirror.example/debian/", NamedBy::User).expect("a URL");
        let cases = [
            ("dists/trixie/InRelease", "http://mirror.example/debian/dists/trixie/InRelease"),
            ("pool/g++_1%3a2~b+c.deb", "http://mirror.example/debian/pool/g%2B%2B_1%253a2~b%2Bc.deb"),
            ("a b?c#d", "http://mirror.example/debian/a%20b%3Fc%23d"),
        ];
        for (path, expected) in cases {
            assert_eq!(mirror.url(path).as_str(), expected);
        }
    }
}
