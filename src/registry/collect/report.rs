//! The report of a collection: an entry for each object that it deletes or keeps, and totals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::index::{CollectionRecord, Hold, ManifestDeleteReason, ManifestKeepReason};
use crate::oci::{Digest, Repository};

/// A deleted or kept object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum CollectEntry {
    /// A blob is deleted: nothing holds it.
    Blob {
        /// Its canonical digest.
        digest: Digest,
        /// The first by name of the repositories that can read it, if there is one.
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
        /// The reason.
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
        /// Bytes received when its state was last saved.
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
        /// The first by name of its repositories.
        repository: Option<Repository>,
        /// Its size.
        bytes: u64,
        /// The hold.
        by: Hold,
        /// End of the hold, if known.
        until: Option<Millis>,
    },
    /// A manifest is temporarily held, although no tag, index or subject holds it.
    HeldManifest {
        /// Its repository.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// The hold.
        by: Hold,
        /// End of the hold.
        until: Millis,
    },
    /// A manifest is kept although no tag, index or subject holds it.
    KeptManifest {
        /// Its repository.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// The reason.
        why: ManifestKeepReason,
    },
}

/// The deletions in one repository, or in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Freed {
    /// Number of manifests.
    pub manifests: u64,
    /// Number of blobs, including those of manifests.
    pub blobs: u64,
    /// Bytes of those blobs.
    pub bytes: u64,
}

/// The result of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectReport {
    /// The deletions; in a dry run, the planned ones.
    pub freed: Freed,
    /// The same by repository: each blob counts for one of the repositories that can read it.
    pub by_repository: BTreeMap<Repository, Freed>,
    /// Number of empty repositories.
    pub repositories: u64,
    /// Number of uploads that have timed out.
    pub uploads: u64,
    /// Bytes of those uploads.
    pub upload_bytes: u64,
    /// Number of temporary files that crashes left behind.
    pub temporary: u64,
    /// Bytes of those files.
    pub temporary_bytes: u64,
    /// Number of manifests that are temporarily held.
    pub held_manifests: u64,
    /// End of the last temporary hold.
    pub held_until: Option<Millis>,
    /// Number of blobs that are held although no retained manifest references them.
    pub held_blobs: u64,
    /// Bytes of those blobs.
    pub held_bytes: u64,
    /// Number of manifests that are kept although nothing holds them.
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

/// The progress of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Progress {
    /// Its start.
    pub since: Millis,
    /// The deletions so far.
    pub freed: Freed,
    /// Number of planned manifests and blobs that are not deleted yet.
    pub left: u64,
}

/// Whether a collection runs, and the results of the last ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectionStatus {
    /// The running collection.
    pub running: Option<Progress>,
    /// The last runs, without dry runs, latest first.
    pub runs: Vec<CollectionRecord>,
}
