//! Large manifests wait for each other, and small ones do not wait for them.

use super::*;
use crate::oci::MANIFEST_LIMIT;

/// An index of many manifests that do not exist.
fn large() -> Bytes {
    let children: Vec<_> = (0..1000)
        .map(|number: u32| {
            serde_json::json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": sha256(&number.to_be_bytes()),
                "size": 5,
            })
        })
        .collect();
    let index = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": children,
    });
    serde_json::to_vec(&index).unwrap().into()
}

#[tokio::test]
async fn small_pushes_overtake_large_ones() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let held = registry.gate.pass(MANIFEST_LIMIT).await;
    let (of, bytes) = (registry.clone(), large());
    let pushing = tokio::spawn(async move { put(&of, "large", "t", &bytes).await });
    for number in 0..20 {
        put(&registry, "small", "t", &numbered(number))
            .await
            .unwrap();
        assert!(get(&registry, "large", "t").await.is_err());
    }
    drop(held);
    let digest = pushing.await.unwrap().unwrap();
    assert_eq!(get(&registry, "large", "t").await.unwrap(), large());

    // Likewise when it is deleted.
    let held = registry.gate.pass(MANIFEST_LIMIT).await;
    let of = registry.clone();
    let deleting =
        tokio::spawn(async move { of.delete_manifest(&repository("large"), &digest).await });
    for number in 20..40 {
        let small = put(&registry, "small", "u", &numbered(number)).await;
        let name = repository("small");
        registry
            .delete_manifest(&name, &small.unwrap())
            .await
            .unwrap();
        assert!(get(&registry, "large", "t").await.is_ok());
    }
    drop(held);
    deleting.await.unwrap().unwrap();
    assert!(get(&registry, "large", "t").await.is_err());
}
