//! Reads OCI image layouts by their specification, apart from attar's own code.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::tree::Listing;

/// An image of a layout for one platform.
#[derive(Clone, Debug)]
pub struct Image {
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// Digest of the manifest, such as `sha256:0123…`.
    pub digest: String,
    /// The manifest.
    pub manifest: Value,
    /// The configuration.
    pub config: Value,
    folder: PathBuf,
}

/// Reads the images of the entry `name`, or of the only entry, in the order of its index.
pub fn images(folder: &Path, name: Option<&str>) -> anyhow::Result<Vec<Image>> {
    let entry = entry(folder, name)?;
    let index = json(folder, &entry)?;
    let manifests = index["manifests"].as_array().context("the entry is no index")?;
    manifests.iter().map(|descriptor| image(folder, descriptor)).collect()
}

/// Reads the entry `name`, which is no index but an image of its own.
pub fn single(folder: &Path, name: &str) -> anyhow::Result<Image> {
    image(folder, &entry(folder, Some(name))?)
}

/// Returns the digest of the entry `name`, or of the only entry.
pub fn digest(folder: &Path, name: Option<&str>) -> anyhow::Result<String> {
    Ok(text(&entry(folder, name)?, "/digest")?.to_owned())
}

/// Returns the names of a layout's images; one without a name has an empty one.
pub fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    let entries = index["manifests"].as_array().context("no list of manifests")?;
    let images = entries.iter().filter(|entry| entry["artifactType"].is_null());
    Ok(images.map(|entry| ref_name(entry).to_owned()).collect())
}

/// Returns the types of the artifacts in a layout.
pub fn artifacts(folder: &Path) -> anyhow::Result<Vec<String>> {
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    Ok(strings(&index["manifests"], "/artifactType"))
}

fn ref_name(descriptor: &Value) -> &str {
    descriptor.pointer("/annotations/org.opencontainers.image.ref.name").and_then(Value::as_str).unwrap_or("")
}

fn entry(folder: &Path, name: Option<&str>) -> anyhow::Result<Value> {
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    let entries = index["manifests"].as_array().context("no list of manifests")?;
    match name {
        None => {
            ensure!(entries.len() == 1, "expected one entry, found {}", entries.len());
            Ok(entries[0].clone())
        }
        Some(name) => {
            let found = entries.iter().find(|entry| ref_name(entry) == name);
            found.cloned().with_context(|| format!("no entry `{name}`"))
        }
    }
}

fn image(folder: &Path, descriptor: &Value) -> anyhow::Result<Image> {
    let manifest = json(folder, descriptor)?;
    let config = json(folder, &manifest["config"])?;
    let platform = |key: &str| descriptor["platform"][key].as_str().map(String::from);
    let words = [platform("os"), platform("architecture"), platform("variant")];
    Ok(Image {
        platform: words.into_iter().flatten().collect::<Vec<_>>().join("/"),
        digest: text(descriptor, "/digest")?.to_owned(),
        manifest,
        config,
        folder: folder.to_path_buf(),
    })
}

impl Image {
    /// Returns the digests of the layers, the lowest first.
    pub fn layers(&self) -> Vec<String> {
        strings(&self.manifest["layers"], "/digest")
    }

    /// Returns the compressed sizes of the layers, the lowest first.
    pub fn layer_sizes(&self) -> Vec<u64> {
        let layers = self.manifest["layers"].as_array().into_iter().flatten();
        layers.filter_map(|layer| layer["size"].as_u64()).collect()
    }

    /// Returns the diff IDs of the layers, the lowest first.
    pub fn diff_ids(&self) -> Vec<String> {
        strings(&self.config["rootfs"]["diff_ids"], "")
    }

    /// Returns the path of the blob with this digest.
    pub fn blob(&self, digest: &str) -> PathBuf {
        blob(&self.folder, digest)
    }

    /// Lists the files of the image.
    pub fn listing(&self) -> anyhow::Result<Listing> {
        let layers = self.manifest["layers"].as_array().context("no list of layers")?;
        let readers: anyhow::Result<Vec<_>> = layers.iter().map(|layer| self.open_layer(layer)).collect();
        Listing::of_layers(readers?)
    }

    fn open_layer(&self, layer: &Value) -> anyhow::Result<Box<dyn Read>> {
        let file = std::fs::File::open(self.blob(text(layer, "/digest")?))?;
        Ok(match text(layer, "/mediaType")? {
            kind if kind.ends_with("+gzip") => Box::new(flate2::read::MultiGzDecoder::new(file)),
            kind if kind.ends_with("+zstd") => Box::new(zstd::Decoder::new(file)?),
            kind if kind.ends_with(".tar") => Box::new(file),
            kind => bail!("layer of type `{kind}`"),
        })
    }
}

fn json(folder: &Path, descriptor: &Value) -> anyhow::Result<Value> {
    let path = blob(folder, text(descriptor, "/digest")?);
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn blob(folder: &Path, digest: &str) -> PathBuf {
    folder.join("blobs").join(digest.replace(':', "/"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no text at `{pointer}`"))
}

fn strings(list: &Value, pointer: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.pointer(pointer)?.as_str()).map(String::from).collect()
}
