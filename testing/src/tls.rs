//! A certificate authority of a test's own, for servers that speak TLS.

use std::net::TcpStream;
use std::sync::Arc;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority with fresh keys, which vouches for 127.0.0.1 and nobody else trusts.
#[derive(Debug)]
pub struct Authority {
    certificate: String,
    server: (String, String),
    config: Arc<ServerConfig>,
}

impl Authority {
    /// Makes an authority.
    pub fn generate() -> anyhow::Result<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
        let server_pem = (server.pem(), key.serialize_pem());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![server.der().clone()], key)
            .context("the server's own certificate")?;
        Ok(Self { certificate: authority.pem(), server: server_pem, config: Arc::new(config) })
    }

    /// Returns the certificate of the authority in PEM, as `SSL_CERT_FILE` holds it.
    pub fn pem(&self) -> &str {
        &self.certificate
    }

    /// Returns the server's certificate and its key in PEM, for servers that are programs.
    pub fn server_pem(&self) -> (&str, &str) {
        (&self.server.0, &self.server.1)
    }

    /// Returns what a server needs to accept connections.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// Wraps a connection; the handshake comes with the first bytes.
pub(crate) fn accept(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> std::io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}
