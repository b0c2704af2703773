//! One HTTP exchange with its retries and redirects.
//!
//! Implements back-off and reports it, but nothing specific to registries: no challenge, no JSON.
//! Invariants: `Authorization` never follows a redirect to another origin; a redirect never leaves
//! https; every body has a limit; only idempotent requests are repeated.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::connections::{Connections, ReadTimeout};
use super::endpoint::Endpoint;
use super::failure::{Failed, malformed, refused, tls_reason};
use super::redirects::{Way, is_redirect};
use super::request::{Answer, Request};
use super::retry::{LONGEST_RETRY_AFTER, delay, is_transient, is_trickle, retry_after};
use super::words::innermost;
use super::{Error, Event, Listener, Options};

/// Maximum number of redirects.
pub(super) const REDIRECTS: u32 = 5;
/// Maximum bytes read of the body of a failure.
pub(super) const FAILURE_LIMIT: usize = 64 * 1024;
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Requests to one registry and the addresses it refers to.
pub(super) struct Transport {
    connections: Connections,
    /// The registry as the user named it.
    name: String,
    retries: u32,
    listener: Listener,
    /// End of the wait that each host requested (`Retry-After`).
    paused: Mutex<HashMap<String, Instant>>,
}

impl Transport {
    /// The transport for a registry.
    pub(super) fn new(name: &str, endpoint: &Endpoint, options: &Options) -> Result<Self, Error> {
        Ok(Self {
            connections: Connections::new(name, endpoint, options)?,
            name: name.to_owned(),
            retries: options.retries,
            listener: options.listener.clone(),
            paused: Mutex::default(),
        })
    }

    /// The name of a host in messages.
    pub(super) fn shown<'a>(&'a self, url: &'a Url) -> &'a str {
        match self.connections.tunnel_to(url) {
            Some(_) => &self.name,
            None => url.authority(),
        }
    }

    /// Reports an event.
    pub(super) fn report(&self, event: Event<'_>) {
        (self.listener)(event);
    }

    /// Sends a request, repeated until the answer is not transient or the retries are used up.
    pub(super) async fn fetch(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let host = self.shown(&request.url).to_owned();
        let mut attempt = 0;
        loop {
            self.wait_while_paused(&host).await;
            let outcome = self.follow(request).await;
            let (reason, asked) = match &outcome {
                Ok(answer)
                    if is_transient(answer.status)
                        && (request.retried || answer.status == StatusCode::TOO_MANY_REQUESTS) =>
                {
                    let asked = answer.headers.get(RETRY_AFTER);
                    let asked = asked.and_then(|value| value.to_str().ok());
                    let asked = asked.and_then(|value| retry_after(value, Timestamp::now()));
                    (answer.status.to_string(), asked)
                }
                Err(failed) => (failed.retriable().unwrap_or_default().to_owned(), None),
                Ok(_) => (String::new(), None),
            };
            if reason.is_empty() || !self.back_off(&host, attempt, &reason, asked).await {
                return match outcome {
                    Ok(mut answer) => {
                        answer.tries = attempt + 1;
                        Ok(answer)
                    }
                    Err(failed) => Err(failed.into_error(&host)),
                };
            }
            attempt += 1;
        }
    }

    /// Waits after attempt number `attempt` (from 0): as long as the host `asked` for, otherwise
    /// the back-off. Returns false if there are no more attempts.
    pub(super) async fn back_off(
        &self,
        host: &str,
        attempt: u32,
        reason: &str,
        asked: Option<Duration>,
    ) -> bool {
        if attempt >= self.retries || asked.is_some_and(|wait| wait > LONGEST_RETRY_AFTER) {
            return false;
        }
        let wait = asked.unwrap_or_else(|| delay(attempt));
        self.report(Event::Retry(&format!(
            "{host}: {reason}; trying again in {:.1} s",
            wait.as_secs_f64()
        )));
        if asked.is_some() {
            {
                let until = Instant::now() + wait;
                let mut paused = self.paused.lock();
                let known = paused.entry(host.to_owned()).or_insert(until);
                *known = until.max(*known);
            }
            self.wait_while_paused(host).await;
        } else {
            tokio::time::sleep(wait).await;
        }
        true
    }

    /// Waits as long as a host has requested.
    pub(super) async fn wait_while_paused(&self, host: &str) {
        let until = self.paused.lock().get(host).copied();
        if let Some(until) = until {
            tokio::time::sleep_until(until.into()).await;
        }
    }

    /// One attempt, redirects included.
    async fn follow(&self, request: &Request<'_>) -> Result<Answer, Failed> {
        let mut way = Way::new(request.url.clone());
        for _ in 0..=REDIRECTS {
            let response = self.once(request, &way.url, way.elsewhere).await;
            // A HEAD that is redirected to an unreachable host is not retried: its caller can use GET.
            let is_redirected_head = way.elsewhere && request.method == Method::HEAD;
            let response = response.map_err(|failed| match failed {
                failed if is_redirected_head => {
                    Failed::Final(failed.into_error(way.url.authority()))
                }
                failed => failed,
            })?;
            let target = response.headers().get(LOCATION).cloned();
            let (true, Some(target)) = (is_redirect(response.status()), target) else {
                return self.read(request, response, way.url, way.elsewhere).await;
            };
            way.follow(request, response.status(), &target, &self.name)?;
        }
        Err(way.endless(&self.name))
    }

    async fn once(
        &self,
        request: &Request<'_>,
        url: &Url,
        elsewhere: bool,
    ) -> Result<reqwest::Response, Failed> {
        let method = request.method.clone();
        let pace = request
            .timeout
            .map_or(ReadTimeout::Usual, |_| ReadTimeout::Unlimited);
        let connections = self.connections.to(url, pace).await;
        let mut builder = connections
            .map_err(Failed::Final)?
            .request(method, url.clone());
        if let Some(timeout) = request.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(accept) = request.accept {
            builder = builder.header(ACCEPT, accept);
        }
        if let Some(authorization) = &request.authorization
            && !elsewhere
        {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if let Some(form) = request.form {
            builder = builder.form(form);
        }
        if let Some((media_type, bytes)) = &request.body {
            builder = builder
                .header(CONTENT_TYPE, *media_type)
                .body(bytes.clone());
        } else if request.form.is_none()
            && matches!(request.method, Method::POST | Method::PUT | Method::PATCH)
        {
            // hyper sends no length for an absent body; Google's front end answers 411 to that.
            builder = builder.header(CONTENT_LENGTH, 0);
        }
        if let Some(from) = request.from {
            builder = builder.header(RANGE, format!("bytes={from}-"));
        }
        self.exchange(&request.method, url, builder.send()).await
    }

    /// Waits for the response and reports it.
    async fn exchange(
        &self,
        method: &Method,
        url: &Url,
        sending: impl Future<Output = reqwest::Result<reqwest::Response>>,
    ) -> Result<reqwest::Response, Failed> {
        let start = Instant::now();
        let outcome = sending.await;
        let said = match &outcome {
            Ok(response) => response.status().to_string(),
            Err(error) => innermost(error),
        };
        // The query may contain a signature of the storage behind the registry: it is not repeated.
        self.report(Event::Request(&format!(
            "{method} {}{}: {said}, {} ms",
            match self.connections.tunnel_to(url) {
                Some(_) => self.name.clone(),
                None => url.origin().ascii_serialization(),
            },
            url.path(),
            start.elapsed().as_millis()
        )));
        match outcome {
            Ok(response) => Ok(response),
            Err(error) => Err(self.failure(&error, url).await),
        }
    }

    /// Classifies a failed exchange with an address.
    pub(super) async fn failure(&self, error: &reqwest::Error, url: &Url) -> Failed {
        self.connections.failure(error, url).await
    }

    async fn read(
        &self,
        request: &Request<'_>,
        mut response: reqwest::Response,
        url: Url,
        elsewhere: bool,
    ) -> Result<Answer, Failed> {
        let status = response.status();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        if request.open && status.is_success() {
            return Ok(Answer {
                status,
                headers,
                body,
                rest: Some(response),
                url,
                elsewhere,
                tries: 1,
            });
        }
        let begun = Instant::now();
        // hyper expects no body in the answer to a HEAD.
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Err(self.failure(&error, &request.url).await),
            };
            body.extend_from_slice(&chunk);
            if is_trickle(body.len() as u64, begun.elapsed()) {
                return Err(Failed::Final(Error::Unreachable {
                    host: self.shown(&request.url).to_owned(),
                    reason: format!(
                        "its answer is too slow: {} bytes in {} s",
                        body.len(),
                        begun.elapsed().as_secs()
                    ),
                    hint: "it may be overloaded, or the network is; try again later".into(),
                }));
            }
            if !status.is_success() && body.len() >= FAILURE_LIMIT {
                body.truncate(FAILURE_LIMIT);
                break;
            }
            if status.is_success() && body.len() > request.limit {
                let reason = format!("it is longer than {} bytes", request.limit);
                return Err(malformed(&request.url, &reason));
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
            rest: None,
            url,
            elsewhere,
            tries: 1,
        })
    }

    /// One attempt to send a streamed body. Follows no redirects and has no timeout: the caller,
    /// which feeds the body, detects a stall.
    pub(super) async fn stream(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: reqwest::Body,
    ) -> Result<reqwest::Response, Failed> {
        let connections = self.connections.to(url, ReadTimeout::Unlimited).await;
        let builder = connections
            .map_err(Failed::Final)?
            .request(method.clone(), url.clone());
        let sending = builder.headers(headers).body(body).send();
        self.exchange(&method, url, sending).await
    }

    /// Reads the body of a failure, or that of a success up to `limit`.
    pub(super) async fn finish(
        &self,
        url: &Url,
        response: reqwest::Response,
    ) -> Result<Answer, Failed> {
        let request = Request::new(Method::PATCH, url.clone());
        self.read(&request, response, url.clone(), false).await
    }

    /// Whether the server at an https address speaks TLS. An untrusted certificate counts as TLS
    /// and remains an error, and so does an unreachable server.
    pub(super) async fn speaks_tls(&self, probe: Url) -> Result<bool, Error> {
        let host = self.shown(&probe).to_owned();
        let mut attempt = 0;
        loop {
            let connections = self.connections.to(&probe, ReadTimeout::Usual).await?;
            let answer = connections.head(probe.clone()).timeout(PROBE_TIMEOUT);
            let Err(error) = answer.send().await else {
                return Ok(true);
            };
            if !refused(&error) {
                return Ok(tls_reason(&error).is_some());
            }
            let failed = self.failure(&error, &probe).await;
            // ssh creates the socket of a tunnel shortly before it listens on it.
            let retried = match &failed {
                Failed::Transient { reason, .. }
                    if self.connections.tunnel_to(&probe).is_some() =>
                {
                    self.back_off(&host, attempt, reason, None).await
                }
                _ => false,
            };
            if !retried {
                return Err(failed.into_error(&host));
            }
            attempt += 1;
        }
    }

    /// Whether the server at an http address requires https: its error mentions https, or its
    /// answer is not HTTP.
    pub(super) async fn wants_tls(&self, probe: Url) -> Result<bool, Error> {
        let answer = match self.follow(&Request::new(Method::GET, probe)).await {
            Ok(answer) => answer,
            Err(Failed::Final(error)) => return Err(error),
            Err(_) => return Ok(true),
        };
        let said = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
        Ok(answer.status == StatusCode::BAD_REQUEST && said.contains("https"))
    }
}
