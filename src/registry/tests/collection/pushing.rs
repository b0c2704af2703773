//! Deletions beside the push of an index: children that its client was told of come back with it.

use super::*;
use crate::index::TrashedKind;
use crate::oci::RetentionRule;
use crate::registry::{PruneEntry, PruneReport, RequiredChildren, Rule};

const HOUR: Millis = 60 * 60 * 1000;

/// How a child is deleted.
#[derive(Debug, Clone, Copy)]
enum By {
    Prune,
    Manifest,
    Repository,
}

/// Deletes tags by a pattern.
async fn prune(registry: &Registry, matching: &str) -> (PruneReport, Vec<PruneEntry>) {
    let terms = RetentionRule {
        repositories: vec!["**".to_owned()],
        matching: vec![matching.to_owned()],
        ..RetentionRule::default()
    };
    let rule = Rule::new(terms).unwrap();
    let entries = Mutex::new(Vec::new());
    let listener = |entry: PruneEntry| entries.lock().push(entry);
    let report = registry.prune(&rule, false, true, &listener).await;
    (report.unwrap(), entries.into_inner())
}

async fn delete(registry: &Registry, by: By, child: &Digest) {
    let name = repository("a");
    match by {
        By::Prune => assert_eq!(prune(registry, "old").await.0.tags, 1),
        By::Manifest => drop(registry.delete_manifest(&name, child).await.unwrap()),
        By::Repository => registry.delete_repository(&name).await.unwrap(),
    }
    assert!(!has(registry, child).await);
}

async fn has(registry: &Registry, digest: &Digest) -> bool {
    let found = registry
        .find_manifest(&repository("a"), &Reference::Digest(*digest))
        .await;
    match found {
        Ok(_) => true,
        Err(RegistryError::ManifestUnknown { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

/// An index `old` of an image, and another tag.
async fn push(registry: &Registry) -> (Digest, Digest, Digest) {
    let blob = push_blob(registry, "a", "content").await;
    let child = put_untagged(registry, "a", &image(&[blob])).await;
    let old = put(registry, "a", "old", &index_of(&[child])).await;
    put(registry, "a", "kept", &numbered(1)).await.unwrap();
    (blob, child, old.unwrap())
}

/// The trash has its own time until it has followed the step.
#[tokio::test]
async fn a_child_comes_back_just_after_the_clock_was_set() {
    for step in [-5 * HOUR, 5 * HOUR] {
        let root = Root::in_memory();
        let registry = root.open().await;
        let (_, child, _) = push(&registry).await;
        root.clock.advance(6 * HOUR);
        assert!(has(&registry, &child).await);
        delete(&registry, By::Prune, &child).await;
        root.clock.set_by(step);
        let new = put(&registry, "a", "new", &index_of(&[child])).await;
        new.unwrap();
        assert!(has(&registry, &child).await, "{step}");
    }
}

#[tokio::test]
async fn a_child_comes_back_however_it_was_deleted() {
    for by in [By::Prune, By::Manifest, By::Repository] {
        let root = Root::in_files();
        let registry = root.open().await;
        let (blob, child, old) = push(&registry).await;
        // A client that has just asked for the child pushes an index of it.
        assert!(has(&registry, &child).await);
        root.clock.advance(1000);
        delete(&registry, by, &child).await;
        let new = put(&registry, "a", "new", &index_of(&[child, sha256(b"else")])).await;
        new.unwrap();
        assert!(has(&registry, &child).await, "{by:?}");
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
        let revision = layout::revision(&repository("a"), &child);
        caught_up(&registry).await;
        assert_eq!(root.link(revision).await, Some(child.to_string()));
        let trash = registry.trash().await.unwrap();
        let mut lying = trash.iter().flat_map(|deletion| &deletion.manifests);
        assert!(!lying.any(|digest| *digest == child), "{trash:?}");

        // The rest of that deletion can still be restored.
        let what = Restorable::Tag(repository("a"), tag("old"));
        let restored = registry.restore(&what).await;
        if let By::Manifest = by {
            assert_eq!(trash, []);
            assert!(matches!(restored, Err(RegistryError::NotInTrash(_))));
        } else {
            assert_eq!(restored.unwrap().manifests, [old]);
        }
        // The image stays as long as the indexes.
        root.clock.advance(10 * Rules::default().trash);
        collect(&registry, &real(true)).await.unwrap();
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
        registry.close().await.unwrap();
        let (registry, reindexed) = root.try_open().await.unwrap();
        assert!(reindexed.is_unchanged(), "{reindexed:?}");
        assert!(has(&registry, &child).await);
    }
}

#[tokio::test]
async fn a_child_comes_back_with_all_that_belongs_to_it() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let name = repository("a");
    let (blob, child, _) = push(&registry).await;
    let inner = put(
        &registry,
        "a",
        "inner",
        &index_of(&[child, sha256(b"else")]),
    )
    .await;
    let inner = inner.unwrap();
    let signature = put_untagged(&registry, "a", &referrer(&[blob], &child)).await;
    // The innermost is deleted by itself.
    registry.delete_manifest(&name, &child).await.unwrap();
    registry.delete_repository(&name).await.unwrap();
    put(&registry, "a", "new", &index_of(&[inner]))
        .await
        .unwrap();
    assert!(has(&registry, &inner).await && has(&registry, &child).await);
    assert!(!has(&registry, &signature).await, "deleted otherwise");

    // A referrer that was deleted with its subject.
    let what = Restorable::Repository(name.clone());
    registry.restore(&what).await.unwrap();
    assert!(has(&registry, &signature).await);
    registry.delete_repository(&name).await.unwrap();
    put(&registry, "a", "new", &index_of(&[child]))
        .await
        .unwrap();
    assert!(has(&registry, &signature).await);
    // The tags do not come back, but can be restored, whatever happened to their manifests since.
    assert!(get(&registry, "a", "inner").await.is_err());
    put(&registry, "a", "new", &index_of(&[inner]))
        .await
        .unwrap();
    let what = Restorable::Tag(name.clone(), tag("inner"));
    let restored = registry.restore(&what).await.unwrap();
    assert_eq!(restored.tags, [(tag("inner"), inner)]);
    registry.delete_manifest(&name, &inner).await.unwrap();
    put(&registry, "a", "new", &index_of(&[inner, child]))
        .await
        .unwrap();
    registry.delete_manifest(&name, &inner).await.unwrap();
    let restored = registry.restore(&what).await.unwrap();
    assert_eq!(restored.tags, [(tag("inner"), inner)]);
    assert_eq!(restored.manifests, [inner]);
}

#[tokio::test]
async fn a_child_deleted_before_the_time_of_a_lease_stays_in_the_trash() {
    let mut root = Root::in_memory();
    root.rules.children = RequiredChildren::All;
    let registry = root.open().await;
    let (_, child, _) = push(&registry).await;
    let bytes = index_of(&[child]);
    // A required child counts as present while it comes back.
    delete(&registry, By::Manifest, &child).await;
    put(&registry, "a", "new", &bytes).await.unwrap();
    assert!(has(&registry, &child).await);
    delete(&registry, By::Manifest, &child).await;
    root.clock.advance(root.rules.lease);
    let late = put(&registry, "a", "late", &bytes).await;
    assert!(matches!(late, Err(RegistryError::ChildrenMissing(_))));
    registry.close().await.unwrap();
    root.rules.children = RequiredChildren::None;
    let registry = root.open().await;
    put(&registry, "a", "late", &bytes).await.unwrap();
    assert!(!has(&registry, &child).await);
    assert_eq!(registry.trash().await.unwrap()[0].manifests, [child]);
}

#[tokio::test]
async fn a_child_with_a_tag_leaves_its_tag_in_the_trash() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let child = put(&registry, "a", "1", &numbered(1)).await.unwrap();
    delete(&registry, By::Manifest, &child).await;
    put(&registry, "a", "new", &index_of(&[child]))
        .await
        .unwrap();
    let trash = registry.trash().await.unwrap();
    assert_eq!(trash[0].kind, TrashedKind::Manifest);
    assert_eq!(trash[0].tags, [(tag("1"), child)]);
    assert!(trash[0].manifests.is_empty());
    let what = Restorable::Tag(repository("a"), tag("1"));
    registry.restore(&what).await.unwrap();
    assert_eq!(get(&registry, "a", "1").await.unwrap(), numbered(1));
    assert!(registry.trash().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_tag_does_not_end_the_promise_about_a_child() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (_, child, _) = push(&registry).await;
    root.clock.advance(1000);
    // The push of an index begins, and another one sets a tag.
    let blob = push_blob(&registry, "a", "content").await;
    put_untagged(&registry, "a", &image(&[blob])).await;
    root.clock.advance(1000);
    put(&registry, "a", "old-2", &numbered(2)).await.unwrap();
    let (report, entries) = prune(&registry, "old*").await;
    assert_eq!((report.tags, report.manifests), (2, 2), "{entries:?}");
    assert!(has(&registry, &child).await);
}

#[tokio::test]
async fn a_signature_made_after_its_tag_is_pruned_with_it() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (blob, child, _) = push(&registry).await;
    root.clock.advance(1000);
    let layer = put_untagged(&registry, "a", &numbered(3)).await;
    let signature = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX.as_str(),
        "manifests": [descriptor(&MediaType::OCI_INDEX, &layer)],
        "subject": descriptor(&MediaType::OCI_MANIFEST, &child),
    });
    root.clock.advance(1000);
    let signature = put_untagged(&registry, "a", &signature.to_string().into()).await;
    let other = put_untagged(&registry, "a", &referrer(&[blob], &signature)).await;
    let (report, entries) = prune(&registry, "old").await;
    assert_eq!((report.tags, report.manifests), (1, 5), "{entries:?}");
    for digest in [child, layer, signature, other] {
        assert!(!has(&registry, &digest).await);
    }
}
