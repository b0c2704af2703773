//! The shared state of an import.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cache::{ImportCache, Known};
use super::{Options, UPLOADS};
use crate::archive::Compression;
use crate::client::Client;
use crate::oci::Digest;
use crate::transfer::progress::Listener;

/// After this many failed mounts in a row the registry is not asked again.
const MISSED_MOUNTS: u64 = 3;

/// An import into a registry.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) listener: Listener,
    pub(super) handle: Handle,
    cache: Mutex<ImportCache>,
    numbers: AtomicU64,
    uploads: Arc<Semaphore>,
    compressors: Arc<Semaphore>,
    /// Whether the import has failed as a whole, so that no new work begins.
    stopped: AtomicBool,
    /// Failed mounts in a row from an unnamed repository.
    missed_mounts: AtomicU64,
}

impl Session {
    /// A session without any work done.
    pub(super) fn new(client: Client, options: Options, listener: Listener) -> Self {
        let cache = ImportCache::load(options.cache.clone());
        let uploads = match options.compression {
            // zstd has its own threads, and one layer keeps all cores busy.
            Compression::Zstd => 1,
            Compression::Gzip | Compression::None => UPLOADS,
        };
        Self {
            client,
            options,
            listener,
            handle: Handle::current(),
            cache: Mutex::new(cache),
            numbers: AtomicU64::new(0),
            uploads: Arc::new(Semaphore::new(uploads)),
            compressors: Arc::new(Semaphore::new(uploads)),
            stopped: AtomicBool::new(false),
            missed_mounts: AtomicU64::new(0),
        }
    }

    /// Prevents new work: the import has failed as a whole.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether new work is prevented.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether the registry is still asked to mount blobs from any repository.
    pub(super) fn mounts_from_anywhere(&self) -> bool {
        self.missed_mounts.load(Ordering::Relaxed) < MISSED_MOUNTS
    }

    /// Records that the registry had no such blob, or does not search for one.
    pub(super) fn missed_mount(&self) {
        self.missed_mounts.fetch_add(1, Ordering::Relaxed);
    }

    /// The cache of earlier imports.
    pub(super) fn cache(&self) -> MutexGuard<'_, ImportCache> {
        self.cache.lock()
    }

    /// Records a layer.
    pub(super) fn record(&self, known: Known) {
        self.cache.lock().record(known);
    }

    /// Removes a wrong entry.
    pub(super) fn forget(&self, diff_id: Digest) {
        self.cache.lock().forget(diff_id);
    }

    /// A unique number for a blob.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for the registry on a blocking thread.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Waits for an upload permit on a blocking thread. Permits bound the memory.
    pub(super) fn acquire_upload(&self) -> Option<OwnedSemaphorePermit> {
        let uploads = Arc::clone(&self.uploads);
        self.wait(uploads.acquire_owned()).ok()
    }

    /// Waits for a compressor permit.
    pub(super) fn acquire_compressor(&self) -> Option<OwnedSemaphorePermit> {
        let compressors = Arc::clone(&self.compressors);
        self.wait(compressors.acquire_owned()).ok()
    }
}
