//! Collections beside pushes, pulls and deletes of shared layers.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::RwLock;

use super::*;

const LAYERS: usize = 5;
const ROUNDS: usize = 25;
const LEASE: Millis = 1000;

/// The clock stands still while a worker runs, so that no lease ends during its work, and moves
/// past all leases in between.
struct World {
    root: Root,
    registry: Registry,
    work: RwLock<()>,
    over: AtomicBool,
}

async fn pusher(world: Arc<World>, number: usize) {
    let name = ["a", "b"][number % 2];
    let of = repository(name);
    let mut chance = Chance(number as u64 * 7919 + 1);
    for round in 0..ROUNDS {
        let working = world.work.read().await;
        let mut blobs = Vec::new();
        for _ in 0..3 {
            let text = format!("layer {}", chance.below(LAYERS));
            let digest = sha256(text.as_bytes());
            if world.registry.lease_blob(&of, &digest).await.is_err() {
                push_blob(&world.registry, name, &text).await;
            }
            blobs.push(digest);
        }
        let tag_name = format!("t{number}");
        let bytes = image(&blobs);
        let digest = put(&world.registry, name, &tag_name, &bytes).await.unwrap();
        assert_eq!(get(&world.registry, name, &tag_name).await.unwrap(), bytes);
        for blob in &blobs {
            let read = read_blob(&world.registry, name, blob).await.unwrap();
            assert_eq!(sha256(&read), *blob);
        }
        if round % 3 != 2 {
            let deleted = world.registry.delete_tag(&of, &tag(&tag_name)).await;
            deleted.unwrap();
        } else if round % 2 == 0 {
            // Another worker may have deleted the same manifest.
            let deleted = world.registry.delete_manifest(&of, &digest).await;
            drop(deleted);
        }
        drop(working);
        tokio::task::yield_now().await;
    }
}

async fn collector(world: Arc<World>) -> u64 {
    let mut taken = 0;
    while !world.over.load(Ordering::Relaxed) {
        let (report, _) = collect(&world.registry, &real(true)).await.unwrap();
        taken += report.freed.blobs;
        let busy = collect(&world.registry, &real(false)).await;
        assert!(busy.is_ok());
    }
    taken
}

async fn clock(world: Arc<World>) {
    while !world.over.load(Ordering::Relaxed) {
        let alone = world.work.write().await;
        world.root.clock.advance(LEASE + 1);
        drop(alone);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn run(root: Root) {
    let rules = Rules {
        lease: LEASE,
        trash: 0,
        ..Rules::default()
    };
    let root = Root { rules, ..root };
    let registry = root.open().await;
    let world = Arc::new(World {
        root,
        registry,
        work: RwLock::default(),
        over: AtomicBool::default(),
    });
    let collecting = tokio::spawn(collector(Arc::clone(&world)));
    let ticking = tokio::spawn(clock(Arc::clone(&world)));
    let pushing = (0..4).map(|number| tokio::spawn(pusher(Arc::clone(&world), number)));
    for pushing in pushing.collect::<Vec<_>>() {
        pushing.await.unwrap();
    }
    world.over.store(true, Ordering::Relaxed);
    ticking.await.unwrap();
    assert!(collecting.await.unwrap() > 0);
    // At the end only needed content is left.
    world.root.clock.advance(LEASE + 1);
    collect(&world.registry, &real(true)).await.unwrap();
    let mut needed = std::collections::BTreeSet::new();
    for name in ["a", "b"] {
        let known = world
            .registry
            .index
            .known_repository(&repository(name))
            .await;
        for digest in known.unwrap().manifests {
            let reference = Reference::Digest(digest);
            let of = repository(name);
            let manifest = world.registry.manifest(&of, &reference).await;
            let bytes = manifest.unwrap().bytes.clone();
            let view = crate::oci::ManifestView::parse(&bytes, None).unwrap();
            needed.extend(view.blobs().map(|blob| blob.digest));
            needed.insert(digest);
        }
    }
    assert_eq!(placed(&world.root).await, needed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn in_files() {
    run(Root::in_files()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn in_memory() {
    run(Root::in_memory()).await;
}

#[tokio::test]
async fn one_runs_at_a_time() {
    let root = Root::in_memory();
    let registry = root.open().await;
    push_blob(&registry, "a", "content").await;
    root.clock.advance(60 * 60 * 1000 + 1);
    let inner = Mutex::new(None);
    // From within a collection another one is refused, and the status shows the first.
    let (began, other) = (root.clock.now(), registry.clone());
    let entries = |thing: CollectEntry| {
        if matches!(thing, CollectEntry::Blob { .. }) {
            let status = futures_util::FutureExt::now_or_never(
                other.collect(&real(false), &|_: CollectEntry| ()),
            );
            *inner.lock() = status;
        }
    };
    registry.collect(&real(false), &entries).await.unwrap();
    let refused = inner.lock().take().unwrap();
    assert!(
        matches!(refused, Err(RegistryError::CollectionRuns { since }) if since == began),
        "{refused:?}"
    );
    // A cancelled collection lets the next one begin.
    let options = real(false);
    let begun = registry.collect(&options, &|_: CollectEntry| ());
    let given_up = tokio::time::timeout(std::time::Duration::ZERO, begun).await;
    assert!(given_up.is_err());
    let status = registry.collection_status().await.unwrap();
    assert_eq!(status.running, None);
    registry
        .collect(&real(false), &|_: CollectEntry| ())
        .await
        .unwrap();
}
