//! Manifests about other manifests: signatures, SBOMs, evidence.

use std::sync::Arc;

use attar_image::layout::{LayoutError, Writer};
use attar_image::manifest::{Annotations, Descriptor, Document, Manifest, media_type};

use crate::blob::MemoryBlobs;
use crate::contents::{Contents, RawManifest};

/// The empty JSON object that stands where an artifact has no configuration.
const EMPTY: &[u8] = b"{}";

/// Something about an image, or a thing of its own, that is stored like an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// What it is, as a media type.
    pub artifact_type: String,
    /// Its parts.
    pub layers: Vec<ArtifactLayer>,
    /// Annotations of the manifest.
    pub annotations: Annotations,
    /// The manifest or index that it is about.
    pub subject: Option<Descriptor>,
}

/// One part of an artifact.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactLayer {
    /// What it is.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Annotations of its descriptor.
    pub annotations: Annotations,
}

impl Artifact {
    /// Returns the manifest, as the image specification says for artifacts without a configuration.
    pub fn manifest(&self) -> Document<Manifest> {
        let layers = self.layers.iter().map(|layer| Descriptor {
            annotations: layer.annotations.clone(),
            ..Descriptor::of(&layer.media_type, &layer.bytes)
        });
        let mut manifest = Manifest::image(Descriptor::of(media_type::EMPTY, EMPTY), layers.collect());
        manifest.artifact_type = Some(self.artifact_type.clone());
        manifest.annotations = self.annotations.clone();
        // What an index or a layout says about the subject does not belong here.
        manifest.subject = self
            .subject
            .as_ref()
            .map(|subject| Descriptor::new(&subject.media_type, subject.digest, subject.size));
        Document::new(manifest)
    }

    /// Returns the descriptor of the manifest, as lists of referrers show it.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            artifact_type: Some(self.artifact_type.clone()),
            annotations: self.annotations.clone(),
            ..self.manifest().descriptor(media_type::MANIFEST)
        }
    }

    /// Returns what is pushed.
    pub fn contents(&self) -> Contents {
        let mut blobs = MemoryBlobs::default();
        blobs.add(media_type::EMPTY, EMPTY);
        for layer in &self.layers {
            blobs.add(&layer.media_type, Arc::clone(&layer.bytes));
        }
        let manifest = RawManifest::new(self.descriptor(), &self.manifest());
        Contents { manifests: vec![manifest], blobs: Arc::new(blobs) }
    }

    /// Writes manifest and parts to a layout and returns the manifest's descriptor.
    pub fn write(&self, writer: &Writer) -> Result<Descriptor, LayoutError> {
        writer.put(media_type::EMPTY, EMPTY, None)?;
        for layer in &self.layers {
            writer.put(&layer.media_type, &layer.bytes[..], None)?;
        }
        writer.put_document(media_type::MANIFEST, &self.manifest())?;
        Ok(self.descriptor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_names_its_subject_and_nothing_else() {
        let subject = Descriptor::of(media_type::INDEX, b"index").with_annotation("a", "b");
        let layer = ArtifactLayer {
            media_type: "text/plain".into(),
            bytes: Arc::from(&b"evidence"[..]),
            annotations: Annotations::new(),
        };
        let artifact = Artifact {
            artifact_type: "application/vnd.example+json".into(),
            layers: vec![layer],
            annotations: Annotations::new(),
            subject: Some(subject),
        };
        let manifest: serde_json::Value = serde_json::from_slice(artifact.manifest().bytes()).expect("JSON");
        insta::assert_snapshot!(serde_json::to_string_pretty(&manifest).expect("JSON"), @r#"
{
  "artifactType": "application/vnd.example+json",
  "config": {
    "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "mediaType": "application/vnd.oci.empty.v1+json",
    "size": 2
  },
  "layers": [
    {
      "digest": "sha256:ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e",
      "mediaType": "text/plain",
      "size": 8
    }
  ],
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "schemaVersion": 2,
  "subject": {
    "digest": "sha256:1bc04b5291c26a46d918139138b992d2de976d6851d0893b0476b85bfbdfc6e6",
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "size": 5
  }
}
"#);
        let contents = artifact.contents();
        assert_eq!(contents.root().map(|root| root.descriptor.digest), Some(artifact.descriptor().digest));
    }
}
