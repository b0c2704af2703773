//! Compares the blobs of the layout with those in the index.

use std::collections::HashSet;

use super::super::journal::Recovered;
use super::super::survey::Place;
use super::super::{Registry, RegistryError, layout};
use super::ReindexReport;
use super::agreement::ALL;
use crate::oci::{Algorithm, Digest};
use crate::store::Entry;

/// The differences between the blobs of the layout and the index.
#[derive(Default)]
pub(super) struct ComparedBlobs {
    /// Blobs that the index did not know.
    pub(super) added: HashSet<Digest>,
    /// Blobs that no longer exist.
    pub(super) removed: HashSet<Digest>,
    /// Whether one was added that is older than the last agreement. The index would have known it:
    /// the times of this directory say nothing about what it knows.
    pub(super) is_untimely: bool,
}

impl Registry {
    /// Removes blobs whose removal was in progress when the last process ended, except those with a
    /// link. Returns the number of these.
    pub(super) async fn keep_returned(&self, returned: Vec<Digest>) -> Result<u64, RegistryError> {
        let kept = self.index.remove_unlinked_blobs(returned).await?;
        let terms = self.lease();
        let end = terms.until();
        let count = kept.len() as u64;
        if count > 0 {
            let ends = kept.into_iter().map(|digest| (digest, end)).collect();
            self.index.lease_until(ends).await?;
        }
        Ok(count)
    }

    /// Compares all blobs, after the times of the layout have turned out to say nothing.
    pub(super) async fn compare_all_blobs(
        &self,
        compared: &mut ComparedBlobs,
        recovered: &Recovered,
        reindexed: &mut ReindexReport,
    ) -> Result<(), RegistryError> {
        tracing::warn!(
            "the data directory has content that is older than the last run and new to the index: \
             all of it is compared"
        );
        self.distrust().await?;
        let all = self.compare_blobs(ALL, recovered, reindexed).await?;
        compared.added.extend(all.added);
        compared.removed = all.removed;
        Ok(())
    }

    /// Reindexes new blobs. Returns the new and the removed ones.
    pub(super) async fn compare_blobs(
        &self,
        since: i64,
        recovered: &Recovered,
        reindexed: &mut ReindexReport,
    ) -> Result<ComparedBlobs, RegistryError> {
        let listed = self.store.list(&[layout::BLOBS.to_owned()]).await?;
        let listed: Vec<Entry> = listed.into_iter().flatten().collect();
        let is_prefix = |entry: &&Entry| entry.directory && entry.name.len() == 2;
        let prefixes = listed.iter().filter(is_prefix);
        let prefixes: Vec<String> = prefixes.map(|entry| entry.name.clone()).collect();
        let mut compared = ComparedBlobs::default();
        if prefixes.is_empty() && since != i64::MIN {
            compared.removed = self.index.known_blobs("").await?;
            return Ok(compared);
        }
        // Another directory may lack whole prefixes. Something may occupy the path of one.
        let names: HashSet<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
        for prefix in (0..=u8::MAX).map(|first| format!("{first:02x}")) {
            if !names.contains(prefix.as_str()) {
                let gone = self.index.known_blobs(&prefix).await?;
                compared.removed.extend(gone);
            }
        }
        let returned = recovered.returned.iter().map(|(digest, _)| *digest);
        let mut explained: HashSet<Digest> = returned.collect();
        let quarantined = self.index.quarantined().await?;
        explained.extend(quarantined.into_iter().map(|(digest, _)| digest));
        let keys: Vec<String> = prefixes
            .iter()
            .map(|prefix| format!("{}/{prefix}", layout::BLOBS))
            .collect();
        let stats = self.store.stat(&keys).await?;
        for ((prefix, key), stat) in prefixes.iter().zip(keys).zip(stats) {
            if stat.is_none_or(|stat| stat.changed < since) {
                continue;
            }
            let known = self.index.known_blobs(prefix).await?;
            let listed = match self.directories(&key).await {
                Err(RegistryError::Store(error)) => {
                    self.note_failure(key, &error);
                    continue;
                }
                listed => listed?,
            };
            let listed: Vec<Digest> = listed
                .iter()
                .filter_map(|hex| Digest::from_hex(Algorithm::Sha256, hex).ok())
                .collect();
            let data: Vec<String> = listed.iter().map(layout::blob).collect();
            let mut there = HashSet::new();
            let mut added = Vec::new();
            for (digest, place) in listed.into_iter().zip(self.survey_each(&data).await) {
                match place {
                    Place::Absent => {}
                    Place::Unreadable(_) => {
                        there.insert(digest);
                    }
                    Place::There(stat) => {
                        there.insert(digest);
                        if !known.contains(&digest) {
                            compared.is_untimely |=
                                since > ALL && stat.changed < since && !explained.contains(&digest);
                            added.push((digest, stat.size));
                        }
                    }
                }
            }
            compared.removed.extend(known.difference(&there).copied());
            compared
                .added
                .extend(added.iter().map(|(digest, _)| *digest));
            if !added.is_empty() {
                reindexed.blobs += added.len() as u64;
                self.index
                    .reindex_blobs(added, Vec::new(), self.clock.now())
                    .await?;
            }
        }
        Ok(compared)
    }
}
