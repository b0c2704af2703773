//! Blobs that are deleted and pushed again while the layout lags, with crashes.

use super::*;

const HOUR: Millis = 60 * 60 * 1000;

async fn take(root: &Root, registry: &Registry) {
    root.clock.advance(HOUR + 1);
    let (report, _) = collect(registry, &real(false)).await.unwrap();
    assert_eq!(report.freed.blobs, 1, "{report:?}");
}

#[tokio::test]
async fn a_blob_pushed_again_survives_a_crash() {
    for root in [Root::in_files(), Root::in_memory()] {
        let registry = root.open().await;
        for _ in 0..3 {
            let digest = push_blob(&registry, "a", "content").await;
            assert!(placed(&root).await.contains(&digest));
            take(&root, &registry).await;
            assert!(placed(&root).await.is_empty());
        }
        // The journal has rows for all of that, and for this.
        let digest = push_blob(&registry, "a", "content").await;
        kill(registry).await;
        let (registry, reindexed) = root.try_open().await.unwrap();
        assert!(reindexed.is_unchanged(), "{reindexed:?}");
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        // A deleted blob stays deleted.
        take(&root, &registry).await;
        kill(registry).await;
        let (registry, reindexed) = root.try_open().await.unwrap();
        assert!(reindexed.is_unchanged(), "{reindexed:?}");
        assert!(placed(&root).await.is_empty());
        assert!(read_blob(&registry, "a", &digest).await.is_err());
    }
}

#[tokio::test]
async fn a_blob_is_pushed_again_before_its_removal_is_applied() {
    for crash in [false, true] {
        let root = Root::in_memory();
        let mut registry = root.open().await;
        let digest = push_blob(&registry, "a", "content").await;
        root.fail(&["remove"], layout::BLOBS, Fault::Broken);
        take(&root, &registry).await;
        let asked = registry.lease_blob(&repository("a"), &digest).await;
        assert!(matches!(asked, Err(RegistryError::BlobUnknown(_))));
        push_blob(&registry, "a", "content").await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        if crash {
            kill(registry).await;
            root.heal();
            registry = root.open().await;
        } else {
            root.heal();
            caught_up(&registry).await;
        }
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        assert!(root.names(layout::STAGING).await.is_empty());
        // Again, while its bytes are still staged.
        take(&root, &registry).await;
        root.fail(&["place"], layout::BLOBS, Fault::Full);
        push_blob(&registry, "a", "content").await;
        take(&root, &registry).await;
        push_blob(&registry, "a", "content").await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        root.heal();
        caught_up(&registry).await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        assert!(root.names(layout::STAGING).await.is_empty());
    }
}

#[tokio::test]
async fn staged_bytes_are_found_after_earlier_ones_were_placed_and_deleted() {
    let root = Root::in_memory();
    let registry = root.open().await;
    root.fail(&["place"], layout::BLOBS, Fault::Full);
    let digest = push_blob(&registry, "a", "content").await;
    take(&root, &registry).await;
    push_blob(&registry, "a", "content").await;
    // The first blob is placed and deleted; the second is not placed.
    let places = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&places);
    let order = std::sync::atomic::Ordering::SeqCst;
    root.memory.set_faults(Some(Box::new(move |action, _| {
        let later = action == "place" && count.fetch_add(1, order) > 0;
        later.then_some(Fault::Full)
    })));
    while places.load(order) < 3 {
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    root.heal();
    caught_up(&registry).await;
    assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
    assert!(registry.journal.staged_keys(&digest).is_empty());
}

#[tokio::test]
async fn an_upload_does_not_return_after_its_blob_was_deleted() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let name = repository("a");
    root.fail(&["place", "remove"], "", Fault::Full);
    let upload = registry.start_upload(&name, None).await.unwrap();
    let digest = sha256(b"content");
    let finished = registry.finish_upload(&name, &upload.id, &digest, None, body(&["content"]));
    finished.await.unwrap();
    take(&root, &registry).await;
    kill(registry).await;
    root.heal();
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert!(reindexed.is_unchanged(), "{reindexed:?}");
    let asked = registry.upload(&name, &upload.id).await;
    assert!(matches!(asked, Err(RegistryError::UploadUnknown)));
    assert!(placed(&root).await.is_empty());
    assert!(root.names("regctl/uploads/a").await.is_empty());
}

#[tokio::test]
async fn a_condemned_blob_with_a_new_lease_is_kept() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let digest = push_blob(&registry, "a", "content").await;
    root.clock.advance(HOUR + 1);
    let terms = crate::index::CollectTerms {
        now: root.clock.now(),
        steady: root.clock.steady(),
        trash: root.clock.now(),
        untagged: None,
        pulled: 0,
    };
    let mut plan = registry.index.plan(terms).await.unwrap();
    assert_eq!(plan.find_blobs().await.unwrap(), 1);
    let blobs = plan.blobs(None).await.unwrap();
    // Not condemned: not deleted.
    assert_eq!(
        registry
            .index
            .delete_garbage_blobs(&blobs, terms)
            .await
            .unwrap(),
        []
    );
    registry.index.condemn(&blobs, terms).await.unwrap();
    registry
        .lease_blob(&repository("a"), &digest)
        .await
        .unwrap();
    assert_eq!(
        registry
            .index
            .delete_garbage_blobs(&blobs, terms)
            .await
            .unwrap(),
        []
    );
    let manifest = put(&registry, "a", "t", &image(&[digest])).await.unwrap();
    root.clock.advance(HOUR + 1);
    let terms = crate::index::CollectTerms {
        now: root.clock.now(),
        steady: root.clock.steady(),
        ..terms
    };
    assert_eq!(
        registry
            .index
            .delete_garbage_blobs(&blobs, terms)
            .await
            .unwrap(),
        []
    );
    let deleted = registry.delete_manifest(&repository("a"), &manifest).await;
    deleted.unwrap();
    registry.empty_trash().await.unwrap();
    assert_eq!(
        registry
            .index
            .delete_garbage_blobs(&blobs, terms)
            .await
            .unwrap(),
        []
    );
    registry.index.condemn(&blobs, terms).await.unwrap();
    assert_eq!(
        registry
            .index
            .delete_garbage_blobs(&blobs, terms)
            .await
            .unwrap(),
        blobs
    );
}

#[tokio::test]
async fn the_next_push_ends_a_quarantine() {
    for crash in [false, true] {
        let root = Root::in_files();
        let mut registry = root.open().await;
        let digest = push_blob(&registry, "a", "content").await;
        let manifest = put(&registry, "a", "t", &image(&[digest])).await.unwrap();
        for (digest, bytes) in [(digest, "wrong"), (manifest, "worse")] {
            registry
                .find_manifest(&repository("a"), &Reference::Tag(tag("t")))
                .await
                .unwrap();
            let key = layout::blob(&digest);
            let bytes = bytes.into();
            registry.apply(Step::Put { key, bytes }).await.unwrap();
            assert!(registry.quarantine(&digest).await.unwrap());
            assert!(!registry.quarantine(&digest).await.unwrap());
        }
        assert!(!registry.quarantine(&sha256(b"absent")).await.unwrap());
        let lost = root.names("regctl/lost+found/blobs").await;
        assert_eq!(lost.len(), 2);
        if crash {
            kill(registry).await;
            let (opened, reindexed) = root.try_open().await.unwrap();
            assert!(reindexed.is_unchanged(), "{reindexed:?}");
            registry = opened;
        }
        let asked = registry.lease_blob(&repository("a"), &digest).await;
        assert!(matches!(asked, Err(RegistryError::BlobUnknown(_))));
        assert!(get(&registry, "a", "t").await.is_err());
        let missing = put(&registry, "a", "t", &image(&[digest])).await;
        assert!(matches!(missing, Err(RegistryError::BlobsMissing(_))));
        push_blob(&registry, "a", "content").await;
        put(&registry, "a", "t", &image(&[digest])).await.unwrap();
        if crash {
            kill(registry).await;
            registry = root.open().await;
        }
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
        assert_eq!(get(&registry, "a", "t").await.unwrap(), image(&[digest]));
        assert!(registry.index.quarantined().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn unfinished_writes_are_removed_and_foreign_files_are_kept() {
    let root = Root::in_files();
    let registry = root.open().await;
    let old = push_blob(&registry, "a", "old").await;
    registry.checkpoint_journal().await.unwrap();
    let digest = push_blob(&registry, "a", "content").await;
    put(&registry, "a", "t", &image(&[digest])).await.unwrap();
    let id = uuid::Uuid::new_v4();
    let name = repository("a");
    let ours = [
        format!("{}.{id}.tmp", layout::layer(&name, &digest)),
        format!("{}.{id}.tmp", layout::tag_current(&name, &tag("t"))),
        format!("{}.{id}.tmp", layout::blob(&digest)),
    ];
    let theirs = [
        format!("{}.{id}.tmp", layout::layer(&name, &old)),
        format!("{}.other.tmp", layout::layer(&name, &digest)),
    ];
    for key in ours.iter().chain(&theirs) {
        let (key, bytes) = (key.clone(), "x".into());
        registry.apply(Step::Put { key, bytes }).await.unwrap();
    }
    kill(registry).await;
    let registry = root.open().await;
    let left = async |keys: &[String]| root.store.get(keys).await.unwrap();
    assert_eq!(left(&ours).await, [None, None, None]);
    assert!(left(&theirs).await.iter().all(Option::is_some));
    assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
}
