//! The layout fails after the commit: acknowledged content is served nevertheless, and the layout
//! catches up in order.

use std::time::{Duration, Instant};

use super::*;

const LAYOUT: &str = "docker/";

#[tokio::test]
async fn content_is_served_before_the_layout_shows_it() {
    for fault in [Fault::Full, Fault::Broken] {
        let root = Root::in_memory();
        let registry = root.open().await;
        root.fail(&["place", "put", "remove"], LAYOUT, fault);
        let blob = push_blob(&registry, "a", "content").await;
        let manifest = image(&[blob]);
        put(&registry, "a", "t", &manifest).await.unwrap();
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
        assert_eq!(get(&registry, "a", "t").await.unwrap(), manifest);
        assert!(root.names("docker/registry/v2").await.is_empty());

        root.heal();
        caught_up(&registry).await;
        let current = layout::tag_current(&repository("a"), &tag("t"));
        assert_eq!(
            root.link(current).await,
            Some(sha256(&manifest).to_string())
        );
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
        assert!(registry.journal.staged_keys(&blob).is_empty());
        assert!(root.names(layout::STAGING).await.is_empty());
        registry.checkpoint_journal().await.unwrap();
        assert!(registry.index.journal().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn writers_do_not_wait_for_a_lagging_layout() {
    let root = Root::in_memory();
    let registry = root.open().await;
    root.fail(&["place", "put", "remove"], LAYOUT, Fault::Full);
    let began = Instant::now();
    // More than one batch, in one repository; each change moves the same tag.
    for number in 0..100 {
        put(&registry, "a", "moves", &numbered(number))
            .await
            .unwrap();
        if number % 10 == 5 {
            registry
                .delete_tag(&repository("a"), &tag("moves"))
                .await
                .unwrap();
        }
    }
    put(&registry, "a", "goes", &numbered(0)).await.unwrap();
    registry
        .delete_tag(&repository("a"), &tag("goes"))
        .await
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    // Changes that are not applied stay in the journal.
    registry.checkpoint_journal().await.unwrap();
    assert!(registry.index.journal().await.unwrap().len() > 300);

    root.heal();
    caught_up(&registry).await;
    let link = |name: &str| root.link(layout::tag_current(&repository("a"), &tag(name)));
    assert_eq!(link("moves").await, Some(sha256(&numbered(99)).to_string()));
    assert_eq!(link("goes").await, None);
}

#[tokio::test]
async fn a_start_while_the_layout_lags_loses_nothing() {
    let root = Root::in_memory();
    let registry = root.open().await;
    put(&registry, "a", "gone", &numbered(0)).await.unwrap();
    root.fail(&["place", "put", "remove"], "", Fault::Full);
    let blob = push_blob(&registry, "a", "content").await;
    let manifest = image(&[blob]);
    put(&registry, "a", "t", &manifest).await.unwrap();
    registry
        .delete_tag(&repository("a"), &tag("gone"))
        .await
        .unwrap();
    kill(registry).await;

    for full in [true, true, false] {
        if !full {
            root.heal();
        }
        let registry = root.open().await;
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
        assert_eq!(get(&registry, "a", "t").await.unwrap(), manifest);
        assert!(get(&registry, "a", "gone").await.is_err());
        let _ = registry.close().await;
    }
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert!(reindexed.is_unchanged());
    assert!(registry.journal.is_caught_up());
    assert_eq!(get(&registry, "a", "t").await.unwrap(), manifest);
    assert!(root.names(layout::STAGING).await.is_empty());
}

#[tokio::test]
async fn a_finished_upload_with_staged_bytes_does_not_return() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let name = repository("a");
    root.fail(&["place", "put", "remove"], LAYOUT, Fault::Full);
    let upload = registry.start_upload(&name, None).await.unwrap();
    let digest = sha256(b"content");
    let finished = registry.finish_upload(&name, &upload.id, &digest, None, body(&["content"]));
    finished.await.unwrap();
    let asked = registry.upload(&name, &upload.id).await;
    assert!(matches!(asked, Err(RegistryError::UploadUnknown)));
    let cancelled = registry.cancel_upload(&name, &upload.id).await;
    assert!(matches!(cancelled, Err(RegistryError::UploadUnknown)));
    assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "content");
}

#[tokio::test]
async fn an_index_is_closed_even_when_the_store_fails() {
    let root = Root::in_memory();
    let registry = root.open().await;
    root.fail(&["put"], layout::CLOCK, Fault::Full);
    let closed = registry.close().await;
    assert!(matches!(closed, Err(RegistryError::Full)));
    let late = registry.index.set_setting("late", String::new()).await;
    assert!(late.is_err());
}

#[tokio::test]
async fn a_lagging_start_collects_nothing_that_another_program_may_use() {
    for is_foreign in [false, true] {
        let root = Root::in_memory();
        let registry = root.open().await;
        let blob = push_blob(&registry, "a", "content").await;
        root.fail(&["place", "put"], LAYOUT, Fault::Full);
        put(&registry, "a", "t", &numbered(1)).await.unwrap();
        kill(registry).await;
        root.heal();
        let manifest = image(&[blob]);
        let digest = sha256(&manifest);
        if is_foreign {
            let name = repository("b");
            let link = |digest: &Digest| Bytes::from(digest.to_string());
            let written = [
                (layout::blob(&digest), manifest.clone()),
                (layout::layer(&name, &blob), link(&blob)),
                (layout::revision(&name, &digest), link(&digest)),
            ];
            let steps = written.map(|(key, bytes)| Step::Put { key, bytes });
            root.store.apply(steps.into()).await.unwrap();
        }
        root.fail(&["place", "put"], LAYOUT, Fault::Full);
        let registry = root.open().await;
        assert!(!registry.journal.is_caught_up());
        root.clock.advance(registry.rules().lease + 1);
        let collect = async |registry: &Registry| {
            let silent = |_: CollectEntry| {};
            let collected = registry.collect(&CollectOptions::default(), &silent).await;
            collected.map(|report| report.freed.blobs)
        };
        let collected = collect(&registry).await;
        if !is_foreign {
            assert_eq!(collected.unwrap(), 1);
            continue;
        }
        let refused = matches!(collected, Err(RegistryError::LayoutUnread { .. }));
        assert!(refused, "{collected:?}");
        root.heal();
        caught_up(&registry).await;
        registry.close().await.unwrap();
        let registry = root.open().await;
        assert_eq!(collect(&registry).await.unwrap(), 0);
        assert_eq!(read_blob(&registry, "b", &blob).await.unwrap(), "content");
    }
}
