//! A request body that is fed while it is sent.
//!
//! Bytes are not copied. Invariant: if the feeder is dropped before it has finished the body, the
//! request breaks; it never looks like a shorter body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Chunks in the queue of the connection.
const WAITING: usize = 2;

/// The sender of a body.
pub(super) struct Feeder(mpsc::Sender<Option<Bytes>>);

/// The body.
struct Outgoing {
    pieces: mpsc::Receiver<Option<Bytes>>,
    /// Bytes still to come, if the length is known.
    left: Option<u64>,
}

/// A body, of this length if it is known.
pub(super) fn channel(length: Option<u64>) -> (Feeder, reqwest::Body) {
    let (sender, pieces) = mpsc::channel(WAITING);
    let outgoing = Outgoing {
        pieces,
        left: length,
    };
    (Feeder(sender), reqwest::Body::wrap(outgoing))
}

impl Feeder {
    /// Sends a chunk when the queue has space. Returns false if the request has ended.
    pub(super) async fn send(&self, piece: Bytes) -> bool {
        self.0.send(Some(piece)).await.is_ok()
    }

    /// Ends the body.
    pub(super) async fn finish(self) {
        // The request may have ended already.
        let _ = self.0.send(None).await;
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Some(piece)) => {
                if let Some(left) = &mut self.left {
                    *left = left.saturating_sub(piece.len() as u64);
                }
                Some(Ok(Frame::data(piece)))
            }
            Some(None) => None,
            None => Some(Err(io::Error::other("the upload was cancelled"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
