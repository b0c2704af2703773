//! Bodies of requests on their way into an upload session.
//!
//! A session moves on only by bytes that it keeps. Refused bytes are cut back at the refusal, and a
//! session whose bytes the device did not keep has ended.

use futures_util::StreamExt;

use super::sessions::{Entry, Session, Stage};
use super::uploads::{BodyError, IncomingBody};
use super::{Registry, RegistryError, layout};
use crate::oci::ByteRange;
use crate::store::{StoreError, Written};

/// What came of a body.
struct Received {
    written: Written,
    /// Bytes of the body.
    length: u64,
    /// Why the body ended early.
    broken: Option<BodyError>,
}

impl Registry {
    /// Streams a body into a session. The session moves on only when that ended well, or when the
    /// body broke off without a length to keep to; else its bytes are cut back to what was
    /// acknowledged.
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
                    self.cut_back(session).await;
                }
                return Err(error.into());
            }
        };
        if let Some(expected) = expected
            && received.broken.is_none()
            && received.length != expected
        {
            self.cut_back(session).await;
            return Err(RegistryError::ChunkLength {
                expected,
                actual: received.length,
            });
        }
        session.hashers = received.written.hashers;
        session.position = received.written.length;
        session.updated_at = self.clock.now();
        session.unsaved = true;
        entry.moved(self.clock.steady());
        entry.acknowledged(session.position);
        match received.broken {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Writes a body behind the bytes of a session, up to a little more than `expected`.
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
        let (mut length, mut broken) = (0_u64, None);
        while let Some(next) = body.next().await {
            match next {
                Ok(slices) => {
                    length += slices.iter().map(|slice| slice.len() as u64).sum::<u64>();
                    if expected.is_some_and(|expected| length > expected) {
                        break;
                    }
                    entry.moved(self.clock.steady());
                    if self.lacks_room() {
                        return Err(StoreError::Full(session.key.clone()));
                    }
                    appender.write(slices).await?;
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        let whole = broken.is_none() && expected.is_none_or(|expected| expected == length);
        let written = if seal && whole {
            appender.seal().await?
        } else {
            appender.finish().await?
        };
        Ok(Received {
            written,
            length,
            broken,
        })
    }

    /// Removes the bytes of a session that were not acknowledged: after a restart they would count.
    pub(super) async fn cut_back(&self, session: &mut Session) {
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

    /// Ends a session whose bytes the device did not keep. Where they can't be removed, the session
    /// stays in memory as one that has ended, so that no request finds it again.
    async fn abandon(&self, session: &mut Session) {
        session.stage = Stage::Ended;
        tracing::error!(
            upload = session.id,
            "the device did not keep the bytes of an upload; it has ended"
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
