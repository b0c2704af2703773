//! Leftovers: uploads that have timed out, and temporary files that a crash left behind.
//!
//! Files of other programs are left alone. Our temporary files among the links of the layout are
//! removed by the next start, which finds their directories in the journal.

use super::super::{Registry, RegistryError, layout, upkeep};
use super::CollectEntry;
use super::run::Run;
use crate::store::Step;

/// Age of an unclaimed file to be a leftover, in nanoseconds by the clock of the store.
const ABANDONED: i64 = 60 * 60 * 1_000_000_000;
/// Maximum number of uploads that a dry run reports.
const DRY_LIMIT: usize = 100_000;

impl Run<'_> {
    /// Deletes uploads that have timed out, or only reports them.
    pub(super) async fn uploads(&mut self) -> Result<(), RegistryError> {
        let (registry, dry_run) = (self.registry, self.options.dry_run);
        if let Some(age) = registry.idle_upload_age() {
            let limit = if dry_run {
                DRY_LIMIT
            } else {
                upkeep::PURGE_BATCH
            };
            loop {
                let some = registry.purge_some_uploads(age, dry_run, limit).await?;
                let last = some.is_empty() || dry_run;
                for upload in some {
                    let entry = CollectEntry::Upload {
                        repository: upload.repository,
                        id: upload.id,
                        bytes: upload.position,
                        moved_at: upload.updated_at,
                    };
                    self.report(entry).await;
                }
                if last {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Deletes temporary files that a crash left behind, or only reports them.
    pub(super) async fn files(&mut self) -> Result<(), RegistryError> {
        let (registry, dry_run) = (self.registry, self.options.dry_run);
        for (key, bytes) in registry.abandoned_files().await? {
            if !dry_run {
                registry.apply(Step::Remove { key: key.clone() }).await?;
            }
            let entry = CollectEntry::TemporaryFile { key, bytes };
            self.report(entry).await;
        }
        Ok(())
    }
}

impl Registry {
    /// Staged bytes that no session claims, and incomplete records.
    async fn abandoned_files(&self) -> Result<Vec<(String, u64)>, RegistryError> {
        let directories = [layout::STAGING.to_owned(), layout::OURS.to_owned()];
        let listed = self.store.list(&directories).await?;
        let mut keys = Vec::new();
        for (directory, entries) in directories.iter().zip(listed) {
            let half_written = directory == layout::OURS;
            keys.extend(
                entries
                    .into_iter()
                    .filter(|entry| !entry.directory)
                    .filter(|entry| !half_written || is_own_record(&entry.name))
                    .map(|entry| format!("{directory}/{}", entry.name)),
            );
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let before = self.store_time().await?.saturating_sub(ABANDONED);
        let stats = self.store.stat(&keys).await?;
        Ok(keys
            .into_iter()
            .zip(stats)
            .filter_map(|(key, stat)| stat.map(|stat| (key, stat)))
            .filter(|(key, stat)| {
                stat.changed < before
                    && !self.sessions.is_staged(key)
                    && !self.journal.claims(std::slice::from_ref(key))
            })
            .map(|(key, stat)| (key, stat.size))
            .collect())
    }
}

/// Whether a name is that of an unfinished write of one of regctl's records.
fn is_own_record(name: &str) -> bool {
    ["clock", "journal"]
        .iter()
        .any(|record| layout::is_half_written(name, record))
}
