//! Asks a token server for a token.

use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderName};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::{AuthError, Scopes};
use crate::credentials::Login;
use crate::failure::Failure;
use crate::request::{Body, Request};
use crate::secret::Secret;
use crate::transport::Transport;

/// The largest answer of a token server, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// How long a token is good when the server does not say, by Docker's specification.
const SHORTEST_LIFE: Duration = Duration::from_secs(60);

/// A token that ends sooner than this is not used for another request.
const MARGIN: Duration = Duration::from_secs(10);

/// A token, and when it ends.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    ends: Instant,
}

impl Token {
    /// Says whether the token is good for another request.
    pub(crate) fn is_fresh(&self) -> bool {
        Instant::now() + MARGIN < self.ends
    }
}

/// Where tokens come from, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenServer<'a> {
    pub(crate) registry: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) service: Option<&'a str>,
    /// Whether the registry itself is spoken to in plain text.
    pub(crate) may_be_plain: bool,
}

/// Asks for a token that is good for `scopes`.
pub(crate) async fn fetch(
    transport: &Transport,
    server: TokenServer<'_>,
    login: Option<&Login>,
    scopes: &Scopes,
) -> Result<Token, AuthError> {
    let url = realm(server)?;
    let begun = Instant::now();
    let shown = || format!("{}{}", url.origin().ascii_serialization(), url.path());
    let failed = |source: Failure| match source.code() {
        Some(401 | 403) if login.is_some() => AuthError::Rejected { registry: server.registry.to_owned() },
        _ => AuthError::Token { realm: shown(), source: Box::new(source) },
    };
    let request = match login {
        Some(Login::Identity(token)) => by_identity(&url, server, token, scopes),
        other => by_password(&url, server, other, scopes),
    };
    let response = transport.send_patiently(&request).await.map_err(failed)?;
    let bytes = response.bytes(MAX_ANSWER).await.map_err(failed)?;
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|error| failed(Failure::Json(error)))?;
    let value = answer.token.filter(|token| !token.is_empty()).or(answer.access_token);
    let value = value.filter(|token| !token.is_empty());
    let value = value.ok_or_else(|| AuthError::NoToken { realm: shown() })?;
    // Counted from before the request, so that a slow answer never makes a token look fresher.
    let life = Duration::from_secs(answer.expires_in.unwrap_or(0)).max(SHORTEST_LIFE);
    Ok(Token { value: Secret::new(value), ends: begun + life })
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Returns the URL of the token server, unless a login would be readable on its way there.
fn realm(server: TokenServer<'_>) -> Result<Url, AuthError> {
    let plain =
        || AuthError::PlainRealm { registry: server.registry.to_owned(), realm: server.realm.to_owned() };
    let url = Url::parse(server.realm).map_err(|_| plain())?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if server.may_be_plain => Ok(url),
        _ => Err(plain()),
    }
}

/// A login by name and password, or nobody's: `GET` with the query Docker's specification names.
fn by_password(url: &Url, server: TokenServer<'_>, login: Option<&Login>, scopes: &Scopes) -> Request {
    let mut url = url.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = server.service {
            query.append_pair("service", service);
        }
        for scope in scopes.texts() {
            query.append_pair("scope", &scope);
        }
        if let Some(Login::Password { name, .. }) = login {
            query.append_pair("account", name);
        }
    }
    let mut request = Request::new(Method::GET, url);
    if let Some(value) = login.and_then(Login::basic) {
        request.secrets.push((header::AUTHORIZATION, value));
    }
    request
}

/// A login by an identity token: `POST` as OAuth 2 refreshes tokens.
fn by_identity(url: &Url, server: TokenServer<'_>, token: &Secret, scopes: &Scopes) -> Request {
    let scope = scopes.texts().collect::<Vec<_>>().join(" ");
    // A URL's query is encoded as a form is.
    let mut form = Url::parse("form:/").expect("a constant");
    form.query_pairs_mut()
        .append_pair("grant_type", "refresh_token")
        .append_pair("service", server.service.unwrap_or(server.registry))
        .append_pair("client_id", "attar")
        .append_pair("scope", &scope)
        .append_pair("refresh_token", token.expose());
    let mut request = Request::new(Method::POST, url.clone());
    const FORM: (HeaderName, &str) = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.headers.push((FORM.0, FORM.1.to_owned()));
    request.body = Body::Bytes(form.query().unwrap_or_default().to_owned().into());
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_not_sent_in_plain_text() {
        for (realm_text, may_be_plain, expected) in [
            ("https://auth.example/token", false, true),
            ("http://auth.example/token", false, false),
            ("http://auth.example/token", true, true),
            ("file:///etc/passwd", true, false),
            ("no url", true, false),
        ] {
            let server =
                TokenServer { registry: "reg.example", realm: realm_text, service: None, may_be_plain };
            assert_eq!(realm(server).is_ok(), expected, "{realm_text}");
        }
    }
}
