//! The journal when others use the root as well: other programs, devices that lose data, files that
//! occupy paths.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::roots::Layout;
use super::*;

const DOCKER: &str = "docker/";

fn current(name: &str, tag_name: &str) -> String {
    layout::tag_current(&repository(name), &tag(tag_name))
}

/// A root with two images, `old` and `new`, and the tag `t` at `new`; all rows are still in the
/// journal.
async fn with_two_images(root: &Root) -> Registry {
    let registry = root.open().await;
    put(&registry, "a", "old", &numbered(1)).await.unwrap();
    put(&registry, "a", "new", &numbered(2)).await.unwrap();
    put(&registry, "a", "t", &numbered(2)).await.unwrap();
    registry
}

#[tokio::test]
async fn applied_changes_are_not_applied_again() {
    let root = Root::in_files();
    let registry = with_two_images(&root).await;
    let deleted = registry.delete_tag(&repository("a"), &tag("new")).await;
    deleted.unwrap();
    kill(registry).await;
    // Another registry moves one tag, deletes one, and creates the deleted one again.
    let other = Layout::of(&root);
    other.tag("a", "t", &sha256(&numbered(1)));
    other.tag("a", "new", &sha256(&numbered(2)));
    other.remove("repositories/a/_manifests/tags/old");
    let registry = root.open().await;
    assert_eq!(get(&registry, "a", "t").await.unwrap(), numbered(1));
    assert_eq!(get(&registry, "a", "new").await.unwrap(), numbered(2));
    assert!(get(&registry, "a", "old").await.is_err());
    assert!(registry.index.journal().await.unwrap().is_empty());
}

#[tokio::test]
async fn after_a_power_cut_all_rows_are_applied_again() {
    let root = Root::in_memory();
    let registry = with_two_images(&root).await;
    let deleted = registry.delete_tag(&repository("a"), &tag("new")).await;
    deleted.unwrap();
    kill(registry).await;
    // The device has the marks, but has lost links and a removal.
    let zeros = Step::Put {
        key: current("a", "t"),
        bytes: vec![0; 71].into(),
    };
    let back = Step::Put {
        key: current("a", "new"),
        bytes: sha256(&numbered(2)).to_string().into(),
    };
    let gone = Step::Remove {
        key: current("a", "old"),
    };
    root.store.apply(vec![zeros, back, gone]).await.unwrap();
    root.memory.reboot(i64::MAX);
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert!(reindexed.is_unchanged(), "{reindexed:?}");
    let link = async |name: &str| root.link(current("a", name)).await;
    assert_eq!(link("t").await, Some(sha256(&numbered(2)).to_string()));
    assert_eq!(link("old").await, Some(sha256(&numbered(1)).to_string()));
    assert_eq!(link("new").await, None);
    drop(registry);
}

#[tokio::test]
async fn after_a_power_cut_another_machine_loses_nothing() {
    for loses_marks in [false, true] {
        let root = Root::in_memory();
        let registry = with_two_images(&root).await;
        registry.checkpoint_journal().await.unwrap();
        put(&registry, "a", "t", &numbered(1)).await.unwrap();
        let deleted = registry.delete_tag(&repository("a"), &tag("old")).await;
        deleted.unwrap();
        kill(registry).await;
        // The device has lost these changes. The machine runs for longer than the registry did.
        let lost = Step::Put {
            key: current("a", "t"),
            bytes: sha256(&numbered(2)).to_string().into(),
        };
        root.store.apply(vec![lost]).await.unwrap();
        // The marks are not synced.
        if loses_marks {
            let empty = Step::Put {
                key: layout::MARKS.to_owned(),
                bytes: Bytes::new(),
            };
            root.store.apply(vec![empty]).await.unwrap();
        }
        root.memory.reboot(1);
        let registry = root.open().await;
        assert_eq!(get(&registry, "a", "t").await.unwrap(), numbered(1));
        assert!(get(&registry, "a", "old").await.is_err());
        assert_eq!(
            root.link(current("a", "t")).await,
            Some(sha256(&numbered(1)).to_string())
        );
    }
}

#[tokio::test]
async fn changes_by_another_registry_after_a_power_cut_are_kept() {
    let root = Root::in_memory();
    let registry = with_two_images(&root).await;
    let deleted = registry.delete_tag(&repository("a"), &tag("new")).await;
    deleted.unwrap();
    kill(registry).await;
    root.memory.reboot(i64::MAX);
    let put = |name: &str, digest: Digest| Step::Put {
        key: current("a", name),
        bytes: digest.to_string().into(),
    };
    let moved = put("t", sha256(&numbered(1)));
    let made = put("new", sha256(&numbered(2)));
    root.store.apply(vec![moved, made]).await.unwrap();
    let registry = root.open().await;
    assert_eq!(get(&registry, "a", "t").await.unwrap(), numbered(1));
    assert_eq!(get(&registry, "a", "new").await.unwrap(), numbered(2));
}

#[tokio::test]
async fn bytes_used_by_another_registry_are_not_removed() {
    for reboot in [false, true] {
        let root = Root::in_memory();
        let registry = root.open().await;
        let digest = push_blob(&registry, "a", "content").await;
        registry.checkpoint_journal().await.unwrap();
        root.fail(&["remove"], layout::BLOBS, Fault::Broken);
        root.clock.advance(2 * 60 * 60 * 1000);
        let options = CollectOptions::default();
        let collected = registry.collect(&options, &|_| {}).await.unwrap();
        assert_eq!(collected.freed.blobs, 1);
        kill(registry).await;
        root.heal();
        if reboot {
            root.memory.reboot(i64::MAX);
        }
        // It finds the blob and does not touch it.
        let link = Step::Put {
            key: layout::layer(&repository("b"), &digest),
            bytes: digest.to_string().into(),
        };
        root.store.apply(vec![link]).await.unwrap();
        let registry = root.open().await;
        assert_eq!(read_blob(&registry, "b", &digest).await.unwrap(), "content");
    }
}

#[tokio::test]
async fn after_a_failed_sync_all_rows_are_applied_again_before_the_next_sync() {
    let root = Root::in_memory();
    let registry = with_two_images(&root).await;
    let deleted = registry.delete_tag(&repository("a"), &tag("new")).await;
    deleted.unwrap();
    root.fail(&["sync"], "", Fault::Broken);
    registry.checkpoint_journal().await.unwrap_err();
    root.heal();
    // The device has lost the data that it could not write.
    let lost = |name: &str| Step::Put {
        key: current("a", name),
        bytes: vec![0; 71].into(),
    };
    let steps = vec![lost("t"), lost("old"), lost("new")];
    root.store.apply(steps).await.unwrap();
    registry.checkpoint_journal().await.unwrap();
    let link = async |name: &str| root.link(current("a", name)).await;
    assert_eq!(link("t").await, Some(sha256(&numbered(2)).to_string()));
    assert_eq!(link("old").await, Some(sha256(&numbered(1)).to_string()));
    assert_eq!(link("new").await, None);
    assert!(registry.index.journal().await.unwrap().is_empty());
    // Readers see the same content meanwhile.
    assert_eq!(get(&registry, "a", "t").await.unwrap(), numbered(2));
    assert!(get(&registry, "a", "new").await.is_err());
}

#[tokio::test]
async fn a_failed_sync_is_recorded_for_the_next_start() {
    let root = Root::in_memory();
    let registry = with_two_images(&root).await;
    root.fail(&["sync"], "", Fault::Broken);
    registry.checkpoint_journal().await.unwrap_err();
    registry.close().await.unwrap_err();
    root.heal();
    let steps = vec![Step::Remove {
        key: current("a", "t"),
    }];
    root.store.apply(steps).await.unwrap();
    drop(registry);
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert!(reindexed.is_unchanged(), "{reindexed:?}");
    assert_eq!(
        root.link(current("a", "t")).await,
        Some(sha256(&numbered(2)).to_string())
    );
    drop(registry);
}

#[tokio::test]
async fn an_occupied_path_affects_one_repository_only() {
    for kind in ["file", "loop", "dangling"] {
        let root = Root::in_files();
        let registry = root.open().await;
        let layout = root.directory.path().join("root/docker/registry/v2");
        let place = layout.join("repositories/bad");
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        match kind {
            "file" => std::fs::write(&place, "x").unwrap(),
            "loop" => std::os::unix::fs::symlink(&place, &place).unwrap(),
            _ => std::os::unix::fs::symlink("/nowhere/at/all", &place).unwrap(),
        }
        put(&registry, "bad", "t", &numbered(0)).await.unwrap();
        // More repositories than lanes.
        for number in 1..30 {
            let name = format!("good-{number}");
            put(&registry, &name, "t", &numbered(number)).await.unwrap();
            let link = root.link(current(&name, "t")).await;
            assert_eq!(link, Some(sha256(&numbered(number)).to_string()), "{kind}");
        }
        let obstructed = registry.obstructed();
        assert!(!obstructed.is_empty(), "{kind}");
        assert!(obstructed.iter().all(|(key, _)| key.starts_with(DOCKER)));
        assert!(obstructed.iter().all(|(key, _)| key.contains("/bad/")));
        // Other rows are removed.
        registry.checkpoint_journal().await.unwrap();
        let left = registry.index.journal().await.unwrap();
        assert_eq!(left.len(), obstructed.len(), "{kind}");
        kill(registry).await;
        // The repository is served across restarts, and appears when its path is free.
        let registry = root.open().await;
        assert_eq!(get(&registry, "bad", "t").await.unwrap(), numbered(0));
        assert_eq!(get(&registry, "good-1", "t").await.unwrap(), numbered(1));
        kill(registry).await;
        std::fs::remove_file(&place).unwrap();
        let registry = root.open().await;
        assert_eq!(get(&registry, "bad", "t").await.unwrap(), numbered(0));
        assert!(registry.obstructed().is_empty());
        assert_eq!(
            root.link(current("bad", "t")).await,
            Some(sha256(&numbered(0)).to_string())
        );
    }
}

#[tokio::test]
async fn an_obstructed_change_is_superseded_by_a_later_one() {
    let root = Root::in_files();
    let registry = root.open().await;
    let place = root
        .directory
        .path()
        .join("root/docker/registry/v2/repositories/bad");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "x").unwrap();
    put(&registry, "bad", "t", &numbered(0)).await.unwrap();
    std::fs::remove_file(&place).unwrap();
    put(&registry, "bad", "t", &numbered(1)).await.unwrap();
    let link = async || root.link(current("bad", "t")).await;
    assert_eq!(link().await, Some(sha256(&numbered(1)).to_string()));
    let obstructed = registry.obstructed();
    assert!(
        obstructed.iter().all(|(key, _)| !key.contains("/tags/")),
        "{obstructed:?}"
    );
    kill(registry).await;
    let registry = root.open().await;
    assert_eq!(get(&registry, "bad", "t").await.unwrap(), numbered(1));
    assert_eq!(link().await, Some(sha256(&numbered(1)).to_string()));
}

/// From this call on, nothing below `docker/` and no mark is written.
fn cut_off_after(root: &Root, calls: usize) {
    let made = AtomicUsize::new(0);
    let fault = move |action: &str, key: &str| {
        let layout = matches!(action, "put" | "place" | "remove") && key.starts_with(DOCKER);
        let counts = layout || action == "note";
        (counts && made.fetch_add(1, Ordering::SeqCst) >= calls).then_some(Fault::Broken)
    };
    root.memory.set_faults(Some(Box::new(fault)));
}

/// Pushes and deletes. Returns the manifests of the tags `one` and `two` of `a`.
async fn change(registry: &Registry) -> [Result<Bytes, RegistryError>; 2] {
    for (name, number) in [("one", 3), ("two", 3), ("one", 4), ("three", 5), ("two", 6)] {
        put(registry, "a", name, &numbered(number)).await.unwrap();
    }
    let deleted = registry.delete_tag(&repository("a"), &tag("two")).await;
    deleted.unwrap();
    put(registry, "a", "one", &numbered(3)).await.unwrap();
    [
        get(registry, "a", "one").await,
        get(registry, "a", "two").await,
    ]
}

#[tokio::test]
async fn partly_applied_changes_of_a_killed_process_are_completed() {
    for calls in 0..40 {
        let root = Root::in_memory();
        let registry = with_two_images(&root).await;
        cut_off_after(&root, calls);
        let [one, two] = change(&registry).await;
        assert_eq!(one.unwrap(), numbered(3));
        two.unwrap_err();
        kill(registry).await;
        root.heal();
        let (registry, reindexed) = root.try_open().await.unwrap();
        assert!(reindexed.is_unchanged(), "{calls} calls: {reindexed:?}");
        for (name, number) in [("old", 1), ("new", 2), ("t", 2), ("one", 3), ("three", 5)] {
            let read = get(&registry, "a", name).await.unwrap();
            assert_eq!(read, numbered(number), "{calls} calls");
            let link = root.link(current("a", name)).await;
            assert_eq!(link, Some(sha256(&numbered(number)).to_string()), "{calls}");
        }
        get(&registry, "a", "two").await.unwrap_err();
        assert_eq!(root.link(current("a", "two")).await, None, "{calls} calls");
    }
}

/// Another registry moves `one`, and pushes an earlier version of `two` again.
async fn change_from_outside(root: &Root) {
    let digest = sha256(&numbered(1)).to_string();
    let moved = ["one", "two"].map(|name| Step::Put {
        key: current("a", name),
        bytes: digest.clone().into(),
    });
    root.store.apply(moved.into()).await.unwrap();
}

#[tokio::test]
async fn after_changes_by_another_program_the_layout_decides() {
    for calls in 0..40 {
        let root = Root::in_memory();
        let registry = with_two_images(&root).await;
        cut_off_after(&root, calls);
        let _ = change(&registry).await;
        kill(registry).await;
        root.heal();
        let three = root.link(current("a", "three")).await;
        change_from_outside(&root).await;
        let registry = root.open().await;
        for (name, number) in [("one", 1), ("two", 1), ("old", 1), ("new", 2)] {
            let read = get(&registry, "a", name).await.unwrap();
            assert_eq!(read, numbered(number), "{calls} calls, {name}");
            let link = root.link(current("a", name)).await;
            assert_eq!(link, Some(sha256(&numbered(number)).to_string()), "{calls}");
        }
        // It was not acknowledged if the layout does not show it.
        assert_eq!(root.link(current("a", "three")).await, three, "{calls}");
        let read = get(&registry, "a", "three").await;
        assert_eq!(read.ok(), three.map(|_| numbered(5)), "{calls} calls");
    }
}

#[tokio::test]
async fn acknowledged_changes_are_completed_despite_another_program() {
    let root = Root::in_memory();
    let registry = with_two_images(&root).await;
    root.fail(&["put", "place", "remove"], DOCKER, Fault::Broken);
    let _ = change(&registry).await;
    kill(registry).await;
    root.heal();
    change_from_outside(&root).await;
    let registry = root.open().await;
    for (name, number) in [("one", 1), ("two", 1), ("old", 1), ("new", 2), ("three", 5)] {
        let read = get(&registry, "a", name).await.unwrap();
        assert_eq!(read, numbered(number), "{name}");
        let link = root.link(current("a", name)).await;
        assert_eq!(link, Some(sha256(&numbered(number)).to_string()), "{name}");
    }
}
