//! Moves images between a layout and a registry or a container engine.
//!
//! ```text
//! Client::new(Settings, Credentials, Events)   opens no connection
//!   .pull(reference, writer, wanted)           verified as it streams, resumed -> entry of the layout
//!   .push(repository, contents)                blobs (skipped, mounted, sent), manifests by digest, index
//!   .attach(repository, contents)              a manifest about another one: API, else the fallback tag
//!   .tag(repository, manifest, tag)            the last step: nobody sees a tag without what it names
//!   .publish(publication)                      the four together, in this order
//! Engine::connect(kind, environment)           Docker or Podman: load and save
//! ```
//!
//! Follows the OCI distribution specification 1.1 and reads what Docker's registry answers.
//!
//! Invariants:
//! - What a registry sends is bounded, and verified before it has a name in a layout.
//! - Credentials go to the registry they belong to, and to the token server it names, never elsewhere;
//!   never over plain HTTP unless the registry itself is spoken to that way.
//! - A tag moves after everything that it leads to is in its place. A push that is killed at any point
//!   leaves the old tag whole, and the next push finishes it.
//! - [`credentials`] is the only module that reads the environment for logins, and
//!   [`engine::ambient`] the only one that reads it for engines.

mod artifact;
mod auth;
mod blob;
mod client;
mod connection;
mod contents;
pub mod credentials;
pub mod engine;
mod error;
mod event;
mod failure;
mod manifest;
mod pieces;
mod publish;
mod pull;
mod push;
mod referrers;
mod request;
mod retry;
mod route;
mod secret;
mod transport;
mod upload;

pub use artifact::{Artifact, ArtifactLayer};
pub use auth::AuthError;
pub use blob::{BlobSource, LayoutBlobs, MemoryBlobs};
pub use client::{Client, PlainHttp, Settings};
pub use contents::{Contents, RawManifest};
pub use credentials::Credentials;
pub use engine::{Engine, EngineError};
pub use error::{RegistryError, Task};
pub use event::{Event, Events, Outcome};
pub use failure::{Failure, Refusal};
pub use publish::{Publication, Published};
pub use pull::{Pulled, Wanted};
pub use referrers::fallback_tag;
pub use retry::Patience;
pub use secret::Secret;
pub use transport::TransportError;
