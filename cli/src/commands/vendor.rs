//! Packages that are kept beside mirrors: brought there by `attar lock --vendor`, and fetched back.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use attar_builder::repository::Keeper;
use attar_builder::vendor::{Blob, DEBIAN_PACKAGE, Packages, Place};
use attar_image::Digest;
use attar_image::manifest::{Descriptor, media_type};
use attar_image::reference::Reference;
use attar_registry::{BlobSource, Contents, Events, MemoryBlobs, Publication, RawManifest};

use crate::failure::Usage;
use crate::network::Network;
use crate::settings::Settings;

/// Writes the packages of one or more locks to their place.
pub(super) fn keep(packages: &Packages, place: &Place, network: &Network) -> anyhow::Result<()> {
    match place {
        Place::Layout { folder, name } => {
            packages.write(folder, name)?;
        }
        Place::Registry(reference) => {
            let Some(tag) = reference.tag.clone().filter(|_| reference.digest.is_none()) else {
                return Err(
                    Usage::new(format!("`{place}` names no tag, by which the packages are kept")).into()
                );
            };
            let publication = Publication {
                repository: reference.repository.clone(),
                contents: contents(packages),
                referrers: Vec::new(),
                tags: vec![tag],
            };
            network.wait(network.client.publish(&publication))?;
        }
    }
    Ok(())
}

fn contents(packages: &Packages) -> Contents {
    let mut kept = KeptBlobs::default();
    for (descriptor, blob) in &packages.blobs {
        match blob {
            Blob::Bytes(bytes) => {
                kept.small.add(&descriptor.media_type, *bytes);
            }
            Blob::File(path) => {
                kept.files.insert(descriptor.digest, path.clone());
            }
        }
    }
    let manifest = RawManifest::new(packages.manifest.descriptor(media_type::MANIFEST), &packages.manifest);
    Contents { manifests: vec![manifest], blobs: Arc::new(kept) }
}

/// Packages in the cache, and small blobs.
#[derive(Debug, Default)]
struct KeptBlobs {
    files: BTreeMap<Digest, PathBuf>,
    small: MemoryBlobs,
}

impl BlobSource for KeptBlobs {
    fn open(&self, blob: &Descriptor, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let Some(path) = self.files.get(&blob.digest) else { return self.small.open(blob, offset) };
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }
}

/// Fetches packages from registries; the network is set up when the first one is asked for.
pub(super) struct RegistryKeeper {
    settings: Settings,
    plain_http: bool,
    events: Events,
    network: OnceLock<Network>,
}

impl RegistryKeeper {
    pub(super) fn new(settings: &Settings, plain_http: bool, events: Events) -> Self {
        Self { settings: settings.clone(), plain_http, events, network: OnceLock::new() }
    }
}

impl Keeper for RegistryKeeper {
    fn fetch(
        &self,
        reference: &Reference,
        digest: Digest,
        size: u64,
        file: File,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let network = match self.network.get() {
            Some(network) => network,
            None => {
                let network = Network::with_events(&self.settings, self.plain_http, self.events.clone())?;
                self.network.get_or_init(|| network)
            }
        };
        let blob = Descriptor::new(DEBIAN_PACKAGE, digest, size);
        network.wait(network.client.download(&reference.repository, &blob, file))?;
        Ok(())
    }
}
