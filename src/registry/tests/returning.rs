//! Content that comes back between two runs: through registry:2, by a copy of the directory, or after
//! an error has passed; and repairs beside pushes and collections.

use std::path::Path;
use std::time::Duration;

use super::roots::{Layout, blob_directory, revision_path};
use super::*;
use crate::registry::Restorable;

/// Longer than the tolerance for the clocks of file systems: what was written before is old.
pub(super) async fn pass() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

#[tokio::test]
async fn an_old_link_of_registry_2_is_valid_again_when_its_blob_returns() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    // Collected by registry:2, which leaves the links.
    let (blob, manifest) = (sha256(b"content"), sha256(&numbered(1)));
    other.image("a", "1", "another");
    other.layer("a", &blob, &blob);
    other.revision("a", &manifest);
    let registry = root.open().await;
    pass().await;
    registry.close().await.unwrap();
    let registry = root.open().await;
    push_blob(&registry, "b", "content").await;
    put(&registry, "b", "1", &numbered(1)).await.unwrap();
    registry.close().await.unwrap();
    // registry:2 serves both in this repository, so that clients do not push them again.
    other.tag("a", "2", &manifest);
    let registry = root.open().await;
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
    assert_eq!(get(&registry, "a", "2").await.unwrap(), numbered(1));
}

#[tokio::test]
async fn a_blob_in_quarantine_is_served_when_another_program_has_stored_it_again() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    put(&registry, "a", "1", &image(&[blob])).await.unwrap();
    other.write(&format!("{}/data", blob_directory(&blob)), "CONTENT");
    assert!(registry.quarantine(&blob).await.unwrap());
    caught_up(&registry).await;
    pass().await;
    registry.close().await.unwrap();
    other.blob(b"content");
    let registry = root.open().await;
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
}

#[tokio::test]
async fn a_copy_of_the_directory_that_takes_its_place_is_read() {
    let root = Root::in_files();
    let directory = root.directory.path().join("root/docker");
    let copied = root.directory.path().join("copy");
    let registry = root.open().await;
    for (name, number) in [("moves", 1), ("goes", 2), ("vanishes", 3)] {
        put(&registry, "a", name, &numbered(number)).await.unwrap();
    }
    caught_up(&registry).await;
    copy(&directory, &copied);
    put(&registry, "a", "moves", &numbered(2)).await.unwrap();
    put(&registry, "a", "vanishes", &numbered(4)).await.unwrap();
    let gone = registry.delete_tag(&repository("a"), &tag("goes")).await;
    gone.unwrap();
    pass().await;
    registry.close().await.unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    std::fs::rename(&copied, &directory).unwrap();
    let registry = root.open().await;
    for (name, number) in [("moves", 1), ("goes", 2), ("vanishes", 3)] {
        let found = get(&registry, "a", name).await.unwrap();
        assert_eq!(found, numbered(number), "{name}");
    }
}

#[tokio::test]
async fn after_a_clock_that_was_ahead_everything_is_compared() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    let registry = root.open().await;
    put(&registry, "a", "1", &numbered(1)).await.unwrap();
    put(&registry, "a", "2", &numbered(2)).await.unwrap();
    registry.close().await.unwrap();
    let registry = root.open().await;
    let ahead = registry.store_time().await.unwrap() + 600_000_000_000;
    registry
        .index
        .set_setting("layout_agreed_at", ahead.to_string())
        .await
        .unwrap();
    kill(registry).await;
    other.tag("a", "1", &sha256(&numbered(2)));
    other.image("b", "1", "content");
    let registry = root.open().await;
    assert_eq!(get(&registry, "a", "1").await.unwrap(), numbered(2));
    assert!(get(&registry, "b", "1").await.is_ok());
}

#[tokio::test]
async fn a_collection_of_most_manifests_by_registry_2_is_no_lost_disk() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    let registry = root.open().await;
    for number in 0..20 {
        put(&registry, "a", "latest", &numbered(number))
            .await
            .unwrap();
    }
    registry.close().await.unwrap();
    for number in 0..19 {
        let digest = sha256(&numbered(number));
        other.remove(&revision_path("a", &digest));
        other.remove(&blob_directory(&digest));
    }
    let registry = root.open().await;
    assert_eq!(get(&registry, "a", "latest").await.unwrap(), numbered(19));
    // All of them, after its only tag was moved there.
    for number in 20..40 {
        put(&registry, "a", "latest", &numbered(number))
            .await
            .unwrap();
    }
    registry.close().await.unwrap();
    for number in 19..40 {
        let digest = sha256(&numbered(number));
        other.remove(&revision_path("a", &digest));
        other.remove(&blob_directory(&digest));
    }
    let digest = other.blob(&numbered(40));
    other.revision("a", &digest);
    other.tag("a", "latest", &digest);
    let registry = root.open().await;
    assert_eq!(get(&registry, "a", "latest").await.unwrap(), numbered(40));
    registry.close().await.unwrap();
    // Without the last one the disk may not be mounted.
    other.remove("repositories/a/_manifests");
    let opened = root.try_open().await;
    assert!(matches!(opened, Err(RegistryError::RootLost { .. })));
}

#[tokio::test]
async fn a_repository_on_another_disk_is_found_through_its_link() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    other.image("small/app", "1", "small");
    other.image("big/app", "1", "large");
    let repositories = root
        .directory
        .path()
        .join("root/docker/registry/v2/repositories");
    // In the root, but not in the layout.
    let disk = root.directory.path().join("root/disk");
    std::fs::rename(repositories.join("big"), &disk).unwrap();
    std::os::unix::fs::symlink(&disk, repositories.join("big")).unwrap();
    // Loops, and second names for what is there.
    std::os::unix::fs::symlink("..", repositories.join("small/loop")).unwrap();
    std::os::unix::fs::symlink("small", repositories.join("again")).unwrap();
    let registry = root.open().await;
    assert!(get(&registry, "big/app", "1").await.is_ok());
    let names = registry.repositories("", 100).await.unwrap();
    assert_eq!(names, ["big/app", "small/app"]);
    put(&registry, "big/app", "2", &numbered(1)).await.unwrap();
    caught_up(&registry).await;
    assert!(disk.join("app/_manifests/tags/2/current/link").is_file());
    let whole = registry.delete_repository(&repository("big/app")).await;
    whole.unwrap();
    caught_up(&registry).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_beside_a_repair_keeps_what_was_repaired() {
    let root = Root::in_files();
    let registry = root.open().await;
    let (_, blob) = Layout::of(&root).image("a", "1", "content");
    let repair = CheckOptions {
        repair: true,
        ..CheckOptions::default()
    };
    let collected = parking_lot::Mutex::new(false);
    let listener = |_| {
        // Once, between the repair of the blobs and that of the links.
        if !std::mem::replace(&mut *collected.lock(), true) {
            let options = CollectOptions::default();
            let collection = registry.collect(&options, &|_| {});
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current()
                    .block_on(collection)
                    .unwrap();
            });
        }
    };
    registry.check(repair, &listener).await.unwrap();
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
    assert_eq!(get(&registry, "a", "1").await.unwrap(), image(&[blob]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_beside_a_repair_keeps_its_links() {
    let root = Root::in_files();
    let registry = root.open().await;
    put(&registry, "a", "1", &numbered(1)).await.unwrap();
    let other = Layout::of(&root);
    for name in ["x", "y", "z"] {
        other.tag("a", name, &sha256(b"nothing"));
    }
    let repair = CheckOptions {
        repair: true,
        ..CheckOptions::default()
    };
    let pushed = parking_lot::Mutex::new(false);
    let listener = |_| {
        if !std::mem::replace(&mut *pushed.lock(), true) {
            tokio::task::block_in_place(|| {
                let runtime = tokio::runtime::Handle::current();
                for name in ["x", "y", "z"] {
                    let image = numbered(1);
                    let put = put(&registry, "a", name, &image);
                    runtime.block_on(put).unwrap();
                }
                runtime.block_on(caught_up(&registry));
            });
        }
    };
    registry.check(repair, &listener).await.unwrap();
    caught_up(&registry).await;
    registry.close().await.unwrap();
    let registry = root.open().await;
    for name in ["x", "y", "z"] {
        assert_eq!(
            get(&registry, "a", name).await.unwrap(),
            numbered(1),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_another_program_has_removed_from_the_trash_is_not_restored() {
    let root = Root::in_files();
    let other = Layout::of(&root);
    let registry = root.open().await;
    let digest = put(&registry, "a", "1", &numbered(1)).await.unwrap();
    put(&registry, "b", "1", &numbered(1)).await.unwrap();
    let gone = registry.delete_manifest(&repository("a"), &digest).await;
    gone.unwrap();
    let gone = registry.delete_repository(&repository("b")).await;
    gone.unwrap();
    registry.close().await.unwrap();
    other.remove(&blob_directory(&digest));
    let registry = root.open().await;
    for what in [
        Restorable::Manifest(repository("a"), digest),
        Restorable::Repository(repository("b")),
    ] {
        let restored = registry.restore(&what).await;
        let refused = matches!(
            restored,
            Err(RegistryError::RestoreIncomplete { .. } | RegistryError::NotInTrash(_))
        );
        assert!(refused, "{what}: {restored:?}");
    }
}
