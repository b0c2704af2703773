//! Administration over a real socket: who waits, who does not, and what a client that goes away
//! leaves running.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::stream;
use tokio::io::AsyncWriteExt;

use super::operate::Administration;
use super::socket::{Listening, ask, connect, path};
use super::words::{Event, Failure, FailureKind, Operation, Outcome};
use crate::clock::Clock;
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};
use crate::registry::{CollectOptions, Registry, Rules};
use crate::store::FileStore;

const GARBAGE: &str = "nobody refers to this";

/// A root with a blob that is garbage, and a socket.
async fn root(directory: &Path) -> (Registry, Listening, Digest) {
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
    // A lease of no length ends with its millisecond.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let listening = Listening::start(directory, Administration::new(&registry)).unwrap();
    (registry, listening, digest)
}

const COLLECT: Operation = Operation::Collect {
    dry_run: false,
    untagged: None,
    empty_trash: false,
};

async fn operate(directory: &Path, operation: Operation) -> (Result<Outcome, Failure>, Vec<Event>) {
    let stream = connect(&path(directory)).await.unwrap();
    let mut events = Vec::new();
    let outcome = ask(stream, &operation, &mut |event| events.push(event)).await;
    (outcome, events)
}

fn blob(directory: &Path, digest: &Digest) -> std::path::PathBuf {
    let hex = digest.hex();
    let blobs = directory.join("docker/registry/v2/blobs/sha256");
    blobs.join(&hex[..2]).join(&hex).join("data")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_collection_is_told_since_when_one_runs() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, digest) = root(directory.path()).await;
    let (reached, reaching) = mpsc::channel();
    let (go_on, going) = mpsc::channel::<()>();
    let going = parking_lot::Mutex::new(going);
    let of = Administration::new(&registry).registry;
    let first = tokio::spawn(async move {
        let told = |_| {
            let _ = reached.send(());
            // Held up here, in the midst of it.
            let _ = going.lock().recv();
        };
        of.collect(&CollectOptions::default(), &told).await.unwrap()
    });
    tokio::task::spawn_blocking(move || reaching.recv().unwrap())
        .await
        .unwrap();

    let (outcome, events) = operate(directory.path(), COLLECT).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.kind, events.len()), (FailureKind::Busy, 0));
    let began = "a collection runs already, since 2";
    assert!(failure.message.starts_with(began), "{failure}");
    let (status, _) = operate(directory.path(), Operation::Status).await;
    let Ok(Outcome::Status(status)) = status else {
        panic!("{status:?}")
    };
    assert!(!status.running.unwrap().dry_run);

    drop(go_on);
    assert_eq!(first.await.unwrap().freed.blobs, 1);
    assert!(!blob(directory.path(), &digest).exists());
    let (outcome, _) = operate(directory.path(), COLLECT).await;
    assert!(matches!(outcome, Ok(Outcome::Collected(_))), "{outcome:?}");
    listening.stop().await;
    assert!(!path(directory.path()).exists());
    registry.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, listening, digest) = root(directory.path()).await;
    let mut stream = connect(&path(directory.path())).await.unwrap();
    let mut line = serde_json::to_vec(&COLLECT).unwrap();
    line.push(b'\n');
    stream.write_all(&line).await.unwrap();
    drop(stream);
    // What has been asked is waited for.
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
async fn the_socket_is_for_its_user_and_takes_no_nonsense() {
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
    assert!(answer.contains("does not know what is asked"), "{answer}");
    listening.stop().await;
    // One that a killed process has left is replaced.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let again = Listening::start(directory.path(), Administration::new(&registry)).unwrap();
    let (outcome, _) = operate(directory.path(), Operation::Status).await;
    assert!(outcome.is_ok());
    again.stop().await;
    registry.close().await.unwrap();
}

#[tokio::test]
async fn a_long_path_is_no_hindrance() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory
        .path()
        .join("a-directory-with-a-long-name/".repeat(5));
    std::fs::create_dir_all(&deep).unwrap();
    let (registry, listening, _) = root(&deep).await;
    let (outcome, events) = operate(&deep, COLLECT).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(matches!(&events[..], [Event::Goes(_), ..]), "{events:?}");
    listening.stop().await;
    registry.close().await.unwrap();
}
