//! Uploads: sessions that take in bytes until they become a blob.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::sessions::{Entry, Session, Stage, hashers_for};
use super::{Registry, RegistryError, layout};
use crate::index::NewBlob;
use crate::oci::{Algorithm, ByteRange, Digest, Repository};
use crate::store::{StoreError, Written};

/// Why a body ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// The connection broke, or the framing did.
    Interrupted(String),
    /// Nothing, or next to nothing, came for too long.
    Stalled,
}

impl From<BodyError> for RegistryError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Interrupted(reason) => Self::Interrupted(reason),
            BodyError::Stalled => Self::Stalled,
        }
    }
}

/// The body of a request, several slices at a time: as many as are worth a trip to the store.
pub type IncomingBody = Pin<Box<dyn Stream<Item = Result<Vec<Bytes>, BodyError>> + Send>>;

/// An upload session, as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its UUID.
    pub id: String,
    /// Bytes that were received.
    pub position: u64,
}

/// A blob that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Its digest, as the client named it.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl Registry {
    /// Begins an upload. `announced` is the algorithm that its digest will have.
    pub async fn start_upload(
        &self,
        repository: &Repository,
        announced: Option<Algorithm>,
    ) -> Result<Upload, RegistryError> {
        self.must_be_writable()?;
        let session = self.new_session(repository, announced);
        let id = session.id.clone();
        // An empty file says, after a crash as well, that the session exists.
        self.store
            .append(&session.key, 0, Vec::new())
            .finish()
            .await?;
        self.sessions.add(session);
        Ok(Upload { id, position: 0 })
    }

    fn new_session(&self, repository: &Repository, announced: Option<Algorithm>) -> Session {
        let (id, now) = (uuid::Uuid::new_v4().to_string(), self.clock.now());
        Session {
            key: layout::upload(repository, &id),
            id,
            repository: repository.clone(),
            started_at: now,
            updated_at: now,
            position: 0,
            hashers: hashers_for(announced),
            unsaved: true,
            saved_before: false,
            stage: Stage::Open,
        }
    }

    /// How far an upload has come; of one that a request is writing to, what was acknowledged
    /// before that.
    pub async fn upload(&self, repository: &Repository, id: &str) -> Result<Upload, RegistryError> {
        let position = self.position(repository, id).await?;
        let id = id.to_owned();
        Ok(Upload { id, position })
    }

    /// Takes in more bytes: a chunk with its range, or whatever comes.
    pub async fn append(
        &self,
        repository: &Repository,
        id: &str,
        range: Option<ByteRange>,
        body: IncomingBody,
    ) -> Result<Upload, RegistryError> {
        self.must_be_writable()?;
        let (entry, mut session) = self.turn(repository, id).await?;
        self.take_in(&entry, &mut session, range, body, false)
            .await?;
        Ok(Upload {
            id: session.id.clone(),
            position: session.position,
        })
    }

    /// Takes in the last bytes, and makes all of them a blob. A wrong digest ends the upload.
    pub async fn finish_upload(
        &self,
        repository: &Repository,
        id: &str,
        digest: &Digest,
        range: Option<ByteRange>,
        body: IncomingBody,
    ) -> Result<Arrived, RegistryError> {
        self.must_be_writable()?;
        let (entry, mut session) = self.turn(repository, id).await?;
        let before = (session.position, session.hashers.clone());
        let finished = self
            .complete(&entry, &mut session, digest, range, body)
            .await;
        match &finished {
            Ok(_) => {}
            Err(RegistryError::DigestMismatch { .. }) => self.end(&mut session).await?,
            Err(RegistryError::Interrupted(_) | RegistryError::Stalled) => {}
            // As if the request had not been: it may come again.
            Err(_) => {
                (session.position, session.hashers) = before;
                entry.acknowledged(session.position);
            }
        }
        finished
    }

    /// A whole blob in one request; what does not become one leaves nothing behind.
    pub async fn upload_at_once(
        &self,
        repository: &Repository,
        digest: &Digest,
        body: IncomingBody,
    ) -> Result<Arrived, RegistryError> {
        self.must_be_writable()?;
        let mut session = self.new_session(repository, Some(digest.algorithm()));
        session.key = layout::staged();
        let (id, key) = (session.id.clone(), session.key.clone());
        // Among the sessions so that it is seen to move, though nobody is told its id.
        let entry = self.sessions.add(session);
        let mut session = Arc::clone(&entry.session).lock_owned().await;
        let arrived = self
            .complete(&entry, &mut session, digest, None, body)
            .await;
        if arrived.is_err() {
            session.stage = Stage::Ended;
            self.sessions.remove(&id);
            self.unstage(Some(key)).await;
        }
        arrived
    }

    /// Takes in the last bytes of a session, and makes all of it a blob if it has this digest.
    async fn complete(
        &self,
        entry: &Entry,
        session: &mut Session,
        digest: &Digest,
        range: Option<ByteRange>,
        body: IncomingBody,
    ) -> Result<Arrived, RegistryError> {
        self.take_in(entry, session, range, body, true).await?;
        let canonical =
            digest_of(session, Algorithm::Sha256).ok_or(RegistryError::UploadUnknown)?;
        let actual = match digest_of(session, digest.algorithm()) {
            Some(digest) => digest,
            None => self.hash_again(session, digest.algorithm()).await?,
        };
        if actual != *digest {
            return Err(RegistryError::DigestMismatch {
                expected: *digest,
                actual,
            });
        }
        let new = NewBlob {
            repository: session.repository.clone(),
            canonical,
            alias: (canonical != *digest).then_some(*digest),
            size: session.position,
            staged: session.key.clone(),
            upload: session.saved_before.then(|| session.id.clone()),
        };
        let announced = self.journal.announce(canonical, &session.key);
        self.index.add_blob(new, self.lease()).await?;
        drop(announced);
        session.stage = Stage::Ended;
        self.sessions.remove(&session.id);
        Ok(Arrived {
            digest: *digest,
            size: session.position,
        })
    }

    /// Ends an upload without a blob.
    pub async fn cancel_upload(
        &self,
        repository: &Repository,
        id: &str,
    ) -> Result<(), RegistryError> {
        let (_, mut session) = self.turn(repository, id).await?;
        self.end(&mut session).await
    }

    pub(super) async fn end(&self, session: &mut Session) -> Result<(), RegistryError> {
        session.stage = Stage::Ended;
        self.sessions.remove(&session.id);
        self.apply(layout::discard(&session.key)).await?;
        if session.saved_before {
            self.index.remove_upload(session.id.clone()).await?;
        }
        Ok(())
    }

    /// Streams a body into a session. The session moves on only when that ended well, or when the
    /// body broke off without a length to keep to.
    async fn take_in(
        &self,
        entry: &Entry,
        session: &mut Session,
        range: Option<ByteRange>,
        mut body: IncomingBody,
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
        let mut appender =
            self.store
                .append(&session.key, session.position, session.hashers.clone());
        let limit = range.map_or(u64::MAX, ByteRange::length);
        let (mut received, mut broken) = (0_u64, None);
        while let Some(next) = body.next().await {
            match next {
                Ok(slices) => {
                    received += slices.iter().map(|slice| slice.len() as u64).sum::<u64>();
                    if received > limit {
                        break;
                    }
                    entry.moved(self.clock.now());
                    appender.write(slices).await?;
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        if range.is_some() && broken.is_none() && received != limit {
            // Nothing may still be writing when the next request comes.
            appender.finish().await?;
            return Err(RegistryError::ChunkLength {
                expected: limit,
                actual: received,
            });
        }
        let Written { hashers, length } = if seal && broken.is_none() {
            appender.seal().await?
        } else {
            appender.finish().await?
        };
        session.hashers = hashers;
        session.position = length;
        session.updated_at = self.clock.now();
        session.unsaved = true;
        entry.moved(session.updated_at);
        entry.acknowledged(length);
        match broken {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// The digest of a session by an algorithm that nobody announced.
    async fn hash_again(
        &self,
        session: &Session,
        algorithm: Algorithm,
    ) -> Result<Digest, RegistryError> {
        let key = &session.key;
        let mut hasher = crate::hash::Hasher::new(algorithm);
        let mut bytes = self.store.read(key, None).await?;
        while let Some(slice) = bytes.next().await {
            hasher.update(&slice.map_err(|error| StoreError::new("read", key, error))?);
        }
        Ok(hasher.finish())
    }
}

fn digest_of(session: &Session, algorithm: Algorithm) -> Option<Digest> {
    let hasher = session
        .hashers
        .iter()
        .find(|hasher| hasher.algorithm() == algorithm)?;
    Some(hasher.clone().finish())
}
