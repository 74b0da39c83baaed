//! One registry: how it is spoken to, and who we are to it.

use std::collections::BTreeMap;

use attar_image::reference::Repository;
use reqwest::StatusCode;
use reqwest::header;
use tokio::sync::Mutex;

use crate::auth::token::{self, Token, TokenServer};
use crate::auth::{AuthError, Challenge, Scopes};
use crate::client::{PlainHttp, Settings};
use crate::credentials::{Credentials, Login};
use crate::error::{RegistryError, Task};
use crate::event::Events;
use crate::failure::{Failure, Refusal};
use crate::request::{Request, Response};
use crate::retry::Backoff;
use crate::route::{Routes, is_loopback};
use crate::secret::Secret;
use crate::transport::{Transport, TransportError};

/// A registry that has answered.
#[derive(Debug)]
pub(crate) struct Connection {
    registry: String,
    routes: Routes,
    transport: Transport,
    credentials: Credentials,
    /// What the registry wanted when it was first asked.
    challenge: Option<Challenge>,
    logins: Mutex<BTreeMap<Repository, Option<Login>>>,
    tokens: Mutex<BTreeMap<Scopes, Token>>,
}

impl Connection {
    /// Asks the registry whether it speaks the protocol, and what it wants to know first.
    ///
    /// Registries on the loopback interface are asked in plain text first: one that speaks TLS answers
    /// that with 400, or not in HTTP at all.
    pub(crate) async fn open(
        settings: &Settings,
        credentials: &Credentials,
        events: &Events,
        registry: &str,
    ) -> Result<Self, RegistryError> {
        let transport = Transport::new(settings, registry, events)?;
        let schemes: &[&str] = match settings.plain_http {
            PlainHttp::Always => &["http"],
            PlainHttp::Loopback if is_loopback(registry) => &["http", "https"],
            PlainHttp::Loopback => &["https"],
        };
        let mut last = None;
        for scheme in schemes {
            let routes =
                Routes::new(scheme, registry).ok_or_else(|| TransportError::Address(registry.to_owned()))?;
            match ping(&transport, &routes).await {
                Ok(challenge) => {
                    return Ok(Self {
                        registry: registry.to_owned(),
                        routes,
                        transport,
                        credentials: credentials.clone(),
                        challenge,
                        logins: Mutex::default(),
                        tokens: Mutex::default(),
                    });
                }
                // Only these say that something else than plain HTTP is spoken.
                Err(failure @ (Failure::Interrupted(_) | Failure::Refused(Refusal { code: 400, .. }))) => {
                    last = Some(failure);
                }
                Err(failure) => {
                    last = Some(failure);
                    break;
                }
            }
        }
        let failure = last.unwrap_or(Failure::TimedOut);
        Err(RegistryError::request(Task::Connect(registry.to_owned()))(failure))
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Sends a request with what the registry wants to know, and again after a failure that may pass.
    pub(crate) async fn send_patiently(
        &self,
        scopes: &Scopes,
        request: &Request,
    ) -> Result<Response, Failure> {
        let mut backoff = Backoff::new(self.transport.patience());
        loop {
            match self.send(scopes, request).await {
                Ok(response) => return Ok(response),
                Err(failure) => self.transport.pause(&mut backoff, request, failure).await?,
            }
        }
    }

    /// Sends a request once; an answer that is no success is a failure.
    pub(crate) async fn send(&self, scopes: &Scopes, request: &Request) -> Result<Response, Failure> {
        // Nobody but the registry itself is told who we are.
        if !self.routes.owns(&request.url) {
            return self.transport.send(request).await;
        }
        let (authorised, used) = self.authorised(scopes, request, self.challenge.as_ref()).await?;
        let response = self.transport.exchange(&authorised).await?;
        if response.status != StatusCode::UNAUTHORIZED {
            return response.success().await;
        }
        // A token that has ended early, or a registry that only now says what it wants.
        let challenge = Challenge::of(&response.headers).or(self.challenge.clone());
        let login = self.login(scopes.repository()).await?;
        match (&challenge, &login) {
            (Some(Challenge::Unknown(found)), _) => {
                return Err(
                    self.denied(AuthError::Scheme { registry: self.registry.clone(), found: found.clone() })
                );
            }
            (Some(Challenge::Basic), _) if used.is_some() || login.is_none() => {
                return Err(self.unauthorized(login.as_ref()));
            }
            (None, _) => return response.success().await,
            _ => {}
        }
        self.tokens.lock().await.remove(scopes);
        let (authorised, _) = self.authorised(scopes, request, challenge.as_ref()).await?;
        let response = self.transport.exchange(&authorised).await?;
        match response.status {
            StatusCode::UNAUTHORIZED => Err(self.unauthorized(login.as_ref())),
            _ => response.success().await,
        }
    }

    /// Adds what the registry wants to know; the second value is what was added.
    async fn authorised(
        &self,
        scopes: &Scopes,
        request: &Request,
        challenge: Option<&Challenge>,
    ) -> Result<(Request, Option<Secret>), Failure> {
        let value = match challenge {
            None | Some(Challenge::Unknown(_)) => None,
            Some(Challenge::Basic) => self.login(scopes.repository()).await?.as_ref().and_then(Login::basic),
            Some(Challenge::Bearer { realm, service }) => {
                let server = TokenServer {
                    registry: &self.registry,
                    realm,
                    service: service.as_deref(),
                    may_be_plain: self.routes.is_plain(),
                };
                let token = self.token(server, scopes).await?;
                Some(Secret::new(format!("Bearer {}", token.value.expose())))
            }
        };
        let mut request = request.clone();
        request.secrets.extend(value.clone().map(|value| (header::AUTHORIZATION, value)));
        Ok((request, value))
    }

    /// Returns a token for `scopes`, asking for one unless there is one. One is asked for at a time.
    async fn token(&self, server: TokenServer<'_>, scopes: &Scopes) -> Result<Token, Failure> {
        let login = self.login(scopes.repository()).await?;
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(scopes).filter(|token| token.is_fresh()) {
            return Ok(token.clone());
        }
        match token::fetch(&self.transport, server, login.as_ref(), scopes).await {
            Ok(token) => {
                tokens.insert(scopes.clone(), token.clone());
                Ok(token)
            }
            Err(AuthError::Token { source, .. })
                if login.is_none() && matches!(source.code(), Some(401 | 403)) =>
            {
                Err(self.unauthorized(None))
            }
            Err(error) => Err(self.denied(error)),
        }
    }

    async fn login(&self, repository: &Repository) -> Result<Option<Login>, Failure> {
        let mut logins = self.logins.lock().await;
        if let Some(login) = logins.get(repository) {
            return Ok(login.clone());
        }
        let found = self.credentials.find(repository).await;
        let login = found.map_err(|error| self.denied(AuthError::Credentials(error)))?;
        logins.insert(repository.clone(), login.clone());
        Ok(login)
    }

    fn unauthorized(&self, login: Option<&Login>) -> Failure {
        let registry = self.registry.clone();
        self.denied(match login {
            Some(_) => AuthError::Rejected { registry },
            None => AuthError::NoLogin { registry, places: self.credentials.places() },
        })
    }

    fn denied(&self, error: AuthError) -> Failure {
        Failure::Auth(Box::new(error))
    }
}

/// Asks whether the protocol is spoken; returns what is wanted first, if anything.
async fn ping(transport: &Transport, routes: &Routes) -> Result<Option<Challenge>, Failure> {
    let request = Request::get(routes.ping());
    let mut backoff = Backoff::new(transport.patience());
    loop {
        let failure = match transport.exchange(&request).await {
            Ok(response) if response.status == StatusCode::UNAUTHORIZED => {
                return Ok(Challenge::of(&response.headers));
            }
            Ok(response) => match response.success().await {
                Ok(_) => return Ok(None),
                Err(failure @ Failure::Refused(Refusal { code: 400, .. })) => return Err(failure),
                Err(failure) if failure.is_passing() => failure,
                // Some registries do not answer here and still serve what is asked of them.
                Err(_) => return Ok(None),
            },
            // Not HTTP at all: a registry that speaks TLS.
            Err(failure @ Failure::Interrupted(_)) if routes.is_plain() => return Err(failure),
            Err(failure) => failure,
        };
        transport.pause(&mut backoff, &request, failure).await?;
    }
}
