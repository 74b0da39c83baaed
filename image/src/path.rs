//! Paths inside an image: byte strings in one canonical spelling.

mod escape;

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use escape::{WrongEscape, escape, unescape};

/// The longest path a tree accepts, in bytes; the limit of the kernel's path functions.
pub const MAX_PATH: usize = 4096;

/// The most symbolic links that are followed on the way to one file, as the kernel does.
const MAX_LINKS: usize = 40;

/// A path inside an image: no leading or trailing slash, no empty, `.` or `..` component, no NUL.
///
/// The root is the empty path. Paths order by their bytes, so a directory always comes before what
/// is inside it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(Box<[u8]>);

/// A path that cannot stand in a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// A component is `..`: the path could leave the tree.
    #[error("path `{0}` has a `..` component")]
    Parent(String),
    /// The path has a NUL byte.
    #[error("path `{0}` has a NUL byte")]
    Nul(String),
    /// The path is longer than [`MAX_PATH`].
    #[error("path `{0}…` is longer than {MAX_PATH} bytes")]
    TooLong(String),
}

impl TreePath {
    /// Returns the path of the root directory.
    pub fn root() -> Self {
        Self::default()
    }

    /// Brings `./usr//bin/`, `/usr/bin` and `usr/./bin` into the one spelling `usr/bin`.
    pub fn parse(path: impl AsRef<[u8]>) -> Result<Self, InvalidPath> {
        let path = path.as_ref();
        if path.contains(&0) {
            return Err(InvalidPath::Nul(escape(path)));
        }
        let mut canonical = Vec::with_capacity(path.len());
        for component in path.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => return Err(InvalidPath::Parent(escape(path))),
                name => {
                    if !canonical.is_empty() {
                        canonical.push(b'/');
                    }
                    canonical.extend_from_slice(name);
                }
            }
        }
        if canonical.len() > MAX_PATH {
            return Err(InvalidPath::TooLong(escape(&canonical[..60])));
        }
        Ok(Self(canonical.into_boxed_slice()))
    }

    /// Takes bytes that are canonical already.
    pub(crate) fn canonical(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }

    /// Returns the canonical bytes, without a leading slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Says whether this is the root directory.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = memchr::memrchr(b'/', &self.0).unwrap_or(0);
        Some(Self(self.0[..end].into()))
    }

    /// Returns the last component; empty for the root.
    pub fn file_name(&self) -> &[u8] {
        let start = memchr::memrchr(b'/', &self.0).map_or(0, |slash| slash + 1);
        &self.0[start..]
    }

    /// Returns every directory above this path, the nearest first, ending with the root.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(self.parent(), Self::parent)
    }

    /// Iterates over the components from the root down.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// Appends a relative path, which must be canonical itself after parsing.
    pub fn join(&self, relative: impl AsRef<[u8]>) -> Result<Self, InvalidPath> {
        let mut bytes = self.0.to_vec();
        bytes.push(b'/');
        bytes.extend_from_slice(relative.as_ref());
        Self::parse(bytes)
    }

    /// Says whether this path is `ancestor` or lies below it.
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.strip_prefix(ancestor).is_some()
    }

    /// Returns what follows `ancestor`; empty when the two are equal, `None` when it is no ancestor.
    pub fn strip_prefix(&self, ancestor: &Self) -> Option<&[u8]> {
        let rest = self.0.strip_prefix(ancestor.as_bytes())?;
        match rest {
            rest if ancestor.is_root() || rest.is_empty() => Some(rest),
            [b'/', rest @ ..] => Some(rest),
            _ => None,
        }
    }

    /// Follows symbolic links in every component and returns the path of what is finally meant,
    /// whether or not it exists; `None` for a loop. `target` says where a link leads, if there is one.
    pub fn follow_links<'a>(&self, target: impl Fn(&Self) -> Option<&'a [u8]>) -> Option<Self> {
        let mut pending: Vec<Vec<u8>> = self.components().map(<[u8]>::to_vec).collect();
        pending.reverse();
        let mut current = Self::root();
        let mut followed = 0;
        while let Some(component) = pending.pop() {
            if component == b".." {
                current = current.parent().unwrap_or_default();
                continue;
            }
            let next = current.join(&component).ok()?;
            let Some(target) = target(&next) else {
                current = next;
                continue;
            };
            followed += 1;
            if followed > MAX_LINKS {
                return None;
            }
            if target.starts_with(b"/") {
                current = Self::root();
            }
            let components = target.split(|byte| *byte == b'/').filter(|c| !c.is_empty() && *c != b".");
            pending.extend(components.rev().map(<[u8]>::to_vec));
        }
        Some(current)
    }

    /// Resolves the target of a symbolic link that stands at this path, without following further
    /// links. A target that climbs above the root stays at the root, as in a real root directory.
    pub fn resolve_link(&self, target: &[u8]) -> Result<Self, InvalidPath> {
        let mut stack: Vec<&[u8]> = Vec::new();
        let parent = self.parent().unwrap_or_default();
        if !target.starts_with(b"/") {
            stack.extend(parent.components());
        }
        for component in target.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => {
                    stack.pop();
                }
                name => stack.push(name),
            }
        }
        Self::parse(stack.join(&b'/'))
    }
}

impl fmt::Display for TreePath {
    /// Writes the path with a leading slash, unprintable bytes escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", escape(&self.0))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Borrow<[u8]> for TreePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for TreePath {
    /// Writes `/` and the path. Bytes that are not UTF-8 cannot be written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&format_args!("/{text}"))
    }
}

/// Writes a path as it is shown, for reports: what is no UTF-8 is escaped. For `serialize_with`.
pub fn serialize_shown<S: Serializer>(
    path: &impl Borrow<TreePath>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path.borrow())
}

/// Writes paths as they are shown, for reports: what is no UTF-8 is escaped. For `serialize_with`.
pub fn serialize_all_shown<S: Serializer>(
    paths: &impl AsRef<[TreePath]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.as_ref().iter().map(TreePath::to_string))
}

impl<'de> Deserialize<'de> for TreePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).expect("a valid path")
    }

    #[test]
    fn every_spelling_becomes_one() {
        for text in ["usr/bin", "/usr/bin", "./usr/bin/", "usr//./bin", "//usr/bin//"] {
            assert_eq!(path(text).as_bytes(), b"usr/bin", "{text}");
        }
        for text in ["", "/", ".", "./"] {
            assert!(path(text).is_root(), "{text}");
        }
    }

    #[test]
    fn hostile_paths_are_refused() {
        assert!(matches!(TreePath::parse("a/../../b"), Err(InvalidPath::Parent(_))));
        assert!(matches!(TreePath::parse(b"a\0b"), Err(InvalidPath::Nul(_))));
        assert!(matches!(TreePath::parse(vec![b'a'; MAX_PATH + 1]), Err(InvalidPath::TooLong(_))));
        assert_eq!(path("a..b/...").as_bytes(), b"a..b/...");
    }

    #[test]
    fn parents_and_prefixes() {
        assert_eq!(path("usr/bin/env").parent(), Some(path("usr/bin")));
        assert_eq!(path("usr").parent(), Some(TreePath::root()));
        assert_eq!(TreePath::root().parent(), None);
        assert_eq!(
            path("usr/bin/env").ancestors().collect::<Vec<_>>(),
            [path("usr/bin"), path("usr"), path("")]
        );
        assert_eq!(path("usr/bin").strip_prefix(&path("usr")), Some(&b"bin"[..]));
        assert_eq!(path("usrlocal").strip_prefix(&path("usr")), None);
        assert_eq!(path("usr").strip_prefix(&path("")), Some(&b"usr"[..]));
    }

    #[test]
    fn links_resolve_inside_the_root() {
        for (from, target, to) in [
            ("usr/lib/a.so", "b.so", "usr/lib/b.so"),
            ("bin", "usr/bin", "usr/bin"),
            ("usr/bin/x", "/etc/alternatives/x", "etc/alternatives/x"),
            ("a/b", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(path(from).resolve_link(target.as_bytes()), Ok(path(to)), "{from} -> {target}");
        }
    }

    #[test]
    fn outside_bytes_are_escaped() {
        assert_eq!(path("a\x1b[31m").to_string(), "/a\\u{1b}[31m");
        assert_eq!(path("a\u{202e}b").to_string(), "/a\\u{202e}b");
        assert_eq!(TreePath::parse(b"a\xff").map(|p| p.to_string()), Ok("/a\\xff".to_owned()));
    }
}
