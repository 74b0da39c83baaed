//! The start-up proof: whether an image has everything that its entrypoint needs to start.
//!
//! Pure: a tree, what its files say about themselves, and the image's configuration go in; a
//! [`Report`] comes out. Nothing is run.
//!
//! The flow follows what happens when a container starts:
//! 1. `user` looks the user up, `start` the working directory and the entrypoint along `PATH`;
//! 2. `program` follows what the kernel does: `#!` lines, also through `env`, and ELF interpreters;
//! 3. `process` loads libraries as the dynamic linker does, that of glibc or of musl;
//! 4. `rules` say what well-known programs open at run time: plugins, modules, class files;
//! 5. `leftover` looks at all other ELF files.
//!
//! Invariants:
//! - Paths never leave the image: links are followed inside the tree, with the rights of the user.
//! - What cannot be known without running the program (a path computed at run time) is never reported.

mod cache;
mod directories;
mod leftover;
mod problem;
mod process;
mod program;
mod proof;
mod root;
mod rules;
mod script;
mod start;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod user;
mod versions;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::elf::Facts;
use crate::filesystem::{Content, FileTree};
use crate::manifest::Config;
use crate::path::TreePath;
use crate::platform::Platform;
use crate::script::Shebang;

pub use directories::library_places;
pub use problem::{Problem, machine};
pub use user::{Credentials, credentials};

/// What is proven to start.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The merged tree of the image.
    pub tree: &'a FileTree,
    /// What its files hold.
    pub files: &'a dyn Files,
    /// How a container of it runs.
    pub config: &'a Config,
    /// The platform it is for.
    pub platform: &'a Platform,
}

/// What the files of a tree hold. Paths have no links left in them.
pub trait Files {
    /// Returns what the ELF file at a path says about itself; `None` when it is none.
    fn elf(&self, path: &TreePath, content: &Content) -> Option<Arc<Facts>>;

    /// Returns the first line of the script at a path; `None` when it is none.
    fn script(&self, path: &TreePath, content: &Content) -> Option<Shebang>;

    /// Returns the whole content of a small file, such as a configuration.
    fn read(&self, path: &TreePath, content: &Content) -> Option<Vec<u8>>;

    /// Returns the ELF files that are worth a look though nothing is known to need them. By default
    /// all that [`elf`](Self::elf) knows; implementations leave out what costs too much to open.
    fn is_candidate(&self, _path: &TreePath, _content: &Content) -> bool {
        true
    }
}

/// What the proof found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The entrypoint as configured; `None` when the image has none, and so nothing that starts.
    pub entrypoint: Option<String>,
    /// What cannot start, or what the entrypoint would open and cannot.
    pub findings: Vec<Finding>,
    /// What the entrypoint starts without, as far as is known, and that lacks something.
    pub others: Vec<Finding>,
    /// Everything that the entrypoint needs, files and programs.
    pub reached: BTreeSet<TreePath>,
}

/// Something that lacks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What cannot be started or loaded: a path, as it was reached.
    pub object: String,
    /// The same with all links followed; `None` when nothing is there.
    pub path: Option<TreePath>,
    /// What is wrong with it.
    pub problem: Problem,
    /// Who needs it, from the entrypoint down, the object itself left out.
    pub chain: Vec<String>,
}

/// Proves that an image starts, or finds out why not.
pub fn prove(subject: &Subject<'_>) -> Report {
    start::prove(subject)
}
