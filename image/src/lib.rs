//! The OCI model that every verb of attar stands on.
//!
//! No network, no async, no clock and no environment: values in, values out.
//!
//! - [`digest`]: content digests, verifying readers.
//! - [`layer`]: canonical tar, written and read, compressed in pieces that concatenate.
//! - [`layout`]: the content store on disk; [`archive`]: images in one file; [`blobs`]: what both give
//!   to readers.
//! - [`manifest`]: descriptors, manifests, indexes and configurations, with their exact bytes.
//! - [`path`], [`filesystem`]: file trees with owners and modes as data; [`text`]: text from outside.
//! - [`stack`]: the layered view of an image; [`validate`]: its invariants.
//! - [`difference`]: the first one between two images.
//! - [`elf`], [`script`]: what a program needs to start; [`linkage`]: whether an image has it.
//! - [`shell`]: what shells are called; [`accounts`]: what users and groups are called.
//! - [`reference`](mod@reference), [`platform`]: what images and machines are called.

pub mod accounts;
pub mod archive;
pub mod blobs;
mod chain;
pub mod difference;
pub mod digest;
pub mod elf;
pub mod filesystem;
pub mod layer;
pub mod layout;
pub mod linkage;
pub mod manifest;
pub mod path;
pub mod platform;
pub mod reference;
pub mod script;
pub mod shell;
pub mod stack;
#[cfg(test)]
mod testing;
pub mod text;
pub mod validate;

pub use chain::chain;
pub use digest::{DiffId, Digest};
pub use filesystem::{Attributes, Content, Entry, FileTree, Kind, LinkGroup, Metadata};
pub use layout::Layout;
pub use manifest::{Descriptor, Document, ImageConfig, Index, Manifest};
pub use path::TreePath;
pub use platform::Platform;
pub use reference::{Reference, Repository, Tag};
