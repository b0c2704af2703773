//! What is done for uploads in the background: keeping their state, keeping leases alive while they
//! move, ending those that nobody goes on with.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::sessions::Stage;
use super::{Registry, RegistryError};
use crate::clock::Millis;
use crate::index::UploadRecord;

/// Sessions in which nothing has moved for this long are found again when they are asked for.
const FORGET_AFTER: Millis = 10 * 60 * 1000;
/// An upload that received data within this time, in milliseconds, moves.
const MOVING: Millis = 60_000;
/// How long no client may have used the registry before leases are ended.
const QUIET: Duration = Duration::from_secs(2);
/// Uploads that are ended in one go.
pub(super) const SOME: usize = 1000;

impl Registry {
    /// Keeps in the index how far the sessions have come, and the leases of repositories alive in
    /// which an upload moves. Called every second or so, and before the end.
    pub async fn save_uploads(&self) -> Result<(), RegistryError> {
        let now = self.clock.now();
        let mut records = Vec::new();
        let mut saved = Vec::new();
        for entry in self.sessions.all() {
            // One that a request works on is kept once that has ended.
            let Ok(mut session) = Arc::clone(&entry.session).try_lock_owned() else {
                continue;
            };
            if session.stage == Stage::Open && session.unsaved && now - session.started_at >= 1000 {
                records.push(session.record());
                saved.push(session);
            } else if !session.unsaved && now - session.updated_at > FORGET_AFTER {
                session.stage = Stage::Forgotten;
                self.sessions.remove(&session.id);
            }
        }
        if !records.is_empty() {
            self.index.save_uploads(records).await?;
            for session in &mut saved {
                (session.unsaved, session.saved_before) = (false, true);
            }
        }
        Ok(())
    }

    /// Extends the leases in repositories where an upload has moved within the last minute.
    pub async fn keep_leases_of_moving_uploads(&self) -> Result<(), RegistryError> {
        let terms = self.lease_terms();
        let mut moving = HashSet::new();
        for entry in self.sessions.all() {
            let moved_at = entry.moved_at.load(Ordering::Relaxed);
            if terms.steady - moved_at < MOVING {
                moving.insert(entry.repository.clone());
            }
        }
        for repository in moving {
            self.index.extend_leases(repository, terms).await?;
        }
        Ok(())
    }

    /// Ends all leases, unless a client has used the registry within the last seconds or has an
    /// upload that moves.
    pub(super) async fn end_leases(&self) -> Result<(), RegistryError> {
        let now = self.clock.steady();
        let moves = |moved_at: &AtomicI64| now - moved_at.load(Ordering::Relaxed) < MOVING;
        if self.sessions.all().iter().any(|one| moves(&one.moved_at)) {
            return Err(RegistryError::ClientsActive);
        }
        let before = self.traffic.load(Ordering::Relaxed);
        tokio::time::sleep(QUIET).await;
        if self.traffic.load(Ordering::Relaxed) != before {
            return Err(RegistryError::ClientsActive);
        }
        let ended = self.index.end_leases().await?;
        self.cache.forget_leases();
        if self.traffic.load(Ordering::Relaxed) != before {
            // A client may have been told that a blob exists by a lease that has just ended.
            self.index.restore_leases(ended).await?;
            return Err(RegistryError::ClientsActive);
        }
        Ok(())
    }

    /// Ends the uploads that have received nothing for `age` milliseconds: how many. With `dry_run`
    /// only counts them.
    pub async fn purge_uploads(&self, age: Millis, dry_run: bool) -> Result<usize, RegistryError> {
        Ok(self.purge_some_uploads(age, dry_run, SOME).await?.len())
    }

    /// As [`Registry::purge_uploads`], at most `limit`: those.
    pub(super) async fn purge_some_uploads(
        &self,
        age: Millis,
        dry_run: bool,
        limit: usize,
    ) -> Result<Vec<UploadRecord>, RegistryError> {
        let before = self.clock.now() - age;
        let idle = self.index.idle_uploads(before, limit).await?;
        if dry_run {
            return Ok(idle);
        }
        let mut purged = Vec::new();
        for upload in idle {
            let turn = self.turn_within(Duration::ZERO, &upload.repository, &upload.id);
            match turn.await {
                // It has received something since the index was told.
                Ok((_, session)) if session.updated_at >= before => continue,
                Ok((_, mut session)) => self.end(&mut session).await?,
                // Its bytes were gone already.
                Err(RegistryError::UploadUnknown) => {
                    self.index.remove_upload(upload.id.clone()).await?;
                }
                // A request is writing to it.
                Err(RegistryError::UploadBusy) => continue,
                Err(error) => return Err(error),
            }
            purged.push(upload);
        }
        Ok(purged)
    }
}
