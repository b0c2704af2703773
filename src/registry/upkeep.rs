//! Background tasks for uploads: saving their state, extending leases while they receive data, and
//! ending abandoned ones.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::sessions::Stage;
use super::{Registry, RegistryError};
use crate::clock::Millis;
use crate::index::UploadRecord;

/// Sessions without data for this long are removed from memory, and restored on demand.
const EVICT_AFTER: Millis = 10 * 60 * 1000;
/// An upload that received data within this time, in milliseconds, is active.
const ACTIVE: Millis = 60_000;
/// Minimum time without clients before leases are ended.
const QUIET: Duration = Duration::from_secs(2);
/// Maximum number of uploads ended in one call.
pub(super) const PURGE_BATCH: usize = 1000;

impl Registry {
    /// Saves the state of sessions in the index, and extends the leases of repositories with active
    /// uploads. Called every second or so, and at the end.
    pub async fn save_uploads(&self) -> Result<(), RegistryError> {
        let now = self.clock.steady();
        let mut records = Vec::new();
        let mut saved = Vec::new();
        for entry in self.sessions.all() {
            // A session in use is saved after its request.
            let Ok(mut session) = Arc::clone(&entry.session).try_lock_owned() else {
                continue;
            };
            if session.stage == Stage::Open && session.unsaved && now - session.started_at >= 1000 {
                records.push(session.record());
                saved.push(session);
            } else if !session.unsaved && now - session.updated_at > EVICT_AFTER {
                session.stage = Stage::Evicted;
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

    /// Extends the leases in repositories with active uploads.
    pub async fn extend_leases_of_active_uploads(&self) -> Result<(), RegistryError> {
        let terms = self.lease_terms();
        let mut moving = HashSet::new();
        for entry in self.sessions.all() {
            let moved_at = entry.moved_at.load(Ordering::Relaxed);
            if terms.steady - moved_at < ACTIVE {
                moving.insert(entry.repository.clone());
            }
        }
        for repository in moving {
            self.index.extend_leases(repository, terms).await?;
        }
        Ok(())
    }

    /// Ends all leases, unless a client has used the registry within the last seconds or has an
    /// active upload.
    pub(super) async fn end_leases(&self) -> Result<(), RegistryError> {
        let now = self.clock.steady();
        let moves = |moved_at: &AtomicI64| now - moved_at.load(Ordering::Relaxed) < ACTIVE;
        if self.sessions.all().iter().any(|one| moves(&one.moved_at)) {
            return Err(RegistryError::ClientsActive);
        }
        let before = self.traffic.load(Ordering::Relaxed);
        let is_used = || {
            // One is the registry's own.
            let under_way = Arc::strong_count(&self.relying) > 1;
            under_way || self.traffic.load(Ordering::Relaxed) != before
        };
        tokio::time::sleep(QUIET).await;
        if is_used() {
            return Err(RegistryError::ClientsActive);
        }
        let ended = self.index.end_leases().await?;
        self.cache.forget_leases();
        if is_used() {
            // A client may rely on one of the leases that have just been ended.
            self.index.restore_leases(ended).await?;
            return Err(RegistryError::ClientsActive);
        }
        Ok(())
    }

    /// Ends the uploads without data for `age` milliseconds. Returns how many; with `dry_run` only
    /// counts them.
    pub async fn purge_uploads(&self, age: Millis, dry_run: bool) -> Result<usize, RegistryError> {
        Ok(self
            .purge_some_uploads(age, dry_run, PURGE_BATCH)
            .await?
            .len())
    }

    /// Like [`Registry::purge_uploads`], at most `limit`. Returns them.
    pub(super) async fn purge_some_uploads(
        &self,
        age: Millis,
        dry_run: bool,
        limit: usize,
    ) -> Result<Vec<UploadRecord>, RegistryError> {
        let before = self.clock.steady() - age;
        let idle = self.index.idle_uploads(before, limit).await?;
        if dry_run {
            return Ok(idle);
        }
        let mut purged = Vec::new();
        for upload in idle {
            let turn = self.lock_session_within(Duration::ZERO, &upload.repository, &upload.id);
            match turn.await {
                // The session in memory is newer than the saved row.
                Ok((_, session)) if session.updated_at >= before => continue,
                Ok((_, mut session)) => self.end(&mut session).await?,
                // Its bytes were removed already.
                Err(RegistryError::UploadUnknown) => {
                    self.index.remove_upload(upload.id.clone()).await?;
                }
                // A request is writing to it.
                Err(RegistryError::UploadBusy) => continue,
                // The others are purged nevertheless.
                Err(error @ RegistryError::DeviceFailing(_)) => {
                    tracing::error!(%error, upload = upload.id, "an upload can't be purged");
                    continue;
                }
                Err(error) => return Err(error),
            }
            purged.push(upload);
        }
        Ok(purged)
    }
}
