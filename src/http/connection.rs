//! The state of a connection: its requests, and its buffered bytes.
//!
//! Received bytes that no handler has read, and bytes of answers that the client has not received,
//! are counted for each connection and in total. Beyond the total limit, a connection with more
//! than a small share is paused until its share is lower. Connections that are idle or stalled for
//! too long are closed.

mod sending;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::slots::{Client, Slot, SlotPool};

pub(super) use sending::Sending;

/// Maximum unread bytes of all connections.
const UNREAD_LIMIT: usize = 64 * 1024 * 1024;
/// Unread bytes that each connection may always have: more than the initial window of HTTP/2.
const UNREAD_ALWAYS: usize = 128 * 1024;
/// The overhead of HTTP/2 for a frame of data (RFC 9113, section 4.1).
const FRAME_HEADER: usize = 9;
/// Received bytes that count as progress.
const PROGRESS: usize = 16 * 1024;
/// Interval of checks for timeouts.
const LOOK: Duration = Duration::from_secs(1);

static UNREAD: AtomicUsize = AtomicUsize::new(0);

/// The timeouts of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// Maximum time without a request, including before the first.
    pub(super) idle: Duration,
    /// Maximum time without progress of any answer, if nothing else is in progress.
    pub(super) stalled: Duration,
}

/// The state of a connection.
pub(super) struct Connection {
    client: Client,
    slot: Slot,
    requests: SlotPool,
    revoked: CancellationToken,
    running: AtomicUsize,
    sending: AtomicUsize,
    /// Number of request bodies that are still being read.
    receiving: AtomicUsize,
    unread: AtomicUsize,
    reader: AtomicWaker,
    progress: AtomicUsize,
    unsent: AtomicUsize,
    /// Those of the answers that wait until others are sent, by number.
    writers: Mutex<HashMap<usize, Waker>>,
}

impl Connection {
    /// A connection with its slot; its requests take theirs from `requests`.
    pub(super) fn new(
        client: Client,
        slot: Slot,
        requests: SlotPool,
        revoked: CancellationToken,
    ) -> Arc<Self> {
        slot.set_idle(true);
        Arc::new(Self {
            client,
            slot,
            requests,
            revoked,
            running: AtomicUsize::new(0),
            sending: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            reader: AtomicWaker::new(),
            progress: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            writers: Mutex::default(),
        })
    }

    /// Number of connections of its client, at least 1.
    pub(super) fn connections_of_client(&self) -> usize {
        self.slot.held_by_client().max(1)
    }

    /// Begins a request after a slot was acquired.
    pub(super) async fn begin(self: &Arc<Self>) -> Arc<RunningRequest> {
        let counted = Counted::new(Arc::clone(self));
        let slot = self
            .requests
            .acquire(self.client, 1, self.revoked.clone())
            .await;
        Arc::new(RunningRequest::new(counted, slot))
    }

    /// Resolves when the connection was idle, or its answers stalled, for too long.
    pub(super) async fn expired(&self, timeouts: Timeouts) -> &'static str {
        loop {
            tokio::time::sleep(LOOK.min(timeouts.idle)).await;
            let running = self.running.load(Ordering::Relaxed);
            let stood = self.slot.stalled_for();
            if running == 0 && stood >= timeouts.idle {
                return "it was idle";
            }
            let sending = self.sending.load(Ordering::Relaxed);
            if running > 0 && sending == running && stood >= timeouts.stalled {
                return "its answers were not read";
            }
        }
    }

    /// Counts bytes read from the socket.
    pub(super) fn received(&self, bytes: usize) {
        if self.receiving.load(Ordering::Relaxed) > 0 {
            self.unread.fetch_add(bytes, Ordering::Relaxed);
            UNREAD.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Whether more may be read from the socket now; otherwise the task is woken later.
    pub(super) fn may_receive(&self, context: &Context<'_>) -> bool {
        let may = || {
            self.unread.load(Ordering::Relaxed) < UNREAD_ALWAYS
                || UNREAD.load(Ordering::Relaxed) < UNREAD_LIMIT
        };
        if may() {
            return true;
        }
        self.reader.register(context.waker());
        may()
    }

    fn forget_unread(&self, bytes: usize) {
        let forget = |unread: usize| Some(unread.saturating_sub(bytes));
        let before = self
            .unread
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, forget)
            .unwrap_or_default();
        UNREAD.fetch_sub(before.min(bytes), Ordering::Relaxed);
        self.reader.wake();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        UNREAD.fetch_sub(self.unread.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Counts a request as running.
struct Counted(Arc<Connection>);

impl Counted {
    fn new(connection: Arc<Connection>) -> Self {
        connection.running.fetch_add(1, Ordering::Relaxed);
        connection.slot.set_idle(false);
        Self(connection)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.slot.set_idle(true);
        }
    }
}

/// A running request, until its body has been read and its answer has been sent.
pub(super) struct RunningRequest {
    counted: Counted,
    slot: Option<Slot>,
    /// What it waits for at its client: [`MORE_BODY`], [`READING`]. Nothing: the server is at work.
    waits_for: AtomicU8,
    /// Bytes of its body that have not been received; [`UNKNOWN`]: any number.
    left: AtomicU64,
}

/// Any number of bytes.
const UNKNOWN: u64 = u64::MAX;
/// More of the request's body.
const MORE_BODY: u8 = 1;
/// That the client reads the answer.
const READING: u8 = 2;

impl RunningRequest {
    fn new(counted: Counted, slot: Option<Slot>) -> Self {
        let running = Self {
            counted,
            slot,
            waits_for: AtomicU8::new(0),
            left: AtomicU64::new(0),
        };
        running.works();
        running
    }

    /// Its slot and that of its connection.
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slot.iter().chain([&self.counted.0.slot])
    }

    fn works(&self) {
        self.slots().for_each(Slot::works);
    }

    fn waits_for_client(&self) {
        self.slots().for_each(Slot::waits_for_client);
    }

    /// Records that it waits for something at its client.
    fn begin_wait(&self, what: u8) {
        if self.waits_for.fetch_or(what, Ordering::Relaxed) == 0 {
            self.waits_for_client();
        }
    }

    /// Records that it does not wait for it any more.
    fn end_wait(&self, what: u8) {
        if self.waits_for.fetch_and(!what, Ordering::Relaxed) == what {
            self.works();
        }
    }

    fn connection(&self) -> &Connection {
        &self.counted.0
    }

    /// The client that sent it.
    pub(super) fn client(&self) -> Client {
        self.connection().client
    }

    /// Records that it has a body, of `length` bytes if that is known.
    pub(super) fn expect_body(&self, length: Option<u64>) {
        self.left
            .store(length.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// Bytes of its body that have not been received, or the largest number.
    pub(super) fn left_of_body(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Whether a slot was acquired in time.
    pub(super) fn is_admitted(&self) -> bool {
        self.slot.is_some()
    }

    fn moved(&self) {
        if let Some(slot) = &self.slot {
            slot.moved();
        }
        self.connection().slot.moved();
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.begin_wait(READING);
    }
}

/// A request body being read.
pub(super) struct Receiving(Arc<RunningRequest>);

impl Receiving {
    pub(super) fn new(running: Arc<RunningRequest>) -> Self {
        let receiving = &running.connection().receiving;
        receiving.fetch_add(1, Ordering::Relaxed);
        Self(running)
    }

    /// The client that sent it.
    pub(super) fn client(&self) -> Client {
        self.0.client()
    }

    /// Counts a frame that was read.
    pub(super) fn taken(&self, bytes: usize) {
        self.0.end_wait(MORE_BODY);
        let left = self.0.left_of_body();
        if left != UNKNOWN {
            let left = left.saturating_sub(bytes as u64);
            self.0.left.store(left, Ordering::Relaxed);
        }
        let connection = self.0.connection();
        connection.forget_unread(bytes + FRAME_HEADER);
        if connection.progress.fetch_add(bytes, Ordering::Relaxed) + bytes >= PROGRESS {
            connection.progress.store(0, Ordering::Relaxed);
            self.0.moved();
        }
    }

    /// Called at the end of the body.
    pub(super) fn ended(&self) {
        self.0.end_wait(MORE_BODY);
        self.0.left.store(0, Ordering::Relaxed);
    }

    /// Called when nobody reads the rest of the body.
    pub(super) fn abandoned(&self) {
        self.0.left.store(UNKNOWN, Ordering::Relaxed);
    }

    /// Called when no data is available. If it is the only body, nothing is unread.
    pub(super) fn waits(&self) {
        self.0.begin_wait(MORE_BODY);
        let connection = self.0.connection();
        if connection.receiving.load(Ordering::Relaxed) == 1 {
            connection.forget_unread(usize::MAX);
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.end_wait(MORE_BODY);
        let connection = self.0.connection();
        if connection.receiving.fetch_sub(1, Ordering::Relaxed) == 1 {
            connection.forget_unread(usize::MAX);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
