//! Small images: a config, a 16 KiB layer and the manifest, distinct by number.

use regctl::hash::Hasher;
use regctl::oci::{Algorithm, Digest};

use crate::payload::random;

/// The media type of the manifests made here.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The `Accept` header of docker.
pub(crate) const ACCEPT: &str = "Accept: application/vnd.oci.image.manifest.v1+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json\r\n";

/// A blob or manifest and its digest.
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
}

impl Content {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = Hasher::digest(Algorithm::Sha256, &bytes);
        Self { bytes, digest }
    }
}

/// A small image.
pub(crate) struct Image {
    pub(crate) config: Content,
    pub(crate) layer: Content,
    pub(crate) manifest: Content,
}

impl Image {
    /// The image with this number, with its own config, layer and manifest.
    pub(crate) fn new(number: u64) -> Self {
        Self::with_layer(number, random(number, 16 << 10))
    }

    /// The image with this number, with a layer that others may share.
    pub(crate) fn with_layer(number: u64, layer: Vec<u8>) -> Self {
        let layer = Content::new(layer);
        let config = Content::new(
            format!(
                r#"{{"architecture":"amd64","os":"linux","created":"2024-05-01T10:00:00Z","config":{{"Env":["NUMBER={number}"],"Cmd":["/app"]}},"rootfs":{{"type":"layers","diff_ids":["{}"]}},"history":[{{"created":"2024-05-01T10:00:00Z","created_by":"COPY app /app"}}]}}"#,
                layer.digest
            )
            .into_bytes(),
        );
        let manifest = Content::new(
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{}","size":{}}}]}}"#,
                config.digest,
                config.bytes.len(),
                layer.digest,
                layer.bytes.len()
            )
            .into_bytes(),
        );
        Self {
            config,
            layer,
            manifest,
        }
    }
}
