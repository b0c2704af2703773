//! The blobs of a copy: each is checked once in a run, and a few move at a time.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OnceCell, Semaphore};

use super::{Copy, Moved, Place};
use crate::client::{Class, Error};
use crate::oci::{Descriptor, Digest};
use crate::transfer::progress::{Event, Outcome};

/// Characters of a digest in progress.
const SHORT: usize = 12;

/// The blobs of a run.
pub(super) struct Blobs {
    /// Blobs that are at the destination, or being copied.
    there: Mutex<HashMap<Digest, Arc<OnceCell<()>>>>,
    permits: Semaphore,
    next: AtomicU64,
    /// Whether the registry refuses mounts, so that no more are tried.
    mounts_are_refused: AtomicBool,
}

impl Blobs {
    pub(super) fn new(jobs: NonZeroUsize) -> Self {
        Self {
            there: Mutex::default(),
            permits: Semaphore::new(jobs.get()),
            next: AtomicU64::new(0),
            mounts_are_refused: AtomicBool::new(false),
        }
    }
}

impl Copy {
    /// Ensures that a blob is at the destination. A blob that another image of the run copied
    /// counts as existing.
    pub(super) async fn blob(&self, blob: &Descriptor) -> Result<Moved, Error> {
        let cell = {
            let mut there = self.blobs.there.lock();
            Arc::clone(there.entry(blob.digest).or_default())
        };
        let mut moved = Moved {
            exists: 1,
            ..Moved::default()
        };
        cell.get_or_try_init(|| async {
            // The semaphore is never closed.
            let _permit = self.blobs.permits.acquire().await.ok();
            let id = self.blobs.next.fetch_add(1, Ordering::Relaxed);
            let hex = blob.digest.hex();
            let name = format!("{} {}", self.destination.repository, &hex[..SHORT]);
            // A manifest of schema 1 has no sizes.
            let size = Some(blob.size).filter(|size| *size > 0);
            (self.listener)(Event::Begin {
                id,
                name: &name,
                size,
            });
            let outcome = self.transfer(blob, id).await;
            (self.listener)(Event::End {
                id,
                outcome: outcome
                    .as_ref()
                    .map_or(Outcome::Failed, |(outcome, _)| *outcome),
            });
            let (outcome, bytes) = outcome?;
            moved = Moved {
                bytes,
                sent: usize::from(outcome == Outcome::Sent),
                mounted: usize::from(outcome == Outcome::Mounted),
                exists: usize::from(outcome == Outcome::Exists),
                manifests: 0,
            };
            Ok(())
        })
        .await?;
        Ok(moved)
    }

    /// Brings a blob to the destination in the cheapest way. Returns the outcome and the
    /// transferred bytes.
    async fn transfer(&self, blob: &Descriptor, id: u64) -> Result<(Outcome, u64), Error> {
        let (source, destination) = (&self.source, &self.destination);
        let (from, to) = (&source.repository, &destination.repository);
        let digest = &blob.digest;
        let size = Some(blob.size).filter(|size| *size > 0);
        if destination.client.has_blob(to, digest, size).await? {
            return Ok((Outcome::Exists, 0));
        }
        let same = source.client.registry() == destination.client.registry();
        if self.options.dry_run {
            return Ok(if same {
                (Outcome::Mounted, 0)
            } else {
                (Outcome::Sent, blob.size)
            });
        }
        if same && self.mounted(digest).await? {
            return Ok((Outcome::Mounted, 0));
        }
        let mut download = source.client.download_blob(from, digest, size).await?;
        let progress = |bytes| (self.listener)(Event::Moved { id, bytes });
        let uploaded = destination
            .client
            .upload_blob(to, &mut download, &progress)
            .await?;
        Ok((Outcome::Sent, uploaded.size))
    }

    /// Mounts a blob of the source's repository. Returns false if an upload is needed. A mount only
    /// saves work: if it is refused, the upload tells whether the repository is writable.
    async fn mounted(&self, digest: &Digest) -> Result<bool, Error> {
        let Place { client, repository } = &self.destination;
        if self.blobs.mounts_are_refused.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let from = &self.source.repository;
        match client.mount_blob(repository, digest, from).await {
            Err(error) if error.is_answer() => {
                let all = error.class() != Class::NotFound;
                self.blobs
                    .mounts_are_refused
                    .fetch_or(all, Ordering::Relaxed);
                Ok(false)
            }
            mounted => mounted,
        }
    }
}
