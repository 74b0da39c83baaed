//! Changes images in a layout as somebody would who wants to deceive: every digest fits in the end.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A layer that may be changed.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// `os/architecture`.
    pub platform: &'a str,
    /// Its number, from 0 for the lowest.
    pub number: usize,
    /// Its tar archive.
    pub tar: &'a [u8],
}

/// Changes layers of the entry `name`; everything that names them follows, artifacts about it too.
///
/// `edit` gets the uncompressed layers and returns those that change. They are compressed as before,
/// by another compressor. Returns how many changed.
pub fn layers(
    folder: &Path,
    name: &str,
    mut edit: impl FnMut(Layer<'_>) -> Option<Vec<u8>>,
) -> anyhow::Result<usize> {
    let mut forgery = Forgery::open(folder)?;
    let entry = forgery.entry(name)?;
    let mut index = forgery.read(&entry)?;
    let mut changed = 0;
    for descriptor in list(&mut index, "manifests")? {
        let platform = format!(
            "{}/{}",
            text(&descriptor["platform"]["os"])?,
            text(&descriptor["platform"]["architecture"])?
        );
        let mut manifest = forgery.read(descriptor)?;
        let mut config = forgery.read(&manifest["config"])?;
        for (number, layer) in list(&mut manifest, "layers")?.iter_mut().enumerate() {
            let kind = text(&layer["mediaType"])?.to_owned();
            let tar = unpack(&kind, &forgery.bytes(layer)?)?;
            let Some(tar) = edit(Layer { platform: &platform, number, tar: &tar }) else { continue };
            changed += 1;
            forgery.store(layer, &pack(&kind, &tar)?)?;
            config["rootfs"]["diff_ids"][number] = json!(digest(&tar));
        }
        forgery.store(&mut manifest["config"], &serde_json::to_vec(&config)?)?;
        forgery.store(descriptor, &serde_json::to_vec(&manifest)?)?;
    }
    forgery.replace(&entry, &serde_json::to_vec(&index)?)?;
    Ok(changed)
}

/// Changes the blobs of the artifact of type `kind` about the entry `name`, by their media type.
pub fn artifact(
    folder: &Path,
    name: &str,
    kind: &str,
    edit: impl Fn(&str, String) -> String,
) -> anyhow::Result<()> {
    let mut forgery = Forgery::open(folder)?;
    let subject = forgery.entry(name)?["digest"].clone();
    for number in 0..forgery.entries()?.len() {
        let entry = forgery.entries()?[number].clone();
        let mut manifest = forgery.read(&entry)?;
        if manifest["artifactType"] != kind || manifest["subject"]["digest"] != subject {
            continue;
        }
        for blob in list(&mut manifest, "layers")? {
            let kind = text(&blob["mediaType"])?.to_owned();
            let edited = edit(&kind, String::from_utf8(forgery.bytes(blob)?)?);
            forgery.store(blob, edited.as_bytes())?;
        }
        return forgery.replace(&entry, &serde_json::to_vec(&manifest)?);
    }
    bail!("no artifact of type `{kind}` about `{name}`")
}

/// Takes everything about the entry `name` out of the list of entries.
pub fn without_artifacts(folder: &Path, name: &str) -> anyhow::Result<()> {
    let mut forgery = Forgery::open(folder)?;
    let subject = forgery.entry(name)?["digest"].clone();
    let mut kept = Vec::new();
    for entry in forgery.entries()?.clone() {
        if forgery.read(&entry)?["subject"]["digest"] != subject {
            kept.push(entry);
        }
    }
    forgery.index["manifests"] = json!(kept);
    forgery.save()
}

struct Forgery<'a> {
    folder: &'a Path,
    index: Value,
}

impl<'a> Forgery<'a> {
    fn open(folder: &'a Path) -> anyhow::Result<Self> {
        let index = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
        Ok(Self { folder, index })
    }

    fn entries(&mut self) -> anyhow::Result<&mut Vec<Value>> {
        list(&mut self.index, "manifests")
    }

    fn entry(&mut self, name: &str) -> anyhow::Result<Value> {
        let is_named = |entry: &&mut Value| entry["annotations"]["org.opencontainers.image.ref.name"] == name;
        let found = self.entries()?.iter_mut().find(is_named);
        found.map(|entry| entry.clone()).with_context(|| format!("no entry `{name}`"))
    }

    fn bytes(&self, descriptor: &Value) -> anyhow::Result<Vec<u8>> {
        let digest = text(&descriptor["digest"])?.replace(':', "/");
        std::fs::read(self.folder.join("blobs").join(&digest)).with_context(|| digest)
    }

    fn read(&self, descriptor: &Value) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&self.bytes(descriptor)?)?)
    }

    /// Stores a blob and points a descriptor to it.
    fn store(&self, descriptor: &mut Value, bytes: &[u8]) -> anyhow::Result<()> {
        let digest = digest(bytes);
        std::fs::write(self.folder.join("blobs").join(digest.replace(':', "/")), bytes)?;
        descriptor["digest"] = json!(digest);
        descriptor["size"] = json!(bytes.len());
        Ok(())
    }

    /// Replaces an entry, and points what is about it to what replaces it.
    fn replace(&mut self, old: &Value, bytes: &[u8]) -> anyhow::Result<()> {
        let mut new = old.clone();
        self.store(&mut new, bytes)?;
        let mut entries = std::mem::take(self.entries()?);
        for entry in &mut entries {
            if entry["digest"] == old["digest"] {
                self.store(entry, bytes)?;
                continue;
            }
            let mut document = self.read(entry)?;
            if document["subject"]["digest"] == old["digest"] {
                document["subject"]["digest"] = new["digest"].clone();
                document["subject"]["size"] = new["size"].clone();
                self.store(entry, &serde_json::to_vec(&document)?)?;
            }
        }
        *self.entries()? = entries;
        self.save()
    }

    fn save(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(self.folder.join("index.json"), serde_json::to_vec(&self.index)?)?)
    }
}

fn list<'v>(document: &'v mut Value, field: &str) -> anyhow::Result<&'v mut Vec<Value>> {
    document[field].as_array_mut().with_context(|| format!("no list `{field}`"))
}

fn text(value: &Value) -> anyhow::Result<&str> {
    value.as_str().context("no text where some is expected")
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn unpack(kind: &str, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut tar = Vec::new();
    match kind.rsplit_once('+').map(|(_, codec)| codec) {
        None => tar.extend_from_slice(bytes),
        Some("gzip") => drop(flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut tar)?),
        Some("zstd") => drop(zstd::Decoder::new(bytes)?.read_to_end(&mut tar)?),
        Some(codec) => bail!("unknown compression `{codec}`"),
    }
    Ok(tar)
}

fn pack(kind: &str, tar: &[u8]) -> anyhow::Result<Vec<u8>> {
    match kind.rsplit_once('+').map(|(_, codec)| codec) {
        None => Ok(tar.to_vec()),
        Some("gzip") => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(tar)?;
            Ok(encoder.finish()?)
        }
        Some(_) => Ok(zstd::encode_all(tar, 1)?),
    }
}
