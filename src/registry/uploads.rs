//! Uploads: sessions that receive bytes until they become a blob.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::sessions::{Entry, Session, Stage, hashers_for};
use super::{Registry, RegistryError, layout};
use crate::index::NewBlob;
use crate::oci::{Algorithm, ByteRange, Digest, Repository};
use crate::store::StoreError;

/// Why a body ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// The connection broke, or the framing was invalid.
    Interrupted(String),
    /// No data was received within the timeout.
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

/// The body of a request as batches of slices, each large enough for one write to the store.
pub type IncomingBody = Pin<Box<dyn Stream<Item = Result<Vec<Bytes>, BodyError>> + Send>>;

/// The state of an upload session for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its UUID.
    pub id: String,
    /// Acknowledged bytes.
    pub position: u64,
}

/// An uploaded blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadedBlob {
    /// Its digest, as the client named it.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl Registry {
    /// Starts an upload session. `announced` is the algorithm of its digest, if the client named one.
    pub async fn start_upload(
        &self,
        repository: &Repository,
        announced: Option<Algorithm>,
    ) -> Result<Upload, RegistryError> {
        self.must_accept_content().await?;
        let session = self.new_session(repository, announced);
        let id = session.id.clone();
        // An empty file records, even after a crash, that the session exists.
        self.store
            .append(&session.key, 0, Vec::new())
            .finish()
            .await?;
        self.sessions.add(session);
        Ok(Upload { id, position: 0 })
    }

    fn new_session(&self, repository: &Repository, announced: Option<Algorithm>) -> Session {
        let (id, now) = (uuid::Uuid::new_v4().to_string(), self.clock.steady());
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

    /// The position of an upload; while a request is writing, its position before that request.
    pub async fn upload(&self, repository: &Repository, id: &str) -> Result<Upload, RegistryError> {
        let position = self.position(repository, id).await?;
        let id = id.to_owned();
        Ok(Upload { id, position })
    }

    /// Appends a body to a session: a chunk of this range, or a body of any length.
    pub async fn append(
        &self,
        repository: &Repository,
        id: &str,
        range: Option<ByteRange>,
        body: IncomingBody,
    ) -> Result<Upload, RegistryError> {
        self.must_accept_content().await?;
        let (entry, mut session) = self.lock_session(repository, id).await?;
        self.receive(&entry, &mut session, range, body, false)
            .await?;
        Ok(Upload {
            id: session.id.clone(),
            position: session.position,
        })
    }

    /// Appends the last bytes and makes the session a blob. A wrong digest ends the session.
    pub async fn finish_upload(
        &self,
        repository: &Repository,
        id: &str,
        digest: &Digest,
        range: Option<ByteRange>,
        body: IncomingBody,
    ) -> Result<UploadedBlob, RegistryError> {
        self.must_accept_content().await?;
        let (entry, mut session) = self.lock_session(repository, id).await?;
        let before = (session.position, session.hashers.clone());
        let finished = self
            .complete(&entry, &mut session, digest, range, body)
            .await;
        match &finished {
            Ok(_) => {}
            Err(RegistryError::DigestMismatch { .. }) => self.end(&mut session).await?,
            Err(RegistryError::Interrupted(_) | RegistryError::Stalled) => {}
            // The session is unchanged, and the request can be repeated.
            Err(_) if session.stage == Stage::Open => {
                (session.position, session.hashers) = before;
                entry.acknowledged(session.position);
                self.truncate(&mut session).await;
            }
            Err(_) => {}
        }
        finished
    }

    /// Uploads a whole blob in one request. A failed request leaves nothing behind.
    pub async fn upload_at_once(
        &self,
        repository: &Repository,
        digest: &Digest,
        body: IncomingBody,
    ) -> Result<UploadedBlob, RegistryError> {
        self.must_accept_content().await?;
        let mut session = self.new_session(repository, Some(digest.algorithm()));
        let staged = self.sessions.stage();
        session.key.clone_from(&staged.key);
        let id = session.id.clone();
        // It is a session so that its leases are extended; the client does not learn its id.
        let entry = self.sessions.add(session);
        let mut session = Arc::clone(&entry.session).lock_owned().await;
        let arrived = self
            .complete(&entry, &mut session, digest, None, body)
            .await;
        if arrived.is_err() {
            session.stage = Stage::Ended;
            self.sessions.remove(&id);
            self.unstage(Some(staged)).await;
        }
        arrived
    }

    /// Appends the last bytes of a session and makes it a blob if it matches the digest.
    async fn complete(
        &self,
        entry: &Entry,
        session: &mut Session,
        digest: &Digest,
        range: Option<ByteRange>,
        body: IncomingBody,
    ) -> Result<UploadedBlob, RegistryError> {
        self.receive(entry, session, range, body, true).await?;
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
        let in_place = self.is_in_place(&canonical, session.position).await?;
        let new = NewBlob {
            repository: session.repository.clone(),
            canonical,
            alias: (canonical != *digest).then_some(*digest),
            size: session.position,
            in_place,
            staged: session.key.clone(),
            upload: session.saved_before.then(|| session.id.clone()),
        };
        let announced = self.journal.announce(canonical, &session.key);
        self.index.add_blob(new, self.lease()).await?;
        drop(announced);
        session.stage = Stage::Ended;
        self.sessions.remove(&session.id);
        self.must_be_placed(&canonical).await?;
        Ok(UploadedBlob {
            digest: *digest,
            size: session.position,
        })
    }

    /// Cancels an upload session.
    pub async fn cancel_upload(
        &self,
        repository: &Repository,
        id: &str,
    ) -> Result<(), RegistryError> {
        let (_, mut session) = self.lock_session(repository, id).await?;
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

    /// Returns an error if the bytes of a newly committed blob are missing. The blob is unknown
    /// then.
    pub(super) async fn must_be_placed(&self, canonical: &Digest) -> Result<(), RegistryError> {
        if !self.journal.report_lost(canonical) {
            return Ok(());
        }
        self.quarantine(canonical).await?;
        Err(StoreError::NotFound(layout::blob(canonical)).into())
    }

    /// Hashes the bytes of a session again for a digest of an unannounced algorithm.
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
