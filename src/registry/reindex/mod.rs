//! Reindexes the layout: applies changes by other programs to the index. A `registry:2` ran on it,
//! a backup was restored, or the index is missing.
//!
//! Only changes since the last agreement of both are read. The change times of the file system,
//! which nobody can set back, show what is unchanged: in the directories that the agreement was
//! about, and in no others. Content that is older than the agreement and that the index does not
//! know shows that the times say nothing; then everything is compared. The layout itself is not
//! changed. If most of the index's content is missing in the layout, that is an error: probably a
//! disk is not mounted.

mod agreement;
mod blobs;
mod loss;
mod occupied;
mod repositories;
mod tags;
mod unseen;

use std::sync::atomic::Ordering;

use super::journal::Recovered;
use super::{Registry, RegistryError, layout};
use crate::oci::Digest;

use agreement::{AGREED_AT, ALL, Trust};
use repositories::{Basis, Compared};

/// The changes that were applied to the index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReindexReport {
    /// Number of new manifests.
    pub manifests: u64,
    /// Number of new or moved tags.
    pub tags: u64,
    /// Number of new blobs.
    pub blobs: u64,
    /// Number of removed manifests and tags.
    pub removed: u64,
}

impl ReindexReport {
    /// Whether the index was up to date.
    pub fn is_unchanged(&self) -> bool {
        *self == Self::default()
    }
}

impl Registry {
    /// Compares the layout with the index, and applies the differences to the index.
    pub(super) async fn reindex(
        &self,
        recovered: &Recovered,
    ) -> Result<ReindexReport, RegistryError> {
        let (began, started) = (self.clock.now(), self.store_time().await?);
        let agreed = self.agreed_at().await?;
        let Trust {
            mut since,
            is_moved,
            places,
        } = self.trust(agreed, started).await?;
        let mut reindexed = ReindexReport::default();

        self.unreadable.lock().clear();
        self.incomplete.store(false, Ordering::Relaxed);
        let mut blobs = self.compare_blobs(since, recovered, &mut reindexed).await?;
        if blobs.is_untimely {
            since = ALL;
            self.compare_all_blobs(&mut blobs, recovered, &mut reindexed)
                .await?;
        }
        self.release_healed().await?;
        // Links may refer to these again. The others are removed below.
        let (found, returned): (Vec<_>, Vec<_>) = recovered
            .returned
            .iter()
            .copied()
            .partition(|(digest, _)| blobs.added.contains(digest));
        reindexed.blobs -= found.len() as u64;
        let digests = found.iter().chain(&returned).map(|(digest, _)| *digest);
        let digests: Vec<Digest> = digests.collect();
        if !returned.is_empty() {
            blobs.added.extend(&digests);
            self.index
                .reindex_blobs(returned, Vec::new(), began)
                .await?;
        }
        let walked = self.walk_repositories().await?;
        for (name, error) in &walked.unreadable {
            self.note_failure(layout::repository(name), error);
        }
        // A copy has times of its own.
        let pushes = if is_moved {
            0..0
        } else {
            recovered.pushes.clone()
        };
        let compared = loop {
            let basis = Basis {
                since,
                pushes: &pushes,
                blobs: &blobs,
            };
            let compared = self.compare_repositories(&walked, recovered, basis).await?;
            if let Some(compared) = compared {
                break compared;
            }
            since = ALL;
            self.compare_all_blobs(&mut blobs, recovered, &mut reindexed)
                .await?;
        };
        let (_, known) = self.index.counts().await?;
        let Compared { differing, loss } = compared;
        if loss.is_most_of(known) && (known >= 10 || walked.repositories.is_empty()) {
            let root = layout::REPOSITORIES.to_owned();
            return Err(RegistryError::RootLost {
                root,
                found: known.saturating_sub(loss.manifests),
                known,
            });
        }

        let now = self.clock.now();
        let lost = self
            .index
            .reindex_blobs(Vec::new(), blobs.removed.iter().copied().collect(), now)
            .await?;
        for found in differing {
            reindexed.manifests += found.manifests.len() as u64;
            reindexed.tags += found.tags.len() as u64;
            reindexed.removed += (found.removed.len() + found.untagged.len()) as u64;
            self.index.reindex_repository(found, now).await?;
        }
        if !digests.is_empty() {
            reindexed.blobs += self.keep_returned(digests).await?;
        }
        self.update_damaged(lost).await?;
        let mut uploads = walked.uploads;
        uploads.extend(self.own_uploads().await?);
        self.add_uploads_of_layout(uploads).await?;
        if reindexed.blobs > 0 {
            self.lease_new_blobs(began, started).await?;
        }
        if self.incomplete.load(Ordering::Relaxed) {
            // What could not be read may have changed before this start: the next one compares it as
            // this one did.
            let agreed = agreed.unwrap_or_default().to_string();
            self.index.set_setting(AGREED_AT, agreed).await?;
        } else {
            self.record_agreement_at(started, places).await?;
        }
        Ok(reindexed)
    }
}
