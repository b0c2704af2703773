//! The cache of manifests, tags and leased blobs.
//!
//! Valid only because this process is the index's one writer: each commit updates the cache, in
//! order, before its caller gets the answer. A reader of the index adds its result only if nothing
//! was committed for that repository in the meantime. A blob is cached only while it is leased,
//! because a collection may delete any other.

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

/// A manifest as clients receive it.
#[derive(Debug)]
pub struct Manifest {
    /// The digest by which clients ask for it.
    pub digest: Digest,
    /// Its canonical digest.
    pub(super) canonical: Digest,
    /// Its media type.
    pub media_type: MediaType,
    /// Its bytes, as they were pushed.
    pub bytes: Bytes,
    /// Its pull counter.
    pub(super) pulled: Arc<Pulled>,
}

/// Maximum bytes of cached manifests.
const MANIFEST_BYTES: u64 = 8 * 1024 * 1024;
/// Maximum number of cached leased blobs.
const LEASED_BLOBS: usize = 16 * 1024;
/// Number of change counters, which repositories share.
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

/// The change counter of a repository when a reader started.
#[derive(Clone, Copy)]
pub(super) struct ReadMark(u64);

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

    /// Starts a read; call it before reading the index.
    pub(super) fn begin_read(&self, repository: &Repository) -> ReadMark {
        ReadMark(*self.shard(repository))
    }

    /// A manifest by tag or digest.
    pub(super) fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Option<Arc<Manifest>> {
        self.manifests.get(&(repository.clone(), reference.clone()))
    }

    /// Caches a result of a read that began at `seen`.
    pub(super) fn insert_manifest(
        &self,
        seen: ReadMark,
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

    /// A blob of a repository, if its lease ends after `until`.
    pub(super) fn leased(
        &self,
        repository: &Repository,
        digest: &Digest,
        until: Millis,
    ) -> Option<BlobRecord> {
        let (record, end) = self.leased.get(&(repository.clone(), *digest))?;
        (end > until).then_some(record)
    }

    /// Removes all leased blobs.
    pub(super) fn forget_leases(&self) {
        self.leased.retain(|_, _| false);
    }

    /// Caches a blob that is leased until `end`.
    pub(super) fn insert_leased(
        &self,
        seen: ReadMark,
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

    /// Removes a blob from all repositories.
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
            // The removals of its links are separate changes.
            LayoutChange::BlobRemoved { .. } => {}
            LayoutChange::BlobQuarantined { digest } => self.forget_blob(digest),
            LayoutChange::BlobPlaced { .. }
            | LayoutChange::Discarded { .. }
            | LayoutChange::LayerLinked { .. }
            | LayoutChange::RevisionLinked { .. } => {}
        }
    }
}
