//! Pages: repositories, tags, referrers.

use super::*;
use crate::index::{ReferenceKind, RepositoryOrder, RepositorySearch};
use crate::oci::Visibility;

super::for_each_index!(
    a_search_of_repositories_is_sorted_and_paged,
    namespaces_are_the_first_components,
    repositories_are_paged,
    pages_are_full_and_hide_other_repositories,
    a_mount_looks_only_where_the_caller_may_read,
    an_emptied_repository_is_not_listed,
    a_catalog_counts_each_digest_once,
    tags_are_paged,
    tags_are_described,
    referrers_are_paged_and_filtered,
);

async fn repositories_are_paged(place: &Place) {
    let index = place.open().await;
    // One name is a prefix of another, and `-` and `.` sort before `/`.
    let sorted = ["a", "a-b", "a.b", "a/b", "a/b/c", "ab", "b"];
    for name in ["b", "a/b/c", "ab", "a-b", "a", "a.b", "a/b"] {
        tagged(&index, name, 1, &[]).await;
    }
    assert_eq!(
        index
            .repositories(&Visibility::Everything, "", 100)
            .await
            .unwrap(),
        sorted
    );
    for size in 1..=sorted.len() {
        let (mut paged, mut last) = (Vec::new(), String::new());
        loop {
            let page = index
                .repositories(&Visibility::Everything, &last, size)
                .await
                .unwrap();
            let records = index
                .repository_records(&Visibility::Everything, &last, size)
                .await
                .unwrap();
            let named: Vec<_> = records.iter().map(|record| record.name.as_str()).collect();
            assert_eq!(named, page);
            match page.last() {
                Some(name) => last.clone_from(name),
                None => break,
            }
            paged.extend(page);
        }
        assert_eq!(paged, sorted, "in pages of {size}");
    }
    assert_eq!(
        index
            .repositories(&Visibility::Everything, "a.b0", 1)
            .await
            .unwrap(),
        ["a/b"]
    );
}

async fn pages_are_full_and_hide_other_repositories(place: &Place) {
    let index = place.open().await;
    for number in 0..40 {
        for namespace in ["hidden", "team", "teams"] {
            tagged(&index, &format!("{namespace}/app{number:02}"), 1, &[]).await;
        }
    }
    tagged(&index, "one", 1, &[]).await;
    let visibility = Visibility::Only {
        public: true,
        patterns: ["one", "team/*"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
    };
    let (mut listed, mut last) = (Vec::new(), String::new());
    loop {
        let page = index.repositories(&visibility, &last, 10).await.unwrap();
        let records = index
            .repository_records(&visibility, &last, 10)
            .await
            .unwrap();
        let named: Vec<_> = records.iter().map(|record| record.name.as_str()).collect();
        assert_eq!(named, page);
        let Some(name) = page.last() else { break };
        last.clone_from(name);
        assert!(
            page.len() == 10 || listed.len() + page.len() == 41,
            "{page:?}"
        );
        listed.extend(page);
    }
    let mut expected = vec!["one".to_owned()];
    expected.extend((0..40).map(|number| format!("team/app{number:02}")));
    assert_eq!(listed, expected);
    // A cursor that names a hidden repository behaves like one that names none.
    let after = index
        .repositories(&visibility, "hidden/app20", 1)
        .await
        .unwrap();
    assert_eq!(after, ["one"]);
}

async fn a_mount_looks_only_where_the_caller_may_read(place: &Place) {
    let index = place.open().await;
    index.add_blob(blob("hidden/a", 1), at(0)).await.unwrap();
    index.add_blob(blob("hidden/a", 2), at(0)).await.unwrap();
    index.add_blob(blob("team/a", 2), at(0)).await.unwrap();
    let team = Visibility::Only {
        public: true,
        patterns: ["team/*".parse().unwrap()].into(),
    };
    for (from, byte, visibility, expected) in [
        (None, 1, &Visibility::Everything, true),
        (None, 1, &team, false),
        (None, 2, &team, true),
        (Some("hidden/a"), 1, &team, false),
        (Some("hidden/a"), 2, &team, false),
        (Some("team/a"), 2, &team, true),
        (Some("team/a"), 1, &team, false),
        (Some("none"), 2, &team, false),
        (Some("hidden/a"), 1, &Visibility::Everything, true),
    ] {
        let into = repository("own");
        let mounted = index
            .mount(
                into.clone(),
                from.map(repository),
                digest(byte),
                visibility.clone(),
                at(0),
            )
            .await
            .unwrap();
        assert_eq!(
            mounted.is_some(),
            expected,
            "{from:?} {byte} {visibility:?}"
        );
        let there = index.blob(&into, &digest(byte)).await.unwrap();
        assert_eq!(there.is_some(), expected);
        if expected {
            index.unlink_blob(into, digest(byte), 0).await.unwrap();
        }
    }
}

async fn an_emptied_repository_is_not_listed(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x"]).await;
    index.add_blob(blob("blobs-only", 2), at(0)).await.unwrap();
    assert_eq!(
        index
            .repositories(&Visibility::Everything, "", 10)
            .await
            .unwrap(),
        ["a"]
    );
    let deleted = index
        .delete_manifest(repository("a"), digest(1), discard_at(0))
        .await;
    assert!(deleted.unwrap().is_some());
    assert!(
        index
            .repositories(&Visibility::Everything, "", 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        index
            .repository_records(&Visibility::Everything, "", 10)
            .await
            .unwrap()
            .is_empty()
    );
    // A repository without tags is not unknown.
    let tags = index.tags(&repository("a"), "", 10).await.unwrap();
    assert_eq!(tags, Some(vec![]));
    assert_eq!(index.tags(&repository("none"), "", 10).await.unwrap(), None);
}

async fn a_catalog_counts_each_digest_once(place: &Place) {
    let index = place.open().await;
    for byte in [10, 20] {
        index.add_blob(blob("a", byte), at(0)).await.unwrap();
    }
    for (byte, now) in [(1, 70), (2, 60)] {
        let mut new = manifest("a", byte);
        new.references = vec![
            (digest(10), ReferenceKind::Config),
            (digest(20), ReferenceKind::Layer),
            (digest(99), ReferenceKind::Layer),
        ];
        let put = index.put_manifest(new, vec![], vec![tag("x")], Some("s".into()), at(now));
        put.await.unwrap();
    }
    let records = index
        .repository_records(&Visibility::Everything, "", 10)
        .await
        .unwrap();
    let [record] = &records[..] else {
        panic!("{records:?}")
    };
    assert_eq!((record.tags, record.manifests), (1, 2));
    assert_eq!((record.size, record.pushed_at), (10 + 20 + 1 + 2, Some(70)));
}

async fn tags_are_paged(place: &Place) {
    let index = place.open().await;
    let sorted = ["1", "1.0", "10", "1_0", "V", "v", "v1"];
    tagged(&index, "a", 1, &["v1", "1_0", "10", "v", "V", "1", "1.0"]).await;
    tagged(&index, "b", 1, &["other"]).await;
    let tags = async |last: &str, limit| {
        let tags = index.tags(&repository("a"), last, limit).await;
        tags.unwrap().unwrap()
    };
    assert_eq!(tags("", 100).await, sorted);
    assert_eq!(tags("1", 2).await, ["1.0", "10"]);
    // A cursor may name an absent tag.
    assert_eq!(tags("1.5", 2).await, ["10", "1_0"]);
    assert!(tags("v1", 2).await.is_empty());
    let records = index.tag_records(&repository("a"), "1", 2).await.unwrap();
    let names: Vec<_> = records.unwrap().into_iter().map(|tag| tag.name).collect();
    assert_eq!(names, [tag("1.0"), tag("10")]);
    let none = index.tag_records(&repository("none"), "", 2).await;
    assert_eq!(none.unwrap(), None);
}

async fn tags_are_described(place: &Place) {
    let index = place.open().await;
    for (byte, content) in [(1, 100), (2, 200)] {
        let mut child = manifest("a", byte);
        (child.content_size, child.created) = (content, Some("2026-01-01T00:00:00Z".into()));
        let tags = vec![tag(&format!("child-{byte}"))];
        let put = index.put_manifest(child, vec![], tags, Some("s".into()), at(10));
        put.await.unwrap();
    }
    let mut parent = manifest("a", 3);
    parent.media_type = MediaType::OCI_INDEX;
    parent.platforms = vec!["linux/amd64".into(), "linux/arm64".into()];
    let children = [1, 2, 9].map(|byte| (digest(byte), ReferenceKind::Manifest));
    parent.references = children.to_vec();
    let put = index.put_manifest(parent, vec![], vec![tag("list")], Some("s".into()), at(20));
    put.await.unwrap();
    let records = index.tag_records(&repository("a"), "", 9).await.unwrap();
    let records = records.unwrap();
    let sizes: Vec<_> = records.iter().map(|tag| tag.size).collect();
    // The present children, with their content.
    assert_eq!(sizes, [101, 202, 3 + 101 + 202]);
    assert_eq!(records[2].platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!((records[2].updated_at, &records[2].created), (20, &None));
    assert_eq!(records[0].created.as_deref(), Some("2026-01-01T00:00:00Z"));
}

async fn referrers_are_paged_and_filtered(place: &Place) {
    let index = place.open().await;
    for byte in [5, 1, 4, 2, 3] {
        let mut new = manifest("a", byte);
        new.subject = Some(digest(99));
        new.artifact_type = Some(if byte % 2 == 0 { "even" } else { "odd" }.into());
        new.annotations = Some("{\"a\":\"b\"}".into());
        let put = index.put_manifest(new, vec![], vec![], Some("s".into()), at(0));
        put.await.unwrap();
    }
    tagged(&index, "a", 6, &[]).await;
    let page = async |name: &str, kind, last: &str, limit| {
        let (name, subject) = (repository(name), digest(99));
        let page = index.referrers(&name, &subject, kind, last, limit).await;
        let digests = page.unwrap().into_iter().map(|one| one.digest);
        digests.collect::<Vec<_>>()
    };
    assert_eq!(page("a", None, "", 9).await, [1, 2, 3, 4, 5].map(digest));
    let last = digest(2).to_string();
    assert_eq!(page("a", None, &last, 2).await, [3, 4].map(digest));
    assert_eq!(page("a", Some("odd"), &last, 9).await, [3, 5].map(digest));
    assert!(page("a", Some("none"), "", 9).await.is_empty());
    assert!(page("b", None, "", 9).await.is_empty());
    let (name, subject) = (repository("a"), digest(99));
    let first = index.referrers(&name, &subject, None, "", 1).await;
    let first = first.unwrap().remove(0);
    assert_eq!((first.size, first.media_type), (1, MediaType::OCI_MANIFEST));
    assert_eq!(first.annotations.as_deref(), Some("{\"a\":\"b\"}"));
}

async fn namespaces_are_the_first_components(place: &Place) {
    let index = place.open().await;
    for name in [
        "a-b/x", "a.b/c", "a/x", "a/x/y", "a/z/y", "a0/x", "a_b/x", "b", "c/d/e", "c/d/f",
        "c/g/h/i",
    ] {
        tagged(&index, name, 1, &["x"]).await;
    }
    let only = Visibility::Only {
        public: false,
        patterns: ["a/*", "c/d/e"].map(|text| text.parse().unwrap()).into(),
    };
    let namespaces = async |visibility: &Visibility, below: &str, limit| {
        let below = (!below.is_empty()).then(|| repository(below));
        let found = index.namespaces(visibility, below.as_ref(), limit).await;
        found.unwrap().join(" ")
    };
    let all = &Visibility::Everything;
    assert_eq!(namespaces(all, "", 9).await, "a-b a.b a a0 a_b c");
    assert_eq!(namespaces(all, "", 3).await, "a-b a.b a");
    assert_eq!(namespaces(all, "a", 9).await, "x z");
    assert_eq!(namespaces(all, "c", 9).await, "d g");
    assert_eq!(namespaces(all, "c/g", 9).await, "h");
    assert_eq!(namespaces(all, "c/d", 9).await, "");
    assert_eq!(namespaces(all, "b", 9).await, "");
    assert_eq!(namespaces(&only, "", 9).await, "a c");
    assert_eq!(namespaces(&only, "c", 9).await, "d");
}

async fn a_search_of_repositories_is_sorted_and_paged(place: &Place) {
    let index = place.open().await;
    for number in 0..12 {
        tagged(&index, &format!("team/r{number:02}"), 1, &["x"]).await;
        tagged(&index, &format!("other/r{number:02}"), 1, &["x"]).await;
    }
    let found = async |term: &str, namespace: Option<&str>, order, skip| {
        let search = RepositorySearch {
            visibility: Visibility::Everything,
            term: term.to_owned(),
            namespace: namespace.map(repository),
            order,
            skip,
            limit: 3,
        };
        let found = index.search_repositories(&search).await.unwrap();
        let names = found.rows.iter().map(|row| row.name.to_string());
        (
            names.collect::<Vec<_>>().join(" "),
            found.count.number,
            found.count.exact,
        )
    };
    let by_name = RepositoryOrder::Name;
    for (term, namespace, skip, names, count) in [
        ("", None, 0, "other/r00 other/r01 other/r02", 24),
        ("", Some("team"), 0, "team/r00 team/r01 team/r02", 12),
        ("", Some("team"), 10, "team/r10 team/r11", 12),
        ("", Some("team"), 12, "", 12),
        ("r1", None, 0, "other/r10 other/r11 team/r10", 4),
        ("R1", None, 3, "team/r11", 4),
        ("r1", Some("team"), 0, "team/r10 team/r11", 2),
        ("none", None, 0, "", 0),
    ] {
        let expected = (names.to_owned(), count, true);
        assert_eq!(
            found(term, namespace, by_name, skip).await,
            expected,
            "{term}"
        );
    }
    // All were pushed at the same time.
    let pushed = found("r1", None, RepositoryOrder::Pushed, 0).await.0;
    assert_eq!(pushed, "team/r11 team/r10 other/r11");
}
