//! Tags and the catalog: complete, sorted, in pages; and the effect of deletes.

use std::collections::BTreeSet;

use crate::support::{Image, Server, next_target, sha256, texts};

/// Names with common prefixes, sorted before and after `/`.
const PREFIXES: [&str; 14] = [
    "a", "a-b", "a-b/c", "a.b", "a/a", "a/b", "a/b/c", "a/b0", "a0", "a0/b", "a_b", "aa", "ab", "b",
];

#[test]
fn the_catalog_is_complete_in_pages_of_every_size() {
    let server = Server::regctl();
    let image = Image::new(1);
    // Pushed in reverse order, so that the server has to sort.
    for name in PREFIXES.iter().rev() {
        server.remote(name).push("1", &image);
    }
    let mut expected = PREFIXES.map(str::to_owned).to_vec();
    expected.sort();
    for n in 1..=PREFIXES.len() + 1 {
        let pages = server.client().pages(&format!("/v2/_catalog?n={n}"));
        let names: Vec<_> = pages
            .iter()
            .flat_map(|page| texts(&page["repositories"]))
            .collect();
        assert_eq!(names, expected, "n={n}");
        assert_eq!(pages.len(), PREFIXES.len().div_ceil(n), "pages of {n}");
    }
    for (position, last) in expected.iter().enumerate() {
        let target = format!("/v2/_catalog?last={}", last.replace('/', "%2F"));
        let page = server.client().get(&target).expect(200).json();
        assert_eq!(
            texts(&page["repositories"]),
            expected[position + 1..],
            "after {last}"
        );
    }
    // `last` need not exist.
    let page = server
        .client()
        .get("/v2/_catalog?last=a%2Fa9")
        .expect(200)
        .json();
    assert_eq!(texts(&page["repositories"])[0], "a/b");
    server.stop();
}

#[test]
fn tags_are_complete_in_pages_of_every_size() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let image = Image::new(1);
    remote.push_blobs(&image);
    let mut expected: Vec<String> = [
        "a", "a-b", "a.b", "a0", "a_b", "aa", "ab", "A", "AB", "_x", "1", "1.0", "1.0.1", "1.10",
        "10", "latest", "B",
    ]
    .map(str::to_owned)
    .to_vec();
    for tag in &expected {
        remote.put(tag, &image.manifest).expect(201);
    }
    expected.sort();
    for n in 1..=expected.len() + 1 {
        let pages = remote
            .client
            .pages(&remote.path(&format!("tags/list?n={n}")));
        let tags: Vec<_> = pages.iter().flat_map(|page| texts(&page["tags"])).collect();
        assert_eq!(tags, expected, "n={n}");
        assert!(pages.iter().all(|page| page["name"] == "team/app"));
        assert_eq!(pages.len(), expected.len().div_ceil(n), "pages of {n}");
    }
    for (position, last) in expected.iter().enumerate() {
        let target = remote.path(&format!("tags/list?n=3&last={last}"));
        let answer = remote.client.get(&target).expect(200);
        let rest = &expected[position + 1..];
        assert_eq!(
            texts(&answer.json()["tags"]),
            rest[..rest.len().min(3)],
            "after {last}"
        );
        let more = answer.header("Link").map(next_target);
        assert_eq!(more.is_some(), rest.len() > 3, "after {last}");
    }
    server.stop();
}

#[test]
fn a_listing_is_correct_during_changes() {
    let server = Server::regctl();
    let remote = server.remote("moving");
    let image = Image::new(1);
    remote.push_blobs(&image);
    let stay: BTreeSet<String> = (0..20).map(|number| format!("stay-{number:02}")).collect();
    for tag in &stay {
        remote.put(tag, &image.manifest).expect(201);
    }
    let mut seen = Vec::new();
    let mut target = Some(remote.path("tags/list?n=3"));
    let mut round = 0;
    while let Some(next) = target {
        let answer = remote.client.get(&next).expect(200);
        seen.extend(texts(&answer.json()["tags"]));
        target = answer.header("Link").map(next_target);
        // Before and after the reader's position.
        let (first, last) = (format!("a{round}"), format!("stay-{round:02}-more"));
        remote.put(&first, &image.manifest).expect(201);
        remote.put(&last, &image.manifest).expect(201);
        remote.delete(&first).expect(202);
        round += 1;
    }
    let unique: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(unique.len(), seen.len(), "duplicates: {seen:?}");
    assert!(unique.is_superset(&stay), "{seen:?}");
    server.stop();
}

#[test]
fn an_invalid_page_size_is_refused() {
    let server = Server::regctl();
    let remote = server.remote("sizes");
    remote.push("1", &Image::new(1));
    for listing in ["/v2/_catalog".to_owned(), remote.path("tags/list")] {
        for n in ["-1", "abc", "1.5", "1e3", "99999999999999999999999", "%00"] {
            server
                .client()
                .get(&format!("{listing}?n={n}"))
                .refused(400, "PAGINATION_NUMBER_INVALID");
        }
        let none = server.client().get(&format!("{listing}?n=0")).expect(200);
        let field = if listing.ends_with("catalog") {
            "repositories"
        } else {
            "tags"
        };
        assert_eq!(none.json()[field], serde_json::json!([]), "{listing}");
        assert_eq!(none.header("Link"), None);
    }
    server.stop();
}

#[test]
fn repositories_without_content_are_not_listed() {
    let server = Server::regctl();
    let client = server.client();
    let empty = client.get("/v2/_catalog").expect(200);
    assert_eq!(empty.json()["repositories"], serde_json::json!([]));
    client
        .get("/v2/never/tags/list")
        .refused(404, "NAME_UNKNOWN");
    // A repository with only a blob or an open upload is not listed.
    let remote = server.remote("blobs-only");
    remote.push_blob(b"alone");
    remote.start_upload();
    assert!(server.catalog().is_empty());
    // With an untagged manifest it is.
    let remote = server.remote("untagged");
    let image = Image::new(1);
    remote.push_blobs(&image);
    let digest = image.digest().to_string();
    remote.put(&digest, &image.manifest).expect(201);
    assert_eq!(
        server.catalog().into_keys().collect::<Vec<_>>(),
        ["untagged"]
    );
    let tags = client.get("/v2/untagged/tags/list").expect(200).json();
    assert_eq!(tags["tags"], serde_json::json!([]));
    // After its last manifest is deleted it is not listed.
    remote.delete(&digest).expect(202);
    assert!(server.catalog().is_empty());
    server.stop();
}

#[test]
fn a_deleted_tag_leaves_its_manifest() {
    let server = Server::regctl();
    let remote = server.remote("tags");
    let image = Image::new(1);
    remote.push("one", &image);
    remote.put("two", &image.manifest).expect(201);
    remote.delete("one").expect(202);
    remote.manifest("one").refused(404, "MANIFEST_UNKNOWN");
    remote.manifest_head("one").expect(404);
    assert_eq!(remote.tags(), ["two"]);
    assert_eq!(remote.verify("two"), image.digest());
    remote.verify(&image.digest().to_string());
    remote.delete("one").refused(404, "MANIFEST_UNKNOWN");
    // The last tag is deleted, the manifest is kept.
    remote.delete("two").expect(202);
    assert!(remote.tags().is_empty());
    remote.verify(&image.digest().to_string());
    let directory = server
        .layout()
        .join("repositories/tags/_manifests/tags/one");
    assert!(!directory.exists(), "the directory of the tag is left");
    server.stop();
}

#[test]
fn deleting_a_manifest_deletes_its_tags() {
    let server = Server::regctl();
    let remote = server.remote("manifests");
    let (gone, kept) = (Image::new(1), Image::new(2));
    for tag in ["a", "b", "c"] {
        remote.push(tag, &gone);
    }
    // A tag that was moved away is not deleted.
    remote.push("moved", &gone);
    remote.push("moved", &kept);
    server.remote("elsewhere").push("a", &gone);
    remote.delete(&gone.digest().to_string()).expect(202);
    assert_eq!(remote.tags(), ["moved"]);
    for reference in ["a", "b", "c", &gone.digest().to_string()] {
        remote.manifest(reference).refused(404, "MANIFEST_UNKNOWN");
        remote.manifest_head(reference).expect(404);
    }
    assert_eq!(remote.verify("moved"), kept.digest());
    server.remote("elsewhere").verify("a");
    for tag in ["a", "b", "c"] {
        let directory = server
            .layout()
            .join(format!("repositories/manifests/_manifests/tags/{tag}"));
        assert!(!directory.exists(), "the directory of {tag} is left");
    }
    // After another push it exists again.
    remote.put("a", &gone.manifest).expect(201);
    remote.verify("a");
    server.stop();
}

#[test]
fn a_moved_tag_is_shown_by_the_layout() {
    let server = Server::regctl();
    let remote = server.remote("moves");
    let (old, new) = (Image::new(1), Image::new(2));
    remote.push("1", &old);
    remote.push("1", &new);
    assert_eq!(remote.verify("1"), new.digest());
    remote.verify(&old.digest().to_string());
    let tag = server.layout().join("repositories/moves/_manifests/tags/1");
    let current = std::fs::read_to_string(tag.join("current/link")).unwrap();
    assert_eq!(current, new.digest().to_string());
    for digest in [old.digest(), new.digest()] {
        let link = tag.join(format!("index/sha256/{}/link", digest.hex()));
        assert_eq!(std::fs::read_to_string(link).unwrap(), digest.to_string());
        let link = server.layout().join(format!(
            "repositories/moves/_manifests/revisions/sha256/{}/link",
            digest.hex()
        ));
        assert_eq!(std::fs::read_to_string(link).unwrap(), digest.to_string());
    }
    server.stop();
}

#[test]
fn deletes_are_refused_unless_enabled() {
    let configs = [
        "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\nhttp: {addr: 127.0.0.1:0}\n",
        "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\n  \
         delete: {enabled: false}\nhttp: {addr: 127.0.0.1:0}\n",
    ];
    for config in configs {
        let server = Server::regctl_with(config);
        let remote = server.remote("kept");
        let image = Image::new(1);
        let digest = remote.push("1", &image);
        let blob = sha256(&image.blobs[1]);
        server.unchanged(|| {
            remote.delete("1").refused(405, "UNSUPPORTED");
            remote
                .delete(&digest.to_string())
                .refused(405, "UNSUPPORTED");
            remote
                .client
                .delete(&remote.blob_path(&blob))
                .refused(405, "UNSUPPORTED");
        });
        // Cancelling an upload is not a deletion of content.
        let session = remote.start_upload();
        remote.client.delete(&session).expect(204);
        remote.verify("1");
        server.stop();
    }
}
