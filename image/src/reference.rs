//! Image references: `registry/repository:tag@digest`, read as Docker and the OCI tools read them.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, InvalidDigest};

/// The longest name (registry and path together) in bytes.
pub const MAX_NAME: usize = 255;

const DOCKER_HUB: &str = "docker.io";

/// The name of an image in a registry, with a tag, a digest, both or neither.
///
/// [`fmt::Display`] writes the full form: `nginx` reads as `docker.io/library/nginx`. No tag is
/// implied; [`Reference::tag_or_latest`] implies it where a tag is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where the image lives.
    pub repository: Repository,
    /// The tag, if one is written.
    pub tag: Option<Tag>,
    /// The digest, if one is written; it wins over the tag.
    pub digest: Option<Digest>,
}

/// A repository: the registry's host with its port, and the path inside the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: String,
    path: String,
}

/// A tag: up to 128 letters, digits, `_`, `.` and `-`, starting with none of the last two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// A text that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    /// The text is empty.
    #[error("empty image reference")]
    Empty,
    /// The registry is not a host name, an address, or either with a port.
    #[error("invalid registry `{registry}` in image reference `{reference}`")]
    Registry {
        /// The whole text.
        reference: String,
        /// What stands in the registry's place.
        registry: String,
    },
    /// The path has a character or a component that is not allowed.
    #[error(
        "invalid repository `{path}` in image reference `{reference}`: expected components of lowercase \
         letters and digits, separated inside by `.`, `_`, `__` or `-`"
    )]
    Path {
        /// The whole text.
        reference: String,
        /// What stands in the path's place.
        path: String,
    },
    /// Registry and path are too long together.
    #[error(
        "repository name of {length} bytes in image reference `{reference}`: expected at most {MAX_NAME}"
    )]
    TooLong {
        /// The text, shortened.
        reference: String,
        /// The length of the name.
        length: usize,
    },
    /// The text is 64 hexadecimal digits, which engines take for an image's identifier.
    #[error("`{0}` is an image identifier: expected a repository name")]
    Identifier(String),
    /// The tag is not one.
    #[error("invalid image reference `{reference}`")]
    Tag {
        /// The whole text.
        reference: String,
        /// What is wrong with the tag.
        source: InvalidTag,
    },
    /// The digest is not one.
    #[error("invalid image reference `{reference}`")]
    Digest {
        /// The whole text.
        reference: String,
        /// What is wrong with the digest.
        source: InvalidDigest,
    },
}

/// A text that is no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid tag `{found}`: expected 1 to 128 letters, digits, `_`, `.` or `-`, the first one a letter, a \
     digit or `_`"
)]
pub struct InvalidTag {
    /// The text that was found, shortened.
    pub found: String,
}

impl Reference {
    /// Returns the tag, `latest` when there is none.
    pub fn tag_or_latest(&self) -> Tag {
        self.tag.clone().unwrap_or_else(Tag::latest)
    }

    /// Returns the reference to `digest` in the same repository, without a tag.
    pub fn at_digest(&self, digest: Digest) -> Self {
        Self { repository: self.repository.clone(), tag: None, digest: Some(digest) }
    }

    /// Returns the reference to `tag` in the same repository, without a digest.
    pub fn at_tag(&self, tag: Tag) -> Self {
        Self { repository: self.repository.clone(), tag: Some(tag), digest: None }
    }

    /// Returns the short form of the [repository](Repository::familiar) with tag and digest: `nginx:1` for
    /// `docker.io/library/nginx:1`.
    pub fn familiar(&self) -> String {
        let mut text = self.repository.familiar();
        self.append_suffix(&mut text);
        text
    }

    fn append_suffix(&self, text: &mut String) {
        if let Some(tag) = &self.tag {
            text.push(':');
            text.push_str(tag.as_str());
        }
        if let Some(digest) = &self.digest {
            text.push('@');
            text.push_str(&digest.to_string());
        }
    }
}

impl Repository {
    /// Returns the registry's host, with its port if one is written.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the path inside the registry: `library/nginx`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the repository of this name inside this registry, below this path.
    pub fn join(&self, name: &str) -> Result<Self, InvalidReference> {
        let path = format!("{}/{name}", self.path);
        check_path(&path, &format!("{self}/{name}"))?;
        check_length(&self.registry, &path)?;
        Ok(Self { registry: self.registry.clone(), path })
    }

    /// Returns the short form that Docker prints: `nginx` for `docker.io/library/nginx`. What would read as
    /// something else without its registry, such as `docker.io/example.com/app`, keeps it.
    pub fn familiar(&self) -> String {
        if self.registry != DOCKER_HUB {
            return self.to_string();
        }
        let short = match self.path.strip_prefix("library/") {
            Some(name) if !name.contains('/') => name,
            _ => &self.path,
        };
        match short.parse::<Self>() {
            Ok(read) if read == *self => short.to_owned(),
            _ => self.to_string(),
        }
    }
}

impl Tag {
    /// Returns the tag `latest`.
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// Returns the text of the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let valid =
            (1..=128).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with(['.', '-']);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidTag { found: shorten(text) }) }
    }
}

impl FromStr for Repository {
    type Err = InvalidReference;

    /// Reads a reference that has neither a tag nor a digest.
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        parse_repository(text, text)
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        if text.is_empty() {
            return Err(InvalidReference::Empty);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon after the last slash starts a tag, one before it a port.
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[name_start..].split_once(':') {
            Some((last, tag)) => (&rest[..name_start + last.len()], Some(tag)),
            None => (rest, None),
        };
        let reference = || shorten(text);
        Ok(Self {
            repository: parse_repository(name, text)?,
            tag: tag
                .map(str::parse)
                .transpose()
                .map_err(|source| InvalidReference::Tag { reference: reference(), source })?,
            digest: digest
                .map(str::parse)
                .transpose()
                .map_err(|source| InvalidReference::Digest { reference: reference(), source })?,
        })
    }
}

fn parse_repository(name: &str, reference: &str) -> Result<Repository, InvalidReference> {
    if name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(InvalidReference::Identifier(name.to_owned()));
    }
    let (registry, path) = split_registry(name);
    if !is_registry(registry) {
        return Err(InvalidReference::Registry {
            reference: shorten(reference),
            registry: shorten(registry),
        });
    }
    let (registry, path) = match registry {
        DOCKER_HUB | "index.docker.io" if !path.contains('/') => (DOCKER_HUB, format!("library/{path}")),
        "index.docker.io" => (DOCKER_HUB, path.to_owned()),
        _ => (registry, path.to_owned()),
    };
    // The path that is checked is the one written, so that the message names no `library/`.
    check_path(path.strip_prefix("library/").unwrap_or(&path), reference)?;
    check_length(registry, &path)?;
    Ok(Repository { registry: registry.to_owned(), path })
}

/// Splits at the first slash when what stands before it looks like a host, as Docker decides it.
fn split_registry(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((first, path))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            (first, path)
        }
        _ => (DOCKER_HUB, name),
    }
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (Some(address), None),
        Some((address, rest)) => match rest.strip_prefix(':') {
            Some(port) => (Some(address), Some(port)),
            None => return false,
        },
        None => {
            let (host, port) = match registry.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (registry, None),
            };
            if !host.split('.').all(is_host_label) {
                return false;
            }
            (None, port)
        }
    };
    host.is_none_or(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn check_path(path: &str, reference: &str) -> Result<(), InvalidReference> {
    if path.split('/').all(is_path_component) {
        Ok(())
    } else {
        Err(InvalidReference::Path { reference: shorten(reference), path: shorten(path) })
    }
}

/// Accepts lowercase letters and digits, with separators only between them.
fn is_path_component(component: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    is_word(*first)
        && is_word(*last)
        && bytes.split(|byte| is_word(*byte)).all(|separator| {
            matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-')
        })
}

fn check_length(registry: &str, path: &str) -> Result<(), InvalidReference> {
    let length = registry.len() + 1 + path.len();
    if length <= MAX_NAME {
        Ok(())
    } else {
        Err(InvalidReference::TooLong { reference: shorten(&format!("{registry}/{path}")), length })
    }
}

fn shorten(text: &str) -> String {
    crate::path::escape(text.chars().take(300).collect::<String>().as_bytes())
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.repository.to_string();
        self.append_suffix(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
