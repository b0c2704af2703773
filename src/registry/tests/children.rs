//! Checks of indexes whose images are missing.

use super::*;
use crate::registry::Difference;

fn index(children: &[Digest]) -> Bytes {
    let descriptor = |digest: &Digest| {
        serde_json::json!({
            "mediaType": MediaType::OCI_MANIFEST.as_str(), "digest": digest.to_string(), "size": 1,
        })
    };
    let manifests: Vec<_> = children.iter().map(descriptor).collect();
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX.as_str(), "manifests": manifests,
    });
    index.to_string().into()
}

/// What a check finds.
async fn found(registry: &Registry) -> Vec<Difference> {
    let found = parking_lot::Mutex::new(Vec::new());
    let listener = |entry: CheckEntry| {
        if let CheckEntry::Found(difference) = entry {
            found.lock().push(difference);
        }
    };
    let report = registry.check(CheckOptions::default(), &listener).await;
    let found = found.into_inner();
    assert_eq!(report.unwrap().left, found.len() as u64);
    found
}

#[tokio::test]
async fn an_index_without_any_of_its_images_is_a_difference() {
    let mut root = Root::in_memory();
    let registry = root.open().await;
    let image = put(&registry, "a", "image", &numbered(1)).await.unwrap();
    let absent = [sha256(b"absent"), sha256(b"absent too")];
    let partly = index(&[image, absent[0]]);
    let partly = put(&registry, "a", "partly", &partly).await.unwrap();
    // Referrers may be deleted.
    let listed = format!("sha256-{}", image.hex());
    put(&registry, "a", &listed, &index(&absent[..1]))
        .await
        .unwrap();
    assert_eq!(found(&registry).await, []);
    let empty = put(&registry, "a", "empty", &index(&absent)).await.unwrap();
    let gone = |manifest: Digest, digest: Digest| Difference::NeededGone {
        repository: repository("a"),
        manifest,
        digest,
    };
    let mut all = found(&registry).await;
    all.sort();
    let mut expected = absent.map(|digest| gone(empty, digest));
    expected.sort();
    assert_eq!(all, expected);
    // All images are required now.
    drop(registry);
    root.rules.children = RequiredChildren::All;
    let registry = root.open().await;
    let all = found(&registry).await;
    assert!(all.contains(&gone(partly, absent[0])), "{all:?}");
    assert_eq!(all.len(), 3, "{all:?}");
}
