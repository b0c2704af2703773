//! Uploads that fail: a full store, interrupted bodies, wrong chunks.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::*;
use crate::oci::ByteRange;

const UPLOADS: &str = "regctl/";

fn range(start: u64, end: u64) -> ByteRange {
    ByteRange { start, end }
}

async fn start(registry: &Registry) -> String {
    let started = registry.start_upload(&repository("a"), None).await;
    started.unwrap().id
}

async fn append(
    registry: &Registry,
    id: &str,
    range: impl Into<Option<ByteRange>>,
    body: IncomingBody,
) -> Result<u64, RegistryError> {
    let appended = registry
        .append(&repository("a"), id, range.into(), body)
        .await;
    appended.map(|upload| upload.position)
}

async fn position(registry: &Registry, id: &str) -> u64 {
    let upload = registry.upload(&repository("a"), id).await;
    upload.unwrap().position
}

async fn finish(
    registry: &Registry,
    id: &str,
    content: &str,
    rest: IncomingBody,
) -> Result<UploadedBlob, RegistryError> {
    let digest = sha256(content.as_bytes());
    let name = repository("a");
    registry.finish_upload(&name, id, &digest, None, rest).await
}

#[tokio::test]
async fn a_full_store_keeps_what_was_acknowledged() {
    let root = Root::in_memory();
    let registry = root.open().await;
    for actions in [["append"], ["write"], ["seal"]].iter().map(|one| &one[..]) {
        let id = start(&registry).await;
        assert_eq!(
            append(&registry, &id, None, body(&["one "])).await.unwrap(),
            4
        );
        root.fail(actions, UPLOADS, Fault::Full);
        if actions != ["seal"] {
            let full = append(&registry, &id, None, body(&["two ", "three"])).await;
            assert!(matches!(full, Err(RegistryError::Full)), "{full:?}");
            assert_eq!(position(&registry, &id).await, 4);
        }
        let full = finish(&registry, &id, "one two", body(&["two"])).await;
        assert!(matches!(full, Err(RegistryError::Full)), "{full:?}");
        root.heal();
        if actions == ["seal"] {
            // The device may have lost more than the last bytes.
            let over = registry.upload(&repository("a"), &id).await;
            assert!(matches!(over, Err(RegistryError::UploadUnknown)));
            continue;
        }
        assert_eq!(position(&registry, &id).await, 4);
        assert_eq!(
            append(&registry, &id, None, body(&["2 "])).await.unwrap(),
            6
        );
        finish(&registry, &id, "one 2 3", body(&["3"]))
            .await
            .unwrap();
        let digest = sha256(b"one 2 3");
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "one 2 3");
    }
}

#[tokio::test]
async fn a_completely_refused_upload_leaves_nothing() {
    let root = Root::in_memory();
    let registry = root.open().await;
    for action in [&["append"], &["write"], &["seal"]] {
        root.fail(action, UPLOADS, Fault::Full);
        let full = put(&registry, "a", "t", &numbered(1)).await;
        assert!(matches!(full, Err(RegistryError::Full)), "{full:?}");
        let digest = sha256(b"content");
        let name = repository("a");
        let full = registry.upload_at_once(&name, &digest, body(&["content"]));
        assert!(matches!(full.await, Err(RegistryError::Full)));
        root.heal();
        assert!(root.names(layout::STAGING).await.is_empty());
        assert!(registry.sessions.all().is_empty());
    }
    let missing = put(&registry, "a", "t", &image(&[sha256(b"none")])).await;
    assert!(matches!(missing, Err(RegistryError::BlobsMissing(_))));
    assert!(root.names(layout::STAGING).await.is_empty());
    put(&registry, "a", "t", &numbered(1)).await.unwrap();
}

#[tokio::test]
async fn refused_bytes_do_not_count_after_a_crash() {
    for root in [Root::in_memory(), Root::in_files()] {
        let registry = root.open().await;
        let short = start(&registry).await;
        append(&registry, &short, None, body(&["one "]))
            .await
            .unwrap();
        let refused = append(&registry, &short, range(4, 99), body(&["two", "three"])).await;
        assert!(matches!(refused, Err(RegistryError::ChunkLength { .. })));
        let long = start(&registry).await;
        let refused = append(&registry, &long, range(0, 2), body(&["two", "three"])).await;
        assert!(matches!(refused, Err(RegistryError::ChunkLength { .. })));
        kill(registry).await;
        let registry = root.open().await;
        assert_eq!(position(&registry, &short).await, 4);
        assert_eq!(position(&registry, &long).await, 0);
        finish(&registry, &short, "one 2", body(&["2"]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn bytes_refused_by_a_full_store_do_not_count_after_a_crash() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let id = start(&registry).await;
    append(&registry, &id, None, body(&["one "])).await.unwrap();
    let calls = std::sync::atomic::AtomicUsize::new(0);
    root.memory.set_faults(Some(Box::new(move |action, _| {
        let second = action == "write" && calls.fetch_add(1, Ordering::Relaxed) == 1;
        second.then_some(Fault::Full)
    })));
    let full = finish(&registry, &id, "one two three", body(&["two ", "three"])).await;
    assert!(matches!(full, Err(RegistryError::Full)), "{full:?}");
    root.heal();
    kill(registry).await;
    let registry = root.open().await;
    assert_eq!(position(&registry, &id).await, 4);
}

async fn chunks_that_do_not_fit(root: Root) {
    let registry = root.open().await;
    let id = start(&registry).await;
    let kept = append(&registry, &id, None, broken(&["abc", "de"])).await;
    assert!(matches!(kept, Err(RegistryError::Interrupted(_))));
    assert_eq!(position(&registry, &id).await, 5);
    // Shorter and longer than the range, before and after the end.
    for (range, content) in [(range(5, 9), "fgh"), (range(5, 7), "fghi")] {
        let refused = append(&registry, &id, range, body(&[content])).await;
        assert!(matches!(refused, Err(RegistryError::ChunkLength { .. })));
        assert_eq!(position(&registry, &id).await, 5);
    }
    for range in [range(0, 2), range(6, 8)] {
        let refused = append(&registry, &id, range, body(&["fgh"])).await;
        assert!(matches!(
            refused,
            Err(RegistryError::OutOfOrder { position: 5, .. })
        ));
    }
    let kept = append(&registry, &id, range(5, 99), broken(&["fg"])).await;
    assert!(matches!(kept, Err(RegistryError::Interrupted(_))));
    assert_eq!(
        append(&registry, &id, range(7, 7), body(&["h"]))
            .await
            .unwrap(),
        8
    );
    let kept = finish(&registry, &id, "none", broken(&["i"])).await;
    assert!(matches!(kept, Err(RegistryError::Interrupted(_))));
    finish(&registry, &id, "abcdefghij", body(&["j"]))
        .await
        .unwrap();
    let digest = sha256(b"abcdefghij");
    assert_eq!(
        read_blob(&registry, "a", &digest).await.unwrap(),
        "abcdefghij"
    );
}

#[tokio::test]
async fn chunks_that_do_not_fit_change_nothing() {
    chunks_that_do_not_fit(Root::in_memory()).await;
    chunks_that_do_not_fit(Root::in_files()).await;
}

#[tokio::test]
async fn a_wrong_digest_ends_an_upload() {
    let root = Root::in_files();
    let registry = root.open().await;
    let id = start(&registry).await;
    root.clock.advance(2000);
    registry.save_uploads().await.unwrap();
    let wrong = finish(&registry, &id, "other", body(&["content"])).await;
    assert!(matches!(wrong, Err(RegistryError::DigestMismatch { .. })));
    let gone = registry.upload(&repository("a"), &id).await;
    assert!(matches!(gone, Err(RegistryError::UploadUnknown)));
    assert!(
        root.names(&format!("{}/a", layout::UPLOADS))
            .await
            .is_empty()
    );
    assert_eq!(registry.index.upload(&id).await.unwrap(), None);
    let digest = sha256(b"other");
    let name = repository("a");
    let wrong = registry
        .upload_at_once(&name, &digest, body(&["content"]))
        .await;
    assert!(matches!(wrong, Err(RegistryError::DigestMismatch { .. })));
    assert!(root.names(layout::STAGING).await.is_empty());
}

#[tokio::test]
async fn an_upload_belongs_to_its_repository() {
    let root = Root::in_files();
    let registry = root.open().await;
    let id = start(&registry).await;
    let other = registry.upload(&repository("b"), &id).await;
    assert!(matches!(other, Err(RegistryError::UploadUnknown)));
    let no_id = registry.upload(&repository("a"), "../../x").await;
    assert!(matches!(no_id, Err(RegistryError::UploadUnknown)));
}

/// A body that the test feeds.
fn fed() -> (mpsc::Sender<&'static str>, IncomingBody) {
    let (feed, food) = mpsc::channel(1);
    let stream = stream::unfold(food, |mut food: mpsc::Receiver<&'static str>| async {
        let slice = food.recv().await?;
        Some((Ok(vec![Bytes::from_static(slice.as_bytes())]), food))
    });
    (feed, Box::pin(stream))
}

#[tokio::test]
async fn a_second_writer_waits_and_a_status_request_does_not() {
    let root = Root::in_files();
    let registry = root.open().await;
    let id = start(&registry).await;
    append(&registry, &id, None, body(&["zero "]))
        .await
        .unwrap();
    let (feed, slow) = fed();
    let (of, its) = (registry.clone(), id.clone());
    let first = tokio::spawn(async move { append(&of, &its, None, slow).await });
    feed.send("one ").await.unwrap();
    feed.send("two ").await.unwrap();
    let (of, its) = (registry.clone(), id.clone());
    let second = tokio::spawn(async move { append(&of, &its, None, body(&["three"])).await });
    let began = Instant::now();
    assert_eq!(position(&registry, &id).await, 5);
    assert!(began.elapsed() < Duration::from_secs(2));
    drop(feed);
    assert_eq!(first.await.unwrap().unwrap(), 13);
    assert_eq!(second.await.unwrap().unwrap(), 18);
    assert_eq!(position(&registry, &id).await, 18);
    let content = "zero one two three";
    finish(&registry, &id, content, body(&[])).await.unwrap();
}

#[tokio::test]
async fn an_evicted_session_is_looked_up_again() {
    let root = Root::in_files();
    let registry = root.open().await;
    let id = start(&registry).await;
    append(&registry, &id, None, body(&["one "])).await.unwrap();
    // A request has looked it up and is waiting for it.
    let held = registry.sessions.get(&id).unwrap();
    root.clock.advance(60 * 60 * 1000);
    registry.save_uploads().await.unwrap();
    registry.save_uploads().await.unwrap();
    assert!(registry.sessions.get(&id).is_none());
    assert_eq!(held.session.lock().await.stage, sessions::Stage::Evicted);
    assert_eq!(
        append(&registry, &id, None, body(&["two"])).await.unwrap(),
        7
    );
    finish(&registry, &id, "one two", body(&[])).await.unwrap();
    let digest = sha256(b"one two");
    assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "one two");
}

#[tokio::test]
async fn a_collection_keeps_a_slow_upload() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (feed, slow) = fed();
    let (of, digest) = (registry.clone(), sha256(b"one two"));
    let upload =
        tokio::spawn(async move { of.upload_at_once(&repository("a"), &digest, slow).await });
    feed.send("one ").await.unwrap();
    while root.names(layout::STAGING).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    root.memory.age(100 * 60 * 60 * 1_000_000_000);
    root.clock.advance(100 * 60 * 60 * 1000);
    let report = registry
        .collect(&CollectOptions::default(), &|_: CollectEntry| ())
        .await
        .unwrap();
    assert_eq!(root.names(layout::STAGING).await.len(), 1, "{report:?}");
    feed.send("two").await.unwrap();
    drop(feed);
    upload.await.unwrap().unwrap();
    assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "one two");
}

#[tokio::test]
async fn staged_bytes_lost_before_placement_are_an_error() {
    let root = Root::in_files();
    let registry = root.open().await;
    let (feed, slow) = fed();
    let (of, digest) = (registry.clone(), sha256(b"one two"));
    let upload =
        tokio::spawn(async move { of.upload_at_once(&repository("a"), &digest, slow).await });
    for slice in ["one ", "t", "w"] {
        feed.send(slice).await.unwrap();
    }
    while root.names(layout::STAGING).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let name = root.names(layout::STAGING).await.remove(0);
    root.meddle(&format!("{}/{name}", layout::STAGING));
    feed.send("o").await.unwrap();
    drop(feed);
    upload.await.unwrap().unwrap_err();
    let blob = registry.lease_blob(&repository("a"), &digest).await;
    assert!(matches!(blob, Err(RegistryError::BlobUnknown(_))));
}
