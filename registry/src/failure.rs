//! Why one request failed, and whether it is worth another one.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use attar_image::digest::Mismatch;
use attar_image::manifest::InvalidDocument;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use serde::Deserialize;

use crate::auth::AuthError;

/// The most characters of a registry's own words that are kept.
const MAX_WORDS: usize = 300;

/// Why one request to a registry, a token server or an engine failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The other side refused.
    #[error("{0}")]
    Refused(Refusal),
    /// No connection came about.
    #[error("cannot connect to {host}: {cause}")]
    Connect {
        /// Where to.
        host: String,
        /// The innermost cause.
        cause: String,
    },
    /// Nothing came for too long.
    #[error("timed out")]
    TimedOut,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Interrupted(String),
    /// The answer is larger than what is acceptable.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes are not the ones that were promised.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The answer lacks a header, or it cannot be used.
    #[error("the answer has no usable `{0}` header")]
    Header(&'static str),
    /// The answer is not the document it should be.
    #[error(transparent)]
    Document(#[from] InvalidDocument),
    /// The answer is not the JSON it should be.
    #[error("cannot read the answer: {0}")]
    Json(#[from] serde_json::Error),
    /// Nobody is logged in who may do this, or the login does not work.
    #[error(transparent)]
    Auth(#[from] Box<AuthError>),
    /// The bytes to send cannot be read.
    #[error("cannot read the bytes to send: {0}")]
    Source(io::Error),
    /// A program or thread that helps cannot work.
    #[error("{0}")]
    Local(io::Error),
}

/// A status that is no success, with what the registry says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Status code.
    pub code: u16,
    /// The registry's own errors.
    pub errors: Vec<RegistryWord>,
    /// How long the registry asks to wait.
    pub retry_after: Option<Duration>,
}

/// One error in the registry's own words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RegistryWord {
    /// A word such as `BLOB_UNKNOWN`.
    #[serde(default)]
    pub code: String,
    /// A sentence.
    #[serde(default)]
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = StatusCode::from_u16(self.code).ok().and_then(|status| status.canonical_reason());
        write!(f, "{} {}", self.code, reason.unwrap_or("unknown status"))?;
        for word in &self.errors {
            match (word.code.as_str(), word.message.as_str()) {
                ("", message) => write!(f, ": {message}")?,
                (code, "") => write!(f, ": {code}")?,
                (code, message) => write!(f, ": {code}: {message}")?,
            }
        }
        Ok(())
    }
}

impl Refusal {
    /// Reads what a registry says in an answer that is no success.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            errors: Vec<RegistryWord>,
            /// Engines say it so.
            #[serde(default)]
            message: String,
        }
        let mut errors = match serde_json::from_slice(body) {
            Ok(Body { errors, message }) if errors.is_empty() && !message.is_empty() => {
                vec![RegistryWord { code: String::new(), message }]
            }
            Ok(Body { errors, .. }) => errors,
            Err(_) => Vec::new(),
        };
        errors.truncate(3);
        for word in &mut errors {
            word.code = word.code.chars().take(MAX_WORDS).collect();
            word.message = word.message.chars().take(MAX_WORDS).collect();
        }
        Self { code: status.as_u16(), errors, retry_after: retry_after(headers) }
    }

    /// Says whether the registry gives this reason.
    pub(crate) fn says(&self, code: &str) -> bool {
        self.errors.iter().any(|word| word.code == code)
    }
}

impl Failure {
    /// Says whether the other side may well answer better in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.code, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Connect { .. } | Self::TimedOut | Self::Interrupted(_) => true,
            Self::TooLarge { .. }
            | Self::Mismatch(_)
            | Self::Header(_)
            | Self::Document(_)
            | Self::Json(_)
            | Self::Auth(_)
            | Self::Source(_)
            | Self::Local(_) => false,
        }
    }

    /// Returns the status code of a refusal.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    pub(crate) fn of(error: &reqwest::Error, host: &str) -> Self {
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_connect() {
            Self::Connect { host: host.to_owned(), cause: root_cause(error) }
        } else {
            Self::Interrupted(root_cause(error))
        }
    }
}

/// Returns the innermost cause: the outer ones repeat the URL, which may hold secrets.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Reads `Retry-After`, in seconds or as a date. A date is compared with the answer's own `Date`, so that
/// neither clock needs to be right.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    let until = parser.parse_timestamp(value).ok()?;
    let now = parser.parse_timestamp(text(header::DATE)?).ok()?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), header::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_registry_asks_to_wait_in_seconds_or_until_a_date() {
        for (given, expected) in [
            (headers(&[(header::RETRY_AFTER, "7")]), Some(7)),
            (headers(&[(header::RETRY_AFTER, "Fri, 06 Nov 2026 12:00:30 GMT")]), None),
            (
                headers(&[
                    (header::RETRY_AFTER, "Fri, 06 Nov 2026 12:00:30 GMT"),
                    (header::DATE, "Fri, 06 Nov 2026 12:00:00 GMT"),
                ]),
                Some(30),
            ),
            (
                headers(&[
                    (header::RETRY_AFTER, "Fri, 06 Nov 2026 11:00:00 GMT"),
                    (header::DATE, "Fri, 06 Nov 2026 12:00:00 GMT"),
                ]),
                Some(0),
            ),
            (headers(&[(header::RETRY_AFTER, "soon")]), None),
            (headers(&[]), None),
        ] {
            assert_eq!(retry_after(&given), expected.map(Duration::from_secs), "{given:?}");
        }
    }

    #[test]
    fn a_refusal_repeats_the_registrys_words() {
        for (code, body, expected) in [
            (
                403,
                r#"{"errors":[{"code":"DENIED","message":"not yours","detail":{"a":1}}]}"#,
                "403 Forbidden: DENIED: not yours",
            ),
            (404, r#"{"message":"no such image"}"#, "404 Not Found: no such image"),
            (502, "<html>", "502 Bad Gateway"),
            (400, r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#, "400 Bad Request: DIGEST_INVALID"),
        ] {
            let status = StatusCode::from_u16(code).expect("a status");
            let refusal = Refusal::new(status, &HeaderMap::new(), body.as_bytes());
            assert_eq!(refusal.to_string(), expected);
        }
    }
}
