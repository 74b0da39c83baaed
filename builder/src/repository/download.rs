//! Downloading a file whose size and digest are known: from one mirror after the other, continued
//! where an earlier attempt broke off, hashed as it streams.

use std::io;

use attar_image::Digest;
use attar_image::digest::Mismatch;
use reqwest::Url;
use reqwest::header;

use super::Client;
use super::backoff::Backoff;
use super::error::RepositoryError;
use super::failure::{Attempt, Attempts, Failure};
use super::item::Item;
use super::mirror::Mirror;
use super::partial::Partial;
use super::transport::{Request, Response};
use crate::cache::CacheError;
use crate::event::Event;

/// A file whose size and digest are known.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) item: Item,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// A place where a file may be.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) mirror: Mirror,
    pub(super) path: String,
}

impl Place {
    fn url(&self) -> Url {
        self.mirror.url(&self.path)
    }
}

/// Why a download from one place ended without the file.
enum Stop {
    /// Another place may have it.
    Failed(Failure),
    /// The cache cannot take it.
    Cache(CacheError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Self {
        Self::Failed(mismatch.into())
    }
}

impl Client {
    /// Opens the partial file of `wanted`, waiting for whoever is downloading the same one.
    pub(super) async fn partial(&self, wanted: &Wanted) -> Result<Partial, RepositoryError> {
        let folder = self.settings.cache.root().join("tmp");
        let digest = wanted.digest;
        let shown = folder.clone();
        let opened = self.blocking(move || Partial::open(&folder, digest)).await?;
        Ok(opened.map_err(CacheError::io("open a download in", shown))?)
    }

    /// Completes `partial` from the first place that has the file; the failures are the caller's to tell.
    pub(super) async fn download(
        &self,
        places: &[Place],
        wanted: &Wanted,
        partial: &mut Partial,
    ) -> Result<Result<(), Attempts>, RepositoryError> {
        let mut attempts = Attempts::default();
        let name = wanted.item.to_string();
        self.events.send(Event::DownloadStarted { name: name.clone(), size: Some(wanted.size) });
        if partial.length() > 0 {
            let bytes = partial.length();
            self.events.send(Event::DownloadProgress { name: name.clone(), bytes });
        }
        for place in self.reachable(places) {
            let url = place.url();
            // Another path on a host that just could not be reached is not worth another wait.
            if attempts.0.iter().any(|attempt| attempt.is_unreachable(&url)) {
                continue;
            }
            match self.download_from(place, &url, wanted, partial).await {
                Ok(()) => {
                    self.events.send(Event::DownloadFinished { name });
                    return Ok(Ok(()));
                }
                Err(Stop::Cache(error)) => return Err(error.into()),
                Err(Stop::Failed(failure)) => {
                    self.note_failure(&wanted.item, &place.mirror, &failure);
                    attempts.0.push(Attempt { url: url.to_string(), failure });
                }
            }
        }
        Ok(Err(attempts))
    }

    async fn download_from(
        &self,
        place: &Place,
        url: &Url,
        wanted: &Wanted,
        partial: &mut Partial,
    ) -> Result<(), Stop> {
        let mut backoff = Backoff::new(self.settings.patience);
        loop {
            let before = partial.length();
            let failure = match self.continue_from(place, url, wanted, partial).await {
                Ok(()) => match partial.verify(wanted.digest, wanted.size) {
                    Ok(()) => return Ok(()),
                    Err(mismatch) => {
                        partial.restart().map_err(cache_error(partial))?;
                        // What an earlier attempt left may be what is wrong: begin again, once.
                        if before == 0 {
                            return Err(mismatch.into());
                        }
                        continue;
                    }
                },
                Err(Stop::Failed(failure)) => failure,
                Err(stop) => return Err(stop),
            };
            if partial.length() > before {
                backoff.progressed();
            }
            // What is there does not fit what the mirror has: begin again, once.
            if matches!(failure, Failure::Status { code: 416, .. } | Failure::Mismatch(_)) {
                partial.restart().map_err(cache_error(partial))?;
                if before > 0 {
                    continue;
                }
            }
            match backoff.pause(&failure) {
                Some(pause) => self.pause(&wanted.item, &place.mirror, &failure, pause).await,
                None => return Err(failure.into()),
            }
        }
    }

    /// Asks for what is missing, and adds what comes.
    async fn continue_from(
        &self,
        place: &Place,
        url: &Url,
        wanted: &Wanted,
        partial: &mut Partial,
    ) -> Result<(), Stop> {
        let offset = partial.length();
        if offset == wanted.size {
            return Ok(());
        }
        if offset > wanted.size {
            partial.restart().map_err(cache_error(partial))?;
            return Err(Mismatch::Size { expected: wanted.size, found: offset }.into());
        }
        let login = self.login(&place.mirror, url);
        let route = self.apt.configuration.route(url);
        let mut conditions = Vec::new();
        if offset > 0 {
            conditions.push((header::RANGE, format!("bytes={offset}-")));
            let validator = partial.validator(url.as_str());
            conditions.extend(validator.map(|validator| (header::IF_RANGE, validator)));
        }
        let request = Request { url, login: login.as_ref(), route: &route, conditions };
        let response = self.transport.send(&request).await?;
        self.take(response, url, wanted, partial).await
    }

    /// Adds the body of an answer to what is there, or replaces it when the whole file came.
    async fn take(
        &self,
        mut response: Response,
        url: &Url,
        wanted: &Wanted,
        partial: &mut Partial,
    ) -> Result<(), Stop> {
        let offset = if response.status == 206 { range_start(&response) } else { Some(0) };
        if offset != Some(partial.length()) {
            partial.restart().map_err(cache_error(partial))?;
            if offset != Some(0) {
                return Err(Failure::Interrupted("the mirror sent another range".to_owned()).into());
            }
        }
        if let Some(length) = response.length {
            let found = partial.length().saturating_add(length);
            if found != wanted.size {
                return Err(Mismatch::Size { expected: wanted.size, found }.into());
            }
        }
        partial.note_validator(url.as_str(), strong_validator(&response)).map_err(cache_error(partial))?;
        let name = wanted.item.to_string();
        let mut buffer = Vec::new();
        while response.chunk(&mut buffer).await? {
            let found = partial.length() + buffer.len() as u64;
            if found > wanted.size {
                return Err(Mismatch::Size { expected: wanted.size, found }.into());
            }
            partial.append(&buffer).map_err(cache_error(partial))?;
            let bytes = buffer.len() as u64;
            self.events.send(Event::DownloadProgress { name: name.clone(), bytes });
        }
        Ok(())
    }
}

fn cache_error(partial: &Partial) -> impl FnOnce(io::Error) -> Stop {
    let path = partial.path().to_path_buf();
    move |source| Stop::Cache(CacheError::Io { action: "write", path, source })
}

/// Returns the first byte's position of `Content-Range: bytes 5-9/10`.
fn range_start(response: &Response) -> Option<u64> {
    let range = response.header(header::CONTENT_RANGE)?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim().parse().ok()
}

/// Returns what may stand in `If-Range`: a strong entity tag, or the time of the last change.
fn strong_validator(response: &Response) -> Option<&str> {
    match response.header(header::ETAG) {
        Some(etag) if !etag.starts_with("W/") => Some(etag),
        _ => response.header(header::LAST_MODIFIED),
    }
}
