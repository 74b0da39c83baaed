//! Own files and `paths` of the spec enter the tree.

use std::sync::Arc;

use attar_image::path::InvalidPath;
use attar_image::{Attributes, Content, Entry, Kind, Metadata, TreePath};

use super::workspace::{ConflictError, Owner, Replace, Workspace};
use crate::files::{Collected, OWN_MTIME, OwnContent};
use crate::spec::schema::PathKind;

/// One `files` entry, collected.
#[derive(Debug)]
pub struct OwnFiles {
    /// Where the entry stands in the spec, for messages.
    pub label: String,
    /// Number of the layer it goes into.
    pub layer: usize,
    /// What it brings.
    pub collected: Collected,
    /// It may take the place of a package's file.
    pub replace: bool,
    /// It says owner or mode of directories, so they hold for directories that are there already.
    pub says_directories: bool,
}

/// One entry of `paths` with everything looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRequest {
    /// Where the entry stands in the spec, for messages.
    pub label: String,
    /// The path.
    pub path: TreePath,
    /// What to do there.
    pub kind: PathKind,
    /// Owner's number, if said.
    pub uid: Option<u32>,
    /// Group's number, if said.
    pub gid: Option<u32>,
    /// Mode, if said.
    pub mode: Option<u32>,
    /// What a link points to.
    pub source: Option<String>,
    /// Applies to everything below as well.
    pub recursive: bool,
    /// Modification time, if said.
    pub mtime: Option<i64>,
    /// Extended attributes.
    pub xattrs: Attributes,
    /// It may take the place of a package's entry.
    pub replace: bool,
}

/// An entry of `files` or `paths` that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnError {
    /// It does not fit to what is there.
    #[error(transparent)]
    Conflict(#[from] ConflictError),
    /// A link without a target.
    #[error("{0}: a link needs `source`, the path it points to")]
    NoSource(String),
    /// A path that cannot stand in an image.
    #[error("{label}: invalid path")]
    Path {
        /// Where the spec says it.
        label: String,
        /// What is wrong.
        #[source]
        source: InvalidPath,
    },
    /// A hard link to something that is no regular file.
    #[error("{label}: `{path}` is no regular file, so it can have no second name")]
    NoFile {
        /// Where the spec says it.
        label: String,
        /// What the link points to.
        path: TreePath,
    },
}

impl Workspace {
    /// Puts the files of one entry into their layer.
    pub(crate) fn add_files(&mut self, files: OwnFiles) -> Result<(), OwnError> {
        let OwnFiles { label, layer, collected, replace, says_directories } = files;
        let replace = if replace { Replace::All } else { Replace::Generated };
        self.contents.extend(collected.contents);
        for (path, entry) in collected.tree {
            let path = self.lead(&label, &path)?;
            if entry.is_directory() {
                self.directory(&label, Owner::File(layer), &path, &entry.metadata, says_directories)?;
            } else {
                self.put(&label, Owner::File(layer), path, entry, replace)?;
            }
        }
        Ok(())
    }

    /// Applies one entry of `paths`.
    pub(crate) fn apply_path(&mut self, request: &PathRequest) -> Result<(), OwnError> {
        let label = &request.label;
        let path = self.lead(label, &request.path)?;
        let replace = if request.replace { Replace::All } else { Replace::Generated };
        match request.kind {
            PathKind::Directory => {
                let known = self.directories.get(&path).cloned();
                let base = known.unwrap_or_else(|| Metadata::root(0o755, OWN_MTIME));
                self.directory(label, Owner::Generated, &path, &request.applied(base), true)?;
                self.apply_below(request, &path)?;
            }
            PathKind::EmptyFile => {
                let content = Content::of(b"");
                self.contents.insert(content.digest, OwnContent::Bytes(Arc::from(&b""[..])));
                let entry = Entry::file(content, request.applied(Metadata::root(0o644, OWN_MTIME)));
                self.put(label, Owner::Generated, path, entry, replace)?;
            }
            PathKind::Symlink => {
                let target = request.source.clone().ok_or_else(|| OwnError::NoSource(label.clone()))?;
                let mut entry = Entry::symlink(target.into_bytes(), request.mtime.unwrap_or(OWN_MTIME));
                entry.metadata.uid = request.uid.unwrap_or(0);
                entry.metadata.gid = request.gid.or(request.uid).unwrap_or(0);
                self.put(label, Owner::Generated, path, entry, replace)?;
            }
            PathKind::Hardlink => self.hard_link(request, path, replace)?,
            PathKind::Permissions => {
                self.change(label, &path, |metadata| *metadata = request.applied(metadata.clone()))?;
                self.apply_below(request, &path)?;
            }
        }
        Ok(())
    }

    fn apply_below(&mut self, request: &PathRequest, path: &TreePath) -> Result<(), OwnError> {
        if !request.recursive {
            return Ok(());
        }
        let below: Vec<TreePath> = self.view.below(path).map(|(path, _)| path.clone()).collect();
        for path in below {
            let is_link = matches!(self.view.get(&path).map(|entry| &entry.kind), Some(Kind::Symlink { .. }));
            self.change(&request.label, &path, |metadata| {
                let mode = metadata.mode;
                *metadata = request.applied(metadata.clone());
                if is_link {
                    metadata.mode = mode;
                }
            })?;
        }
        Ok(())
    }

    /// A second name shares its layer with the first; else it is a copy, because a link into a lower
    /// layer is refused by some engines.
    fn hard_link(&mut self, request: &PathRequest, path: TreePath, replace: Replace) -> Result<(), OwnError> {
        let label = &request.label;
        let source = request.source.as_deref().ok_or_else(|| OwnError::NoSource(label.clone()))?;
        let target =
            TreePath::parse(source).map_err(|source| OwnError::Path { label: label.clone(), source })?;
        let target = self.lead(label, &target)?;
        let missing = || ConflictError::Missing { label: label.clone(), path: target.clone() };
        let entry = self.view.get(&target).ok_or_else(missing)?.clone();
        let Kind::File { content, .. } = entry.kind else {
            return Err(OwnError::NoFile { label: label.clone(), path: target });
        };
        if self.owners.get(&target) == Some(&Owner::Generated) {
            let group = super::merge::fresh_group(&self.generated.tree);
            let linked = Entry { kind: Kind::File { content, links: Some(group) }, ..entry };
            self.generated.tree.insert(target.clone(), linked.clone());
            self.view.insert(target, linked.clone());
            self.put(label, Owner::Generated, path, linked, replace)?;
            return Ok(());
        }
        self.notes.push(format!("{label}: `{path}` is a copy of `{target}`, which is in another layer"));
        self.copies.insert(content.digest);
        self.put(label, Owner::Generated, path, Entry::file(content, entry.metadata), replace)?;
        Ok(())
    }
}

impl PathRequest {
    fn applied(&self, mut metadata: Metadata) -> Metadata {
        if let Some(uid) = self.uid {
            metadata.uid = uid;
            metadata.gid = uid;
        }
        metadata.gid = self.gid.unwrap_or(metadata.gid);
        metadata.mode = self.mode.unwrap_or(metadata.mode);
        metadata.mtime = self.mtime.unwrap_or(metadata.mtime);
        metadata.xattrs.extend(self.xattrs.clone());
        metadata
    }
}
