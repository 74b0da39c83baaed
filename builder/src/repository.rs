//! Where packages come from: signed archives on mirrors, and directories of `.deb` files.
//!
//! ```text
//! Client::new(Settings)            reads the host's apt configuration, opens no socket
//!   .open(repository)              release: fetched, verified, recognised, judged by its dates
//!                                  indexes: by hash, verified, parsed once, kept compact -> Archive
//!   .fetch(supply, package)        first mirror that has it, resumed, verified as it streams -> path
//! ```
//!
//! Invariants:
//! - A signed document is verified before it is parsed, also when it comes from the cache.
//! - An archive is recognised by its signed Origin, Label, Codename and Suite, never by its host; a mirror
//!   is only somewhere to ask. No mirror's URL is part of an [`Archive`] or an [`Identity`], so none can
//!   reach a lock.
//! - What is placed in the cache has the digest that a verified index or a lock promised.
//! - Offline, no socket is opened.

mod archive;
mod backoff;
mod candidates;
mod client;
mod contents;
mod debs;
mod debs_contents;
mod document;
mod download;
mod error;
mod failure;
mod fetch;
mod freshness;
mod identity;
mod index;
mod item;
mod kept;
mod mirror;
mod partial;
mod plan;
mod release;
mod secret;
mod snapshot;
mod transport;

pub mod apt;

pub mod keys;
pub mod openpgp;
pub mod search;

pub use archive::{Archive, ArchiveIndex};
pub use backoff::Patience;
pub(crate) use candidates::snapshot_time_of;
pub use client::{Client, SNAPSHOT_ARCHIVE, Settings};
pub use contents::{Contents, ContentsIndex};
pub use error::RepositoryError;
pub use failure::{Attempt, Attempts, Failure};
pub use fetch::{PackageFile, Supply};
pub use freshness::{Stale, Warning, check_rollback};
pub use identity::Identity;
pub use item::Item;
pub use kept::{Keeper, Kept};
pub use mirror::InvalidMirror;
pub use secret::Secret;
pub use transport::{TransportError, TransportSettings};
