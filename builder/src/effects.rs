//! Effects: what maintainer scripts would do to the tree, without running them.
//!
//! Everything here is pure: a file tree and texts in, additions and changes out. Order of override
//! is packages < effects < files < paths, so an effect may change what a package brought, and the
//! user's own files come after it.

pub mod accounts;
mod alternatives;
mod apply;
pub mod capabilities;
pub mod diversion;
pub mod effect;
mod fields;
pub mod ldcache;
pub mod mode;
pub mod reviewed;
pub mod script;
pub mod sysusers;
pub mod tmpfiles;
mod understand;

pub use apply::Planned;
pub use effect::Effect;
pub use script::{PackageScripts, Surroundings};
pub use understand::{Understood, understand};

use attar_image::{Content, Entry, Metadata, TreePath};

/// Modification time of everything attar itself makes: 2000-01-01, whatever the day of the build.
pub const GENERATED: i64 = 946_684_800;

/// What effects do to a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Entries that are made, in the order in which they are to be put into the tree.
    pub additions: Vec<Addition>,
    /// Changes to entries that stand in the tree, or that [`additions`](Self::additions) make.
    pub changes: Vec<MetadataChange>,
    /// What the user must know because the image may lack something.
    pub warnings: Vec<String>,
    /// What the report tells besides.
    pub notes: Vec<String>,
}

/// One entry that an effect makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Where it stands.
    pub path: TreePath,
    /// What stands there.
    pub entry: Entry,
    /// Content of a regular file.
    pub bytes: Option<Vec<u8>>,
    /// Why it is made, for `attar why` and the report.
    pub because: String,
}

/// A change to owner, mode or attributes of an entry that stands in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataChange {
    /// The entry.
    pub path: TreePath,
    /// New owner.
    pub uid: Option<u32>,
    /// New group.
    pub gid: Option<u32>,
    /// New mode.
    pub mode: Option<u32>,
    /// File capabilities: the value of the attribute `security.capability`.
    pub capabilities: Option<Vec<u8>>,
    /// Why it changes.
    pub because: String,
}

impl Addition {
    /// Returns a directory.
    pub fn directory(path: TreePath, mode: u32, owner: (u32, u32), because: &str) -> Self {
        let metadata = Metadata { uid: owner.0, gid: owner.1, ..Metadata::root(mode, GENERATED) };
        Self { path, entry: Entry::directory(metadata), bytes: None, because: because.to_owned() }
    }

    /// Returns a regular file.
    pub fn file(path: TreePath, bytes: Vec<u8>, mode: u32, owner: (u32, u32), because: &str) -> Self {
        let metadata = Metadata { uid: owner.0, gid: owner.1, ..Metadata::root(mode, GENERATED) };
        let entry = Entry::file(Content::of(&bytes), metadata);
        Self { path, entry, bytes: Some(bytes), because: because.to_owned() }
    }

    /// Returns a symbolic link.
    pub fn symlink(path: TreePath, target: &[u8], because: &str) -> Self {
        Self { path, entry: Entry::symlink(target, GENERATED), bytes: None, because: because.to_owned() }
    }
}

impl Outcome {
    /// Appends what another outcome holds.
    pub fn extend(&mut self, other: Self) {
        self.additions.extend(other.additions);
        self.changes.extend(other.changes);
        self.warnings.extend(other.warnings);
        self.notes.extend(other.notes);
    }
}

/// Returns a path that this crate writes itself, in a literal.
pub(crate) fn known(path: &str) -> TreePath {
    TreePath::parse(path).expect("a path written in attar's own source")
}

#[cfg(test)]
mod tests;
