//! Sends one segment of an upload: a stream of bytes to a session, and the interpretation of the
//! answer.
//!
//! Feeds the body while the source is read, detects a stalled registry, and parses the answers of a
//! session. Invariant: a read of the source is never interrupted.

use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
    RANGE, RETRY_AFTER,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::auth::Scope;
use super::failure::Failed;
use super::request::Answer;
use super::retry::{is_transient, retry_after};
use super::uploads::{PLACE_TIMEOUT, Upload};
use super::{Client, Error, Subject, outgoing};
use crate::oci::parse_content_range;

/// Timeout for a registry that accepts no bytes.
const STALL_TIMEOUT: Duration = Duration::from_mins(1);

/// A blob of at most this size is sent with the digest, in one request.
const SMALL: u64 = 256 * 1024;

/// The result of sending a segment.
pub(super) enum Sent {
    /// The registry has all the bytes of the source.
    Everything,
    /// It has the bytes that were sent, and there are more.
    Part,
    /// It refused them, or its answer was lost.
    Refused(Box<Refused>),
}

/// Why bytes were refused, and how to continue.
pub(super) struct Refused {
    /// What happened.
    pub(super) reason: String,
    /// The error once the retries are used up.
    pub(super) error: Error,
    /// The wait that the registry requests.
    pub(super) retry_after: Option<Duration>,
    /// Whether the session no longer exists, or is of no more use.
    pub(super) lost: bool,
    /// Whether only the token had expired; there is a new one.
    pub(super) renewed: bool,
    /// The address of a redirect.
    pub(super) redirect: Option<Url>,
}

impl Refused {
    fn temporary(reason: String, error: Error) -> Self {
        Self {
            reason,
            error,
            retry_after: None,
            lost: false,
            renewed: false,
            redirect: None,
        }
    }
}

type Response = Result<reqwest::Response, Failed>;

impl Upload<'_> {
    /// Sends the available bytes in one stream without a length, because registries discard a
    /// broken stream with a length. Repeated bytes go in a stream of their own, so that the
    /// registry can check their position by `Content-Range`.
    pub(super) async fn send(&mut self) -> Result<Sent, Error> {
        let Some(session) = self.session.clone() else {
            return Ok(Sent::Part);
        };
        let again = self.position < self.window.end();
        if !again && !self.take().await? {
            return Ok(Sent::Everything);
        }
        if self.position == 0 && self.source.size().is_some_and(|size| size <= SMALL) {
            // Small content is sent together with the digest.
            while self.take().await? {}
            return Ok(Sent::Everything);
        }
        let end = (again && self.position > 0).then(|| self.window.end());
        let start = self.position;
        let length = end.map(|end| end - start);
        let scope = Scope::Push(self.repository);
        let authorization = self.client.authorization(&session, &scope);
        let headers = headers(start, length, authorization.clone());
        let (feeder, body) = outgoing::channel(length);
        let transport = self.client.transport.clone();
        transport.wait_while_paused(transport.shown(&session)).await;
        let mut request = pin!(transport.stream(Method::PATCH, &session, headers, body));
        let mut response: Option<Response> = None;
        let mut whole = false;
        while response.is_none() && end.is_none_or(|end| self.position < end) {
            let Some(piece) = self.window.piece(self.position) else {
                let mut take = pin!(self.take());
                let taken = loop {
                    tokio::select! {
                        biased;
                        taken = &mut take => break taken?,
                        early = &mut request, if response.is_none() => response = Some(early),
                    }
                };
                if !taken {
                    whole = true;
                    break;
                }
                continue;
            };
            let length = piece.len() as u64;
            tokio::select! {
                biased;
                early = &mut request => response = Some(early),
                sent = tokio::time::timeout(STALL_TIMEOUT, feeder.send(piece)) => match sent {
                    Ok(true) => {
                        self.position += length;
                        (self.progress)(length);
                        self.window.forget_before(self.position);
                    }
                    // The connection is closed; the answer gives the reason.
                    Ok(false) => break,
                    Err(_) => response = Some(Err(stalled("it accepts no more bytes"))),
                },
            }
        }
        whole |= end == Some(self.position);
        let response = if let Some(response) = response {
            response
        } else {
            let answered = async {
                if whole {
                    // The last chunks may still be queued for a connection that is established only
                    // while the request is polled.
                    tokio::select! {
                        biased;
                        early = &mut request => return early,
                        () = feeder.finish() => {}
                    }
                }
                request.await
            };
            tokio::time::timeout(PLACE_TIMEOUT, answered)
                .await
                .unwrap_or_else(|_| Err(stalled("it does not confirm the bytes")))
        };
        let outcome = match response {
            Ok(response) => transport.finish(&session, response).await,
            Err(failed) => Err(failed),
        };
        match outcome {
            Ok(answer) if answer.status.is_success() => self.handle_success(&answer, whole),
            Ok(answer) => {
                self.handle_refusal(&answer, &session, authorization.as_ref())
                    .await
            }
            Err(Failed::Final(error)) => Err(error),
            Err(failed) => {
                let reason = failed.retriable().unwrap_or_default().to_owned();
                let error = failed.into_error(transport.shown(&session));
                Ok(Sent::Refused(Box::new(Refused::temporary(reason, error))))
            }
        }
    }

    /// Reads more bytes from the source into the window. Returns false at its end.
    async fn take(&mut self) -> Result<bool, Error> {
        let bytes = match self.source.next().await {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.unreadable(error)),
        };
        let size = self.source.size();
        if let Some(bytes) = &bytes {
            self.window.push(bytes.clone());
        }
        let end = self.window.end();
        let wrong = match size {
            Some(size) if bytes.is_none() => end != size,
            Some(size) => end > size,
            None => false,
        };
        if wrong {
            let reason = format!("it has {end} bytes and not {}", size.unwrap_or_default());
            return Err(self.unreadable(std::io::Error::other(reason)));
        }
        Ok(bytes.is_some())
    }

    /// Handles a segment that the registry accepted.
    fn handle_success(&mut self, answer: &Answer, whole: bool) -> Result<Sent, Error> {
        let subject = Subject::Upload(self.repository);
        self.session = Some(self.client.session(answer, subject)?);
        // A registry that accepted less answers so.
        let position = position(&answer.headers).filter(|position| *position > 0);
        if whole && position.is_none_or(|position| position == self.position) {
            self.confirmed(self.position);
            return Ok(Sent::Part);
        }
        let reason = "it did not accept the bytes that were sent";
        let error = self.client.malformed(subject, reason);
        Ok(Sent::Refused(Box::new(Refused::temporary(
            reason.to_owned(),
            error,
        ))))
    }

    /// Interprets an unsuccessful answer.
    async fn handle_refusal(
        &mut self,
        answer: &Answer,
        session: &Url,
        rejected: Option<&HeaderValue>,
    ) -> Result<Sent, Error> {
        let (status, subject) = (answer.status, Subject::Upload(self.repository));
        let error = self.client.refusal(answer, subject);
        let refused = Refused::temporary(status.to_string(), error);
        if matches!(status.as_u16(), 307 | 308) && answer.headers.contains_key(LOCATION) {
            let redirect = Some(located(&answer.headers, session, self.client, subject)?);
            return Ok(Sent::Refused(Box::new(Refused {
                redirect,
                ..refused
            })));
        }
        if status == StatusCode::UNAUTHORIZED && self.client.is_own(session) {
            let scope = Scope::Push(self.repository);
            let renewed = self.client.answer_challenge(answer, &scope, rejected);
            if renewed.await?.is_some() {
                return Ok(Sent::Refused(Box::new(Refused {
                    renewed: true,
                    ..refused
                })));
            }
        }
        let retry_after = answer
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, Timestamp::now()));
        let at_start = || position(&answer.headers).unwrap_or_default() == 0;
        match status {
            _ if status == StatusCode::NOT_FOUND
                || (status == StatusCode::RANGE_NOT_SATISFIABLE && at_start()) =>
            {
                Ok(Sent::Refused(Box::new(Refused {
                    lost: true,
                    error: self.client.lost(answer, subject),
                    ..refused
                })))
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                // A registry that reports a wrong offset refuses what is sent there forever.
                let lost = self.unsatisfied_at.replace(self.accepted) == Some(self.accepted);
                if lost {
                    self.client.cancel_upload(self.repository, session).await;
                }
                Ok(Sent::Refused(Box::new(Refused { lost, ..refused })))
            }
            _ if is_transient(status) => Ok(Sent::Refused(Box::new(Refused {
                retry_after,
                ..refused
            }))),
            _ => Err(refused.error),
        }
    }
}

fn stalled(reason: &str) -> Failed {
    Failed::Transient {
        reason: reason.to_owned(),
        hint: "",
    }
}

/// The headers of a segment at an offset; with `Content-Range` if its length is known.
fn headers(start: u64, length: Option<u64>, authorization: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
        if start > 0
            && length > 0
            && let Ok(range) = HeaderValue::try_from(format!("{start}-{}", start + length - 1))
        {
            headers.insert(CONTENT_RANGE, range);
        }
    }
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    headers
}

/// The number of bytes in a session, from its `Range`. `0-0` means none or one byte; it is read as
/// none, and a registry with one byte refuses the next segment.
pub(super) fn position(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(RANGE)?.to_str().ok()?;
    let range = parse_content_range(range).ok()?;
    (range.start == 0).then(|| if range.end == 0 { 0 } else { range.end + 1 })
}

/// The address in `Location`, relative to the URL that answered (RFC 9110, 10.2.2). If a proxy
/// confuses http and https of that host, the scheme of the connection is used.
pub(super) fn located(
    headers: &HeaderMap,
    base: &Url,
    client: &Client,
    subject: Subject<'_>,
) -> Result<Url, Error> {
    let malformed = |reason: &str| client.malformed(subject, reason);
    let mut url = headers
        .get(LOCATION)
        .ok_or_else(|| malformed("it has no Location"))?
        .to_str()
        .ok()
        .and_then(|location| base.join(location).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| malformed("its Location is not an address"))?;
    if url.host_str() == base.host_str() && url.port() == base.port() {
        // Both are http or https, which can always be exchanged.
        let _ = url.set_scheme(base.scheme());
    }
    if base.scheme() == "https" && url.scheme() == "http" {
        return Err(malformed("its Location leads from https to http"));
    }
    Ok(url)
}

impl Client {
    /// The error for a session that the registry no longer knows.
    pub(super) fn lost(&self, answer: &Answer, subject: Subject<'_>) -> Error {
        Error::SessionLost {
            registry: self.registry().to_owned(),
            what: subject.to_string(),
            status: answer.status,
            words: super::words::words(&answer.body),
        }
    }

    /// The address of the session in an answer.
    pub(super) fn session(&self, answer: &Answer, subject: Subject<'_>) -> Result<Url, Error> {
        located(&answer.headers, &answer.url, self, subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_of_a_session() {
        for (range, expected) in [
            ("0-0", Some(0)),
            ("0-9", Some(10)),
            ("bytes=0-9", Some(10)),
            ("5-9", None),
            ("9", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_str(range).unwrap());
            assert_eq!(position(&headers), expected, "{range}");
        }
        assert_eq!(position(&HeaderMap::new()), None);
    }

    #[test]
    fn a_segment_has_its_range() {
        let range = |start, length| {
            let headers = headers(start, length, None);
            let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
            Some(range.to_owned())
        };
        assert_eq!(range(0, Some(10)), None);
        assert_eq!(range(0, None), None);
        assert_eq!(range(3, Some(7)).as_deref(), Some("3-9"));
        assert_eq!(range(3, None), None);
    }
}
