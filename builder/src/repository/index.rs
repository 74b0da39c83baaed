//! Package indexes of a verified release: the best compression that is listed, by hash where offered,
//! parsed once and kept in a compact form under the checksum that the release lists.

use std::io::Read;
use std::sync::Arc;

use attar_image::Digest;
use attar_image::digest::{Mismatch, VerifyingReader};
use attar_packages::compression::{Compression, Limited};
use attar_packages::debian::index::{Index, MAX_INDEX};
use attar_packages::debian::release::{ListedFile, Release};

use super::Client;
use super::download::{Place, Wanted};
use super::error::RepositoryError;
use super::failure::Attempts;
use super::item::Item;
use super::mirror::Mirror;
use super::partial::Partial;
use super::release::Suite;
use crate::cache::{CacheError, Shelf};

/// Generation of the compact form: a new one when [`Index::to_compact`] writes other fields.
const FORMAT: u32 = 1;

/// A file that a release lists, in one of its compressions.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    path: String,
    pub(super) compression: Compression,
    pub(super) digest: Digest,
    size: u64,
}

/// A file that a release lists, in every compression, the best first.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    variants: Vec<Variant>,
    /// Checksum and size of the plain file, when they are listed.
    plain: Option<(Digest, u64)>,
    by_hash: bool,
}

impl Listed {
    /// Finds `path` (without an extension) in a release.
    pub(super) fn find(release: &Release, path: &str) -> Option<Self> {
        let listed = |compression: Compression| {
            let extension = compression.extension().map_or_else(String::new, |name| format!(".{name}"));
            let path = format!("{path}{extension}");
            let ListedFile { sha256, size } = release.sha256.get(&path)?;
            let digest = Digest::from_hex(sha256).ok()?;
            Some(Variant { path, compression, digest, size: *size })
        };
        let variants: Vec<_> = Compression::ALL.into_iter().filter_map(listed).collect();
        let plain = listed(Compression::None).map(|plain| (plain.digest, plain.size));
        (!variants.is_empty()).then_some(Self { variants, plain, by_hash: release.acquire_by_hash })
    }

    /// Returns what the file is known by, whatever its compression: what a lock records of it.
    pub(super) fn digest(&self) -> Digest {
        self.plain.map_or(self.variants[0].digest, |(digest, _)| digest)
    }

    /// Returns the file in every compression, the best first.
    pub(super) fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Says whether the file is listed as empty, so that it need not be fetched.
    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_some_and(|(_, size)| size == 0)
    }
}

impl Variant {
    /// Lists where it may be: by its checksum, which no update of the mirror can take away, and by name.
    fn places(&self, directory: &str, by_hash: bool, mirrors: &[Mirror]) -> Vec<Place> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let slash = if folder.is_empty() { "" } else { "/" };
        let hashed = format!("{directory}{folder}{slash}by-hash/SHA256/{}", self.digest.hex());
        let named = format!("{directory}{}", self.path);
        let paths = if by_hash { vec![hashed, named] } else { vec![named] };
        let places = mirrors.iter().flat_map(|mirror| {
            let place = |path: &String| Place { mirror: mirror.clone(), path: path.clone() };
            paths.iter().map(place).collect::<Vec<_>>()
        });
        places.collect()
    }
}

impl Client {
    /// Downloads a listed file in the best compression that a mirror really has.
    pub(super) async fn download_listed(
        &self,
        listed: &Listed,
        suite: &Suite,
        mirrors: &[Mirror],
        item: &Item,
    ) -> Result<(Variant, Partial), RepositoryError> {
        let _slot = self.slots.acquire().await.map_err(|_| RepositoryError::Cancelled)?;
        let mut attempts = Attempts::default();
        for variant in &listed.variants {
            let places = variant.places(&suite.directory, listed.by_hash, mirrors);
            let wanted = Wanted { item: item.clone(), digest: variant.digest, size: variant.size };
            let mut partial = self.partial(&wanted).await?;
            let places = self.allowed(&places, item)?;
            match self.download(places, &wanted, &mut partial).await? {
                Ok(()) => return Ok((variant.clone(), partial)),
                Err(failures) => {
                    let go_on = failures.all_not_found();
                    attempts.0.extend(failures.0);
                    if !go_on {
                        break;
                    }
                }
            }
        }
        Err(RepositoryError::Unavailable { item: item.clone(), attempts })
    }

    /// Returns a parsed package index: the compact one of the cache, or a fresh one.
    ///
    /// `only` takes the packages of one architecture out of an index that mixes them.
    pub(super) async fn index(
        &self,
        listed: &Listed,
        suite: &Suite,
        mirrors: &[Mirror],
        item: &Item,
        only: Option<&str>,
    ) -> Result<Arc<Index>, RepositoryError> {
        if listed.is_empty() {
            return parse(Vec::new(), item).map(Arc::new);
        }
        let key = match only {
            None => format!("{}-{FORMAT}", listed.digest().hex()),
            Some(architecture) => format!("{}-{FORMAT}-{architecture}", listed.digest().hex()),
        };
        if let Some(index) = self.indexes.recall(&key) {
            return Ok(index);
        }
        let index = self.load_index(&key, listed, suite, mirrors, item, only).await?;
        Ok(self.indexes.keep(key, index))
    }

    async fn load_index(
        &self,
        key: &str,
        listed: &Listed,
        suite: &Suite,
        mirrors: &[Mirror],
        item: &Item,
        only: Option<&str>,
    ) -> Result<Arc<Index>, RepositoryError> {
        let cache = self.settings.cache.clone();
        let kept = key.to_owned();
        if let Some(index) = self.blocking(move || kept_index(&cache, &kept)).await? {
            return Ok(Arc::new(index));
        }
        let (variant, partial) = self.download_listed(listed, suite, mirrors, item).await?;
        let (listed, item, client) = (listed.clone(), item.clone(), self.clone());
        let (key, only) = (key.to_owned(), only.map(str::to_owned));
        self.blocking(move || {
            let text = decompress(&variant, &listed, &partial, &item)?;
            let text = match only {
                Some(architecture) => of_architecture(&text, &architecture),
                None => text,
            };
            let compact = parse(text, &item)?.to_compact();
            client.keep_index(&key, &compact)?;
            let path = partial.path().to_path_buf();
            partial.discard().map_err(CacheError::io("remove", path))?;
            parse(compact, &item).map(Arc::new)
        })
        .await?
    }

    fn keep_index(&self, key: &str, compact: &[u8]) -> Result<(), CacheError> {
        let cache = &self.settings.cache;
        let mut file = cache.temporary()?;
        let path = file.path().to_path_buf();
        std::io::Write::write_all(&mut file, compact).map_err(CacheError::io("write", path))?;
        cache.store(file, Shelf::Indexes, key, Digest::of(compact), 0).map(|_| ())
    }
}

fn kept_index(cache: &crate::cache::Cache, key: &str) -> Option<Index> {
    let stored = cache.lookup(Shelf::Indexes, key)?;
    Index::parse(std::fs::read(&stored.path).ok()?).ok()
}

fn parse(text: Vec<u8>, item: &Item) -> Result<Index, RepositoryError> {
    Index::parse(text).map_err(|source| RepositoryError::Index { item: item.clone(), source })
}

/// Decompresses a downloaded file; the plain bytes are verified as well when they are listed.
fn decompress(
    variant: &Variant,
    listed: &Listed,
    partial: &Partial,
    item: &Item,
) -> Result<Vec<u8>, RepositoryError> {
    let failed = |source| RepositoryError::Decompress { item: item.clone(), source };
    let file = std::fs::File::open(partial.path()).map_err(failed)?;
    let input = std::io::BufReader::with_capacity(256 << 10, file);
    let plain = variant.compression.decoder(input).map_err(failed)?;
    let mut text = Vec::new();
    match listed.plain {
        Some((_, size)) if size > MAX_INDEX as u64 => {
            let mismatch = Mismatch::Size { expected: MAX_INDEX as u64, found: size };
            return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidData, mismatch)));
        }
        Some((digest, size)) => VerifyingReader::new(plain, digest, size).read_to_end(&mut text),
        None => Limited::new(plain, MAX_INDEX as u64).read_to_end(&mut text),
    }
    .map_err(failed)?;
    Ok(text)
}

/// Keeps the stanzas of one architecture and of `all`: flat archives mix architectures in one index.
pub(super) fn of_architecture(text: &[u8], architecture: &str) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut stanza: Vec<&[u8]> = Vec::new();
    let mut fits = true;
    for line in text.split(|&byte| byte == b'\n').chain([&b""[..]]) {
        if line.trim_ascii().is_empty() {
            if fits && !stanza.is_empty() {
                for line in &stanza {
                    kept.extend_from_slice(line);
                    kept.push(b'\n');
                }
                kept.push(b'\n');
            }
            stanza.clear();
            fits = true;
            continue;
        }
        if line.len() > 13 && line[..13].eq_ignore_ascii_case(b"architecture:") {
            let value = line[13..].trim_ascii();
            fits = value == architecture.as_bytes() || value == b"all";
        }
        stanza.push(line);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_of_other_architectures_are_left_out() {
        let text = "Package: a\nArchitecture: amd64\n\nPackage: b\nArchitecture: arm64\n\n\n\
                    Package: c\narchitecture: all\nDescription: Architecture: arm64\n more\n";
        let kept = of_architecture(text.as_bytes(), "amd64");
        assert_eq!(
            String::from_utf8(kept).as_deref(),
            Ok("Package: a\nArchitecture: amd64\n\n\
                Package: c\narchitecture: all\nDescription: Architecture: arm64\n more\n\n")
        );
    }
}
