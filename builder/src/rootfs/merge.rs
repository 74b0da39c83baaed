//! Packages become one tree: shared directories, the same path from two packages, and paths that
//! lead through another package's symbolic link.

use std::collections::BTreeMap;

use attar_image::{Entry, FileTree, Kind, LinkGroup, Metadata, TreePath};

use super::package::PackageTree;

/// A package that takes part.
#[derive(Debug)]
pub struct Part {
    /// The package's name.
    pub name: String,
    /// Names of the packages whose files it may replace.
    pub replaces: Vec<String>,
    /// Its part of the tree.
    pub part: PackageTree,
}

/// Two packages do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Two packages have different things at one path.
    #[error("packages `{first}` and `{second}` both have `{path}`: expected the same content, found {found}")]
    SamePath {
        /// The path.
        path: TreePath,
        /// One package.
        first: String,
        /// The other package.
        second: String,
        /// What differs.
        found: &'static str,
    },
    /// A package has something below a path that is no directory in another.
    #[error("package `{package}` has `{path}`, but `{above}` is no directory in package `{owner}`")]
    NoDirectory {
        /// The path.
        path: TreePath,
        /// The package that has it.
        package: String,
        /// The path above it.
        above: TreePath,
        /// The package that has no directory there.
        owner: String,
    },
}

/// What all packages have together.
#[derive(Debug, Default)]
pub struct Merged {
    /// Who has what stands at a path, directories left out.
    pub owners: BTreeMap<TreePath, usize>,
    /// Directories with owner and mode; the times are those of the first package that ships them.
    pub directories: BTreeMap<TreePath, Metadata>,
    /// Paths that were given up to another package.
    pub notes: Vec<String>,
}

/// Brings packages, sorted by name, together. Entries that lose are taken out of their parts.
pub fn merge(parts: &mut [Part]) -> Result<Merged, MergeError> {
    let mut merged = Merged::default();
    lead_through_links(parts);
    for (path, metadata) in parts.iter().flat_map(|part| &part.part.directories) {
        merge_directory(&mut merged.directories, path, metadata);
    }
    for index in 0..parts.len() {
        let paths: Vec<TreePath> = parts[index].part.tree.iter().map(|(path, _)| path.clone()).collect();
        for path in paths {
            match merged.owners.get(&path).copied() {
                None => {
                    merged.owners.insert(path, index);
                }
                Some(owner) => {
                    let loser = settle(parts, owner, index, &path)?;
                    let winner = if loser == owner { index } else { owner };
                    parts[loser].part.tree.remove(&path);
                    merged.notes.push(format!(
                        "`{path}` is in `{}` and `{}`: taken from `{}`",
                        parts[owner].name, parts[index].name, parts[winner].name
                    ));
                    merged.owners.insert(path, winner);
                }
            }
        }
    }
    for part in parts.iter_mut() {
        part.part.tree.renumber_links();
    }
    check_directories(parts, &mut merged)?;
    Ok(merged)
}

/// The mode and owner that are no default win; among those the first package's by name.
fn merge_directory(directories: &mut BTreeMap<TreePath, Metadata>, path: &TreePath, metadata: &Metadata) {
    let plain = |metadata: &Metadata| {
        metadata.mode == 0o755 && metadata.uid == 0 && metadata.gid == 0 && metadata.xattrs.is_empty()
    };
    match directories.get(path) {
        Some(known) if !plain(known) || plain(metadata) => {}
        _ => {
            directories.insert(path.clone(), metadata.clone());
        }
    }
}

/// Says which of two packages gives up a path.
fn settle(parts: &[Part], first: usize, second: usize, path: &TreePath) -> Result<usize, MergeError> {
    let [left, right] = [first, second].map(|index| parts[index].part.tree.get(path));
    let (Some(left), Some(right)) = (left, right) else { return Ok(second) };
    let Some(found) = difference(left, right) else { return Ok(second) };
    let replaces = |replacer: usize, other: usize| parts[replacer].replaces.contains(&parts[other].name);
    match (replaces(first, second), replaces(second, first)) {
        (false, true) => Ok(first),
        (true, _) => Ok(second),
        (false, false) => Err(MergeError::SamePath {
            path: path.clone(),
            first: parts[first].name.clone(),
            second: parts[second].name.clone(),
            found,
        }),
    }
}

/// Says what differs between two entries besides their times.
fn difference(left: &Entry, right: &Entry) -> Option<&'static str> {
    let without_links = |kind: &Kind| match kind {
        Kind::File { content, .. } => Kind::File { content: *content, links: None },
        other => other.clone(),
    };
    if std::mem::discriminant(&left.kind) != std::mem::discriminant(&right.kind) {
        return Some("different types of file");
    }
    if without_links(&left.kind) != without_links(&right.kind) {
        return Some("different contents");
    }
    let (a, b) = (&left.metadata, &right.metadata);
    ((a.mode, a.uid, a.gid, &a.xattrs) != (b.mode, b.uid, b.gid, &b.xattrs))
        .then_some("different owners or modes")
}

/// Moves what a package has below another package's symbolic link to a directory to where the link
/// leads, as unpacking over the link would.
fn lead_through_links(parts: &mut [Part]) {
    let mut links = FileTree::new();
    for part in parts.iter() {
        for (path, entry) in part.part.tree.iter() {
            if matches!(entry.kind, Kind::Symlink { .. }) {
                links.insert(path.clone(), entry.clone());
            }
        }
    }
    for part in parts.iter_mut() {
        let below_link = |path: &TreePath| path.ancestors().any(|above| links.contains(&above));
        let moved: Vec<TreePath> =
            part.part.tree.iter().map(|(path, _)| path).filter(|path| below_link(path)).cloned().collect();
        for path in moved {
            let parent = path.parent().and_then(|parent| links.resolve(&parent));
            if let Some(target) = parent.and_then(|parent| parent.join(path.file_name()).ok())
                && let Some(entry) = part.part.tree.remove(&path)
            {
                part.part.tree.insert(target, entry);
            }
        }
        let directories = std::mem::take(&mut part.part.directories);
        for (path, metadata) in directories {
            let target = if links.contains(&path) || below_link(&path) { links.resolve(&path) } else { None };
            part.part.directories.entry(target.unwrap_or(path)).or_insert(metadata);
        }
    }
}

/// Completes the directories above every entry, and refuses entries below what is no directory.
fn check_directories(parts: &[Part], merged: &mut Merged) -> Result<(), MergeError> {
    for (path, owner) in &merged.owners {
        for above in path.ancestors() {
            if let Some(other) = merged.owners.get(&above) {
                return Err(MergeError::NoDirectory {
                    path: path.clone(),
                    package: parts[*owner].name.clone(),
                    above,
                    owner: parts[*other].name.clone(),
                });
            }
        }
    }
    let known: Vec<TreePath> = merged.owners.keys().chain(merged.directories.keys()).cloned().collect();
    for path in known {
        for above in path.ancestors() {
            if above.is_root() || merged.directories.contains_key(&above) {
                continue;
            }
            merged.directories.insert(above, Metadata::root(0o755, 0));
        }
        if let Some(owner) = merged.owners.get(&path)
            && merged.directories.contains_key(&path)
        {
            return Err(MergeError::SamePath {
                path,
                first: parts[*owner].name.clone(),
                second: String::from("another package"),
                found: "a directory",
            });
        }
    }
    Ok(())
}

/// Gives a group of hard links that was copied into another tree a number of its own.
pub(crate) fn fresh_group(tree: &FileTree) -> LinkGroup {
    let used = tree.iter().filter_map(|(_, entry)| match entry.kind {
        Kind::File { links, .. } => links,
        _ => None,
    });
    LinkGroup(used.map(|group| group.0 + 1).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use attar_image::Content;

    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).expect("a valid path")
    }

    fn file(text: &str) -> Entry {
        Entry::file(Content::of(text.as_bytes()), Metadata::root(0o644, 1))
    }

    fn part(name: &str, entries: &[(&str, Entry)]) -> Part {
        let mut part = PackageTree::default();
        for (name, entry) in entries {
            match entry.kind {
                Kind::Directory => {
                    part.directories.insert(path(name), entry.metadata.clone());
                }
                _ => {
                    part.tree.insert(path(name), entry.clone());
                }
            }
        }
        Part { name: name.to_owned(), replaces: Vec::new(), part }
    }

    #[test]
    fn identical_files_stand_once_with_the_first_by_name() {
        let mut parts = [part("a", &[("etc/x", file("1"))]), part("b", &[("etc/x", file("1"))])];
        let merged = merge(&mut parts).expect("identical");
        assert_eq!(merged.owners[&path("etc/x")], 0);
        assert!(parts[1].part.tree.is_empty());
        assert_eq!(merged.directories.keys().cloned().collect::<Vec<_>>(), [path("etc")]);
    }

    #[test]
    fn a_replacer_wins_and_anything_else_is_an_error() {
        let mut parts = [part("a", &[("x", file("1"))]), part("b", &[("x", file("2"))])];
        let error = merge(&mut parts).expect_err("they differ");
        assert_eq!(
            error.to_string(),
            "packages `a` and `b` both have `/x`: expected the same content, found different contents"
        );
        parts[1].replaces.push("a".into());
        let merged = merge(&mut parts).expect("b replaces a");
        assert_eq!(merged.owners[&path("x")], 1);
        assert!(parts[0].part.tree.is_empty());
    }

    #[test]
    fn what_stands_below_a_link_goes_where_it_leads() {
        let mut parts = [
            part("a", &[("usr/share/doc/a", Entry::symlink(*b"base", 0))]),
            part(
                "b",
                &[
                    ("usr/share/doc/a/copyright", file("1")),
                    ("usr/share/doc/a", Entry::directory(Metadata::root(0o755, 0))),
                ],
            ),
        ];
        let merged = merge(&mut parts).expect("led through the link");
        assert_eq!(merged.owners[&path("usr/share/doc/base/copyright")], 1);
        assert!(merged.directories.contains_key(&path("usr/share/doc/base")));
    }

    #[test]
    fn a_file_is_no_directory() {
        let mut parts = [part("a", &[("x", file("1"))]), part("b", &[("x/y", file("1"))])];
        let error = merge(&mut parts).expect_err("x is a file");
        assert_eq!(error.to_string(), "package `b` has `/x/y`, but `/x` is no directory in package `a`");
    }

    #[test]
    fn the_directory_that_is_no_default_wins() {
        let directory = |mode| Entry::directory(Metadata::root(mode, 0));
        let mut parts = [part("a", &[("tmp", directory(0o755))]), part("b", &[("tmp", directory(0o1777))])];
        assert_eq!(merge(&mut parts).expect("no conflict").directories[&path("tmp")].mode, 0o1777);
    }
}
