//! Manifests: putting, tagging, deleting.

use super::*;
use crate::index::{PutManifest, ReferenceKind};
use crate::oci::Reference;

super::for_each_index!(
    missing_blobs_are_listed_and_nothing_changes,
    a_manifest_needs_its_bytes,
    references_of_a_manifest_are_leased,
    tags_move_and_share_manifests,
    deleting_a_tag_keeps_its_manifest,
    deleting_a_manifest_deletes_its_tags,
    a_manifest_is_found_by_an_alias,
    a_pull_of_a_platform_counts_for_the_tags_of_its_indexes,
    a_pull_by_a_clock_that_was_set_back_undoes_no_later_one,
);

fn links(changes: &[LayoutChange]) -> usize {
    let is_link = |change: &&LayoutChange| matches!(change, LayoutChange::RevisionLinked { .. });
    changes.iter().filter(is_link).count()
}

async fn points_at(index: &Index, name: &str, names: &str) -> Option<Digest> {
    let reference = Reference::Tag(tag(names));
    let found = index.manifest(&repository(name), &reference).await;
    found.unwrap().map(|record| record.digest)
}

async fn missing_blobs_are_listed_and_nothing_changes(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("a", 1), at(0)).await.unwrap();
    index.add_blob(blob("other", 2), at(0)).await.unwrap();
    place.observed();
    let required = vec![digest(1), digest(2), digest(3)];
    let put = |name: &str, required| {
        let staged = Some("staged/m".to_owned());
        index.put_manifest(manifest(name, 9), required, vec![tag("t")], staged, at(0))
    };
    // One blob is only in another repository, one is missing.
    assert_eq!(
        put("a", required.clone()).await.unwrap(),
        PutManifest::Missing(vec![digest(2), digest(3)])
    );
    assert_eq!(
        put("new", required.clone()).await.unwrap(),
        PutManifest::Missing(required)
    );
    assert!(place.observed().is_empty());
    assert!(!index.has_blob(&digest(9)).await.unwrap());
    assert!(!index.has_repository(&repository("new")).await.unwrap());
    assert_eq!(index.lease_end(&digest(9)).await.unwrap(), None);
}

async fn a_manifest_needs_its_bytes(place: &Place) {
    let index = place.open().await;
    let put = |name: &str, staged: Option<&str>| {
        let staged = staged.map(str::to_owned);
        index.put_manifest(manifest(name, 9), vec![], vec![tag("t")], staged, at(0))
    };
    assert_eq!(put("a", None).await.unwrap(), PutManifest::NeedsBytes);
    assert!(place.observed().is_empty());
    assert_eq!(put("a", Some("s/1")).await.unwrap(), PutManifest::Done);
    // Its bytes exist now. If bytes are staged again, they replace the others.
    assert_eq!(put("b", None).await.unwrap(), PutManifest::Done);
    place.observed();
    assert_eq!(put("a", Some("s/2")).await.unwrap(), PutManifest::Done);
    let observed = place.observed();
    let replaced = LayoutChange::BlobPlaced {
        digest: digest(9),
        from: "s/2".into(),
    };
    assert_eq!(observed[0], replaced);
    assert_eq!(links(&observed), 0);
    assert_eq!(index.counts().await.unwrap(), (1, 2));
}

async fn references_of_a_manifest_are_leased(place: &Place) {
    let index = place.open().await;
    for byte in [1, 2] {
        index.add_blob(blob("a", byte), at(0)).await.unwrap();
    }
    tagged(&index, "a", 3, &[]).await;
    let mut new = manifest("a", 9);
    new.references = vec![
        (digest(1), ReferenceKind::Config),
        (digest(2), ReferenceKind::Layer),
        (digest(2), ReferenceKind::Layer),
        (digest(3), ReferenceKind::Manifest),
        (digest(4), ReferenceKind::Manifest),
    ];
    let required = vec![digest(1), digest(2)];
    let put = index.put_manifest(new, required, vec![], Some("s".into()), at(5000));
    assert_eq!(put.await.unwrap(), PutManifest::Done);
    for byte in [1, 2, 3, 9] {
        assert_eq!(index.lease_end(&digest(byte)).await.unwrap(), Some(6000));
    }
    assert_eq!(index.lease_end(&digest(4)).await.unwrap(), None);
    for kind in [
        ReferenceKind::Config,
        ReferenceKind::Layer,
        ReferenceKind::Manifest,
    ] {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
}

async fn tags_move_and_share_manifests(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x", "y"]).await;
    let observed = place.observed();
    assert_eq!((observed.len(), links(&observed)), (4, 1));
    tagged(&index, "a", 2, &["y", "z"]).await;
    for (name, byte) in [("x", 1), ("y", 2), ("z", 2)] {
        assert_eq!(points_at(&index, "a", name).await, Some(digest(byte)));
    }
    // The manifest exists already, so only the tag changes.
    place.observed();
    let put = index.put_manifest(manifest("a", 1), vec![], vec![tag("y")], None, at(0));
    assert_eq!(put.await.unwrap(), PutManifest::Done);
    let set = LayoutChange::TagSet {
        repository: repository("a"),
        tag: tag("y"),
        digest: digest(1),
    };
    assert_eq!(place.observed(), [set]);
    assert_eq!(points_at(&index, "a", "y").await, Some(digest(1)));
    assert_eq!(points_at(&index, "b", "y").await, None);
}

async fn deleting_a_tag_keeps_its_manifest(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x", "y"]).await;
    place.observed();
    let delete = |name: &str, names| index.delete_tag(repository(name), tag(names), discard_at(0));
    assert!(delete("a", "x").await.unwrap());
    let removed = LayoutChange::TagRemoved {
        repository: repository("a"),
        tag: tag("x"),
    };
    assert_eq!(place.observed(), [removed]);
    for (name, names) in [("a", "x"), ("a", "none"), ("none", "x")] {
        assert!(!delete(name, names).await.unwrap());
    }
    assert!(place.observed().is_empty());
    assert_eq!(points_at(&index, "a", "y").await, Some(digest(1)));
}

async fn deleting_a_manifest_deletes_its_tags(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x", "y"]).await;
    tagged(&index, "a", 2, &["z"]).await;
    tagged(&index, "b", 1, &["x"]).await;
    place.observed();
    let delete =
        |name: &str, byte| index.delete_manifest(repository(name), digest(byte), discard_at(0));
    let mut gone = delete("a", 1).await.unwrap().unwrap();
    gone.sort();
    assert_eq!(gone, [tag("x"), tag("y")]);
    let observed = place.observed();
    assert_eq!(observed.len(), 3);
    let unlinked = LayoutChange::RevisionUnlinked {
        repository: repository("a"),
        digest: digest(1),
    };
    assert_eq!(observed[2], unlinked);
    assert_eq!(delete("a", 1).await.unwrap(), None);
    assert_eq!(delete("none", 1).await.unwrap(), None);
    assert_eq!(points_at(&index, "a", "z").await, Some(digest(2)));
    assert_eq!(points_at(&index, "b", "x").await, Some(digest(1)));
    // A manifest without tags is deleted as well.
    index
        .delete_tag(repository("a"), tag("z"), discard_at(0))
        .await
        .unwrap();
    assert_eq!(delete("a", 2).await.unwrap(), Some(vec![]));
}

async fn a_manifest_is_found_by_an_alias(place: &Place) {
    let index = place.open().await;
    let new = NewManifest {
        digest: sha512(1),
        ..manifest("a", 1)
    };
    let put = index.put_manifest(new, vec![], vec![tag("x")], Some("s".into()), at(0));
    assert_eq!(put.await.unwrap(), PutManifest::Done);
    let by = async |reference| {
        let found = index.manifest(&repository("a"), &reference).await;
        found.unwrap()
    };
    let found = by(Reference::Digest(sha512(1))).await.unwrap();
    assert_eq!((found.digest, found.blob.canonical), (sha512(1), digest(1)));
    assert_eq!(by(Reference::Tag(tag("x"))).await, Some(found));
    assert_eq!(by(Reference::Digest(digest(1))).await, None);
}

async fn a_pull_of_a_platform_counts_for_the_tags_of_its_indexes(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["platform"]).await;
    tagged(&index, "a", 2, &["other"]).await;
    // 4 holds 3, which holds 1; 5 holds 1 and 2.
    for (byte, children, name) in [
        (3, vec![1], "x"),
        (4, vec![3], "outer"),
        (5, vec![1, 2], "y"),
    ] {
        let mut new = manifest("a", byte);
        let children = children.into_iter();
        new.references = children
            .map(|child| (digest(child), ReferenceKind::Manifest))
            .collect();
        let tags = vec![tag(name)];
        let put = index.put_manifest(new, vec![], tags, Some(format!("s/{byte}")), at(0));
        assert_eq!(put.await.unwrap(), PutManifest::Done);
    }
    tagged(&index, "a", 6, &["alone"]).await;
    for (byte, now) in [(2, 50), (1, 40), (4, 30)] {
        let pulls = vec![(repository("a"), digest(byte), 1)];
        index.save_pulls(pulls, now).await.unwrap();
    }
    let held = index.holdings(&repository("a")).await.unwrap();
    let mut pulled: Vec<_> = held.tags.iter().collect();
    pulled.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    let pulled: Vec<_> = pulled
        .iter()
        .map(|tag| (tag.name.as_str(), tag.pulled_at))
        .collect();
    let expected = [
        ("alone", None),
        ("other", Some(50)),
        ("outer", Some(40)),
        ("platform", Some(40)),
        ("x", Some(40)),
        ("y", Some(50)),
    ];
    assert_eq!(pulled, expected);
}

async fn a_pull_by_a_clock_that_was_set_back_undoes_no_later_one(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["t"]).await;
    for now in [1000, 5, 1001] {
        let pulls = vec![(repository("a"), digest(1), 1)];
        index.save_pulls(pulls, now).await.unwrap();
        let last = index.pulls(&repository("a"), &digest(1)).await.unwrap();
        assert_eq!(last.unwrap().0, now.max(1000));
    }
}
