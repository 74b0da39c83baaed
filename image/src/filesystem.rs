//! File trees: what a layer or a whole image holds, with owners and modes as data.
//!
//! A tree holds contents by digest, never the bytes. The same tree serves building, inspecting,
//! scanning and checking.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use crate::digest::Digest;
use crate::path::{TreePath, escape};

/// A file tree: every path with what stands there, in byte order of the paths.
///
/// A tree need not hold the parent directories of its paths: a layer may leave them to a lower one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTree {
    entries: BTreeMap<TreePath, Entry>,
}

/// What stands at one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The type of file, with what belongs to it alone.
    pub kind: Kind,
    /// Owner, mode, time and extended attributes.
    pub metadata: Metadata,
}

/// The type of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Digest and size of the content.
        content: Content,
        /// The group of hard links the name belongs to, if it has other names in this tree.
        links: Option<LinkGroup>,
    },
    /// A symbolic link with its target, any bytes.
    Symlink {
        /// The target as written in the link.
        target: Box<[u8]>,
    },
    /// A character device.
    CharacterDevice {
        /// Major device number.
        major: u32,
        /// Minor device number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major device number.
        major: u32,
        /// Minor device number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
}

/// Digest and size of a regular file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    /// SHA-256 of the content.
    pub digest: Digest,
    /// Size in bytes.
    pub size: u64,
}

/// Names the hard links of one file: entries of one tree with the same number share one inode.
///
/// The number means nothing else; [`FileTree::renumber_links`] makes it canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkGroup(pub u32);

/// Owner, mode, time and extended attributes of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Metadata {
    /// Permission bits including setuid, setgid and sticky (`0o7777` at most).
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Modification time in whole seconds since 1970.
    pub mtime: i64,
    /// Extended attributes by full name (`security.capability`), values as bytes.
    pub xattrs: Attributes,
}

/// Extended attributes: full name to value.
pub type Attributes = BTreeMap<Box<[u8]>, Box<[u8]>>;

impl Metadata {
    /// Returns metadata of a root-owned entry without extended attributes.
    pub fn root(mode: u32, mtime: i64) -> Self {
        Self { mode, mtime, ..Self::default() }
    }
}

impl Entry {
    /// Returns a directory.
    pub fn directory(metadata: Metadata) -> Self {
        Self { kind: Kind::Directory, metadata }
    }

    /// Returns a regular file with one name.
    pub fn file(content: Content, metadata: Metadata) -> Self {
        Self { kind: Kind::File { content, links: None }, metadata }
    }

    /// Returns a symbolic link; its mode is `0o777` as everywhere on Linux.
    pub fn symlink(target: impl Into<Box<[u8]>>, mtime: i64) -> Self {
        Self { kind: Kind::Symlink { target: target.into() }, metadata: Metadata::root(0o777, mtime) }
    }

    /// Says whether this is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// Returns digest and size when this is a regular file.
    pub fn content(&self) -> Option<Content> {
        match self.kind {
            Kind::File { content, .. } => Some(content),
            _ => None,
        }
    }
}

impl Content {
    /// Returns digest and size of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { digest: Digest::of(bytes), size: bytes.len() as u64 }
    }
}

impl FileTree {
    /// Returns an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the entry at `path`, without following links.
    pub fn get(&self, path: &TreePath) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Returns the entry at `path` for changing it.
    pub fn get_mut(&mut self, path: &TreePath) -> Option<&mut Entry> {
        self.entries.get_mut(path)
    }

    /// Puts `entry` at `path` and returns what stood there.
    pub fn insert(&mut self, path: TreePath, entry: Entry) -> Option<Entry> {
        self.entries.insert(path, entry)
    }

    /// Takes the entry at `path` out, leaving what is below it.
    pub fn remove(&mut self, path: &TreePath) -> Option<Entry> {
        self.entries.remove(path)
    }

    /// Says whether something stands at `path`.
    pub fn contains(&self, path: &TreePath) -> bool {
        self.entries.contains_key(path)
    }

    /// Iterates in byte order of the paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&TreePath, &Entry)> {
        self.entries.iter()
    }

    /// Iterates over what stands below the directory `path`, itself excluded.
    pub fn below<'a>(&'a self, path: &'a TreePath) -> impl Iterator<Item = (&'a TreePath, &'a Entry)> {
        // "usr-x" sorts between "usr" and "usr/bin", so start at the slash, not at the directory.
        let mut start = path.as_bytes().to_vec();
        if !path.is_root() {
            start.push(b'/');
        }
        let from: (Bound<&[u8]>, Bound<&[u8]>) = (Bound::Included(&start), Bound::Unbounded);
        self.entries
            .range::<[u8], _>(from)
            .filter(|(below, _)| !below.is_root())
            .take_while(move |(below, _)| below.as_bytes().starts_with(&start))
    }

    /// Keeps only the entries for which `keep` says yes.
    pub fn retain(&mut self, mut keep: impl FnMut(&TreePath, &mut Entry) -> bool) {
        self.entries.retain(|path, entry| keep(path, entry));
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether the tree has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Follows symbolic links in every component of `path`, inside this tree, and returns the path
    /// of what is finally meant, whether or not it exists. `None` for a loop.
    pub fn resolve(&self, path: &TreePath) -> Option<TreePath> {
        path.follow_links(|path| match &self.get(path)?.kind {
            Kind::Symlink { target } => Some(target),
            _ => None,
        })
    }

    /// Numbers the groups of hard links in the order of their first paths and dissolves groups of one
    /// name, so that two equal trees compare equal.
    pub fn renumber_links(&mut self) {
        let mut names: BTreeMap<LinkGroup, u32> = BTreeMap::new();
        for entry in self.entries.values() {
            if let Kind::File { links: Some(group), .. } = entry.kind {
                *names.entry(group).or_default() += 1;
            }
        }
        let mut numbers: BTreeMap<LinkGroup, LinkGroup> = BTreeMap::new();
        for entry in self.entries.values_mut() {
            if let Kind::File { links, .. } = &mut entry.kind
                && let Some(group) = *links
            {
                let next = LinkGroup(numbers.len() as u32);
                *links = (names[&group] > 1).then(|| *numbers.entry(group).or_insert(next));
            }
        }
    }
}

impl FromIterator<(TreePath, Entry)> for FileTree {
    fn from_iter<I: IntoIterator<Item = (TreePath, Entry)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl IntoIterator for FileTree {
    type Item = (TreePath, Entry);
    type IntoIter = std::collections::btree_map::IntoIter<TreePath, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl fmt::Display for FileTree {
    /// Writes one line an entry: type and mode, owner, size or device, time, path, link target.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first_names: BTreeMap<LinkGroup, &TreePath> = BTreeMap::new();
        for (path, entry) in self.iter() {
            let Metadata { mode, uid, gid, mtime, xattrs } = &entry.metadata;
            let (letter, detail, suffix) = match &entry.kind {
                Kind::Directory => ('d', String::from("-"), String::new()),
                Kind::File { content, links } => {
                    let first = links.map(|group| *first_names.entry(group).or_insert(path));
                    let suffix = match first {
                        Some(first) if first != path => format!(" = {first}"),
                        _ => String::new(),
                    };
                    ('-', content.size.to_string(), suffix)
                }
                Kind::Symlink { target } => ('l', String::from("-"), format!(" -> {}", escape(target))),
                Kind::CharacterDevice { major, minor } => ('c', format!("{major},{minor}"), String::new()),
                Kind::BlockDevice { major, minor } => ('b', format!("{major},{minor}"), String::new()),
                Kind::Fifo => ('p', String::from("-"), String::new()),
            };
            write!(f, "{letter}{mode:04o} {uid}:{gid} {detail} {mtime} {path}{suffix}")?;
            for name in xattrs.keys() {
                write!(f, " [{}]", escape(name))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).expect("a valid path")
    }

    fn tree(entries: &[(&str, Entry)]) -> FileTree {
        entries.iter().map(|(name, entry)| (path(name), entry.clone())).collect()
    }

    fn file(links: Option<u32>) -> Entry {
        let content = Content::of(b"x");
        Entry {
            kind: Kind::File { content, links: links.map(LinkGroup) },
            metadata: Metadata::root(0o644, 7),
        }
    }

    #[test]
    fn below_stays_inside_the_directory() {
        let tree = tree(&[
            ("usr", file(None)),
            ("usr-x", file(None)),
            ("usr/a", file(None)),
            ("usr/b/c", file(None)),
        ]);
        let below: Vec<_> = tree.below(&path("usr")).map(|(path, _)| path.to_string()).collect();
        assert_eq!(below, ["/usr/a", "/usr/b/c"]);
        assert_eq!(tree.below(&TreePath::root()).count(), 4);
    }

    #[test]
    fn links_are_followed_in_every_component() {
        let tree = tree(&[
            ("lib", Entry::symlink(*b"usr/lib", 0)),
            ("usr/lib/a", Entry::symlink(*b"../share/./b", 0)),
            ("usr/share/b", Entry::symlink(*b"/etc/c", 0)),
            ("loop", Entry::symlink(*b"loop", 0)),
        ]);
        assert_eq!(tree.resolve(&path("lib/a")), Some(path("etc/c")));
        assert_eq!(tree.resolve(&path("lib/new")), Some(path("usr/lib/new")));
        assert_eq!(tree.resolve(&path("loop/x")), None);
    }

    #[test]
    fn link_groups_are_numbered_by_their_first_path() {
        let mut left = tree(&[
            ("a", file(Some(9))),
            ("b", file(Some(4))),
            ("c", file(Some(9))),
            ("d", file(Some(4))),
            ("e", file(Some(1))),
        ]);
        left.renumber_links();
        let right = tree(&[
            ("a", file(Some(0))),
            ("b", file(Some(1))),
            ("c", file(Some(0))),
            ("d", file(Some(1))),
            ("e", file(None)),
        ]);
        assert_eq!(left, right);
    }

    #[test]
    fn listing_shows_everything_that_counts() {
        let mut capable = file(None);
        capable.metadata.xattrs.insert((*b"security.capability").into(), (*b"\x01").into());
        let listing = tree(&[
            (
                "dev/null",
                Entry {
                    kind: Kind::CharacterDevice { major: 1, minor: 3 },
                    metadata: Metadata::root(0o666, 0),
                },
            ),
            ("a", file(Some(0))),
            ("b", file(Some(0))),
            ("bin", Entry::symlink(*b"usr/bin", 1)),
            ("ping", capable),
            ("tmp", Entry::directory(Metadata::root(0o1777, 2))),
        ]);
        let expected = "\
-0644 0:0 1 7 /a
-0644 0:0 1 7 /b = /a
l0777 0:0 - 1 /bin -> usr/bin
c0666 0:0 1,3 0 /dev/null
-0644 0:0 1 7 /ping [security.capability]
d1777 0:0 - 2 /tmp
";
        assert_eq!(listing.to_string(), expected);
    }
}
