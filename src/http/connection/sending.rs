//! Bodies of answers: their bytes are counted until the client has received them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Connection, READING, RunningRequest};
use crate::http::answer_body::Body;

/// Maximum unsent bytes of answers of all connections.
const UNSENT_LIMIT: usize = 32 * 1024 * 1024;
/// Answers below this size are not counted.
pub(super) const SMALL: usize = 4 * 1024;

static UNSENT: AtomicUsize = AtomicUsize::new(0);

impl Connection {
    fn may_send(&self, context: &Context<'_>) -> bool {
        let may = || {
            self.unsent.load(Ordering::Acquire) == 0
                || UNSENT.load(Ordering::Relaxed) < UNSENT_LIMIT
        };
        if may() {
            return true;
        }
        let mut writers = self.writers.lock();
        // A client may have a waiting answer polled as often as it likes.
        if !writers.iter().any(|one| one.will_wake(context.waker())) {
            writers.push(context.waker().clone());
        }
        drop(writers);
        may()
    }
}

/// The body of an answer being sent.
pub(in crate::http) struct Sending {
    body: Body,
    running: Arc<RunningRequest>,
}

impl Sending {
    pub(in crate::http) fn new(body: Body, running: Arc<RunningRequest>) -> Self {
        let sending = &running.connection().sending;
        sending.fetch_add(1, Ordering::Relaxed);
        running.waits(READING);
        Self { body, running }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let sending = &self.running.connection().sending;
        sending.fetch_sub(1, Ordering::Relaxed);
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if !self.running.connection().may_send(context) {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        polled.map(|frame| {
            let frame = match frame? {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error)),
            };
            Some(Ok(frame.map_data(|bytes| {
                if bytes.len() < SMALL {
                    return bytes;
                }
                Bytes::from_owner(Unsent::new(bytes, Arc::clone(&self.running)))
            })))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of an answer, counted until they are sent.
struct Unsent {
    bytes: Bytes,
    running: Arc<RunningRequest>,
}

impl Unsent {
    fn new(bytes: Bytes, running: Arc<RunningRequest>) -> Self {
        UNSENT.fetch_add(bytes.len(), Ordering::Relaxed);
        let unsent = &running.connection().unsent;
        unsent.fetch_add(bytes.len(), Ordering::Release);
        Self { bytes, running }
    }
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.running.moved();
        let connection = self.running.connection();
        UNSENT.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        connection
            .unsent
            .fetch_sub(self.bytes.len(), Ordering::Release);
        for writer in std::mem::take(&mut *connection.writers.lock()) {
            writer.wake();
        }
    }
}
