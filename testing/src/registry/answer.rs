//! What a registry answers, by the distribution specification.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::http::{Answer, Head};
use super::state::{self, digest_of};
use super::{Shared, token};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub(super) fn answer(shared: &Shared, address: SocketAddr, head: &Head, body: Vec<u8>) -> Answer {
    let path = head.path();
    if path == "/token" {
        return token::give(shared, head, &body);
    }
    let Some(rest) = path.strip_prefix("/v2/") else { return Answer::new(404) };
    let (repository, kind, name) = split(rest);
    if let Some(refusal) = token::check(shared, address, head, repository) {
        return refusal;
    }
    if shared.options.largest_body.is_some_and(|largest| body.len() > largest) {
        return Answer::new(413);
    }
    match (head.method.as_str(), kind, name) {
        ("GET", "", "") => Answer::new(200),
        ("GET" | "HEAD", "manifests", name) => manifest(shared, repository, name),
        ("PUT", "manifests", name) => put_manifest(shared, repository, name, head, &body),
        ("POST", "uploads", "") => begin(shared, repository, head),
        ("GET", "uploads", id) => progress(shared, repository, id, 204),
        ("PATCH", "uploads", id) => patch(shared, repository, id, head, &body),
        ("PUT", "uploads", id) => finish(shared, repository, id, head, &body),
        ("GET" | "HEAD", "blobs", digest) => blob(shared, repository, digest, head),
        ("GET", "referrers", digest) if shared.options.referrers => {
            referrers(shared, repository, digest, head)
        }
        _ => Answer::error(404, "UNSUPPORTED"),
    }
}

/// Splits a path into repository, kind and name.
fn split(rest: &str) -> (&str, &str, &str) {
    for (marker, kind) in [
        ("/blobs/uploads/", "uploads"),
        ("/blobs/", "blobs"),
        ("/manifests/", "manifests"),
        ("/referrers/", "referrers"),
    ] {
        if let Some((repository, name)) = rest.split_once(marker) {
            return (repository, kind, name);
        }
    }
    ("", rest, "")
}

fn manifest(shared: &Shared, repository: &str, name: &str) -> Answer {
    let state = shared.state();
    let found = state.repositories.get(repository).and_then(|found| {
        let digest = found.tags.get(name).map_or(name, String::as_str);
        found.manifests.get(digest).map(|manifest| (digest.to_owned(), manifest))
    });
    match found {
        Some((digest, (media_type, bytes))) => Answer::new(200)
            .header("Content-Type", media_type.clone())
            .header("Docker-Content-Digest", digest)
            .body(bytes.clone()),
        None => Answer::error(404, "MANIFEST_UNKNOWN"),
    }
}

fn put_manifest(shared: &Shared, repository: &str, name: &str, head: &Head, body: &[u8]) -> Answer {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return Answer::error(400, "MANIFEST_INVALID");
    };
    let digest = digest_of(body);
    if name.starts_with("sha256:") && name != digest {
        return Answer::error(400, "DIGEST_INVALID");
    }
    let mut state = shared.state();
    let mut blobs = state::digests(&document, "config").chain(state::digests(&document, "layers"));
    if blobs.any(|blob| state.blob(repository, &blob).is_none()) {
        return Answer::error(404, "MANIFEST_BLOB_UNKNOWN");
    }
    // The list under a fallback tag may name manifests that are not there yet.
    let is_list = name.starts_with("sha256-");
    let has = |digest: &String| {
        state.repositories.get(repository).is_some_and(|found| found.manifests.contains_key(digest))
    };
    if !is_list && !state::digests(&document, "manifests").all(|child| has(&child)) {
        return Answer::error(404, "MANIFEST_UNKNOWN");
    }
    let tag = (!name.starts_with("sha256:")).then_some(name);
    state.put_manifest(repository, head.header("content-type").unwrap_or_default(), body, tag);
    let answer = Answer::new(201).header("Docker-Content-Digest", digest);
    match state::digests(&document, "subject").next() {
        Some(subject) if shared.options.referrers => answer.header("OCI-Subject", subject),
        _ => answer,
    }
}

fn begin(shared: &Shared, repository: &str, head: &Head) -> Answer {
    let mut state = shared.state();
    if let (Some(digest), Some(from)) = (head.query("mount").pop(), head.query("from").pop())
        && !shared.options.without_mounts
        && let Some(bytes) = state.blob(&from, &digest)
    {
        state.put_blob(repository, bytes);
        return Answer::new(201).header("Docker-Content-Digest", digest);
    }
    let id = format!("session-{}", state.number());
    state.sessions.insert(id.clone(), (repository.into(), Vec::new()));
    Answer::new(202).header("Location", format!("/v2/{repository}/blobs/uploads/{id}?state=opaque"))
}

/// Says how much of a session has arrived.
fn progress(shared: &Shared, repository: &str, id: &str, code: u16) -> Answer {
    let state = shared.state();
    let Some((_, bytes)) = state.sessions.get(id) else {
        return Answer::error(404, "BLOB_UPLOAD_UNKNOWN");
    };
    Answer::new(code)
        .header("Location", format!("/v2/{repository}/blobs/uploads/{id}?state=opaque"))
        .header("Range", format!("0-{}", bytes.len().saturating_sub(1)))
}

fn patch(shared: &Shared, repository: &str, id: &str, head: &Head, body: &[u8]) -> Answer {
    if shared.options.largest_piece.is_some_and(|largest| body.len() > largest) {
        return Answer::error(416, "BLOB_UPLOAD_INVALID");
    }
    {
        let mut state = shared.state();
        let Some((_, bytes)) = state.sessions.get_mut(id) else {
            return Answer::error(404, "BLOB_UPLOAD_UNKNOWN");
        };
        let start = head.header("content-range").and_then(|range| range.split('-').next()?.parse().ok());
        if start.is_some_and(|start: usize| start != bytes.len()) {
            return Answer::error(416, "BLOB_UPLOAD_INVALID");
        }
        bytes.extend(body);
    }
    progress(shared, repository, id, 202)
}

fn finish(shared: &Shared, repository: &str, id: &str, head: &Head, body: &[u8]) -> Answer {
    let mut state = shared.state();
    let Some((_, mut bytes)) = state.sessions.remove(id) else {
        return Answer::error(404, "BLOB_UPLOAD_UNKNOWN");
    };
    bytes.extend(body);
    let expected = head.query("digest").pop().unwrap_or_default();
    if digest_of(&bytes) != expected {
        return Answer::error(400, "DIGEST_INVALID");
    }
    state.put_blob(repository, bytes);
    Answer::new(201).header("Docker-Content-Digest", expected)
}

fn blob(shared: &Shared, repository: &str, digest: &str, head: &Head) -> Answer {
    let Some(bytes) = shared.state().blob(repository, digest) else {
        return Answer::error(404, "BLOB_UNKNOWN");
    };
    let answer = Answer::new(200).header("Docker-Content-Digest", digest);
    let range = head.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    match range.and_then(|start| start.parse::<usize>().ok()) {
        Some(start) if start < bytes.len() => {
            let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
            Answer { code: 206, ..answer }.header("Content-Range", range).body(&bytes[start..])
        }
        Some(_) => Answer::new(416),
        None => answer.body(bytes),
    }
}

/// Lists what is about a manifest, two entries a page.
fn referrers(shared: &Shared, repository: &str, subject: &str, head: &Head) -> Answer {
    const PAGE: usize = 2;
    let state = shared.state();
    let manifests = state.repositories.get(repository).map(|found| &found.manifests);
    let mut entries = Vec::new();
    for (digest, (media_type, bytes)) in manifests.into_iter().flatten() {
        let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
        if state::digests(&document, "subject").any(|found| found == subject) {
            let kind = document.get("artifactType").unwrap_or(&document["config"]["mediaType"]);
            entries.push(json!({
                "mediaType": media_type, "digest": digest, "size": bytes.len(),
                "artifactType": kind, "annotations": document["annotations"],
            }));
        }
    }
    let start = head.query("n").pop().and_then(|start| start.parse().ok()).unwrap_or(0);
    let page: Vec<Value> = entries.iter().skip(start).take(PAGE).cloned().collect();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": page});
    let answer = Answer::new(200).header("Content-Type", INDEX).body(index.to_string());
    match start + PAGE < entries.len() {
        true => {
            let next = format!("</v2/{repository}/referrers/{subject}?n={}>; rel=\"next\"", start + PAGE);
            answer.header("Link", next)
        }
        false => answer,
    }
}
