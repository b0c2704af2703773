//! What all parts of one import share.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Options;
use super::memory::{Known, Memory};
use crate::client::Client;
use crate::oci::Digest;
use crate::transfer::progress::Listener;

/// One import into one registry.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) listener: Listener,
    pub(super) handle: Handle,
    memory: Mutex<Memory>,
    numbers: AtomicU64,
    uploads: Arc<Semaphore>,
}

impl Session {
    /// With so many uploads at once.
    pub(super) fn new(
        client: Client,
        options: Options,
        listener: Listener,
        uploads: usize,
    ) -> Self {
        let memory = Memory::load(options.memory.clone());
        Self {
            client,
            options,
            listener,
            handle: Handle::current(),
            memory: Mutex::new(memory),
            numbers: AtomicU64::new(0),
            uploads: Arc::new(Semaphore::new(uploads)),
        }
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
    pub(super) fn room(&self) -> Option<OwnedSemaphorePermit> {
        let uploads = Arc::clone(&self.uploads);
        self.wait(uploads.acquire_owned()).ok()
    }
}
