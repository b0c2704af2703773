//! Requests and answers of the transport.
//!
//! This is plain HTTP, apart from the header `Docker-Content-Digest`.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::transport::FAILURE_LIMIT;
use super::{Error, Subject};
use crate::oci::Digest;

/// A request. It is idempotent, or a form that asks for a token.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<&'a str>,
    pub(super) authorization: Option<HeaderValue>,
    /// Fields of an `application/x-www-form-urlencoded` body.
    pub(super) form: Option<&'a [(&'a str, &'a str)]>,
    /// Maximum body of a successful answer, in bytes.
    pub(super) limit: usize,
    /// A body with its media type.
    pub(super) body: Option<(&'a str, Bytes)>,
    /// The offset of the first byte of a range request.
    pub(super) from: Option<u64>,
    /// Whether the body of a successful answer is left unread in [`Answer::rest`].
    pub(super) open: bool,
    /// The timeout of the whole exchange, if it is longer than usual.
    pub(super) timeout: Option<Duration>,
    /// Whether the request is repeated after a transient status. After 429 it always is.
    pub(super) retried: bool,
}

impl Request<'_> {
    /// A request with only an address.
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            accept: None,
            authorization: None,
            form: None,
            limit: FAILURE_LIMIT,
            body: None,
            from: None,
            open: false,
            timeout: None,
            retried: true,
        }
    }
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The unread body, if [`Request::open`] asked for it.
    pub(super) rest: Option<reqwest::Response>,
    /// The address that answered, after all redirects.
    pub(super) url: Url,
    /// Whether a redirect led to another origin: its challenges are not the registry's.
    pub(super) elsewhere: bool,
    /// How many times the request was sent.
    pub(super) tries: u32,
}

impl Answer {
    /// The digest in its header, if there is one.
    pub(super) fn digest(&self) -> Option<Digest> {
        let value = self.headers.get("docker-content-digest")?;
        value.to_str().ok()?.parse().ok()
    }

    /// For how long a deletion can be restored, according to a regctl server.
    pub(super) fn restorable(&self) -> Option<Duration> {
        let seconds = self.headers.get("regctl-restorable-seconds")?;
        seconds.to_str().ok()?.parse().ok().map(Duration::from_secs)
    }

    /// Checks that the digest in its header, if any, is that of the content sent.
    pub(super) fn confirms(&self, sent: &Digest, subject: Subject<'_>) -> Result<(), Error> {
        match self.digest() {
            Some(actual) if actual.algorithm() == sent.algorithm() && actual != *sent => {
                Err(Error::Mismatch {
                    what: subject.to_string(),
                    expected: Box::new(*sent),
                    actual: Box::new(actual),
                })
            }
            _ => Ok(()),
        }
    }
}
