//! Uploads blobs: a session, the bytes in one stream, the digest.
//!
//! Resumes when the connection breaks or the registry is busy: asks for the offset, repeats the
//! bytes in the window, and rewinds the source if the window does not reach back far enough.
//! Invariants: only a window of the last bytes is in memory; credentials are not sent to session
//! addresses on another host; a failed session is cancelled.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use url::Url;

use super::auth::Scope;
use super::session::{Refused, Sent, position};
use super::window::Window;
use super::{Call, Class, Client, Error, Source, Subject, Target};
use crate::oci::{Digest, Repository};

/// Timeout for the registry to move a large blob into place.
pub(super) const PLACE_TIMEOUT: Duration = Duration::from_mins(10);

/// An uploaded blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploaded {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// An upload in progress.
pub(super) struct Upload<'a> {
    pub(super) client: &'a Client,
    pub(super) repository: &'a Repository,
    pub(super) source: &'a mut dyn Source,
    pub(super) progress: &'a (dyn Fn(u64) + Send + Sync),
    /// The address of the session; `None` before there is one, or when it is lost.
    pub(super) session: Option<Url>,
    /// The last bytes of the source.
    pub(super) window: Window,
    /// The offset of the next byte to send.
    pub(super) position: u64,
    /// The offset that the registry has confirmed.
    pub(super) accepted: u64,
    /// Whether this session was resumed after a failure.
    resumed: bool,
    /// Failed attempts without progress.
    pub(super) attempt: u32,
    /// The largest offset that the registry has ever confirmed.
    furthest: u64,
    /// Sessions that were lost. Bytes that a later session accepts again are no progress.
    lost: u32,
    /// The confirmed offset at the last new token.
    renewed_at: Option<u64>,
    /// The offset at which this session last refused bytes with 416.
    pub(super) unsatisfied_at: Option<u64>,
}

impl Client {
    /// Uploads a blob. `progress` is called with the number of bytes sent; repeated bytes count
    /// again.
    pub async fn upload_blob(
        &self,
        repository: &Repository,
        source: &mut dyn Source,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Uploaded, Error> {
        let mut upload = Upload {
            client: self,
            repository,
            source,
            progress,
            session: None,
            window: Window::at(0),
            position: 0,
            accepted: 0,
            resumed: false,
            attempt: 0,
            furthest: 0,
            lost: 0,
            renewed_at: None,
            unsatisfied_at: None,
        };
        let outcome = upload.run().await;
        let outcome = outcome.map_err(|error| upload.at_session(error));
        if let (Err(error), Some(session)) = (&outcome, &upload.session)
            && error.class() != Class::Unavailable
        {
            self.cancel_upload(repository, session).await;
        }
        outcome
    }

    /// Cancels an upload session. The answer is ignored.
    pub(super) async fn cancel_upload(&self, repository: &Repository, session: &Url) {
        let scope = Scope::Push(repository);
        let _ = self
            .call(Call::to(Method::DELETE, Target::Address(session), scope))
            .await;
    }
}

impl Upload<'_> {
    async fn run(&mut self) -> Result<Uploaded, Error> {
        loop {
            if self.session.is_none() {
                self.begin().await?;
            }
            match self.send().await? {
                Sent::Everything => {
                    if let Some(uploaded) = self.close().await? {
                        return Ok(uploaded);
                    }
                }
                Sent::Part => {}
                Sent::Refused(refused) => self.recover(refused).await?,
            }
        }
    }

    /// Opens a session.
    async fn begin(&mut self) -> Result<(), Error> {
        self.go_to(0).await?;
        let path = format!("v2/{}/blobs/uploads/", self.repository);
        let call = Call::new(Method::POST, &path, Scope::Push(self.repository));
        let answer = self.client.call(call).await?;
        if answer.status != StatusCode::ACCEPTED {
            return Err(self.client.refusal(&answer, self.subject()));
        }
        self.session = Some(self.client.session(&answer, self.subject())?);
        self.accepted = 0;
        self.resumed = false;
        self.unsatisfied_at = None;
        Ok(())
    }

    /// Continues at an offset.
    async fn go_to(&mut self, offset: u64) -> Result<(), Error> {
        if !self.window.reaches(offset) {
            let gone_back = self.source.rewind(offset).await;
            if !gone_back.map_err(|error| self.unreadable(error))? {
                return Err(Error::Interrupted {
                    registry: self.client.registry().to_owned(),
                    what: self.subject().to_string(),
                    offset,
                    kept: self.window.end(),
                });
            }
            self.window = Window::at(offset);
        }
        self.position = offset;
        Ok(())
    }

    /// After a failed attempt: waits, asks for the offset of the session, and continues there.
    async fn recover(&mut self, refused: Box<Refused>) -> Result<(), Error> {
        let transport = &self.client.transport;
        let Some(session) = self.session.clone() else {
            return Ok(());
        };
        let host = transport.shown(&session);
        if let Some(next) = refused.redirect {
            // No bytes were accepted; the same bytes go to the other address.
            self.session = Some(next);
            self.attempt += 1;
            return if self.attempt > super::transport::REDIRECTS {
                Err(refused.error)
            } else {
                self.go_to(self.accepted).await
            };
        }
        if refused.lost {
            return self.start_again(&refused.reason, refused.error).await;
        }
        // An expired token is no failure, unless a new one does not help.
        let counts = !refused.renewed || self.renewed_at == Some(self.accepted);
        if refused.renewed {
            self.renewed_at = Some(self.accepted);
        }
        if counts {
            if !transport
                .back_off(host, self.attempt, &refused.reason, refused.retry_after)
                .await
            {
                return Err(refused.error);
            }
            self.attempt += 1;
        }
        let scope = Scope::Push(self.repository);
        let call = Call::to(Method::GET, Target::Address(&session), scope);
        let answer = self.client.call(call).await?;
        match position(&answer.headers).filter(|_| answer.status.is_success()) {
            Some(position) if position > self.window.end() => {
                let reason = "it reports more bytes than exist";
                let error = self.client.malformed(self.subject(), reason);
                self.client.cancel_upload(self.repository, &session).await;
                self.start_again(reason, error).await
            }
            Some(position) => {
                self.confirmed(position);
                self.resumed = true;
                if answer.headers.contains_key(LOCATION) {
                    self.session = Some(self.client.session(&answer, self.subject())?);
                }
                self.go_to(position).await
            }
            None if matches!(answer.status.as_u16(), 401 | 403) => {
                Err(self.client.refusal(&answer, self.subject()))
            }
            None => {
                let lost = self.client.lost(&answer, self.subject());
                self.start_again("it lost the upload session", lost).await
            }
        }
    }

    /// Notes the offset that the registry confirms.
    pub(super) fn confirmed(&mut self, position: u64) {
        if position > self.furthest {
            self.furthest = position;
            self.attempt = 0;
        }
        self.accepted = position;
    }

    /// Gives up a lost session, so that the next one begins at the start; the error if there are no
    /// more retries.
    async fn start_again(&mut self, reason: &str, error: Error) -> Result<(), Error> {
        let Some(session) = self.session.take() else {
            return Ok(());
        };
        let transport = &self.client.transport;
        let host = transport.shown(&session);
        if !transport.back_off(host, self.lost, reason, None).await {
            return Err(error);
        }
        self.lost += 1;
        Ok(())
    }

    /// Completes the session with the digest; `None` if bytes have to be sent again.
    async fn close(&mut self) -> Result<Option<Uploaded>, Error> {
        let digest = self.source.digest().await;
        let digest = digest.map_err(|error| self.unreadable(error))?;
        let uploaded = Uploaded {
            digest,
            size: self.window.end(),
        };
        let size = Some(uploaded.size);
        let Some(mut closing) = self.session.clone() else {
            return Ok(None);
        };
        let query = match closing.query() {
            Some(query) if !query.is_empty() => format!("{query}&digest={digest}"),
            _ => format!("digest={digest}"),
        };
        closing.set_query(Some(&query));
        let scope = Scope::Push(self.repository);
        let body = self.unsent();
        let alone = body.is_none();
        let call = Call {
            timeout: Some(PLACE_TIMEOUT),
            body: body.map(|bytes| ("application/octet-stream", bytes)),
            ..Call::to(Method::PUT, Target::Address(&closing), scope)
        };
        let answer = match self.client.call(call).await {
            Ok(answer) => answer,
            // Perhaps only the answer was lost, and the blob was stored.
            Err(error) if error.class() == Class::Unavailable => {
                return match self.client.has_blob(self.repository, &digest, size).await {
                    Ok(true) => Ok(Some(uploaded)),
                    Ok(false) | Err(_) => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        if answer.status.is_success() {
            answer.confirms(&digest, Subject::Blob(self.repository, &digest))?;
            return Ok(Some(uploaded));
        }
        // The answer to an earlier attempt was lost, but it succeeded.
        let gone = answer.status == StatusCode::NOT_FOUND;
        if gone && self.client.has_blob(self.repository, &digest, size).await? {
            return Ok(Some(uploaded));
        }
        // Some of the bytes may be stored by an earlier attempt.
        let again = self.resumed || (!alone && answer.tries > 1);
        let damaged = answer.status == StatusCode::BAD_REQUEST && again;
        if gone || answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
            let lost = self.client.lost(&answer, self.subject());
            self.start_again("it lost the upload session", lost).await?;
            return Ok(None);
        }
        let subject = Subject::Blob(self.repository, &digest);
        let error = self.client.refusal(&answer, subject);
        if !damaged {
            return Err(error);
        }
        if let Some(session) = &self.session {
            self.client.cancel_upload(self.repository, session).await;
        }
        self.start_again("it has different bytes", error).await?;
        Ok(None)
    }

    /// Says of an address that can't be reached that the registry gave it.
    fn at_session(&self, error: Error) -> Error {
        let shown = |url| self.client.transport.shown(url);
        let elsewhere = self.session.as_ref().filter(|url| !self.client.is_own(url));
        match (error, elsewhere.map(shown)) {
            (Error::Unreachable { host, reason, .. }, Some(session)) if host == session => {
                let registry = self.client.registry();
                Error::Unreachable {
                    reason: format!("{reason}; {registry} gives that address for uploads"),
                    hint: "a proxy in front of it has to pass on the name and the port that the \
                           client uses (in nginx, proxy_set_header Host $http_host)"
                        .into(),
                    host,
                }
            }
            (error, _) => error,
        }
    }

    /// The content sent with the digest: all of a small blob.
    fn unsent(&self) -> Option<Bytes> {
        let mut bytes = BytesMut::new();
        let mut position = self.position;
        while let Some(piece) = self.window.piece(position) {
            position += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        if bytes.is_empty() {
            return None;
        }
        (self.progress)(bytes.len() as u64);
        Some(bytes.freeze())
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject::Upload(self.repository)
    }

    /// The error of an unreadable source; the error of another registry is kept.
    pub(super) fn unreadable(&self, error: io::Error) -> Error {
        error
            .downcast::<Error>()
            .unwrap_or_else(|error| Error::Source {
                what: self.subject().to_string(),
                reason: error.to_string(),
            })
    }
}
