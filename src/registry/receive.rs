//! Receives request bodies into upload sessions.
//!
//! The position of a session advances only over accepted bytes. Refused bytes are truncated, and a
//! session whose bytes the device lost is ended.

use futures_util::StreamExt;

use super::sessions::{Entry, Session, Stage};
use super::uploads::{BodyError, IncomingBody};
use super::{Registry, RegistryError, layout};
use crate::oci::ByteRange;
use crate::store::{StoreError, Written};

/// The result of receiving a body.
struct Received {
    written: Written,
    /// Number of bytes of the body.
    length: u64,
    /// Why the body ended early.
    failure: Option<BodyError>,
}

impl Registry {
    /// Streams a body into a session. The position advances only if that succeeds, or if a body
    /// without a declared length breaks off; otherwise the bytes are truncated to the acknowledged
    /// position.
    pub(super) async fn receive(
        &self,
        entry: &Entry,
        session: &mut Session,
        range: Option<ByteRange>,
        body: IncomingBody,
        seal: bool,
    ) -> Result<(), RegistryError> {
        if let Some(range) = range
            && range.start != session.position
        {
            let position = session.position;
            return Err(RegistryError::OutOfOrder {
                start: range.start,
                position,
            });
        }
        let expected = range.map(ByteRange::length);
        let received = match self.write(entry, session, expected, body, seal).await {
            Ok(received) => received,
            Err(error) => {
                if error.is_data_lost() {
                    self.abandon(session).await;
                } else {
                    self.truncate(session).await;
                }
                return Err(error.into());
            }
        };
        if let Some(expected) = expected
            && received.failure.is_none()
            && received.length != expected
        {
            self.truncate(session).await;
            return Err(RegistryError::ChunkLength {
                expected,
                actual: received.length,
            });
        }
        session.hashers = received.written.hashers;
        session.position = received.written.length;
        session.updated_at = self.clock.steady();
        session.unsaved = true;
        entry.moved(session.updated_at);
        entry.acknowledged(session.position);
        match received.failure {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Appends a body to the bytes of a session, up to a little more than `expected`.
    async fn write(
        &self,
        entry: &Entry,
        session: &Session,
        expected: Option<u64>,
        mut body: IncomingBody,
        seal: bool,
    ) -> Result<Received, StoreError> {
        let mut appender =
            self.store
                .append(&session.key, session.position, session.hashers.clone());
        let (mut length, mut failure) = (0_u64, None);
        while let Some(next) = body.next().await {
            match next {
                Ok(slices) => {
                    length += slices.iter().map(|slice| slice.len() as u64).sum::<u64>();
                    if expected.is_some_and(|expected| length > expected) {
                        break;
                    }
                    entry.moved(self.clock.steady());
                    if self.lacks_space() {
                        return Err(StoreError::Full(session.key.clone()));
                    }
                    appender.write(slices).await?;
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let whole = failure.is_none() && expected.is_none_or(|expected| expected == length);
        let written = if seal && whole {
            appender.seal().await?
        } else {
            appender.finish().await?
        };
        Ok(Received {
            written,
            length,
            failure,
        })
    }

    /// Truncates the bytes of a session to the acknowledged position; otherwise they would count
    /// after a restart.
    pub(super) async fn truncate(&self, session: &mut Session) {
        if session.stage != Stage::Open || self.journal.claims(std::slice::from_ref(&session.key)) {
            return;
        }
        let appender = self
            .store
            .append(&session.key, session.position, Vec::new());
        if let Err(error) = appender.finish().await {
            tracing::warn!(upload = session.id, %error, "refused bytes of an upload could not be removed");
            if error.is_data_lost() {
                self.abandon(session).await;
            }
        }
    }

    /// Ends a session whose bytes the device lost. If they can't be removed, the session stays in
    /// memory as ended, so that no request finds it again.
    async fn abandon(&self, session: &mut Session) {
        session.stage = Stage::Ended;
        tracing::error!(
            upload = session.id,
            "the device lost bytes of an upload; the upload was ended"
        );
        match self.apply(layout::discard(&session.key)).await {
            Ok(()) => self.sessions.remove(&session.id),
            Err(error) => {
                session.unsaved = true;
                tracing::warn!(upload = session.id, %error, "its bytes could not be removed");
            }
        }
        if session.saved_before
            && let Err(error) = self.index.remove_upload(session.id.clone()).await
        {
            tracing::warn!(upload = session.id, %error, "its record could not be removed");
        }
    }
}
