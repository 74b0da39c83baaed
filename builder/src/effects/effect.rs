//! What a maintainer script, a tmpfiles.d or a sysusers.d line would do, as data.

use attar_image::TreePath;

use super::accounts::{GroupName, GroupRequest, UserRequest};
use super::mode::ModeChange;

/// One thing that is done to the image. Owners are names or numbers, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A directory is made, with those above it; one that stands there keeps what is not said here.
    Directory {
        /// Where.
        path: TreePath,
        /// Mode, if said.
        mode: Option<ModeChange>,
        /// Owner and group, if said.
        owner: Ownership,
    },
    /// A symbolic link is made.
    Symlink {
        /// Where.
        path: TreePath,
        /// What it points to.
        target: String,
        /// What happens when something stands there.
        existing: Existing,
    },
    /// A file is written.
    File {
        /// Where.
        path: TreePath,
        /// What it holds.
        content: FileContent,
        /// Mode, if said.
        mode: Option<ModeChange>,
        /// Owner and group, if said.
        owner: Ownership,
        /// What happens when something stands there.
        existing: Existing,
    },
    /// Owner, group or mode change.
    Attributes {
        /// Where.
        path: TreePath,
        /// New owner and group.
        owner: Ownership,
        /// New mode.
        mode: Option<ModeChange>,
        /// Everything below as well.
        recursive: bool,
    },
    /// File capabilities are set.
    Capabilities {
        /// The program.
        path: TreePath,
        /// Value of `security.capability`.
        value: Vec<u8>,
    },
    /// A program is offered under a generic name.
    Alternative(Alternative),
    /// An alternative is chosen whatever its priority.
    AlternativeChoice {
        /// Generic name.
        name: String,
        /// The chosen path.
        path: String,
    },
    /// Something is moved, to a path where nothing stands.
    Move {
        /// From where.
        from: TreePath,
        /// To where.
        to: TreePath,
    },
    /// A file, a link or an empty directory is removed.
    Remove {
        /// Where.
        path: TreePath,
    },
    /// A user is made, with a group of the same name unless another is said.
    User {
        /// Login name.
        name: String,
        /// What is asked for.
        request: UserRequest,
        /// Whether the home directory is made.
        makes_home: bool,
    },
    /// What is known of a user changes.
    Account {
        /// Login name.
        name: String,
        /// New home directory.
        home: Option<String>,
        /// New login shell.
        shell: Option<String>,
        /// New description.
        gecos: Option<String>,
        /// New primary group.
        group: Option<GroupName>,
    },
    /// A group is made.
    Group {
        /// Its name.
        name: String,
        /// What is asked for.
        request: GroupRequest,
    },
    /// A user joins a group.
    Member {
        /// The group.
        group: String,
        /// The user.
        user: String,
    },
}

/// Owner and group by name or number; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Owner.
    pub user: Option<String>,
    /// Group.
    pub group: Option<String>,
}

/// What a written file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes after what stands there.
    Appended(Vec<u8>),
    /// The content of another file in the tree.
    CopyOf(TreePath),
    /// What stands there, or nothing.
    Touched,
}

/// What happens when something stands where an effect puts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays.
    Keep,
    /// It is replaced, unless it is a directory.
    Replace,
}

/// A program offered under a generic name, as `update-alternatives --install` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Generic name, such as `editor`.
    pub name: String,
    /// The link that users call, such as `/usr/bin/editor`.
    pub link: String,
    /// The program that is offered.
    pub path: String,
    /// The highest wins.
    pub priority: i64,
    /// Links that follow the choice, such as manual pages.
    pub slaves: Vec<Slave>,
}

/// A link that follows the choice of an alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slave {
    /// Generic name.
    pub name: String,
    /// The link.
    pub link: String,
    /// What it leads to.
    pub path: String,
}

impl Ownership {
    /// Says whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.user.is_none() && self.group.is_none()
    }
}
