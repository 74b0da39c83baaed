//! Why one attempt to fetch something failed, and whether it is worth another one.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use attar_image::digest::Mismatch;
use reqwest::Url;

/// Why one attempt to fetch something from one mirror failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The mirror does not have it.
    #[error("not found")]
    NotFound,
    /// The mirror refused.
    #[error("{code} {}", .reason)]
    Status {
        /// Status code.
        code: u16,
        /// What the code means.
        reason: &'static str,
        /// How long the mirror asks to wait.
        retry_after: Option<Duration>,
    },
    /// No connection came about.
    #[error("{0}")]
    Connect(String),
    /// The server cannot prove who it is.
    #[error("the server's certificate is not trusted: {0}")]
    Untrusted(String),
    /// Nothing came for too long.
    #[error("timed out")]
    TimedOut,
    /// The connection broke.
    #[error("{0}")]
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
    /// It is another archive than the one wanted.
    #[error("{0}")]
    Unrecognised(String),
    /// A local file cannot be read.
    #[error("{0}")]
    Read(io::Error),
}

impl Failure {
    /// Says whether the same mirror may well answer better in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Connect(_) | Self::TimedOut | Self::Interrupted(_) => true,
            Self::NotFound
            | Self::Untrusted(_)
            | Self::TooLarge { .. }
            | Self::Mismatch(_)
            | Self::Unrecognised(_)
            | Self::Read(_) => false,
        }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TimedOut
        } else if let Some(problem) = certificate_problem(&error) {
            Self::Untrusted(problem)
        } else if error.is_connect() {
            Self::Connect(root_cause(&error))
        } else {
            Self::Interrupted(root_cause(&error))
        }
    }
}

/// Returns what is wrong with the server's certificate, when that is why there is no connection.
fn certificate_problem(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(rustls::Error::InvalidCertificate(problem)) = error.downcast_ref() {
        return Some(problem.to_string());
    }
    // An I/O error hides the one it was made of: its `source` is the one after that.
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
        && let Some(problem) = certificate_problem(inner)
    {
        return Some(problem);
    }
    certificate_problem(error.source()?)
}

/// Returns the innermost cause: the outer ones repeat the URL, which is told already.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// One mirror that was asked in vain.
#[derive(Debug)]
pub struct Attempt {
    /// What was asked for, without credentials.
    pub url: String,
    /// Why it was in vain.
    pub failure: Failure,
}

impl Attempt {
    /// Says whether the attempt failed because the host of `url` cannot be reached.
    pub(super) fn is_unreachable(&self, url: &Url) -> bool {
        let same_host = || Url::parse(&self.url).is_ok_and(|asked| asked.origin() == url.origin());
        matches!(self.failure, Failure::Connect(_) | Failure::Untrusted(_)) && same_host()
    }
}

/// All mirrors that were asked in vain, in order.
#[derive(Debug, Default)]
pub struct Attempts(pub Vec<Attempt>);

impl Attempts {
    /// Says whether a server was not trusted.
    pub fn any_untrusted(&self) -> bool {
        self.0.iter().any(|attempt| matches!(attempt.failure, Failure::Untrusted(_)))
    }

    /// Says whether every mirror answered that it does not have it.
    pub fn all_not_found(&self) -> bool {
        self.0.iter().all(|attempt| matches!(attempt.failure, Failure::NotFound))
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no mirror is known");
        }
        for (number, attempt) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", attempt.url, attempt.failure)?;
        }
        Ok(())
    }
}
