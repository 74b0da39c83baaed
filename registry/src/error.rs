//! What cannot be done with a registry.

use std::fmt;

use attar_image::layout::LayoutError;
use attar_image::manifest::InvalidDocument;
use attar_image::reference::{Reference, Repository};
use attar_image::{Digest, Platform};

use crate::failure::Failure;
use crate::transport::TransportError;

/// What was being done when a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Finding out how the registry is spoken to.
    Connect(String),
    /// Reading a manifest or index.
    ReadManifest(Reference),
    /// Writing a manifest or index under its digest.
    WriteManifest(Reference),
    /// Moving a tag.
    MoveTag(Reference),
    /// Reading a blob.
    ReadBlob(Repository, Digest),
    /// Finding out whether a blob is there, or sending it.
    SendBlob(Repository, Digest),
    /// Listing what is said about a manifest.
    ListReferrers(Reference),
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(registry) => write!(f, "use the registry {registry}"),
            Self::ReadManifest(reference) => write!(f, "read `{reference}`"),
            Self::WriteManifest(reference) => write!(f, "push `{reference}`"),
            Self::MoveTag(reference) => write!(f, "tag `{reference}`"),
            Self::ReadBlob(repository, digest) => write!(f, "pull blob {digest} of `{repository}`"),
            Self::SendBlob(repository, digest) => write!(f, "push blob {digest} to `{repository}`"),
            Self::ListReferrers(reference) => write!(f, "list what is said about `{reference}`"),
        }
    }
}

/// Something that cannot be done with a registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A request failed, and sending it again did not help or would not.
    #[error("cannot {task}")]
    Request {
        /// What was being done.
        task: Box<Task>,
        /// Why it failed.
        #[source]
        source: Box<Failure>,
    },
    /// Connections cannot be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The layout cannot give or take what is moved.
    #[error(transparent)]
    Layout(#[from] Box<LayoutError>),
    /// What stands under the reference is no document of an image.
    #[error("cannot use `{reference}`")]
    Document {
        /// What was asked for.
        reference: Box<Reference>,
        /// What is wrong with it.
        #[source]
        source: InvalidDocument,
    },
    /// The index has no image for a platform.
    #[error("`{reference}` has no image for `{wanted}`: found {}", list(platforms))]
    NoPlatform {
        /// What was asked for.
        reference: Box<Reference>,
        /// The platform.
        wanted: Box<Platform>,
        /// What the index has.
        platforms: Vec<Platform>,
    },
    /// Contents without a manifest, or a reference that names none.
    #[error("there is no manifest to push to `{0}`")]
    Nothing(Repository),
    /// A manifest that should be about another one names none.
    #[error("the manifest {0} is about no other one: it has no `subject`")]
    NoSubject(Digest),
    /// Other writers keep replacing the list of what is said about a manifest.
    #[error("cannot write `{0}`: others keep replacing it")]
    Contended(Box<Reference>),
    /// The runtime is ending.
    #[error("the transfer was cancelled")]
    Cancelled,
}

impl RegistryError {
    pub(crate) fn request(task: Task) -> impl FnOnce(Failure) -> Self {
        move |source| Self::Request { task: Box::new(task), source: Box::new(source) }
    }

    /// Says whether the registry answered that it does not have what was asked for.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Request { source, .. } if source.code() == Some(404))
    }
}

impl From<LayoutError> for RegistryError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(Box::new(error))
    }
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(|platform| format!("`{platform}`")).collect();
    if names.is_empty() { String::from("none") } else { names.join(", ") }
}
