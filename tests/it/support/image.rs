//! Images to push: real JSON, and random layers that are reproducible from a seed.

use regctl::oci::Digest;
use serde_json::{Value, json};

use super::client::sha256;

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A pseudo-random generator (splitmix64): small, seeded, the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a small bound");
        usize::try_from(self.next() % bound).expect("a small number")
    }
}

/// Random bytes of this length from a seed.
pub(crate) fn random_bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1));
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The bytes of a manifest and its media type.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

impl Manifest {
    pub(crate) fn new(media_type: &str, value: &Value) -> Self {
        Self::raw(media_type, value.to_string().into_bytes())
    }

    pub(crate) fn raw(media_type: &str, bytes: Vec<u8>) -> Self {
        Self {
            media_type: media_type.to_owned(),
            bytes,
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        sha256(&self.bytes)
    }

    /// What refers to it.
    pub(crate) fn descriptor(&self) -> Value {
        descriptor(&self.media_type, &self.bytes)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("a manifest is JSON")
    }
}

pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({
        "mediaType": media_type,
        "digest": sha256(bytes).to_string(),
        "size": bytes.len(),
    })
}

/// A manifest and the blobs that it needs.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) manifest: Manifest,
    /// The configuration, then the layers.
    pub(crate) blobs: Vec<Vec<u8>>,
}

impl Image {
    /// An image of one small layer.
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_layers(seed, &[1024])
    }

    /// An image with layers of these sizes.
    pub(crate) fn with_layers(seed: u64, sizes: &[usize]) -> Self {
        let layers: Vec<_> = (1..)
            .zip(sizes)
            .map(|(number, &size)| random_bytes(seed.wrapping_mul(1000) + number, size))
            .collect();
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-02T03:04:05Z",
            "config": { "Labels": { "seed": seed.to_string() } },
            "rootfs": {
                "type": "layers",
                "diff_ids": layers.iter().map(|layer| sha256(layer).to_string()).collect::<Vec<_>>(),
            },
            "history": layers.iter().map(|_| json!({ "created_by": "COPY" })).collect::<Vec<_>>(),
        });
        let config = config.to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, &config),
            "layers": layers.iter().map(|layer| descriptor(OCI_LAYER, layer)).collect::<Vec<_>>(),
        });
        Self {
            manifest: Manifest::new(OCI_MANIFEST, &manifest),
            blobs: std::iter::once(config).chain(layers).collect(),
        }
    }

    /// The same blobs with a manifest that has one more field.
    pub(crate) fn with_field(&self, name: &str, value: Value) -> Self {
        let mut manifest = self.manifest.json();
        manifest[name] = value;
        Self {
            manifest: Manifest::new(&self.manifest.media_type, &manifest),
            blobs: self.blobs.clone(),
        }
    }

    /// The same image with one more layer.
    pub(crate) fn with_layer(&self, layer: &[u8]) -> Self {
        let mut layers = self.manifest.json()["layers"].take();
        let list = layers.as_array_mut().expect("a list of layers");
        list.push(descriptor(OCI_LAYER, layer));
        let mut image = self.with_field("layers", layers);
        image.blobs.push(layer.to_vec());
        image
    }

    pub(crate) fn digest(&self) -> Digest {
        self.manifest.digest()
    }
}

/// An index of these manifests, the first for linux/amd64, the second for linux/arm64.
pub(crate) fn index(children: &[&Manifest]) -> Manifest {
    let platforms = ["amd64", "arm64", "s390x", "riscv64"];
    let manifests: Vec<_> = children
        .iter()
        .zip(platforms.iter().cycle())
        .map(|(child, architecture)| {
            let mut descriptor = child.descriptor();
            descriptor["platform"] = json!({ "os": "linux", "architecture": architecture });
            descriptor
        })
        .collect();
    Manifest::new(
        OCI_INDEX,
        &json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests }),
    )
}

/// An artifact with a subject, an empty configuration and one layer.
pub(crate) fn artifact(subject: &Value, artifact_type: &str, seed: u64) -> Image {
    let layer = random_bytes(seed, 64);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": descriptor(OCI_EMPTY, b"{}"),
        "layers": [descriptor("application/vnd.example.thing", &layer)],
        "subject": subject,
        "annotations": { "org.example.seed": seed.to_string() },
    });
    Image {
        manifest: Manifest::new(OCI_MANIFEST, &manifest),
        blobs: vec![b"{}".to_vec(), layer],
    }
}
