//! Reindexes the layout: applies changes by other programs to the index. A `registry:2` ran on it,
//! a backup was restored, or the index is missing.
//!
//! Only changes since the last agreement of both are read. The change times of the file system,
//! which nobody can set back, show what is unchanged. The layout itself is not changed. If most of
//! the index's content is missing in the layout, that is an error: probably a disk is not mounted.

mod agreement;
mod loss;
mod occupied;
mod tags;
mod unseen;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use futures_util::{StreamExt, stream};

use super::journal::Recovered;
use super::survey::{Place, Walked, is_within};
use super::{Registry, RegistryError, layout};
use crate::index::{FoundRepository, KnownRepository};
use crate::oci::{Algorithm, Digest, Repository};

use agreement::AGREED_AT;
use loss::Loss;

/// Number of repositories compared at once.
const CONCURRENCY: usize = 4;

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

/// The differences between the blobs of the layout and the index.
#[derive(Default)]
struct ComparedBlobs {
    added: HashSet<Digest>,
    removed: HashSet<Digest>,
}

impl Registry {
    /// Compares the layout with the index, and applies the differences to the index.
    pub(super) async fn reindex(
        &self,
        recovered: &Recovered,
    ) -> Result<ReindexReport, RegistryError> {
        let (began, started) = (self.clock.now(), self.store_time().await?);
        let agreed = self.agreed_at().await?;
        let since = self.since(agreed, started).await?;
        let mut reindexed = ReindexReport::default();

        self.unreadable.lock().clear();
        self.incomplete.store(false, Ordering::Relaxed);
        let mut blobs = self.compare_blobs(since, &mut reindexed).await?;
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
        let Walked {
            repositories: names,
            mut uploads,
            unreadable,
        } = self.walk_repositories().await?;
        uploads.extend(self.own_uploads().await?);
        for (name, error) in &unreadable {
            self.note_failure(layout::repository(name), error);
        }
        let mut differing = Vec::new();
        let (_, known) = self.index.counts().await?;
        let mut loss = Loss::default();
        let on_disk: HashSet<&Repository> = names.iter().collect();
        let indexed = self.index.all_repositories().await?;
        // The layout does not show the content of these.
        let obstructed = self.journal.obstructed_repositories();
        let vanished = indexed.iter().filter(|name| {
            !on_disk.contains(name)
                && !obstructed.contains(*name)
                && !unreadable.iter().any(|(above, _)| is_within(name, above))
        });
        for name in vanished {
            match self.is_occupied(name).await {
                Ok(false) => {}
                Ok(true) => continue,
                Err(RegistryError::Store(error)) => {
                    self.note_failure(layout::repository(name.as_str()), &error);
                    continue;
                }
                Err(error) => return Err(error),
            }
            let known = self.index.known_repository(name).await?;
            loss.add_all(&known);
            let mut found = FoundRepository::unchanged(name.clone());
            found.removed = known.manifests.into_iter().collect();
            found.unlinked = known.blobs.into_iter().collect();
            if !found.is_unchanged() {
                differing.push(found);
            }
        }
        let compared = names.iter().filter(|name| !obstructed.contains(*name));
        let (recovered, blobs) = (recovered, &blobs);
        let comparisons = compared.map(|name| async move {
            let known = self.index.known_repository(name).await?;
            let contested = recovered.contested.contains(name);
            let since = if contested { i64::MIN + 1 } else { since };
            let compared = async {
                let found = self.compare_repository(name, &known, since, blobs).await?;
                let hides = self.hides_content(&found).await?;
                Ok((found, hides))
            };
            match compared.await {
                Ok((_, true)) => {
                    tracing::error!(repository = %name, "something else occupies a path of a repository; its index rows are kept");
                    Ok(None)
                }
                Ok((found, false)) => Ok(Some((known, found))),
                // One unreadable repository must not stop the start.
                Err(RegistryError::Store(error)) => {
                    self.note_failure(layout::repository(name.as_str()), &error);
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        });
        let mut comparisons = stream::iter(comparisons).buffer_unordered(CONCURRENCY);
        while let Some(compared) = comparisons.next().await {
            let Some((known, found)) = compared? else {
                continue;
            };
            loss.add(&known, &found, &blobs.removed);
            if !found.is_unchanged() {
                differing.push(found);
            }
        }
        drop(comparisons);
        if loss.is_most_of(known) && (known >= 10 || names.is_empty()) {
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
            self.record_agreement_at(started).await?;
        }
        Ok(reindexed)
    }

    /// Removes blobs whose removal was in progress when the last process ended, except those with a
    /// link. Returns the number of these.
    async fn keep_returned(&self, returned: Vec<Digest>) -> Result<u64, RegistryError> {
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

    /// Reindexes new blobs. Returns the new and the removed ones.
    async fn compare_blobs(
        &self,
        since: i64,
        reindexed: &mut ReindexReport,
    ) -> Result<ComparedBlobs, RegistryError> {
        let prefixes: Vec<String> = self
            .directories(layout::BLOBS)
            .await?
            .into_iter()
            .filter(|name| name.len() == 2)
            .collect();
        let mut compared = ComparedBlobs::default();
        if prefixes.is_empty() && since != i64::MIN {
            compared.removed = self.index.known_blobs("").await?;
            return Ok(compared);
        }
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

    async fn compare_repository(
        &self,
        name: &Repository,
        known: &KnownRepository,
        since: i64,
        blobs: &ComparedBlobs,
    ) -> Result<FoundRepository, RegistryError> {
        let mut found = FoundRepository::unchanged(name.clone());
        let layers = self
            .links(&format!("{}/_layers", layout::repository(name.as_str())))
            .await?;
        let mut readable = HashSet::new();
        let (mut unread, mut old) = (Vec::new(), Vec::new());
        for layer in layers {
            if layer.name.algorithm() == Algorithm::Sha256 {
                readable.insert(layer.name);
            }
            if known.blobs.contains(&layer.name) {
                continue;
            }
            if layer.stat.changed >= since || blobs.added.contains(&layer.name) {
                unread.push(layer.name);
            } else {
                old.push(layer.name);
            }
        }
        // The blob of an old link was missing when it was read. It may have come back through
        // another repository, which makes the link valid for registry:2.
        unread.extend(self.index.blobs_among(old).await?);
        // registry:2 leaves the links of blobs that it has collected; they have no meaning.
        found.unlinked = known
            .blobs
            .difference(&readable)
            .filter(|blob| !blobs.removed.contains(blob))
            .copied()
            .collect();
        found.linked = self.targets(name, unread, layout::layer).await?;
        if since != i64::MIN {
            let mut there = Vec::with_capacity(found.linked.len());
            for (digest, canonical) in std::mem::take(&mut found.linked) {
                if self.index.has_blob(&canonical).await? {
                    there.push((digest, canonical));
                }
            }
            found.linked = there;
        }

        let directory = format!("{}/_manifests/revisions", layout::repository(name.as_str()));
        let revisions = self.links(&directory).await?;
        let there: HashSet<Digest> = revisions.iter().map(|revision| revision.name).collect();
        found.removed = known.manifests.difference(&there).copied().collect();
        let absent = revisions
            .iter()
            .filter(|link| !known.manifests.contains(&link.name));
        let (new, old): (Vec<_>, Vec<_>) =
            absent.partition(|link| link.stat.changed >= since || blobs.added.contains(&link.name));
        // As for layers.
        let old = old.into_iter().map(|link| link.name).collect();
        let returned: HashSet<Digest> = self.index.blobs_among(old).await?.into_iter().collect();
        let returned = revisions
            .iter()
            .filter(|link| returned.contains(&link.name));
        let added: HashMap<Digest, i64> = new
            .into_iter()
            .chain(returned)
            .map(|link| (link.name, link.stat.written / 1_000_000))
            .collect();
        let digests = revisions
            .iter()
            .map(|link| link.name)
            .filter(|digest| added.contains_key(digest))
            .collect();
        let targets = self.targets(name, digests, layout::revision).await?;
        for (digest, canonical) in targets {
            let pushed_at = added.get(&digest).copied().unwrap_or_default();
            if let Some(manifest) = self.read_new_manifest(name, digest, canonical).await? {
                found.manifests.push((manifest, pushed_at));
            }
        }
        self.compare_tags(known, since, &mut found).await?;
        Ok(found)
    }
}
