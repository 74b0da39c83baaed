//! Patterns of paths, expanded over the tree of an image.

use std::collections::BTreeSet;

use super::super::world::World;
use crate::path::TreePath;

/// Returns the files that fit a pattern, links followed, in path order.
///
/// `*` stands for any characters in a name; a last part that starts with `**` for all files below with
/// that end. A relative pattern starts at `directory`, and may start with `..`.
pub(super) fn expand(world: &World<'_>, directory: &TreePath, pattern: &str) -> Vec<TreePath> {
    let tree = world.subject.tree;
    let mut found = vec![if pattern.starts_with('/') { TreePath::root() } else { directory.clone() }];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = BTreeSet::new();
        for directory in &found {
            let Some(directory) = tree.resolve(directory) else { continue };
            if part == ".." {
                next.extend(directory.parent());
            } else if let Some(end) = part.strip_prefix("**") {
                let files = tree.below(&directory).filter(|(path, entry)| {
                    !entry.is_directory() && path.file_name().ends_with(end.as_bytes())
                });
                next.extend(files.map(|(path, _)| path.clone()));
            } else if part.contains('*') {
                let names: BTreeSet<&[u8]> = tree
                    .below(&directory)
                    .filter_map(|(path, _)| path.strip_prefix(&directory))
                    .filter_map(|rest| rest.split(|byte| *byte == b'/').find(|name| !name.is_empty()))
                    .filter(|name| matches(part.as_bytes(), name))
                    .collect();
                next.extend(names.into_iter().filter_map(|name| directory.join(name).ok()));
            } else {
                next.extend(directory.join(part).ok());
            }
        }
        found = next.into_iter().collect();
    }
    let files = found.into_iter().filter_map(|path| tree.resolve(&path));
    let files: BTreeSet<TreePath> =
        files.filter(|path| tree.get(path).is_some_and(|entry| entry.content().is_some())).collect();
    files.into_iter().collect()
}

/// Returns the names in a directory, links to it followed; those that are not UTF-8 are left out.
pub(super) fn names(world: &World<'_>, directory: &TreePath) -> BTreeSet<String> {
    let Some(directory) = world.subject.tree.resolve(directory) else { return BTreeSet::new() };
    let below = world.subject.tree.below(&directory).filter_map(|(path, _)| path.strip_prefix(&directory));
    let first = below.filter_map(|rest| rest.split(|byte| *byte == b'/').find(|name| !name.is_empty()));
    first.filter_map(|name| std::str::from_utf8(name).ok()).map(str::to_owned).collect()
}

/// Says whether a name fits a pattern in which `*` stands for any characters.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skipped| matches(rest, &name[skipped..])),
        Some((first, rest)) => name.first() == Some(first) && matches(rest, &name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, expected) in [
            ("*.so", "a.so", true),
            ("*.so", "a.so.1", false),
            ("libgvplugin_*.so.*", "libgvplugin_core.so.6", true),
            ("modules-*", "modules-Q16", true),
            ("x", "x", true),
            ("x", "xy", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
