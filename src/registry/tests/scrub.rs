//! The background check: in samples, across restarts, at its rate.

use super::*;
use crate::registry::Scrubbed;

const FAST: u64 = u64::MAX;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn file(root: &Root, digest: &Digest) -> std::path::PathBuf {
    root.directory
        .path()
        .join("root")
        .join(layout::blob(digest))
}

#[tokio::test]
async fn a_round_reads_every_blob_once_and_pauses() {
    let root = Root::in_files();
    let registry = root.open().await;
    let mut digests = Vec::new();
    for number in 0..100 {
        digests.push(push_blob(&registry, "a", &format!("blob {number}")).await);
    }
    std::fs::write(file(&root, &digests[70]), "blob 07").unwrap();
    std::fs::remove_file(file(&root, &digests[30])).unwrap();
    let first = registry.scrub(FAST, DAY).await.unwrap();
    assert_eq!((first.blobs, first.pause), (64, None));
    registry.close().await.unwrap();

    // The position is saved. The start has detected the missing blob.
    let registry = root.open().await;
    let second = registry.scrub(FAST, DAY).await.unwrap();
    assert!(second.blobs >= 35, "{second:?}");
    let damaged = [first.damaged, second.damaged].concat();
    assert!(damaged.contains(&digests[70]), "{damaged:?}");
    assert!(read_blob(&registry, "a", &digests[70]).await.is_err());
    assert!(read_blob(&registry, "a", &digests[71]).await.is_ok());

    let resting = registry.scrub(FAST, DAY).await.unwrap();
    let pause = Some(DAY);
    assert_eq!(
        resting,
        Scrubbed {
            pause,
            ..Scrubbed::default()
        }
    );
    // A round that began when the clock was years ahead delays none.
    root.clock.set_by(-3650 * DAY);
    let again = registry.scrub(FAST, DAY).await.unwrap();
    assert_eq!((again.blobs, again.pause), (64, None));
    registry.scrub(FAST, DAY).await.unwrap();
    root.clock.advance(DAY);
    let again = registry.scrub(FAST, DAY).await.unwrap();
    assert_eq!((again.blobs, again.damaged.len()), (64, 0));

    push_blob(&registry, "a", "blob 70").await;
    assert_eq!(
        &read_blob(&registry, "a", &digests[70]).await.unwrap()[..],
        b"blob 70"
    );
}

#[tokio::test]
async fn the_rate_is_limited() {
    let root = Root::in_memory();
    let registry = root.open().await;
    for letter in ["a", "b", "c"] {
        push_blob(&registry, "a", &letter.repeat(1000)).await;
    }
    let began = std::time::Instant::now();
    registry.scrub(10_000, DAY).await.unwrap();
    let took = began.elapsed().as_millis();
    assert!(took >= 300, "{took} ms");
}
