//! Finds upload sessions in memory, in the index and in the layout, and waits for exclusive access.
//!
//! Only one request at a time uses a session. Received bytes are never discarded here: a session
//! that is not in memory continues at the end of its bytes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::OwnedMutexGuard;

use super::sessions::{Entry, Session, Stage, hashers_for};
use super::{Registry, RegistryError, layout};
use crate::oci::Repository;
use crate::store::StoreError;

/// Timeout for another request that writes to the same upload.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of a status request for such a request: a client may ask again before the server has
/// noticed that its connection broke.
const STATUS_TIMEOUT: Duration = Duration::from_millis(200);

type SessionGuard = OwnedMutexGuard<Session>;

impl Registry {
    /// Waits for exclusive access to a session.
    pub(super) async fn lock_session(
        &self,
        repository: &Repository,
        id: &str,
    ) -> Result<(Arc<Entry>, SessionGuard), RegistryError> {
        self.lock_session_within(TURN_TIMEOUT, repository, id).await
    }

    /// Like [`Registry::lock_session`], with another timeout.
    pub(super) async fn lock_session_within(
        &self,
        timeout: Duration,
        repository: &Repository,
        id: &str,
    ) -> Result<(Arc<Entry>, SessionGuard), RegistryError> {
        loop {
            let entry = self.entry(repository, id).await?;
            let turn = Arc::clone(&entry.session).lock_owned();
            let session = tokio::time::timeout(timeout, turn)
                .await
                .map_err(|_| RegistryError::UploadBusy)?;
            match session.stage {
                Stage::Open => return Ok((entry, session)),
                Stage::Ended => return Err(RegistryError::UploadUnknown),
                Stage::Evicted => {}
            }
        }
    }

    /// Acknowledged bytes of a session.
    pub(super) async fn position(
        &self,
        repository: &Repository,
        id: &str,
    ) -> Result<u64, RegistryError> {
        let entry = self.entry(repository, id).await?;
        match tokio::time::timeout(STATUS_TIMEOUT, entry.session.lock()).await {
            Ok(session) if session.stage == Stage::Ended => Err(RegistryError::UploadUnknown),
            Ok(session) => Ok(session.position),
            Err(_) => Ok(entry.position.load(Ordering::Relaxed)),
        }
    }

    async fn entry(&self, repository: &Repository, id: &str) -> Result<Arc<Entry>, RegistryError> {
        let entry = match self.sessions.get(id) {
            Some(entry) => entry,
            None => self.sessions.add(self.find_session(repository, id).await?),
        };
        if entry.repository == *repository {
            Ok(entry)
        } else {
            Err(RegistryError::UploadUnknown)
        }
    }

    async fn find_session(
        &self,
        repository: &Repository,
        id: &str,
    ) -> Result<Session, RegistryError> {
        if uuid::Uuid::try_parse(id).is_err() {
            return Err(RegistryError::UploadUnknown);
        }
        let keys = [
            layout::upload(repository, id),
            layout::foreign_upload(repository, id),
            layout::foreign_upload_started(repository, id),
        ];
        // The bytes of an ended session may exist until the layout catches up.
        if self.journal.claims(&keys) {
            return Err(RegistryError::UploadUnknown);
        }
        let stats = self.store.stat(&keys).await?;
        let stat = |number: usize| stats.get(number).copied().flatten();
        let (key, length, began) = match (stat(0), stat(1), stat(2)) {
            (Some(ours), _, _) => (&keys[0], ours.size, ours.changed),
            (None, Some(theirs), _) => (&keys[1], theirs.size, theirs.changed),
            (None, None, Some(started)) => (&keys[1], 0, started.changed),
            (None, None, None) => return Err(RegistryError::UploadUnknown),
        };
        let now = self.clock.steady();
        let mut session = match self.index.upload(id).await? {
            Some(record) if record.repository == *repository => {
                Session::from_record(&record, key.clone())
            }
            Some(_) => return Err(RegistryError::UploadUnknown),
            None => Session {
                id: id.to_owned(),
                repository: repository.clone(),
                key: key.clone(),
                // The clock of the file system may have been set since.
                started_at: (began / 1_000_000).min(now),
                updated_at: now,
                position: 0,
                hashers: hashers_for(None),
                unsaved: true,
                saved_before: false,
                stage: Stage::Open,
            },
        };
        if session.position > length {
            (session.position, session.hashers) = (0, hashers_for(None));
        }
        // Bytes received after the hash states were saved are hashed again.
        if session.position < length {
            let mut rest = self
                .store
                .read(key, Some((session.position, length)))
                .await?;
            while let Some(slice) = rest.next().await {
                let slice = slice.map_err(|error| StoreError::new("read", key, error))?;
                session
                    .hashers
                    .iter_mut()
                    .for_each(|hasher| hasher.update(&slice));
            }
            session.position = length;
            session.unsaved = true;
        }
        Ok(session)
    }
}
