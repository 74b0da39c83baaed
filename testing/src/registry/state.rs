//! What a registry holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Fault, Request};

/// All repositories, and what else a registry knows.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) repositories: BTreeMap<String, Repository>,
    /// Bytes that upload sessions have, with their repository.
    pub(super) sessions: BTreeMap<String, (String, Vec<u8>)>,
    /// Tokens, and the scopes each is good for.
    pub(super) tokens: BTreeMap<String, BTreeSet<String>>,
    pub(super) faults: Vec<(String, String, VecDeque<Fault>)>,
    pub(super) requests: Vec<Request>,
    pub(super) stopped: bool,
    /// Numbers for sessions and tokens.
    pub(super) counter: u64,
    blobs: BTreeMap<String, Vec<u8>>,
}

/// One repository.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) blobs: BTreeSet<String>,
    /// Media type and bytes by digest.
    pub(super) manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub(super) tags: BTreeMap<String, String>,
}

impl State {
    /// Takes the next fault for a request.
    pub(super) fn fault(&mut self, method: &str, target: &str) -> Option<Fault> {
        let meant = |(wanted, text, faults): &&mut (String, String, VecDeque<Fault>)| {
            wanted == method && target.contains(text.as_str()) && !faults.is_empty()
        };
        self.faults.iter_mut().find(meant)?.2.pop_front()
    }

    pub(super) fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(super) fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.into()).or_default()
    }

    pub(super) fn blob(&self, repository: &str, digest: &str) -> Option<Vec<u8>> {
        self.repositories.get(repository)?.blobs.get(digest)?;
        self.blobs.get(digest).cloned()
    }

    pub(super) fn put_blob(&mut self, repository: &str, bytes: Vec<u8>) -> String {
        let digest = digest_of(&bytes);
        self.repository(repository).blobs.insert(digest.clone());
        self.blobs.insert(digest.clone(), bytes);
        digest
    }

    pub(super) fn put_manifest(
        &mut self,
        repository: &str,
        media_type: &str,
        bytes: &[u8],
        tag: Option<&str>,
    ) -> String {
        let digest = digest_of(bytes);
        let found = self.repository(repository);
        found.manifests.insert(digest.clone(), (media_type.into(), bytes.into()));
        if let Some(tag) = tag {
            found.tags.insert(tag.into(), digest.clone());
        }
        digest
    }

    /// Keeps bytes that arrived in a session before the connection broke.
    pub(super) fn keep(&mut self, target: &str, bytes: &[u8]) {
        let id = target.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        if let Some((_, kept)) = self.sessions.get_mut(id) {
            kept.extend(bytes);
        }
    }
}

/// Returns the digest of some bytes, `sha256:` and its hexadecimal digits.
pub fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Iterates over the digests of a document's field, which is a descriptor or a list of them.
pub(super) fn digests(document: &Value, field: &str) -> impl Iterator<Item = String> + use<> {
    let found = match &document[field] {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        single => vec![single.clone()],
    };
    found.into_iter().filter_map(|descriptor| descriptor["digest"].as_str().map(String::from))
}
