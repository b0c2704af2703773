//! Events: what each change writes, for whom, and that change and event are atomic.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::index::events::NewEvent;
use crate::index::{Bundle, Event, EventFilter, Restorable};
use crate::oci::{Caller, Context, Task, Visibility};

super::for_each_index!(
    each_change_writes_an_event_with_its_actor,
    no_change_writes_no_event,
    restores_runs_and_retention_are_events,
    events_are_filtered_and_paged,
    a_workload_is_not_the_account_of_its_name,
    old_events_are_forgotten_oldest_first,
    an_event_of_a_clock_that_was_ahead_keeps_no_other,
    a_change_that_fails_leaves_no_event,
    events_survive_a_crash,
);

pub(super) fn alice() -> Arc<Context> {
    Arc::new(Context {
        caller: Caller::Account {
            name: "alice".parse().unwrap(),
            admin: false,
        },
        request: "request-1".into(),
        address: Some("192.0.2.1".parse().unwrap()),
        agent: Some("docker/28".into()),
    })
}

fn robot() -> Arc<Context> {
    Arc::new(Context {
        caller: Caller::Token {
            id: "0123456789ab".into(),
            owner: "alice".parse().unwrap(),
            scope: Arc::default(),
        },
        ..(*alice()).clone()
    })
}

/// All events, oldest first.
pub(super) async fn all(index: &Index) -> Vec<Event> {
    let mut events = index
        .events(&EventFilter::default(), None, 1000)
        .await
        .unwrap();
    events.reverse();
    events
}

/// Action, repository, tag, digest, size of each event, in one line.
pub(super) async fn lines(index: &Index) -> Vec<String> {
    let describe = |event: &Event| {
        let mut line = event.action.clone();
        if let Some(repository) = &event.repository {
            let _ = write!(line, " {repository}");
        }
        if let Some(tag) = &event.tag {
            let _ = write!(line, ":{tag}");
        }
        if let Some(found) = &event.digest {
            let number = (0..=255).find(|byte| *found == digest(*byte)).unwrap();
            let _ = write!(line, " @{number}");
        }
        if let Some(size) = event.size {
            let _ = write!(line, " {size}B");
        }
        if let Some(detail) = &event.detail {
            let _ = write!(line, " {detail}");
        }
        line
    };
    all(index).await.iter().map(describe).collect()
}

async fn each_change_writes_an_event_with_its_actor(place: &Place) {
    let index = place.open().await.acting(alice());
    index.add_blob(blob("a", 1), at(10)).await.unwrap();
    let (from, into) = (Some(repository("a")), repository("b"));
    let mounted = index
        .mount(into, from, digest(1), Visibility::Everything, at(20))
        .await
        .unwrap();
    assert!(mounted.is_some());
    tagged(&index, "a", 2, &["x"]).await;
    tagged(&index, "a", 3, &["x", "y"]).await;
    index
        .delete_tag(repository("a"), tag("y"), discard_at(30))
        .await
        .unwrap();
    index
        .delete_manifest(repository("a"), digest(3), discard_at(40))
        .await
        .unwrap();
    index
        .unlink_blob(repository("b"), digest(1), 50)
        .await
        .unwrap();
    index
        .delete_repository(repository("a"), discard_at(60))
        .await
        .unwrap();
    index.quarantine(digest(1), 70).await.unwrap();
    let from = json!({ "from": digest(2) });
    assert_eq!(
        lines(&index).await,
        [
            "push-blob a @1 1B",
            r#"mount-blob b @1 1B {"from":"a"}"#,
            "push-manifest a @2 2B",
            "set-tag a:x @2",
            "push-manifest a @3 3B",
            &format!("set-tag a:x @3 {from}"),
            "set-tag a:y @3",
            "delete-tag a:y @3",
            r#"delete-manifest a @3 {"tags":1}"#,
            "delete-blob b @1 1B",
            "delete-repository a",
            "quarantine @1",
        ]
    );
    let events = all(&index).await;
    let times: Vec<_> = events.iter().map(|event| event.at).collect();
    assert_eq!(times, [10, 20, 0, 0, 0, 0, 0, 30, 40, 50, 60, 70]);
    let pushed = &events[2];
    assert_eq!(pushed.media_type, Some(MediaType::OCI_MANIFEST));
    for event in &events {
        assert_eq!((&*event.actor, &*event.account), ("alice", "alice"));
        assert_eq!(event.address.as_deref(), Some("192.0.2.1"));
        assert_eq!(event.request, "request-1");
        assert_eq!(event.agent.as_deref(), Some("docker/28"));
    }
}

async fn no_change_writes_no_event(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x"]).await;
    index.add_blob(blob("a", 2), at(0)).await.unwrap();
    let before = lines(&index).await.len();
    // A lease is not a change of content.
    index
        .lease_blob(&repository("a"), digest(2), at(0))
        .await
        .unwrap()
        .unwrap();
    assert!(
        !index
            .delete_tag(repository("a"), tag("none"), discard_at(0))
            .await
            .unwrap()
    );
    assert!(
        !index
            .delete_repository(repository("none"), discard_at(0))
            .await
            .unwrap()
    );
    assert!(
        !index
            .unlink_blob(repository("none"), digest(2), 0)
            .await
            .unwrap()
    );
    let none = index
        .mount(
            repository("b"),
            None,
            digest(9),
            Visibility::Everything,
            at(0),
        )
        .await;
    assert!(none.unwrap().is_none());
    assert!(!index.quarantine(digest(9), 0).await.unwrap());
    assert_eq!(index.end_trash(0).await.unwrap(), 0);
    assert_eq!(lines(&index).await.len(), before);
    // The tag points there already: no event.
    tagged(&index, "a", 1, &["x"]).await;
    assert_eq!(lines(&index).await[before..], ["push-manifest a @1 1B"]);
}

async fn restores_runs_and_retention_are_events(place: &Place) {
    let schedule = Arc::new(Context::task(Task::Schedule));
    let index = place.open().await.acting(schedule);
    tagged(&index, "a", 1, &["x"]).await;
    tagged(&index, "a", 2, &["y", "z"]).await;
    let before = lines(&index).await.len();
    index
        .delete_tag(repository("a"), tag("x"), discard_at(1))
        .await
        .unwrap();
    let what = Restorable::Tag(repository("a"), tag("x"));
    index.restore(what, at(2)).await.unwrap();
    let bundle = Bundle {
        tags: vec![(tag("y"), digest(2)), (tag("x"), digest(1))],
        manifests: vec![(digest(1), Millis::MAX)],
    };
    index
        .discard_bundle(repository("a"), bundle, discard_at(3))
        .await
        .unwrap();
    let run = index.begin_collection(4).await.unwrap();
    let record = index.collections(1).await.unwrap().remove(0);
    index.end_collection(run, record).await.unwrap();
    assert_eq!(index.end_trash(5).await.unwrap(), 2);
    assert_eq!(
        lines(&index).await[before..],
        [
            "delete-tag a:x @1",
            r#"restore a:x {"tags":1,"manifests":0}"#,
            r#"delete-manifest a @1 {"by":"retention","tags":1}"#,
            r#"delete-tag a:y @2 {"by":"retention"}"#,
            r#"collect {"manifests":0,"blobs":0,"bytes":0,"uploads":0,"failure":null}"#,
            r#"empty-trash {"deletions":2}"#,
        ]
    );
    let events = all(&index).await;
    assert!(
        events
            .iter()
            .all(|event| event.actor == "task:schedule" && event.address.is_none())
    );
}

async fn events_are_filtered_and_paged(place: &Place) {
    let index = place.open().await;
    for (number, context) in [alice(), robot(), Arc::new(Context::uid(7))]
        .into_iter()
        .enumerate()
    {
        let name = ["a", "b", "b"][number];
        let index = index.acting(context);
        for byte in 0..4_u8 {
            let now = Millis::from(byte) + 10 * i64::try_from(number).unwrap();
            index.add_blob(blob(name, byte), at(now)).await.unwrap();
        }
    }
    let of = |filter: EventFilter| {
        let index = index.clone();
        async move { index.events(&filter, None, 100).await.unwrap() }
    };
    let account = |name: &str| EventFilter {
        account: Some(name.to_owned()),
        ..EventFilter::default()
    };
    // The owner of a token is responsible for it.
    let alices = of(account("alice")).await;
    assert_eq!(alices.len(), 8);
    assert_eq!(alices[0].actor, "token:0123456789ab@alice");
    assert_eq!(of(account("uid:7")).await.len(), 4);
    assert_eq!(of(account("ali")).await.len(), 0);
    let in_b = EventFilter {
        repository: Some(repository("b")),
        ..account("alice")
    };
    assert_eq!(of(in_b).await.len(), 4);
    for (action, expected) in [("push-blob", 12), ("set-tag", 0)] {
        let filter = EventFilter {
            action: Some(action.to_owned()),
            ..EventFilter::default()
        };
        assert_eq!(of(filter).await.len(), expected, "{action}");
    }
    let elsewhere = EventFilter {
        address: Some("192.0.2.99".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(of(elsewhere).await.len(), 0);
    for (since, expected) in [(0, 12), (3, 9), (4, 8), (13, 5), (24, 0)] {
        let filter = EventFilter {
            since: Some(since),
            ..EventFilter::default()
        };
        assert_eq!(of(filter).await.len(), expected, "since {since}");
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = index
            .events(&EventFilter::default(), before, 5)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.is_sorted_by(|one, next| one > next));
}

async fn a_workload_is_not_the_account_of_its_name(place: &Place) {
    let index = place.open().await;
    let now = async |caller: Caller, byte| {
        let context = Context {
            caller,
            ..(*alice()).clone()
        };
        let index = index.acting(Arc::new(context));
        index.add_blob(blob("a", byte), at(1)).await.unwrap();
    };
    now(robot().caller.clone(), 1).await;
    let workload = Caller::Workload {
        name: "alice".parse().unwrap(),
        subject: "job".into(),
    };
    now(workload, 2).await;
    // Earlier versions recorded it as a token.
    let earlier = Caller::Token {
        id: "repo:org/app".into(),
        owner: "alice".parse().unwrap(),
        scope: Arc::default(),
    };
    now(earlier, 3).await;
    for (account, actors) in [
        ("alice", &["token:0123456789ab@alice"][..]),
        ("workload:alice", &["workload:job@alice"]),
    ] {
        let filter = EventFilter {
            account: Some(account.to_owned()),
            ..EventFilter::default()
        };
        let events = index.events(&filter, None, 10).await.unwrap();
        let found: Vec<_> = events.iter().map(|event| event.actor.as_str()).collect();
        assert_eq!(found, actors);
    }
}

async fn old_events_are_forgotten_oldest_first(place: &Place) {
    let index = place.open().await;
    for now in 0..10_u8 {
        index
            .add_blob(blob("a", now), at(now.into()))
            .await
            .unwrap();
    }
    for (before, left) in [(0, 10), (4, 6), (4, 6), (100, 0)] {
        let next = index.forget_events(0, before, 100).await.unwrap();
        assert_eq!(next.is_some(), left == 0);
        let kept = all(&index).await;
        assert_eq!(kept.len(), left);
        assert!(kept.iter().all(|event| event.at >= before));
    }
}

async fn an_event_of_a_clock_that_was_ahead_keeps_no_other(place: &Place) {
    let index = place.open().await;
    for (byte, now) in [(1, 1), (2, 1000), (3, 2), (4, 50), (5, 3)] {
        index.add_blob(blob("a", byte), at(now)).await.unwrap();
    }
    assert_eq!(index.forget_events(0, 10, 60).await.unwrap(), None);
    let left: Vec<_> = all(&index).await.iter().map(|event| event.at).collect();
    assert_eq!(left, [1000, 50, 3]);
}

async fn a_change_that_fails_leaves_no_event(place: &Place) {
    let index = place.open().await;
    let writes = (0..30_u8).map(|byte| {
        let index = index.clone();
        tokio::spawn(async move {
            if byte % 3 != 0 {
                return index.add_blob(blob("a", byte), at(0)).await;
            }
            let write = index.write::<(), _>(move |transaction| {
                Box::pin(async move {
                    transaction.event(NewEvent::new("collect", 0));
                    Err(IndexError::Full)
                })
            });
            write.await
        })
    });
    for write in writes.collect::<Vec<_>>() {
        let _ = write.await.unwrap();
    }
    let events = all(&index).await;
    assert_eq!(events.len(), 20);
    assert!(events.iter().all(|event| event.action == "push-blob"));
}

async fn events_survive_a_crash(place: &Place) {
    let index = place.open().await.acting(alice());
    tagged(&index, "a", 1, &["x"]).await;
    let before = all(&index).await;
    // Not closed: as if the process had been killed.
    drop(index);
    let index = place.open().await;
    assert_eq!(all(&index).await, before);
    assert_eq!(before.len(), 2);
}
