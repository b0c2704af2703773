//! What was begun and never became anything: uploads that nobody goes on with, and files of ours
//! that a crash has left.
//!
//! Files of others are left alone, whatever they look like: those of ours that lie among the links
//! of the layout are removed by the next start, which knows from the journal where to look.

use super::super::{Registry, RegistryError, layout, upkeep};
use super::Collected;
use crate::store::Step;

/// Files this old that nothing claims are nobody's, in nanoseconds by the clock of the store.
const ABANDONED: i64 = 60 * 60 * 1_000_000_000;
/// Uploads that a dry run tells of at most.
const TOLD: usize = 100_000;

impl Registry {
    /// Takes, or only tells, what was left: calls `tell` for each thing.
    pub(super) async fn collect_leftovers(
        &self,
        dry_run: bool,
        mut tell: impl FnMut(Collected) + Send,
    ) -> Result<(), RegistryError> {
        if let Some(age) = self.rules.uploads {
            let limit = if dry_run { TOLD } else { upkeep::SOME };
            loop {
                let some = self.purge_some_uploads(age, dry_run, limit).await?;
                let last = some.is_empty() || dry_run;
                for upload in some {
                    tell(Collected::Upload {
                        repository: upload.repository,
                        id: upload.id,
                        bytes: upload.position,
                        moved_at: upload.updated_at,
                    });
                }
                if last {
                    break;
                }
            }
        }
        for (key, bytes) in self.abandoned_files().await? {
            if !dry_run {
                self.apply(Step::Remove { key: key.clone() }).await?;
            }
            tell(Collected::Temporary { key, bytes });
        }
        Ok(())
    }

    /// Bytes on their way in that nobody waits for, and half-written records of ours.
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
                    .filter(|entry| !half_written || layout::is_half_written(&entry.name, "clock"))
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
