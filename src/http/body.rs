//! Request bodies on their way in: as a stream that ends when it stands still, or whole.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::registry::{BodyError, IncomingBody};

/// A body must bring this much within [`WINDOW`]: a slow line does, a connection that is only held
/// open does not.
const LEAST: u64 = 1024;
/// How long a body may take for [`LEAST`] bytes.
const WINDOW: Duration = Duration::from_mins(1);

/// The data of a request, ended with an error when it stands still.
pub(super) fn moving(body: Incoming) -> IncomingBody {
    Box::pin(slices(body))
}

fn slices(body: Incoming) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    let window = (Instant::now() + WINDOW, 0_u64);
    stream::unfold(Some((body, window)), |state| async move {
        let (mut body, (mut deadline, mut received)) = state?;
        loop {
            match tokio::time::timeout_at(deadline, body.frame()).await {
                Ok(None) => return None,
                Ok(Some(Err(error))) => {
                    return Some((Err(BodyError::Interrupted(error.to_string())), None));
                }
                Ok(Some(Ok(frame))) => {
                    // Trailers mean nothing here.
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    received += bytes.len() as u64;
                    if received >= LEAST {
                        (deadline, received) = (Instant::now() + WINDOW, 0);
                    }
                    return Some((Ok(bytes), Some((body, (deadline, received)))));
                }
                Err(_) => return Some((Err(BodyError::Stalled), None)),
            }
        }
    })
}

/// Why a body could not be had whole.
pub(super) enum WholeError {
    /// It is larger than the limit.
    TooLarge,
    /// It broke off.
    Body(BodyError),
}

/// All of a body, up to `limit` bytes.
pub(super) async fn whole(body: Incoming, limit: usize) -> Result<Bytes, WholeError> {
    use futures_util::StreamExt;
    let mut slices = std::pin::pin!(slices(body));
    let mut gathered = BytesMut::new();
    while let Some(slice) = slices.next().await {
        let slice = slice.map_err(WholeError::Body)?;
        if gathered.len() + slice.len() > limit {
            return Err(WholeError::TooLarge);
        }
        gathered.extend_from_slice(&slice);
    }
    Ok(gathered.freeze())
}
