//! Media types of images, OCI's and Docker's.

/// OCI image index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image configuration.
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI layer, not compressed.
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// OCI layer, compressed with gzip.
pub const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI layer, compressed with zstd.
pub const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// The empty JSON object, which stands where an artifact has no configuration.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Docker's manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's image manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Says whether the media type is that of an index.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, INDEX | DOCKER_INDEX)
}

/// Says whether the media type is that of a manifest.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, MANIFEST | DOCKER_MANIFEST)
}

/// Says whether the media type is that of an image's configuration.
pub fn is_config(media_type: &str) -> bool {
    matches!(media_type, CONFIG | DOCKER_CONFIG)
}

/// Says whether the media type is that of a layer, also of one that may not be distributed.
pub fn is_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
}

/// Says whether the media type is that of a layer that can be read: a tar archive, plain or compressed
/// with gzip or zstd, and not encrypted.
pub fn is_readable_layer(media_type: &str) -> bool {
    let archive = ["tar", "tar+gzip", "tar.gzip", "tar+zstd", "tar.zstd"];
    is_layer(media_type) && archive.iter().any(|form| media_type.ends_with(&format!(".{form}")))
}

/// Says whether the media type is that of a layer that may not be distributed with its image.
pub fn is_foreign(media_type: &str) -> bool {
    is_layer(media_type) && (media_type.contains(".nondistributable.") || media_type.contains(".foreign."))
}
