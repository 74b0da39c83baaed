//! Brings images from a registry into a layout, verified as they stream.

use std::io::{self, Write};
use std::sync::Arc;

use attar_image::Platform;
use attar_image::digest::{HashingWriter, Mismatch};
use attar_image::filesystem::Content;
use attar_image::layout::{LayoutError, Writer};
use attar_image::manifest::{Descriptor, Document, Index, Manifest};
use attar_image::reference::{Reference, Repository};
use reqwest::{StatusCode, header};
use tokio::task::JoinSet;

use crate::auth::{Access, Scopes};
use crate::client::Client;
use crate::connection::Connection;
use crate::contents::RawManifest;
use crate::error::{RegistryError, Task};
use crate::event::{Event, Outcome};
use crate::failure::Failure;
use crate::pieces::{Pieces, Sender};
use crate::request::Request;
use crate::retry::Backoff;

/// How deeply indexes may hold indexes.
const MAX_DEPTH: usize = 4;

/// How much of an image is pulled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Everything that the reference leads to.
    #[default]
    Everything,
    /// The images of an index, without what it holds about them.
    Images,
    /// The image for one platform.
    Platform(Platform),
    /// The image for one platform: this one, or the first there is.
    OnePlatform(Platform),
    /// Manifests alone: no configuration, no layer.
    Manifests,
}

/// What was pulled.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// The image or index, whole in the layout but not yet one of its entries. With one platform this is
    /// the manifest of that platform.
    pub entry: Descriptor,
    /// What the reference leads to.
    pub root: Descriptor,
    /// The platforms that an index lists.
    pub platforms: Vec<Platform>,
    /// How many entries of an index are no images, but something about them.
    pub others: usize,
}

impl Client {
    /// Brings an image into a layout.
    ///
    /// Blobs that are there are not fetched again. An interrupted transfer goes on where it stopped.
    pub async fn pull(
        &self,
        reference: &Reference,
        into: &Arc<Writer>,
        wanted: &Wanted,
    ) -> Result<Pulled, RegistryError> {
        self.pull_blobs(reference, into, wanted, |manifest| &manifest.blobs).await
    }

    /// Brings what an image says of itself into a layout: manifests and configurations, no layer.
    ///
    /// Layers are fetched by [`fetch_blob`](Self::fetch_blob).
    pub async fn pull_documents(
        &self,
        reference: &Reference,
        into: &Arc<Writer>,
        wanted: &Wanted,
    ) -> Result<Pulled, RegistryError> {
        // The configuration comes before the layers.
        self.pull_blobs(reference, into, wanted, |manifest| manifest.blobs.get(..1).unwrap_or_default()).await
    }

    /// Brings an image into a layout, with those blobs of each manifest that `blobs` chooses.
    async fn pull_blobs(
        &self,
        reference: &Reference,
        into: &Arc<Writer>,
        wanted: &Wanted,
        blobs: impl Fn(&RawManifest) -> &[Descriptor],
    ) -> Result<Pulled, RegistryError> {
        let root = self.manifest(reference).await?;
        let listed = match root.is_index() {
            true => children(reference, &root)?,
            false => Vec::new(),
        };
        let (others, images): (Vec<_>, Vec<_>) = listed.iter().partition(|child| child.is_about_an_image());
        let platforms: Vec<Platform> =
            images.iter().filter_map(|child| child.platform.as_ref().map(Platform::normalised)).collect();
        let wanted = &one_platform(wanted, &platforms);
        if !matches!(wanted, Wanted::Everything | Wanted::Manifests) && !root.is_index() {
            check_image(reference, &root)?;
        }
        let mut manifests = Vec::new();
        self.collect(reference, &root, wanted, 0, &mut manifests).await?;
        let entry = match wanted {
            Wanted::Platform(platform) => self.chosen(reference, &root, &manifests, platform, into).await?,
            _ => root.descriptor.clone(),
        };
        if let Wanted::Platform(_) = wanted {
            manifests.retain(|manifest| manifest.descriptor.digest == entry.digest);
        }
        if *wanted != Wanted::Manifests {
            let blobs = manifests.iter().flat_map(blobs).collect();
            self.fetch_blobs(&reference.repository, blobs, into).await?;
        }
        for manifest in &manifests {
            into.put(&manifest.descriptor.media_type, &manifest.bytes[..], None)?;
        }
        let others = others.len();
        Ok(Pulled { entry, root: root.descriptor, platforms, others })
    }

    /// Reads the manifests that are wanted, what an index names before the index.
    async fn collect(
        &self,
        reference: &Reference,
        manifest: &RawManifest,
        wanted: &Wanted,
        depth: usize,
        found: &mut Vec<RawManifest>,
    ) -> Result<(), RegistryError> {
        if depth > MAX_DEPTH {
            return Err(LayoutError::TooDeep { digest: manifest.descriptor.digest }.into());
        }
        if found.iter().any(|known| known.descriptor.digest == manifest.descriptor.digest) {
            return Ok(());
        }
        if manifest.is_index() {
            for child in children(reference, manifest)? {
                if !is_wanted(&child, wanted) {
                    continue;
                }
                let mut inner = self.manifest(&reference.at_digest(child.digest)).await?;
                let (expected, found_size) = (child.size, inner.descriptor.size);
                if expected != found_size {
                    let mismatch = Mismatch::Size { expected, found: found_size };
                    let task = Task::ReadManifest(reference.at_digest(child.digest));
                    return Err(RegistryError::request(task)(mismatch.into()));
                }
                inner.descriptor = child;
                Box::pin(self.collect(reference, &inner, wanted, depth + 1, found)).await?;
            }
        }
        found.push(manifest.clone());
        Ok(())
    }

    /// Finds the manifest for a platform; a lone image says its platform in its configuration.
    async fn chosen(
        &self,
        reference: &Reference,
        root: &RawManifest,
        manifests: &[RawManifest],
        platform: &Platform,
        into: &Arc<Writer>,
    ) -> Result<Descriptor, RegistryError> {
        let images = manifests.iter().filter(|manifest| !manifest.is_index());
        let of = |manifest: &RawManifest| manifest.descriptor.platform.clone();
        let found = images.clone().find(|manifest| of(manifest).is_some_and(|own| own.is_same(platform)));
        if let Some(found) = found {
            return Ok(found.descriptor.clone());
        }
        let mut platforms: Vec<Platform> = Vec::new();
        if root.is_index() {
            let children = children(reference, root)?;
            platforms.extend(
                children
                    .iter()
                    .filter(|child| !child.is_about_an_image())
                    .filter_map(|child| child.platform.clone()),
            );
        } else if let Some(config) = root.blobs.first() {
            self.fetch_blob(&reference.repository, config, into).await?;
            let config: Document<attar_image::ImageConfig> = into.document(config)?;
            if config.platform.is_same(platform) {
                return Ok(root.descriptor.clone().with_platform(config.platform.normalised()));
            }
            platforms.push(config.platform.clone());
        }
        Err(RegistryError::NoPlatform {
            reference: Box::new(reference.clone()),
            wanted: Box::new(platform.clone()),
            platforms,
        })
    }

    /// Fetches the blobs that the layout lacks, several at a time.
    async fn fetch_blobs(
        &self,
        repository: &Repository,
        mut wanted: Vec<&Descriptor>,
        into: &Arc<Writer>,
    ) -> Result<(), RegistryError> {
        let mut seen = std::collections::BTreeSet::new();
        wanted.retain(|blob| seen.insert(blob.digest));
        wanted.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        let mut tasks = JoinSet::new();
        for blob in wanted {
            let (client, repository, blob, into) =
                (self.clone(), repository.clone(), blob.clone(), Arc::clone(into));
            tasks.spawn(async move {
                let slots = Arc::clone(client.slots());
                let _slot = slots.acquire().await.map_err(|_| RegistryError::Cancelled)?;
                client.fetch_blob(&repository, &blob, &into).await
            });
        }
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(result) => result?,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => return Err(RegistryError::Cancelled),
            }
        }
        Ok(())
    }

    /// Brings one blob into a layout.
    ///
    /// Whoever stops waiting ends the transfer, of which nothing stays.
    pub async fn fetch_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        into: &Arc<Writer>,
    ) -> Result<(), RegistryError> {
        let (digest, size) = (blob.digest, blob.size);
        let finished = |outcome| self.events().send(Event::BlobFinished { digest, size, outcome });
        self.note_blob(repository, digest);
        if into.has(blob) {
            finished(Outcome::Existing);
            return Ok(());
        }
        let (writer, expected) = (Arc::clone(into), blob.clone());
        let store = move |reader: Pieces| {
            let content = Content { digest: expected.digest, size: expected.size };
            writer.put(&expected.media_type, reader, Some(content)).map(drop)
        };
        let stored = self.fetch_into(repository, blob, store).await?;
        match stored {
            Ok(()) => finished(Outcome::Transferred),
            Err(LayoutError::Unexpected { source, .. }) => {
                let task = Task::ReadBlob(repository.clone(), digest);
                return Err(RegistryError::request(task)(Failure::Mismatch(source)));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Writes a blob's bytes to `out` and verifies them: on an error, what was written is worth nothing.
    pub async fn download<W: Write + Send + 'static>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        out: W,
    ) -> Result<W, RegistryError> {
        let expected = Content { digest: blob.digest, size: blob.size };
        let copy = move |mut reader: Pieces| {
            let mut out = HashingWriter::new(out);
            io::copy(&mut reader, &mut out)?;
            let (mut out, digest, size) = out.finish();
            out.flush()?;
            Ok::<_, io::Error>((out, Content { digest, size }))
        };
        let task = || Task::ReadBlob(repository.clone(), blob.digest);
        let (out, found) = self
            .fetch_into(repository, blob, copy)
            .await?
            .map_err(|error| RegistryError::request(task())(Failure::Local(error)))?;
        let mismatch = if found.size != expected.size {
            Mismatch::Size { expected: expected.size, found: found.size }
        } else if found.digest != expected.digest {
            Mismatch::Digest { expected: expected.digest, found: found.digest }
        } else {
            return Ok(out);
        };
        Err(RegistryError::request(task())(mismatch.into()))
    }

    /// Reads a small blob whole and verifies it. One of more than `limit` bytes is an error.
    pub async fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        limit: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        if blob.size > limit {
            let task = Task::ReadBlob(repository.clone(), blob.digest);
            return Err(RegistryError::request(task)(Failure::TooLarge { limit }));
        }
        self.download(repository, blob, Vec::new()).await
    }

    /// Streams a blob to `consume`, which runs on a thread that may block.
    async fn fetch_into<T: Send + 'static>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        consume: impl FnOnce(Pieces) -> T + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (sender, pieces) = Pieces::new();
        let consumer = tokio::task::spawn_blocking(move || consume(pieces));
        let streamed = self.stream(repository, blob, &sender).await;
        if streamed.is_err() {
            // What has arrived must not be taken for the whole.
            let _ = sender.send(Err(io::ErrorKind::ConnectionAborted.into())).await;
        }
        drop(sender);
        let consumed = match consumer.await {
            Ok(consumed) => consumed,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Err(RegistryError::Cancelled),
        };
        let task = Task::ReadBlob(repository.clone(), blob.digest);
        streamed.map_err(RegistryError::request(task))?;
        Ok(consumed)
    }

    /// Sends a blob's bytes down a channel; asks for the rest after the connection broke.
    async fn stream(&self, repository: &Repository, blob: &Descriptor, out: &Sender) -> Result<(), Failure> {
        let connection = self.connection(repository).await.map_err(|error| match error {
            RegistryError::Request { source, .. } => *source,
            other => Failure::Local(io::Error::other(other)),
        })?;
        let scopes = Scopes::new(repository, Access::Pull);
        let plain = Request::get(connection.routes().blob(repository, &blob.digest));
        self.events().send(Event::BlobStarted { digest: blob.digest, size: blob.size });
        let mut backoff = Backoff::new(connection.transport().patience());
        let mut received = 0;
        while received < blob.size {
            let before = received;
            let request = match received {
                0 => plain.clone(),
                _ => plain.clone().header(header::RANGE, format!("bytes={received}-")),
            };
            let result = self.receive(&connection, &scopes, &request, blob, &mut received, out).await;
            if received > before {
                backoff.progressed();
            }
            match result {
                Ok(Ended::Early) => {
                    let failure = Failure::Interrupted("the answer ended early".to_owned());
                    connection.transport().pause(&mut backoff, &request, failure).await?;
                }
                Ok(Ended::NobodyListens) => return Ok(()),
                Ok(Ended::Whole) => {}
                Err(failure) => connection.transport().pause(&mut backoff, &request, failure).await?,
            }
        }
        Ok(())
    }

    /// Sends the body of one answer down the channel.
    async fn receive(
        &self,
        connection: &Connection,
        scopes: &Scopes,
        request: &Request,
        blob: &Descriptor,
        received: &mut u64,
        out: &Sender,
    ) -> Result<Ended, Failure> {
        let mut response = connection.send(scopes, request).await?;
        // A registry that ignores the range sends everything again: what is known is skipped.
        let mut skip = if response.status == StatusCode::PARTIAL_CONTENT { 0 } else { *received };
        while let Some(chunk) = response.chunk().await? {
            let known = skip.min(chunk.len() as u64);
            skip -= known;
            let chunk = chunk.slice(known as usize..);
            if chunk.is_empty() {
                continue;
            }
            let bytes = chunk.len() as u64;
            // One byte too many is passed on, so that whoever verifies can tell.
            *received += bytes;
            if out.send(Ok(chunk)).await.is_err() {
                return Ok(Ended::NobodyListens);
            }
            self.events().send(Event::BlobProgress { digest: blob.digest, bytes });
            if *received > blob.size {
                return Ok(Ended::Whole);
            }
        }
        Ok(if *received < blob.size { Ended::Early } else { Ended::Whole })
    }
}

/// How the body of an answer ended.
enum Ended {
    Whole,
    Early,
    /// The consumer has failed, and says why itself.
    NobodyListens,
}

fn children(reference: &Reference, index: &RawManifest) -> Result<Vec<Descriptor>, RegistryError> {
    let invalid = |source| RegistryError::Document { reference: Box::new(reference.clone()), source };
    Ok(Document::<Index>::parse(index.bytes.clone()).map_err(invalid)?.into_value().manifests)
}

/// Chooses one of several platforms, where one is to be chosen.
fn one_platform(wanted: &Wanted, platforms: &[Platform]) -> Wanted {
    let Wanted::OnePlatform(preferred) = wanted else { return wanted.clone() };
    let found = platforms.iter().find(|platform| platform.is_same(preferred)).or(platforms.first());
    found.map_or(Wanted::Images, |platform| Wanted::Platform(platform.clone()))
}

/// Refuses what is no image before its blobs are fetched, which can be of any size.
fn check_image(reference: &Reference, manifest: &RawManifest) -> Result<(), RegistryError> {
    let invalid = |source| RegistryError::Document { reference: Box::new(reference.clone()), source };
    let document = Document::<Manifest>::parse(manifest.bytes.clone()).map_err(invalid)?;
    match document.artifact() {
        Some(kind) => {
            let digest = manifest.descriptor.digest;
            Err(LayoutError::Artifact { digest, kind: kind.to_owned() }.into())
        }
        None => Ok(()),
    }
}

fn is_wanted(child: &Descriptor, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Everything | Wanted::Manifests => true,
        Wanted::Images | Wanted::OnePlatform(_) => !child.is_about_an_image(),
        Wanted::Platform(platform) => {
            let own = child.platform.as_ref();
            !child.is_about_an_image() && own.is_none_or(|own| own.is_same(platform))
        }
    }
}
