//! Request bodies: as a stream with a timeout for data, or read into memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, ready};
use http_body::Body as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::connection::{Receiving, RunningRequest};
use super::slots::{Client, Slot};
use crate::registry::{BodyError, IncomingBody};

/// Minimum number of bytes in each [`WINDOW`]. A slow line reaches it; a connection that is only
/// held open does not.
const MINIMUM: u64 = 1024;
/// The time for [`MINIMUM`] bytes.
const WINDOW: Duration = Duration::from_mins(1);
/// Bytes that all bodies together may buffer before they are passed on. Each uses up to four times
/// its share: buffered, passed on, being written, and read ahead.
const BUFFERED: usize = 4 * 1024 * 1024;
/// Maximum share of one body. Larger writes to the store are no cheaper.
const LARGEST: usize = 1024 * 1024;
/// Minimum share of one body.
const SMALLEST: usize = 32 * 1024;

/// Number of bodies being received.
static RECEIVING: AtomicUsize = AtomicUsize::new(0);

/// The body of a request. If nobody reads it, it is read and discarded when it is dropped.
pub(super) struct Incoming {
    client: Client,
    body: Option<Arriving>,
    /// Whether it is discarded rather than refused.
    drains: bool,
}

/// A body being received, and its connection.
struct Arriving {
    body: hyper::body::Incoming,
    receiving: Receiving,
}

impl Incoming {
    /// With HTTP/2, and if the client waits until its body is wanted, an unread body is not drained.
    pub(super) fn new(
        body: hyper::body::Incoming,
        running: Arc<RunningRequest>,
        drains: bool,
    ) -> Self {
        if !body.is_end_stream() {
            running.expect_body(body.size_hint().exact());
        }
        let receiving = Receiving::new(running);
        Self {
            client: receiving.client(),
            body: Some(Arriving { body, receiving }),
            drains,
        }
    }

    /// The client that sent it.
    pub(super) fn client(&self) -> Client {
        self.client
    }

    fn stream(mut self) -> Option<BodyStream> {
        self.body.take().map(BodyStream::new)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let unread = self.body.take();
        let Some(unread) = unread.filter(|unread| !unread.body.is_end_stream()) else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if self.drains => {
                runtime.spawn(async { drop_rest(BodyStream::new(unread)).await });
            }
            _ => unread.receiving.abandoned(),
        }
    }
}

/// Whether the connection is closed after the answer to a request, because more of its body is left
/// than is drained, or an unknown length.
pub(super) fn is_too_much_left(running: &RunningRequest) -> bool {
    running.left_of_body() > DRAINED as u64
}

/// A body as a stream of batches of slices.
struct BodyStream {
    body: Arriving,
    gathered: Vec<Bytes>,
    size: usize,
    /// Bytes received in the current window.
    received: u64,
    window: Pin<Box<Sleep>>,
    state: State,
}

/// The state of reading a body.
enum State {
    Receiving,
    /// The slices before the error were passed on; the error is next.
    Broken(BodyError),
    Ended,
}

impl BodyStream {
    fn new(body: Arriving) -> Self {
        RECEIVING.fetch_add(1, Ordering::Relaxed);
        let window = Box::pin(tokio::time::sleep(WINDOW));
        Self {
            body,
            gathered: Vec::new(),
            size: 0,
            received: 0,
            window,
            state: State::Receiving,
        }
    }

    fn take_gathered(&mut self) -> Option<Vec<Bytes>> {
        self.size = 0;
        Some(std::mem::take(&mut self.gathered)).filter(|gathered| !gathered.is_empty())
    }

    /// Ends the stream with an error, after the received slices.
    fn broken(&mut self, error: BodyError) -> Result<Vec<Bytes>, BodyError> {
        self.body.receiving.abandoned();
        if let Some(gathered) = self.take_gathered() {
            self.state = State::Broken(error);
            Ok(gathered)
        } else {
            self.state = State::Ended;
            Err(error)
        }
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        if !self.body.body.is_end_stream() {
            self.body.receiving.abandoned();
        }
        RECEIVING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stream for BodyStream {
    type Item = Result<Vec<Bytes>, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Receiving => self.state = State::Receiving,
            State::Broken(error) => return Poll::Ready(Some(Err(error))),
            State::Ended => return Poll::Ready(None),
        }
        loop {
            match Pin::new(&mut self.body.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are ignored.
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    self.body.receiving.taken(bytes.len());
                    self.received += bytes.len() as u64;
                    self.size += bytes.len();
                    self.gathered.push(bytes);
                    let share = BUFFERED / RECEIVING.load(Ordering::Relaxed).max(1);
                    if self.size >= share.clamp(SMALLEST, LARGEST) {
                        return Poll::Ready(self.take_gathered().map(Ok));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let error = BodyError::Interrupted(error.to_string());
                    return Poll::Ready(Some(self.broken(error)));
                }
                Poll::Ready(None) => {
                    self.body.receiving.ended();
                    self.state = State::Ended;
                    return Poll::Ready(self.take_gathered().map(Ok));
                }
                Poll::Pending => {
                    self.body.receiving.waits();
                    ready!(self.window.as_mut().poll(context));
                    if self.received < MINIMUM {
                        return Poll::Ready(Some(self.broken(BodyError::Stalled)));
                    }
                    self.received = 0;
                    self.window.as_mut().reset(Instant::now() + WINDOW);
                }
            }
        }
    }
}

/// What the connection's task sends to the consumer of a body.
enum Part {
    Slices(Result<Vec<Bytes>, BodyError>),
    End,
}

/// Maximum number of bytes that are read and discarded after a refusal, so that a client that is
/// still sending reads the answer. Beyond that the connection is closed.
const DRAINED: usize = 64 * 1024 * 1024;

async fn drop_rest(mut body: BodyStream) {
    let mut dropped = 0;
    while let Some(Ok(slices)) = body.next().await {
        dropped += slices.iter().map(Bytes::len).sum::<usize>();
        if dropped > DRAINED {
            return;
        }
    }
}

/// Splits a body into a stream for its consumer and a future that feeds the stream. The connection's
/// task drives the future, so that frames cross between tasks in batches.
///
/// The stream ends with an error when the future is dropped before the body has ended.
pub(super) fn split(body: Incoming) -> (IncomingBody, BoxFuture<'static, ()>) {
    let (sender, receiver) = mpsc::channel(1);
    let stream = body.stream();
    let feed = async move {
        let Some(mut body) = stream else { return };
        while let Some(slices) = body.next().await {
            // The consumer refused the rest; the answer has the reason.
            if sender.send(Part::Slices(slices)).await.is_err() {
                return drop_rest(body).await;
            }
        }
        let _ = sender.send(Part::End).await;
    };
    (
        Box::pin(Received {
            receiver,
            ended: false,
        }),
        Box::pin(feed),
    )
}

struct Received {
    receiver: mpsc::Receiver<Part>,
    ended: bool,
}

impl Stream for Received {
    type Item = Result<Vec<Bytes>, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let part = ready!(self.receiver.poll_recv(context));
        if let Some(Part::Slices(Ok(slices))) = part {
            return Poll::Ready(Some(Ok(slices)));
        }
        self.ended = true;
        Poll::Ready(match part {
            Some(Part::Slices(slices)) => Some(slices),
            Some(Part::End) => None,
            None => Some(Err(BodyError::Interrupted(
                "the connection is closed".to_owned(),
            ))),
        })
    }
}

/// Why a body could not be read completely.
pub(super) enum ReadError {
    /// It is larger than the limit.
    TooLarge,
    /// It ended early.
    Body(BodyError),
    /// Its reserved memory was revoked for other requests.
    Revoked,
}

/// Reads a body of up to `limit` bytes, as long as it has its memory slot.
pub(super) async fn whole(body: Incoming, limit: usize, slot: &Slot) -> Result<Bytes, ReadError> {
    let mut gathered = BytesMut::new();
    let Some(mut body) = body.stream() else {
        return Ok(gathered.freeze());
    };
    loop {
        let slices = tokio::select! {
            slices = body.next() => slices,
            () = slot.revoked() => return Err(ReadError::Revoked),
        };
        let Some(slices) = slices else { break };
        for slice in slices.map_err(ReadError::Body)? {
            if gathered.len() + slice.len() > limit {
                tokio::spawn(drop_rest(body));
                return Err(ReadError::TooLarge);
            }
            gathered.extend_from_slice(&slice);
        }
    }
    Ok(gathered.freeze())
}
