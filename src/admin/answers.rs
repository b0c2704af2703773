//! The lines of an answer between an operation and its client: a bounded queue.
//!
//! A reading operation waits for its client for as long as it takes. One that changes something
//! waits for a few seconds and then leaves entries out, so that a client that does not read holds
//! nobody up; it says how many.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{Answer, Entry, Listener};

/// Lines that wait for a client at most.
pub(super) const QUEUE: usize = 256;
/// How long an operation that changes something waits for its client.
const PATIENCE: Duration = Duration::from_secs(5);

/// The sending end.
pub(super) struct Answers {
    queue: mpsc::Sender<Answer>,
    waits: bool,
    /// Whether the client has let the operation wait for too long.
    lags: AtomicBool,
    /// Entries left out since the last one that was sent.
    skipped: AtomicU64,
}

impl Answers {
    /// For an operation that `waits` for its client.
    pub(super) fn new(queue: mpsc::Sender<Answer>, waits: bool) -> Self {
        Self {
            queue,
            waits,
            lags: AtomicBool::new(false),
            skipped: AtomicU64::new(0),
        }
    }

    /// Sends the last line.
    pub(super) async fn finish(self, last: Answer) {
        let skipped = self.skipped.into_inner();
        if skipped > 0 && self.queue.send(Answer::Skipped(skipped)).await.is_err() {
            return;
        }
        // A client that has gone away does not want to know.
        let _ = self.queue.send(last).await;
    }

    async fn send(&self, entry: Entry) {
        if self.lags.load(Ordering::Relaxed) {
            match self.queue.try_reserve() {
                Ok(place) => {
                    place.send(Answer::Entry(entry));
                    self.lags.store(false, Ordering::Relaxed);
                }
                Err(_) => self.skip(),
            }
            return;
        }
        let sent = self.queue.send(Answer::Entry(entry));
        if self.waits {
            let _ = sent.await;
        } else if tokio::time::timeout(PATIENCE, sent).await.is_err() {
            self.lags.store(true, Ordering::Relaxed);
            self.skip();
        }
    }

    fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Listener<Entry> for Answers {
    fn hear(&self, entry: Entry) -> BoxFuture<'_, ()> {
        self.send(entry).boxed()
    }
}
