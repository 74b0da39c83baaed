//! Images for the tests of this crate, made from listings of paths and contents.

use std::collections::BTreeMap;

use crate::digest::{DiffId, Digest};
use crate::filesystem::{Content, Entry, FileTree, Metadata};
use crate::layer::compression::{Codec, compress};
use crate::layer::writer::write_tree;
use crate::layout::{Durability, Layout, Writer};
use crate::manifest::{Descriptor, Document, ImageConfig, Index, Manifest, media_type};
use crate::path::TreePath;
use crate::platform::Platform;

/// One layer: paths with contents; a path that ends in `/` is a directory, a content that starts
/// with `-> ` the target of a symbolic link.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// A layout in a folder that goes away with it.
pub(crate) struct Scratch {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) layout: Layout,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let layout = Layout::create(folder.path().join("layout")).expect("a layout");
        Self { folder, layout }
    }

    pub(crate) fn writer(&self) -> Writer {
        self.layout.write(Durability::Process).expect("the lock")
    }
}

/// Returns the tar bytes of a layer. Parents of the paths are not added.
pub(crate) fn tar(files: Files<'_>) -> Vec<u8> {
    let mut tree = FileTree::new();
    let mut contents = BTreeMap::new();
    for (name, text) in files {
        let path = TreePath::parse(name).expect("a valid path");
        let entry = if name.ends_with('/') {
            Entry::directory(Metadata::root(0o755, 7))
        } else if let Some(target) = text.strip_prefix("-> ") {
            Entry::symlink(target.as_bytes(), 7)
        } else {
            let content = Content::of(text.as_bytes());
            contents.insert(content.digest, text.as_bytes());
            Entry::file(content, Metadata::root(0o644, 7))
        };
        tree.insert(path, entry);
    }
    let mut out = Vec::new();
    write_tree(&tree, &mut out, |_, content| Ok(contents[&content.digest])).expect("memory takes all");
    out
}

/// Stores an image of these layers for one platform and returns its manifest's descriptor.
pub(crate) fn image(writer: &Writer, platform: &str, codec: Codec, layers: &[Files<'_>]) -> Descriptor {
    let platform: Platform = platform.parse().expect("a platform");
    let media_type = match codec {
        Codec::None => media_type::LAYER,
        Codec::Gzip { .. } => media_type::LAYER_GZIP,
        Codec::Zstd { .. } => media_type::LAYER_ZSTD,
    };
    let tars: Vec<Vec<u8>> = layers.iter().map(|files| tar(files)).collect();
    let diff_ids = tars.iter().map(|tar| DiffId(Digest::of(tar))).collect();
    let layers = tars
        .iter()
        .map(|tar| {
            let blob = compress(codec, tar).expect("memory takes all");
            writer.put(media_type, &blob[..], None).expect("the layer is stored")
        })
        .collect();
    let config = Document::new(ImageConfig::new(platform.clone(), diff_ids));
    let config = writer.put_document(media_type::CONFIG, &config).expect("the configuration is stored");
    let manifest = Document::new(Manifest::image(config, layers));
    writer
        .put_document(media_type::MANIFEST, &manifest)
        .expect("the manifest is stored")
        .with_platform(platform)
}

/// Stores an index of these manifests.
pub(crate) fn index(writer: &Writer, manifests: Vec<Descriptor>) -> Descriptor {
    writer.put_document(media_type::INDEX, &Document::new(Index::of(manifests))).expect("the index is stored")
}

/// Stores an artifact about `subject`.
pub(crate) fn referrer(writer: &Writer, subject: &Descriptor, text: &str) -> Descriptor {
    let config = writer.put(media_type::EMPTY, &b"{}"[..], None).expect("the configuration is stored");
    let layer = writer.put("text/plain", text.as_bytes(), None).expect("the text is stored");
    let mut manifest = Manifest::image(config, vec![layer]);
    manifest.artifact_type = Some("application/example".to_owned());
    manifest.subject = Some(Descriptor::new(&subject.media_type, subject.digest, subject.size));
    writer.put_document(media_type::MANIFEST, &Document::new(manifest)).expect("the manifest is stored")
}
