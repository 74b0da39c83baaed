//! The tree in the making: who brings what, and what happens when two bring the same.
//!
//! Order of override is packages, effects, own files, paths. What is overridden is taken out of the
//! part that brought it, so that no path is written twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attar_image::path::escape;
use attar_image::{Digest, Entry, FileTree, Kind, LinkGroup, Metadata, TreePath};

use super::merge::{Merged, Part};
use crate::effects::{Addition, MetadataChange};
use crate::files::OwnContent;

/// Who brings what stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A package, by its number.
    Package(usize),
    /// An effect, the foundation, or the spec's `paths`.
    Generated,
    /// The spec's `files`, by the number of the layer.
    File(usize),
}

/// What a new entry may take the place of without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    /// Only what attar made itself.
    Generated,
    /// That, and what packages bring: effects do as the maintainer scripts would.
    Packages,
    /// Everything, because the spec says so.
    All,
}

/// Entries that attar or the user brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnPart {
    /// Name of the layer.
    pub name: String,
    /// Everything but directories.
    pub tree: FileTree,
    /// Directories it brings, with their times.
    pub directories: BTreeMap<TreePath, i64>,
}

/// What cannot be put into the tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConflictError {
    /// Something stands there already.
    #[error("{label}: `{path}` is there already, from {owner}; `replace: true` takes its place")]
    Occupied {
        /// Where the spec says it.
        label: String,
        /// The path.
        path: TreePath,
        /// Who brought what is there.
        owner: String,
    },
    /// A directory stands where a file should.
    #[error("{label}: `{path}` is a directory")]
    Directory {
        /// Where the spec says it.
        label: String,
        /// The path.
        path: TreePath,
    },
    /// A path above is no directory.
    #[error("{label}: `{above}` above `{path}` is no directory; {owner} brings it")]
    NoDirectory {
        /// Where the spec says it.
        label: String,
        /// The path.
        path: TreePath,
        /// The path above it.
        above: TreePath,
        /// Who brought what is there.
        owner: String,
    },
    /// A symbolic link above leads in a circle.
    #[error("{label}: the links above `{path}` lead in a circle")]
    Loop {
        /// Where the spec says it.
        label: String,
        /// The path.
        path: TreePath,
    },
    /// Nothing is there to change.
    #[error("{label}: `{path}` does not exist")]
    Missing {
        /// Where the spec says it.
        label: String,
        /// The path.
        path: TreePath,
    },
    /// Two names of one file get different owners or modes.
    #[error("{label}: `{path}` and `{other}` are names of one file, but get different owners or modes")]
    LinkedDifferently {
        /// Where the spec says it.
        label: String,
        /// The path.
        path: TreePath,
        /// The other name.
        other: TreePath,
    },
}

/// The tree in the making.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Part>,
    pub(crate) generated: OwnPart,
    pub(crate) files: Vec<OwnPart>,
    /// Owner and mode of every directory, whoever brings it.
    pub(crate) directories: BTreeMap<TreePath, Metadata>,
    pub(crate) contents: BTreeMap<Digest, OwnContent>,
    /// Everything together, for looking things up.
    pub(crate) view: FileTree,
    pub(crate) owners: BTreeMap<TreePath, Owner>,
    pub(crate) notes: Vec<String>,
    /// Contents of packages that stand a second time in attar's own layer.
    pub(crate) copies: BTreeSet<Digest>,
    changed_links: BTreeMap<(Owner, LinkGroup), (TreePath, Metadata)>,
}

impl Workspace {
    pub(crate) fn new(packages: Vec<Part>, merged: Merged) -> Self {
        let mut view = FileTree::new();
        for (path, metadata) in &merged.directories {
            view.insert(path.clone(), Entry::directory(metadata.clone()));
        }
        for part in &packages {
            for (path, entry) in part.part.tree.iter() {
                view.insert(path.clone(), entry.clone());
            }
        }
        let owners = merged.owners.into_iter().map(|(path, number)| (path, Owner::Package(number))).collect();
        let generated = OwnPart { name: String::from("system"), ..OwnPart::default() };
        Self {
            packages,
            generated,
            directories: merged.directories,
            view,
            owners,
            notes: merged.notes,
            ..Self::default()
        }
    }

    /// Leads a path through the symbolic links above it.
    pub(crate) fn lead(&self, label: &str, path: &TreePath) -> Result<TreePath, ConflictError> {
        let circle = || ConflictError::Loop { label: label.to_owned(), path: path.clone() };
        let Some(parent) = path.parent() else { return Ok(path.clone()) };
        let parent = self.view.resolve(&parent).ok_or_else(circle)?;
        parent.join(path.file_name()).map_err(|_| circle())
    }

    /// Puts something that is no directory at a path that [`lead`](Self::lead) gave.
    pub(crate) fn put(
        &mut self,
        label: &str,
        owner: Owner,
        path: TreePath,
        entry: Entry,
        replace: Replace,
    ) -> Result<(), ConflictError> {
        if self.directories.contains_key(&path) {
            // An empty directory may become a link, as base-files makes `/var/lock` one.
            if self.view.below(&path).next().is_some() || replace == Replace::Generated {
                return Err(ConflictError::Directory { label: label.to_owned(), path });
            }
            self.forget_directory(&path);
        }
        if let Some(other) = self.owners.get(&path).copied() {
            let may = match other {
                Owner::Generated => true,
                Owner::Package(_) => replace != Replace::Generated,
                Owner::File(_) => replace == Replace::All,
            };
            let loser = self.describe(other);
            if !may {
                return Err(ConflictError::Occupied { label: label.to_owned(), path, owner: loser });
            }
            self.part_of(other).remove(&path);
            self.notes.push(format!("{label}: `{path}` takes the place of what {loser} brings"));
        }
        self.make_parents(label, owner, &path)?;
        self.view.insert(path.clone(), entry.clone());
        self.owners.insert(path.clone(), owner);
        self.part_of(owner).insert(path, entry);
        Ok(())
    }

    /// Makes a directory, or brings one that is there. Its owner and mode change only when
    /// `metadata` is given for sure, not by default.
    pub(crate) fn directory(
        &mut self,
        label: &str,
        owner: Owner,
        path: &TreePath,
        metadata: &Metadata,
        is_said: bool,
    ) -> Result<(), ConflictError> {
        if path.is_root() {
            return Ok(());
        }
        let path = match self.view.get(path).map(|entry| &entry.kind) {
            Some(Kind::Symlink { .. }) => self
                .view
                .resolve(path)
                .ok_or_else(|| ConflictError::Loop { label: label.to_owned(), path: path.clone() })?,
            _ => path.clone(),
        };
        if let Some(other) = self.owners.get(&path).copied() {
            let owner = self.describe(other);
            return Err(ConflictError::Occupied { label: label.to_owned(), path, owner });
        }
        self.make_parents(label, owner, &path)?;
        let metadata = match self.directories.get(&path) {
            Some(known) if !is_said => known.clone(),
            _ => metadata.clone(),
        };
        self.view.insert(path.clone(), Entry::directory(metadata.clone()));
        if let Some(own) = self.own_mut(owner) {
            own.directories.insert(path.clone(), metadata.mtime);
        }
        self.directories.insert(path, metadata);
        Ok(())
    }

    /// Changes owner, mode or attributes of what is there, on every name of a file.
    pub(crate) fn change(
        &mut self,
        label: &str,
        path: &TreePath,
        change: impl Fn(&mut Metadata),
    ) -> Result<(), ConflictError> {
        let missing = || ConflictError::Missing { label: label.to_owned(), path: path.clone() };
        if let Some(metadata) = self.directories.get_mut(path) {
            change(metadata);
            self.view.insert(path.clone(), Entry::directory(metadata.clone()));
            return Ok(());
        }
        let owner = *self.owners.get(path).ok_or_else(missing)?;
        let mut entry = self.view.get(path).ok_or_else(missing)?.clone();
        change(&mut entry.metadata);
        let mut names = vec![path.clone()];
        if let Kind::File { links: Some(group), .. } = entry.kind {
            if let Some((other, metadata)) = self.changed_links.get(&(owner, group))
                && *metadata != entry.metadata
                && other != path
            {
                let (label, path, other) = (label.to_owned(), path.clone(), other.clone());
                return Err(ConflictError::LinkedDifferently { label, path, other });
            }
            self.changed_links.insert((owner, group), (path.clone(), entry.metadata.clone()));
            names = self.names_of(owner, group);
            if names.len() > 1 {
                let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                self.notes.push(format!("{label}: changes {}, which are names of one file", list.join(", ")));
            }
        }
        for name in names {
            if let Some(named) = self.part_of(owner).get_mut(&name) {
                named.metadata = entry.metadata.clone();
            }
            if let Some(named) = self.view.get_mut(&name) {
                named.metadata = entry.metadata.clone();
            }
        }
        Ok(())
    }

    /// Applies what an effect makes.
    pub(crate) fn add(&mut self, addition: Addition) -> Result<(), ConflictError> {
        let Addition { path, entry, bytes, because } = addition;
        let path = self.lead(&because, &path)?;
        if entry.is_directory() {
            return self.directory(&because, Owner::Generated, &path, &entry.metadata, true);
        }
        if let (Some(bytes), Some(content)) = (bytes, entry.content()) {
            self.contents.insert(content.digest, OwnContent::Bytes(Arc::from(bytes)));
        }
        self.put(&because, Owner::Generated, path, entry, Replace::Packages)
    }

    /// Applies a change that an effect asks for; `false` when there is nothing to change.
    pub(crate) fn apply(&mut self, change: &MetadataChange) -> Result<bool, ConflictError> {
        let path = self.lead(&change.because, &change.path)?;
        if !self.view.contains(&path) {
            return Ok(false);
        }
        self.change(&change.because, &path, |metadata| {
            metadata.uid = change.uid.unwrap_or(metadata.uid);
            metadata.gid = change.gid.unwrap_or(metadata.gid);
            metadata.mode = change.mode.unwrap_or(metadata.mode);
            if let Some(capabilities) = &change.capabilities {
                metadata.xattrs.insert((*b"security.capability").into(), capabilities.clone().into());
            }
        })?;
        Ok(true)
    }

    /// Names whoever brings something, for messages.
    pub(crate) fn describe(&self, owner: Owner) -> String {
        match owner {
            Owner::Package(number) => format!("package `{}`", self.packages[number].name),
            Owner::Generated => String::from("attar"),
            Owner::File(number) => format!("layer `{}`", escape(self.files[number].name.as_bytes())),
        }
    }

    fn make_parents(&mut self, label: &str, owner: Owner, path: &TreePath) -> Result<(), ConflictError> {
        for above in path.ancestors().filter(|above| !above.is_root()) {
            if let Some(other) = self.owners.get(&above).copied() {
                let (label, path, owner) = (label.to_owned(), path.clone(), self.describe(other));
                return Err(ConflictError::NoDirectory { label, path, above, owner });
            }
            if self.directories.contains_key(&above) {
                continue;
            }
            let metadata = Metadata::root(0o755, crate::files::OWN_MTIME);
            self.view.insert(above.clone(), Entry::directory(metadata.clone()));
            if let Some(own) = self.own_mut(owner) {
                own.directories.insert(above.clone(), metadata.mtime);
            }
            self.directories.insert(above, metadata);
        }
        Ok(())
    }

    fn forget_directory(&mut self, path: &TreePath) {
        self.directories.remove(path);
        self.view.remove(path);
        self.generated.directories.remove(path);
        for part in &mut self.packages {
            part.part.directories.remove(path);
        }
        for own in &mut self.files {
            own.directories.remove(path);
        }
    }

    fn names_of(&mut self, owner: Owner, group: LinkGroup) -> Vec<TreePath> {
        let is_name =
            |entry: &Entry| matches!(entry.kind, Kind::File { links: Some(links), .. } if links == group);
        let names: BTreeSet<TreePath> = self
            .part_of(owner)
            .iter()
            .filter(|(_, entry)| is_name(entry))
            .map(|(path, _)| path.clone())
            .collect();
        names.into_iter().collect()
    }

    fn part_of(&mut self, owner: Owner) -> &mut FileTree {
        match owner {
            Owner::Package(number) => &mut self.packages[number].part.tree,
            Owner::Generated => &mut self.generated.tree,
            Owner::File(number) => &mut self.files[number].tree,
        }
    }

    fn own_mut(&mut self, owner: Owner) -> Option<&mut OwnPart> {
        match owner {
            Owner::Package(_) => None,
            Owner::Generated => Some(&mut self.generated),
            Owner::File(number) => Some(&mut self.files[number]),
        }
    }
}
