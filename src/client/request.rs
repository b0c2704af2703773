//! A request and its answer, as the transport takes and gives them.
//!
//! Knows HTTP and no registry, but for the header in which one names a digest.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::transport::FAILURE_LIMIT;
use super::{Error, Subject};
use crate::oci::Digest;

/// What is sent. The method is one that may be repeated, or a form whose answer is a token.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<&'a str>,
    pub(super) authorization: Option<HeaderValue>,
    /// Fields of an `application/x-www-form-urlencoded` body.
    pub(super) form: Option<&'a [(&'a str, &'a str)]>,
    /// The largest body that is taken from an answer that succeeds, in bytes.
    pub(super) limit: usize,
    /// A body with its media type.
    pub(super) body: Option<(&'a str, Bytes)>,
    /// The first byte that is wanted of what is asked for.
    pub(super) from: Option<u64>,
    /// Whether the body of a success is left to be read from [`Answer::rest`].
    pub(super) open: bool,
    /// How long the answer may take, where that is longer than usual.
    pub(super) patience: Option<Duration>,
    /// Whether a status that may change a moment later is waited out. Too many requests (429) always
    /// are.
    pub(super) retried: bool,
}

impl Request<'_> {
    /// A request without anything beside its address.
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
            patience: None,
            retried: true,
        }
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// What the body will come from, where it was asked to be left open.
    pub(super) rest: Option<reqwest::Response>,
    /// Whether a redirect led to another origin: its challenges are not the registry's.
    pub(super) elsewhere: bool,
    /// How many times the request was sent.
    pub(super) tries: u32,
}

impl Answer {
    /// The digest that it names, if it does.
    pub(super) fn digest(&self) -> Option<Digest> {
        let value = self.headers.get("docker-content-digest")?;
        value.to_str().ok()?.parse().ok()
    }

    /// Makes sure that it does not speak of other content than was sent.
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
