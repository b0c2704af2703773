//! Incomplete, unlinked and pulled content: when it is reported and when it is deleted.

use super::*;

const HOUR: Millis = 60 * 60 * 1000;
const DAY: Millis = 24 * HOUR;

#[tokio::test]
async fn unreferenced_blobs_of_a_foreign_root_are_deleted() {
    let root = Root::in_files();
    let layout = roots::Layout::of(&root);
    let (manifest, blob) = layout.image("a", "1", "content");
    let unlinked = layout.blob(b"of a deleted manifest");
    let unused = layout.blob(b"linked and in no manifest");
    layout.layer("a", &unused, &unused);
    let long = Hasher::digest(Algorithm::Sha512, b"linked and in no manifest");
    layout.layer("a", &long, &unused);
    let abandoned = layout.blob(b"of a repository without a manifest");
    layout.layer("old", &abandoned, &abandoned);
    let registry = root.open().await;
    // They may belong to a push in progress.
    let (report, _) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(report.freed, Freed::default());
    assert_eq!(
        (report.repositories, report.uploads, report.temporary),
        (0, 0, 0)
    );
    assert_eq!(report.held_blobs, 3);
    // Content reindexed later does not delay the deletion of earlier content.
    registry.close().await.unwrap();
    root.clock.advance(HOUR + 1);
    layout.image("a", "2", "more");
    let registry = root.open().await;
    let (report, entries) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(
        (report.freed.blobs, report.repositories),
        (3, 1),
        "{entries:?}"
    );
    let there = placed(&root).await;
    for gone in [unlinked, unused, abandoned] {
        assert!(!there.contains(&gone));
    }
    assert!(there.contains(&manifest) && there.contains(&blob));
    assert_eq!(root.names(layout::REPOSITORIES).await, ["a"]);
    let layers = format!("{}/_layers", layout::repository("a"));
    assert!(root.names(&format!("{layers}/sha512")).await.is_empty());
    assert_eq!(root.names(&format!("{layers}/sha256")).await.len(), 2);
}

#[tokio::test]
async fn an_unreadable_manifest_keeps_everything_in_its_repository() {
    let root = Root::in_files();
    let layout = roots::Layout::of(&root);
    let unreadable = layout.blob(b"not json");
    layout.revision("a", &unreadable);
    let maybe = layout.blob(b"maybe a layer of it");
    layout.layer("a", &maybe, &maybe);
    let registry = root.open().await;
    let beside = put_untagged(&registry, "a", &numbered(1)).await;
    root.clock.advance(2 * DAY);
    let (report, entries) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(report.freed, Freed::default(), "{entries:?}");
    assert_eq!(
        (report.repositories, report.uploads, report.temporary),
        (0, 0, 0)
    );
    let name = repository("a");
    let kept = |digest, why| CollectEntry::KeptManifest {
        repository: name.clone(),
        digest,
        why,
    };
    assert!(entries.contains(&kept(unreadable, ManifestKeepReason::Unreadable)));
    assert!(entries.contains(&kept(beside, ManifestKeepReason::BesideUnreadable)));
    let held = CollectEntry::HeldBlob {
        digest: maybe,
        repository: Some(name.clone()),
        bytes: 19,
        by: Hold::Unreadable,
        until: None,
    };
    assert!(entries.contains(&held), "{entries:?}");
    // A deleted repository holds the same in the trash, and can be restored.
    registry.delete_repository(&name).await.unwrap();
    collect(&registry, &real(true)).await.unwrap();
    let what = Restorable::Repository(name.clone());
    registry.restore(&what).await.unwrap();
    registry.blob(&name, &maybe).await.unwrap();
    registry.delete_manifest(&name, &unreadable).await.unwrap();
    root.clock.advance(2 * DAY);
    let (report, _) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!((report.freed.manifests, report.freed.blobs), (1, 3));
    assert!(placed(&root).await.is_empty());
}

#[tokio::test]
async fn a_manifest_of_unknown_shape_keeps_its_possible_references() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    let strange = serde_json::json!({
        "mediaType": "application/vnd.example.strange+json", "parts": [blob.to_string()],
    });
    put(&registry, "a", "t", &strange.to_string().into())
        .await
        .unwrap();
    root.clock.advance(2 * DAY);
    let (report, entries) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(report.freed, Freed::default(), "{entries:?}");
    assert_eq!(
        (report.repositories, report.uploads, report.temporary),
        (0, 0, 0)
    );
    assert_eq!((report.kept_manifests, report.held_blobs), (1, 1));
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
}

#[tokio::test]
async fn abandoned_uploads_and_files_are_deleted() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let upload = registry.start_upload(&name, None).await.unwrap();
    let appended = registry
        .append(&name, &upload.id, None, body(&["half"]))
        .await;
    appended.unwrap();
    root.clock.advance(2000);
    registry.save_uploads().await.unwrap();
    let (old, new) = (layout::staged(), layout::staged());
    for key in [&old, &new] {
        let (key, bytes) = (key.clone(), "left".into());
        registry.apply(Step::Put { key, bytes }).await.unwrap();
    }
    root.clock.advance(8 * DAY);
    let (report, entries) = collect(&registry, &real(false)).await.unwrap();
    // By the clock of the store the files are new.
    assert_eq!(
        (report.uploads, report.upload_bytes, report.temporary),
        (1, 4, 0)
    );
    assert!(matches!(&entries[..], [CollectEntry::Upload { id, .. }] if *id == upload.id));
    let gone = registry.upload(&name, &upload.id).await;
    assert!(matches!(gone, Err(RegistryError::UploadUnknown)));
    assert_eq!(root.names(layout::STAGING).await.len(), 2);
}

#[tokio::test]
async fn old_staged_files_are_deleted() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let old = layout::staged();
    let (key, bytes) = (old.clone(), "left".into());
    registry.apply(Step::Put { key, bytes }).await.unwrap();
    let half = format!("regctl/clock.{}.tmp", uuid::Uuid::new_v4());
    let other = "regctl/clock.other.tmp".to_owned();
    for key in [&half, &other] {
        let (key, bytes) = (key.clone(), "x".into());
        registry.apply(Step::Put { key, bytes }).await.unwrap();
    }
    root.memory.age(2 * 60 * 60 * 1_000_000_000);
    let young = layout::staged();
    let (key, bytes) = (young.clone(), "comes".into());
    registry.apply(Step::Put { key, bytes }).await.unwrap();
    let (report, entries) = collect(&registry, &real(false)).await.unwrap();
    assert_eq!(
        (report.temporary, report.temporary_bytes),
        (2, 5),
        "{entries:?}"
    );
    let left = root.store.get(&[old, half, young, other]).await.unwrap();
    let left: Vec<bool> = left.iter().map(Option::is_some).collect();
    assert_eq!(left, [false, false, true, true]);
}

#[tokio::test]
async fn pulls_are_counted_and_hold_for_the_length_of_a_lease() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let digest = put(&registry, "a", "t", &numbered(1)).await.unwrap();
    let by_tag = Reference::Tag(tag("t"));
    let by_digest = Reference::Digest(digest);
    for reference in [&by_tag, &by_digest, &by_tag] {
        registry.manifest(&name, reference).await.unwrap();
    }
    let pulls = async |registry: &Registry| registry.index.pulls(&name, &digest).await.unwrap();
    assert_eq!(pulls(&registry).await, None);
    root.clock.advance(7);
    registry.save_pulls().await.unwrap();
    registry.save_pulls().await.unwrap();
    let first = root.clock.now();
    assert_eq!(pulls(&registry).await, Some((first, 3)));
    // Internal reads do not count as pulls.
    let listed = registry.referrers(&name, &digest, None, None, 9).await;
    listed.unwrap();
    registry.manifest(&name, &by_tag).await.unwrap();
    registry.close().await.unwrap();
    let registry = root.open().await;
    assert_eq!(pulls(&registry).await, Some((first, 4)));
    // The count survives a deletion and its restore.
    registry.delete_manifest(&name, &digest).await.unwrap();
    let what = Restorable::Manifest(name.clone(), digest);
    registry.restore(&what).await.unwrap();
    assert_eq!(pulls(&registry).await, Some((first, 4)));

    let deleted = registry.delete_tag(&name, &tag("t")).await;
    deleted.unwrap();
    root.clock.advance(2 * DAY);
    registry.manifest(&name, &by_digest).await.unwrap();
    let (report, _) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(report.freed, Freed::default());
    assert_eq!(
        (report.repositories, report.uploads, report.temporary),
        (0, 0, 0)
    );
    root.clock.advance(HOUR);
    let (report, _) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(report.freed.manifests, 1);
}
