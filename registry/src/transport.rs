//! Sending requests: TLS, proxies, timeouts, and trying again.
//!
//! The only module of this crate that opens connections to a network.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use reqwest::header::{self, HeaderValue};
use reqwest::{Certificate, Identity, redirect};

use crate::client::Settings;
use crate::event::Events;
use crate::failure::Failure;
use crate::request::{Body, Request, Response};
use crate::retry::{Backoff, Patience};
use crate::route::is_loopback;

/// How much longer than for anything else a registry may be silent once it has a whole blob: it hashes
/// and stores it before it answers.
const STORING: u32 = 10;

/// Connections cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A file of certificates or keys cannot be read.
    #[error("cannot read the certificates `{}`", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of certificates or keys holds something else.
    #[error("cannot use the certificates `{}`", .file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        source: reqwest::Error,
    },
    /// The HTTP client cannot be made.
    #[error("cannot set up the HTTP client")]
    Client(#[source] reqwest::Error),
    /// The registry's name cannot stand in an address.
    #[error("`{0}` is no address of a registry")]
    Address(String),
}

/// Sends requests to one registry, and to the places that it names.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    silence: Duration,
    patience: Patience,
    events: Events,
}

impl Transport {
    pub(crate) fn new(settings: &Settings, registry: &str, events: &Events) -> Result<Self, TransportError> {
        let trust = Trust::read(settings, registry)?;
        let http = trust.client(|| {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("attar/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(settings.connect_timeout)
                .redirect(redirect::Policy::custom(follow));
            // A proxy has another loopback than this machine.
            match settings.environment_proxies && !is_loopback(registry) {
                true => builder,
                false => builder.no_proxy(),
            }
        })?;
        let Settings { silence, patience, .. } = *settings;
        Ok(Self { http, silence, patience, events: events.clone() })
    }

    /// Returns a transport over a client that was made elsewhere.
    pub(crate) fn over(http: reqwest::Client, silence: Duration, events: &Events) -> Self {
        let patience = Patience { attempts: 1, ..Patience::default() };
        Self { http, silence, patience, events: events.clone() }
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Sends a request, and again after a failure that may pass.
    pub(crate) async fn send_patiently(&self, request: &Request) -> Result<Response, Failure> {
        let mut backoff = Backoff::new(self.patience);
        loop {
            match self.send(request).await {
                Ok(response) => return Ok(response),
                Err(failure) => self.pause(&mut backoff, request, failure).await?,
            }
        }
    }

    /// Waits after a failure that may pass; any other one is returned.
    pub(crate) async fn pause(
        &self,
        backoff: &mut Backoff,
        request: &Request,
        failure: Failure,
    ) -> Result<(), Failure> {
        let Some(pause) = backoff.pause(&failure) else { return Err(failure) };
        let seconds = pause.as_secs_f32();
        self.events.note(format!("{request:?}: {failure}; asking again in {seconds:.1} s"));
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Sends a request once; an answer that is no success is a failure.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, Failure> {
        self.exchange(request).await?.success().await
    }

    /// Sends a request once and returns whatever is answered.
    pub(crate) async fn exchange(&self, request: &Request) -> Result<Response, Failure> {
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        for (name, secret) in &request.secrets {
            let mut value = HeaderValue::from_str(secret.expose())
                .map_err(|_| Failure::Local(io::Error::from(io::ErrorKind::InvalidData)))?;
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        builder = match &request.body {
            Body::Empty if matches!(request.method.as_str(), "GET" | "HEAD") => builder,
            Body::Empty => builder.header(header::CONTENT_LENGTH, 0).body(""),
            Body::Bytes(bytes) => builder.body(bytes.clone()),
            Body::Stream(stream) => {
                // Of a stream's length the client knows nothing; without it the body would be sent in
                // chunks, which some registries refuse.
                let builder = match stream.length() {
                    Some(length) => builder.header(header::CONTENT_LENGTH, length),
                    None => builder,
                };
                builder.body(stream.open())
            }
        };
        tracing::debug!(?request, "request");
        let mut sending = pin!(builder.send());
        loop {
            // A stream that moves is alive however long it takes; so is a registry that stores it.
            let (moved, patience) = match &request.body {
                Body::Stream(stream) if stream.is_sent() => (stream.moved(), self.silence * STORING),
                Body::Stream(stream) => (stream.moved(), self.silence),
                _ => (0, self.silence),
            };
            match tokio::time::timeout(patience, &mut sending).await {
                Ok(Ok(response)) => {
                    tracing::debug!(?request, status = response.status().as_u16(), "answer");
                    return Ok(Response::new(response, self.silence));
                }
                Ok(Err(error)) => {
                    if let Body::Stream(stream) = &request.body
                        && let Some(error) = stream.take_error()
                    {
                        return Err(Failure::Source(error));
                    }
                    return Err(Failure::of(&error, &request.host()));
                }
                Err(_) => match &request.body {
                    Body::Stream(stream) if stream.moved() > moved => {}
                    _ => return Err(Failure::TimedOut),
                },
            }
        }
    }
}

/// Redirects are followed, but never from an encrypted connection to one that is not.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let from_tls = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if from_tls && attempt.url().scheme() != "https" {
        return attempt.error("redirected from an encrypted connection to one that is not");
    }
    if attempt.previous().len() > 10 { attempt.error("too many redirects") } else { attempt.follow() }
}

/// Whom a registry is believed to be, and who we are to it.
struct Trust {
    /// Replaces the system's authorities.
    authorities: Option<Vec<Certificate>>,
    /// Authorities of this registry alone.
    further: Vec<Certificate>,
    identity: Option<Identity>,
}

impl Trust {
    fn read(settings: &Settings, registry: &str) -> Result<Self, TransportError> {
        let authorities = settings.certificates.as_deref().map(bundle).transpose()?;
        let mut trust = Self { authorities, further: Vec::new(), identity: None };
        for folder in &settings.certificate_folders {
            trust.add_folder(&folder.join(registry))?;
        }
        Ok(trust)
    }

    /// Reads a folder as Docker and Podman keep them: `*.crt` are authorities, `*.cert` and `*.key` of
    /// one name the certificate to show.
    fn add_folder(&mut self, folder: &Path) -> Result<(), TransportError> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in &files {
            let extension = file.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("crt") => self.further.extend(bundle(file)?),
                Some("cert") if self.identity.is_none() => {
                    self.identity = Some(identity(file, &file.with_extension("key"))?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn client(self, builder: impl Fn() -> reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
        let Self { authorities, further, identity } = self;
        let with_identity = || match &identity {
            Some(identity) => builder().identity(identity.clone()),
            None => builder(),
        };
        let only = |authorities: Vec<Certificate>| {
            with_identity().tls_certs_only(authorities.into_iter().chain(further.clone())).build()
        };
        match authorities {
            Some(authorities) => only(authorities),
            // A small container has no certificate authorities, and plain HTTP needs none: then only
            // https addresses fail, and their error says why.
            None => with_identity().tls_certs_merge(further.clone()).build().or_else(|_| only(Vec::new())),
        }
        .map_err(TransportError::Client)
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TransportError> {
    std::fs::read(file).map_err(|source| TransportError::Read { file: file.to_owned(), source })
}

fn bundle(file: &Path) -> Result<Vec<Certificate>, TransportError> {
    Certificate::from_pem_bundle(&read(file)?)
        .map_err(|source| TransportError::Certificates { file: file.to_owned(), source })
}

/// Reads a certificate and its key.
pub(crate) fn identity(certificate: &Path, key: &Path) -> Result<Identity, TransportError> {
    let mut pem = read(certificate)?;
    pem.push(b'\n');
    pem.extend(read(key)?);
    Identity::from_pem(&pem)
        .map_err(|source| TransportError::Certificates { file: certificate.to_owned(), source })
}

/// Makes a client that trusts these authorities alone, and shows this certificate.
pub(crate) fn client_of(
    authorities: Option<&Path>,
    identity: Option<Identity>,
    builder: impl Fn() -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, TransportError> {
    let authorities = authorities.map(bundle).transpose()?;
    Trust { authorities, further: Vec::new(), identity }.client(builder)
}
