//! The behaviour that every store must have, tested on each implementation.

use bytes::Bytes;
use futures_util::StreamExt;

use super::{Entry, FileStore, MemoryStore, Step, StepError, Store, StoreError};
use crate::hash::Hasher;
use crate::oci::Algorithm;

macro_rules! for_each_store {
    ($($name:ident),* $(,)?) => {
        mod files {
            $(#[tokio::test]
            async fn $name() {
                let root = tempfile::tempdir().unwrap();
                super::$name(&super::FileStore::open(root.path()).unwrap()).await;
            })*
        }
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::MemoryStore::new()).await;
            })*
        }
    };
}

for_each_store!(
    a_blob_is_written_hashed_and_read,
    a_blob_is_continued,
    unacknowledged_bytes_are_discarded,
    placing_is_idempotent,
    ranges_are_exact,
    records_are_replaced_and_removed,
    directories_are_listed,
    absent_records_are_none,
    steps_are_applied_up_to_the_first_failure,
);

async fn write(store: &dyn Store, key: &str, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
    let mut appender = store.append(key, offset, vec![]);
    appender.write(vec![Bytes::copy_from_slice(bytes)]).await?;
    appender.seal().await.map(|_| ())
}

async fn place(store: &dyn Store, from: &str, to: &str) -> Result<(), StoreError> {
    let step = Step::Place {
        from: from.into(),
        to: to.into(),
    };
    Ok(store.apply(vec![step]).await?)
}

async fn put(store: &dyn Store, key: &str, content: &'static str) {
    let step = Step::Put {
        key: key.into(),
        bytes: content.into(),
    };
    store.apply(vec![step]).await.unwrap();
}

async fn read(store: &dyn Store, key: &str) -> Result<Bytes, StoreError> {
    Ok(store.read(key, None).await?.collect().await.unwrap())
}

async fn a_blob_is_written_hashed_and_read(store: &dyn Store) {
    let content: Vec<u8> = (0..1_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let hashers = vec![
        Hasher::new(Algorithm::Sha256),
        Hasher::new(Algorithm::Sha512),
    ];
    let mut appender = store.append("a/b/data", 0, hashers);
    for slice in content.chunks(70_000) {
        appender
            .write(vec![Bytes::copy_from_slice(slice)])
            .await
            .unwrap();
    }
    let written = appender.seal().await.unwrap();
    assert_eq!(written.length, content.len() as u64);
    for hasher in written.hashers {
        let algorithm = hasher.algorithm();
        assert_eq!(hasher.finish(), Hasher::digest(algorithm, &content));
    }
    let mut body = store.read("a/b/data", None).await.unwrap();
    assert_eq!(body.length(), content.len() as u64);
    let mut streamed = Vec::new();
    while let Some(slice) = body.next().await {
        streamed.extend_from_slice(&slice.unwrap());
    }
    assert_eq!(streamed, content);
}

async fn a_blob_is_continued(store: &dyn Store) {
    write(store, "u/data", 0, b"hello ").await.unwrap();
    write(store, "u/data", 6, b"world").await.unwrap();
    assert_eq!(read(store, "u/data").await.unwrap(), "hello world");
    let past = write(store, "u/data", 12, b"!").await;
    assert!(matches!(
        past,
        Err(StoreError::Short {
            length: 11,
            expected: 12,
            ..
        })
    ));
}

async fn unacknowledged_bytes_are_discarded(store: &dyn Store) {
    write(store, "u/data", 0, b"hello world").await.unwrap();
    write(store, "u/data", 6, b"you").await.unwrap();
    assert_eq!(read(store, "u/data").await.unwrap(), "hello you");
}

async fn placing_is_idempotent(store: &dyn Store) {
    write(store, "u/1", 0, b"same").await.unwrap();
    write(store, "u/2", 0, b"same").await.unwrap();
    place(store, "u/1", "blobs/x/data").await.unwrap();
    place(store, "u/1", "blobs/x/data").await.unwrap();
    place(store, "u/2", "blobs/x/data").await.unwrap();
    assert_eq!(read(store, "blobs/x/data").await.unwrap(), "same");
    assert!(read(store, "u/2").await.unwrap_err().is_not_found());
    assert!(
        place(store, "u/3", "blobs/y/data")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

async fn ranges_are_exact(store: &dyn Store) {
    write(store, "blob", 0, b"0123456789").await.unwrap();
    for (range, expected) in [
        ((0, 10), "0123456789"),
        ((3, 5), "34"),
        ((9, 10), "9"),
        ((4, 4), ""),
    ] {
        let body = store.read("blob", Some(range)).await.unwrap();
        assert_eq!(body.collect().await.unwrap(), expected);
    }
    assert!(matches!(
        store.read("blob", Some((5, 11))).await,
        Err(StoreError::Short { .. })
    ));
}

async fn records_are_replaced_and_removed(store: &dyn Store) {
    let keys = ["t/current/link".to_owned(), "t/none".to_owned()];
    for content in ["one", "two"] {
        put(store, &keys[0], content).await;
        assert_eq!(
            store.get(&keys).await.unwrap(),
            [Some(content.into()), None]
        );
    }
    let stat = store.stat(&keys).await.unwrap();
    assert_eq!(stat[0].unwrap().size, 3);
    assert_eq!(stat[1], None);
    store
        .apply(vec![Step::Prune {
            key: keys[0].clone(),
        }])
        .await
        .unwrap();
    store
        .apply(vec![Step::Prune {
            key: keys[0].clone(),
        }])
        .await
        .unwrap();
    assert_eq!(store.get(&keys).await.unwrap(), [None, None]);
    store.sync(&[]).await.unwrap();
}

async fn directories_are_listed(store: &dyn Store) {
    for key in ["d/a/link", "d/b/link", "d/b/other", "d/file"] {
        put(store, key, "x").await;
    }
    let mut listed = store
        .list(&["d".into(), "d/b".into(), "none".into()])
        .await
        .unwrap();
    for entries in &mut listed {
        entries.sort();
    }
    let entry = |name: &str, directory| Entry {
        name: name.into(),
        directory,
    };
    assert_eq!(
        listed[0],
        [entry("a", true), entry("b", true), entry("file", false)]
    );
    assert_eq!(listed[1], [entry("link", false), entry("other", false)]);
    assert!(listed[2].is_empty());
    let before = store.stat(&["d/b".into()]).await.unwrap()[0]
        .unwrap()
        .changed;
    put(store, "d/b/third", "x").await;
    assert!(
        store.stat(&["d/b".into()]).await.unwrap()[0]
            .unwrap()
            .changed
            >= before
    );
    store
        .apply(vec![Step::RemoveTree { key: "d/b".into() }])
        .await
        .unwrap();
    store
        .apply(vec![Step::RemoveTree { key: "d/b".into() }])
        .await
        .unwrap();
    assert_eq!(store.list(&["d".into()]).await.unwrap()[0].len(), 2);
}

async fn absent_records_are_none(store: &dyn Store) {
    assert!(read(store, "none").await.unwrap_err().is_not_found());
    assert!(
        write(store, "none", 5, b"x")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

async fn steps_are_applied_up_to_the_first_failure(store: &dyn Store) {
    let put = |key: &str| Step::Put {
        key: key.into(),
        bytes: "x".into(),
    };
    let fails = Step::Place {
        from: "none".into(),
        to: "place".into(),
    };
    let taken = store.apply(vec![put("1"), put("2"), fails, put("3")]).await;
    assert!(matches!(taken, Err(StepError { step: 2, .. })));
    let there = store
        .get(&["1".into(), "2".into(), "3".into()])
        .await
        .unwrap();
    assert_eq!(there, [Some("x".into()), Some("x".into()), None]);
}
