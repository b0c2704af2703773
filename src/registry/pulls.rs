//! Counting pulls: a number in memory for each manifest that was asked for, kept now and then.
//!
//! A pull costs one addition; the first since the last time also a place in a list. When it was is
//! known to within the time between two keepings.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::{Registry, RegistryError};
use crate::oci::{Digest, Repository};

/// Manifests whose count is kept in one transaction.
const BATCH: usize = 128;

/// How often a manifest was asked for since that was kept.
#[derive(Debug)]
pub(super) struct Pulled {
    repository: Repository,
    digest: Digest,
    times: AtomicU64,
}

impl Pulled {
    pub(super) fn never(repository: &Repository, digest: &Digest) -> Arc<Self> {
        Arc::new(Self {
            repository: repository.clone(),
            digest: *digest,
            times: AtomicU64::new(0),
        })
    }
}

/// The manifests that were asked for since that was kept.
#[derive(Default)]
pub(super) struct Pulls(Mutex<Vec<Arc<Pulled>>>);

impl Pulls {
    /// Counts one.
    pub(super) fn note(&self, pulled: &Arc<Pulled>) {
        if pulled.times.fetch_add(1, Ordering::Relaxed) == 0 {
            self.0.lock().push(Arc::clone(pulled));
        }
    }

    fn take(&self) -> Vec<(Repository, Digest, u64)> {
        let noted = std::mem::take(&mut *self.0.lock());
        let counted = noted.into_iter().map(|pulled| {
            let times = pulled.times.swap(0, Ordering::Relaxed);
            (pulled.repository.clone(), pulled.digest, times)
        });
        counted.collect()
    }
}

impl Registry {
    /// Keeps what was counted. Called every few seconds, and before the end.
    pub async fn save_pulls(&self) -> Result<(), RegistryError> {
        let counted = self.pulls.take();
        for some in counted.chunks(BATCH) {
            self.index
                .save_pulls(some.to_vec(), self.clock.now())
                .await?;
        }
        Ok(())
    }
}
