//! Administration over a real socket: which operations wait for others, and what a client that
//! disconnects leaves running.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::stream;
use tokio::io::AsyncWriteExt;

use super::super::schedule::collect_after_running;
use super::listening::Listening;
use super::socket::{ask, connect, path};
use crate::admin::{
    AccountOperation, Administration, Answer, CollectEntry, CollectOptions, CollectReport, Entry,
    Failure, FailureKind, Operation, Reason, Report, Request,
};
use crate::auth::permit_task;
use crate::clock::Clock;
use crate::config::CollectionSettings;
use crate::hash::Hasher;
use crate::index::EventFilter;
use crate::oci::{Algorithm, Digest, Task};
use crate::registry::{Registry, Rules};
use crate::store::FileStore;

const GARBAGE: &str = "nobody refers to this";

/// A root with a blob that is garbage, and a socket.
pub(super) async fn root(directory: &Path) -> (Registry, Listening, Digest) {
    let store = FileStore::open(directory).unwrap();
    let rules = Rules {
        delete: false,
        lease: 0,
        ..Rules::default()
    };
    std::fs::create_dir_all(directory.join("regctl")).unwrap();
    let index = directory.join("regctl/index.db");
    let opened = Registry::open(std::sync::Arc::new(store), &index, rules, Clock::system());
    let (registry, _) = opened.await.unwrap();
    let digest = Hasher::digest(Algorithm::Sha256, GARBAGE.as_bytes());
    let body = Box::pin(stream::iter([Ok(vec![GARBAGE.into()])]));
    let name = "team/app".parse().unwrap();
    registry.upload_at_once(&name, &digest, body).await.unwrap();
    // A lease of length 0 ends with its millisecond.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let listening = Listening::start(directory, Administration::new(&registry)).unwrap();
    (registry, listening, digest)
}

fn collect(dry_run: bool) -> Operation {
    Operation::Collect(CollectOptions {
        dry_run,
        ..CollectOptions::default()
    })
}

async fn operate(directory: &Path, operation: Operation) -> (Result<Report, Failure>, Vec<Entry>) {
    let stream = connect(&path(directory)).await.unwrap();
    let mut events = Vec::new();
    let outcome = ask(stream, &operation, &mut |event| events.push(event)).await;
    (outcome.map(|(report, _)| report), events)
}

fn blob(directory: &Path, digest: &Digest) -> std::path::PathBuf {
    let hex = digest.hex();
    let blobs = directory.join("docker/registry/v2/blobs/sha256");
    blobs.join(&hex[..2]).join(&hex).join("data")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_collection_gets_the_start_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, digest) = root(directory.path()).await;
    let (reached, reaching) = mpsc::channel();
    let (go_on, going) = mpsc::channel::<()>();
    let going = parking_lot::Mutex::new(going);
    let of = Administration::new(&registry);
    let first = tokio::spawn(async move {
        let on_entry = |_: Entry| {
            let _ = reached.send(());
            // Blocks here, in the middle of the collection.
            let _ = going.lock().recv();
        };
        let report = of.execute(collect(false), &on_entry).await.unwrap();
        CollectReport::try_from(report).unwrap()
    });
    tokio::task::spawn_blocking(move || reaching.recv().unwrap())
        .await
        .unwrap();

    let (outcome, events) = operate(directory.path(), collect(false)).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.kind, events.len()), (FailureKind::Busy, 0));
    let (status, _) = operate(directory.path(), Operation::CollectionStatus).await;
    let Ok(Report::CollectionStatus(status)) = status else {
        panic!("{status:?}")
    };
    let since = status.running.unwrap().since;
    assert_eq!(failure.reason, Reason::CollectionRuns { since });
    // Readers exclude neither each other nor the collection.
    let usage = Operation::Usage { under: None };
    let readers = [collect(true), usage, collect(true)];
    let readers = readers.map(|operation| operate(directory.path(), operation));
    for (outcome, _) in futures_util::future::join_all(readers).await {
        assert!(outcome.is_ok(), "{outcome:?}");
    }

    drop(go_on);
    assert_eq!(first.await.unwrap().freed.blobs, 1);
    assert!(!blob(directory.path(), &digest).exists());
    let (outcome, _) = operate(directory.path(), collect(false)).await;
    assert!(
        matches!(outcome, Ok(Report::CollectReport(_))),
        "{outcome:?}"
    );
    listening.stop().await;
    assert!(!path(directory.path()).exists());
    registry.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scheduled_collection_that_meets_another_runs_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, _) = root(directory.path()).await;
    let (reached, reaching) = mpsc::channel();
    let (go_on, going) = mpsc::channel::<()>();
    let going = parking_lot::Mutex::new(going);
    let of = Administration::new(&registry);
    let first = tokio::spawn(async move {
        let held_up = |_: Entry| {
            let _ = reached.send(());
            let _ = going.lock().recv();
        };
        of.execute(collect(false), &held_up).await
    });
    tokio::task::spawn_blocking(move || reaching.recv().unwrap())
        .await
        .unwrap();
    let of = Administration::new(&registry);
    let scheduled = tokio::spawn(async move {
        collect_after_running(&of, &CollectionSettings::default()).await;
    });
    // It is refused and waits; it then deletes the garbage added in the meantime.
    garbage(&registry, 3).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!scheduled.is_finished());
    drop(go_on);
    assert!(first.await.unwrap().is_ok());
    scheduled.await.unwrap();
    let (status, _) = operate(directory.path(), Operation::CollectionStatus).await;
    let Ok(Report::CollectionStatus(status)) = status else {
        panic!("{status:?}")
    };
    assert_eq!((status.running, status.runs.len()), (None, 2));
    assert_eq!(status.runs[0].blobs + status.runs[1].blobs, 4);
    listening.stop().await;
    registry.close().await.unwrap();
}

/// A root with this many garbage blobs.
async fn garbage(registry: &Registry, count: usize) {
    for number in 0..count {
        let text = format!("garbage {number}");
        let digest = Hasher::digest(Algorithm::Sha256, text.as_bytes());
        let body = Box::pin(stream::iter([Ok(vec![text.into()])]));
        let name = "team/app".parse().unwrap();
        registry.upload_at_once(&name, &digest, body).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_blocks_nothing() {
    // More lines than the queue and the buffers of a socket hold.
    const COUNT: usize = 3000;
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, digest) = root(directory.path()).await;
    garbage(&registry, COUNT).await;
    let mut silent = connect(&path(directory.path())).await.unwrap();
    let mut line = serde_json::to_vec(&Request::new(collect(false))).unwrap();
    line.push(b'\n');
    silent.write_all(&line).await.unwrap();
    // The collection ends nevertheless, and another one finds no garbage.
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (status, _) = operate(directory.path(), Operation::CollectionStatus).await;
        let Ok(Report::CollectionStatus(status)) = status else {
            panic!("{status:?}")
        };
        if status
            .runs
            .first()
            .is_some_and(|run| run.ended_at.is_some())
        {
            break;
        }
    }
    assert!(!blob(directory.path(), &digest).exists());
    // A client that reads late gets the buffered entries, the number of skipped ones, and the
    // report.
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut silent, &mut text)
        .await
        .unwrap();
    let answers = text
        .lines()
        .map(|line| Answer::parse(line).unwrap().unwrap());
    let answers: Vec<Answer> = answers.collect();
    let entries = answers
        .iter()
        .filter(|answer| matches!(answer, Answer::Entry(_)));
    let skipped = answers.iter().map(|answer| match answer {
        Answer::Skipped(count) => *count,
        _ => 0,
    });
    let (entries, skipped) = (entries.count() as u64, skipped.sum::<u64>());
    // The repository is empty after that and has an entry as well.
    assert_eq!(entries + skipped, COUNT as u64 + 2);
    assert!(skipped > 0, "{entries} entries were kept in memory");
    let Some(Answer::Report(report)) = answers.last().cloned() else {
        panic!("{answers:?}")
    };
    let report = CollectReport::try_from(*report).unwrap();
    assert_eq!(report.freed.blobs, COUNT as u64 + 1);
    listening.stop().await;
    registry.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_name_who_asked() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, _) = root(directory.path()).await;
    let own = format!("uid:{}", rustix::process::geteuid().as_raw());
    let (outcome, _) = operate(directory.path(), collect(false)).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let add = Operation::Account(AccountOperation::AddUser {
        name: "alice".parse().unwrap(),
        password: None,
        admin: false,
    });
    let (outcome, _) = operate(directory.path(), add).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    garbage(&registry, 1).await;
    let scheduled = Administration::new(&registry).acting(&permit_task(Task::Schedule));
    collect_after_running(&scheduled, &CollectionSettings::default()).await;
    let events = registry
        .events(&EventFilter::default(), None, 100)
        .await
        .unwrap();
    let messages: Vec<_> = events
        .iter()
        .rev()
        .map(|event| (event.action.as_str(), event.actor.as_str()))
        .filter(|(action, _)| *action != "push-blob")
        .collect();
    let expected = [
        ("collect", own.as_str()),
        ("create-account", own.as_str()),
        ("collect", "task:schedule"),
    ];
    assert_eq!(messages, expected);
    listening.stop().await;
    registry.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_continues_when_its_client_disconnects() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, digest) = root(directory.path()).await;
    let mut stream = connect(&path(directory.path())).await.unwrap();
    let mut line = serde_json::to_vec(&Request::new(collect(false))).unwrap();
    line.push(b'\n');
    stream.write_all(&line).await.unwrap();
    drop(stream);
    // Waits for the operation.
    for _ in 0..1000 {
        if !blob(directory.path(), &digest).exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!blob(directory.path(), &digest).exists());
    listening.finish().await;
    registry.close().await.unwrap();
}

#[tokio::test]
async fn the_socket_is_private_and_refuses_malformed_requests() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, _) = root(directory.path()).await;
    let socket = path(directory.path());
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut stream = connect(&socket).await.unwrap();
    stream
        .write_all(b"{\"do\": \"everything\"}\n")
        .await
        .unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer)
        .await
        .unwrap();
    assert!(
        answer.contains("has no field \\\"operation\\\""),
        "{answer}"
    );
    // A client from before protocol versions expects this.
    assert!(answer.contains(r#""failure":{"kind":"usage""#), "{answer}");
    listening.stop().await;
    // A socket left by a killed process is replaced.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let again = Listening::start(directory.path(), Administration::new(&registry)).unwrap();
    let (outcome, _) = operate(directory.path(), Operation::CollectionStatus).await;
    assert!(outcome.is_ok());
    again.stop().await;
    registry.close().await.unwrap();
}

#[tokio::test]
async fn a_socket_that_could_not_be_bound_is_bound_later() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, _) = root(directory.path()).await;
    listening.stop().await;
    let socket = path(directory.path());
    for number in 0..2 {
        // A directory occupies its path; or its parent is missing, so it can't be created.
        let obstacle = if number == 0 {
            socket.join("in the access")
        } else {
            let own = directory.path().join("regctl");
            std::fs::rename(&own, directory.path().join("away")).unwrap();
            directory.path().join("elsewhere")
        };
        std::fs::create_dir_all(&obstacle).unwrap();
        let kept = Listening::keep(directory.path(), Administration::new(&registry));
        assert!(connect(&socket).await.is_err());
        if number == 0 {
            std::fs::remove_dir_all(&socket).unwrap();
        } else {
            let own = directory.path().join("regctl");
            std::fs::rename(directory.path().join("away"), own).unwrap();
        }
        while connect(&socket).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (outcome, _) = operate(directory.path(), Operation::CollectionStatus).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        kept.stop().await;
        assert!(!socket.exists());
    }
    registry.close().await.unwrap();
}

#[tokio::test]
async fn a_long_path_is_supported() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory
        .path()
        .join("a-directory-with-a-long-name/".repeat(5));
    std::fs::create_dir_all(&deep).unwrap();
    let (registry, listening, _) = root(&deep).await;
    let (outcome, events) = operate(&deep, collect(false)).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(
        matches!(&events[..], [Entry::Collect(CollectEntry::Blob { .. }), ..]),
        "{events:?}"
    );
    listening.stop().await;
    registry.close().await.unwrap();
}
