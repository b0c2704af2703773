//! Compares the repositories of the layout with those in the index.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use futures_util::{StreamExt, stream};

use super::super::journal::Recovered;
use super::super::survey::{Place, Walked, is_within};
use super::super::{Registry, RegistryError, layout};
use super::agreement::ALL;
use super::blobs::ComparedBlobs;
use super::loss::Loss;
use crate::index::{FoundRepository, KnownRepository};
use crate::oci::{Algorithm, Digest, Repository};

/// Number of repositories compared at once.
const CONCURRENCY: usize = 4;

/// What a comparison of a repository goes by.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    /// Older links are not read without a reason.
    pub(super) since: i64,
    /// When other programs may have pushed, by the time at which links were written.
    pub(super) pushes: &'a Range<i64>,
    pub(super) blobs: &'a ComparedBlobs,
}

/// Links that are older than the last agreement and unknown to the index.
pub(super) enum OldLinks {
    /// Those whose blobs the index knows. registry:2 leaves the others when it collects blobs; they
    /// have no meaning.
    Returned(Vec<Digest>),
    /// The store has a blob of one of them that the index does not know: it has not compared this
    /// directory, and the times say nothing.
    Untimely,
}

/// The differences between all repositories of the layout and the index.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) differing: Vec<FoundRepository>,
    pub(super) loss: Loss,
}

impl Registry {
    /// Compares all repositories; `None` if the times of one say nothing about what the index knows.
    pub(super) async fn compare_repositories(
        &self,
        walked: &Walked,
        recovered: &Recovered,
        basis: Basis<'_>,
    ) -> Result<Option<Compared>, RegistryError> {
        let names = &walked.repositories;
        let on_disk: HashSet<&Repository> = names.iter().collect();
        // The layout does not show the content of these.
        let obstructed = self.journal.obstructed_repositories();
        let there = names.iter().filter(|name| !obstructed.contains(*name));
        let comparisons = there.map(|name| async move {
            let known = self.index.known_repository(name).await?;
            let contested = recovered.contested.contains(name);
            let since = if contested { ALL } else { basis.since };
            let basis = Basis { since, ..basis };
            let compared = async {
                let Some(found) = self.compare_repository(name, &known, basis).await? else {
                    return Ok(None);
                };
                let hides = self.hides_content(&found).await?;
                Ok(Some((found, hides)))
            };
            match compared.await {
                Ok(Some((_, true))) => {
                    tracing::error!(repository = %name, "something else occupies a path of a repository; its index rows are kept");
                    Ok(Some(None))
                }
                Ok(found) => Ok(found.map(|(found, _)| Some((known, found)))),
                // One unreadable repository must not stop the start.
                Err(RegistryError::Store(error)) => {
                    self.note_failure(layout::repository(name.as_str()), &error);
                    Ok(Some(None))
                }
                Err(error) => Err(error),
            }
        });
        let mut comparisons = stream::iter(comparisons).buffer_unordered(CONCURRENCY);
        let mut compared = Compared::default();
        while let Some(one) = comparisons.next().await {
            let Some(one) = one? else {
                return Ok(None);
            };
            let Some((known, found)) = one else {
                continue;
            };
            compared.loss.add(&known, &found, &basis.blobs.removed);
            if !found.is_unchanged() {
                compared.differing.push(found);
            }
        }
        drop(comparisons);
        let indexed = self.index.all_repositories().await?;
        let vanished = indexed.iter().filter(|name| {
            !on_disk.contains(name)
                && !obstructed.contains(*name)
                && !walked
                    .unreadable
                    .iter()
                    .any(|(above, _)| is_within(name, above))
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
            compared.loss.add_all(&known);
            let mut found = FoundRepository::unchanged(name.clone());
            found.removed = known.manifests.into_iter().collect();
            found.unlinked = known.blobs.into_iter().collect();
            if !found.is_unchanged() {
                compared.differing.push(found);
            }
        }
        Ok(Some(compared))
    }

    /// Compares a repository; `None` if its times say nothing about what the index knows.
    async fn compare_repository(
        &self,
        name: &Repository,
        known: &KnownRepository,
        basis: Basis<'_>,
    ) -> Result<Option<FoundRepository>, RegistryError> {
        let Basis {
            since,
            pushes,
            blobs,
        } = basis;
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
            } else if layer.name.algorithm() == Algorithm::Sha256 {
                // A blob with another digest has a link by its canonical one as well.
                old.push(layer.name);
            }
        }
        // The blob of an old link was missing when it was read. It may have come back through
        // another repository, which makes the link valid for registry:2.
        let OldLinks::Returned(returned) = self.old_links(name, old, layout::layer).await? else {
            return Ok(None);
        };
        let mut is_late = !returned.is_empty();
        unread.extend(returned);
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
        let OldLinks::Returned(returned) = self.old_links(name, old, layout::revision).await?
        else {
            return Ok(None);
        };
        is_late |= !returned.is_empty();
        let returned: HashSet<Digest> = returned.into_iter().collect();
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
        let renewed = revisions.iter().filter(|link| {
            known.manifests.contains(&link.name)
                && link.stat.changed >= since
                && pushes.contains(&link.stat.written)
        });
        found.renewed = renewed
            .map(|link| (link.name, link.stat.written / 1_000_000))
            .collect();
        // What has come late may have come with tags that were moved to it.
        let since = if is_late { ALL } else { since };
        let basis = Basis { since, ..basis };
        self.compare_tags(known, basis, &mut found).await?;
        Ok(Some(found))
    }

    /// Looks for the blobs of links that are older than the last agreement and unknown to the index.
    pub(super) async fn old_links(
        &self,
        name: &Repository,
        old: Vec<Digest>,
        key: fn(&Repository, &Digest) -> String,
    ) -> Result<OldLinks, RegistryError> {
        let canonical = |digest: &Digest| digest.algorithm() == Algorithm::Sha256;
        let (direct, indirect): (Vec<_>, Vec<_>) = old.into_iter().partition(canonical);
        let mut targets = self.targets(name, indirect, key).await?;
        targets.extend(direct.into_iter().map(|digest| (digest, digest)));
        let blobs: Vec<Digest> = targets.iter().map(|(_, canonical)| *canonical).collect();
        let known = self.index.blobs_among(blobs).await?;
        let known: HashSet<Digest> = known.into_iter().collect();
        let (returned, unknown): (Vec<_>, Vec<_>) = targets
            .into_iter()
            .partition(|(_, canonical)| known.contains(canonical));
        let keys: Vec<String> = unknown
            .iter()
            .map(|(_, canonical)| layout::blob(canonical))
            .collect();
        let places = self.stat_each(&keys).await;
        let stored = unknown.iter().zip(places);
        let mut stored: Vec<Digest> = stored
            .filter(|(_, place)| matches!(place, Place::There(_)))
            .map(|((_, canonical), _)| *canonical)
            .collect();
        if !stored.is_empty() {
            // Damaged bytes that could not be removed.
            let quarantined = self.index.quarantined().await?;
            stored.retain(|digest| quarantined.iter().all(|(one, _)| one != digest));
        }
        Ok(if stored.is_empty() {
            OldLinks::Returned(returned.into_iter().map(|(digest, _)| digest).collect())
        } else {
            OldLinks::Untimely
        })
    }
}
