//! The contents index of a directory of `.deb` files: made from the packages, and kept in the cache for
//! as long as they stay the same.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use attar_image::Digest;
use attar_image::layer::reader::{MemberKind, Reader};
use attar_packages::compression::{Compression, Limited};
use attar_packages::debian::deb::DebReader;

use super::Client;
use super::archive::ArchiveIndex;
use super::contents::{ContentsIndex, LIMIT};
use super::error::RepositoryError;
use crate::cache::{Cache, CacheError, Shelf};
use crate::spec::schema::DebsRepository;

impl Client {
    /// Lists the files of a directory's packages, for each architecture.
    pub(super) async fn contents_of_directory(
        &self,
        repository: &DebsRepository,
        directory: &Path,
        architectures: &[&str],
    ) -> Result<Vec<ContentsIndex>, RepositoryError> {
        let archive = self.open_directory(repository, directory, architectures).await?;
        let (folder, cache) = (directory.join(&repository.debs), self.settings.cache.clone());
        self.blocking(move || {
            let contents = archive.indexes.iter().map(|index| {
                Ok(ContentsIndex {
                    archive: archive.name.clone(),
                    component: index.component.clone(),
                    architecture: index.architecture.clone(),
                    path: contents(&cache, &folder, index)?,
                    compression: Compression::None,
                })
            });
            contents.collect()
        })
        .await?
    }
}

/// Returns the file in the cache that lists what the packages of an index have.
fn contents(
    cache: &Cache,
    folder: &Path,
    index: &ArchiveIndex,
) -> Result<std::path::PathBuf, RepositoryError> {
    // The index names every package with its digest.
    let key = Digest::of(format!("contents of {}", index.digest)).hex();
    if let Some(stored) = cache.lookup(Shelf::Contents, &key) {
        return Ok(stored.path);
    }
    let mut text = Vec::new();
    for package in index.index.packages() {
        list(&folder.join(package.filename()), package.name(), &mut text)?;
    }
    let mut file = cache.temporary()?;
    let path = file.path().to_path_buf();
    file.write_all(&text).map_err(CacheError::io("write", path))?;
    Ok(cache.store(file, Shelf::Contents, &key, Digest::of(&text), 0)?.path)
}

/// Writes a line for each file of a package; a path with a line break, which an index cannot hold, has
/// none.
fn list(path: &Path, name: &str, text: &mut Vec<u8>) -> Result<(), RepositoryError> {
    let read = |source| RepositoryError::ReadFile { file: path.to_path_buf(), source };
    let broken = |source| RepositoryError::BrokenPackage { file: path.to_path_buf(), source };
    let file = BufReader::with_capacity(128 << 10, File::open(path).map_err(read)?);
    let data = DebReader::open(file).and_then(DebReader::data).map_err(broken)?;
    let plain = data.compression.decoder(data).map_err(read)?;
    let mut files = Reader::new(Limited::new(plain, LIMIT));
    let broken = |source| RepositoryError::BrokenFiles { file: path.to_path_buf(), source };
    while let Some(member) = files.next_member().map_err(broken)? {
        let bytes = member.path.as_bytes();
        if !matches!(member.kind, MemberKind::Directory) && !bytes.contains(&b'\n') {
            text.extend_from_slice(bytes);
            text.push(b' ');
            text.extend_from_slice(name.as_bytes());
            text.push(b'\n');
        }
    }
    Ok(())
}
