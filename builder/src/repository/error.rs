//! What can go wrong between a spec's repositories and verified packages.

use std::io;
use std::path::PathBuf;

use attar_image::layer::reader::TarError;
use attar_packages::debian::deb::DebError;
use attar_packages::debian::index::InvalidIndex;
use attar_packages::debian::release::InvalidRelease;

use super::failure::Attempts;
use super::freshness::Stale;
use super::item::Item;
use super::mirror::InvalidMirror;
use super::openpgp::SignatureError;
use super::transport::TransportError;
use crate::cache::CacheError;

/// Packages cannot be had, or may not be believed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// No socket may be opened, and the cache does not have it.
    #[error("cannot fetch {item} offline: it is not in the cache, and would come from `{url}`")]
    Offline {
        /// What is missing.
        item: Item,
        /// The first place it would have been fetched from.
        url: String,
    },
    /// No mirror gave it.
    #[error("cannot fetch {item}: {attempts}")]
    Unavailable {
        /// What is missing.
        item: Item,
        /// Every mirror that was asked, with its answer.
        attempts: Attempts,
    },
    /// A release is not signed by a key that counts.
    #[error("cannot verify the signature of `{url}`")]
    Signature {
        /// Where the release came from.
        url: String,
        /// Why the signature does not count.
        #[source]
        source: SignatureError,
    },
    /// A release is signed and still makes no sense.
    #[error("cannot read `{url}`")]
    Release {
        /// Where the release came from.
        url: String,
        /// What is wrong with it.
        #[source]
        source: InvalidRelease,
    },
    /// A release is signed, but is that of another suite or archive.
    #[error("`{url}` is another archive: expected {expected}, found {found}")]
    Identity {
        /// Where the release came from.
        url: String,
        /// What was asked for.
        expected: String,
        /// What it says of itself.
        found: String,
    },
    /// A release may not be used today.
    #[error("cannot use the release of {suite} from `{url}`")]
    Stale {
        /// The suite.
        suite: String,
        /// Where the release came from.
        url: String,
        /// What is wrong with its dates.
        #[source]
        source: Stale,
    },
    /// A suite has no packages for an architecture.
    #[error("{suite} has no packages for {architecture}: it has {}", list(.available))]
    MissingArchitecture {
        /// The suite.
        suite: String,
        /// Debian's name of the architecture.
        architecture: String,
        /// The architectures it has.
        available: Vec<String>,
    },
    /// A suite has no such component.
    #[error("{suite} has no component `{component}`: it has {}", list(.available))]
    MissingComponent {
        /// The suite.
        suite: String,
        /// The component.
        component: String,
        /// The components it has.
        available: Vec<String>,
    },
    /// An index cannot be decompressed, or is not what the release lists.
    #[error("cannot decompress {item}")]
    Decompress {
        /// The index.
        item: Item,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// An index is the one that the release lists and still makes no sense.
    #[error("cannot read {item}")]
    Index {
        /// The index.
        item: Item,
        /// What is wrong with it.
        #[source]
        source: InvalidIndex,
    },
    /// A path of an archive leads out of it.
    #[error("cannot fetch {item}: the path `{path}` leads out of the archive")]
    UnsafePath {
        /// What has the path.
        item: Item,
        /// The path, escaped.
        path: String,
    },
    /// A mirror's address is of no use.
    #[error("cannot use a mirror")]
    Mirror(#[from] InvalidMirror),
    /// A snapshot's time is no time.
    #[error("`{text}` is no time of a snapshot: expected one such as `20261101T000000Z`")]
    SnapshotTime {
        /// The text.
        text: String,
    },
    /// A file that the spec or a setting names cannot be read.
    #[error("cannot read `{}`", .file.display())]
    ReadFile {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of a directory of packages is damaged.
    #[error("cannot read the package `{}`", .file.display())]
    BrokenPackage {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        source: DebError,
    },
    /// The files of a package in a directory cannot be listed.
    #[error("cannot read the files of the package `{}`", .file.display())]
    BrokenFiles {
        /// The package.
        file: PathBuf,
        /// What is wrong with them.
        #[source]
        source: TarError,
    },
    /// The control data of a package lacks something.
    #[error("cannot use the control data of the package `{}`", .file.display())]
    InvalidPackage {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        source: InvalidIndex,
    },
    /// The control data of a package describes more than one.
    #[error("the control data of the package `{}` has more than one stanza", .file.display())]
    SeveralStanzas {
        /// The file.
        file: PathBuf,
    },
    /// Two files of a directory are the same package, and which one counts would be a guess.
    #[error("`{}` and `{}` are both {package}", .files[0], .files[1])]
    SamePackage {
        /// Name, version and architecture.
        package: String,
        /// Names of the files.
        files: [String; 2],
    },
    /// The keys that the spec names are of no use.
    #[error("cannot use the keys of `signed-by` for {repository}")]
    SignedBy {
        /// The repository they are for.
        repository: String,
        /// What is wrong with them.
        #[source]
        source: SignatureError,
    },
    /// Requests cannot be sent.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The work was cancelled before it was done.
    #[error("the work was cancelled")]
    Cancelled,
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
