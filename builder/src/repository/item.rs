//! What can be fetched, in the user's words.

use std::fmt;
use std::sync::Arc;

/// Something that is fetched; its display form names it in messages and events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// The signed description of a suite.
    Release {
        /// The suite as asked for.
        suite: Arc<str>,
    },
    /// The list of packages of one component for one architecture.
    Index {
        /// The suite as asked for.
        suite: Arc<str>,
        /// Component; empty for a flat archive.
        component: Arc<str>,
        /// Debian's name of the architecture.
        architecture: Arc<str>,
    },
    /// The list of the files of all packages.
    Contents {
        /// The suite as asked for.
        suite: Arc<str>,
        /// Component.
        component: Arc<str>,
        /// Debian's name of the architecture.
        architecture: Arc<str>,
    },
    /// A package.
    Package {
        /// Its name.
        name: Arc<str>,
        /// Its version.
        version: Arc<str>,
        /// Debian's name of the architecture.
        architecture: Arc<str>,
    },
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, suite, component, architecture) = match self {
            Self::Release { suite } => return write!(f, "release of {suite}"),
            Self::Package { name, version, architecture } => {
                return write!(f, "package {name} {version} ({architecture})");
            }
            Self::Index { suite, component, architecture } => {
                ("package index", suite, component, architecture)
            }
            Self::Contents { suite, component, architecture } => {
                ("contents index", suite, component, architecture)
            }
        };
        let slash = if component.is_empty() { "" } else { "/" };
        write!(f, "{what} {suite}{slash}{component} ({architecture})")
    }
}
