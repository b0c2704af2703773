//! Large deletions and restores are done in parts; readers see intermediate states.

use super::*;

const TAGS: usize = 1000;
const MANIFESTS: usize = 200;

/// A repository with one manifest of many tags, and many manifests of one tag.
async fn fill(registry: &Registry) -> Digest {
    let bytes = numbered(0);
    let digest = put(registry, "a", "first", &bytes).await.unwrap();
    for number in 0..TAGS / 100 {
        let tags = (0..100).map(|at| tag(&format!("t{number}-{at}"))).collect();
        let incoming = Incoming {
            repository: repository("a"),
            reference: Reference::Digest(digest),
            tags,
            media_type: None,
            bytes: bytes.clone(),
        };
        registry.put_manifest(incoming).await.unwrap();
    }
    for number in 1..=MANIFESTS {
        let name = format!("m{number}");
        put(registry, "a", &name, &numbered(number as u64))
            .await
            .unwrap();
    }
    digest
}

/// The number of tags and manifests.
async fn count(registry: &Registry) -> (usize, usize) {
    let held = registry.index.holdings(&repository("a")).await.unwrap();
    (held.tags.len(), held.manifests.len())
}

/// Runs an operation, and checks that readers saw a state between `before` and `after`.
async fn in_parts<T: Send + 'static>(
    registry: &Registry,
    before: (usize, usize),
    after: (usize, usize),
    work: impl Future<Output = Result<T, RegistryError>> + Send + 'static,
) -> T {
    let working = tokio::spawn(work);
    let mut between = false;
    while !working.is_finished() {
        let now = count(registry).await;
        between |= now != before && now != after;
    }
    let done = working.await.unwrap().unwrap();
    assert_eq!(count(registry).await, after);
    assert!(between, "it was done in one transaction");
    done
}

async fn run(root: Root) {
    let registry = root.open().await;
    let digest = fill(&registry).await;
    let name = repository("a");
    let (whole, rest) = (
        (TAGS + MANIFESTS + 1, MANIFESTS + 1),
        (MANIFESTS, MANIFESTS),
    );

    let of = (registry.clone(), name.clone());
    let delete = async move { of.0.delete_manifest(&of.1, &digest).await };
    let tags = in_parts(&registry, whole, rest, delete).await;
    assert_eq!(tags.len(), TAGS + 1);
    assert_eq!(registry.trash().await.unwrap().len(), 1, "one deletion");
    let of = registry.clone();
    let what = Restorable::Manifest(name.clone(), digest);
    let restore = async move { of.restore(&what).await };
    let restored = in_parts(&registry, rest, whole, restore).await;
    assert_eq!(
        (restored.tags.len(), restored.manifests.len()),
        (TAGS + 1, 1)
    );
    assert!(registry.trash().await.unwrap().is_empty());

    let of = (registry.clone(), name.clone());
    let delete = async move { of.0.delete_repository(&of.1).await };
    in_parts(&registry, whole, (0, 0), delete).await;
    assert!(root.names(layout::REPOSITORIES).await.is_empty());
    let trash = registry.trash().await.unwrap();
    assert_eq!(trash.len(), 1, "one deletion");
    assert_eq!(trash[0].manifests.len(), MANIFESTS + 1);
    let of = registry.clone();
    let what = Restorable::Repository(name);
    let restore = async move { of.restore(&what).await };
    let restored = in_parts(&registry, (0, 0), whole, restore).await;
    assert_eq!(restored.tags.len(), whole.0);
    assert!(registry.trash().await.unwrap().is_empty());
    registry.close().await.unwrap();
    // The layout shows the same.
    let registry = root.open().await;
    assert_eq!(count(&registry).await, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_files() {
    run(Root::in_files()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory() {
    run(Root::in_memory()).await;
}
