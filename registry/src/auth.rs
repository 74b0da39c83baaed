//! What a registry demands before it answers, and how it is given.
//!
//! Follows Docker's token authentication: a 401 names a scheme; `Basic` takes the login itself, `Bearer`
//! a token that another server gives for the login and for what is to be done.

pub(crate) mod challenge;
pub(crate) mod scope;
pub(crate) mod token;

pub(crate) use challenge::Challenge;
pub(crate) use scope::{Access, Scopes};

use crate::credentials::CredentialError;
use crate::failure::Failure;

/// Nobody may do what was asked, as far as this machine knows.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The registry wants a login and none is stored.
    #[error("{registry} wants a login, and none is stored: looked in {}", if places.is_empty() { "no file" } else { places })]
    NoLogin {
        /// The registry.
        registry: String,
        /// Where logins were looked for.
        places: String,
    },
    /// The registry does not take the stored login.
    #[error("{registry} does not accept the stored login")]
    Rejected {
        /// The registry.
        registry: String,
    },
    /// The registry wants a scheme that attar does not know.
    #[error("{registry} wants a login of an unknown kind: `{found}`")]
    Scheme {
        /// The registry.
        registry: String,
        /// What its answer says.
        found: String,
    },
    /// The registry sends logins where they could be read on the way.
    #[error("{registry} would have the login sent to `{realm}` in plain text")]
    PlainRealm {
        /// The registry.
        registry: String,
        /// The token server.
        realm: String,
    },
    /// The token server refused or cannot be reached.
    #[error("cannot get a token from {realm}: {source}")]
    Token {
        /// The token server.
        realm: String,
        /// What went wrong; it stands in the message.
        source: Box<Failure>,
    },
    /// The answer of the token server has no token.
    #[error("cannot get a token from {realm}: the answer has none")]
    NoToken {
        /// The token server.
        realm: String,
    },
    /// Stored logins cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
}
