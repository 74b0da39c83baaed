//! The file tree of an image: packages, effects, own files and paths, brought together.
//!
//! Pure: records of packages, what effects make and what the user's files are go in; the parts of
//! the image's layers come out. Nothing is unpacked.

pub mod merge;
pub mod own;
pub mod package;
mod usr;
mod workspace;

use std::collections::BTreeMap;
use std::sync::Arc;

use attar_image::{Digest, FileTree, Metadata, TreePath};

use crate::effects::Outcome;
use crate::files::OwnContent;
use crate::record::PackageRecord;
use merge::{MergeError, Part, merge};
use own::{OwnError, OwnFiles, PathRequest};
use package::PackageTree;
use workspace::Workspace;
pub use workspace::{ConflictError, OwnPart, Owner};

/// A package that takes part in an image.
#[derive(Clone, Debug)]
pub struct ImagePackage {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub record: Arc<PackageRecord>,
    /// Names of the packages whose files it may replace.
    pub replaces: Vec<String>,
    /// Its part of the tree, after filters.
    pub part: PackageTree,
}

/// The tree of one image, in the parts that become its layers.
#[derive(Debug)]
pub struct Rootfs {
    /// The packages' parts, with their places in the package database.
    pub packages: Vec<PackagePart>,
    /// What attar makes, and the spec's `paths`.
    pub generated: OwnPart,
    /// The user's files, by layer.
    pub files: Vec<OwnPart>,
    /// Owner and mode of every directory.
    pub directories: BTreeMap<TreePath, Metadata>,
    /// Contents of own and generated files.
    pub contents: BTreeMap<Digest, OwnContent>,
    /// Everything together.
    pub view: FileTree,
    /// Who brings what.
    pub owners: BTreeMap<TreePath, Owner>,
    /// What was overridden, and other things a curious user may like to know.
    pub notes: Vec<String>,
}

/// One package's part of the tree.
#[derive(Debug)]
pub struct PackagePart {
    /// The package's name.
    pub name: String,
    /// Everything but directories.
    pub tree: FileTree,
    /// Directories it needs or ships, with the times it gives them.
    pub directories: BTreeMap<TreePath, i64>,
}

/// A tree that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootfsError {
    /// Packages do not fit together.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// What attar makes does not fit to the packages.
    #[error(transparent)]
    Conflict(#[from] ConflictError),
    /// Files or paths of the spec do not fit.
    #[error(transparent)]
    Own(#[from] OwnError),
}

/// The tree in the making: effects look at it and add to it before the user's own files do.
#[derive(Debug)]
pub struct Builder {
    workspace: Workspace,
    records: Vec<Arc<PackageRecord>>,
}

impl Builder {
    /// Brings the packages, sorted by name, together.
    pub fn new(packages: Vec<ImagePackage>) -> Result<Self, RootfsError> {
        let records = packages.iter().map(|package| Arc::clone(&package.record)).collect();
        let mut parts: Vec<Part> = packages
            .into_iter()
            .map(|ImagePackage { name, replaces, part, .. }| Part { name, replaces, part })
            .collect();
        let merged = merge(&mut parts)?;
        Ok(Self { workspace: Workspace::new(parts, merged), records })
    }

    /// Returns the tree as it stands.
    pub fn view(&self) -> &FileTree {
        &self.workspace.view
    }

    /// Returns what brings what stands at `path`, directories left out.
    pub fn owner(&self, path: &TreePath) -> Option<Owner> {
        self.workspace.owners.get(path).copied()
    }

    /// Returns the content of something that is no package's.
    pub fn content(&self, digest: &Digest) -> Option<&OwnContent> {
        self.workspace.contents.get(digest)
    }

    /// Applies what effects make and change; changes of what is not there are noted.
    pub fn apply(&mut self, outcome: Outcome) -> Result<(), RootfsError> {
        for addition in outcome.additions {
            self.workspace.add(addition)?;
        }
        for change in outcome.changes {
            if !self.workspace.apply(&change)? {
                let note = format!("{}: `{}` is not in the image", change.because, change.path);
                self.workspace.notes.push(note);
            }
        }
        self.workspace.notes.extend(outcome.notes);
        Ok(())
    }

    /// Names the layers of the user's files, from the lowest up.
    pub fn name_layers(&mut self, names: impl IntoIterator<Item = String>) {
        let part = |name| OwnPart { name, ..OwnPart::default() };
        self.workspace.files = names.into_iter().map(part).collect();
    }

    /// Puts the files of one `files` entry in.
    pub fn add_files(&mut self, files: OwnFiles) -> Result<(), RootfsError> {
        Ok(self.workspace.add_files(files)?)
    }

    /// Applies one entry of `paths`.
    pub fn apply_path(&mut self, request: &PathRequest) -> Result<(), RootfsError> {
        Ok(self.workspace.apply_path(request)?)
    }

    /// Writes the package database and gives the parts of the layers.
    pub fn finish(self) -> Rootfs {
        let Workspace {
            packages,
            generated,
            files,
            mut directories,
            mut contents,
            mut view,
            mut owners,
            notes,
            ..
        } = self.workspace;
        let mut parts = Vec::with_capacity(packages.len());
        for (number, (package, record)) in packages.into_iter().zip(&self.records).enumerate() {
            let Part { name, mut part, .. } = package;
            let before: Vec<TreePath> = part.tree.iter().map(|(path, _)| path.clone()).collect();
            part.register(&name, record);
            for (path, entry) in part.tree.iter().filter(|(path, _)| before.binary_search(path).is_err()) {
                view.insert(path.clone(), entry.clone());
                owners.insert(path.clone(), Owner::Package(number));
            }
            let texts = part.texts.iter();
            contents.extend(texts.map(|(digest, text)| (*digest, OwnContent::Bytes(Arc::from(&text[..])))));
            let times = part.directory_times(record);
            for path in times.keys() {
                if !directories.contains_key(path) {
                    directories.insert(path.clone(), Metadata::root(0o755, 0));
                }
            }
            parts.push(PackagePart { name, tree: part.tree, directories: times });
        }
        Rootfs { packages: parts, generated, files, directories, contents, view, owners, notes }
    }
}

#[cfg(test)]
mod tests;
