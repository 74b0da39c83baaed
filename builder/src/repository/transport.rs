//! Sending one request: over HTTP with or without a proxy, or from the local file system.
//!
//! The only module that opens sockets. A transport that is offline has no client to open one with.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Certificate, StatusCode, Url};

use super::apt::configuration::{Configuration, Route};
use super::apt::credentials::Login;
use super::failure::Failure;

/// How requests are sent.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// Whether no socket may be opened.
    pub offline: bool,
    /// A bundle of certificate authorities that replaces the system's: the file `SSL_CERT_FILE` names.
    pub certificates: Option<PathBuf>,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment count.
    pub environment_proxies: bool,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an answer may be silent.
    pub read_timeout: Duration,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            offline: false,
            certificates: None,
            environment_proxies: true,
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(30),
        }
    }
}

/// The transport cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The file of certificate authorities cannot be read.
    #[error("cannot read the certificate authorities `{}`", .file.display())]
    ReadCertificates {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file of certificate authorities holds something else.
    #[error("cannot use the certificate authorities `{}`", .file.display())]
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
}

/// What is asked for.
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) login: Option<&'a Login>,
    pub(super) route: &'a Route,
    /// Conditions such as `If-None-Match`.
    pub(super) conditions: Vec<(HeaderName, String)>,
}

/// Sends requests.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    clients: Option<Clients>,
}

#[derive(Clone, Debug)]
struct Clients {
    /// Takes proxies from the environment.
    environment: reqwest::Client,
    /// Takes proxies from the configuration of the host's apt.
    apt: reqwest::Client,
}

impl Transport {
    pub(super) fn new(settings: &TransportSettings, apt: Arc<Configuration>) -> Result<Self, TransportError> {
        if settings.offline {
            return Ok(Self { clients: None });
        }
        let proxy = reqwest::Proxy::custom(move |url| match apt.route(url) {
            Route::Proxy(proxy) => Some(proxy),
            Route::Direct | Route::Unspecified => None,
        });
        let authorities = authorities(settings)?;
        let environment = client(settings, authorities.as_deref(), |builder| {
            if settings.environment_proxies { builder } else { builder.no_proxy() }
        })?;
        let apt = client(settings, authorities.as_deref(), |builder| builder.proxy(proxy.clone()))?;
        Ok(Self { clients: Some(Clients { environment, apt }) })
    }

    pub(super) fn is_offline(&self) -> bool {
        self.clients.is_none()
    }

    /// Sends a request; an answer that is neither a success nor "not modified" is a failure.
    ///
    /// Offline, only `file:` URLs are answered; the caller asks before it comes this far.
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Response, Failure> {
        if request.url.scheme() == "file" {
            return open(request.url);
        }
        let Some(clients) = &self.clients else {
            return Err(Failure::Connect("offline".to_owned()));
        };
        let client = match request.route {
            Route::Unspecified => &clients.environment,
            Route::Direct | Route::Proxy(_) => &clients.apt,
        };
        let mut builder = client.get(request.url.clone());
        if let Some(login) = request.login {
            builder = builder.basic_auth(&login.name, Some(login.password.expose()));
        }
        for (name, value) in &request.conditions {
            builder = builder.header(name, value);
        }
        let response = builder.send().await?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(Response {
                status: status.as_u16(),
                headers: response.headers().clone(),
                length: response.content_length(),
                body: Body::Http(response),
            });
        }
        Err(match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Failure::NotFound,
            _ => Failure::Status {
                code: status.as_u16(),
                reason: status.canonical_reason().unwrap_or("unknown status"),
                retry_after: retry_after(response.headers()),
            },
        })
    }
}

fn authorities(settings: &TransportSettings) -> Result<Option<Vec<Certificate>>, TransportError> {
    let Some(file) = &settings.certificates else { return Ok(None) };
    let bytes = std::fs::read(file)
        .map_err(|source| TransportError::ReadCertificates { file: file.clone(), source })?;
    let certificates = Certificate::from_pem_bundle(&bytes)
        .map_err(|source| TransportError::Certificates { file: file.clone(), source })?;
    Ok(Some(certificates))
}

fn client(
    settings: &TransportSettings,
    authorities: Option<&[Certificate]>,
    adapt: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, TransportError> {
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("attar/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout);
        adapt(builder)
    };
    let trusting = |authorities: &[Certificate]| builder().tls_certs_only(authorities.to_vec()).build();
    match authorities {
        Some(authorities) => trusting(authorities),
        // A small container has no certificate authorities, but archives are signed and plain HTTP
        // needs none: then only https URLs fail, and their error says why.
        None => builder().build().or_else(|_| trusting(&[])),
    }
    .map_err(TransportError::Client)
}

/// Reads `Retry-After` in either form (RFC 9110, 10.2.3): seconds, or a date.
///
/// A date counts from the answer's own `Date`: the clocks of this machine and the server may differ, and
/// both come from the server's. Nothing bounds the pause here; whoever waits does.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = http_date(value)?.duration_since(http_date(text(header::DATE)?)?).as_secs();
    Some(Duration::from_secs(seconds.try_into().unwrap_or_default()))
}

/// Reads a date as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT`: that of mail with a name for UTC.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn open(url: &Url) -> Result<Response, Failure> {
    let path = url.to_file_path().map_err(|()| Failure::NotFound)?;
    let file = File::open(path).map_err(read_failure)?;
    let stat = file.metadata().map_err(read_failure)?;
    if !stat.is_file() {
        return Err(Failure::NotFound);
    }
    Ok(Response { status: 200, headers: HeaderMap::new(), length: Some(stat.len()), body: Body::File(file) })
}

fn read_failure(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound { Failure::NotFound } else { Failure::Read(error) }
}

/// An answer whose body is still to be read.
pub(super) struct Response {
    pub(super) status: u16,
    headers: HeaderMap,
    /// Length of the body, where it is known.
    pub(super) length: Option<u64>,
    body: Body,
}

enum Body {
    Http(reqwest::Response),
    File(File),
}

impl Response {
    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Puts the next piece of the body into `buffer`; says whether there was one.
    pub(super) async fn chunk(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Failure> {
        buffer.clear();
        match &mut self.body {
            Body::Http(response) => {
                let chunk = response.chunk().await?;
                buffer.extend_from_slice(chunk.as_deref().unwrap_or_default());
                Ok(chunk.is_some())
            }
            Body::File(file) => {
                file.take(256 << 10).read_to_end(buffer).map_err(Failure::Read)?;
                Ok(!buffer.is_empty())
            }
        }
    }

    /// Reads the whole body, which may have at most `limit` bytes.
    pub(super) async fn bytes(mut self, limit: u64) -> Result<Vec<u8>, Failure> {
        let (mut all, mut buffer) = (Vec::new(), Vec::new());
        while self.chunk(&mut buffer).await? {
            all.extend_from_slice(&buffer);
            if all.len() as u64 > limit {
                return Err(Failure::TooLarge { limit });
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_until_a_date() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let cases = [
            ("7", None, Some(7)),
            (" 7 ", Some(date), Some(7)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(date), Some(3)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(date), Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", Some(date), Some(0)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", None, None),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some("noon"), None),
            ("soon", Some(date), None),
            ("-1", Some(date), None),
            ("99999999999999999999999", Some(date), None),
        ];
        for (asked, date, expected) in cases {
            let value = |text| HeaderValue::from_static(text);
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value(asked));
            headers.extend(date.map(|date| (header::DATE, value(date))));
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{asked} at {date:?}");
        }
    }
}
