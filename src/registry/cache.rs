//! The cache of manifests, tags and leased blobs.
//!
//! Right only because this process is the index's one writer: each commit changes the cache, in
//! order, before its caller learns of it. A reader that has looked at the index adds what it found
//! only if nothing was committed for that repository meanwhile. A blob is remembered only while a
//! lease holds it, since collection may take any other.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use quick_cache::sync::Cache as Map;
use quick_cache::{OptionsBuilder, Weighter};

use super::pulls::Pulled;
use crate::clock::Millis;
use crate::index::{BlobRecord, LayoutChange};
use crate::oci::{Digest, MediaType, Reference, Repository};

/// A manifest as clients get it.
#[derive(Debug)]
pub struct Manifest {
    /// The digest by which it is asked for.
    pub digest: Digest,
    /// The digest that its bytes are stored under.
    pub(super) canonical: Digest,
    /// Its media type.
    pub media_type: MediaType,
    /// Its bytes, as they were pushed.
    pub bytes: Bytes,
    /// How often it was asked for.
    pub(super) pulled: Arc<Pulled>,
}

/// Bytes of manifests that are kept.
const MANIFEST_BYTES: u64 = 8 * 1024 * 1024;
/// Leased blobs that are kept.
const LEASED_BLOBS: usize = 16 * 1024;
/// Repositories share this many counters of changes.
const SHARDS: usize = 64;

#[derive(Clone)]
struct ByBytes;

impl Weighter<(Repository, Reference), Arc<Manifest>> for ByBytes {
    fn weight(&self, _: &(Repository, Reference), manifest: &Arc<Manifest>) -> u64 {
        manifest.bytes.len() as u64 + 512
    }
}

pub(super) struct Cache {
    manifests: Map<(Repository, Reference), Arc<Manifest>, ByBytes>,
    leased: Map<(Repository, Digest), (BlobRecord, Millis)>,
    changes: [Mutex<u64>; SHARDS],
}

/// The state of a repository at the time a reader began to look.
#[derive(Clone, Copy)]
pub(super) struct Seen(u64);

impl Cache {
    pub(super) fn new() -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(4096)
            .weight_capacity(MANIFEST_BYTES)
            .shards(8)
            .build()
            .unwrap_or_else(|_| unreachable!("the options are complete"));
        Self {
            manifests: Map::with_options(
                options,
                ByBytes,
                quick_cache::DefaultHashBuilder::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            leased: Map::new(LEASED_BLOBS),
            changes: std::array::from_fn(|_| Mutex::new(0)),
        }
    }

    fn shard(&self, repository: &Repository) -> MutexGuard<'_, u64> {
        let mut hasher = DefaultHasher::new();
        repository.hash(&mut hasher);
        let shard = hasher.finish() % SHARDS as u64;
        self.changes[usize::try_from(shard).unwrap_or_default()].lock()
    }

    /// To be called before the index is read.
    pub(super) fn look(&self, repository: &Repository) -> Seen {
        Seen(*self.shard(repository))
    }

    /// A manifest by tag or digest.
    pub(super) fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Option<Arc<Manifest>> {
        self.manifests.get(&(repository.clone(), reference.clone()))
    }

    /// Keeps what was found after `seen`.
    pub(super) fn keep_manifest(
        &self,
        seen: Seen,
        repository: &Repository,
        reference: &Reference,
        manifest: &Arc<Manifest>,
    ) {
        let changes = self.shard(repository);
        if *changes == seen.0 {
            self.manifests.insert(
                (repository.clone(), reference.clone()),
                Arc::clone(manifest),
            );
        }
    }

    /// A blob of a repository, when a lease holds it beyond `until`.
    pub(super) fn leased(
        &self,
        repository: &Repository,
        digest: &Digest,
        until: Millis,
    ) -> Option<BlobRecord> {
        let (record, end) = self.leased.get(&(repository.clone(), *digest))?;
        (end > until).then_some(record)
    }

    /// Forgets all leases.
    pub(super) fn forget_leases(&self) {
        self.leased.retain(|_, _| false);
    }

    /// Keeps a blob that was leased until `end`.
    pub(super) fn keep_leased(
        &self,
        seen: Seen,
        repository: &Repository,
        digest: Digest,
        record: BlobRecord,
        end: Millis,
    ) {
        let changes = self.shard(repository);
        if *changes == seen.0 {
            self.leased
                .insert((repository.clone(), digest), (record, end));
        }
    }

    /// Forgets a blob, in whatever repository.
    pub(super) fn forget_blob(&self, canonical: &Digest) {
        for changes in &self.changes {
            *changes.lock() += 1;
        }
        self.leased
            .retain(|_, (blob, _)| blob.canonical != *canonical);
        self.manifests
            .retain(|_, manifest| manifest.canonical != *canonical);
    }

    /// Applies a committed change.
    pub(super) fn committed(&self, change: &LayoutChange) {
        match change {
            LayoutChange::TagSet {
                repository,
                tag,
                digest,
            } => {
                let mut changes = self.shard(repository);
                *changes += 1;
                let key = (repository.clone(), Reference::Tag(tag.clone()));
                match self
                    .manifests
                    .get(&(repository.clone(), Reference::Digest(*digest)))
                {
                    Some(manifest) => self.manifests.insert(key, manifest),
                    None => drop(self.manifests.remove(&key)),
                }
            }
            LayoutChange::TagRemoved { repository, tag } => {
                let mut changes = self.shard(repository);
                *changes += 1;
                self.manifests
                    .remove(&(repository.clone(), Reference::Tag(tag.clone())));
            }
            LayoutChange::RevisionUnlinked { repository, digest } => {
                let mut changes = self.shard(repository);
                *changes += 1;
                self.manifests
                    .remove(&(repository.clone(), Reference::Digest(*digest)));
            }
            LayoutChange::LayerUnlinked { repository, digest } => {
                let mut changes = self.shard(repository);
                *changes += 1;
                self.leased.remove(&(repository.clone(), *digest));
            }
            LayoutChange::RepositoryRemoved { repository } => {
                let mut changes = self.shard(repository);
                *changes += 1;
                self.manifests.retain(|(of, _), _| of != repository);
                self.leased.retain(|(of, _), _| of != repository);
            }
            // Each link to it was removed by a change of its own.
            LayoutChange::BlobRemoved { .. } => {}
            LayoutChange::BlobQuarantined { digest } => self.forget_blob(digest),
            LayoutChange::BlobPlaced { .. }
            | LayoutChange::Discarded { .. }
            | LayoutChange::LayerLinked { .. }
            | LayoutChange::RevisionLinked { .. } => {}
        }
    }
}
