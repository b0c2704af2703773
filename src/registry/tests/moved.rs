//! Directories that are moved or mounted to where the index agreed with none, or with others, and
//! content whose times say nothing: all of it is served, and nothing of it collected.

use std::path::PathBuf;

use super::returning::pass;
use super::roots::{Layout, blob_directory};
use super::*;

/// The directories of a root that are moved.
fn docker(root: &Root) -> PathBuf {
    root.directory.path().join("root/docker")
}

/// Writes images into a root, and moves them away. Their times are older than any later start.
async fn moved_away(root: &Root, numbers: std::ops::Range<u64>) -> PathBuf {
    let other = Layout::of(root);
    for number in numbers {
        let text = number.to_string();
        other.image("moved", &format!("v{text}"), &text);
    }
    let elsewhere = root.directory.path().join("elsewhere");
    std::fs::rename(docker(root), &elsewhere).unwrap();
    pass().await;
    elsewhere
}

async fn is_all_there(registry: &Registry, numbers: std::ops::Range<u64>, case: &str) {
    let silent = |_: CollectEntry| {};
    let collected = registry.collect(&CollectOptions::default(), &silent).await;
    assert_eq!(collected.unwrap().freed.blobs, 0, "{case}");
    for number in numbers {
        let text = number.to_string();
        let found = get(registry, "moved", &format!("v{text}")).await;
        let digest = sha256(text.as_bytes());
        assert_eq!(found.unwrap(), image(&[digest]), "{case}");
        let blob = read_blob(registry, "moved", &digest).await;
        assert_eq!(blob.unwrap(), text, "{case}");
    }
}

/// How the process ends that has nothing when it starts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Before,
    Cleanly,
    Killed,
}

#[tokio::test]
async fn a_directory_that_comes_after_a_start_without_one_is_compared() {
    for end in [End::Before, End::Cleanly, End::Killed] {
        let root = Root::in_files();
        let elsewhere = moved_away(&root, 0..12).await;
        let mount = || std::fs::rename(&elsewhere, docker(&root)).unwrap();
        let registry = root.open().await;
        if end == End::Before {
            registry.close().await.unwrap();
            mount();
        } else {
            mount();
            for number in 0..40 {
                put(&registry, "b", "t", &numbered(number)).await.unwrap();
            }
            match end {
                End::Killed => kill(registry).await,
                _ => registry.close().await.unwrap(),
            }
        }
        let registry = root.open().await;
        is_all_there(&registry, 0..12, &format!("{end:?}")).await;
        // From now on only changes are read.
        registry.close().await.unwrap();
        assert!(root.try_open().await.unwrap().1.is_unchanged());
    }
}

/// The first directory is compared as well when it returns, although nothing of it has changed.
#[tokio::test]
async fn a_directory_that_returns_after_another_one_is_compared() {
    let root = Root::in_files();
    let elsewhere = moved_away(&root, 0..3).await;
    let other = Layout::of(&root);
    other.image("moved", "v0", "another");
    let third = root.directory.path().join("third");
    std::fs::rename(docker(&root), &third).unwrap();
    let swap = |from: &PathBuf, to: &PathBuf| {
        std::fs::rename(docker(&root), to).unwrap();
        std::fs::rename(from, docker(&root)).unwrap();
    };
    std::fs::rename(&elsewhere, docker(&root)).unwrap();
    for _ in 0..2 {
        root.open().await.close().await.unwrap();
    }
    swap(&third, &elsewhere);
    let registry = root.open().await;
    assert!(get(&registry, "moved", "v0").await.is_ok());
    assert!(get(&registry, "moved", "v1").await.is_err());
    kill(registry).await;
    swap(&elsewhere, &third);
    is_all_there(&root.open().await, 0..3, "returned").await;
}

/// As after pushes by registry:2 while a clock that had been ahead was right again.
#[tokio::test]
async fn content_that_is_older_than_the_agreement_and_new_is_compared() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    let registry = root.open().await;
    for number in 1..3 {
        let name = number.to_string();
        put(&registry, "a", &name, &numbered(number)).await.unwrap();
    }
    registry.close().await.unwrap();
    let registry = root.open().await;
    for number in 0..3 {
        other.image("moved", &format!("v{number}"), &number.to_string());
    }
    other.tag("a", "1", &sha256(&numbered(2)));
    pass().await;
    let later = registry.store_time().await.unwrap() + 1_000_000_000;
    pass().await;
    let setting = registry
        .index
        .set_setting("layout_agreed_at", later.to_string());
    setting.await.unwrap();
    kill(registry).await;
    let registry = root.open().await;
    is_all_there(&registry, 0..3, "older").await;
    assert_eq!(get(&registry, "a", "1").await.unwrap(), numbered(2));
}

#[tokio::test]
async fn an_image_that_another_program_pushed_again_was_pushed_then() {
    const OLD: u64 = 1_700_000_000;
    let root = Root::in_files();
    let other = Layout::of(&root);
    let names = ["again", "kept"];
    let registry = root.open().await;
    for (name, number) in names.iter().zip(1..) {
        put(&registry, "a", name, &numbered(number)).await.unwrap();
    }
    let first = registry.clock.now();
    registry.close().await.unwrap();
    for (name, number) in names.iter().zip(1..) {
        let digest = sha256(&numbered(number));
        other.revision("a", &digest);
        other.tag("a", name, &digest);
        if *name == "kept" {
            // Only its owner has changed.
            let link = format!("repositories/a/_manifests/tags/{name}/current/link");
            other.written(&link, OLD);
            other.written(&super::roots::revision_path("a", &digest), OLD);
        }
    }
    for _ in 0..2 {
        let (registry, reindexed) = root.try_open().await.unwrap();
        assert!(reindexed.is_unchanged(), "{reindexed:?}");
        let held = registry.index.holdings(&repository("a")).await.unwrap();
        let updated = |name: &str| {
            let found = held.tags.iter().find(|found| found.name == tag(name));
            found.unwrap().updated_at
        };
        assert!(updated("again") / 1000 > OLD.cast_signed());
        assert_eq!(updated("kept"), first);
        registry.close().await.unwrap();
    }
}

/// A change of the owner of all files touches the bytes, but is no new content.
#[tokio::test]
async fn damaged_bytes_whose_owner_has_changed_are_moved_away() {
    for is_restored in [false, true] {
        let root = Root::in_files();
        let other = Layout::of(&root);
        let registry = root.open().await;
        let blob = push_blob(&registry, "a", "content").await;
        caught_up(&registry).await;
        let path = format!("{}/data", blob_directory(&blob));
        other.write(&path, "CONTENT");
        let lost = root.directory.path().join("root").join(layout::LOST);
        std::fs::write(&lost, "in the way").unwrap();
        assert!(registry.quarantine(&blob).await.unwrap());
        let marked = registry.store_time().await.unwrap();
        kill(registry).await;
        std::fs::remove_file(&lost).unwrap();
        if is_restored {
            other.write(&path, "content");
        }
        // In both cases: a backup keeps the time of writing.
        other.written(&path, marked.unsigned_abs() / 1_000_000_000 - 1);
        let registry = root.open().await;
        let read = read_blob(&registry, "a", &blob).await;
        assert_eq!(read.is_ok(), is_restored);
        let is_there = other.files().keys().any(|file| file.ends_with(&path));
        assert_eq!(is_there, is_restored);
    }
}
