//! The manifests of imported images, written once the registry has their blobs.
//!
//! Pure. A manifest whose blobs are stored unchanged keeps its bytes and its digest; otherwise only
//! the necessary fields change, and the indexes above it follow. Invariants: the configuration is
//! never changed, so an image keeps its ID; blobs without a checked digest are not used.

use serde_json::{Value, json};

use super::contents::named_digest;
use super::plan::{IndexPlan, ManifestPlan, Origin, Piece, Role};
use super::{Encoding, Error};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest, MediaType};

/// A blob as the registry stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its digest.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Its compression.
    pub encoding: Encoding,
}

/// The properties of a member, known after its bytes were read.
#[derive(Debug, Clone)]
pub struct BlobInfo {
    /// The digest of the member's bytes, by the algorithm in its name.
    pub digest: Digest,
    /// Bytes of the member.
    pub size: u64,
    /// The digest of the uncompressed bytes, or why decompression failed.
    pub diff_id: Result<Digest, String>,
    /// The blob as the registry stores it.
    pub stored: Stored,
}

/// A manifest to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its type.
    pub media_type: MediaType,
    /// The digest of its bytes.
    pub digest: Digest,
}

impl Assembled {
    fn new(bytes: Vec<u8>, media_type: MediaType) -> Self {
        Self {
            digest: Hasher::digest(Algorithm::Sha256, &bytes),
            bytes,
            media_type,
        }
    }
}

/// Checks a blob against its descriptor, its name and its diffID.
pub fn verify(image: &str, piece: &Piece, info: &BlobInfo) -> Result<(), Error> {
    let member = piece.member.as_deref().unwrap_or(&piece.name);
    let said = piece
        .descriptor
        .as_ref()
        .map(|descriptor| descriptor.digest);
    for expected in said.into_iter().chain(named_digest(member)) {
        if info.digest != expected {
            return Err(Error::Digest {
                image: image.to_owned(),
                member: member.to_owned(),
                expected,
                actual: info.digest,
            });
        }
    }
    if let Some(descriptor) = &piece.descriptor
        && descriptor.size != info.size
    {
        return Err(Error::Image {
            image: image.to_owned(),
            reason: format!(
                "{member} has {} bytes in its manifest, but {} in the archive",
                descriptor.size, info.size
            ),
        });
    }
    match (piece.role, piece.diff_id, &info.diff_id) {
        (Role::Layer(number), Some(expected), Ok(actual)) if *actual != expected => {
            Err(Error::DiffId {
                image: image.to_owned(),
                number,
                member: member.to_owned(),
                expected,
                actual: *actual,
            })
        }
        (Role::Layer(_), Some(_), Err(reason)) => Err(Error::Compression {
            image: image.to_owned(),
            member: member.to_owned(),
            reason: reason.clone(),
        }),
        _ => Ok(()),
    }
}

/// The manifest of an image. `config` and `layers` are the stored blobs, in the plan's order;
/// `None` for a layer that is stored elsewhere.
pub fn manifest(
    plan: &ManifestPlan,
    config: Option<Stored>,
    layers: &[Option<Stored>],
) -> Result<Assembled, Error> {
    match &plan.origin {
        Origin::Kept {
            bytes,
            media_type,
            digest,
        } => {
            let changed = plan.layers.iter().zip(layers).any(|(piece, stored)| {
                let said = piece
                    .descriptor
                    .as_ref()
                    .map(|descriptor| descriptor.digest);
                stored.is_some_and(|stored| Some(stored.digest) != said)
            });
            if changed {
                changed_manifest(plan, bytes, layers)
            } else {
                Ok(Assembled {
                    bytes: bytes.to_vec(),
                    media_type: media_type.clone(),
                    digest: *digest,
                })
            }
        }
        Origin::Made | Origin::V1(_) => made_manifest(plan, config, layers),
    }
}

/// A manifest of the archive with compressed layers in place of plain ones.
fn changed_manifest(
    plan: &ManifestPlan,
    bytes: &[u8],
    layers: &[Option<Stored>],
) -> Result<Assembled, Error> {
    let mut value: Value = parsed(plan, bytes)?;
    let mut docker = false;
    let mut zstd = false;
    for (index, (piece, stored)) in plan.layers.iter().zip(layers).enumerate() {
        let (Some(descriptor), Some(stored)) = (&piece.descriptor, stored) else {
            continue;
        };
        if stored.digest == descriptor.digest {
            continue;
        }
        if !piece.compressible {
            return Err(Error::Image {
                image: plan.image.clone(),
                reason: format!(
                    "{} is of the type {} and can't be compressed; import it from a file, or with \
                     --compression none",
                    piece.name, descriptor.media_type
                ),
            });
        }
        docker |= descriptor.media_type.as_str().contains("docker");
        zstd |= stored.encoding == Encoding::Zstd;
        let layer = &mut value["layers"][index];
        layer["mediaType"] = json!(layer_type(&descriptor.media_type, stored.encoding));
        layer["digest"] = json!(stored.digest);
        layer["size"] = json!(stored.size);
    }
    if docker && zstd {
        to_oci(&mut value);
    }
    let media_type = value["mediaType"].as_str();
    let media_type = media_type.map_or(MediaType::OCI_MANIFEST, MediaType::new);
    Ok(Assembled::new(value.to_string().into_bytes(), media_type))
}

/// The media type of a plain layer after compression.
fn layer_type(plain: &MediaType, encoding: Encoding) -> String {
    let separator = if plain.as_str().contains("docker") {
        '.'
    } else {
        '+'
    };
    match encoding {
        Encoding::Gzip => format!("{plain}{separator}gzip"),
        Encoding::Zstd => format!("{plain}{separator}zstd"),
        _ => plain.to_string(),
    }
}

/// Docker's format has no zstd: converts the manifest to an OCI one with the same blobs.
fn to_oci(value: &mut Value) {
    value["mediaType"] = json!(MediaType::OCI_MANIFEST);
    value["config"]["mediaType"] = json!(MediaType::OCI_CONFIG);
    for layer in value["layers"].as_array_mut().into_iter().flatten() {
        let media_type = layer["mediaType"].as_str().unwrap_or_default();
        let suffix = media_type
            .rsplit_once(".tar")
            .map_or("", |(_, suffix)| suffix);
        let suffix = suffix.replace('.', "+");
        layer["mediaType"] = json!(format!("application/vnd.oci.image.layer.v1.tar{suffix}"));
    }
}

/// A manifest for an image without one: Docker's format, as docker itself would push it, or OCI's
/// if a layer is zstd.
fn made_manifest(
    plan: &ManifestPlan,
    config: Option<Stored>,
    layers: &[Option<Stored>],
) -> Result<Assembled, Error> {
    let oci = layers
        .iter()
        .flatten()
        .any(|stored| stored.encoding == Encoding::Zstd);
    let (media_type, config_type, plain) = if oci {
        (
            MediaType::OCI_MANIFEST,
            MediaType::OCI_CONFIG,
            "application/vnd.oci.image.layer.v1.tar",
        )
    } else {
        (
            MediaType::DOCKER_MANIFEST,
            MediaType::DOCKER_CONFIG,
            "application/vnd.docker.image.rootfs.diff.tar",
        )
    };
    let plain = MediaType::new(plain);
    let mut descriptors = Vec::new();
    for (piece, stored) in plan.layers.iter().zip(layers) {
        let stored = stored.filter(|stored| {
            matches!(
                stored.encoding,
                Encoding::Plain | Encoding::Gzip | Encoding::Zstd
            )
        });
        let Some(stored) = stored else {
            return Err(Error::Image {
                image: plan.image.clone(),
                reason: format!(
                    "{} has a compression that registries don't know; only gzip and zstd can be \
                     imported",
                    piece.name
                ),
            });
        };
        descriptors.push(json!({
            "mediaType": layer_type(&plain, stored.encoding),
            "size": stored.size,
            "digest": stored.digest,
        }));
    }
    let config = config.map(
        |config| json!({"mediaType": config_type, "size": config.size, "digest": config.digest}),
    );
    let value = json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": config,
        "layers": descriptors,
    });
    Ok(Assembled::new(value.to_string().into_bytes(), media_type))
}

fn parsed(plan: &ManifestPlan, bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(super::contents::text(bytes)).map_err(|error| Error::Image {
        image: plan.image.clone(),
        reason: format!("its manifest can't be read: {error}"),
    })
}

/// An index over the pushed manifests of its image, each with its position in the index.
pub fn index(plan: &IndexPlan, children: &[(usize, Assembled)]) -> Result<Assembled, Error> {
    let unreadable = |error: serde_json::Error| Error::Document {
        name: plan.digest.to_string(),
        reason: error.to_string(),
    };
    let mut value: Value =
        serde_json::from_slice(super::contents::text(&plan.bytes)).map_err(unreadable)?;
    let listed = value["manifests"].as_array().cloned().unwrap_or_default();
    let mut renamed: Vec<(String, Digest)> = Vec::new();
    let mut kept = Vec::new();
    for (position, child) in children {
        let Some(mut descriptor) = listed.get(*position).cloned() else {
            continue;
        };
        let said = descriptor["digest"].as_str().unwrap_or_default().to_owned();
        if said != child.digest.to_string() {
            descriptor["mediaType"] = json!(child.media_type);
            descriptor["digest"] = json!(child.digest);
            descriptor["size"] = json!(child.bytes.len());
            renamed.push((said, child.digest));
        }
        kept.push(descriptor);
    }
    if plan.complete && renamed.is_empty() {
        return Ok(Assembled {
            bytes: plan.bytes.to_vec(),
            media_type: plan.media_type.clone(),
            digest: plan.digest,
        });
    }
    // An attestation names the manifest that it describes.
    for descriptor in &mut kept {
        let about = descriptor
            .get_mut("annotations")
            .and_then(|annotations| annotations.get_mut("vnd.docker.reference.digest"));
        if let Some(about) = about
            && let Some((_, new)) = renamed.iter().find(|(old, _)| about.as_str() == Some(old))
        {
            *about = json!(new);
        }
    }
    value["manifests"] = Value::Array(kept);
    let bytes = value.to_string().into_bytes();
    Ok(Assembled::new(bytes, plan.media_type.clone()))
}

#[cfg(test)]
mod tests;
