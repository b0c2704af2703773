//! Candidates, plans and deletion.

use sqlx::{ConnectOptions, Connection};

use super::*;
use crate::index::{
    CollectTerms, Plan, PlannedBlob, PutManifest, ReferenceKind, Restorable, RestoreOutcome,
};

super::for_each_index!(
    unreferenced_blobs_are_found_after_their_lease,
    a_reference_by_an_alias_holds,
    each_removed_hold_adds_candidates,
    candidates_held_again_are_dismissed,
    many_changes_share_a_statement,
    a_deletion_in_parts_goes_on_after_changes_between_them,
    collections_are_recorded,
    an_index_of_the_first_version_is_migrated,
);

fn terms(now: Millis) -> CollectTerms {
    CollectTerms {
        now,
        steady: now,
        trash: now,
        untagged: Some(now),
        pulled: now,
    }
}

async fn found(plan: &mut Plan) -> Vec<(Digest, Option<String>)> {
    plan.find_blobs().await.unwrap();
    let blobs = plan.blobs(None).await.unwrap();
    let name = |blob: &PlannedBlob| blob.repository.as_ref().map(Repository::to_string);
    let mut found: Vec<_> = blobs.iter().map(|blob| (blob.digest, name(blob))).collect();
    found.sort_unstable();
    found
}

async fn garbage(index: &Index, now: Millis) -> Vec<Digest> {
    let mut plan = index.plan(terms(now)).await.unwrap();
    let found = found(&mut plan).await;
    plan.close().await.unwrap();
    found.into_iter().map(|(digest, _)| digest).collect()
}

fn referring(name: &str, byte: u8, references: &[(Digest, ReferenceKind)]) -> NewManifest {
    NewManifest {
        references: references.to_vec(),
        ..manifest(name, byte)
    }
}

async fn put(index: &Index, new: NewManifest, names: &[&str]) {
    let tags = names.iter().copied().map(tag).collect();
    let staged = Some(format!("staged/{}", new.digest));
    let put = index.put_manifest(new, vec![], tags, staged, at(0)).await;
    assert_eq!(put.unwrap(), PutManifest::Done);
}

async fn unreferenced_blobs_are_found_after_their_lease(place: &Place) {
    let index = place.open().await;
    for (name, byte) in [("b", 1), ("a", 1), ("a", 2), ("a", 3)] {
        index.add_blob(blob(name, byte), at(0)).await.unwrap();
    }
    let layer = (digest(2), ReferenceKind::Layer);
    put(&index, referring("a", 9, &[layer]), &["t"]).await;
    assert!(garbage(&index, 999).await.is_empty());
    let mut plan = index.plan(terms(999)).await.unwrap();
    plan.find_blobs().await.unwrap();
    let held = plan.held(None).await.unwrap();
    let ends: Vec<_> = held
        .iter()
        .map(|held| (held.blob.digest, held.until))
        .collect();
    assert_eq!(ends, [(digest(1), Some(1000)), (digest(3), Some(1000))]);
    let mut plan = index.plan(terms(1000)).await.unwrap();
    let a = Some("a".to_owned());
    assert_eq!(
        found(&mut plan).await,
        [(digest(1), a.clone()), (digest(3), a)]
    );
    let last = plan.blobs(None).await.unwrap();
    assert!(plan.blobs(last.last()).await.unwrap().is_empty());
}

async fn a_reference_by_an_alias_holds(place: &Place) {
    let index = place.open().await;
    let new = NewBlob {
        alias: Some(sha512(1)),
        ..blob("a", 1)
    };
    index.add_blob(new, at(0)).await.unwrap();
    let layer = (sha512(1), ReferenceKind::Layer);
    put(&index, referring("a", 9, &[layer]), &["t"]).await;
    assert!(garbage(&index, 5000).await.is_empty());
    let deleted = index.delete_manifest(repository("a"), digest(9), discard_at(5000));
    deleted.await.unwrap();
    assert!(garbage(&index, 5999).await.is_empty());
    assert_eq!(garbage(&index, 6000).await, [digest(1), digest(9)]);
}

/// Deletes by cascade and directly; each deletion makes the rows that it held candidates.
async fn each_removed_hold_adds_candidates(place: &Place) {
    let index = place.open().await;
    let never = Discard {
        now: 0,
        trashed_at: 0,
        keep: 0,
        deletion: None,
    };
    let untagged = async |now| {
        let mut plan = index.plan(terms(now)).await.unwrap();
        let mut found: Vec<Digest> = Vec::new();
        loop {
            let round = plan.manifests().await.unwrap();
            if round.is_empty() {
                return found;
            }
            found.extend(round.iter().map(|manifest| manifest.digest));
        }
    };
    let layer = (digest(1), ReferenceKind::Layer);
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    put(&index, referring("a", 2, &[layer]), &[]).await;
    let child = (digest(2), ReferenceKind::Manifest);
    put(&index, referring("a", 3, &[child]), &["t", "u"]).await;
    let referrer = NewManifest {
        subject: Some(digest(3)),
        ..manifest("a", 4)
    };
    put(&index, referrer, &[]).await;
    assert!(untagged(5000).await.is_empty());
    // A tag moves, and another is deleted.
    put(&index, manifest("a", 5), &["t"]).await;
    assert!(untagged(5000).await.is_empty());
    let deleted = index.delete_tag(repository("a"), tag("u"), never);
    assert!(deleted.await.unwrap());
    // The parent first, then its child and its referrer.
    assert_eq!(untagged(5000).await, [digest(3), digest(2), digest(4)]);
    let deleted = index.delete_manifest(repository("a"), digest(3), never);
    deleted.await.unwrap();
    assert_eq!(untagged(5000).await, [digest(2), digest(4)]);
    assert_eq!(garbage(&index, 5000).await, [digest(3)]);
    // Deleting the repository deletes everything in it.
    index
        .delete_repository(repository("a"), discard_at(5000))
        .await
        .unwrap();
    assert_eq!(garbage(&index, 5000).await, [digest(3)]);
    assert_eq!(
        garbage(&index, 6000).await,
        [digest(1), digest(2), digest(3), digest(4), digest(5)]
    );
    while index.remove_ended_trash(6000).await.unwrap() > 0 {}
    let mut plan = index.plan(terms(6000)).await.unwrap();
    let found = found(&mut plan).await;
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|(_, name)| name.as_deref() == Some("a")));
}

async fn candidates_held_again_are_dismissed(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    let layer = (digest(1), ReferenceKind::Layer);
    put(&index, referring("a", 2, &[layer]), &["t"]).await;
    index
        .delete_tag(repository("a"), tag("t"), discard_at(0))
        .await
        .unwrap();
    index
        .delete_manifest(repository("a"), digest(2), discard_at(0))
        .await
        .unwrap();
    let mut plan = index.plan(terms(10)).await.unwrap();
    let (blobs, manifests) = (
        plan.settled_blobs().await.unwrap(),
        plan.settled_manifests().await.unwrap(),
    );
    assert_eq!((blobs.len(), manifests.len()), (2, 0));
    index.dismiss_candidates(blobs, manifests).await.unwrap();
    assert!(plan.settled_blobs().await.unwrap().is_empty());
    // From the trash they are candidates again.
    while index.remove_ended_trash(1000).await.unwrap() > 0 {}
    assert_eq!(garbage(&index, 1000).await, [digest(1), digest(2)]);
    put(&index, referring("a", 2, &[layer]), &["t"]).await;
    let settled = plan.settled_blobs().await.unwrap();
    assert!(settled.is_empty());
    assert!(garbage(&index, 5000).await.is_empty());
}

async fn many_changes_share_a_statement(place: &Place) {
    let index = place.open().await;
    let changes: Vec<LayoutChange> = (0..1000)
        .map(|number| LayoutChange::Discarded {
            key: format!("staged/{number}"),
        })
        .collect();
    let expected = changes.clone();
    index
        .write(move |transaction| {
            Box::pin(async move {
                transaction.journal_all(changes);
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(place.observed(), expected);
    let kept = index.journal().await.unwrap().into_iter();
    assert!(kept.map(|entry| entry.change).eq(expected));
}

async fn a_deletion_in_parts_goes_on_after_changes_between_them(place: &Place) {
    let index = place.open().await;
    let name = repository("a");
    let deleted = |trash: &[crate::index::Trashed]| -> Vec<usize> {
        trash.iter().map(|one| one.manifests.len()).collect()
    };
    for is_emptied in [false, true] {
        for byte in 1..=20 {
            put(&index, manifest("a", byte), &[]).await;
        }
        let begun = index.delete_most_of_repository(&name, discard_at(1)).await;
        let begun = begun.unwrap();
        assert_eq!(deleted(&index.trash(1).await.unwrap()), [20]);
        if is_emptied {
            index.end_trash(1).await.unwrap();
            while index.remove_ended_trash(1).await.unwrap() > 0 {}
        }
        put(&index, manifest("a", 1), &[]).await;
        assert!(index.delete_repository(name.clone(), begun).await.unwrap());
        let parts = if is_emptied { 1 } else { 21 };
        assert_eq!(deleted(&index.trash(1).await.unwrap()), [parts]);
        let restored = index
            .restore(Restorable::Repository(name.clone()), at(1))
            .await;
        let RestoreOutcome::Done(restored) = restored.unwrap() else {
            panic!("it is not restored");
        };
        assert_eq!(restored.manifests.len(), if is_emptied { 1 } else { 20 });
        index
            .delete_repository(name.clone(), discard_at(1))
            .await
            .unwrap();
        index.end_trash(1).await.unwrap();
        while index.remove_ended_trash(1).await.unwrap() > 0 {}
    }
}

async fn collections_are_recorded(place: &Place) {
    let index = place.open().await;
    for now in 0..60 {
        let id = index.begin_collection(now).await.unwrap();
        if now == 59 {
            let record = crate::index::CollectionRecord {
                started_at: now,
                ended_at: Some(100),
                actor: Some("task:start".into()),
                manifests: 1,
                blobs: 2,
                bytes: 3,
                uploads: 4,
                failure: Some("why".into()),
            };
            index.end_collection(id, record.clone()).await.unwrap();
            assert_eq!(index.collections(1).await.unwrap(), [record]);
        }
    }
    let kept = index.collections(100).await.unwrap();
    assert_eq!(kept.len(), 50);
    assert_eq!((kept[1].started_at, kept[1].ended_at), (58, None));
}

async fn an_index_of_the_first_version_is_migrated(place: &Place) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&place.file)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let old = format!(
        "CREATE TABLE schema_version (version BIGINT NOT NULL); \
         INSERT INTO schema_version VALUES (1); \
         INSERT INTO repositories (id, name, created_at) VALUES (1, 'a', 0), (2, 'old', 0); \
         INSERT INTO blobs (id, digest, size, created_at) \
           VALUES (1, '{}', 1, 0), (2, '{}', 1, 0), (3, '{}', 1, 0); \
         INSERT INTO repository_blobs VALUES (1, 1), (2, 2); \
         INSERT INTO manifests (id, repository_id, digest, blob_id, media_type, platforms, size, \
           content_size, readable, pushed_at) VALUES (1, 1, '{}', 3, \
           'application/vnd.oci.image.manifest.v1+json', '', 1, 1, true, 0); \
         INSERT INTO manifest_references VALUES (1, '{}', 'layer');",
        digest(1),
        digest(2),
        digest(3),
        digest(3),
        digest(1),
    );
    for step in [include_str!("../migrations/0001_relations.sql"), &old] {
        let statements = sqlx::AssertSqlSafe(step.to_owned());
        sqlx::raw_sql(statements)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
    let index = place.open().await;
    assert_eq!(garbage(&index, 0).await, [digest(2)]);
    let mut plan = index.plan(terms(0)).await.unwrap();
    assert_eq!(plan.repositories().await.unwrap(), [repository("old")]);
    let round = plan.manifests().await.unwrap();
    assert_eq!(round[0].digest, digest(3));
}
