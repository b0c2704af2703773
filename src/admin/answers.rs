//! The bounded queue of answer lines between an operation and its client.
//!
//! A reading operation waits for its client without a limit. An operation that changes something
//! waits for a few seconds and then leaves entries out, so that a client that does not read blocks
//! nobody; it reports their number.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{Answer, Entry, Listener};

/// Queue length.
pub(super) const QUEUE: usize = 256;
/// Time that a changing operation waits for its client.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(5);

/// The sender.
pub(super) struct Answers {
    queue: mpsc::Sender<Answer>,
    waits: bool,
    /// Whether the client was too slow.
    is_slow: AtomicBool,
    /// Number of entries left out since the last one that was sent.
    skipped: AtomicU64,
}

impl Answers {
    /// For an operation that `waits` for its client.
    pub(super) fn new(queue: mpsc::Sender<Answer>, waits: bool) -> Self {
        Self {
            queue,
            waits,
            is_slow: AtomicBool::new(false),
            skipped: AtomicU64::new(0),
        }
    }

    /// Sends the last line.
    pub(super) async fn finish(self, last: Answer) {
        let skipped = self.skipped.into_inner();
        if skipped > 0 && self.queue.send(Answer::Skipped(skipped)).await.is_err() {
            return;
        }
        // The client may have gone away.
        let _ = self.queue.send(last).await;
    }

    async fn send(&self, entry: Entry) {
        if self.is_slow.load(Ordering::Relaxed) {
            match self.queue.try_reserve() {
                Ok(place) => {
                    place.send(Answer::Entry(entry));
                    self.is_slow.store(false, Ordering::Relaxed);
                }
                Err(_) => self.skip(),
            }
            return;
        }
        let sent = self.queue.send(Answer::Entry(entry));
        if self.waits {
            let _ = sent.await;
        } else if tokio::time::timeout(CLIENT_TIMEOUT, sent).await.is_err() {
            self.is_slow.store(true, Ordering::Relaxed);
            self.skip();
        }
    }

    fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Listener<Entry> for Answers {
    fn receive(&self, entry: Entry) -> BoxFuture<'_, ()> {
        self.send(entry).boxed()
    }
}
