//! Small documents such as `InRelease`: held in memory, kept in the cache, asked for again only when
//! the mirror says that they changed.
//!
//! What is kept was verified before, and is verified again whenever it is used.

use attar_image::Digest;
use reqwest::header;
use serde::{Deserialize, Serialize};

use super::Client;
use super::backoff::Backoff;
use super::error::RepositoryError;
use super::failure::Failure;
use super::item::Item;
use super::mirror::Mirror;
use super::transport::Request;
use crate::cache::Shelf;

/// A document as a mirror gave it, not verified yet.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    key: String,
    validators: Validators,
}

/// What tells this state of a document from others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Client {
    /// Fetches a document of at most `limit` bytes.
    ///
    /// Offline, it is the one in the cache or a failure.
    pub(super) async fn document(
        &self,
        mirror: &Mirror,
        path: &str,
        limit: u64,
        item: &Item,
    ) -> Result<Document, Failure> {
        self.document_with_query(mirror, path, None, limit, item).await
    }

    /// Fetches a document whose URL has a query.
    pub(super) async fn document_with_query(
        &self,
        mirror: &Mirror,
        path: &str,
        query: Option<&str>,
        limit: u64,
        item: &Item,
    ) -> Result<Document, Failure> {
        let mut url = mirror.url(path);
        url.set_query(query);
        let key = Digest::of(mirror.cache_key(path)).hex();
        let kept = self.kept_document(&key);
        if self.transport.is_offline() && url.scheme() != "file" {
            return kept.ok_or_else(|| Failure::Connect("offline, and not in the cache".to_owned()));
        }
        let login = self.login(mirror, &url);
        let route = self.apt.configuration.route(&url);
        let mut conditions = Vec::new();
        if let Some(document) = &kept {
            let validators = document.validators.clone();
            conditions.extend(validators.etag.map(|value| (header::IF_NONE_MATCH, value)));
            conditions.extend(validators.last_modified.map(|value| (header::IF_MODIFIED_SINCE, value)));
        }
        let request = Request { url: &url, login: login.as_ref(), route: &route, conditions };
        let mut backoff = Backoff::new(self.settings.patience);
        loop {
            let answer = match self.transport.send(&request).await {
                Ok(response) if response.status == 304 => match kept.clone() {
                    Some(document) => return Ok(document),
                    None => Err(Failure::Interrupted("`304 Not Modified` without a condition".to_owned())),
                },
                Ok(response) => {
                    let validators = Validators {
                        etag: response.header(header::ETAG).map(str::to_owned),
                        last_modified: response.header(header::LAST_MODIFIED).map(str::to_owned),
                    };
                    let bytes = response.bytes(limit).await;
                    bytes.map(|bytes| Document { bytes, key: key.clone(), validators })
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(document) => return Ok(document),
                Err(failure) => match backoff.pause(&failure) {
                    Some(pause) => self.pause(item, mirror, &failure, pause).await,
                    None => return Err(failure),
                },
            }
        }
    }

    /// Keeps a document, after it was verified.
    pub(super) fn keep(&self, document: &Document) -> Result<(), RepositoryError> {
        let value = postcard::to_allocvec(&(&document.validators, &document.bytes))
            .expect("texts and bytes have a binary form");
        Ok(self.settings.cache.put(Shelf::Documents, &document.key, &value)?)
    }

    fn kept_document(&self, key: &str) -> Option<Document> {
        let value = self.settings.cache.get(Shelf::Documents, key)?;
        let (validators, bytes) = postcard::from_bytes(&value).ok()?;
        Some(Document { bytes, key: key.to_owned(), validators })
    }
}
