//! Counts and timeouts.

use std::pin::Pin;

use super::sending::SMALL;
use super::*;
use crate::http::answer_body::Body;
use crate::http::slots::Limits;

/// A connection of this machine.
pub(in crate::http) async fn connection() -> Arc<Connection> {
    let slots = SlotPool::new(Limits {
        capacity: 9,
        waiting: 1,
        timeout: Duration::ZERO,
        stall_after: Duration::ZERO,
    });
    let revoked = CancellationToken::new();
    let slot = slots
        .acquire(Client::LOCAL, 1, revoked.clone())
        .await
        .unwrap();
    Connection::new(Client::LOCAL, slot, slots, revoked)
}

const BRIEF: Timeouts = Timeouts {
    idle: Duration::from_millis(20),
    stalled: Duration::from_millis(20),
};

#[tokio::test]
async fn idle_and_stalled_connections_expire() {
    let connection = connection().await;
    assert_eq!(connection.expired(BRIEF).await, "it was idle");
    let working = connection.begin().await;
    let brief = Duration::from_millis(200);
    let expired = tokio::time::timeout(brief, connection.expired(BRIEF)).await;
    assert!(expired.is_err());
    let sending = Sending::new(Body::from("an answer"), working);
    assert_eq!(connection.expired(BRIEF).await, "its answers were not read");
    drop(sending);
    assert_eq!(connection.expired(BRIEF).await, "it was idle");
}

#[tokio::test]
async fn counts_end_with_their_objects() {
    let connection = connection().await;
    connection.received(100);
    assert_eq!(connection.unread.load(Ordering::Relaxed), 0);
    let receiving = Receiving::new(connection.begin().await);
    connection.received(100);
    receiving.taken(50);
    assert_eq!(connection.unread.load(Ordering::Relaxed), 50 - FRAME_HEADER);
    drop(receiving);
    assert_eq!(connection.unread.load(Ordering::Relaxed), 0);

    let mut sending = Sending::new(Body::from(vec![1; SMALL]), connection.begin().await);
    let frame = std::future::poll_fn(|context| {
        http_body::Body::poll_frame(Pin::new(&mut sending), context)
    });
    let bytes = frame.await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(bytes, vec![1; SMALL]);
    assert_eq!(connection.unsent.load(Ordering::Relaxed), SMALL);
    drop(bytes);
    assert_eq!(connection.unsent.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_request_waits_for_its_client_or_the_server_works() {
    let connection = connection().await;
    let running = connection.begin().await;
    let works = || running.waits_for.load(Ordering::Relaxed) == 0;
    let receiving = Receiving::new(Arc::clone(&running));
    assert!(works());
    receiving.waits();
    receiving.waits();
    assert!(!works());
    receiving.taken(1);
    assert!(works());
    receiving.waits();
    receiving.ended();
    assert!(works());
    let sending = Sending::new(Body::empty(), Arc::clone(&running));
    assert!(!works());
    // The rest of a body is read after the answer has begun.
    receiving.waits();
    drop(receiving);
    assert!(!works());
    drop(sending);
}

#[tokio::test]
async fn an_answer_that_has_ended_leaves_no_waker() {
    let connection = connection().await;
    let sending = Sending::new(Body::empty(), connection.begin().await);
    let waker = std::task::Waker::noop();
    let insert = |number| connection.writers.lock().insert(number, waker.clone());
    assert!(insert(Arc::as_ptr(&sending.running).addr()).is_none());
    // Another one, which still waits.
    assert!(insert(0).is_none());
    drop(sending);
    assert_eq!(connection.writers.lock().len(), 1);
}
