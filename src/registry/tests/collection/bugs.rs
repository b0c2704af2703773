//! Bugs of other registries: a test for each.

use super::*;

const HOUR: Millis = 60 * 60 * 1000;
const DAY: Millis = 24 * HOUR;

fn untagged() -> CollectOptions {
    real(true)
}

/// Lets all leases end.
fn later(root: &Root) {
    root.clock.advance(HOUR + 1);
}

async fn there(registry: &Registry, name: &str, digest: Digest) -> bool {
    let reference = Reference::Digest(digest);
    let found = registry.find_manifest(&repository(name), &reference).await;
    found.is_ok()
}

/// distribution #3178: `garbage-collect -m` deletes the children of a tagged multi-arch index.
#[tokio::test]
async fn children_of_a_tagged_index_are_kept() {
    let root = Root::in_files();
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    let child = put_untagged(&registry, "a", &image(&[blob])).await;
    let inner = put_untagged(&registry, "a", &index_of(&[child])).await;
    let outer = put(&registry, "a", "t", &index_of(&[inner])).await.unwrap();
    later(&root);
    let (report, _) = collect(&registry, &untagged()).await.unwrap();
    assert_eq!(report.freed, Freed::default(), "{report:?}");
    for digest in [child, inner, outer] {
        assert!(there(&registry, "a", digest).await);
    }
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
    // They are deleted with it, in one run.
    let deleted = registry.delete_tag(&repository("a"), &tag("t")).await;
    deleted.unwrap();
    root.clock.advance(DAY);
    let (report, entries) = collect(&registry, &untagged()).await.unwrap();
    assert_eq!(
        (report.freed.manifests, report.freed.blobs),
        (3, 4),
        "{entries:?}"
    );
    assert!(placed(&root).await.is_empty());
}

/// distribution #3045: a collection during a push deletes the layers just pushed.
#[tokio::test]
async fn a_collection_during_a_push_deletes_nothing_of_it() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let mut blobs = Vec::new();
    for content in ["one", "two", "three"] {
        let upload = registry.start_upload(&name, None).await.unwrap();
        let (digest, half) = (sha256(content.as_bytes()), body(&[&content[..1]]));
        let appended = registry.append(&name, &upload.id, None, half).await;
        appended.unwrap();
        let (report, _) = collect(&registry, &untagged()).await.unwrap();
        assert_eq!(report.freed, Freed::default(), "{report:?}");
        let rest = body(&[&content[1..]]);
        let finished = registry.finish_upload(&name, &upload.id, &digest, None, rest);
        finished.await.unwrap();
        blobs.push(digest);
        let (report, entries) = collect(&registry, &untagged()).await.unwrap();
        assert_eq!(report.freed, Freed::default(), "{report:?}");
        assert_eq!(report.held_blobs, blobs.len() as u64);
        let end = root.clock.now() + HOUR;
        let leased = |thing: &CollectEntry| {
            let CollectEntry::HeldBlob { by, until, .. } = thing else {
                return false;
            };
            *by == Hold::Lease && *until == Some(end)
        };
        assert!(entries.iter().all(leased), "{entries:?}");
    }
    put(&registry, "a", "t", &image(&blobs)).await.unwrap();
    // An active upload extends the leases of earlier blobs.
    let before = push_blob(&registry, "a", "before").await;
    let upload = registry.start_upload(&name, None).await.unwrap();
    for _ in 0..4 {
        root.clock.advance(HOUR * 3 / 4);
        let appended = registry.append(&name, &upload.id, None, body(&["x"])).await;
        appended.unwrap();
        let (report, _) = collect(&registry, &untagged()).await.unwrap();
        assert_eq!(report.freed, Freed::default(), "{report:?}");
    }
    registry.blob(&name, &before).await.unwrap();
}

/// distribution #4569: a collected blob stays in the descriptor cache: the next push prints "Layer
/// already exists", the image can't be pulled.
#[tokio::test]
async fn a_collected_blob_does_not_exist() {
    let root = Root::in_files();
    let registry = root.open().await;
    let (name, content) = (repository("a"), "content");
    let long = Hasher::digest(Algorithm::Sha512, content.as_bytes());
    for _ in 0..3 {
        let pushed = registry.upload_at_once(&name, &long, body(&[content]));
        pushed.await.unwrap();
        let canonical = sha256(content.as_bytes());
        for digest in [long, canonical] {
            registry.lease_blob(&name, &digest).await.unwrap();
            registry.blob(&name, &digest).await.unwrap();
        }
        let manifest = put(&registry, "a", "t", &image(&[canonical]))
            .await
            .unwrap();
        get(&registry, "a", "t").await.unwrap();
        let deleted = registry.delete_manifest(&name, &manifest).await;
        deleted.unwrap();
        root.clock.advance(DAY);
        let (report, _) = collect(&registry, &real(false)).await.unwrap();
        assert_eq!(report.freed.blobs, 2);
        for digest in [long, canonical] {
            let promised = registry.lease_blob(&name, &digest).await;
            assert!(matches!(promised, Err(RegistryError::BlobUnknown(_))));
            let asked = registry.blob(&name, &digest).await;
            assert!(matches!(asked, Err(RegistryError::BlobUnknown(_))));
            let mounted = registry.mount_blob(&name, None, &digest).await;
            assert_eq!(mounted.unwrap(), None);
        }
        let missing = put(&registry, "a", "t", &image(&[canonical])).await;
        assert!(matches!(missing, Err(RegistryError::BlobsMissing(_))));
        let reference = Reference::Digest(manifest);
        assert!(registry.manifest(&name, &reference).await.is_err());
        assert!(placed(&root).await.is_empty());
    }
}

/// distribution #2367: an expired shared blob is served as 200 with an empty body.
#[tokio::test]
async fn a_blob_deleted_during_a_request_is_an_error() {
    for root in [Root::in_files(), Root::in_memory()] {
        let registry = root.open().await;
        let digest = push_blob(&registry, "a", "content").await;
        let blob = registry.blob(&repository("a"), &digest).await.unwrap();
        later(&root);
        collect(&registry, &real(false)).await.unwrap();
        let read = registry.read_blob(&blob, None).await;
        assert!(matches!(read, Err(RegistryError::BlobUnknown(_))));
    }
}

/// distribution #2747, #1585: emptied repositories stay in the catalog; their tag list is `null`.
#[tokio::test]
async fn an_emptied_repository_is_removed_from_the_catalog_and_the_layout() {
    let root = Root::in_files();
    let registry = root.open().await;
    let blob = push_blob(&registry, "team/app", "content").await;
    let manifest = put(&registry, "team/app", "t", &image(&[blob]))
        .await
        .unwrap();
    let nested = push_blob(&registry, "team/app/nested", "other").await;
    put(&registry, "team/app/nested", "t", &image(&[nested]))
        .await
        .unwrap();
    // Still needed elsewhere.
    let (to, from) = (repository("keeps"), repository("team/app"));
    let mounted = registry.mount_blob(&to, Some(&from), &blob).await;
    mounted.unwrap().unwrap();
    put(&registry, "keeps", "t", &image(&[blob])).await.unwrap();
    let deleted = registry.delete_manifest(&from, &manifest).await;
    assert_eq!(deleted.unwrap(), [tag("t")]);
    let listed = async || registry.repositories("", 9).await.unwrap();
    assert_eq!(listed().await, ["keeps", "team/app/nested"]);
    // While it can be restored, the repository exists and has no tags.
    assert_eq!(registry.tags(&from, "", 9).await.unwrap(), [""; 0]);
    root.clock.advance(DAY);
    let (report, entries) = collect(&registry, &real(false)).await.unwrap();
    assert_eq!(report.repositories, 1, "{entries:?}");
    let gone = registry.tags(&from, "", 9).await;
    assert!(matches!(gone, Err(RegistryError::NameUnknown(_))));
    assert_eq!(
        root.names(&layout::repository("team/app")).await,
        ["nested"]
    );
    for name in ["team/app/nested", "keeps"] {
        let deleted = registry.delete_repository(&repository(name)).await;
        deleted.unwrap();
    }
    assert_eq!(listed().await, [""; 0]);
    assert!(root.names(layout::REPOSITORIES).await.is_empty());
    assert_eq!(read_blob(&registry, "keeps", &blob).await.ok(), None);
}

/// distribution #3321: deleting by digest leaves dangling tag directories.
#[tokio::test]
async fn the_tags_of_a_deleted_manifest_are_deleted() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let first = put(&registry, "a", "1", &numbered(1)).await.unwrap();
    put(&registry, "a", "2", &numbered(1)).await.unwrap();
    put(&registry, "a", "3", &numbered(2)).await.unwrap();
    registry.delete_manifest(&name, &first).await.unwrap();
    let tags = "docker/registry/v2/repositories/a/_manifests/tags";
    assert_eq!(root.names(tags).await, ["3"]);
    // A collection leaves none behind, either.
    let subject = sha256(b"absent");
    let listing = reference::fallback(&subject);
    put(&registry, "a", &listing, &numbered(3)).await.unwrap();
    later(&root);
    let (report, _) = collect(&registry, &untagged()).await.unwrap();
    assert_eq!(report.freed.manifests, 1);
    assert_eq!(root.names(tags).await, ["3"]);
}

/// harbor #15332, #20996: a dry run deleted data.
#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let root = Root::in_files();
    let layout = roots::Layout::of(&root);
    let registry = root.open().await;
    let name = repository("a");
    let blob = push_blob(&registry, "a", "content").await;
    push_blob(&registry, "a", "unused").await;
    put_untagged(&registry, "a", &image(&[blob])).await;
    put(&registry, "a", "gone", &numbered(1)).await.unwrap();
    let deleted = registry.delete_tag(&name, &tag("gone")).await;
    deleted.unwrap();
    registry.start_upload(&name, None).await.unwrap();
    root.clock.advance(2000);
    registry.save_uploads().await.unwrap();
    root.clock.advance(8 * DAY);
    registry.checkpoint_journal().await.unwrap();
    let before = layout.files();
    let options = CollectOptions {
        dry_run: true,
        untagged: Some(0),
        empty_trash: true,
        ..CollectOptions::default()
    };
    let (report, entries) = collect(&registry, &options).await.unwrap();
    assert_eq!(
        (report.freed.manifests, report.freed.blobs),
        (2, 4),
        "{entries:?}"
    );
    assert_eq!((report.uploads, report.repositories), (1, 1));
    assert_eq!(layout.files(), before);
    assert!(registry.index.journal().await.unwrap().is_empty());
    assert!(registry.collection_status().await.unwrap().runs.is_empty());
    let again = collect(&registry, &options).await.unwrap();
    assert_eq!(again, (report, entries.clone()));
    // The real run deletes what the dry run reported.
    let options = CollectOptions {
        dry_run: false,
        ..options
    };
    assert_eq!(collect(&registry, &options).await.unwrap(), again);
    assert!(placed(&root).await.is_empty());
    let status = registry.collection_status().await.unwrap();
    assert_eq!((status.running, status.runs.len()), (None, 1));
    let run = &status.runs[0];
    assert_eq!((run.manifests, run.blobs, run.uploads), (2, 4, 1));
    assert_eq!(
        (run.bytes, run.failure.as_deref()),
        (again.0.freed.bytes, None)
    );
}

/// Joxit #157, skopeo #489: deleting one tag removes every tag that shares its digest.
#[tokio::test]
async fn deleting_one_tag_leaves_the_others() {
    let root = Root::in_files();
    let registry = root.open().await;
    for name in ["1", "1.0", "latest"] {
        put(&registry, "a", name, &numbered(1)).await.unwrap();
    }
    let deleted = registry.delete_tag(&repository("a"), &tag("1.0")).await;
    deleted.unwrap();
    root.clock.advance(2 * DAY);
    collect(&registry, &untagged()).await.unwrap();
    let tags = registry.tags(&repository("a"), "", 9).await.unwrap();
    assert_eq!(tags, ["1", "latest"]);
    for name in tags {
        assert_eq!(get(&registry, "a", &name).await.unwrap(), numbered(1));
    }
}

/// distribution #4903, #4898: pages drop names that share a prefix with another name.
#[tokio::test]
async fn names_with_a_common_prefix_are_on_pages_of_any_size() {
    let root = Root::in_files();
    let registry = root.open().await;
    // In byte order: '-' and '.' come before '/', and that before digits and letters.
    let names = ["a", "a-b", "a.b", "a/b", "a/b-c", "a/b/c", "ab", "b"];
    for (number, name) in (1..).zip(names) {
        put(&registry, name, "v", &numbered(number)).await.unwrap();
    }
    let tags = ["v", "v-1", "v.1", "v1", "v10", "v1_2"];
    for tag in tags {
        put(&registry, "b", tag, &numbered(20)).await.unwrap();
    }
    for size in 1..=names.len() {
        let (mut listed, mut last) = (Vec::new(), String::new());
        loop {
            let page = registry.repositories(&last, size).await.unwrap();
            let Some(end) = page.last() else { break };
            last.clone_from(end);
            listed.extend(page);
        }
        assert_eq!(listed, names, "{size}");
        let (mut listed, mut last) = (Vec::new(), String::new());
        loop {
            let page = registry.tags(&repository("b"), &last, size).await.unwrap();
            let Some(end) = page.last() else { break };
            last.clone_from(end);
            listed.extend(page);
        }
        assert_eq!(listed, tags, "{size}");
    }
}

/// zot #4427: a deduplicated blob is served as 200 with 0 bytes.
#[tokio::test]
async fn a_shared_blob_is_still_readable_in_the_other_repository() {
    let root = Root::in_files();
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    let mounted = registry
        .mount_blob(&repository("b"), Some(&repository("a")), &blob)
        .await
        .unwrap();
    assert!(mounted.is_some());
    for name in ["a", "b"] {
        put(&registry, name, "t", &image(&[blob])).await.unwrap();
    }
    let gone = registry.delete_repository(&repository("a")).await;
    gone.unwrap();
    root.clock.advance(2 * DAY);
    collect(&registry, &untagged()).await.unwrap();
    assert_eq!(read_blob(&registry, "b", &blob).await.unwrap(), "content");
    assert!(read_blob(&registry, "a", &blob).await.is_err());
}

/// A missing or damaged manifest must not cost its layers: its references are unknown, and a new
/// push of it must find them.
#[tokio::test]
async fn the_layers_of_a_damaged_manifest_are_kept() {
    for (damage, forget_index) in [(None, false), (Some("x"), true)] {
        let root = Root::in_files();
        let registry = root.open().await;
        let blob = push_blob(&registry, "a", "content").await;
        let digest = put(&registry, "a", "t", &image(&[blob])).await.unwrap();
        registry.close().await.unwrap();
        let file = root
            .directory
            .path()
            .join("root")
            .join(layout::blob(&digest));
        match damage {
            None => std::fs::remove_file(&file).unwrap(),
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
        }
        if forget_index {
            std::fs::remove_file(root.directory.path().join("index.db")).unwrap();
        }
        let registry = root.open().await;
        root.clock.advance(2 * DAY);
        let (_, entries) = collect(&registry, &untagged()).await.unwrap();
        let kept = |thing: &CollectEntry| matches!(thing, CollectEntry::KeptManifest { digest: of, .. } if *of == digest);
        assert!(entries.iter().any(kept), "{entries:?}");
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
        // After the push the state is as before, and garbage is deleted.
        put(&registry, "a", "t", &image(&[blob])).await.unwrap();
        push_blob(&registry, "a", "garbage").await;
        root.clock.advance(2 * DAY);
        let (report, entries) = collect(&registry, &untagged()).await.unwrap();
        assert_eq!(report.kept_manifests, 0, "{entries:?}");
        assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
    }
}
