//! Stored bytes that are missing, damaged, or of another length: the effect of reads, requests and
//! pushes.

#![expect(clippy::disallowed_methods, reason = "the test damages files")]

use parking_lot::Mutex;

use super::*;
use crate::oci::Descriptor;

const CONTENT: &str = "the content of a blob";

/// A kind of damage to a stored file.
type Damage = fn(&std::path::Path);

fn remove(path: &std::path::Path) {
    std::fs::remove_file(path).unwrap();
}

fn empty(path: &std::path::Path) {
    std::fs::write(path, "").unwrap();
}

fn truncate(path: &std::path::Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn lengthen(path: &std::path::Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, [&bytes[..], b"more"].concat()).unwrap();
}

fn flip(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Damage that changes the length.
const VISIBLE: [Damage; 4] = [remove, empty, truncate, lengthen];

fn file(root: &Root, digest: &Digest) -> std::path::PathBuf {
    root.directory
        .path()
        .join("root")
        .join(layout::blob(digest))
}

/// A registry with another blob, so that its storage counts as mounted.
async fn with_another() -> (Root, Registry) {
    let root = Root::in_files();
    let registry = root.open().await;
    push_blob(&registry, "a", "another").await;
    (root, registry)
}

async fn is_unknown(registry: &Registry, digest: &Digest) {
    let name = repository("a");
    let asked = registry.lease_blob(&name, digest).await;
    assert!(
        matches!(asked, Err(RegistryError::BlobUnknown(_))),
        "{asked:?}"
    );
    let read = registry.blob(&name, digest).await;
    assert!(
        matches!(read, Err(RegistryError::BlobUnknown(_))),
        "{read:?}"
    );
    let mounted = registry.mount_blob(&repository("b"), None, digest).await;
    assert_eq!(mounted.unwrap(), None);
}

#[tokio::test]
async fn a_push_replaces_bytes_of_another_length() {
    for damage in VISIBLE {
        let (root, registry) = with_another().await;
        let digest = push_blob(&registry, "a", CONTENT).await;
        damage(&file(&root, &digest));
        push_blob(&registry, "a", CONTENT).await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), CONTENT);
        assert_eq!(
            std::fs::read(file(&root, &digest)).unwrap(),
            CONTENT.as_bytes()
        );
    }
}

#[tokio::test]
async fn requests_and_reads_detect_damage_and_a_push_repairs_it() {
    for damage in VISIBLE {
        for read_first in [false, true] {
            let (root, registry) = with_another().await;
            let digest = push_blob(&registry, "a", CONTENT).await;
            damage(&file(&root, &digest));
            if read_first {
                let read = read_blob(&registry, "a", &digest).await;
                assert!(matches!(read, Err(RegistryError::BlobUnknown(_))));
            }
            is_unknown(&registry, &digest).await;
            push_blob(&registry, "a", CONTENT).await;
            registry
                .lease_blob(&repository("a"), &digest)
                .await
                .unwrap();
            assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), CONTENT);
        }
    }
}

#[tokio::test]
async fn wrong_bytes_cause_an_error_before_the_last_slice() {
    for length in [1, 100_000, 1_000_000] {
        let (root, registry) = with_another().await;
        let content = "x".repeat(length);
        let digest = push_blob(&registry, "a", &content).await;
        // It is leased and cached.
        registry
            .lease_blob(&repository("a"), &digest)
            .await
            .unwrap();
        flip(&file(&root, &digest));
        let blob = registry.blob(&repository("a"), &digest).await.unwrap();
        let mut body = registry.read_blob(&blob, None).await.unwrap();
        let mut sent = 0;
        let error = loop {
            match futures_util::StreamExt::next(&mut body).await {
                Some(Ok(slice)) => sent += slice.len(),
                Some(Err(error)) => break error,
                None => panic!("it ended without an error"),
            }
        };
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        assert!(sent < length, "{sent}");
        assert!(futures_util::StreamExt::next(&mut body).await.is_none());
        for _ in 0..400 {
            if registry
                .index
                .blob(&repository("a"), &digest)
                .await
                .unwrap()
                .is_none()
            {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        is_unknown(&registry, &digest).await;
        push_blob(&registry, "a", &content).await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), content);
    }
}

#[tokio::test]
async fn a_blob_that_was_verified_is_hashed_again_when_its_file_changes() {
    for content in [CONTENT.to_owned(), "x".repeat(1_000_000)] {
        let mut root = Root::in_files();
        // Later than the times of its files.
        root.clock = Clock::manual(Clock::system().now() + 60_000);
        let registry = root.open().await;
        push_blob(&registry, "a", "another").await;
        let digest = push_blob(&registry, "a", &content).await;
        let is_verified = async || {
            let body = registry.read(&digest, None).await.unwrap();
            let changed = body.changed().unwrap();
            registry
                .verified
                .contains(&digest, changed, registry.clock.steady())
        };
        assert!(!is_verified().await);
        let blob = registry.blob(&repository("a"), &digest).await.unwrap();
        let part = registry.read_blob(&blob, Some((0, 5))).await.unwrap();
        part.collect().await.unwrap();
        assert!(!is_verified().await, "of a part nothing is known");
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), content);
        assert!(is_verified().await);
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), content);
        flip(&file(&root, &digest));
        assert!(!is_verified().await);
        let body = registry.read_blob(&blob, None).await.unwrap();
        assert!(body.collect().await.is_err());
    }
}

#[tokio::test]
async fn reads_are_not_hashed_if_disabled() {
    let mut root = Root::in_files();
    root.rules.verify_reads = false;
    let registry = root.open().await;
    let digest = push_blob(&registry, "a", CONTENT).await;
    flip(&file(&root, &digest));
    assert_ne!(read_blob(&registry, "a", &digest).await.unwrap(), CONTENT);
    registry
        .lease_blob(&repository("a"), &digest)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_push_repairs_a_manifest_too() {
    let seen = VISIBLE.map(|damage| [(damage, false), (damage, true)]);
    // Only a read detects wrong bytes of the right length.
    let flipped: (Damage, bool) = (flip, true);
    for (damage, read_first) in seen.into_iter().flatten().chain([flipped]) {
        {
            let (root, registry) = with_another().await;
            let bytes = numbered(7);
            let digest = put(&registry, "a", "t", &bytes).await.unwrap();
            damage(&file(&root, &digest));
            // The manifest is not cached.
            kill(registry).await;
            let registry = root.open().await;
            if read_first {
                let read = get(&registry, "a", "t").await;
                assert!(matches!(read, Err(RegistryError::ManifestUnknown { .. })));
            }
            put(&registry, "a", "t", &bytes).await.unwrap();
            assert_eq!(get(&registry, "a", "t").await.unwrap(), bytes);
            assert_eq!(std::fs::read(file(&root, &digest)).unwrap(), &bytes[..]);
        }
    }
}

#[tokio::test]
async fn unmounted_storage_quarantines_nothing() {
    let root = Root::in_files();
    let registry = root.open().await;
    let mut digests = Vec::new();
    for number in 0..20 {
        digests.push(push_blob(&registry, "a", &format!("blob {number}")).await);
    }
    let blobs = root.directory.path().join("root").join(layout::ALL_BLOBS);
    let away = root.directory.path().join("away");
    std::fs::rename(&blobs, &away).unwrap();
    for replaced in [false, true] {
        if replaced {
            std::fs::create_dir_all(blobs.join("sha256")).unwrap();
        }
        for digest in &digests[..2] {
            let read = read_blob(&registry, "a", digest).await;
            assert!(
                matches!(read, Err(RegistryError::StorageNotMounted(_))),
                "{read:?}"
            );
        }
        for repair in [false, true] {
            let options = CheckOptions {
                repair,
                ..CheckOptions::default()
            };
            let refused = registry.check(options, &|_: CheckEntry| ()).await;
            assert!(matches!(
                refused,
                Err(RegistryError::BlobsLost {
                    found: 0,
                    known: 20,
                    ..
                })
            ));
        }
        // The background check waits until the storage is back.
        let scrubbed = registry.scrub(u64::MAX, 1000).await;
        assert!(matches!(scrubbed, Err(RegistryError::StorageNotMounted(_))));
    }
    std::fs::remove_dir_all(&blobs).unwrap();
    std::fs::rename(&away, &blobs).unwrap();
    for digest in &digests {
        read_blob(&registry, "a", digest).await.unwrap();
    }
    assert_eq!(registry.index.quarantined().await.unwrap(), []);
}

/// An image whose descriptors have the sizes of its blobs.
fn sized(contents: &[&str]) -> Bytes {
    let descriptors: Vec<Descriptor> = contents
        .iter()
        .map(|content| {
            let text = serde_json::json!({
                "mediaType": "application/octet-stream",
                "digest": sha256(content.as_bytes()).to_string(), "size": content.len(),
            });
            serde_json::from_value(text).unwrap()
        })
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST.as_str(),
        "config": descriptors[0], "layers": descriptors[1..],
    });
    manifest.to_string().into()
}

#[tokio::test]
async fn lengths_are_compared_with_descriptors_when_a_root_is_taken_over() {
    for damage in [empty, truncate, lengthen] as [Damage; 3] {
        let (root, registry) = with_another().await;
        let digest = push_blob(&registry, "a", CONTENT).await;
        push_blob(&registry, "a", "{}").await;
        let bytes = sized(&["{}", CONTENT]);
        put(&registry, "a", "t", &bytes).await.unwrap();
        registry.close().await.unwrap();
        damage(&file(&root, &digest));
        // As if another registry had left the root.
        std::fs::remove_file(root.directory.path().join("index.db")).unwrap();
        let registry = root.open().await;
        is_unknown(&registry, &digest).await;
        assert_eq!(get(&registry, "a", "t").await.unwrap(), bytes);
        push_blob(&registry, "a", CONTENT).await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), CONTENT);
    }
}

#[tokio::test]
async fn a_plain_check_compares_lengths_with_descriptors() {
    for damage in [empty, truncate, lengthen] as [Damage; 3] {
        let (root, registry) = with_another().await;
        let digest = push_blob(&registry, "a", CONTENT).await;
        push_blob(&registry, "a", "{}").await;
        put(&registry, "a", "t", &sized(&["{}", CONTENT]))
            .await
            .unwrap();
        damage(&file(&root, &digest));
        let length = std::fs::metadata(file(&root, &digest)).unwrap().len();
        // An index of a version that did not compare lengths.
        registry.index.correct_size(digest, length).await.unwrap();
        let found = Mutex::new(Vec::new());
        let tell = |checked: CheckEntry| {
            if let CheckEntry::Found(difference) = checked {
                found.lock().push(difference);
            }
        };
        registry
            .check(CheckOptions::default(), &tell)
            .await
            .unwrap();
        assert_eq!(*found.lock(), [Difference::BlobDamaged(digest)]);
        let repair = CheckOptions {
            repair: true,
            ..CheckOptions::default()
        };
        registry.check(repair, &|_: CheckEntry| ()).await.unwrap();
        is_unknown(&registry, &digest).await;
        push_blob(&registry, "a", CONTENT).await;
        assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), CONTENT);
    }
}

#[tokio::test]
async fn checks_of_manifests_are_configurable() {
    let artifact: Bytes = serde_json::json!({
        "mediaType": MediaType::OCI_ARTIFACT.as_str(), "artifactType": "x/y", "blobs": [],
    })
    .to_string()
    .into();
    let sparse = image(&[sha256(b"absent"), sha256(b"absent too")]);
    for (known_types, required_layers) in [(false, true), (true, true), (false, false)] {
        let mut root = Root::in_memory();
        root.rules.known_types = known_types;
        root.rules.required_layers = required_layers;
        let registry = root.open().await;
        let other = put(&registry, "a", "other", &artifact).await;
        assert_eq!(other.is_ok(), !known_types, "{other:?}");
        let layers = put(&registry, "a", "sparse", &sparse).await;
        assert_eq!(layers.is_ok(), !required_layers, "{layers:?}");
        put(&registry, "a", "index", &numbered(1)).await.unwrap();
    }
}
