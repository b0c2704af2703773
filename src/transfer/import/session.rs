//! What all parts of one import share.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::memory::{Known, Memory};
use super::{Options, UPLOADS};
use crate::archive::Compression;
use crate::client::Client;
use crate::oci::Digest;
use crate::transfer::progress::Listener;

/// After so many blobs that no repository has, the registry is not asked again.
const MISSED_MOUNTS: u64 = 3;

/// One import into one registry.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) listener: Listener,
    pub(super) handle: Handle,
    memory: Mutex<Memory>,
    numbers: AtomicU64,
    uploads: Arc<Semaphore>,
    compressors: Arc<Semaphore>,
    /// Whether the import has failed as a whole, so that nothing new is begun.
    stopped: AtomicBool,
    /// How often in a row the registry had no blob to mount from anywhere.
    missed_mounts: AtomicU64,
}

impl Session {
    /// A session that nothing was done in.
    pub(super) fn new(client: Client, options: Options, listener: Listener) -> Self {
        let memory = Memory::load(options.memory.clone());
        let uploads = match options.compression {
            // Its threads have memory of their own, and keep all cores busy with one layer.
            Compression::Zstd => 1,
            Compression::Gzip | Compression::None => UPLOADS,
        };
        Self {
            client,
            options,
            listener,
            handle: Handle::current(),
            memory: Mutex::new(memory),
            numbers: AtomicU64::new(0),
            uploads: Arc::new(Semaphore::new(uploads)),
            compressors: Arc::new(Semaphore::new(uploads)),
            stopped: AtomicBool::new(false),
            missed_mounts: AtomicU64::new(0),
        }
    }

    /// Has nothing new begun: the import has failed as a whole.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether nothing new is to be begun.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether the registry is still asked for blobs that any of its repositories has.
    pub(super) fn mounts_from_anywhere(&self) -> bool {
        self.missed_mounts.load(Ordering::Relaxed) < MISSED_MOUNTS
    }

    /// The registry had no such blob, or does not look for one.
    pub(super) fn missed_mount(&self) {
        self.missed_mounts.fetch_add(1, Ordering::Relaxed);
    }

    /// What is remembered of earlier imports.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock()
    }

    /// Takes note of a layer.
    pub(super) fn learn(&self, known: Known) {
        self.memory.lock().learn(known);
    }

    /// Forgets what was wrong.
    pub(super) fn forget(&self, diff_id: Digest) {
        self.memory.lock().forget(diff_id);
    }

    /// A number that no other blob has.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for the registry, on a thread that may.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Waits until one more upload fits into the memory there is, on a thread that may.
    pub(super) fn room_to_send(&self) -> Option<OwnedSemaphorePermit> {
        let uploads = Arc::clone(&self.uploads);
        self.wait(uploads.acquire_owned()).ok()
    }

    /// Waits until one more compressor does.
    pub(super) fn room_to_compress(&self) -> Option<OwnedSemaphorePermit> {
        let compressors = Arc::clone(&self.compressors);
        self.wait(compressors.acquire_owned()).ok()
    }
}
