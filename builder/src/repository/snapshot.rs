//! The snapshot archive's machine interface: which files a binary package had, by name and version.
//!
//! It is asked last, for a package that every mirror has pruned. It knows files by SHA-1, which is only
//! their name here: what comes is verified against the SHA-256 of the lock like everything else.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Client;
use super::download::Place;
use super::error::RepositoryError;
use super::failure::{Attempt, Attempts};
use super::fetch::PackageFile;
use super::item::Item;
use super::mirror::{Mirror, NamedBy};

/// The longest answer that is read.
const LIMIT: u64 = 4 << 20;

#[derive(Deserialize)]
struct Answer {
    result: Vec<BinaryFile>,
    #[serde(default)]
    fileinfo: BTreeMap<String, Vec<FileInfo>>,
}

#[derive(Deserialize)]
struct BinaryFile {
    architecture: String,
    hash: String,
}

#[derive(Deserialize)]
struct FileInfo {
    size: u64,
}

impl Client {
    /// Asks the machine interface where a package may be; no answer means nowhere, and is noted.
    pub(super) async fn snapshot_places(
        &self,
        package: &PackageFile,
        item: &Item,
        attempts: &mut Attempts,
    ) -> Result<Vec<Place>, RepositoryError> {
        let mirror = Mirror::parse(&self.settings.snapshot_archive, NamedBy::Snapshot)?;
        let path = format!("mr/binary/{}/{}/binfiles", package.name, package.version);
        let document = match self.document_with_query(&mirror, &path, Some("fileinfo=1"), LIMIT, item).await {
            Ok(document) => document,
            Err(failure) => {
                self.note_failure(item, &mirror, &failure);
                attempts.0.push(Attempt { url: mirror.url(&path).to_string(), failure });
                return Ok(Vec::new());
            }
        };
        let hashes = files(&document.bytes, package);
        let place = |hash| Place { mirror: mirror.clone(), path: format!("file/{hash}") };
        Ok(hashes.into_iter().map(place).collect())
    }
}

/// Returns the hashes of the files that fit; an answer that is not understood has none.
fn files(answer: &[u8], package: &PackageFile) -> Vec<String> {
    let Ok(answer) = serde_json::from_slice::<Answer>(answer) else { return Vec::new() };
    let fits = |file: &BinaryFile| {
        let size = answer.fileinfo.get(&file.hash).and_then(|files| files.first()).map(|file| file.size);
        let is_name = file.hash.len() == 40 && file.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        file.architecture == package.architecture && is_name && size.is_none_or(|size| size == package.size)
    };
    answer.result.iter().filter(|file| fits(file)).map(|file| file.hash.clone()).collect()
}

#[cfg(test)]
mod tests {
    use attar_image::Digest;

    use super::*;

    #[test]
    fn files_of_the_architecture_and_size_are_picked() {
        let hash = |digit: &str| digit.repeat(40);
        let file = |digit, architecture, size| {
            let (hash, name) = (hash(digit), "x.deb");
            (
                format!("{{\"architecture\":\"{architecture}\",\"hash\":\"{hash}\"}}"),
                format!("\"{hash}\":[{{\"name\":\"{name}\",\"size\":{size},\"archive_name\":\"debian\"}}]"),
            )
        };
        let files_there = [file("a", "amd64", 10), file("b", "arm64", 10), file("c", "amd64", 11)];
        let results: Vec<_> = files_there.iter().map(|(result, _)| result.as_str()).collect();
        let infos: Vec<_> = files_there.iter().map(|(_, info)| info.as_str()).collect();
        let answer = format!(
            "{{\"_comment\":\"x\",\"result\":[{}],\"fileinfo\":{{{}}}}}",
            results.join(","),
            infos.join(",")
        );
        let package = PackageFile {
            name: "x".to_owned(),
            version: "1".to_owned(),
            architecture: "amd64".to_owned(),
            path: "pool/x.deb".to_owned(),
            size: 10,
            digest: Digest::of(b""),
        };
        assert_eq!(files(answer.as_bytes(), &package), [hash("a")]);
        assert!(files(b"<html>", &package).is_empty());
        let climbing = "{\"result\":[{\"architecture\":\"amd64\",\"hash\":\"../../x\"}]}";
        assert!(files(climbing.as_bytes(), &package).is_empty());
    }
}
