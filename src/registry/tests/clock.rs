//! A clock that is set: each column of the table in `clock`.

use super::*;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;
const YEAR: Millis = 365 * DAY;
/// A time at which the clock may be right.
const PLAUSIBLE: Millis = 1_800_000_000_000;

/// The machine, or only the process, starts again: the steady clock begins at the time of day.
async fn restart(root: &mut Root) -> Registry {
    root.clock = Clock::manual(root.clock.now());
    root.open().await
}

async fn freed(registry: &Registry) -> u64 {
    let options = CollectOptions::default();
    let collected = registry.collect(&options, &|_: CollectEntry| {}).await;
    collected.unwrap().freed.blobs
}

#[tokio::test]
async fn leases_and_uploads_survive_a_restart_after_a_step() {
    for (step, killed) in [
        (10 * DAY, false),
        (10 * DAY, true),
        (-10 * DAY, false),
        (-10 * DAY, true),
        (2 * HOUR, true),
    ] {
        let mut root = Root::in_memory();
        root.clock = Clock::manual(PLAUSIBLE);
        let registry = root.open().await;
        let (name, length) = (repository("a"), registry.rules().lease);
        root.clock.advance(HOUR);
        root.clock.set_by(step);
        let blob = push_blob(&registry, "a", "content").await;
        let id = registry.start_upload(&name, None).await.unwrap().id;
        let moved = registry.append(&name, &id, None, body(&["some"])).await;
        moved.unwrap();
        root.clock.advance(2000);
        if killed {
            // What the tasks of a server do.
            registry.follow_clock().await;
            registry.save_uploads().await.unwrap();
            kill(registry).await;
        } else {
            registry.close().await.unwrap();
        }
        // The second start converts nothing again.
        let registry = restart(&mut root).await;
        kill(registry).await;
        let registry = restart(&mut root).await;
        assert_eq!(registry.purge_uploads(7 * DAY, false).await.unwrap(), 0);
        assert_eq!(freed(&registry).await, 0, "{step}");
        assert_eq!(registry.upload(&name, &id).await.unwrap().position, 4);
        let end = registry.index.lease_end(&blob).await.unwrap().unwrap();
        // After a step back it is a new lease.
        let lasts = if step > 0 { length - 2000 } else { length };
        assert_eq!(end, root.clock.now() + lasts, "{step}");
        root.clock.advance(length);
        assert_eq!(freed(&registry).await, 1, "{step}");
        root.clock.advance(7 * DAY);
        assert_eq!(registry.purge_uploads(7 * DAY, false).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_deletion_just_after_a_step_is_not_moved_by_it() {
    for step in [-170_000, 170_000] {
        let mut root = Root::in_memory();
        root.rules.trash = 2 * MINUTE;
        let registry = root.open().await;
        let name = repository("a");
        put(&registry, "a", "v1", &numbered(1)).await.unwrap();
        root.clock.advance(185_000);
        root.clock.set_by(step);
        registry.delete_tag(&name, &tag("v1")).await.unwrap();
        root.clock.advance(1000);
        let listed = registry.trash().await.unwrap();
        assert_eq!(listed.len(), 1, "{step}");
        assert_eq!(listed[0].deleted_at, root.clock.now() - 1000);
        root.clock.advance(2 * MINUTE - 1001);
        let what = Restorable::Tag(name, tag("v1"));
        registry.restore(&what).await.unwrap();
    }
}

#[tokio::test]
async fn deletions_of_earlier_processes_move_with_a_clock_that_was_late() {
    let mut root = Root::in_memory();
    root.clock = Clock::manual(PLAUSIBLE);
    let registry = root.open().await;
    let name = repository("a");
    for (number, one) in ["gone", "before", "after"].into_iter().enumerate() {
        put(&registry, "a", one, &numbered(number as u64))
            .await
            .unwrap();
    }
    let keep = registry.rules().trash;
    registry.delete_tag(&name, &tag("gone")).await.unwrap();
    root.clock.advance(keep);
    registry.delete_tag(&name, &tag("before")).await.unwrap();
    registry.close().await.unwrap();
    let registry = restart(&mut root).await;
    registry.delete_tag(&name, &tag("after")).await.unwrap();
    root.clock.set_by(20 * YEAR);
    root.clock.advance(keep - 1);
    let listed = registry.trash().await.unwrap();
    assert_eq!(listed.len(), 2);
    for one in ["before", "after"] {
        let what = Restorable::Tag(name.clone(), tag(one));
        registry.restore(&what).await.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_is_late_for_a_while_moves_no_deletion_of_a_right_one() {
    let mut root = Root::in_memory();
    root.clock = Clock::manual(PLAUSIBLE);
    let registry = root.open().await;
    put(&registry, "a", "v1", &numbered(1)).await.unwrap();
    let deleted = registry.delete_tag(&repository("a"), &tag("v1")).await;
    deleted.unwrap();
    registry.close().await.unwrap();
    // Without a battery it begins in 1970.
    root.clock = Clock::manual(0);
    let registry = root.open().await;
    root.clock.advance(MINUTE);
    root.clock.set_by(PLAUSIBLE);
    let listed = registry.trash().await.unwrap();
    assert_eq!(listed[0].deleted_at, PLAUSIBLE);
}

#[tokio::test]
async fn a_step_that_can_not_be_saved_is_followed_later() {
    let root = Root::in_memory();
    let registry = root.open().await;
    registry.index.close().await;
    let before = registry.trash_time();
    root.clock.set_by(DAY);
    registry.follow_clock().await;
    assert_eq!(registry.trash_time(), before);
    assert!(registry.clock_steps.pending(&root.clock).is_some());
}

#[tokio::test]
async fn a_moment_with_the_clock_ahead_removes_no_events() {
    let mut root = Root::in_memory();
    root.clock = Clock::manual(PLAUSIBLE);
    let registry = root.open().await;
    push_blob(&registry, "a", "content").await;
    let left = async |registry: &Registry| {
        registry.forget_old_events().await.unwrap();
        let events = registry.events(&EventFilter::default(), None, 9).await;
        events.unwrap().len()
    };
    let keep = registry.rules().events;
    // For a while in a process, and for all of one.
    root.clock.advance(HOUR);
    root.clock.set_by(2 * keep);
    assert_eq!(left(&registry).await, 1);
    root.clock.advance(MINUTE);
    root.clock.set_by(-2 * keep);
    assert_eq!(left(&registry).await, 1);
    registry.close().await.unwrap();
    root.clock.set_by(2 * keep);
    let registry = restart(&mut root).await;
    assert_eq!(left(&registry).await, 1);
    registry.close().await.unwrap();
    root.clock.set_by(-2 * keep);
    let registry = restart(&mut root).await;
    root.clock.advance(keep - 3 * HOUR);
    assert_eq!(left(&registry).await, 1);
    root.clock.advance(3 * HOUR);
    assert_eq!(left(&registry).await, 0);
}

#[tokio::test]
async fn a_pull_with_the_clock_ahead_protects_no_manifest_for_years() {
    let mut root = Root::in_memory();
    root.clock = Clock::manual(PLAUSIBLE);
    let registry = root.open().await;
    let name = repository("a");
    root.clock.set_by(10 * YEAR);
    let digest = put(&registry, "a", "v1", &numbered(1)).await.unwrap();
    let pulled = async || {
        registry.correct_manifests().await.unwrap();
        let pulls = registry.index.pulls(&name, &digest).await.unwrap();
        pulls.unwrap().0
    };
    get(&registry, "a", "v1").await.unwrap();
    registry.save_pulls().await.unwrap();
    root.clock.set_by(-10 * YEAR);
    // The clock may be late now.
    assert_eq!(pulled().await, PLAUSIBLE + 10 * YEAR);
    root.clock.advance(HOUR);
    let corrected = root.clock.now();
    assert_eq!(pulled().await, corrected);
    root.clock.advance(HOUR);
    assert_eq!(pulled().await, corrected);
    // It was late.
    root.clock.set_by(DAY);
    assert_eq!(pulled().await, corrected + DAY);
    get(&registry, "a", "v1").await.unwrap();
    registry.save_pulls().await.unwrap();
    assert_eq!(pulled().await, root.clock.now());
    // Nor does the push.
    registry.delete_tag(&name, &tag("v1")).await.unwrap();
    root.clock.advance(2 * DAY);
    let options = CollectOptions {
        untagged: Some(DAY),
        ..CollectOptions::default()
    };
    let collected = registry.collect(&options, &|_: CollectEntry| {}).await;
    assert_eq!(collected.unwrap().freed.manifests, 1);
}

#[tokio::test]
async fn a_schedule_that_ended_in_the_future_puts_off_no_other() {
    let mut root = Root::in_memory();
    root.clock = Clock::manual(PLAUSIBLE);
    let registry = root.open().await;
    root.clock.set_by(YEAR);
    registry.note_schedule().await.unwrap();
    root.clock.set_by(-YEAR);
    let first = root.clock.now();
    assert_eq!(registry.last_schedule().await.unwrap(), first);
    root.clock.advance(HOUR);
    kill(registry).await;
    let registry = restart(&mut root).await;
    assert_eq!(registry.last_schedule().await.unwrap(), first);
}
