//! The image as a process sees it: paths are followed through links, as a certain user, from a
//! certain working directory.

use crate::filesystem::{Entry, FileTree, Kind, Metadata};
use crate::path::TreePath;

use super::user::Credentials;

/// Most symbolic links that the kernel follows in one path.
const MAX_LINKS: usize = 40;

/// What a bit of a mode allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Reading the file.
    Read,
    /// Executing the file, or passing through the directory.
    Execute,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// Something stands at its end.
    Found(TreePath),
    /// Nothing is there; the path has no link left as far as it exists.
    Absent(TreePath),
    /// The user may not pass through a directory.
    Denied(TreePath),
    /// Links lead in a circle, or something on the way is no directory.
    Impassable(TreePath),
}

/// The image's tree with the view of one process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root<'a> {
    pub(super) tree: &'a FileTree,
    pub(super) user: &'a Credentials,
}

impl<'a> Root<'a> {
    /// Follows a path; a relative one starts at `directory`.
    pub(super) fn lookup(&self, directory: &TreePath, path: &[u8]) -> Lookup {
        let split = |path: &[u8]| -> Vec<Vec<u8>> {
            let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
            parts.rev().map(<[u8]>::to_vec).collect()
        };
        let mut pending = split(path);
        let mut current = if path.starts_with(b"/") { TreePath::root() } else { directory.clone() };
        let mut links = 0;
        while let Some(component) = pending.pop() {
            if component == b".." {
                current = current.parent().unwrap_or_default();
                continue;
            }
            if !self.passes(&current) {
                return Lookup::Denied(current);
            }
            let Ok(next) = current.join(&component) else { return Lookup::Impassable(current) };
            match self.tree.get(&next).map(|entry| &entry.kind) {
                Some(Kind::Symlink { target }) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Lookup::Impassable(next);
                    }
                    if target.starts_with(b"/") {
                        current = TreePath::root();
                    }
                    pending.extend(split(target));
                    continue;
                }
                Some(Kind::Directory) => {}
                Some(_) if !pending.is_empty() => return Lookup::Impassable(next),
                Some(_) => {}
                // A tree may leave directories out that only hold something.
                None if self.tree.below(&next).next().is_some() => {}
                None => {
                    pending.reverse();
                    return Lookup::Absent(next.join(pending.join(&b'/')).unwrap_or(next));
                }
            }
            current = next;
        }
        Lookup::Found(current)
    }

    /// Follows a path from the root.
    pub(super) fn find(&self, path: &[u8]) -> Option<TreePath> {
        match self.lookup(&TreePath::root(), path) {
            Lookup::Found(found) => Some(found),
            _ => None,
        }
    }

    /// Returns the entry of a path that was followed to its end.
    pub(super) fn entry(&self, path: &TreePath) -> Option<&'a Entry> {
        self.tree.get(path)
    }

    /// Says whether a path that was followed to its end is a directory.
    pub(super) fn is_directory(&self, path: &TreePath) -> bool {
        self.tree.get(path).map_or_else(
            || path.is_root() || self.tree.below(path).next().is_some(),
            |entry| entry.is_directory(),
        )
    }

    /// Says whether the user may do something with a file.
    pub(super) fn allows(&self, path: &TreePath, access: Access) -> bool {
        self.tree
            .get(path)
            .is_none_or(|entry| self.user.allows(&entry.metadata, access, entry.is_directory()))
    }

    fn passes(&self, directory: &TreePath) -> bool {
        self.user.uid == 0 || self.allows(directory, Access::Execute)
    }
}

impl Credentials {
    fn allows(&self, metadata: &Metadata, access: Access, is_directory: bool) -> bool {
        let bit = match access {
            Access::Read => 4,
            Access::Execute => 1,
        };
        if self.uid == 0 {
            // Root passes everywhere, but executes only what somebody may execute.
            return access == Access::Read || is_directory || metadata.mode & 0o111 != 0;
        }
        let shift = if metadata.uid == self.uid {
            6
        } else if metadata.gid == self.gid || self.groups.contains(&metadata.gid) {
            3
        } else {
            0
        };
        metadata.mode >> shift & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::testing::{directory, file, link, tree};

    fn user(uid: u32, gid: u32) -> Credentials {
        Credentials { uid, gid, groups: vec![44] }
    }

    #[test]
    fn paths_are_followed_as_the_kernel_does() {
        let tree = tree([
            ("bin", link("usr/bin")),
            ("usr/bin/tool", link("../../etc/alternatives/tool")),
            ("etc/alternatives/tool", link("/opt/tool")),
            ("opt/tool", file("x")),
            ("gone", link("/nowhere/at/all")),
            ("circle", link("circle")),
        ]);
        let user = user(1, 1);
        let root = Root { tree: &tree, user: &user };
        let path = |text: &str| TreePath::parse(text).expect("a path");
        for (asked, expected) in [
            ("/bin/tool", Lookup::Found(path("opt/tool"))),
            ("tool", Lookup::Found(path("opt/tool"))),
            ("../bin/./tool", Lookup::Found(path("opt/tool"))),
            ("/usr", Lookup::Found(path("usr"))),
            ("/gone", Lookup::Absent(path("nowhere/at/all"))),
            ("/circle/x", Lookup::Impassable(path("circle"))),
            ("/opt/tool/x", Lookup::Impassable(path("opt/tool"))),
        ] {
            assert_eq!(root.lookup(&path("usr/bin"), asked.as_bytes()), expected, "{asked}");
        }
    }

    #[test]
    fn modes_count_for_owner_group_and_others() {
        let tree = tree([
            ("private", directory(0o700, 7, 7)),
            ("private/x", file("x")),
            ("shared", directory(0o710, 0, 44)),
            ("shared/x", file("x")),
        ]);
        let seen = |user: Credentials, path: &str| {
            let root = Root { tree: &tree, user: &user };
            matches!(root.lookup(&TreePath::root(), path.as_bytes()), Lookup::Found(_))
        };
        for (who, path, expected) in [
            (user(7, 1), "private/x", true),
            (user(8, 7), "private/x", false),
            (user(0, 0), "private/x", true),
            (user(8, 8), "shared/x", true),
        ] {
            assert_eq!(seen(who.clone(), path), expected, "{who:?} {path}");
        }
    }
}
