//! One HTTP exchange with its retries and redirects.
//!
//! Owns connections, timeouts, proxies, TLS settings, back-off. Knows nothing of registries: no
//! challenge, no JSON. Invariants: `Authorization` never follows a redirect to another origin; a
//! redirect never leaves https; every body is read into a bound; only requests that may be repeated
//! are sent.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::certificates::Certificates;
use super::error::innermost;
use super::failure::{Failed, failure, malformed, refused, tls_reason};
use super::request::{Answer, Request};
use super::retry::{PATIENCE, delay, is_transient, retry_after};
use super::{Error, Event, Listener, Options};

/// How many redirects are followed.
pub(super) const REDIRECTS: u32 = 5;
/// How much of the body of a failure is read, in bytes.
pub(super) const FAILURE_LIMIT: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_mins(1);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections to one registry and to where it refers.
pub(super) struct Transport {
    http: reqwest::Client,
    /// For what takes its time before there is an answer: bodies on their way, large blobs that
    /// are put in place.
    unhurried: reqwest::Client,
    retries: u32,
    listener: Listener,
    /// Until when each host has asked to be left alone.
    paused: Mutex<HashMap<String, Instant>>,
}

impl Transport {
    /// Connections with the certificates kept for `authority`.
    pub(super) fn new(authority: &str, loopback: bool, options: &Options) -> Result<Self, Error> {
        let certificates = Certificates::load(authority)?;
        let unusable = |error: &(dyn std::error::Error + 'static)| Error::Setup {
            what: "the TLS settings".into(),
            reason: innermost(error),
            hint: format!("look at the certificates kept for {authority}"),
        };
        let settled = |read_timeout: Option<Duration>| {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("regctl/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(CONNECT_TIMEOUT);
            if let Some(read_timeout) = read_timeout {
                builder = builder.read_timeout(read_timeout);
            }
            if loopback {
                // No proxy is nearer to this machine than itself.
                builder = builder.no_proxy();
            }
            certificates
                .settle(builder, options.insecure)
                .map_err(|error| unusable(&*error))
        };
        // A machine without any authorities still reaches registries over plain http.
        let build = |read_timeout| {
            settled(read_timeout)?.build().or_else(|_| {
                settled(read_timeout)?
                    .tls_certs_only([])
                    .build()
                    .map_err(|error| unusable(&error))
            })
        };
        Ok(Self {
            http: build(Some(READ_TIMEOUT))?,
            unhurried: build(None)?,
            retries: options.retries,
            listener: options.listener.clone(),
            paused: Mutex::default(),
        })
    }

    /// Tells the one who listens.
    pub(super) fn tell(&self, event: Event<'_>) {
        (self.listener)(event);
    }

    /// Sends a request until it is answered for good or the retries are used up.
    pub(super) async fn fetch(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let host = request.url.authority().to_owned();
        let mut attempt = 0;
        loop {
            self.wait_while_paused(&host).await;
            let outcome = self.follow(request).await;
            let (reason, asked) = match &outcome {
                Ok(answer) if is_transient(answer.status) => {
                    let asked = answer.headers.get(RETRY_AFTER);
                    let asked = asked.and_then(|value| value.to_str().ok());
                    let asked = asked.and_then(|value| retry_after(value, Timestamp::now()));
                    (answer.status.to_string(), asked)
                }
                Err(Failed::Transient { reason, .. }) => (reason.clone(), None),
                _ => (String::new(), None),
            };
            if reason.is_empty() || !self.rest(&host, attempt, &reason, asked).await {
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

    /// Waits before the try after the number `attempt` (from 0), as long as the host `asked` for or
    /// else a little longer each time; false when there is to be none.
    pub(super) async fn rest(
        &self,
        host: &str,
        attempt: u32,
        reason: &str,
        asked: Option<Duration>,
    ) -> bool {
        if attempt >= self.retries || asked.is_some_and(|wait| wait > PATIENCE) {
            return false;
        }
        let wait = asked.unwrap_or_else(|| delay(attempt));
        self.tell(Event::Retry(&format!(
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

    /// Waits as long as a host has asked to be left alone.
    pub(super) async fn wait_while_paused(&self, host: &str) {
        let until = self.paused.lock().get(host).copied();
        if let Some(until) = until {
            tokio::time::sleep_until(until.into()).await;
        }
    }

    /// One try, redirects included.
    async fn follow(&self, request: &Request<'_>) -> Result<Answer, Failed> {
        let mut url = request.url.clone();
        let mut elsewhere = false;
        for _ in 0..=REDIRECTS {
            let response = self.once(request, &url, elsewhere).await?;
            let status = response.status();
            let target = response.headers().get(LOCATION).cloned();
            let (true, Some(target)) = (is_redirect(status), target) else {
                return self.read(request, response, elsewhere).await;
            };
            let next = target
                .to_str()
                .ok()
                .and_then(|target| url.join(target).ok())
                .filter(|next| matches!(next.scheme(), "http" | "https"));
            let Some(next) = next else {
                return Err(malformed(&url, "a redirect to what is not an address"));
            };
            if !may_be_led_on(request, status) {
                return Err(malformed(
                    &url,
                    "a redirect of a request that changes things",
                ));
            }
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(malformed(&url, "a redirect from https to http"));
            }
            elsewhere |= next.origin() != url.origin();
            url = next;
        }
        Err(malformed(&url, "more redirects than are followed"))
    }

    async fn once(
        &self,
        request: &Request<'_>,
        url: &Url,
        elsewhere: bool,
    ) -> Result<reqwest::Response, Failed> {
        let method = request.method.clone();
        let mut builder = match request.patience {
            None => self.http.request(method, url.clone()),
            Some(patience) => self
                .unhurried
                .request(method, url.clone())
                .timeout(patience),
        };
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
        }
        if let Some(from) = request.from {
            builder = builder.header(RANGE, format!("bytes={from}-"));
        }
        self.exchange(&request.method, url, builder.send()).await
    }

    /// Waits for what a request comes to, and tells it.
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
        // The query may hold what a storage behind the registry signed: it is not repeated.
        self.tell(Event::Request(&format!(
            "{method} {}{}: {said}, {} ms",
            url.origin().ascii_serialization(),
            url.path(),
            start.elapsed().as_millis()
        )));
        outcome.map_err(|error| failure(&error, url))
    }

    async fn read(
        &self,
        request: &Request<'_>,
        mut response: reqwest::Response,
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
                elsewhere,
                tries: 1,
            });
        }
        // hyper knows that the answer to a HEAD has no body.
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure(&error, &request.url))?
        {
            body.extend_from_slice(&chunk);
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
            elsewhere,
            tries: 1,
        })
    }

    /// One try to send a body that comes while it is sent. Redirects are not followed, and nothing
    /// bounds the time: who hands out the body knows when it is stuck.
    pub(super) async fn stream(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: reqwest::Body,
    ) -> Result<reqwest::Response, Failed> {
        let builder = self.unhurried.request(method.clone(), url.clone());
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
        self.read(&request, response, false).await
    }

    /// Whether what listens at an https address speaks TLS. A certificate that is not trusted is
    /// TLS, and stays an error; nobody there at all is one too.
    pub(super) async fn speaks_tls(&self, probe: Url) -> Result<bool, Error> {
        let answer = self.http.head(probe.clone()).timeout(PROBE_TIMEOUT);
        let Err(error) = answer.send().await else {
            return Ok(true);
        };
        if refused(&error) {
            return match failure(&error, &probe) {
                Failed::Final(error) => Err(error),
                Failed::Transient { .. } => Ok(true),
            };
        }
        Ok(tls_reason(&error).is_some())
    }
}

/// Whether a request may be sent again where a redirect leads: one that only reads, or one whose
/// method and body a redirect of this status keeps. A form holds a secret and goes nowhere else.
fn may_be_led_on(request: &Request<'_>, status: StatusCode) -> bool {
    let reads = request.method == Method::GET || request.method == Method::HEAD;
    reads || (request.form.is_none() && matches!(status.as_u16(), 307 | 308))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
