//! Counts pulls in memory, and saves the counts at intervals.
//!
//! A pull costs one addition, and the first after a save also an entry in a list. The time of a
//! pull is accurate to the interval of saves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::{Registry, RegistryError};
use crate::oci::{Digest, Repository};

/// Number of counters saved in one transaction.
const BATCH: usize = 128;

/// The pulls of a manifest since the last save.
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

/// The manifests pulled since the last save.
#[derive(Default)]
pub(super) struct Pulls(Mutex<Vec<Arc<Pulled>>>);

impl Pulls {
    /// Counts a pull.
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
    /// Saves the counts. Called every few seconds, and at the end.
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
