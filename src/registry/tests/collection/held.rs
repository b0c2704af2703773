//! Temporary holds: the reason, the end, and what ends them early.

use super::*;

const HOUR: Millis = 60 * 60 * 1000;

type Line = (Digest, Hold, Millis);

/// The manifests and blobs with a temporary hold.
fn held(entries: &[CollectEntry]) -> (Vec<Line>, Vec<Line>) {
    let (mut manifests, mut blobs) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            CollectEntry::HeldManifest {
                digest, by, until, ..
            } => manifests.push((*digest, *by, *until)),
            CollectEntry::HeldBlob {
                digest,
                by,
                until: Some(until),
                ..
            } => blobs.push((*digest, *by, *until)),
            _ => {}
        }
    }
    (manifests, blobs)
}

/// The options for a dry run, which must report the same as the real run.
fn dry(options: &CollectOptions) -> CollectOptions {
    CollectOptions {
        dry_run: true,
        ..options.clone()
    }
}

#[tokio::test]
async fn an_untagged_image_is_held_by_the_longest_hold() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "layer").await;
    let child = put_untagged(&registry, "a", &image(&[blob])).await;
    let index = put(&registry, "a", "v", &index_of(&[child])).await.unwrap();
    let begun = root.clock.now();
    root.clock.advance(HOUR / 2 + 1);
    // The tag moves: the index is untagged, and nothing else holds the child.
    put(&registry, "a", "v", &numbered(1)).await.unwrap();
    for (options, manifests) in [
        // Only leases hold them.
        (real(true), [(index, Hold::Lease), (child, Hold::Manifest)]),
        // Their age holds them longer.
        (
            CollectOptions {
                untagged: Some(2 * HOUR),
                ..CollectOptions::default()
            },
            [(index, Hold::Age), (child, Hold::Age)],
        ),
    ] {
        let (planned, entries) = collect(&registry, &dry(&options)).await.unwrap();
        assert_eq!(collect(&registry, &options).await.unwrap().0, planned);
        let (found, blobs) = held(&entries);
        let by: Vec<(Digest, Hold)> = found.iter().map(|(of, by, _)| (*of, *by)).collect();
        if options.untagged == Some(0) {
            // The lease that ends later counts: that of the child is not the shorter one.
            assert_eq!(by[0], manifests[0]);
            assert_eq!(by[1].0, child);
        } else {
            assert_eq!(by, manifests);
        }
        let end = begun + options.untagged.unwrap().max(HOUR);
        assert!(found.iter().all(|(.., until)| *until == end), "{found:?}");
        assert_eq!(blobs.len(), 3, "{entries:?}");
        assert!(
            blobs
                .iter()
                .all(|(_, by, _)| *by == Hold::Manifest || *by == Hold::Lease)
        );
        assert_eq!((planned.held_manifests, planned.held_blobs), (2, 3));
        assert_eq!(planned.held_until, Some(end));
        assert_eq!(planned.freed, Freed::default());
    }
    // It is deleted when the reported hold has ended.
    root.clock.advance(HOUR);
    let (report, _) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!((report.freed.manifests, report.freed.blobs), (2, 3));
    assert_eq!((report.held_manifests, report.held_blobs), (0, 0));
}

#[tokio::test]
async fn a_recent_pull_and_the_trash_hold_manifests() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let pulled = put_untagged(&registry, "a", &numbered(1)).await;
    let trashed = put(&registry, "a", "v", &numbered(2)).await.unwrap();
    root.clock.advance(2 * HOUR);
    let reference = Reference::Digest(pulled);
    registry
        .manifest(&repository("a"), &reference)
        .await
        .unwrap();
    let deleted = root.clock.now();
    registry
        .delete_tag(&repository("a"), &tag("v"))
        .await
        .unwrap();
    let (report, entries) = collect(&registry, &real(true)).await.unwrap();
    assert_eq!(report.freed, Freed::default());
    let (manifests, _) = held(&entries);
    let trash = registry.rules().trash;
    assert!(manifests.contains(&(trashed, Hold::Trash, deleted + trash)));
    assert_eq!(report.held_until, Some(deleted + trash));
    assert_eq!(report.held_manifests, manifests.len() as u64);
}

#[tokio::test]
async fn leases_are_ended_when_no_client_is_active() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let garbage = push_blob(&registry, "a", "garbage").await;
    let options = CollectOptions {
        end_leases: true,
        ..real(true)
    };
    // An upload moves.
    let upload = registry.start_upload(&name, None).await.unwrap();
    let appended = registry.append(&name, &upload.id, None, body(&["x"])).await;
    appended.unwrap();
    let refused = collect(&registry, &options).await;
    assert!(matches!(refused, Err(RegistryError::ClientsActive)));
    assert!(registry.lease_blob(&name, &garbage).await.is_ok());
    root.clock.advance(61_000);
    // A client asks for a blob in the meantime.
    let asking = async {
        for _ in 0..50 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            registry.lease_blob(&name, &garbage).await.unwrap();
        }
    };
    tokio::select! {
        refused = collect(&registry, &options) => {
            assert!(matches!(refused, Err(RegistryError::ClientsActive)));
        }
        () = asking => panic!("it waited forever"),
    }
    // Another reads one for long, and a manifest arrives slowly.
    let blob = registry.blob(&name, &garbage).await.unwrap();
    let reading = registry.read_blob(&blob, None).await.unwrap();
    let refused = collect(&registry, &options).await;
    assert!(matches!(refused, Err(RegistryError::ClientsActive)));
    drop(reading);
    let arriving = registry.relying();
    let refused = collect(&registry, &options).await;
    assert!(matches!(refused, Err(RegistryError::ClientsActive)));
    drop(arriving);
    let (report, _) = collect(&registry, &options).await.unwrap();
    assert_eq!((report.freed.blobs, report.held_blobs), (1, 0));
    assert!(registry.lease_blob(&name, &garbage).await.is_err());
}

/// Sets the clock back when the first deletion is reported.
struct SetsBack<'a> {
    registry: &'a Registry,
    clock: &'a Clock,
    done: std::sync::atomic::AtomicBool,
}

impl Listener<CollectEntry> for SetsBack<'_> {
    fn receive(&self, _: CollectEntry) -> futures_util::future::BoxFuture<'_, ()> {
        Box::pin(async {
            if !self.done.swap(true, std::sync::atomic::Ordering::Relaxed) {
                self.clock.set_by(-240 * HOUR);
                self.registry.follow_clock().await;
            }
        })
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_during_a_collection_frees_nothing_of_the_trash() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "layer").await;
    let deleted = put(&registry, "a", "v", &image(&[blob])).await.unwrap();
    put_untagged(&registry, "b", &numbered(0)).await;
    let name = repository("a");
    registry.delete_manifest(&name, &deleted).await.unwrap();
    root.clock.advance(2 * HOUR);
    let listener = SetsBack {
        registry: &registry,
        clock: &root.clock,
        done: false.into(),
    };
    registry.collect(&real(true), &listener).await.unwrap();
    assert!(listener.done.into_inner());
    let what = Restorable::Tag(name, tag("v"));
    registry.restore(&what).await.unwrap();
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "layer");
}
