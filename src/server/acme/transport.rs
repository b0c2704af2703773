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

    async fn exchange(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> anyhow::Result<BytesResponse> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let place = format!("{} {}", parts.method, parts.uri);
        let sent = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send();
        let mut answer = sent.await.map_err(|error| {
            anyhow::anyhow!("{place}: {}", super::super::outgoing::reason(&error))
        })?;
        let status = answer.status();
        let header = |name| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        if let Some(wait) = header(RETRY_AFTER).and_then(|text| text.parse::<i64>().ok())
            && (status.as_u16() == 429 || status.is_server_error())
        {
            let until = Timestamp::now().checked_add(jiff::SignedDuration::from_secs(wait));
            *self.retry_after.lock() = until.ok();
        }
        let is_json = header(CONTENT_TYPE).is_some_and(|kind| kind.contains("json"));
        anyhow::ensure!(
            is_json || !(status.is_client_error() || status.is_server_error()),
            "{place}: answered {status}"
        );
        let mut response = Response::builder().status(status);
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut bytes = BytesMut::new();
        while let Some(piece) = answer.chunk().await? {
            bytes.extend_from_slice(&piece);
            anyhow::ensure!(
                bytes.len() <= MOST,
                "{place}: answered more than {MOST} bytes"
            );
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
        Box::pin(async move {
            let answered = transport.exchange(request).await;
            answered.map_err(|error| Error::Other(error.into()))
        })
    }
}
