//! Brings manifests and their blobs to a repository, by digest.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::manifest::Descriptor;
use attar_image::reference::{Reference, Repository};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::header;

use crate::auth::{Access, Scopes};
use crate::client::Client;
use crate::connection::Connection;
use crate::contents::{Contents, RawManifest};
use crate::error::{RegistryError, Task};
use crate::event::{Event, Outcome};
use crate::failure::Failure;
use crate::request::Request;
use crate::upload::Upload;

/// Whether the manifest that names all others is written too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// Under its digest.
    ByDigest,
    /// Not yet: a tag will bring it.
    Later,
}

impl Client {
    /// Brings contents to a repository under their digests; no tag moves.
    ///
    /// What is there already is not sent: a manifest that is there has its blobs there too. Manifests
    /// follow their blobs, indexes their manifests.
    pub async fn push(&self, repository: &Repository, contents: &Contents) -> Result<(), RegistryError> {
        self.push_below(repository, contents, Root::ByDigest).await.map(drop)
    }

    /// Brings contents to a repository. Says whether the registry noted by itself what the last manifest
    /// is about.
    pub(crate) async fn push_below(
        &self,
        repository: &Repository,
        contents: &Contents,
        root: Root,
    ) -> Result<bool, RegistryError> {
        let connection = self.connection(repository).await?;
        let missing = self.missing(&connection, repository, contents).await?;
        self.send_blobs(&connection, repository, contents, &missing).await?;
        let last = contents.manifests.len().saturating_sub(1);
        let later = |number: usize| root == Root::Later && number == last;
        let wanted: Vec<(usize, &RawManifest)> =
            missing.into_iter().filter(|(number, _)| !later(*number)).collect();
        let (indexes, images): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|(_, manifest)| manifest.is_index());
        let written = images.into_iter().map(|(number, manifest)| async move {
            self.write_manifest(repository, manifest).await.map(|noted| (number, noted))
        });
        let noted: BTreeMap<usize, bool> = self.several(written).await?.into_iter().collect();
        let mut noted_last = noted.get(&last).copied().unwrap_or(false);
        // An index may name another one: they are written in their order.
        for (number, index) in indexes {
            let noted = self.write_manifest(repository, index).await?;
            noted_last = if number == last { noted } else { noted_last };
        }
        Ok(noted_last)
    }

    /// Returns the manifests that the repository lacks, each with its number.
    async fn missing<'a>(
        &self,
        connection: &Connection,
        repository: &Repository,
        contents: &'a Contents,
    ) -> Result<Vec<(usize, &'a RawManifest)>, RegistryError> {
        let scopes = Scopes::new(repository, Access::Push);
        let scopes = &scopes;
        let asked = contents.manifests.iter().enumerate().map(|(number, manifest)| async move {
            let digest = Some(manifest.descriptor.digest);
            let reference = Reference { repository: repository.clone(), tag: None, digest };
            let there = self.find_within(connection, scopes, &reference).await?.is_some();
            Ok::<_, RegistryError>((number, manifest, there))
        });
        let mut found = self.several(asked).await?;
        found.sort_by_key(|(number, ..)| *number);
        for (_, manifest, _) in found.iter().filter(|(.., there)| *there) {
            self.know(repository, manifest.blobs.iter().map(|blob| blob.digest));
        }
        // The last one is written again: that it is there says nothing about who noted its subject.
        let last = contents.manifests.len().saturating_sub(1);
        let is_wanted = |number: usize, there: bool, manifest: &RawManifest| {
            !there || (number == last && manifest.subject.is_some())
        };
        let wanted =
            found.into_iter().filter(|(number, manifest, there)| is_wanted(*number, *there, manifest));
        Ok(wanted.map(|(number, manifest, _)| (number, manifest)).collect())
    }

    /// Sends the blobs of these manifests, the largest first, several at a time.
    async fn send_blobs(
        &self,
        connection: &Connection,
        repository: &Repository,
        contents: &Contents,
        manifests: &[(usize, &RawManifest)],
    ) -> Result<(), RegistryError> {
        let mut seen = BTreeSet::new();
        let mut blobs: Vec<&Descriptor> =
            manifests.iter().flat_map(|(_, manifest)| &manifest.blobs).collect();
        blobs.retain(|blob| seen.insert(blob.digest));
        blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        let sent = blobs.into_iter().map(|blob| async move {
            let sent = self.send_blob(connection, repository, contents, blob).await;
            sent.map_err(RegistryError::request(Task::SendBlob(repository.clone(), blob.digest)))
        });
        self.several(sent).await.map(drop)
    }

    /// Runs several pieces of work at a time, as many as the settings allow, until one fails.
    async fn several<T>(
        &self,
        work: impl Iterator<Item = impl Future<Output = Result<T, RegistryError>>>,
    ) -> Result<Vec<T>, RegistryError> {
        // Made at once: a stream that makes them as it goes could not move between threads.
        let work: Vec<_> = work.collect();
        stream::iter(work).buffer_unordered(self.parallel()).try_collect().await
    }

    async fn send_blob(
        &self,
        connection: &Connection,
        repository: &Repository,
        contents: &Contents,
        blob: &Descriptor,
    ) -> Result<(), Failure> {
        let scopes = Scopes::new(repository, Access::Push);
        let outcome = match self.has_blob(connection, &scopes, repository, blob).await? {
            true => Outcome::Existing,
            false => {
                let mount_from = self.other_place(repository, blob.digest);
                let (source, events) = (&contents.blobs, self.events());
                Upload { connection, repository, blob, source, events, mount_from }.run().await?
            }
        };
        self.note_blob(repository, blob.digest);
        let (digest, size) = (blob.digest, blob.size);
        self.events().send(Event::BlobFinished { digest, size, outcome });
        Ok(())
    }

    async fn has_blob(
        &self,
        connection: &Connection,
        scopes: &Scopes,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<bool, Failure> {
        let request = Request::head(connection.routes().blob(repository, &blob.digest));
        match connection.send_patiently(scopes, &request).await {
            Ok(response) => {
                let size = response.header(header::CONTENT_LENGTH).and_then(|size| size.parse::<u64>().ok());
                Ok(size.is_none_or(|size| size == blob.size))
            }
            Err(failure) if failure.code() == Some(404) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}
