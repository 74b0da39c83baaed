//! How an engine is reached.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;

use super::{EngineError, Kind};
use crate::transport::{TransportError, client_of, identity};

/// An engine's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket on this machine.
    Unix(PathBuf),
    /// A TCP address.
    Tcp {
        /// Its URL.
        url: Url,
        /// How TLS is spoken, if it is.
        tls: Option<Tls>,
    },
}

/// How TLS is spoken to an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The authorities to trust, instead of the system's.
    pub authorities: Option<PathBuf>,
    /// The certificate to show, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate is believed.
    pub is_unverified: bool,
}

impl Tls {
    /// Looks for `ca.pem`, `cert.pem` and `key.pem`, as Docker keeps them.
    pub(super) fn in_folder(folder: &Path, is_unverified: bool) -> Self {
        let file = |name: &str| Some(folder.join(name)).filter(|file| file.is_file());
        Self { authorities: file("ca.pem"), identity: file("cert.pem").zip(file("key.pem")), is_unverified }
    }
}

impl Endpoint {
    /// Reads an address as Docker writes it.
    pub(super) fn parse(kind: Kind, address: &str, tls: Option<Tls>) -> Result<Self, EngineError> {
        let wrong = || EngineError::Address { kind, address: address.to_owned() };
        let (scheme, rest) = address.split_once("://").ok_or_else(wrong)?;
        let scheme = match (scheme, &tls) {
            ("unix", _) if rest.starts_with('/') => return Ok(Self::Unix(rest.into())),
            ("tcp" | "http", None) => "http",
            ("tcp" | "https", Some(_)) | ("https", None) => "https",
            _ => return Err(wrong()),
        };
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| wrong())?;
        Ok(Self::Tcp { url, tls })
    }

    /// Makes a client for the address, and the URL below which everything is.
    pub(super) fn client(&self, kind: Kind) -> Result<(reqwest::Client, Url), EngineError> {
        let builder = || reqwest::Client::builder().connect_timeout(Duration::from_secs(15)).no_proxy();
        let wrong = || EngineError::Address { kind, address: self.to_string() };
        match self {
            Self::Unix(path) => {
                let client = client_of(None, None, || builder().unix_socket(path.clone()))?;
                // The name is not looked up; an HTTP request needs one.
                Ok((client, Url::parse("http://localhost/").map_err(|_| wrong())?))
            }
            Self::Tcp { url, tls } => {
                let Tls { authorities, identity: files, is_unverified } = tls.clone().unwrap_or_default();
                let identity = files
                    .map(|(certificate, key)| identity(&certificate, &key))
                    .transpose()
                    .map_err(|error: TransportError| error)?;
                let client = client_of(authorities.as_deref(), identity, || {
                    // A context may say so, as `docker context create` asks for it.
                    builder().tls_danger_accept_invalid_certs(is_unverified)
                })?;
                Ok((client, url.clone()))
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { url, .. } => f.write_str(&url.origin().ascii_serialization()),
        }
    }
}
