//! Container engines on this machine or another: Docker and Podman, by their HTTP interface.
//!
//! Images travel as archives: `load` sends one, `save` reads one. `images` and `summary` tell what is there
//! before anything travels.

pub mod ambient;
mod endpoint;
mod images;
mod podman;

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use attar_image::Platform;
use reqwest::{Method, Url, header};
use serde::Deserialize;

pub use ambient::Environment;
pub use endpoint::{Endpoint, Tls};
pub use images::{EngineImage, LayerSummary, Summary};

use crate::blob::Stream;
use crate::event::Events;
use crate::failure::Failure;
use crate::pieces::Pieces;
use crate::request::{Body, Request};
use crate::transport::{Transport, TransportError};
use podman::Service;

/// How long an engine may be silent: it unpacks a whole image before it answers.
const SILENCE: Duration = Duration::from_secs(600);

/// The largest answer that is not an image, in bytes.
const MAX_ANSWER: u64 = 4 << 20;

/// A kind of engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl Kind {
    /// Returns the word that stands before an image of this engine: `docker:nginx`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
        })
    }
}

/// An engine that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address is of a kind that attar does not speak.
    #[error(
        "cannot reach {kind} at `{address}`: expected `unix://PATH`, `tcp://HOST:PORT` or `http(s)://HOST:PORT`"
    )]
    Address {
        /// The engine.
        kind: Kind,
        /// Its address.
        address: String,
    },
    /// The Docker context does not exist or cannot be read.
    #[error("cannot use the Docker context `{name}`")]
    Context {
        /// Its name.
        name: String,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// Docker's configuration cannot be read.
    #[error("cannot read `{}`", file.display())]
    Configuration {
        /// The file.
        file: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// Connections cannot be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Nobody answers.
    #[error("{kind} does not answer at {address}")]
    Unreachable {
        /// The engine.
        kind: Kind,
        /// Its address.
        address: String,
        /// Why.
        #[source]
        source: Box<Failure>,
    },
    /// The service of Podman, which is started when it does not run, does not start.
    #[error("cannot start `podman system service`")]
    Service(#[source] io::Error),
    /// The engine has no such image.
    #[error("{kind} has no image `{name}`")]
    NoImage {
        /// The engine.
        kind: Kind,
        /// What was asked for.
        name: String,
    },
    /// A request failed.
    #[error("cannot {task} {kind}")]
    Request {
        /// What was being done, such as `load the image into`.
        task: &'static str,
        /// The engine.
        kind: Kind,
        /// Why it failed.
        #[source]
        source: Box<Failure>,
    },
    /// The engine says that it cannot take the image.
    #[error("{kind} does not take the image: {message}")]
    Refused {
        /// The engine.
        kind: Kind,
        /// Its words.
        message: String,
    },
}

impl EngineError {
    /// Says whether there is something that this user may not speak to.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => matches!(&**source, Failure::Connect { cause, .. }
                if cause.contains("Permission denied")),
            _ => false,
        }
    }

    /// Says whether there is no engine, as far as can be told from here.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Service(_))
    }
}

/// An engine that answers.
#[derive(Debug)]
pub struct Engine {
    kind: Kind,
    address: String,
    base: Url,
    transport: Transport,
    platform: Platform,
    /// Ends when the engine is dropped.
    _service: Option<Service>,
}

impl Engine {
    /// Connects to the engine that the environment means.
    ///
    /// Podman has no daemon: where its socket is not served, its service is started for as long as the
    /// engine is used.
    pub async fn connect(
        kind: Kind,
        environment: &Environment,
        events: &Events,
    ) -> Result<Self, EngineError> {
        match kind {
            Kind::Docker => Self::open(kind, environment.docker()?, None, events).await,
            Kind::Podman => match environment.podman()? {
                Some(endpoint) => Self::open(kind, endpoint, None, events).await,
                None => {
                    let service = Service::start().await.map_err(EngineError::Service)?;
                    Self::open(kind, service.endpoint(), Some(service), events).await
                }
            },
        }
    }

    async fn open(
        kind: Kind,
        endpoint: Endpoint,
        service: Option<Service>,
        events: &Events,
    ) -> Result<Self, EngineError> {
        let address = endpoint.to_string();
        let (http, base) = endpoint.client(kind)?;
        let transport = Transport::over(http, SILENCE, events);
        let platform = platform(&transport, &base).await.map_err(|source| EngineError::Unreachable {
            kind,
            address: address.clone(),
            source: Box::new(source),
        })?;
        Ok(Self { kind, address, base, transport, platform, _service: service })
    }

    /// Returns what kind of engine this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns where the engine is, for messages.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the platform that the engine runs containers for.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Loads the images of an archive; returns what the engine calls them.
    pub async fn load(&self, archive: impl Read + Send + 'static) -> Result<Vec<String>, EngineError> {
        let mut url = self.url("images/load");
        url.query_pairs_mut().append_pair("quiet", "1");
        let request = Request::new(Method::POST, url)
            .header(header::CONTENT_TYPE, "application/x-tar")
            .body(Body::Stream(Stream::once(archive)));
        let task = "load the image into";
        let response = self.transport.send(&request).await.map_err(self.failed(task))?;
        let answer = response.bytes(MAX_ANSWER).await.map_err(self.failed(task))?;
        loaded(&answer).map_err(|message| EngineError::Refused { kind: self.kind, message })
    }

    /// Says whether the engine has an image.
    pub async fn has(&self, name: &str) -> Result<bool, EngineError> {
        let request = Request::get(self.url(&format!("images/{name}/json")));
        match self.transport.send(&request).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.code() == Some(404) => Ok(false),
            Err(failure) => Err(self.failed("ask for the image")(failure)),
        }
    }

    /// Hands the archive of an image to `consume`, which runs on a thread that may block.
    ///
    /// Whoever stops waiting ends the transfer: `consume` then gets no more than has come.
    pub async fn save<T: Send + 'static>(
        &self,
        name: &str,
        consume: impl FnOnce(&mut (dyn Read + Send)) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        if !self.has(name).await? {
            return Err(EngineError::NoImage { kind: self.kind, name: name.to_owned() });
        }
        let mut url = self.url("images/get");
        url.query_pairs_mut().append_pair("names", name);
        let task = "read the image from";
        let mut response = self.transport.send(&Request::get(url)).await.map_err(self.failed(task))?;
        let (sender, mut pieces) = Pieces::new();
        let consumer = tokio::task::spawn_blocking(move || consume(&mut pieces));
        let streamed = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    if sender.send(Ok(chunk)).await.is_err() {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(failure) => {
                    let _ = sender.send(Err(io::ErrorKind::ConnectionAborted.into())).await;
                    break Err(failure);
                }
            }
        };
        drop(sender);
        let consumed = consumer.await;
        streamed.map_err(self.failed(task))?;
        consumed.map_err(|error| self.failed(task)(Failure::Local(io::Error::other(error))))
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    fn failed(&self, task: &'static str) -> impl FnOnce(Failure) -> EngineError {
        let kind = self.kind;
        move |source| EngineError::Request { task, kind, source: Box::new(source) }
    }
}

/// Asks an engine for what platform it runs containers.
async fn platform(transport: &Transport, base: &Url) -> Result<Platform, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Version {
        os: String,
        arch: String,
    }
    let mut url = base.clone();
    url.set_path("version");
    let bytes = transport.send(&Request::get(url)).await?.bytes(MAX_ANSWER).await?;
    let Version { os, arch } = serde_json::from_slice(&bytes)?;
    Ok(Platform::new(&os, &arch, None).normalised())
}

/// Reads what an engine says after loading: one object after the other, each with a line or an error.
fn loaded(answer: &[u8]) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        stream: String,
        #[serde(default)]
        error: String,
    }
    let mut names = Vec::new();
    for line in serde_json::Deserializer::from_slice(answer).into_iter::<Line>() {
        let Ok(Line { stream, error }) = line else { break };
        if !error.is_empty() {
            return Err(error.chars().take(300).collect());
        }
        for text in stream.lines() {
            let name = text.strip_prefix("Loaded image: ").or(text.strip_prefix("Loaded image ID: "));
            // Podman lists them all after one colon.
            let name = name.or(text.strip_prefix("Loaded image(s): "));
            names.extend(
                name.into_iter().flat_map(|names| names.split(',')).map(|name| name.trim().to_owned()),
            );
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_say_after_loading() {
        let names = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
        for (answer, expected) in [
            (
                "{\"stream\":\"Loaded image: app:1\\n\"}\r\n{\"stream\":\"Loaded image: app:2\\n\"}",
                names(&["app:1", "app:2"]),
            ),
            ("{\"stream\":\"Loaded image ID: sha256:ab\\n\"}", names(&["sha256:ab"])),
            (
                "{\"stream\":\"Loaded image: localhost/app:1,localhost/app:2\"}",
                names(&["localhost/app:1", "localhost/app:2"]),
            ),
            ("{\"errorDetail\":{\"message\":\"no\"},\"error\":\"no space\"}", Err("no space".to_owned())),
            ("", names(&[])),
            ("<html>", names(&[])),
        ] {
            assert_eq!(loaded(answer.as_bytes()), expected, "{answer}");
        }
    }
}
