//! Where `ldconfig` looks: the directories of its configuration, then those of the system.

use std::collections::BTreeSet;

use attar_image::{FileTree, Kind, TreePath};

use super::Inputs;
use super::format::Cache;
use crate::effects::known;
use crate::effects::script::pattern;

/// The deepest nesting of included files; the C library has no bound of its own.
const MAX_DEPTH: u32 = 16;

/// A directory that is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// As written: this is how the cache spells the paths in it.
    pub(super) written: String,
    /// Where it is.
    pub(super) path: TreePath,
    /// The variant of the processor whose libraries it holds.
    pub(super) variant: Option<String>,
}

/// Returns the directories in the order in which they are searched, each once.
pub(super) fn all(inputs: &Inputs<'_>, triplet: &str, cache: &mut Cache) -> Vec<Directory> {
    let mut search = Search { inputs, cache, found: Vec::new(), seen: BTreeSet::new() };
    search.configuration(&known("etc/ld.so.conf"), 0);
    // Debian's ldconfig has the search path of its dynamic linker built in.
    for directory in
        [format!("/lib/{triplet}"), format!("/usr/lib/{triplet}"), "/lib".into(), "/usr/lib".into()]
    {
        search.add(&directory);
    }
    search.found
}

struct Search<'a, 'c> {
    inputs: &'a Inputs<'a>,
    cache: &'c mut Cache,
    found: Vec<Directory>,
    seen: BTreeSet<TreePath>,
}

impl Search<'_, '_> {
    fn configuration(&mut self, path: &TreePath, depth: u32) {
        let tree = self.inputs.tree;
        let content =
            tree.resolve(path).and_then(|path| tree.get(&path)?.content().and((self.inputs.read)(&path)));
        let Some(content) = content.filter(|_| depth < MAX_DEPTH) else { return };
        for line in String::from_utf8_lossy(&content).lines() {
            let line = line.split('#').next().unwrap_or_default().trim_start();
            match line.strip_prefix("include").filter(|rest| rest.starts_with([' ', '\t'])) {
                Some(patterns) => {
                    for pattern in patterns.split([' ', '\t']).filter(|pattern| !pattern.is_empty()) {
                        for path in files(tree, path, pattern) {
                            self.configuration(&path, depth + 1);
                        }
                    }
                }
                None if line.to_ascii_lowercase().starts_with("hwcap")
                    && line[5..].starts_with([' ', '\t']) => {}
                None => self.add(line),
            }
        }
    }

    fn add(&mut self, line: &str) {
        let written = line.trim_end().trim_end_matches('/');
        let path = TreePath::parse(written).ok().and_then(|path| self.inputs.tree.resolve(&path));
        let Some(path) = path.filter(|path| !path.is_root() && is_directory(self.inputs.tree, path)) else {
            return;
        };
        if !self.seen.insert(path.clone()) {
            return;
        }
        let written = written.to_owned();
        self.found.push(Directory { written: written.clone(), path: path.clone(), variant: None });
        self.add_variants(&written, &path);
    }

    /// Adds the directories for variants of the processor below a directory.
    fn add_variants(&mut self, written: &str, path: &TreePath) {
        let tree = self.inputs.tree;
        let variants = path.join("glibc-hwcaps").ok().and_then(|path| tree.resolve(&path));
        for name in variants.iter().flat_map(|variants| names(tree, variants)) {
            let resolved = variants.as_ref().and_then(|path| tree.resolve(&path.join(&name).ok()?));
            let Some(path) = resolved.filter(|path| is_directory(tree, path)) else { continue };
            if name.starts_with('.') || name.contains(':') {
                continue;
            }
            // Its name is kept even if nothing in it is of use.
            self.cache.strings.insert(name.clone().into_bytes());
            if self.seen.insert(path.clone()) {
                let written = format!("{written}/glibc-hwcaps/{name}");
                self.found.push(Directory { written, path, variant: Some(name) });
            }
        }
    }
}

/// Returns the names in a directory, in byte order, with those that only have something below.
pub(super) fn names(tree: &FileTree, directory: &TreePath) -> BTreeSet<String> {
    let below = tree.below(directory).filter_map(|(path, _)| path.strip_prefix(directory));
    let first = below.filter_map(|rest| rest.split(|byte| *byte == b'/').next());
    first.filter_map(|name| std::str::from_utf8(name).ok()).map(str::to_owned).collect()
}

fn is_directory(tree: &FileTree, path: &TreePath) -> bool {
    match tree.get(path) {
        Some(entry) => entry.kind == Kind::Directory,
        None => tree.below(path).next().is_some(),
    }
}

/// Returns the files that a pattern of `include` names, in byte order.
fn files(tree: &FileTree, from: &TreePath, text: &str) -> Vec<TreePath> {
    let mut found =
        vec![if text.starts_with('/') { TreePath::root() } else { from.parent().unwrap_or_default() }];
    for component in text.split('/').filter(|component| !component.is_empty() && *component != ".") {
        let mut next = Vec::new();
        for directory in found {
            if !component.contains(['*', '?', '[']) {
                next.extend(directory.join(component).ok());
                continue;
            }
            let Some(resolved) = tree.resolve(&directory) else { continue };
            for name in names(tree, &resolved) {
                let hidden = name.starts_with('.') && !component.starts_with('.');
                if !hidden && pattern::matches(component, &name) {
                    next.extend(directory.join(name).ok());
                }
            }
        }
        found = next;
    }
    found
}
