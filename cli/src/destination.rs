//! Where a built image goes: the values of `build -o`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a built image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// An OCI image layout in a folder.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// Name of the entry; a layout without names holds one entry.
        name: Option<String>,
    },
    /// An OCI image layout in a tar archive.
    OciArchive(PathBuf),
    /// An archive for `docker load`.
    DockerArchive(PathBuf),
    /// The files of one image as a tar archive.
    Rootfs(PathBuf),
}

/// What is no destination.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidDestination {
    /// The word before the colon is unknown, or there is no colon.
    #[error("expected `oci:DIR[:NAME]`, `oci-archive:FILE`, `docker-archive:FILE` or `rootfs:FILE.tar`")]
    Kind,
    /// Nothing follows the colon.
    #[error("`{0}:` needs a path")]
    NoPath(&'static str),
    /// The entry's name is empty.
    #[error("the name after `{0}:` is empty")]
    NoName(String),
}

impl FromStr for Destination {
    type Err = InvalidDestination;

    fn from_str(text: &str) -> Result<Self, InvalidDestination> {
        let (kind, rest) = text.split_once(':').ok_or(InvalidDestination::Kind)?;
        let file = |kind| match rest {
            "" => Err(InvalidDestination::NoPath(kind)),
            path => Ok(PathBuf::from(path)),
        };
        match kind {
            "oci" => layout(rest),
            "oci-archive" => file("oci-archive").map(Self::OciArchive),
            "docker-archive" => file("docker-archive").map(Self::DockerArchive),
            "rootfs" => file("rootfs").map(Self::Rootfs),
            _ => Err(InvalidDestination::Kind),
        }
    }
}

/// Splits `DIR[:NAME]`. A folder with a colon cannot be named, as in other tools that write layouts.
fn layout(rest: &str) -> Result<Destination, InvalidDestination> {
    let (folder, name) = match rest.split_once(':') {
        None => (rest, None),
        Some((folder, "")) => return Err(InvalidDestination::NoName(folder.into())),
        Some((folder, name)) => (folder, Some(name.to_owned())),
    };
    if folder.is_empty() {
        return Err(InvalidDestination::NoPath("oci"));
    }
    Ok(Destination::Layout { folder: folder.into(), name })
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { folder, name: None } => write!(f, "oci:{}", folder.display()),
            Self::Layout { folder, name: Some(name) } => write!(f, "oci:{}:{name}", folder.display()),
            Self::OciArchive(path) => write!(f, "oci-archive:{}", path.display()),
            Self::DockerArchive(path) => write!(f, "docker-archive:{}", path.display()),
            Self::Rootfs(path) => write!(f, "rootfs:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing_and_printing() {
        let layout = |folder: &str, name: Option<&str>| {
            Ok(Destination::Layout { folder: folder.into(), name: name.map(String::from) })
        };
        for (text, expected) in [
            ("oci:image", layout("image", None)),
            ("oci:/a/b:1.4", layout("/a/b", Some("1.4"))),
            ("oci:image:acme/api:1.4", layout("image", Some("acme/api:1.4"))),
            ("oci-archive:a.tar", Ok(Destination::OciArchive("a.tar".into()))),
            ("docker-archive:a.tar", Ok(Destination::DockerArchive("a.tar".into()))),
            ("rootfs:root.tar", Ok(Destination::Rootfs("root.tar".into()))),
            ("oci:", Err(InvalidDestination::NoPath("oci"))),
            ("oci:image:", Err(InvalidDestination::NoName("image".into()))),
            ("rootfs:", Err(InvalidDestination::NoPath("rootfs"))),
            ("image.tar", Err(InvalidDestination::Kind)),
            ("tar:image.tar", Err(InvalidDestination::Kind)),
        ] {
            let parsed: Result<Destination, _> = text.parse();
            assert_eq!(parsed, expected, "{text}");
            if let Ok(destination) = parsed {
                assert_eq!(destination.to_string(), text);
            }
        }
    }
}
