//! What is said about a manifest: listed, and added to.
//!
//! A registry with the referrers API keeps the list by itself. For one without, the list is an index
//! under the tag `sha256-DIGEST`, which whoever adds something keeps up to date.

use attar_image::Digest;
use attar_image::manifest::{Descriptor, Document, Index, MAX_DOCUMENT, media_type};
use attar_image::reference::{Reference, Repository, Tag};
use reqwest::{Url, header};

use crate::auth::{Access, Scopes};
use crate::client::Client;
use crate::connection::Connection;
use crate::contents::{Contents, RawManifest};
use crate::error::{RegistryError, Task};
use crate::failure::Failure;
use crate::push::Root;
use crate::request::Request;

/// How many pages of a list are read at most.
const MAX_PAGES: usize = 100;

/// How often the fallback list is written at most, when others write it too.
const MAX_ROUNDS: usize = 8;

/// Returns the tag under which a registry without the referrers API keeps the list for a manifest.
pub fn fallback_tag(subject: &Digest) -> Tag {
    format!("sha256-{}", subject.hex()).parse().expect("letters, digits and a dash make a tag")
}

impl Client {
    /// Lists the manifests that are about `subject`, as the registry describes them.
    ///
    /// Types and annotations in the list are claims of whoever wrote it: some tools write other ones than
    /// the manifest has. Whoever looks for a type opens the manifests.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: Digest,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let connection = self.connection(repository).await?;
        match self.referrers_by_api(&connection, repository, subject).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => {
                Ok(self.fallback_list(repository, subject).await?.map_or(Vec::new(), |list| list.manifests))
            }
            Err(failure) => {
                let digest = Some(subject);
                let reference = Reference { repository: repository.clone(), tag: None, digest };
                Err(RegistryError::request(Task::ListReferrers(reference))(failure))
            }
        }
    }

    /// Asks the registry's own list; `None` if it keeps none.
    async fn referrers_by_api(
        &self,
        connection: &Connection,
        repository: &Repository,
        subject: Digest,
    ) -> Result<Option<Vec<Descriptor>>, Failure> {
        let scopes = Scopes::new(repository, Access::Pull);
        let mut found = Vec::new();
        let mut next = Some(connection.routes().referrers(repository, &subject));
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else { break };
            let request = Request::get(url).header(header::ACCEPT, media_type::INDEX);
            let response = match connection.send_patiently(&scopes, &request).await {
                Ok(response) => response,
                // Registries that do not know the path answer in many ways.
                Err(failure) if matches!(failure.code(), Some(400 | 404 | 405 | 406 | 501)) => {
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            };
            let kind = response.header(header::CONTENT_TYPE).unwrap_or_default();
            if kind.split(';').next().unwrap_or_default().trim() != media_type::INDEX {
                return Ok(None);
            }
            next = following(connection, &response.url, response.header(header::LINK));
            let index: Document<Index> = Document::parse(response.bytes(MAX_DOCUMENT).await?)?;
            found.extend(index.into_value().manifests);
        }
        Ok(Some(found))
    }

    /// Reads the list under the fallback tag; `None` if there is none.
    async fn fallback_list(
        &self,
        repository: &Repository,
        subject: Digest,
    ) -> Result<Option<Index>, RegistryError> {
        let tag = Some(fallback_tag(&subject));
        let reference = Reference { repository: repository.clone(), tag, digest: None };
        match self.manifest(&reference).await {
            Ok(found) => {
                let invalid =
                    |source| RegistryError::Document { reference: Box::new(reference.clone()), source };
                Ok(Some(Document::<Index>::parse(found.bytes).map_err(invalid)?.into_value()))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Brings a manifest with a `subject` to the repository, and adds it to the list for its subject.
    ///
    /// The subject itself need not be there yet.
    pub async fn attach(&self, repository: &Repository, contents: &Contents) -> Result<(), RegistryError> {
        let root = contents.root().ok_or_else(|| RegistryError::Nothing(repository.clone()))?;
        let subject = root.subject.as_ref().ok_or(RegistryError::NoSubject(root.descriptor.digest))?.digest;
        if self.push_below(repository, contents, Root::ByDigest).await? {
            return Ok(());
        }
        self.add_to_fallback(repository, subject, &listed(root)).await
    }

    /// Adds an entry to the list under the fallback tag.
    ///
    /// Writers of one client take turns. Nothing locks the list against others, who may replace it between
    /// reading and writing: so it is read again afterwards, until the entry has stayed.
    async fn add_to_fallback(
        &self,
        repository: &Repository,
        subject: Digest,
        entry: &Descriptor,
    ) -> Result<(), RegistryError> {
        let tag = fallback_tag(&subject);
        let _turn = self.lists().await;
        for _ in 0..MAX_ROUNDS {
            let mut list =
                self.fallback_list(repository, subject).await?.unwrap_or_else(|| Index::of(Vec::new()));
            if list.manifests.iter().any(|known| known.digest == entry.digest) {
                return Ok(());
            }
            list.manifests.push(entry.clone());
            let list = Document::new(list);
            let descriptor = list.descriptor(media_type::INDEX);
            self.tag(repository, &RawManifest::new(descriptor, &list), &tag).await?;
        }
        let reference = Reference { repository: repository.clone(), tag: Some(tag), digest: None };
        Err(RegistryError::Contended(Box::new(reference)))
    }
}

/// Returns the entry of a list: the manifest with its type and annotations, as the specification says.
fn listed(manifest: &RawManifest) -> Descriptor {
    let RawManifest { descriptor, bytes, .. } = manifest;
    let mut entry = Descriptor::new(&descriptor.media_type, descriptor.digest, descriptor.size);
    if let Ok(document) = Document::<attar_image::Manifest>::parse(bytes.clone()) {
        let config = document.config.media_type.clone();
        entry.artifact_type = document.artifact_type.clone().or(Some(config));
        entry.annotations = document.annotations.clone();
    } else if let Ok(document) = Document::<Index>::parse(bytes.clone()) {
        entry.artifact_type = document.artifact_type.clone();
        entry.annotations = document.annotations.clone();
    }
    entry
}

/// Reads the address of the next page: `Link: </v2/…?n=2>; rel="next"`.
fn following(connection: &Connection, from: &Url, link: Option<&str>) -> Option<Url> {
    let (address, rest) = link?.trim().strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| connection.routes().resolve(from, address)).flatten()
}
