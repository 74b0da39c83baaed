//! Manifests and indexes in a registry: found, read, written, tagged.

use attar_image::Digest;
use attar_image::digest::Mismatch;
use attar_image::manifest::{Descriptor, InvalidDocument, MAX_DOCUMENT, media_type};
use attar_image::reference::{Reference, Repository, Tag};
use bytes::Bytes;
use reqwest::{Method, header};

use crate::auth::{Access, Scopes};
use crate::client::Client;
use crate::connection::Connection;
use crate::contents::RawManifest;
use crate::error::{RegistryError, Task};
use crate::failure::Failure;
use crate::request::{Body, Request, Response};

const DIGEST_HEADER: &str = "docker-content-digest";
/// A registry that keeps lists of referrers by itself says so with this header.
const SUBJECT_HEADER: &str = "oci-subject";

/// Every kind of document that is read.
const ACCEPTED: [&str; 4] =
    [media_type::INDEX, media_type::MANIFEST, media_type::DOCKER_INDEX, media_type::DOCKER_MANIFEST];

fn accepting(request: Request) -> Request {
    ACCEPTED.iter().fold(request, |request, kind| request.header(header::ACCEPT, *kind))
}

impl Client {
    /// Reads the manifest or index that a reference names, and verifies it against its digest.
    pub async fn manifest(&self, reference: &Reference) -> Result<RawManifest, RegistryError> {
        let connection = self.connection(&reference.repository).await?;
        let scopes = Scopes::new(&reference.repository, Access::Pull);
        let request = accepting(Request::get(connection.routes().manifest(reference)));
        let failed = || RegistryError::request(Task::ReadManifest(reference.clone()));
        let response = connection.send_patiently(&scopes, &request).await.map_err(failed())?;
        let told = digest_of(&response);
        let content_type = content_type(&response);
        let bytes = response.bytes(MAX_DOCUMENT).await.map_err(failed())?;
        let found = Digest::of(&bytes);
        // By tag, the digest that the registry tells is the only promise there is.
        if let Some(expected) = reference.digest.or(told)
            && expected != found
        {
            return Err(failed()(Mismatch::Digest { expected, found }.into()));
        }
        let invalid = |source| RegistryError::Document { reference: Box::new(reference.clone()), source };
        let media_type = media_type(content_type, &bytes).map_err(invalid)?;
        let descriptor = Descriptor::new(&media_type, found, bytes.len() as u64);
        RawManifest::parse(descriptor, bytes.into()).map_err(invalid)
    }

    /// Returns the descriptor of what a reference names; `None` if there is nothing.
    pub async fn find(&self, reference: &Reference) -> Result<Option<Descriptor>, RegistryError> {
        let connection = self.connection(&reference.repository).await?;
        let scopes = Scopes::new(&reference.repository, Access::Pull);
        self.find_within(&connection, &scopes, reference).await
    }

    pub(crate) async fn find_within(
        &self,
        connection: &Connection,
        scopes: &Scopes,
        reference: &Reference,
    ) -> Result<Option<Descriptor>, RegistryError> {
        let request = accepting(Request::head(connection.routes().manifest(reference)));
        match connection.send_patiently(scopes, &request).await {
            Ok(response) => {
                let size = response.header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
                match (digest_of(&response).or(reference.digest), content_type(&response), size) {
                    (Some(digest), Some(kind), Some(size)) => Ok(Some(Descriptor::new(&kind, digest, size))),
                    // A registry that tells too little is asked for the whole.
                    _ => self.manifest(reference).await.map(|manifest| Some(manifest.descriptor)),
                }
            }
            Err(failure) if failure.code() == Some(404) => Ok(None),
            Err(failure) => Err(RegistryError::request(Task::ReadManifest(reference.clone()))(failure)),
        }
    }

    /// Moves a tag to a manifest that is in the repository.
    pub async fn tag(
        &self,
        repository: &Repository,
        manifest: &RawManifest,
        tag: &Tag,
    ) -> Result<(), RegistryError> {
        let reference = Reference { repository: repository.clone(), tag: Some(tag.clone()), digest: None };
        let connection = self.connection(repository).await?;
        match put_manifest(&connection, &reference, manifest).await {
            Ok(_) => Ok(()),
            // A tag that may not be moved is fine where it already is.
            Err(failure) if matches!(failure.code(), Some(400 | 403 | 409)) => {
                match self.find(&reference).await {
                    Ok(Some(found)) if found.digest == manifest.descriptor.digest => Ok(()),
                    _ => Err(RegistryError::request(Task::MoveTag(reference))(failure)),
                }
            }
            Err(failure) => Err(RegistryError::request(Task::MoveTag(reference))(failure)),
        }?;
        self.events().note(format!("tagged {repository}:{tag}"));
        Ok(())
    }

    /// Writes a manifest under its digest. Says whether the registry noted by itself what it is about.
    pub(crate) async fn write_manifest(
        &self,
        repository: &Repository,
        manifest: &RawManifest,
    ) -> Result<bool, RegistryError> {
        let digest = manifest.descriptor.digest;
        let reference = Reference { repository: repository.clone(), tag: None, digest: Some(digest) };
        let connection = self.connection(repository).await?;
        let written = put_manifest(&connection, &reference, manifest).await;
        written.map_err(RegistryError::request(Task::WriteManifest(reference)))
    }
}

async fn put_manifest(
    connection: &Connection,
    reference: &Reference,
    manifest: &RawManifest,
) -> Result<bool, Failure> {
    let scopes = Scopes::new(&reference.repository, Access::Push);
    let request = Request::new(Method::PUT, connection.routes().manifest(reference))
        .header(header::CONTENT_TYPE, manifest.descriptor.media_type.as_str())
        .body(Body::Bytes(Bytes::copy_from_slice(&manifest.bytes)));
    let response = connection.send_patiently(&scopes, &request).await?;
    if let Some(found) = digest_of(&response)
        && found != manifest.descriptor.digest
    {
        let expected = manifest.descriptor.digest;
        return Err(Mismatch::Digest { expected, found }.into());
    }
    Ok(response.header(SUBJECT_HEADER).is_some())
}

fn digest_of(response: &Response) -> Option<Digest> {
    response.header(DIGEST_HEADER)?.parse().ok()
}

fn content_type(response: &Response) -> Option<String> {
    let value = response.header(header::CONTENT_TYPE)?;
    let kind = value.split(';').next().unwrap_or(value).trim();
    ACCEPTED.contains(&kind).then(|| kind.to_owned())
}

/// Returns what a document is: what the answer says, which the document must not contradict, or what it
/// says itself.
fn media_type(told: Option<String>, bytes: &[u8]) -> Result<String, InvalidDocument> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        media_type: Option<String>,
        manifests: Option<serde::de::IgnoredAny>,
    }
    if let Some(told) = told {
        return Ok(told);
    }
    let kind = "image manifest";
    let shape: Shape =
        serde_json::from_slice(bytes).map_err(|source| InvalidDocument::Json { kind, source })?;
    Ok(match (shape.media_type, shape.manifests) {
        (Some(own), _) => own,
        (None, Some(_)) => media_type::INDEX.to_owned(),
        (None, None) => media_type::MANIFEST.to_owned(),
    })
}
