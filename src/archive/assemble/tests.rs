//! Manifests that stay unchanged, manifests that change, and blobs that differ from their
//! descriptors.

use super::super::plan::Tree;
use super::*;
use crate::oci::Descriptor;

const PLAIN: &str = "application/vnd.docker.image.rootfs.diff.tar";

fn digest(text: &str) -> Digest {
    Hasher::digest(Algorithm::Sha256, text.as_bytes())
}

fn descriptor(media_type: &str, text: &str) -> Descriptor {
    let value = json!({"mediaType": media_type, "digest": digest(text), "size": text.len()});
    serde_json::from_value(value).unwrap()
}

fn piece(number: usize, media_type: &str, text: &str) -> Piece {
    Piece {
        role: Role::Layer(number),
        name: text.to_owned(),
        member: Some(text.to_owned()),
        descriptor: Some(descriptor(media_type, text)),
        diff_id: Some(digest(text)),
        compressible: media_type == PLAIN,
    }
}

fn stored(text: &str, encoding: Encoding) -> Stored {
    Stored {
        digest: digest(text),
        size: text.len() as u64,
        encoding,
    }
}

/// A manifest of two layers, the second compressed from the start.
fn plan() -> ManifestPlan {
    let layers = vec![
        piece(1, PLAIN, "one"),
        piece(2, &format!("{PLAIN}.gzip"), "two"),
    ];
    let value = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DOCKER_MANIFEST,
        "config": descriptor(MediaType::DOCKER_CONFIG.as_str(), "config"),
        "layers": layers.iter().map(|layer| &layer.descriptor).collect::<Vec<_>>(),
        "annotations": {"kept": "yes"},
    });
    let bytes = serde_json::to_vec_pretty(&value).unwrap();
    ManifestPlan {
        image: "app:1".into(),
        origin: Origin::Kept {
            digest: Hasher::digest(Algorithm::Sha256, &bytes),
            media_type: MediaType::DOCKER_MANIFEST,
            bytes: bytes.into(),
        },
        config: None,
        layers,
        platform: None,
    }
}

#[test]
fn a_manifest_is_unchanged_if_possible() {
    let plan = plan();
    let layers = [
        Some(stored("one", Encoding::Plain)),
        Some(stored("two", Encoding::Gzip)),
    ];
    let same = manifest(&plan, None, &layers).unwrap();
    let Origin::Kept { bytes, digest, .. } = &plan.origin else {
        unreachable!()
    };
    assert_eq!((&same.bytes[..], same.digest), (&bytes[..], *digest));
    // A layer that is stored elsewhere does not change the manifest.
    assert_eq!(manifest(&plan, None, &[None, None]).unwrap(), same);
}

#[test]
fn only_what_was_compressed_changes() {
    let layers = [
        Some(stored("1", Encoding::Gzip)),
        Some(stored("two", Encoding::Gzip)),
    ];
    let changed = manifest(&plan(), None, &layers).unwrap();
    let value: Value = serde_json::from_slice(&changed.bytes).unwrap();
    assert_eq!(changed.media_type, MediaType::DOCKER_MANIFEST);
    assert_eq!(value["layers"][0]["mediaType"], format!("{PLAIN}.gzip"));
    assert_eq!(value["layers"][0]["size"], 1);
    assert_eq!(value["layers"][1]["digest"], json!(digest("two")));
    assert_eq!(value["annotations"]["kept"], "yes");
}

#[test]
fn zstd_converts_to_oci() {
    let layers = [
        Some(stored("1", Encoding::Zstd)),
        Some(stored("two", Encoding::Gzip)),
    ];
    let changed = manifest(&plan(), None, &layers).unwrap();
    let value: Value = serde_json::from_slice(&changed.bytes).unwrap();
    assert_eq!(changed.media_type, MediaType::OCI_MANIFEST);
    assert_eq!(value["config"]["mediaType"], json!(MediaType::OCI_CONFIG));
    let types = [0, 1].map(|index| value["layers"][index]["mediaType"].clone());
    let base = "application/vnd.oci.image.layer.v1.tar";
    assert_eq!(
        types,
        [json!(format!("{base}+zstd")), json!(format!("{base}+gzip"))]
    );
}

#[test]
fn incompressible_types_are_refused() {
    let mut plan = plan();
    plan.layers[1] = piece(2, "application/x-tar", "two");
    let layers = [
        Some(stored("one", Encoding::Plain)),
        Some(stored("2", Encoding::Gzip)),
    ];
    let error = manifest(&plan, None, &layers).unwrap_err().to_string();
    assert!(error.contains("application/x-tar"), "{error}");
}

#[test]
fn every_digest_is_checked() {
    let piece = piece(3, PLAIN, "right");
    let info = |text: &str, diff_id: Result<Digest, String>| BlobInfo {
        digest: digest(text),
        size: text.len() as u64,
        diff_id,
        stored: stored(text, Encoding::Plain),
    };
    let check = |info: &BlobInfo| verify("app:1", &piece, info).map_err(|error| error.to_string());
    assert_eq!(check(&info("right", Ok(digest("right")))), Ok(()));
    let wrong = check(&info("wrong", Ok(digest("right")))).unwrap_err();
    assert!(wrong.contains("should have the digest"), "{wrong}");
    let wrong = check(&info("right", Ok(digest("wrong")))).unwrap_err();
    assert!(
        wrong.contains("layer 3 (right) should have the diffID"),
        "{wrong}"
    );
    let wrong = check(&info("right", Err("ends early".into()))).unwrap_err();
    assert!(wrong.contains("ends early"), "{wrong}");
    let mut short = info("right", Ok(digest("right")));
    short.size = 4;
    assert!(
        check(&short)
            .unwrap_err()
            .contains("has 5 bytes in its manifest, but 4 in the archive")
    );
}

#[test]
fn an_index_keeps_its_bytes_only_when_it_is_complete() {
    let child = Assembled::new(b"{}".to_vec(), MediaType::OCI_MANIFEST);
    let listed = json!({"mediaType": MediaType::OCI_MANIFEST, "digest": child.digest, "size": 2});
    let value = json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [listed, listed],
    });
    let bytes = serde_json::to_vec_pretty(&value).unwrap();
    let mut plan = IndexPlan {
        digest: Hasher::digest(Algorithm::Sha256, &bytes),
        bytes: bytes.into(),
        media_type: MediaType::OCI_INDEX,
        children: vec![(0, Tree::Manifest(Box::new(self::plan())))],
        complete: true,
    };
    let same = index(&plan, &[(0, child.clone()), (1, child.clone())]).unwrap();
    assert_eq!(same.digest, plan.digest);
    plan.complete = false;
    let part = index(&plan, &[(1, child)]).unwrap();
    let value: Value = serde_json::from_slice(&part.bytes).unwrap();
    assert_eq!(value["manifests"], json!([listed]));
    assert_ne!(part.digest, plan.digest);
}
