//! An image of one program: a layer with the program and its files, a configuration, and the
//! archive around them, which is an OCI layout that docker loads.
//!
//! The same input gives the same bytes: times are zero, and files keep the given order. Programs
//! for several architectures become an index, of which docker's classic store loads the first.

use std::io::{self, Read, Write};

use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use super::{Compression, Compressor, Writer};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The date in configurations.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The content at a path of the layer.
pub enum Node {
    /// A directory: its user and group id, and its mode.
    Directory(u64, u32),
    /// Small content.
    Text(Vec<u8>),
    /// Content of a size, and whether it is executable.
    File(Box<dyn Read>, u64, bool),
    /// A symbolic link.
    Link(String),
}

/// A program for one architecture.
pub struct Program {
    /// The architecture in OCI's terms: `amd64`.
    pub architecture: String,
    /// Paths without a leading slash; a directory comes before its content.
    pub nodes: Vec<(String, Node)>,
    /// How the program runs: the object `config` of an image's configuration.
    pub config: Value,
}

/// A blob of the archive.
struct Blob {
    digest: Digest,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = Hasher::digest(Algorithm::Sha256, &bytes);
        Self { digest, bytes }
    }

    fn json(value: &Value) -> Self {
        Self::new(value.to_string().into_bytes())
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digest.hex())
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// Writes the archive; `names` are the image's names in docker.
pub fn write(output: impl Write, programs: Vec<Program>, names: &[String]) -> io::Result<()> {
    let mut archive = Writer::new(output);
    let layout = json!({"imageLayoutVersion": "1.0.0"});
    archive.document("oci-layout", layout.to_string().as_bytes())?;
    let mut manifests = Vec::new();
    let mut docker = Vec::new();
    for program in programs {
        let architecture = program.architecture.clone();
        let (layer, diff_id) = layer(program.nodes)?;
        let config = Blob::json(&json!({
            "architecture": architecture, "os": "linux", "created": CREATED,
            "config": program.config,
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
            "history": [{"created": CREATED, "created_by": "regctl image"}],
        }));
        let manifest = Blob::json(&json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": config.descriptor(CONFIG), "layers": [layer.descriptor(LAYER)],
        }));
        let mut descriptor = manifest.descriptor(MANIFEST);
        descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
        manifests.push(descriptor);
        docker.push(json!({
            "Config": config.path(), "RepoTags": names, "Layers": [layer.path()],
        }));
        for blob in [layer, config, manifest] {
            archive.document(&blob.path(), &blob.bytes)?;
        }
    }
    let mut top = if manifests.len() == 1 {
        manifests.remove(0)
    } else {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        let index = Blob::json(&index);
        archive.document(&index.path(), &index.bytes)?;
        index.descriptor(INDEX)
    };
    let entries = names.iter().map(|name| {
        let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
        top["annotations"] = json!({
            "io.containerd.image.name": format!("docker.io/library/{name}"),
            "org.opencontainers.image.ref.name": tag,
        });
        top.clone()
    });
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": entries.collect::<Vec<_>>(),
    });
    archive.document("index.json", index.to_string().as_bytes())?;
    docker.truncate(1);
    archive.document("manifest.json", Value::Array(docker).to_string().as_bytes())?;
    archive.finish()?;
    Ok(())
}

/// A compressed layer and its diffID.
fn layer(nodes: Vec<(String, Node)>) -> io::Result<(Blob, Digest)> {
    let compression = Compression::Gzip;
    let level = compression.default_level();
    let compressor = Compressor::new(Vec::new(), compression, level)?;
    let mut tar = Builder::new(Hashed {
        inner: compressor,
        hasher: Hasher::new(Algorithm::Sha256),
    });
    for (path, node) in nodes {
        append(&mut tar, &path, node)?;
    }
    let hashed = tar.into_inner()?;
    let diff_id = hashed.hasher.finish();
    Ok((Blob::new(hashed.inner.finish()?), diff_id))
}

fn append<W: Write>(tar: &mut Builder<W>, path: &str, node: Node) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    header.set_mode(0o644);
    match node {
        Node::Directory(owner, mode) => {
            header.set_entry_type(EntryType::Directory);
            header.set_uid(owner);
            header.set_gid(owner);
            header.set_mode(mode);
            tar.append_data(&mut header, format!("{path}/"), io::empty())
        }
        Node::Text(bytes) => {
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, path, &bytes[..])
        }
        Node::File(content, size, runs) => {
            header.set_size(size);
            header.set_mode(if runs { 0o755 } else { 0o644 });
            tar.append_data(&mut header, path, content.take(size))
        }
        Node::Link(target) => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            tar.append_link(&mut header, path, target)
        }
    }
}

/// Hashes the written bytes.
struct Hashed<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
