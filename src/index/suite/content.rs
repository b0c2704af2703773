//! Blobs, leases and uploads.

use super::*;
use crate::index::UploadRecord;
use crate::oci::Visibility;

super::for_each_index!(
    duplicate_bytes_are_discarded,
    a_blob_has_aliases,
    a_mount_needs_a_readable_blob,
    a_lease_is_extended_after_half_of_its_length,
    a_found_blob_is_leased,
    leases_are_extended_by_repository,
    ended_leases_are_dropped,
    what_a_clock_that_was_ahead_has_prolonged_is_shortened,
    unlinking_affects_one_repository,
    uploads_are_saved_and_removed,
);

async fn duplicate_bytes_are_discarded(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    let again = NewBlob {
        staged: "staged/again".into(),
        ..blob("b", 1)
    };
    index.add_blob(again, at(0)).await.unwrap();
    let once_more = NewBlob {
        staged: "staged/once-more".into(),
        ..blob("b", 1)
    };
    index.add_blob(once_more, at(0)).await.unwrap();
    let linked = |name: &str| LayoutChange::LayerLinked {
        repository: repository(name),
        digest: digest(1),
        canonical: digest(1),
    };
    let discarded = |key: &str| LayoutChange::Discarded { key: key.into() };
    assert_eq!(
        place.observed(),
        [
            LayoutChange::BlobPlaced {
                digest: digest(1),
                from: "staged/1".into()
            },
            linked("a"),
            discarded("staged/again"),
            linked("b"),
            discarded("staged/once-more"),
        ]
    );
    assert_eq!(index.counts().await.unwrap(), (1, 0));
}

async fn a_blob_has_aliases(place: &Place) {
    let index = place.open().await;
    let new = NewBlob {
        alias: Some(sha512(1)),
        ..blob("a", 1)
    };
    index.add_blob(new, at(0)).await.unwrap();
    let by_alias = index.blob(&repository("a"), &sha512(1)).await.unwrap();
    assert_eq!(by_alias.unwrap().canonical, digest(1));
    place.observed();
    let mounted = index
        .mount(
            repository("b"),
            None,
            sha512(1),
            Visibility::Everything,
            at(0),
        )
        .await;
    assert_eq!(mounted.unwrap().unwrap().0.canonical, digest(1));
    let linked = |digest| LayoutChange::LayerLinked {
        repository: repository("b"),
        digest,
        canonical: self::digest(1),
    };
    assert_eq!(place.observed(), [linked(digest(1)), linked(sha512(1))]);
    // Unlinking it by one digest removes its links by all digests.
    assert!(
        index
            .unlink_blob(repository("b"), digest(1), 0)
            .await
            .unwrap()
    );
    let unlinked = |digest| LayoutChange::LayerUnlinked {
        repository: repository("b"),
        digest,
    };
    assert_eq!(place.observed(), [unlinked(digest(1)), unlinked(sha512(1))]);
    let gone = index.blob(&repository("b"), &sha512(1)).await.unwrap();
    assert_eq!(gone, None);
}

async fn a_mount_needs_a_readable_blob(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    place.observed();
    let mount = |to: &str, from: Option<&str>, byte| {
        index.mount(
            repository(to),
            from.map(repository),
            digest(byte),
            Visibility::Everything,
            at(0),
        )
    };
    for (from, byte) in [(Some("b"), 1), (Some("none"), 1), (Some("a"), 2), (None, 2)] {
        assert_eq!(mount("b", from, byte).await.unwrap(), None);
    }
    assert!(place.observed().is_empty());
    assert!(!index.has_repository(&repository("b")).await.unwrap());
    assert!(mount("b", Some("a"), 1).await.unwrap().is_some());
    assert!(mount("c", None, 1).await.unwrap().is_some());
    assert_eq!(place.observed().len(), 2);
    // It is linked already: the layout does not change.
    assert!(mount("c", None, 1).await.unwrap().is_some());
    assert!(mount("c", Some("a"), 1).await.unwrap().is_some());
    assert!(place.observed().is_empty());
    for name in ["a", "b", "c"] {
        let unlinked = index.unlink_blob(repository(name), digest(1), 0).await;
        assert!(unlinked.unwrap());
    }
    // No repository may read it any more.
    assert_eq!(mount("d", None, 1).await.unwrap(), None);
}

async fn a_lease_is_extended_after_half_of_its_length(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    for (now, end) in [
        (0, 1000),
        (400, 1000),
        (500, 1000),
        (501, 1501),
        (400, 1501),
        (9000, 10_000),
    ] {
        let leased = index.lease_blob(&repository("a"), digest(1), at(now)).await;
        assert_eq!(leased.unwrap().unwrap().1, end, "at {now}");
        assert_eq!(index.lease_end(&digest(1)).await.unwrap(), Some(end));
    }
    assert_eq!((at(501).until(), at(501).renew_before()), (1501, 1001));
}

async fn a_found_blob_is_leased(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    for (name, byte) in [("b", 1), ("a", 2)] {
        let leased = index
            .lease_blob(&repository(name), digest(byte), at(5000))
            .await;
        assert_eq!(leased.unwrap(), None);
    }
    assert_eq!(index.lease_end(&digest(2)).await.unwrap(), None);
    place.observed();
    let leased = index
        .lease_blob(&repository("a"), digest(1), at(5000))
        .await;
    let (record, end) = leased.unwrap().unwrap();
    assert_eq!((record.size, end), (1, 6000));
    assert!(place.observed().is_empty());
}

async fn leases_are_extended_by_repository(place: &Place) {
    let index = place.open().await;
    for (name, byte, now) in [("a", 1, 0), ("a", 2, 600), ("a", 3, -900), ("b", 4, 0)] {
        index.add_blob(blob(name, byte), at(now)).await.unwrap();
    }
    index.extend_leases(repository("a"), at(700)).await.unwrap();
    // Extended; long enough; ended; of another repository.
    for (byte, end) in [(1, 1700), (2, 1600), (3, 100), (4, 1000)] {
        assert_eq!(index.lease_end(&digest(byte)).await.unwrap(), Some(end));
    }
}

async fn ended_leases_are_dropped(place: &Place) {
    let index = place.open().await;
    for (byte, now) in [(1, 0), (2, 1), (3, 2)] {
        index.add_blob(blob("a", byte), at(now)).await.unwrap();
    }
    assert_eq!(index.drop_ended_leases(1001).await.unwrap(), 2);
    assert_eq!(index.lease_end(&digest(2)).await.unwrap(), None);
    assert_eq!(index.lease_end(&digest(3)).await.unwrap(), Some(1002));
}

async fn unlinking_affects_one_repository(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    index.add_blob(blob("b", 1), at(0)).await.unwrap();
    let unlink = |name, byte| index.unlink_blob(repository(name), digest(byte), 0);
    assert!(unlink("a", 1).await.unwrap());
    for (name, byte) in [("a", 1), ("a", 9), ("none", 1)] {
        assert!(!unlink(name, byte).await.unwrap());
    }
    assert_eq!(
        index.blob(&repository("a"), &digest(1)).await.unwrap(),
        None
    );
    let other = index.blob(&repository("b"), &digest(1)).await.unwrap();
    assert!(other.is_some());
}

async fn uploads_are_saved_and_removed(place: &Place) {
    let index = place.open().await;
    let upload = |id: &str, updated_at, position| UploadRecord {
        id: id.into(),
        repository: repository("a"),
        started_at: 1,
        updated_at,
        position,
        state: format!("state at {position}"),
    };
    let first = vec![upload("one", 10, 5), upload("two", 20, 0)];
    index.save_uploads(first).await.unwrap();
    index
        .save_uploads(vec![upload("one", 30, 6)])
        .await
        .unwrap();
    assert_eq!(
        index.upload("one").await.unwrap(),
        Some(upload("one", 30, 6))
    );
    assert_eq!(index.upload("none").await.unwrap(), None);
    let idle = index.idle_uploads(30, 9).await.unwrap();
    assert_eq!(idle, [upload("two", 20, 0)]);
    // A blob ends its upload session.
    let new = NewBlob {
        upload: Some("one".into()),
        ..blob("a", 1)
    };
    index.add_blob(new, at(0)).await.unwrap();
    index.remove_upload("two".into()).await.unwrap();
    index.remove_upload("two".into()).await.unwrap();
    assert!(index.idle_uploads(i64::MAX, 9).await.unwrap().is_empty());
}

async fn what_a_clock_that_was_ahead_has_prolonged_is_shortened(place: &Place) {
    const YEAR: Millis = 365 * 24 * 60 * 60 * 1000;
    let index = place.open().await;
    for (byte, now) in [(1, 0), (2, YEAR)] {
        index.add_blob(blob("a", byte), at(now)).await.unwrap();
    }
    let upload = |id: &str, updated_at| UploadRecord {
        id: id.into(),
        repository: repository("a"),
        started_at: updated_at,
        updated_at,
        position: 0,
        state: String::new(),
    };
    let uploads = vec![upload("past", 10), upload("ahead", YEAR)];
    index.save_uploads(uploads).await.unwrap();
    tagged(&index, "a", 3, &["x", "y"]).await;
    for (name, now) in [("x", 20), ("y", YEAR)] {
        let deleted = index.delete_tag(repository("a"), tag(name), discard_at(now));
        assert!(deleted.await.unwrap());
    }
    index.correct_future(at(500)).await.unwrap();
    for (byte, end) in [(1, 1000), (2, 1500)] {
        assert_eq!(index.lease_end(&digest(byte)).await.unwrap(), Some(end));
    }
    for (id, moved) in [("past", 10), ("ahead", 500)] {
        let found = index.upload(id).await.unwrap().unwrap();
        assert_eq!(found.updated_at, moved);
    }
    let trash = index.trash(500).await.unwrap();
    let times: Vec<_> = trash
        .iter()
        .map(|one| (one.deleted_at, one.expires_at))
        .collect();
    assert_eq!(times, [(500, 1500), (20, 1020)]);
}
