//! What a collection reports: an entry for each thing that it deletes or keeps, and sums.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::index::{CollectionRecord, Hold, ManifestDeleteReason, ManifestKeepReason};
use crate::oci::{Digest, Repository};

/// One thing that is deleted or kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum CollectEntry {
    /// A blob is deleted: no manifest refers to it, and nothing else holds it.
    Blob {
        /// Its canonical digest.
        digest: Digest,
        /// A repository that may read it, the first by name, if there is one.
        repository: Option<Repository>,
        /// Its size.
        bytes: u64,
    },
    /// A manifest is deleted; its bytes are reported as a blob.
    Manifest {
        /// Its repository.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// Why.
        why: ManifestDeleteReason,
    },
    /// A repository is deleted: it is empty.
    Repository {
        /// Its name.
        repository: Repository,
    },
    /// An unfinished upload is deleted: it has timed out.
    Upload {
        /// Its repository.
        repository: Repository,
        /// Its session.
        id: String,
        /// Bytes received, as of the last time that its state was saved.
        bytes: u64,
        /// When it last received data.
        moved_at: Millis,
    },
    /// A temporary file that a crash left behind is deleted.
    TemporaryFile {
        /// Its path below the root.
        key: String,
        /// Its size.
        bytes: u64,
    },
    /// A blob is kept although no manifest refers to it.
    HeldBlob {
        /// Its canonical digest.
        digest: Digest,
        /// A repository that it belongs to, the first by name.
        repository: Option<Repository>,
        /// Its size.
        bytes: u64,
        /// What holds it.
        by: Hold,
        /// Until when, where that is known.
        until: Option<Millis>,
    },
    /// A manifest is kept for a time, although no tag, index or subject holds it.
    HeldManifest {
        /// Its repository.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// What holds it.
        by: Hold,
        /// Until when.
        until: Millis,
    },
    /// A manifest is kept although no tag, index or subject holds it.
    KeptManifest {
        /// Its repository.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// Why.
        why: ManifestKeepReason,
    },
}

/// What is deleted of one repository, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Freed {
    /// Manifests.
    pub manifests: u64,
    /// Blobs, those of manifests among them.
    pub blobs: u64,
    /// Bytes of those blobs.
    pub bytes: u64,
}

/// How a collection ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectReport {
    /// What was deleted, or would be.
    pub freed: Freed,
    /// The same by repository: each blob counts for one of those that may read it.
    pub by_repository: BTreeMap<Repository, Freed>,
    /// Empty repositories.
    pub repositories: u64,
    /// Unfinished uploads that have timed out.
    pub uploads: u64,
    /// Bytes of those.
    pub upload_bytes: u64,
    /// Temporary files that crashes left behind.
    pub temporary: u64,
    /// Bytes of those.
    pub temporary_bytes: u64,
    /// Manifests that are kept for a time although nothing else holds them.
    pub held_manifests: u64,
    /// When the last of what is held for a time is free.
    pub held_until: Option<Millis>,
    /// Blobs that are kept although no manifest that stays refers to them.
    pub held_blobs: u64,
    /// Bytes of those.
    pub held_bytes: u64,
    /// Manifests that are kept although nothing holds them.
    pub kept_manifests: u64,
}

impl CollectReport {
    /// Counts one entry.
    pub(super) fn count(&mut self, entry: &CollectEntry) {
        match entry {
            CollectEntry::Blob {
                repository, bytes, ..
            } => {
                self.freed.blobs += 1;
                self.freed.bytes += bytes;
                if let Some(repository) = repository {
                    let freed = self.by_repository.entry(repository.clone()).or_default();
                    freed.blobs += 1;
                    freed.bytes += bytes;
                }
            }
            CollectEntry::Manifest { repository, .. } => {
                self.freed.manifests += 1;
                let of = self.by_repository.entry(repository.clone()).or_default();
                of.manifests += 1;
            }
            CollectEntry::Repository { .. } => self.repositories += 1,
            CollectEntry::Upload { bytes, .. } => {
                self.uploads += 1;
                self.upload_bytes += bytes;
            }
            CollectEntry::TemporaryFile { bytes, .. } => {
                self.temporary += 1;
                self.temporary_bytes += bytes;
            }
            CollectEntry::HeldManifest { until, .. } => {
                self.held_manifests += 1;
                self.held_until = self.held_until.max(Some(*until));
            }
            CollectEntry::HeldBlob { bytes, until, .. } => {
                self.held_until = self.held_until.max(*until);
                self.held_blobs += 1;
                self.held_bytes += bytes;
            }
            CollectEntry::KeptManifest { .. } => self.kept_manifests += 1,
        }
    }
}

/// How far a collection has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Progress {
    /// When it began.
    pub since: Millis,
    /// What has been deleted so far.
    pub freed: Freed,
    /// Manifests and blobs that are planned and not yet deleted.
    pub left: u64,
}

/// Whether a collection runs, and how the last ones ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectionStatus {
    /// The one that runs.
    pub running: Option<Progress>,
    /// The last runs without the dry ones, the latest first.
    pub runs: Vec<CollectionRecord>,
}
