//! Taking over a root of registry:2, and reindexing its changes between two runs of regctl.

use std::time::Duration;

use super::roots::{Layout, blob_directory, revision_path};
use super::*;

async fn tags(registry: &Registry, name: &str) -> Vec<String> {
    registry.tags(&repository(name), "", 100).await.unwrap()
}

async fn by_digest(
    registry: &Registry,
    name: &str,
    digest: Digest,
) -> Result<Arc<Manifest>, RegistryError> {
    let reference = Reference::Digest(digest);
    registry.manifest(&repository(name), &reference).await
}

#[tokio::test]
async fn a_root_of_registry_2_is_taken_over() {
    let root = Root::in_files();
    let layout = Layout::of(&root);
    let (manifest, blob) = layout.image("team/app", "1", "content");
    layout.tag("team/app", "2", &manifest);
    layout.image("team/app/deeper", "x", "deep");
    // A layer whose blob was collected, a tag whose manifest was deleted, and an incomplete tag.
    let collected = sha256(b"collected");
    layout.layer("team/app", &collected, &collected);
    layout.tag("team/app", "dangling", &collected);
    layout.revision("team/app", &sha256(b"a revision without bytes"));
    layout.write(
        "repositories/team/app/_manifests/tags/empty/current/link",
        "",
    );
    // The same bytes by another digest.
    let long = Hasher::digest(Algorithm::Sha512, b"content");
    layout.layer("team/app", &long, &blob);
    // A manifest of schema 1, and bytes that are not a manifest.
    let old = format!(r#"{{"schemaVersion":1,"fsLayers":[{{"blobSum":"{blob}"}}]}}"#);
    let old = layout.blob(old.as_bytes());
    layout.revision("old", &old);
    layout.tag("old", "1", &old);
    let unreadable = layout.blob(b"not json");
    layout.revision("strange", &unreadable);
    layout.tag("strange", "1", &unreadable);
    // Files that are not part of the layout.
    layout.write("repositories/team/README", "x");
    layout.write(
        "repositories/team/app/_manifests/tags/.hidden/current/link",
        "x",
    );
    layout.write("repositories/team/app/_layers/tarsum.v1/x/link", "x");
    layout.write(
        "repositories/team/app/_manifests/revisions/sha256/short/link",
        "x",
    );
    layout.write("repositories/UPPER/_manifests/tags/x/current/link", "x");
    layout.write("blobs/sha256/lost+found/x", "x");
    layout.write("blobs/sha256/ab/nohex/data", "x");
    let upload = uuid::Uuid::new_v4().to_string();
    layout.write(
        &format!("repositories/team/app/_uploads/{upload}/data"),
        "half",
    );
    layout.write(
        &format!("repositories/team/app/_uploads/{upload}/startedat"),
        "x",
    );
    layout.write(
        &format!("repositories/team/app/_uploads/{upload}/hashstates/sha256/4"),
        "x",
    );
    let before = layout.files();

    let (registry, reindexed) = root.try_open().await.unwrap();
    assert_eq!(
        (reindexed.manifests, reindexed.tags, reindexed.removed),
        (4, 5, 0)
    );
    let names = registry.repositories("", 100).await.unwrap();
    assert_eq!(names, ["old", "strange", "team/app", "team/app/deeper"]);
    assert_eq!(tags(&registry, "team/app").await, ["1", "2"]);
    assert_eq!(
        get(&registry, "team/app", "2").await.unwrap(),
        image(&[blob])
    );
    assert!(get(&registry, "team/app", "dangling").await.is_err());
    for digest in [blob, long] {
        let read = read_blob(&registry, "team/app", &digest).await;
        assert_eq!(read.unwrap(), "content");
        let elsewhere = read_blob(&registry, "old", &digest).await;
        assert!(matches!(elsewhere, Err(RegistryError::BlobUnknown(_))));
    }
    assert!(read_blob(&registry, "team/app", &collected).await.is_err());
    assert!(read_blob(&registry, "team/app", &manifest).await.is_err());
    let old = by_digest(&registry, "old", old).await.unwrap();
    assert_eq!(old.media_type, MediaType::DOCKER_SCHEMA1);
    assert_eq!(get(&registry, "strange", "1").await.unwrap(), "not json");
    let found = registry.upload(&repository("team/app"), &upload).await;
    assert_eq!(found.unwrap().position, 4);
    registry.close().await.unwrap();

    // Nothing changed since, so the second start finds nothing.
    assert_eq!(layout.files(), before);
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert!(reindexed.is_unchanged(), "{reindexed:?}");
    assert_eq!(tags(&registry, "team/app").await, ["1", "2"]);
}

/// A copy with `cp -a`, `rsync -a` or `tar`, or a change of the owner, keeps these times and changes
/// the others, in any order.
#[tokio::test]
async fn a_copied_root_keeps_the_times_of_its_pushes() {
    const WRITTEN: u64 = 1_700_000_000;
    let root = Root::in_files();
    let layout = Layout::of(&root);
    for (name, age) in [("new", 0), ("old", 3), ("middle", 2), ("unknown", WRITTEN)] {
        let (manifest, _) = layout.image("a", name, name);
        let link = format!("repositories/a/_manifests/tags/{name}/current/link");
        layout.written(&link, WRITTEN - age);
        layout.written(&revision_path("a", &manifest), WRITTEN - age);
    }
    let registry = root.open().await;
    let held = registry.index.holdings(&repository("a")).await.unwrap();
    let written = |name: &str| {
        let mut tags = held.tags.iter();
        let found = tags.find(|found| found.name == tag(name)).unwrap();
        found.updated_at / 1000
    };
    assert_eq!(
        ["new", "middle", "old"].map(written),
        [0, 2, 3].map(|age| 1_700_000_000 - age)
    );
    // A copy has set the times of all files to that of none: only the copy's own time is known.
    assert!(written("unknown") > 1_700_000_000);
}

#[tokio::test]
async fn changes_of_registry_2_are_reindexed() {
    let root = Root::in_files();
    let layout = Layout::of(&root);
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    let kept = put(&registry, "a", "moves", &image(&[blob])).await.unwrap();
    for (name, number) in [("goes", 1), ("stays", 2), ("dangles", 3), ("collected", 4)] {
        put(&registry, "a", name, &numbered(number)).await.unwrap();
    }
    let unused = push_blob(&registry, "a", "unused").await;
    registry.close().await.unwrap();

    let (come, _) = layout.image("a", "new", "more");
    layout.tag("a", "moves", &come);
    layout.remove("repositories/a/_manifests/tags/goes");
    layout.remove(&revision_path("a", &sha256(&numbered(3))));
    // Like its collection: links to the blobs stay.
    for gone in [unused, sha256(&numbered(4))] {
        layout.remove(&blob_directory(&gone));
    }
    layout.image("other", "1", "content");
    let before = layout.files();

    let (registry, reindexed) = root.try_open().await.unwrap();
    assert_eq!(tags(&registry, "a").await, ["moves", "new", "stays"]);
    let expected = ReindexReport {
        manifests: 2,
        tags: 3,
        blobs: 2,
        // The tags `goes` and `dangles`, and the manifest of the latter.
        removed: 3,
    };
    assert_eq!(reindexed, expected);
    let moved = get(&registry, "a", "moves").await.unwrap();
    assert_eq!(sha256(&moved), come);
    by_digest(&registry, "a", kept).await.unwrap();
    for gone in [sha256(&numbered(3)), sha256(&numbered(4))] {
        assert!(by_digest(&registry, "a", gone).await.is_err());
    }
    let gone = registry.lease_blob(&repository("a"), &unused).await;
    assert!(matches!(gone, Err(RegistryError::BlobUnknown(_))));
    let other = read_blob(&registry, "other", &blob).await;
    assert_eq!(other.unwrap(), "content");
    registry.close().await.unwrap();
    assert_eq!(layout.files(), before);
    assert!(root.try_open().await.unwrap().1.is_unchanged());
}

#[tokio::test]
async fn lost_content_that_returns_is_reindexed() {
    let root = Root::in_files();
    let layout = Layout::of(&root);
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    let manifest = put(&registry, "a", "t", &image(&[blob])).await.unwrap();
    put(&registry, "a", "other", &numbered(1)).await.unwrap();
    registry.close().await.unwrap();
    // Links older than the last agreement are not read again without a reason.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for digest in [blob, manifest] {
        layout.rename(&blob_directory(&digest), &format!("blobs/{}", digest.hex()));
    }
    let registry = root.open().await;
    assert_eq!(tags(&registry, "a").await, ["other"]);
    assert!(read_blob(&registry, "a", &blob).await.is_err());
    registry.close().await.unwrap();
    for digest in [blob, manifest] {
        layout.rename(&format!("blobs/{}", digest.hex()), &blob_directory(&digest));
    }
    let registry = root.open().await;
    assert_eq!(tags(&registry, "a").await, ["other", "t"]);
    assert_eq!(get(&registry, "a", "t").await.unwrap(), image(&[blob]));
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
}

#[tokio::test]
async fn a_missing_root_stops_the_start() {
    let root = Root::in_files();
    let layout = Layout::of(&root);
    let registry = root.open().await;
    for number in 0..12 {
        let name = format!("r{number}");
        put(&registry, &name, "t", &numbered(number)).await.unwrap();
    }
    registry.close().await.unwrap();
    for lost in ["repositories", "blobs", "blobs/sha256"] {
        layout.rename(lost, "elsewhere");
        for _ in 0..2 {
            let refused = root.try_open().await.err().unwrap();
            let RegistryError::RootLost { found, known, .. } = refused else {
                panic!("{lost}: {refused:?}")
            };
            assert_eq!((found, known), (0, 12), "{lost}");
        }
        layout.rename("elsewhere", lost);
        let (registry, reindexed) = root.try_open().await.unwrap();
        assert!(reindexed.is_unchanged(), "{lost}: {reindexed:?}");
        assert_eq!(get(&registry, "r7", "t").await.unwrap(), numbered(7));
        registry.close().await.unwrap();
    }
    // A few missing manifests are not an error.
    for number in 0..6 {
        layout.remove(&format!("repositories/r{number}"));
    }
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert_eq!(reindexed.removed, 6);
    let names = registry.repositories("", 100).await.unwrap();
    assert_eq!(names, ["r10", "r11", "r6", "r7", "r8", "r9"]);
}
