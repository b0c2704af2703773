//! Tests of collection, the trash and restores.

mod bugs;
mod check;
mod held;
mod journal;
mod large;
mod leftovers;
mod model;
mod pushing;
mod reference;
mod restoring;
mod side_by_side;
mod steps;
mod trash;

use super::*;
use parking_lot::Mutex;

/// Collects. Returns the reported entries.
async fn collect(
    registry: &Registry,
    options: &CollectOptions,
) -> Result<(CollectReport, Vec<CollectEntry>), RegistryError> {
    let entries = Mutex::new(Vec::new());
    let report = registry
        .collect(options, &|thing: CollectEntry| entries.lock().push(thing))
        .await?;
    Ok((report, entries.into_inner()))
}

/// The options of a real collection; with `untagged` also of manifests.
fn real(untagged: bool) -> CollectOptions {
    CollectOptions {
        untagged: untagged.then_some(0),
        ..CollectOptions::default()
    }
}

/// The descriptor of a manifest.
fn descriptor(media_type: &MediaType, digest: &Digest) -> serde_json::Value {
    serde_json::json!({
        "mediaType": media_type.as_str(), "digest": digest.to_string(), "size": 1,
    })
}

/// An index of these manifests.
fn index_of(children: &[Digest]) -> Bytes {
    let children: Vec<_> = children
        .iter()
        .map(|digest| descriptor(&MediaType::OCI_MANIFEST, digest))
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX.as_str(), "manifests": children,
    });
    manifest.to_string().into()
}

/// An image of these blobs with a subject.
fn referrer(blobs: &[Digest], subject: &Digest) -> Bytes {
    let mut manifest: serde_json::Value = serde_json::from_slice(&image(blobs)).unwrap();
    manifest["subject"] = descriptor(&MediaType::OCI_MANIFEST, subject);
    manifest.to_string().into()
}

async fn put_by(
    registry: &Registry,
    name: &str,
    reference: Reference,
    bytes: &Bytes,
) -> Result<Digest, RegistryError> {
    let incoming = Incoming {
        repository: repository(name),
        reference,
        tags: vec![],
        media_type: None,
        bytes: bytes.clone(),
    };
    Ok(registry.put_manifest(incoming).await?.digest)
}

async fn put_untagged(registry: &Registry, name: &str, bytes: &Bytes) -> Digest {
    let reference = Reference::Digest(sha256(bytes));
    put_by(registry, name, reference, bytes).await.unwrap()
}

/// The canonical digests of the blobs in the layout.
async fn placed(root: &Root) -> std::collections::BTreeSet<Digest> {
    let mut there = std::collections::BTreeSet::new();
    for prefix in root.names(layout::BLOBS).await {
        for hex in root.names(&format!("{}/{prefix}", layout::BLOBS)).await {
            there.insert(Digest::from_hex(Algorithm::Sha256, &hex).unwrap());
        }
    }
    there
}
