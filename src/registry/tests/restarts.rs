//! The state after the process has ended, cleanly or not.

use super::*;

const HOUR: Millis = 60 * 60 * 1000;
const DAY: Millis = 24 * HOUR;

#[tokio::test]
async fn uploads_continue_after_a_restart() {
    for (announced, kept, killed) in [
        (None, true, true),
        (None, false, true),
        (Some(Algorithm::Sha512), true, true),
        (Some(Algorithm::Sha512), false, true),
        (Some(Algorithm::Sha512), false, false),
    ] {
        for root in [Root::in_files(), Root::in_memory()] {
            let registry = root.open().await;
            let name = repository("team/app");
            let upload = registry.start_upload(&name, announced).await.unwrap();
            let id = upload.id;
            let first = registry.append(&name, &id, None, body(&["one "])).await;
            assert_eq!(first.unwrap().position, 4);
            root.clock.advance(5000);
            if kept {
                registry.save_uploads().await.unwrap();
            }
            let second = registry.append(&name, &id, None, body(&["two "])).await;
            assert_eq!(second.unwrap().position, 8);
            if killed {
                kill(registry).await;
            } else {
                registry.close().await.unwrap();
            }
            let registry = root.open().await;
            let there = registry.upload(&name, &id).await.unwrap();
            assert_eq!(there.position, 8);
            let content = b"one two three";
            let digest = Hasher::digest(announced.unwrap_or(Algorithm::Sha256), content);
            let finished = registry.finish_upload(&name, &id, &digest, None, body(&["three"]));
            finished.await.unwrap();
            let read = read_blob(&registry, "team/app", &digest).await.unwrap();
            assert_eq!(read, &content[..]);
            let by_canonical = read_blob(&registry, "team/app", &sha256(content)).await;
            assert_eq!(by_canonical.unwrap(), &content[..]);
            assert_eq!(registry.index.upload(&id).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn an_upload_of_registry_2_continues() {
    let root = Root::in_files();
    let id = uuid::Uuid::new_v4().to_string();
    let name = repository("a");
    let directory = "docker/registry/v2/repositories/a/_uploads";
    let steps = [
        (format!("{directory}/{id}/data"), "one "),
        (
            format!("{directory}/{id}/startedat"),
            "2026-01-01T00:00:00Z",
        ),
        (format!("{directory}/no-uuid/data"), "x"),
    ];
    for (key, content) in steps {
        let bytes = content.into();
        let put = root.store.apply(vec![Step::Put { key, bytes }]).await;
        put.unwrap();
    }
    let registry = root.open().await;
    assert_eq!(registry.upload(&name, &id).await.unwrap().position, 4);
    let digest = sha256(b"one two");
    let finished = registry.finish_upload(&name, &id, &digest, None, body(&["two"]));
    finished.await.unwrap();
    assert_eq!(read_blob(&registry, "a", &digest).await.unwrap(), "one two");
    assert_eq!(root.names(directory).await, ["no-uuid"]);
}

#[tokio::test]
async fn unused_staged_files_are_swept() {
    for root in [Root::in_files(), Root::in_memory()] {
        let registry = root.open().await;
        put(&registry, "a", "t", &numbered(1)).await.unwrap();
        let key = layout::staged();
        let bytes = "left by a crash".into();
        registry.apply(Step::Put { key, bytes }).await.unwrap();
        kill(registry).await;
        let registry = root.open().await;
        assert!(root.names(layout::STAGING).await.is_empty());
        assert_eq!(get(&registry, "a", "t").await.unwrap(), numbered(1));
    }
}

#[tokio::test]
async fn the_journal_of_a_killed_process_is_applied() {
    let root = Root::in_memory();
    let registry = root.open().await;
    put(&registry, "a", "stays", &numbered(1)).await.unwrap();
    registry.checkpoint_journal().await.unwrap();
    root.fail(&["put", "remove"], "docker/", Fault::Broken);
    put(&registry, "a", "comes", &numbered(2)).await.unwrap();
    let deleted = registry.delete_tag(&repository("a"), &tag("stays")).await;
    deleted.unwrap();
    kill(registry).await;
    root.heal();
    let (registry, reindexed) = root.try_open().await.unwrap();
    assert!(reindexed.is_unchanged(), "{reindexed:?}");
    let tags = registry.tags(&repository("a"), "", 9).await.unwrap();
    assert_eq!(tags, ["comes"]);
    let directory = "docker/registry/v2/repositories/a/_manifests/tags";
    assert_eq!(root.names(directory).await, ["comes"]);
    assert!(registry.index.journal().await.unwrap().is_empty());
    // Rows written after a restart are removed in their turn, too.
    put(&registry, "a", "more", &numbered(3)).await.unwrap();
    assert!(!registry.index.journal().await.unwrap().is_empty());
    registry.checkpoint_journal().await.unwrap();
    assert!(registry.index.journal().await.unwrap().is_empty());
}

#[tokio::test]
async fn stale_uploads_are_purged() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let start = async || registry.start_upload(&name, None).await.unwrap().id;
    let (stale, moving, busy) = (start().await, start().await, start().await);
    root.clock.advance(2000);
    registry.save_uploads().await.unwrap();
    root.clock.advance(7 * DAY);
    // The session received data that is not saved in the index yet.
    let moved = registry.append(&name, &moving, None, body(&["x"])).await;
    moved.unwrap();
    let young = start().await;
    let waits: IncomingBody = Box::pin(stream::pending());
    let (of, to, its) = (registry.clone(), name.clone(), busy.clone());
    let request = tokio::spawn(async move { of.append(&to, &its, None, waits).await });
    while registry
        .sessions
        .get(&busy)
        .unwrap()
        .session
        .try_lock()
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(registry.purge_uploads(6 * DAY, true).await.unwrap(), 3);
    assert_eq!(registry.purge_uploads(6 * DAY, false).await.unwrap(), 1);
    let gone = registry.upload(&name, &stale).await;
    assert!(matches!(gone, Err(RegistryError::UploadUnknown)));
    request.abort();
    for id in [moving, busy, young] {
        registry.upload(&name, &id).await.unwrap();
    }
    assert_eq!(root.names("regctl/uploads/a").await.len(), 3);
    // Likewise after a restart.
    root.clock.advance(2000);
    registry.close().await.unwrap();
    root.clock.advance(7 * DAY);
    let registry = root.open().await;
    assert_eq!(registry.purge_uploads(6 * DAY, false).await.unwrap(), 3);
    assert!(root.names("regctl/uploads/a").await.is_empty());
}

#[tokio::test]
async fn a_clock_that_is_set_ends_no_upload() {
    for step in [-30 * DAY, 30 * DAY] {
        let root = Root::in_memory();
        let registry = root.open().await;
        let name = repository("a");
        let id = registry.start_upload(&name, None).await.unwrap().id;
        registry
            .append(&name, &id, None, body(&["content"]))
            .await
            .unwrap();
        root.clock.set_by(step);
        root.clock.advance(2000);
        // Its state is saved as soon as with any other clock.
        registry.save_uploads().await.unwrap();
        let saved = registry.index.upload(&id).await.unwrap();
        assert_eq!(saved.map(|saved| saved.position), Some(7), "{step}");
        assert_eq!(registry.purge_uploads(6 * DAY, false).await.unwrap(), 0);
        assert_eq!(registry.upload(&name, &id).await.unwrap().position, 7);
        root.clock.advance(7 * DAY);
        assert_eq!(registry.purge_uploads(6 * DAY, false).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_neither_ends_nor_prolongs_a_deletion() {
    for (step, restarts) in [
        (-3650 * DAY, false),
        (-3650 * DAY, true),
        (20_000 * DAY, true),
    ] {
        let root = Root::in_memory();
        let mut registry = root.open().await;
        let (name, keep) = (repository("a"), registry.rules().trash);
        for (number, tags) in ["first", "second"].iter().enumerate() {
            put(&registry, "a", tags, &numbered(number as u64))
                .await
                .unwrap();
            registry.delete_tag(&name, &tag(tags)).await.unwrap();
        }
        root.clock.advance(1000);
        root.clock.set_by(step);
        if restarts {
            registry.close().await.unwrap();
            registry = root.open().await;
        }
        let collect = async || {
            let options = CollectOptions::default();
            registry.collect(&options, &|_: CollectEntry| {}).await
        };
        root.clock.advance(keep - 2000);
        collect().await.unwrap();
        let restore = async |tags: &str| {
            let what = Restorable::Tag(name.clone(), tag(tags));
            registry.restore(&what).await
        };
        restore("first").await.unwrap();
        root.clock.advance(2000);
        let ended = restore("second").await;
        assert!(matches!(ended, Err(RegistryError::NotInTrash(_))), "{step}");
    }
}

#[tokio::test]
async fn a_deletion_just_after_the_clock_was_set_is_kept_as_long_as_others() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (name, keep) = (repository("a"), registry.rules().trash);
    put(&registry, "a", "tag", &numbered(0)).await.unwrap();
    root.clock.advance(5 * HOUR);
    root.clock.set_by(-2 * HOUR);
    registry.delete_tag(&name, &tag("tag")).await.unwrap();
    root.clock.advance(keep - 1000);
    let what = Restorable::Tag(name, tag("tag"));
    registry.restore(&what).await.unwrap();
}

#[tokio::test]
async fn a_scheduled_collection_by_a_clock_that_was_ahead_puts_off_no_other() {
    let root = Root::in_memory();
    root.clock.set_by(20_000 * DAY);
    let registry = root.open().await;
    registry.note_schedule().await.unwrap();
    root.clock.set_by(-365 * DAY);
    let corrected = registry.last_schedule().await.unwrap();
    assert_eq!(corrected, root.clock.now());
    root.clock.advance(DAY);
    kill(registry).await;
    let registry = root.open().await;
    assert_eq!(registry.last_schedule().await.unwrap(), corrected);
}

#[tokio::test]
async fn the_end_of_a_scheduled_collection_survives_a_restart() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let first = registry.last_schedule().await.unwrap();
    root.clock.advance(DAY);
    kill(registry).await;
    let registry = root.open().await;
    assert_eq!(registry.last_schedule().await.unwrap(), first);
    registry.note_schedule().await.unwrap();
    root.clock.advance(DAY);
    kill(registry).await;
    let registry = root.open().await;
    assert_eq!(registry.last_schedule().await.unwrap(), first + DAY);
}
