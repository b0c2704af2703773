//! Request bodies on their way in: as a stream that ends when it stands still, or whole.

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

use super::connection::{Receiving, Underway};
use super::room::{Client, Place};
use crate::registry::{BodyError, IncomingBody};

/// A body must bring this much within [`WINDOW`]: a slow line does, a connection that is only held
/// open does not.
const LEAST: u64 = 1024;
/// How long a body may take for [`LEAST`] bytes.
const WINDOW: Duration = Duration::from_mins(1);
/// What all bodies together may gather before they hand it on. Each keeps up to four times its
/// share: gathered, handed over, being written, and read ahead.
const GATHERED: usize = 4 * 1024 * 1024;
/// The share of one body, at most: more makes a trip to the store no cheaper.
const LARGEST: usize = 1024 * 1024;
/// And at least.
const SMALLEST: usize = 32 * 1024;

/// Bodies that are being received.
static RECEIVING: AtomicUsize = AtomicUsize::new(0);

/// The body of a request, and the connection that it comes from.
pub(super) struct Incoming {
    body: hyper::body::Incoming,
    receiving: Receiving,
}

impl Incoming {
    pub(super) fn new(body: hyper::body::Incoming, underway: Arc<Underway>) -> Self {
        Self {
            body,
            receiving: Receiving::new(underway),
        }
    }

    /// Whose body it is.
    pub(super) fn client(&self) -> Client {
        self.receiving.client()
    }
}

/// The data of a body, some slices at a time.
struct Moving {
    body: Incoming,
    gathered: Vec<Bytes>,
    size: usize,
    /// Received since the window was opened.
    received: u64,
    window: Pin<Box<Sleep>>,
    state: State,
}

/// How far a body has come.
enum State {
    Going,
    /// What was gathered before the error has been handed over; the error is next.
    Broken(BodyError),
    Ended,
}

impl Moving {
    fn new(body: Incoming) -> Self {
        RECEIVING.fetch_add(1, Ordering::Relaxed);
        let window = Box::pin(tokio::time::sleep(WINDOW));
        Self {
            body,
            gathered: Vec::new(),
            size: 0,
            received: 0,
            window,
            state: State::Going,
        }
    }

    fn hand_over(&mut self) -> Option<Vec<Bytes>> {
        self.size = 0;
        Some(std::mem::take(&mut self.gathered)).filter(|gathered| !gathered.is_empty())
    }

    /// Ends with an error, after what was gathered.
    fn broken(&mut self, error: BodyError) -> Result<Vec<Bytes>, BodyError> {
        if let Some(gathered) = self.hand_over() {
            self.state = State::Broken(error);
            Ok(gathered)
        } else {
            self.state = State::Ended;
            Err(error)
        }
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        RECEIVING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stream for Moving {
    type Item = Result<Vec<Bytes>, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Going => self.state = State::Going,
            State::Broken(error) => return Poll::Ready(Some(Err(error))),
            State::Ended => return Poll::Ready(None),
        }
        loop {
            match Pin::new(&mut self.body.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers mean nothing here.
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    self.body.receiving.taken(bytes.len());
                    self.received += bytes.len() as u64;
                    self.size += bytes.len();
                    self.gathered.push(bytes);
                    let share = GATHERED / RECEIVING.load(Ordering::Relaxed).max(1);
                    if self.size >= share.clamp(SMALLEST, LARGEST) {
                        return Poll::Ready(self.hand_over().map(Ok));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let error = BodyError::Interrupted(error.to_string());
                    return Poll::Ready(Some(self.broken(error)));
                }
                Poll::Ready(None) => {
                    self.state = State::Ended;
                    return Poll::Ready(self.hand_over().map(Ok));
                }
                Poll::Pending => {
                    self.body.receiving.waits();
                    ready!(self.window.as_mut().poll(context));
                    if self.received < LEAST {
                        return Poll::Ready(Some(self.broken(BodyError::Stalled)));
                    }
                    self.received = 0;
                    self.window.as_mut().reset(Instant::now() + WINDOW);
                }
            }
        }
    }
}

/// What is handed from the connection to whoever takes in a body.
enum Part {
    Slices(Result<Vec<Bytes>, BodyError>),
    End,
}

/// What of a body is read for nothing once its request has been refused, so that a client that is
/// still sending gets to see why. More is cut off with the connection.
const DRAINED: usize = 64 * 1024 * 1024;

/// Reads a body for nothing, beside the answer to its request.
pub(super) fn drain(body: Incoming) {
    tokio::spawn(drop_rest(Moving::new(body)));
}

async fn drop_rest(mut body: Moving) {
    let mut dropped = 0;
    while let Some(Ok(slices)) = body.next().await {
        dropped += slices.iter().map(Bytes::len).sum::<usize>();
        if dropped > DRAINED {
            return;
        }
    }
}

/// The data of a request as whoever takes it in sees it, and what feeds that: to be driven by the
/// connection's own task, which the frames of a body do not leave one by one.
///
/// When the connection's task is dropped, the body ends with an error.
pub(super) fn hand_over(body: Incoming) -> (IncomingBody, BoxFuture<'static, ()>) {
    let (sender, receiver) = mpsc::channel(1);
    let feed = async move {
        let mut body = Moving::new(body);
        while let Some(slices) = body.next().await {
            // Whoever takes it in has had enough, and its answer says why.
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
                "the connection is gone".to_owned(),
            ))),
        })
    }
}

/// Why a body could not be had whole.
pub(super) enum WholeError {
    /// It is larger than the limit.
    TooLarge,
    /// It broke off.
    Body(BodyError),
    /// Others needed its room in memory before it was there.
    Displaced,
}

/// All of a body, up to `limit` bytes, as long as it has its `place` in memory.
pub(super) async fn whole(
    body: Incoming,
    limit: usize,
    place: &Place,
) -> Result<Bytes, WholeError> {
    let mut body = Moving::new(body);
    let mut gathered = BytesMut::new();
    loop {
        let slices = tokio::select! {
            slices = body.next() => slices,
            () = place.let_go() => return Err(WholeError::Displaced),
        };
        let Some(slices) = slices else { break };
        for slice in slices.map_err(WholeError::Body)? {
            if gathered.len() + slice.len() > limit {
                tokio::spawn(drop_rest(body));
                return Err(WholeError::TooLarge);
            }
            gathered.extend_from_slice(&slice);
        }
    }
    Ok(gathered.freeze())
}
