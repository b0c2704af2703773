//! The writer, the observer, the journal, the schema.

use std::sync::Arc;

use super::*;

super::for_each_index!(
    the_observer_sees_commits_in_order_before_the_caller,
    a_write_waits_until_the_layout_shows_it,
    writes_at_the_same_time_fail_alone,
    a_write_that_panics_fails_alone,
    journal_rows_stay_until_they_are_removed,
    the_writer_stops_after_the_queued_writes,
    data_survives_a_crash,
    a_later_schema_is_refused,
    settings_are_kept,
);

async fn the_observer_sees_commits_in_order_before_the_caller(place: &Place) {
    let index = place.open().await;
    let writers = (0..100_u8).map(|byte| {
        let (index, observed) = (index.clone(), Arc::clone(&place.observed));
        tokio::spawn(async move {
            index.add_blob(blob("a", byte), at(0)).await.unwrap();
            let placed = |entry: &JournalEntry| {
                matches!(&entry.change, LayoutChange::BlobPlaced { digest: placed, .. }
                    if *placed == digest(byte))
            };
            assert!(observed.lock().iter().any(placed));
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let observed = place.observed.lock().clone();
    assert!(observed.is_sorted_by(|one, next| one.id < next.id));
    assert_eq!(index.journal().await.unwrap(), observed);
    assert_eq!(observed.len(), 200);
}

async fn a_write_waits_until_the_layout_shows_it(place: &Place) {
    let (shown, wait) = tokio::sync::watch::channel(false);
    let observer = Arc::new(move |_| {
        let mut wait = wait.clone();
        Box::pin(async move { drop(wait.wait_for(|shown| *shown).await) }) as _
    });
    let index = Index::open(&place.file, observer).await.unwrap();
    let write = index.add_blob(blob("a", 1), at(0));
    tokio::pin!(write);
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut write).await;
    assert!(early.is_err());
    // The index already returns the committed state.
    let there = index.blob(&repository("a"), &digest(1)).await.unwrap();
    assert!(there.is_some());
    shown.send(true).unwrap();
    write.await.unwrap();
}

/// A write that adds a blob and then fails.
async fn fails(index: &Index, byte: u8, panics: bool) -> Result<(), IndexError> {
    let write = index.write::<(), _>(move |transaction| {
        Box::pin(async move {
            let change = LayoutChange::Discarded { key: "x".into() };
            transaction.journal(change);
            crate::index::blobs::insert(transaction.connection(), &digest(byte), 1, 0).await?;
            assert!(!panics, "as the test wants it");
            Err(IndexError::Full)
        })
    });
    write.await
}

async fn share_commits(place: &Place, panics: bool) {
    let index = place.open().await;
    let writes = (0..60_u8).map(|byte| {
        let index = index.clone();
        tokio::spawn(async move {
            if byte % 3 == 0 {
                fails(&index, byte, panics).await
            } else {
                index.add_blob(blob("a", byte), at(0)).await
            }
        })
    });
    for (byte, write) in (0_u8..).zip(writes.collect::<Vec<_>>()) {
        let result = write.await.unwrap();
        assert_eq!(result.is_err(), byte % 3 == 0, "{byte}: {result:?}");
    }
    // A write in its own commit fails as well, and does not affect the next one.
    assert!(fails(&index, 200, panics).await.is_err());
    index.add_blob(blob("a", 202), at(0)).await.unwrap();
    for byte in (0..60).chain([200, 202]) {
        let there = index.has_blob(&digest(byte)).await.unwrap();
        assert_eq!(there, byte % 3 != 0 && byte != 200, "{byte}");
    }
    let observed = place.observed();
    assert_eq!(observed.len(), 82);
    assert!(!observed.contains(&LayoutChange::Discarded { key: "x".into() }));
    assert_eq!(index.journal().await.unwrap().len(), 82);
}

async fn writes_at_the_same_time_fail_alone(place: &Place) {
    share_commits(place, false).await;
}

async fn a_write_that_panics_fails_alone(place: &Place) {
    share_commits(place, true).await;
}

async fn journal_rows_stay_until_they_are_removed(place: &Place) {
    let index = place.open().await;
    for byte in 1..=3 {
        index.add_blob(blob("a", byte), at(0)).await.unwrap();
    }
    let written = index.journal().await.unwrap();
    index.remove_journal_rows(written[4].id, &[]).await.unwrap();
    assert_eq!(index.journal().await.unwrap(), written[4..]);
    index
        .remove_journal_rows(written[5].id + 1, &[])
        .await
        .unwrap();
    assert!(index.journal().await.unwrap().is_empty());
    index.close().await;
    // Ids are never reused: a new row must not be mistaken for a finished one.
    let index = place.open().await;
    index.add_blob(blob("a", 4), at(0)).await.unwrap();
    assert!(index.journal().await.unwrap()[0].id > written[5].id);
}

async fn the_writer_stops_after_the_queued_writes(place: &Place) {
    let index = place.open().await;
    let mut writes = tokio::task::JoinSet::new();
    for byte in 0..50 {
        let index = index.clone();
        writes.spawn(async move { index.add_blob(blob("a", byte), at(0)).await });
    }
    tokio::task::yield_now().await;
    index.close().await;
    let mut done = 0;
    while let Some(result) = writes.join_next().await {
        match result.unwrap() {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(error, IndexError::Closed), "{error:?}"),
        }
    }
    let late = index.add_blob(blob("a", 99), at(0)).await;
    assert!(matches!(late, Err(IndexError::Closed)));
    assert_eq!(place.open().await.counts().await.unwrap().0, done);
}

async fn data_survives_a_crash(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(5)).await.unwrap();
    tagged(&index, "a", 2, &["one"]).await;
    let (journal, records) = (
        index.journal().await.unwrap(),
        index
            .repository_records(&crate::oci::Visibility::Everything, "", 10)
            .await
            .unwrap(),
    );
    // Not closed: as if the process had been killed.
    drop(index);
    let index = place.open().await;
    assert_eq!(index.journal().await.unwrap(), journal);
    assert_eq!(
        index
            .repository_records(&crate::oci::Visibility::Everything, "", 10)
            .await
            .unwrap(),
        records
    );
    assert_eq!(index.lease_end(&digest(1)).await.unwrap(), Some(1005));
    assert_eq!(
        index.tags(&repository("a"), "", 9).await.unwrap().unwrap(),
        ["one"]
    );
    index.ping().await.unwrap();
}

async fn a_later_schema_is_refused(place: &Place) {
    let index = place.open().await;
    let later = index.write(|transaction| {
        Box::pin(async move {
            let statement = sqlx::query("INSERT INTO schema_version (version) VALUES (1000)");
            statement.execute(transaction.connection()).await?;
            Ok(())
        })
    });
    later.await.unwrap();
    index.close().await;
    let refused = place.try_open().await.err().unwrap();
    assert!(matches!(refused, IndexError::Later { found: 1000, .. }));
    let text = refused.to_string();
    assert!(text.contains("; hint: start that version"), "{text}");
    assert!(!text.contains("  "), "{text}");
}

async fn settings_are_kept(place: &Place) {
    let index = place.open().await;
    assert_eq!(index.setting("x").await.unwrap(), None);
    for value in ["1", "2"] {
        index.set_setting("x", value.into()).await.unwrap();
        assert_eq!(index.setting("x").await.unwrap().as_deref(), Some(value));
    }
}
