//! Layers and images made to measure: entries of every kind in any order, written by other code than
//! attar's.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// A layer, entry by entry, in the order of the calls. Names are written as they are given.
pub struct Layer {
    archive: Builder<Vec<u8>>,
    records: Vec<(String, Vec<u8>)>,
    mode: Option<u32>,
    owner: (u64, u64),
}

impl Default for Layer {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer {
    /// Starts an empty layer.
    pub fn new() -> Self {
        Self { archive: Builder::new(Vec::new()), records: Vec::new(), mode: None, owner: (0, 0) }
    }

    /// Sets the permission bits of the next entry; files have 0644, symbolic links 0777, all else 0755.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets the numbers of user and group of all entries that follow; they are 0 at first.
    pub fn owner(mut self, user: u64, group: u64) -> Self {
        self.owner = (user, group);
        self
    }

    /// Adds a PAX record to the next entry, such as `SCHILY.xattr.user.note`.
    pub fn record(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.records.push((key.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds a regular file.
    pub fn file(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        self.add(EntryType::Regular, path, "", contents.as_ref(), (0, 0))
    }

    /// Adds a directory.
    pub fn directory(self, path: &str) -> Self {
        self.add(EntryType::Directory, path, "", &[], (0, 0))
    }

    /// Adds a symbolic link.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.add(EntryType::Symlink, path, target, &[], (0, 0))
    }

    /// Adds a hard link to a file of this layer or of a lower one.
    pub fn hard_link(self, path: &str, target: &str) -> Self {
        self.add(EntryType::Link, path, target, &[], (0, 0))
    }

    /// Adds a named pipe.
    pub fn fifo(self, path: &str) -> Self {
        self.add(EntryType::Fifo, path, "", &[], (0, 0))
    }

    /// Adds a character device with its major and minor number.
    pub fn device(self, path: &str, major: u32, minor: u32) -> Self {
        self.add(EntryType::Char, path, "", &[], (major, minor))
    }

    /// Adds the whiteout of a path: what lower layers have there goes.
    pub fn whiteout(self, path: &str) -> Self {
        let (folder, name) = match path.rsplit_once('/') {
            Some((folder, name)) => (format!("{folder}/"), name),
            None => (String::new(), path),
        };
        self.file(&format!("{folder}.wh.{name}"), "")
    }

    /// Makes a directory opaque: what lower layers have below it goes.
    pub fn opaque(self, directory: &str) -> Self {
        self.file(&format!("{directory}/.wh..wh..opq"), "")
    }

    fn add(mut self, kind: EntryType, path: &str, target: &str, contents: &[u8], device: (u32, u32)) -> Self {
        let mode = match kind {
            EntryType::Regular | EntryType::Link => 0o644,
            EntryType::Symlink => 0o777,
            _ => 0o755,
        };
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(contents.len() as u64);
        header.set_mode(self.mode.take().unwrap_or(mode));
        header.set_uid(self.owner.0);
        header.set_gid(self.owner.1);
        header.set_mtime(1_700_000_000);
        if kind == EntryType::Char {
            header.set_device_major(device.0).expect("a header of this kind has the field");
            header.set_device_minor(device.1).expect("a header of this kind has the field");
        }
        let mut records = std::mem::take(&mut self.records);
        let fields = header.as_ustar_mut().expect("it was made as one");
        for (keyword, value, field) in
            [("path", path, &mut fields.name), ("linkpath", target, &mut fields.linkname)]
        {
            let kept = value.len().min(field.len());
            field[..kept].copy_from_slice(&value.as_bytes()[..kept]);
            if kept < value.len() {
                records.push((keyword.to_owned(), value.as_bytes().to_vec()));
            }
        }
        header.set_cksum();
        let extensions = records.iter().map(|(key, value)| (key.as_str(), value.as_slice()));
        self.archive.append_pax_extensions(extensions).expect("memory takes all");
        self.archive.append(&header, contents).expect("memory takes all");
        self
    }

    /// Ends the layer and returns its tar archive.
    pub fn tar(self) -> Vec<u8> {
        self.archive.into_inner().expect("memory takes all")
    }
}

/// How the layers of a layout are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Plain,
    /// As one gzip member.
    Gzip,
    /// As one zstd frame.
    Zstd,
}

impl Codec {
    /// Compresses bytes.
    pub fn compress(self, tar: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::Plain => tar.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(tar)?;
                encoder.finish()?
            }
            Self::Zstd => zstd::encode_all(tar, 3)?,
        })
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// Writes an image of these layers, the lowest first, as an archive that Docker before version 25 would
/// write: a folder for each layer.
pub fn write_docker_archive(file: &Path, name: &str, layers: &[Vec<u8>]) -> anyhow::Result<()> {
    let diff_ids: Vec<String> = layers.iter().map(|tar| hex(tar)).collect();
    let config = config(&diff_ids, json!({"Entrypoint": ["/none"]}))?;
    let config_name = format!("{}.json", hex(&config));
    // Equal layers have folders of their own.
    let folder = |(number, diff_id): (usize, &String)| hex(format!("{number} {diff_id}").as_bytes());
    let names: Vec<String> =
        diff_ids.iter().enumerate().map(folder).map(|folder| format!("{folder}/layer.tar")).collect();
    let manifest = json!([{"Config": config_name, "RepoTags": [name], "Layers": names}]);
    let out = std::fs::File::create(file).with_context(|| file.display().to_string())?;
    let mut archive = Builder::new(std::io::BufWriter::new(out));
    for (name, tar) in names.iter().zip(layers) {
        append(&mut archive, name, tar)?;
    }
    append(&mut archive, &config_name, &config)?;
    append(&mut archive, "manifest.json", &serde_json::to_vec(&manifest)?)?;
    Ok(archive.into_inner()?.flush()?)
}

/// Writes an image of these layers, the lowest first, as an OCI layout with one entry, `name`. Only one
/// layer is held at a time.
pub fn write_layout(
    folder: &Path,
    name: &str,
    codec: Codec,
    layers: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> anyhow::Result<()> {
    write_layout_that_runs(folder, name, codec, layers, json!({"Entrypoint": ["/none"]}))
}

/// Writes a layout as [`write_layout`] does, of an image that runs as `config` says.
pub fn write_layout_that_runs(
    folder: &Path,
    name: &str,
    codec: Codec,
    layers: impl IntoIterator<Item = impl AsRef<[u8]>>,
    config: Value,
) -> anyhow::Result<()> {
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs)?;
    let put = |media_type: &str, bytes: &[u8]| {
        let hex = hex(bytes);
        std::fs::write(blobs.join(&hex), bytes).with_context(|| hex.clone())?;
        let (digest, size) = (format!("sha256:{hex}"), bytes.len());
        Ok::<_, anyhow::Error>(json!({"mediaType": media_type, "digest": digest, "size": size}))
    };
    let (mut stored, mut diff_ids) = (Vec::new(), Vec::new());
    for tar in layers {
        diff_ids.push(hex(tar.as_ref()));
        stored.push(put(codec.media_type(), &codec.compress(tar.as_ref())?)?);
    }
    let config = put("application/vnd.oci.image.config.v1+json", &self::config(&diff_ids, config)?)?;
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": stored});
    let mut entry = put(MANIFEST, &serde_json::to_vec(&manifest)?)?;
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
    let index = json!({"schemaVersion": 2, "manifests": [entry]});
    std::fs::write(folder.join("index.json"), serde_json::to_vec(&index)?)?;
    Ok(std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?)
}

/// Changes the manifest of the only image of a layout, and makes its digest right again.
pub fn edit_manifest(folder: &Path, change: impl FnOnce(&mut Value)) -> anyhow::Result<()> {
    let index = folder.join("index.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&index)?)?;
    edit(folder, &mut document["manifests"][0], change)?;
    Ok(std::fs::write(index, serde_json::to_vec(&document)?)?)
}

/// Changes the configuration of the only image of a layout, and makes the digests right again.
pub fn edit_config(folder: &Path, change: impl FnOnce(&mut Value)) -> anyhow::Result<()> {
    let mut edited = Ok(());
    edit_manifest(folder, |manifest| edited = edit(folder, &mut manifest["config"], change))?;
    edited
}

/// Changes the document that a descriptor names, and the descriptor with it.
fn edit(folder: &Path, descriptor: &mut Value, change: impl FnOnce(&mut Value)) -> anyhow::Result<()> {
    let blob = |digest: &str| folder.join("blobs").join(digest.replace(':', "/"));
    let digest = descriptor["digest"].as_str().context("a descriptor has a digest")?;
    let mut document = serde_json::from_slice(&std::fs::read(blob(digest))?)?;
    change(&mut document);
    let bytes = serde_json::to_vec(&document)?;
    let digest = format!("sha256:{}", hex(&bytes));
    std::fs::write(blob(&digest), &bytes)?;
    (descriptor["digest"], descriptor["size"]) = (json!(digest), json!(bytes.len()));
    Ok(())
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Returns the configuration of an image of layers with these digests, with a step of its history for
/// each.
fn config(diff_ids: &[String], running: Value) -> anyhow::Result<Vec<u8>> {
    let history: Vec<_> = (1..=diff_ids.len())
        .map(|number| json!({"created": "2023-11-14T22:13:20Z", "created_by": format!("step {number}")}))
        .collect();
    let diff_ids: Vec<String> = diff_ids.iter().map(|hex| format!("sha256:{hex}")).collect();
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": running,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    });
    Ok(serde_json::to_vec(&config)?)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn append(archive: &mut Builder<impl Write>, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    Ok(archive.append_data(&mut header, name, bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Listing;

    #[test]
    fn layers_are_read_as_they_were_written() {
        let long = "deep/".repeat(30) + "file";
        let lower =
            Layer::new().directory("./a/").file("a/x", "1").mode(0o4755).file("a/y", "2").file(&long, "3");
        let upper = Layer::new().owner(7, 8).whiteout("a/x").symlink("l", "a/y").hard_link("h", "a/y");
        let listing = Listing::of_layers([&lower.tar()[..], &upper.tar()[..]]).expect("two layers");
        let paths: Vec<String> = listing.paths().collect();
        assert_eq!(paths, ["a", "a/y", &long, "h", "l"]);
        assert_eq!(listing.get("a/y").map(|item| item.mode), Some(0o4755));
        assert_eq!(listing.get("l").map(|item| (item.uid, item.gid)), Some((7, 8)));
    }

    #[test]
    fn layouts_hold_the_layers() {
        let scratch = crate::Scratch::new();
        let layers = [Layer::new().file("one", "1").tar(), Layer::new().whiteout("one").tar()];
        for codec in [Codec::Plain, Codec::Gzip, Codec::Zstd] {
            let folder = scratch.join(format!("{codec:?}"));
            write_layout(&folder, "it", codec, &layers).expect("a layout");
            assert_eq!(crate::layout::names(&folder).expect("its entries"), ["it"]);
            let image = crate::layout::single(&folder, "it").expect("an image");
            assert_eq!(image.diff_ids().len(), 2);
            assert_eq!(image.listing().expect("layers").paths().count(), 0, "{codec:?}");
        }
    }
}
