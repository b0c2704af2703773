//! What a collection tells: a line for each thing, sums at the end, and how it stands.

use std::collections::BTreeMap;

use crate::clock::Millis;
use crate::index::{CollectionRecord, Hold, KeptManifest, WhyGone};
use crate::oci::{Digest, Repository};

/// One thing that goes, or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// A blob goes: no manifest refers to it, and nothing else holds it.
    Blob {
        /// Its canonical digest.
        digest: Digest,
        /// A repository that may read it, the first by name; none, when there is none.
        repository: Option<Repository>,
        /// Bytes.
        bytes: u64,
    },
    /// A manifest goes; its bytes are told as a blob.
    Manifest {
        /// Where it is.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// Why.
        why: WhyGone,
    },
    /// A repository goes, in which there is nothing left.
    Repository {
        /// Its name.
        repository: Repository,
    },
    /// An upload goes that nobody has gone on with.
    Upload {
        /// Its repository.
        repository: Repository,
        /// Its session.
        id: String,
        /// Bytes that it has received, as far as that was kept.
        bytes: u64,
        /// When it last received something.
        moved_at: Millis,
    },
    /// A file goes that a crash has left.
    Temporary {
        /// Its path below the root.
        key: String,
        /// Bytes.
        bytes: u64,
    },
    /// A blob is garbage, and stays for now.
    Held {
        /// Its canonical digest.
        digest: Digest,
        /// A repository that it belongs to, the first by name.
        repository: Option<Repository>,
        /// Bytes.
        bytes: u64,
        /// What holds it.
        by: Hold,
        /// Until when, where there is an end to it.
        until: Option<Millis>,
    },
    /// A manifest that nothing holds stays all the same.
    Kept {
        /// Where it is.
        repository: Repository,
        /// Its digest.
        digest: Digest,
        /// Why.
        why: KeptManifest,
    },
}

/// What goes of one repository, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freed {
    /// Manifests.
    pub manifests: u64,
    /// Blobs, those of manifests among them.
    pub blobs: u64,
    /// Bytes of those blobs.
    pub bytes: u64,
}

/// How a collection ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectReport {
    /// What went, or would.
    pub freed: Freed,
    /// The same by repository: each blob counts for one of those that may read it.
    pub by_repository: BTreeMap<Repository, Freed>,
    /// Blobs that belong to no repository.
    pub nowhere: Freed,
    /// Repositories in which there is nothing left.
    pub repositories: u64,
    /// Uploads that nobody has gone on with.
    pub uploads: u64,
    /// Bytes of those.
    pub upload_bytes: u64,
    /// Files that crashes have left, and their bytes.
    pub temporary: u64,
    /// Bytes of those.
    pub temporary_bytes: u64,
    /// Blobs that are garbage and stay for now.
    pub held_blobs: u64,
    /// Bytes of those.
    pub held_bytes: u64,
    /// Manifests that nothing holds and that stay all the same.
    pub kept_manifests: u64,
}

impl CollectReport {
    /// Whether nothing went.
    pub fn is_nothing(&self) -> bool {
        self.freed == Freed::default()
            && self.repositories == 0
            && self.uploads == 0
            && self.temporary == 0
    }

    /// Counts one thing.
    pub(super) fn count(&mut self, told: &Collected) {
        match told {
            Collected::Blob {
                repository, bytes, ..
            } => {
                for freed in [
                    &mut self.freed,
                    Self::of(
                        &mut self.by_repository,
                        &mut self.nowhere,
                        repository.as_ref(),
                    ),
                ] {
                    freed.blobs += 1;
                    freed.bytes += bytes;
                }
            }
            Collected::Manifest { repository, .. } => {
                self.freed.manifests += 1;
                let of = self.by_repository.entry(repository.clone()).or_default();
                of.manifests += 1;
            }
            Collected::Repository { .. } => self.repositories += 1,
            Collected::Upload { bytes, .. } => {
                self.uploads += 1;
                self.upload_bytes += bytes;
            }
            Collected::Temporary { bytes, .. } => {
                self.temporary += 1;
                self.temporary_bytes += bytes;
            }
            Collected::Held { bytes, .. } => {
                self.held_blobs += 1;
                self.held_bytes += bytes;
            }
            Collected::Kept { .. } => self.kept_manifests += 1,
        }
    }

    fn of<'a>(
        by_repository: &'a mut BTreeMap<Repository, Freed>,
        nowhere: &'a mut Freed,
        repository: Option<&Repository>,
    ) -> &'a mut Freed {
        match repository {
            Some(repository) => by_repository.entry(repository.clone()).or_default(),
            None => nowhere,
        }
    }
}

/// How far a collection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When it began.
    pub since: Millis,
    /// Whether it only tells what would go.
    pub dry_run: bool,
    /// What went so far.
    pub freed: Freed,
    /// Manifests and blobs that are planned to go and have not yet.
    pub left: u64,
}

/// Whether a collection runs, and how the last ones ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionStatus {
    /// The one that runs.
    pub running: Option<Progress>,
    /// The last runs, dry ones not among them, the latest first.
    pub runs: Vec<CollectionRecord>,
}
