//! Applying the differences that a survey of the layout found.

use super::*;
use crate::index::{FoundRepository, ReferenceKind};
use crate::oci::{Reference, Visibility};

super::for_each_index!(
    additions_are_reindexed,
    many_additions_are_reindexed,
    removals_are_reindexed,
    a_manifest_without_bytes_is_removed,
    pushes_again_are_reindexed,
    blobs_are_listed_by_prefix,
    missing_children_are_listed_in_pages,
);

fn found(name: &str) -> FoundRepository {
    FoundRepository::unchanged(repository(name))
}

async fn additions_are_reindexed(place: &Place) {
    let index = place.open().await;
    let come = vec![(digest(1), 10), (digest(2), 20)];
    index.reindex_blobs(come, vec![], 5).await.unwrap();
    assert!(found("a").is_unchanged());
    let mut changes = found("a");
    changes.linked = vec![
        (digest(1), digest(1)),
        (sha512(1), digest(1)),
        (digest(9), digest(9)),
    ];
    changes.manifests = vec![(manifest("a", 2), 70), (manifest("a", 9), 80)];
    changes.tags = vec![
        (tag("there"), digest(2), 60),
        (tag("dangling"), digest(9), 90),
    ];
    assert!(!changes.is_unchanged());
    index.reindex_repository(changes, 5).await.unwrap();
    // References to absent blobs are left out.
    let known = index.known_repository(&repository("a")).await.unwrap();
    assert_eq!(known.blobs, [digest(1)].into());
    assert_eq!(known.manifests, [digest(2)].into());
    assert_eq!(known.tags, [(tag("there"), digest(2))].into());
    let by_alias = index.blob(&repository("a"), &sha512(1)).await.unwrap();
    assert_eq!(by_alias.unwrap().size, 10);
    let records = index
        .repository_records(&Visibility::Everything, "", 9)
        .await
        .unwrap();
    assert_eq!(records[0].pushed_at, Some(70));
    // The layout shows these already.
    assert!(place.observed().is_empty());
    assert!(index.journal().await.unwrap().is_empty());
    let unknown = index.known_repository(&repository("none")).await.unwrap();
    assert!(unknown.tags.is_empty() && unknown.manifests.is_empty() && unknown.blobs.is_empty());
}

/// More rows than one statement adds, some of which exist.
async fn many_additions_are_reindexed(place: &Place) {
    const MANY: u16 = 1203;
    let numbered = |number: u16| {
        let mut bytes = [7; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Digest::from_bytes(Algorithm::Sha256, &bytes).unwrap()
    };
    let index = place.open().await;
    let come: Vec<_> = (0..MANY).map(|number| (numbered(number), 10)).collect();
    for round in 0..2 {
        index.reindex_blobs(come.clone(), vec![], 5).await.unwrap();
        let mut changes = found("a");
        let first = if round == 0 { MANY - 3 } else { 0 };
        for number in first..MANY {
            let new = NewManifest {
                digest: numbered(number),
                canonical: numbered(number),
                references: (0..3)
                    .map(|byte| (digest(byte), ReferenceKind::Layer))
                    .collect(),
                ..manifest("a", 1)
            };
            changes.linked.push((numbered(number), numbered(number)));
            changes.manifests.push((new, i64::from(number)));
            let tag = tag(&format!("t{number}"));
            changes
                .tags
                .push((tag, numbered(number), i64::from(number)));
        }
        index.reindex_repository(changes, 5).await.unwrap();
        let known = index.known_repository(&repository("a")).await.unwrap();
        let expected: Vec<Digest> = (first..MANY).map(numbered).collect();
        assert_eq!(known.manifests, expected.iter().copied().collect());
        assert_eq!(known.blobs, expected.iter().copied().collect());
        let tags = (first..MANY).map(|number| (tag(&format!("t{number}")), numbered(number)));
        assert_eq!(known.tags, tags.collect());
        let records = index
            .repository_records(&Visibility::Everything, "", 9)
            .await
            .unwrap();
        assert_eq!(records[0].pushed_at, Some(i64::from(MANY - 1)));
    }
    let (blobs, manifests) = index.counts().await.unwrap();
    assert_eq!((blobs, manifests), (MANY.into(), MANY.into()));
}

async fn removals_are_reindexed(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x", "y"]).await;
    tagged(&index, "a", 2, &["z"]).await;
    index.add_blob(blob("a", 3), at(0)).await.unwrap();
    place.observed();
    let mut changes = found("a");
    changes.untagged = vec![tag("x"), tag("none")];
    changes.removed = vec![digest(2), digest(9)];
    changes.unlinked = vec![digest(3), digest(9)];
    changes.tags = vec![(tag("y"), digest(9), 5)];
    index.reindex_repository(changes, 5).await.unwrap();
    let known = index.known_repository(&repository("a")).await.unwrap();
    assert_eq!(known.manifests, [digest(1)].into());
    assert!(known.tags.is_empty() && known.blobs.is_empty());
    assert!(index.has_blob(&digest(3)).await.unwrap());
    assert!(place.observed().is_empty());
}

async fn a_manifest_without_bytes_is_removed(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x"]).await;
    tagged(&index, "b", 1, &["x"]).await;
    tagged(&index, "b", 2, &["y"]).await;
    index.add_blob(blob("b", 1), at(0)).await.unwrap();
    let gone = vec![digest(1), digest(9)];
    index.reindex_blobs(vec![], gone, 5).await.unwrap();
    assert_eq!(index.counts().await.unwrap(), (1, 1));
    let reference = Reference::Tag(tag("x"));
    for name in ["a", "b"] {
        let record = index.manifest(&repository(name), &reference).await;
        assert_eq!(record.unwrap(), None);
    }
    assert_eq!(
        index.blob(&repository("b"), &digest(1)).await.unwrap(),
        None
    );
    let names = index.all_repositories().await.unwrap();
    assert_eq!(names, [repository("a"), repository("b")]);
}

async fn blobs_are_listed_by_prefix(place: &Place) {
    let index = place.open().await;
    let come = [0x00, 0x0f, 0xf0, 0xff].map(|byte| (digest(byte), 1));
    index.reindex_blobs(come.to_vec(), vec![], 0).await.unwrap();
    for (prefix, bytes) in [
        ("00", vec![0x00]),
        ("ff", vec![0xff]),
        ("f0", vec![0xf0]),
        ("0", vec![0x00, 0x0f]),
        ("", vec![0x00, 0x0f, 0xf0, 0xff]),
        ("12", vec![]),
    ] {
        let known = index.known_blobs(prefix).await.unwrap();
        assert_eq!(known, bytes.into_iter().map(digest).collect(), "{prefix}");
    }
}

async fn pushes_again_are_reindexed(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x", "y"]).await;
    let times = async || {
        let held = index.holdings(&repository("a")).await.unwrap();
        let tags = held.tags.iter().map(|tag| tag.updated_at);
        let pushed: i64 = sqlx::query_scalar("SELECT pushed_at FROM manifests")
            .fetch_one(&index.readers)
            .await
            .unwrap();
        (tags.collect::<Vec<_>>(), pushed)
    };
    for (at, expected) in [(70, 70), (50, 70)] {
        let mut changes = found("a");
        changes.renewed = vec![(digest(1), at), (digest(9), at)];
        changes.renewed_tags = vec![(tag("x"), at), (tag("none"), at)];
        assert!(!changes.is_unchanged());
        index.reindex_repository(changes, 5).await.unwrap();
        let mut shown = times().await;
        shown.0.sort_unstable();
        // An earlier push takes nothing back.
        assert_eq!(shown, (vec![0, expected], expected));
    }
    let known = index.known_repository(&repository("a")).await.unwrap();
    assert_eq!(known.tags.len(), 2);
}

async fn missing_children_are_listed_in_pages(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 9, &["child"]).await;
    let mut expected = Vec::new();
    for (number, name) in [(1, "b"), (2, "a"), (3, "a")] {
        let children = [4, 5, 9].map(|byte| (digest(byte), ReferenceKind::Manifest));
        let new = NewManifest {
            references: children.to_vec(),
            ..manifest(name, number)
        };
        let staged = Some(format!("staged/{number}"));
        let put = index.put_manifest(new, vec![], vec![], staged, at(0));
        put.await.unwrap();
        let has_child = name == "a";
        let missing: &[u8] = if has_child { &[4, 5] } else { &[4, 5, 9] };
        expected.extend(missing.iter().map(|&byte| {
            let (manifest, child) = (digest(number), digest(byte));
            (repository(name), manifest, child, has_child)
        }));
    }
    for limit in [1, 2, 100] {
        let mut listed = Vec::new();
        let mut last = None;
        loop {
            let page = index.missing_children(last.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(end) = page.last() else { break };
            last = Some(end.clone());
            let page = page.into_iter();
            listed.extend(page.map(|one| (one.repository, one.manifest, one.child, one.siblings)));
        }
        assert_eq!(listed, expected, "{limit}");
    }
}
