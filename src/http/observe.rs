//! The records of a request: its id, its line in the access log, its metrics.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{self, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, REFERER};
use http::{HeaderMap, HeaderValue, Method, Request, Version};
use http_body::{Frame, SizeHint};
use serde_json::json;
use tracing::Level;

use super::answer_body::Body;
use super::respond::Answer;
use crate::oci::Context;
use crate::telemetry::{AccessLog, HttpMetrics};

/// The header that carries the id of a request, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Records requests.
pub(super) struct Observer {
    pub(super) metrics: Arc<HttpMetrics>,
    pub(super) access_log: Option<AccessLog>,
    /// Whether lines of the access log are JSON.
    pub(super) json: bool,
}

/// A request being answered. It is recorded when it is dropped: after the last byte of its answer,
/// or when the connection broke.
pub(super) struct Observed {
    observer: Arc<Observer>,
    handler: &'static str,
    started: Instant,
    line: Option<Line>,
    method: Method,
    status: u16,
    received: u64,
    sent: u64,
}

/// The fields of a request for the access log.
struct Line {
    context: Arc<Context>,
    target: String,
    version: Version,
    referer: String,
}

impl Line {
    /// The address of the client; clients of a Unix socket have none.
    fn peer(&self) -> String {
        let address = self.context.address;
        address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
    }

    fn agent(&self) -> &str {
        self.context.agent.as_deref().unwrap_or_default()
    }
}

/// The id of a request: the client's `X-Request-Id` if that is short and plain, otherwise a new one.
pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    static LAST: AtomicU64 = AtomicU64::new(0);
    static RUN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let sent = headers.get(REQUEST_ID).filter(|id| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=64).contains(&id.len()) && id.as_bytes().iter().all(plain)
    });
    if let Some(id) = sent {
        return id.clone();
    }
    let run = RUN.get_or_init(|| uuid::Uuid::new_v4().as_fields().0);
    let count = LAST.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{run:08x}-{count:x}"))
        .unwrap_or_else(|_| HeaderValue::from_static("-"))
}

impl Observer {
    pub(super) fn begin<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        handler: &'static str,
        context: &Arc<Context>,
    ) -> Observed {
        self.metrics.begin(handler);
        let headers = request.headers();
        let text = |name: &HeaderName| {
            let value = headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()));
            value.unwrap_or_default().into_owned()
        };
        let wanted = self.access_log.is_some() || tracing::enabled!(Level::DEBUG);
        let line = wanted.then(|| Line {
            context: Arc::clone(context),
            target: request
                .uri()
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            version: request.version(),
            referer: text(&REFERER),
        });
        let received = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok())
            .unwrap_or_default();
        Observed {
            observer: Arc::clone(self),
            handler,
            started: Instant::now(),
            line,
            method: request.method().clone(),
            status: 0,
            received,
            sent: 0,
        }
    }
}

impl Observed {
    /// Counts the bytes of the answer until its end. The request's `context` names its caller now.
    pub(super) fn follow(mut self, answer: Answer, context: Arc<Context>) -> Answer {
        if let Some(line) = &mut self.line {
            line.context = context;
        }
        self.status = answer.status().as_u16();
        let (head, body) = answer.into_parts();
        Answer::from_parts(
            head,
            Body::new(Counted {
                body,
                observed: self,
            }),
        )
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let method = match self.method {
            Method::GET => "get",
            Method::HEAD => "head",
            Method::POST => "post",
            Method::PUT => "put",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => "other",
        };
        let metrics = &self.observer.metrics;
        metrics.end(
            self.handler,
            method,
            self.status,
            took,
            self.received,
            self.sent,
        );
        if let Some(line) = &self.line {
            tracing::debug!(
                request = &*line.context.request,
                remote = line.peer(),
                method = self.method.as_str(),
                uri = line.target,
                status = self.status,
                duration_ms = took.as_millis(),
                "answered"
            );
        }
        if let (Some(log), Some(line)) = (&self.observer.access_log, &self.line) {
            let text = if self.observer.json {
                self.as_json(line)
            } else {
                self.as_combined(line)
            };
            log.write(&text);
        }
    }
}

impl Observed {
    /// The combined log format of Apache.
    fn as_combined(&self, line: &Line) -> String {
        let (status, sent) = (self.status, self.sent);
        with_second_of_log(|time| {
            format!(
                "{} - - [{time}] \"{} {} {:?}\" {status} {sent} \"{}\" \"{}\"\n",
                line.peer(),
                self.method,
                escaped(&line.target),
                line.version,
                escaped(&line.referer),
                escaped(line.agent()),
            )
        })
    }

    fn as_json(&self, line: &Line) -> String {
        let time = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
            .to_string();
        let line = json!({
            "time": time,
            "request_id": &*line.context.request,
            "remote": line.peer(),
            "actor": line.context.caller.actor(),
            "method": self.method.as_str(),
            "uri": line.target,
            "status": self.status,
            "sent_bytes": self.sent,
            "received_bytes": self.received,
            "duration_ms": self.started.elapsed().as_secs_f64() * 1000.0,
            "referer": line.referer,
            "user_agent": line.agent(),
        });
        format!("{line}\n")
    }
}

/// Length of a time in the combined log format.
const SECOND: usize = 26;

/// Runs `write` with the current second as the combined log format writes it. The text is kept for
/// the other requests of that second.
fn with_second_of_log<T>(write: impl FnOnce(&str) -> T) -> T {
    thread_local! {
        // An array: a string, allocated while many answers are in memory, would keep the allocator
        // from returning their memory to the system.
        static LAST: RefCell<(i64, [u8; SECOND])> = const { RefCell::new((i64::MIN, [b' '; SECOND])) };
    }
    LAST.with_borrow_mut(|(second, text)| {
        let now = jiff::Timestamp::now();
        if *second != now.as_second() {
            *second = now.as_second();
            // The text has this length in every year of four digits.
            let _ = write!(&mut text[..], "{}", now.strftime("%d/%b/%Y:%H:%M:%S +0000"));
        }
        write(std::str::from_utf8(text).unwrap_or_default())
    })
}

/// Escapes the quotes and control characters of a client's text.
fn escaped(text: &str) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed("-");
    }
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .flat_map(|character| {
            let escape = character.is_control() || character == '"' || character == '\\';
            let (escape, plain) = if escape {
                (Some(character.escape_default()), None)
            } else {
                (None, Some(character))
            };
            escape.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// A body that counts the bytes that were sent.
struct Counted {
    body: Body,
    observed: Observed,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
        {
            self.observed.sent += bytes.len() as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
