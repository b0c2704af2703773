//! Executed retention plans: children shared by indexes, and changes between a plan and its
//! execution.

use super::*;
use crate::index::Bundle;
use crate::oci::RetentionRule;
use crate::registry::{PruneEntry, Restorable, Rule};

fn index(children: &[(Digest, usize)], number: u64) -> Bytes {
    let children: Vec<_> = children
        .iter()
        .map(|(digest, size)| {
            serde_json::json!({
                "mediaType": MediaType::OCI_INDEX.as_str(),
                "digest": digest.to_string(), "size": size,
            })
        })
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX.as_str(),
        "manifests": children, "annotations": {"number": number.to_string()},
    });
    manifest.to_string().into()
}

async fn put_untagged(registry: &Registry, bytes: &Bytes) -> Digest {
    let incoming = Incoming {
        repository: repository("a"),
        reference: Reference::Digest(sha256(bytes)),
        tags: vec![],
        media_type: None,
        bytes: bytes.clone(),
    };
    registry.put_manifest(incoming).await.unwrap().digest
}

fn keep_last(count: u32) -> Rule {
    let terms = RetentionRule {
        repositories: vec!["**".to_owned()],
        keep_last: Some(count),
        ..RetentionRule::default()
    };
    Rule::new(terms).unwrap()
}

#[tokio::test]
async fn a_shared_child_is_deleted_with_the_second_index() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let child = put_untagged(&registry, &numbered(1)).await;
    let shared = (child, numbered(1).len());
    let mut digests = Vec::new();
    for number in 0..3 {
        let kept = if number == 2 { vec![] } else { vec![shared] };
        let bytes = index(&kept, number);
        root.clock.advance(1000);
        let name = format!("v{number}");
        digests.push(put(&registry, "a", &name, &bytes).await.unwrap());
    }
    let report = registry
        .prune(&keep_last(1), false, true, &|_: PruneEntry| {})
        .await;
    let report = report.unwrap();
    assert_eq!((report.tags, report.manifests, report.kept), (2, 3, 1));
    let left = registry.index.holdings(&repository("a")).await.unwrap();
    let left: Vec<Digest> = left.manifests.iter().map(|one| one.digest).collect();
    assert_eq!(left, [digests[2]]);
    // It is in the trash with one of the two, and can be restored with that one or by itself.
    for name in ["v0", "v1"] {
        let what = Restorable::Tag(repository("a"), tag(name));
        registry.restore(&what).await.unwrap();
    }
    let left = registry.index.holdings(&repository("a")).await.unwrap();
    assert_eq!((left.tags.len(), left.manifests.len()), (3, 4));
}

#[tokio::test]
async fn a_manifest_pushed_again_by_its_digest_is_kept_for_the_time_of_a_lease() {
    let root = Root::in_memory();
    let registry = root.open().await;
    for name in ["old", "older"] {
        put(&registry, "a", name, &numbered(1)).await.unwrap();
        root.clock.advance(1000);
    }
    put(&registry, "a", "new", &numbered(2)).await.unwrap();
    root.clock.advance(1000);
    // The first part of a push of an index.
    let child = put_untagged(&registry, &numbered(1)).await;
    let report = registry
        .prune(&keep_last(1), false, true, &|_: PruneEntry| {})
        .await;
    assert_eq!(report.unwrap().tags, 2);
    put(&registry, "a", "index", &index(&[(child, 3)], 1))
        .await
        .unwrap();
    let reference = Reference::Digest(child);
    registry
        .manifest(&repository("a"), &reference)
        .await
        .unwrap();
}

#[tokio::test]
async fn content_changed_since_the_plan_is_kept() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (one, two) = (numbered(1), numbered(2));
    let first = put(&registry, "a", "moved", &one).await.unwrap();
    let second = put(&registry, "a", "old", &two).await.unwrap();
    let bundle = |name: &str, digest: Digest| Bundle {
        tags: vec![(tag(name), digest)],
        manifests: vec![(digest, Millis::MAX)],
    };
    let plans = [bundle("moved", first), bundle("old", second)];
    // A tag moves, and another manifest gets a second tag.
    put(&registry, "a", "moved", &numbered(3)).await.unwrap();
    put(&registry, "a", "new", &two).await.unwrap();
    for plan in plans {
        let terms = registry.discard().await;
        let name = repository("a");
        registry
            .index
            .discard_bundle(name, plan, terms)
            .await
            .unwrap();
    }
    assert_eq!(get(&registry, "a", "moved").await.unwrap(), numbered(3));
    assert_eq!(get(&registry, "a", "new").await.unwrap(), two);
    assert!(get(&registry, "a", "old").await.is_err());
}

#[tokio::test]
async fn a_configured_rule_skips_repositories_that_it_would_empty() {
    let root = Root::in_memory();
    let registry = root.open().await;
    put(&registry, "a", "v1", &numbered(1)).await.unwrap();
    put(&registry, "b", "v1", &numbered(1)).await.unwrap();
    root.clock.advance(1000);
    put(&registry, "b", "v2", &numbered(2)).await.unwrap();
    let terms = RetentionRule {
        repositories: vec!["**".to_owned()],
        older_than: Some(500),
        ..RetentionRule::default()
    };
    let rule = Rule::new(terms).unwrap();
    let strict = registry
        .prune(&rule, false, true, &|_: PruneEntry| {})
        .await
        .unwrap();
    assert_eq!(strict.emptied, [repository("a")]);
    assert!(get(&registry, "b", "v1").await.is_ok(), "nothing went");
    let lenient = registry
        .prune(&rule, false, false, &|_: PruneEntry| {})
        .await
        .unwrap();
    assert_eq!((lenient.tags, lenient.emptied.len()), (1, 1));
    assert!(get(&registry, "b", "v1").await.is_err());
    assert!(get(&registry, "a", "v1").await.is_ok());
}
