//! HTTP to an ACME directory.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use jiff::Timestamp;
use parking_lot::Mutex;

/// Timeout of an exchange.
const PATIENCE: Duration = Duration::from_secs(30);
/// Maximum size of an answer, in bytes.
const MOST: usize = 1024 * 1024;

/// Why a request got no answer of an ACME server.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    /// No answer.
    #[error("{place}: {reason}")]
    Connection { place: String, reason: String },
    /// An answer that no ACME server gives.
    #[error("{place}: answered {answer}")]
    Answer { place: String, answer: String },
}

/// HTTP to one directory. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
    /// The time before which the directory accepts no more requests.
    retry_after: Arc<Mutex<Option<Timestamp>>>,
}

impl Transport {
    /// Creates the transport, with the authorities of this file instead of the system's.
    pub(super) fn new(authorities: Option<&Path>) -> anyhow::Result<Self> {
        let client = crate::server::outgoing::client(authorities, PATIENCE)?;
        Ok(Self {
            client,
            retry_after: Arc::default(),
        })
    }

    /// The time before which the directory accepts no requests, if it sent one. Returned once.
    pub(super) fn retry_after(&self) -> Option<Timestamp> {
        self.retry_after.lock().take()
    }

    async fn exchange(&self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await;
        let body = body.map_err(|error| Error::Other(error.into()))?;
        let body = body.to_bytes();
        let place = format!("{} {}", parts.method, parts.uri);
        let unanswered = |error: &reqwest::Error| {
            other(TransportError::Connection {
                place: place.clone(),
                reason: super::super::outgoing::reason(error),
            })
        };
        let unexpected = |answer: String| {
            let place = place.clone();
            other(TransportError::Answer { place, answer })
        };
        let sent = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send();
        let mut answer = sent.await.map_err(|error| unanswered(&error))?;
        let status = answer.status();
        let header = |name| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        if let Some(text) = header(RETRY_AFTER)
            && (status.as_u16() == 429 || status.is_server_error())
        {
            *self.retry_after.lock() = time_of(&text, Timestamp::now());
        }
        let is_json = header(CONTENT_TYPE).is_some_and(|kind| kind.contains("json"));
        if !is_json && (status.is_client_error() || status.is_server_error()) {
            return Err(unexpected(status.to_string()));
        }
        let mut response = Response::builder().status(status);
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut bytes = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| unanswered(&error))? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > MOST {
                return Err(unexpected(format!("more than {MOST} bytes")));
            }
        }
        Ok(response.body(Full::new(bytes.freeze()))?.into())
    }
}

impl HttpClient for Transport {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let transport = self.clone();
        Box::pin(async move { transport.exchange(request).await })
    }
}

fn other(error: TransportError) -> Error {
    Error::Other(Box::new(error))
}

/// The time of a `Retry-After` header: seconds from now, or a date (RFC 9110, section 10.2.3).
fn time_of(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(seconds) = text.trim().parse::<i64>() {
        return now
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .ok();
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-03-01T00:02:00Z".parse().unwrap();
        for text in ["120", "Sun, 01 Mar 2026 00:02:00 GMT"] {
            assert_eq!(time_of(text, now), Some(later), "{text}");
        }
        assert_eq!(time_of("soon", now), None);
    }
}
