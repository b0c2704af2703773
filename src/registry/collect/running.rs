//! The running collection and its progress.
//!
//! Collections that delete exclude each other. Dry runs do not take part.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Progress;

/// At most one collection of a registry.
#[derive(Default)]
pub(in super::super) struct Running {
    progress: Mutex<Option<Progress>>,
    ended: Notify,
}

/// Marks the running collection; dropping it lets the next one begin.
pub(super) struct Turn(Arc<Running>);

impl Running {
    /// Begins a collection, or returns the progress of the running one.
    pub(super) fn begin(self: &Arc<Self>, progress: Progress) -> Result<Turn, Progress> {
        let mut running = self.progress.lock();
        if let Some(other) = *running {
            return Err(other);
        }
        *running = Some(progress);
        Ok(Turn(Arc::clone(self)))
    }

    /// The progress of the running collection.
    pub(super) fn now(&self) -> Option<Progress> {
        *self.progress.lock()
    }

    /// Waits until no collection runs.
    pub(super) async fn ended(&self) {
        loop {
            let ended = self.ended.notified();
            let mut ended = std::pin::pin!(ended);
            ended.as_mut().enable();
            if self.now().is_none() {
                return;
            }
            ended.await;
        }
    }
}

impl Turn {
    /// Updates the progress.
    pub(super) fn note(&self, change: impl FnOnce(&mut Progress)) {
        if let Some(progress) = self.0.progress.lock().as_mut() {
            change(progress);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.progress.lock() = None;
        self.0.ended.notify_waiters();
    }
}
