//! Image archives in the form of each producer, and tar members that none of them writes.

use std::io::Write as _;

use regctl::archive::{Compression, Compressor};
use serde_json::{Value, json};

use super::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, descriptor, random_bytes, sha256};

/// A tar stream being written, without the checks of a library.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A header with any size field.
    pub(crate) fn header(mut self, kind: u8, name: &str, target: &str, size: u64) -> Self {
        let mut header = tar::Header::new_gnu();
        let fields = header.as_gnu_mut().unwrap();
        fields.name[..name.len()].copy_from_slice(name.as_bytes());
        fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self
    }

    fn data(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, name: &str, bytes: &[u8]) -> Self {
        let whole = if name.len() > 100 {
            self.header(b'L', "././@LongLink", "", name.len() as u64 + 1)
                .data(format!("{name}\0").as_bytes())
        } else {
            self
        };
        let short: String = name.chars().take(100).collect();
        whole
            .header(b'0', &short, "", bytes.len() as u64)
            .data(bytes)
    }

    /// A file whose name and size are only in a PAX header.
    pub(crate) fn pax_file(self, name: &str, bytes: &[u8]) -> Self {
        let record = |key: &str, value: &str| {
            let rest = key.len() + value.len() + 3;
            let mut length = rest + 1;
            while length != rest + length.to_string().len() {
                length += 1;
            }
            format!("{length} {key}={value}\n")
        };
        let records = [
            record("comment", "none"),
            record("path", name),
            record("size", &bytes.len().to_string()),
        ]
        .concat();
        self.header(b'x', "PaxHeader", "", records.len() as u64)
            .data(records.as_bytes())
            .header(b'0', "short", "", 0)
            .data(bytes)
    }

    pub(crate) fn json(self, name: &str, value: &Value) -> Self {
        self.file(name, value.to_string().as_bytes())
    }

    pub(crate) fn directory(self, name: &str) -> Self {
        self.header(b'5', name, "", 0)
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.header(b'2', name, target, 0)
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.header(b'1', name, target, 0)
    }

    /// The archive without the marker at its end.
    pub(crate) fn unfinished(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0.resize(self.0.len().next_multiple_of(10240), 0);
        self.0
    }
}

/// A layer: one file of random bytes, compressible to about a half.
pub(crate) fn layer(seed: u64, size: usize) -> Vec<u8> {
    let mut content = random_bytes(seed, size / 2);
    content.resize(size, b'a');
    Tar::new().file(&format!("file{seed}"), &content).finish()
}

/// A plain layer as regctl compresses it by default.
pub(crate) fn gzipped(layer: &[u8]) -> Vec<u8> {
    compressed(layer, Compression::Gzip)
}

pub(crate) fn compressed(layer: &[u8], kind: Compression) -> Vec<u8> {
    let mut compressor = Compressor::new(Vec::new(), kind, kind.default_level()).unwrap();
    compressor.write_all(layer).unwrap();
    compressor.finish().unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    sha256(bytes).hex()
}

/// An image, not packed yet.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// Plain.
    pub(crate) layers: Vec<Vec<u8>>,
    pub(crate) config: Vec<u8>,
}

impl Packed {
    pub(crate) fn new(layers: &[Vec<u8>]) -> Self {
        Self::for_platform(layers, "amd64")
    }

    pub(crate) fn for_platform(layers: &[Vec<u8>], architecture: &str) -> Self {
        let diff_ids: Vec<_> = layers
            .iter()
            .map(|layer| sha256(layer).to_string())
            .collect();
        let config = json!({
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/start"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [],
        });
        Self {
            layers: layers.to_vec(),
            config: config.to_string().into_bytes(),
        }
    }

    /// Two small layers.
    pub(crate) fn small(seed: u64) -> Self {
        Self::new(&[layer(seed, 3000), layer(seed + 1, 70_000)])
    }

    pub(crate) fn config_name(&self) -> String {
        format!("{}.json", hex(&self.config))
    }

    /// Its manifest in docker's format as regctl creates it, with layers in some form.
    pub(crate) fn docker_manifest(&self, form: impl Fn(&[u8]) -> Vec<u8>, suffix: &str) -> Vec<u8> {
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|layer| {
                let blob = form(layer);
                json!({
                    "mediaType": format!("application/vnd.docker.image.rootfs.diff.tar{suffix}"),
                    "size": blob.len(),
                    "digest": sha256(&blob).to_string(),
                })
            })
            .collect();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": self.config.len(),
                "digest": sha256(&self.config).to_string(),
            },
            "layers": layers,
        });
        manifest.to_string().into_bytes()
    }

    /// Its OCI manifest with unusual indentation, so that its bytes are recognisable.
    pub(crate) fn oci_manifest(&self, form: impl Fn(&[u8]) -> Vec<u8>, suffix: &str) -> Vec<u8> {
        let media_type = format!("application/vnd.oci.image.layer.v1.tar{suffix}");
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|layer| descriptor(&media_type, &form(layer)))
            .collect();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, &self.config),
            "layers": layers,
            "annotations": {"org.example.kept": "yes"},
        });
        serde_json::to_vec_pretty(&manifest).unwrap()
    }

    /// Its configuration and layers, in some form, as members of an OCI layout.
    pub(crate) fn blobs(&self, tar: Tar, form: impl Fn(&[u8]) -> Vec<u8>) -> Tar {
        let tar = tar.blob(&self.config);
        self.layers
            .iter()
            .fold(tar, |tar, layer| tar.blob(&form(layer)))
    }

    /// Its entry in `manifest.json`, in docker's newer format.
    pub(crate) fn item(&self, tags: &Value, form: impl Fn(&[u8]) -> Vec<u8>) -> Value {
        let path = |bytes: &[u8]| format!("blobs/sha256/{}", hex(bytes));
        let layers: Vec<_> = self.layers.iter().map(|layer| path(&form(layer))).collect();
        json!({"Config": path(&self.config), "RepoTags": tags, "Layers": layers})
    }
}

impl Tar {
    /// A member of an OCI layout.
    pub(crate) fn blob(self, bytes: &[u8]) -> Self {
        self.file(&format!("blobs/sha256/{}", hex(bytes)), bytes)
    }

    /// The two documents of an OCI layout. Entries are manifests with their types and names.
    pub(crate) fn layout(self, entries: &[(&str, &[u8], Option<&str>)]) -> Self {
        let manifests: Vec<_> = entries
            .iter()
            .map(|(media_type, bytes, name)| {
                let mut entry = descriptor(media_type, bytes);
                if let Some(name) = name {
                    let tag = name.rsplit(':').next().unwrap();
                    entry["annotations"] = json!({
                        "io.containerd.image.name": format!("docker.io/library/{name}"),
                        "org.opencontainers.image.ref.name": tag,
                    });
                }
                entry
            })
            .collect();
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
        self.json("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}))
            .json("index.json", &index)
    }
}

/// The directory name of a layer in docker's older store.
fn id(number: usize, layer: &[u8]) -> String {
    hex(format!("{number} {}", hex(layer)).as_bytes())
}

/// A. The format of docker before 25: a repeated layer is a symbolic link, here before its target.
pub(crate) fn docker_24(images: &[(&Packed, Value)]) -> Tar {
    let mut tar = Tar::new();
    let mut items = Vec::new();
    for (image, tags) in images {
        let mut names = Vec::new();
        for (number, layer) in image.layers.iter().enumerate() {
            let id = id(number, layer);
            let later = image
                .layers
                .iter()
                .rposition(|other| other == layer)
                .unwrap();
            let name = format!("{id}/layer.tar");
            tar = tar
                .directory(&format!("{id}/"))
                .file(&format!("{id}/VERSION"), b"1.0")
                .json(&format!("{id}/json"), &json!({"id": id, "os": "linux"}));
            tar = if later == number {
                tar.file(&name, layer)
            } else {
                let target = self::id(later, layer);
                tar.symlink(&name, &format!("../{target}/layer.tar"))
            };
            names.push(name);
        }
        tar = tar.file(&image.config_name(), &image.config);
        items.push(json!({"Config": image.config_name(), "RepoTags": tags, "Layers": names}));
    }
    tar.json("manifest.json", &Value::Array(items))
        .json("repositories", &json!({}))
}

/// B. The format of docker since 25 with the classic store: plain layers, named by their digest.
pub(crate) fn docker_25(image: &Packed, name: &str) -> Tar {
    let plain = <[u8]>::to_vec;
    let manifest = image.oci_manifest(plain, "");
    image
        .blobs(Tar::new(), plain)
        .blob(br#"{"id":"a version 1 document that nothing refers to"}"#)
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some(name))])
        .json("manifest.json", &json!([image.item(&json!([name]), plain)]))
        .json("repositories", &json!({}))
}

/// D. The format of podman.
pub(crate) fn podman(image: &Packed, tags: &Value) -> Tar {
    let mut tar = Tar::new();
    let mut names = Vec::new();
    for (number, layer) in image.layers.iter().enumerate() {
        let name = format!("{}.tar", hex(layer));
        if !names.contains(&name) {
            tar = tar.file(&name, layer);
        }
        tar = tar.symlink(
            &format!("{}/layer.tar", id(number, layer)),
            &format!("../{name}"),
        );
        names.push(name);
    }
    tar.file(&image.config_name(), &image.config)
        .json(
            "manifest.json",
            &json!([{"Config": image.config_name(), "RepoTags": tags, "Layers": names}]),
        )
        .json("repositories", &json!({}))
}

/// E. The format of crane.
pub(crate) fn crane(image: &Packed, name: &str) -> Tar {
    let config = format!("sha256:{}", hex(&image.config));
    let mut tar = Tar::new().file(&config, &image.config);
    let mut names = Vec::new();
    for layer in &image.layers {
        let blob = gzipped(layer);
        let name = format!("{}.tar.gz", hex(&blob));
        tar = tar.file(&name, &blob);
        names.push(name);
    }
    tar.json(
        "manifest.json",
        &json!([{"Config": config, "RepoTags": [name], "Layers": names}]),
    )
}

/// C, F. An OCI layout with compressed layers: its documents last or first.
pub(crate) fn oci(image: &Packed, name: &str, documents_first: bool) -> Tar {
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let documents = |tar: Tar| {
        tar.layout(&[(OCI_MANIFEST, &manifest, Some(name))]).json(
            "manifest.json",
            &json!([image.item(&json!([name]), gzipped)]),
        )
    };
    if documents_first {
        image.blobs(documents(Tar::new()), gzipped).blob(&manifest)
    } else {
        documents(image.blobs(Tar::new(), gzipped).blob(&manifest))
    }
}
