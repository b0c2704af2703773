//! Leases by the clock, and answers of the cache.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[tokio::test]
async fn an_answer_creates_and_extends_a_lease() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (began, length) = (root.clock.now(), registry.rules().lease);
    let blob = push_blob(&registry, "a", "content").await;
    let name = repository("a");
    let end = async || registry.index.lease_end(&blob).await.unwrap();
    for (after, lasts) in [
        (0, length),
        (length / 2 - 1, length),
        (1, length),
        (1, length / 2 + 1 + length),
        (3 * length, length / 2 + 1 + 3 * length + length),
    ] {
        root.clock.advance(after);
        let promised = registry.lease_blob(&name, &blob).await.unwrap();
        assert_eq!(promised.size(), 7);
        assert_eq!(end().await, Some(began + lasts));
    }
    // Reading creates no lease.
    root.clock.advance(length - 1);
    registry.blob(&name, &blob).await.unwrap();
    registry.drop_ended_leases().await.unwrap();
    assert!(end().await.is_some());
    root.clock.advance(1);
    registry.blob(&name, &blob).await.unwrap();
    registry.drop_ended_leases().await.unwrap();
    assert_eq!(end().await, None);
    registry.lease_blob(&name, &blob).await.unwrap();
    assert_eq!(end().await, Some(root.clock.now() + length));
}

#[tokio::test]
async fn an_active_upload_extends_the_leases_of_its_repository() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let length = registry.rules().lease;
    let blob = push_blob(&registry, "a", "content").await;
    let other = push_blob(&registry, "b", "other").await;
    let name = repository("a");
    let upload = registry.start_upload(&name, None).await.unwrap();
    root.clock.advance(length * 3 / 4);
    registry
        .append(&name, &upload.id, None, body(&["x"]))
        .await
        .unwrap();
    registry.extend_leases_of_active_uploads().await.unwrap();
    let end = async |digest| registry.index.lease_end(digest).await.unwrap().unwrap();
    assert_eq!(end(&blob).await, root.clock.now() + length);
    assert_eq!(end(&other).await, root.clock.now() + length / 4);
    // The upload stalls.
    root.clock.advance(length * 3 / 4);
    registry.extend_leases_of_active_uploads().await.unwrap();
    assert_eq!(end(&blob).await, root.clock.now() + length / 4);
}

#[tokio::test]
async fn a_deleted_blob_is_gone_at_once() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let name = repository("a");
    let content = "content";
    let digest = Hasher::digest(Algorithm::Sha512, content.as_bytes());
    for _ in 0..3 {
        let pushed = registry.upload_at_once(&name, &digest, body(&[content]));
        pushed.await.unwrap();
        let canonical = sha256(content.as_bytes());
        for digest in [digest, canonical] {
            registry.lease_blob(&name, &digest).await.unwrap();
        }
        registry.delete_blob(&name, &digest).await.unwrap();
        for digest in [digest, canonical] {
            let promised = registry.lease_blob(&name, &digest).await;
            assert!(matches!(promised, Err(RegistryError::BlobUnknown(_))));
            let found = registry.blob(&name, &digest).await;
            assert!(matches!(found, Err(RegistryError::BlobUnknown(_))));
        }
    }
}

/// Every fifth change of a tag in the test below removes it.
fn is_removal(version: u64) -> bool {
    version % 5 == 4
}

/// Versions of one tag: the last one begun, and the last one acknowledged.
#[derive(Default)]
struct Versions {
    begun: AtomicU64,
    acknowledged: AtomicU64,
}

async fn change_tag(registry: Registry, name: String, versions: Arc<Versions>) {
    for version in 1..150 {
        versions.begun.store(version, Ordering::SeqCst);
        if is_removal(version) {
            let deleted = registry.delete_tag(&repository("a"), &tag(&name)).await;
            deleted.unwrap();
        } else {
            put(&registry, "a", &name, &numbered(version))
                .await
                .unwrap();
        }
        versions.acknowledged.store(version, Ordering::SeqCst);
    }
}

async fn watch_tag(registry: Registry, name: String, versions: Arc<Versions>) -> u64 {
    let mut reads = 0;
    while versions.acknowledged.load(Ordering::SeqCst) < 149 {
        let before = versions.acknowledged.load(Ordering::SeqCst);
        let seen = get(&registry, "a", &name).await;
        let after = versions.begun.load(Ordering::SeqCst);
        let possible: Vec<Option<Bytes>> = (before..=after)
            .map(|version| (version > 0 && !is_removal(version)).then(|| numbered(version)))
            .collect();
        match seen {
            Ok(bytes) => assert!(possible.contains(&Some(bytes)), "stale: {before}..={after}"),
            Err(error) => assert!(possible.contains(&None), "{before}..={after}: {error}"),
        }
        reads += 1;
        tokio::task::yield_now().await;
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tag_is_never_stale_once_its_change_is_acknowledged() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let (name, versions) = (format!("t{number}"), Arc::<Versions>::default());
        for _ in 0..3 {
            let (name, versions) = (name.clone(), Arc::clone(&versions));
            readers.push(tokio::spawn(watch_tag(registry.clone(), name, versions)));
        }
        writers.push(tokio::spawn(change_tag(registry.clone(), name, versions)));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.unwrap();
    }
    assert!(reads > 1000, "{reads}");
}

#[tokio::test]
async fn a_clock_that_is_set_neither_ends_nor_prolongs_a_lease() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    for step in [-DAY, -1000, 1000, DAY] {
        let root = Root::in_memory();
        let registry = root.open().await;
        let length = registry.rules().lease;
        let blob = push_blob(&registry, "a", "content").await;
        let collect = async || {
            let options = CollectOptions::default();
            // Its end is shown by the clock of the day.
            let check = |entry: CollectEntry| {
                if let CollectEntry::HeldBlob { until, .. } = entry {
                    assert_eq!(until, Some(root.clock.now() + 1), "{step}");
                }
            };
            registry
                .collect(&options, &check)
                .await
                .unwrap()
                .freed
                .blobs
        };
        root.clock.set_by(step);
        registry.drop_ended_leases().await.unwrap();
        root.clock.advance(length - 1);
        registry.drop_ended_leases().await.unwrap();
        assert!(registry.index.lease_end(&blob).await.unwrap().is_some());
        assert_eq!(collect().await, 0, "{step}");
        root.clock.advance(2);
        assert_eq!(collect().await, 1, "{step}");
    }
}
