//! Parses stored manifests that are partly malformed.
//!
//! Other registries accept documents that this one refuses. Their references still keep content
//! alive, so each reference is parsed by itself.

use serde_json::{Map, Value};

use super::{Body, ManifestView, shape};
use crate::oci::{Descriptor, Digest, MediaType, Platform};

/// The view of a document, and whether every reference in it was understood. `None` if it is not a
/// JSON object, or its kind can't be determined.
pub(super) fn salvage(bytes: &[u8]) -> Option<(ManifestView, bool)> {
    let Value::Object(object) = serde_json::from_slice(bytes).ok()? else {
        return None;
    };
    let mut complete = true;
    let mut list = |key: &str| {
        let (found, all) = descriptors(object.get(key)?)?;
        complete &= all;
        Some(found)
    };
    let (layers, manifests, blobs) = (list("layers"), list("manifests"), list("blobs"));
    let one = |key: &str| object.get(key).filter(|value| !value.is_null());
    let config = one("config").and_then(descriptor);
    complete &= config.is_some() || one("config").is_none();
    // A subject is not kept by its referrers, so an unreadable subject loses nothing.
    let subject = one("subject").and_then(descriptor);
    let fs_layers = object.get("fsLayers").and_then(Value::as_array);
    let fs_layers = fs_layers.map(|layers| {
        let read = |layer: &Value| serde_json::from_value(layer.clone()).ok();
        let found: Vec<_> = layers.iter().filter_map(read).collect();
        complete &= found.len() == layers.len();
        found
    });
    let body = Body {
        schema_version: object.get("schemaVersion").and_then(Value::as_i64),
        media_type: text(&object, "mediaType").map(|text| MediaType::new(&text)),
        artifact_type: text(&object, "artifactType"),
        config,
        layers,
        manifests,
        blobs,
        subject,
        annotations: object.get("annotations").map(annotations),
        fs_layers,
    };
    let claimed = body.media_type.clone();
    let media_type = claimed
        .filter(MediaType::is_well_formed)
        .or_else(|| shape(&body))
        .or_else(|| shape_of_keys(&object))?;
    // A document with the fields of both kinds keeps the references of both.
    complete &= body.layers.is_none() || body.blobs.is_none();
    let view = if media_type.is_schema1() {
        ManifestView::schema1(media_type, body)
    } else {
        ManifestView::of(media_type, body)
    };
    Some((view, complete))
}

/// The media type by the keys, if all of their values are `null`.
fn shape_of_keys(object: &Map<String, Value>) -> Option<MediaType> {
    if object.contains_key("manifests") {
        Some(MediaType::OCI_INDEX)
    } else if object.contains_key("layers") || object.contains_key("config") {
        Some(MediaType::OCI_MANIFEST)
    } else {
        None
    }
}

/// The readable descriptors of a list, and whether these are all; `None` for `null`.
fn descriptors(value: &Value) -> Option<(Vec<Descriptor>, bool)> {
    if value.is_null() {
        return None;
    }
    let Some(items) = value.as_array() else {
        return Some((Vec::new(), false));
    };
    let found: Vec<Descriptor> = items.iter().filter_map(descriptor).collect();
    let all = found.len() == items.len();
    Some((found, all))
}

/// Only the digest is required.
fn descriptor(value: &Value) -> Option<Descriptor> {
    if let Ok(descriptor) = serde_json::from_value(value.clone()) {
        return Some(descriptor);
    }
    let object = value.as_object()?;
    let digest: Digest = object.get("digest")?.as_str()?.parse().ok()?;
    let platform = object
        .get("platform")
        .and_then(|platform| serde_json::from_value::<Platform>(platform.clone()).ok());
    let urls = object.get("urls").and_then(Value::as_array);
    let urls = urls.into_iter().flatten().filter_map(Value::as_str);
    Some(Descriptor {
        media_type: MediaType::new(&text(object, "mediaType").unwrap_or_default()),
        digest,
        size: object
            .get("size")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        urls: urls.map(str::to_owned).collect(),
        platform,
        artifact_type: text(object, "artifactType"),
        annotations: object.get("annotations").map(annotations),
    })
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// The annotations whose values are texts.
fn annotations(value: &Value) -> std::collections::BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
