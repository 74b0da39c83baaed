//! One request and its answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, StatusCode, Url};

use crate::blob::Stream;
use crate::failure::{Failure, Refusal};
use crate::secret::Secret;

/// The largest explanation of a refusal that is read, in bytes.
const MAX_EXPLANATION: u64 = 64 << 10;

/// What is asked of a registry.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// Headers whose values are never shown.
    pub(crate) secrets: Vec<(HeaderName, Secret)>,
    pub(crate) body: Body,
}

/// What is sent. All of it can be sent again.
#[derive(Clone)]
pub(crate) enum Body {
    /// Nothing; a `PUT` or `POST` says so by a length of 0.
    Empty,
    /// Bytes.
    Bytes(Bytes),
    /// Bytes that are read as they are sent.
    Stream(Stream),
}

impl Request {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), secrets: Vec::new(), body: Body::Empty }
    }

    pub(crate) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(crate) fn head(url: Url) -> Self {
        Self::new(Method::HEAD, url)
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Returns the host that is asked, for messages.
    pub(crate) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Queries of uploads and of stores elsewhere carry signatures.
        write!(f, "{} {}{}", self.method, self.url.origin().ascii_serialization(), self.url.path())
    }
}

/// An answer whose body is still to be read.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Where the answer came from, after redirects.
    pub(crate) url: Url,
    inner: reqwest::Response,
    silence: Duration,
}

impl Response {
    pub(crate) fn new(inner: reqwest::Response, silence: Duration) -> Self {
        Self {
            status: inner.status(),
            headers: inner.headers().clone(),
            url: inner.url().clone(),
            inner,
            silence,
        }
    }

    pub(crate) fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the answer, or the failure that it stands for when it is no success.
    pub(crate) async fn success(self) -> Result<Self, Failure> {
        if self.status.is_success() {
            return Ok(self);
        }
        let (status, headers) = (self.status, self.headers.clone());
        let body = self.bytes(MAX_EXPLANATION).await.unwrap_or_default();
        Err(Failure::Refused(Refusal::new(status, &headers, &body)))
    }

    /// Returns the next piece of the body.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let host = self.url.host_str().unwrap_or_default();
        match tokio::time::timeout(self.silence, self.inner.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| Failure::of(&error, host)),
            Err(_) => Err(Failure::TimedOut),
        }
    }

    /// Reads the whole body, which may have at most `limit` bytes.
    pub(crate) async fn bytes(mut self, limit: u64) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
            if all.len() as u64 > limit {
                return Err(Failure::TooLarge { limit });
            }
        }
        Ok(all)
    }
}
