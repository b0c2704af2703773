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
    /// Whether an answer may send more now; otherwise its task is woken later. `answer` is its number.
    fn may_send(&self, answer: usize, context: &Context<'_>) -> bool {
        let may = || {
            self.unsent.load(Ordering::Acquire) == 0
                || UNSENT.load(Ordering::Relaxed) < UNSENT_LIMIT
        };
        if may() {
            return true;
        }
        // One for each answer: a client may have it polled as often as it likes.
        let replaced = self.writers.lock().insert(answer, context.waker().clone());
        drop(replaced);
        may()
    }
}

/// The body of an answer being sent.
pub(in crate::http) struct Sending {
    body: Body,
    pub(super) running: Arc<RunningRequest>,
}

impl Sending {
    pub(in crate::http) fn new(body: Body, running: Arc<RunningRequest>) -> Self {
        let sending = &running.connection().sending;
        sending.fetch_add(1, Ordering::Relaxed);
        running.begin_wait(READING);
        Self { body, running }
    }

    /// Its number among those of the connection.
    fn number(&self) -> usize {
        Arc::as_ptr(&self.running).addr()
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let connection = self.running.connection();
        connection.sending.fetch_sub(1, Ordering::Relaxed);
        // It would keep the memory of a task that has ended.
        let waker = connection.writers.lock().remove(&self.number());
        drop(waker);
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let number = self.number();
        if !self.running.connection().may_send(number, context) {
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
        let writers = std::mem::take(&mut *connection.writers.lock());
        for writer in writers.into_values() {
            writer.wake();
        }
    }
}
