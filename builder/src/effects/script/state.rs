//! What is known at a point of a script: variables, arguments, functions, and files made so far.

use std::collections::BTreeMap;
use std::rc::Rc;

use attar_image::{Entry, FileTree, Kind, TreePath};

use super::super::effect::Effect;
use super::syntax::Command;

/// A value, if it is known.
pub(super) type Value = Option<String>;

/// The longest value that is kept; beyond, it counts as unknown.
const MAX_VALUE: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) arguments: Vec<Value>,
    pub(super) functions: BTreeMap<String, Rc<Function>>,
    /// The working directory, if it is known; the package manager starts at the root.
    pub(super) directory: Value,
    /// Whether the script surely comes here.
    pub(super) certain: bool,
    /// Whether the script may have ended before.
    pub(super) maybe_over: bool,
    /// Whether a file was read that may have set any variable.
    pub(super) any_variable: bool,
    /// What the script made or removed, by path.
    pub(super) made: BTreeMap<TreePath, Made>,
}

/// A function with the here-documents of the script that defines it.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) body: Command,
    pub(super) here: Rc<Vec<super::syntax::Word>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    File,
    Directory,
    Symlink,
    Nothing,
    /// One branch made it, another did not.
    Unknown,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) made: Made,
    pub(super) executable: bool,
    pub(super) is_empty: bool,
}

impl State {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        let value = value.filter(|value| value.len() <= MAX_VALUE);
        self.variables.insert(name.to_owned(), value);
    }

    /// Returns the value of a variable; outside what is set, the environment has nothing.
    pub(super) fn get(&self, name: &str) -> Value {
        match self.variables.get(name) {
            Some(value) => value.clone(),
            None if self.any_variable => None,
            None => Some(String::new()),
        }
    }

    /// Merges the states at the ends of two ways of which one was taken.
    pub(super) fn merge(&mut self, other: Self) {
        let names: Vec<String> = self.variables.keys().chain(other.variables.keys()).cloned().collect();
        for name in names {
            if self.get(&name) != other.get(&name) {
                self.variables.insert(name, None);
            }
        }
        if self.arguments != other.arguments {
            self.arguments = self.arguments.iter().map(|_| None).collect();
        }
        for (path, made) in other.made {
            let before = self.made.insert(path.clone(), made);
            if before != Some(made) {
                self.made.insert(path, Made::Unknown);
            }
        }
        if self.directory != other.directory {
            self.directory = None;
        }
        self.functions.extend(other.functions);
        self.any_variable |= other.any_variable;
        self.maybe_over |= other.maybe_over;
    }

    /// Notes what an effect makes, so that later conditions see it.
    pub(super) fn note(&mut self, effect: &Effect) {
        let (path, made) = match effect {
            Effect::Directory { path, .. } => (path, Made::Directory),
            Effect::Symlink { path, .. } => (path, Made::Symlink),
            Effect::File { path, .. } => (path, Made::File),
            Effect::Remove { path } => (path, Made::Nothing),
            Effect::Move { from, to } => {
                let made = self.made.get(from).copied().unwrap_or(Made::File);
                self.made.insert(from.clone(), Made::Nothing);
                (to, made)
            }
            _ => return,
        };
        let above: Vec<TreePath> = match made {
            Made::Directory => path.ancestors().filter(|path| !path.is_root()).collect(),
            _ => Vec::new(),
        };
        let made = if self.certain { made } else { Made::Unknown };
        self.made.insert(path.clone(), made);
        for directory in above {
            self.made.entry(directory).or_insert(made);
        }
    }

    /// Says what stands at a path, links followed or not.
    pub(super) fn look(&self, tree: &FileTree, path: &str, follow: bool) -> Option<Found> {
        let path = TreePath::parse(path).ok()?;
        if let Some(made) = self.made.get(&path) {
            return Some(Found { made: *made, executable: *made == Made::Directory, is_empty: true });
        }
        let resolved = if follow { tree.resolve(&path)? } else { resolve_parent(tree, &path)? };
        if let Some(made) = self.made.get(&resolved) {
            return Some(Found { made: *made, executable: *made == Made::Directory, is_empty: true });
        }
        let has_children = tree.below(&resolved).next().is_some();
        let nothing = Found { made: Made::Nothing, executable: false, is_empty: true };
        let directory = Found { made: Made::Directory, executable: true, is_empty: !has_children };
        Some(match tree.get(&resolved) {
            None if has_children || resolved.is_root() => directory,
            None => nothing,
            Some(Entry { kind: Kind::Directory, .. }) => directory,
            Some(Entry { kind: Kind::Symlink { .. }, .. }) => Found { made: Made::Symlink, ..nothing },
            Some(entry) => Found {
                made: Made::File,
                executable: entry.metadata.mode & 0o111 != 0,
                is_empty: entry.content().is_some_and(|content| content.size == 0),
            },
        })
    }
}

/// Follows links in every component but the last.
pub(super) fn resolve_parent(tree: &FileTree, path: &TreePath) -> Option<TreePath> {
    match path.parent() {
        Some(parent) => tree.resolve(&parent)?.join(path.file_name()).ok(),
        None => Some(path.clone()),
    }
}
