//! Sizes that lists are sorted by.

use super::*;
use crate::index::{
    ReferenceKind, RepositoryOrder, RepositorySearch, Restorable, RestoreOutcome, TagOrder,
};
use crate::oci::Visibility;

super::for_each_index!(
    the_size_of_an_index_follows_its_children,
    repositories_are_sorted_by_size_after_a_count,
    the_last_count_of_a_day_is_kept,
    a_page_skips_repositories_and_not_their_manifests,
);

/// Puts a tagged index of these children.
async fn tagged_index(index: &Index, name: &str, byte: u8, children: &[u8]) {
    let mut new = manifest(name, byte);
    new.media_type = MediaType::OCI_INDEX;
    new.references = children
        .iter()
        .map(|child| (digest(*child), ReferenceKind::Manifest))
        .collect();
    let staged = Some(format!("staged/{byte}"));
    let tags = vec![tag(&format!("index-{byte}"))];
    let put = index.put_manifest(new, vec![], tags, staged, at(0));
    assert_eq!(put.await.unwrap(), crate::index::PutManifest::Done);
}

/// The tags of a repository, the largest first, with their sizes.
async fn by_size(index: &Index, name: &str) -> Vec<(String, u64)> {
    let page = index
        .tag_page(&repository(name), None, TagOrder::Size, 0, 100)
        .await
        .unwrap()
        .unwrap();
    let rows = page.rows.into_iter();
    rows.map(|row| (row.name.to_string(), row.size)).collect()
}

async fn the_size_of_an_index_follows_its_children(place: &Place) {
    let index = place.open().await;
    // One child is pushed before the index, one after it, and one into another repository.
    tagged(&index, "a", 10, &["ten"]).await;
    tagged_index(&index, "a", 1, &[10, 20, 30]).await;
    tagged(&index, "b", 30, &["thirty"]).await;
    let expected = |sizes: &[(&str, u64)]| -> Vec<(String, u64)> {
        let sizes = sizes.iter();
        sizes
            .map(|(name, size)| ((*name).to_owned(), *size))
            .collect()
    };
    let sizes = expected(&[("index-1", 11), ("ten", 10)]);
    assert_eq!(by_size(&index, "a").await, sizes);
    tagged(&index, "a", 20, &["twenty"]).await;
    let sizes = expected(&[("index-1", 31), ("twenty", 20), ("ten", 10)]);
    assert_eq!(by_size(&index, "a").await, sizes);
    // The whole repository is deleted and restored.
    let deleted = index.delete_repository(repository("a"), discard_at(1));
    deleted.await.unwrap();
    let what = Restorable::Repository(repository("a"));
    let restored = index.restore(what, at(2)).await.unwrap();
    assert!(matches!(restored, RestoreOutcome::Done(_)));
    assert_eq!(by_size(&index, "a").await, sizes);
    let deleted = index.delete_manifest(repository("a"), digest(20), discard_at(3));
    deleted.await.unwrap();
    let sizes = expected(&[("index-1", 11), ("ten", 10)]);
    assert_eq!(by_size(&index, "a").await, sizes);
}

async fn repositories_are_sorted_by_size_after_a_count(place: &Place) {
    let index = place.open().await;
    for (name, byte) in [("small", 1), ("large", 100), ("medium", 50)] {
        tagged(&index, name, byte, &["1"]).await;
    }
    let listed = async |order| -> Vec<(String, Option<u64>)> {
        let search = RepositorySearch {
            visibility: Visibility::Everything,
            term: String::new(),
            namespace: None,
            order,
            skip: 0,
            limit: 10,
        };
        let found = index.search_repositories(&search).await.unwrap();
        let rows = found.rows.into_iter();
        rows.map(|row| (row.name.to_string(), row.bytes)).collect()
    };
    let unknown = listed(RepositoryOrder::Size).await;
    assert!(unknown.iter().all(|(_, bytes)| bytes.is_none()));
    assert_eq!(index.measure_repositories(2).await.unwrap(), 2);
    assert_eq!(index.measure_repositories(2).await.unwrap(), 1);
    assert_eq!(index.measure_repositories(2).await.unwrap(), 0);
    let sizes = |sizes: &[(&str, Option<u64>)]| -> Vec<(String, Option<u64>)> {
        let sizes = sizes.iter();
        sizes
            .map(|(name, size)| ((*name).to_owned(), *size))
            .collect()
    };
    assert_eq!(
        listed(RepositoryOrder::Size).await,
        sizes(&[
            ("large", Some(100)),
            ("medium", Some(50)),
            ("small", Some(1))
        ])
    );
    // A changed repository keeps its place in the list, without a size.
    tagged(&index, "small", 200, &["2"]).await;
    assert_eq!(
        listed(RepositoryOrder::Size).await[2],
        ("small".to_owned(), None)
    );
    assert_eq!(index.measure_repositories(9).await.unwrap(), 1);
    assert_eq!(
        listed(RepositoryOrder::Size).await[0],
        ("small".to_owned(), Some(201))
    );
    let deleted = index.delete_manifest(repository("small"), digest(200), discard_at(1));
    deleted.await.unwrap();
    assert_eq!(index.measure_repositories(9).await.unwrap(), 1);
    assert_eq!(listed(RepositoryOrder::Name).await[2].1, Some(1));
}

async fn the_last_count_of_a_day_is_kept(place: &Place) {
    let index = place.open().await;
    index.record_stored(10).await.unwrap();
    tagged(&index, "a", 5, &["1"]).await;
    index.record_stored(10).await.unwrap();
    tagged(&index, "a", 7, &["2"]).await;
    index.record_stored(12).await.unwrap();
    let days = index.stored_by_day(10).await.unwrap();
    let days: Vec<_> = days
        .iter()
        .map(|day| (day.day, day.bytes, day.blobs))
        .collect();
    assert_eq!(days, [(10, 5, 1), (12, 12, 2)]);
    assert_eq!(index.stored_by_day(1).await.unwrap()[0].day, 12);
}

async fn a_page_skips_repositories_and_not_their_manifests(place: &Place) {
    let index = place.open().await;
    for name in ["a/one", "a/three", "a/two"] {
        for byte in 1..5 {
            tagged(&index, name, byte, &[]).await;
        }
    }
    let (mut browsed, mut searched) = (Vec::new(), Vec::new());
    for skip in 0..4 {
        let search = RepositorySearch {
            visibility: Visibility::Everything,
            term: String::new(),
            namespace: None,
            order: RepositoryOrder::Name,
            skip,
            limit: 1,
        };
        let page = index.search_repositories(&search).await.unwrap();
        browsed.extend(page.rows.into_iter().map(|row| row.name.to_string()));
        let offset = usize::try_from(skip).unwrap();
        let found = index.search(&Visibility::Everything, "", offset, 1).await;
        let found = found.unwrap().found.into_iter();
        searched.extend(found.map(|row| row.name.to_string()));
    }
    assert_eq!(browsed, ["a/one", "a/three", "a/two"]);
    assert_eq!(searched, browsed);
}
