//! Which collection runs, and how far it has come.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Progress;

/// At most one collection of a registry.
#[derive(Default)]
pub(in super::super) struct Running(Mutex<Option<Progress>>);

/// Held by the collection that runs; its end, however it comes, lets the next one begin.
pub(super) struct Turn(Arc<Running>);

impl Running {
    /// Takes the turn, or says how the one that has it stands.
    pub(super) fn begin(self: &Arc<Self>, progress: Progress) -> Result<Turn, Progress> {
        let mut running = self.0.lock();
        if let Some(other) = *running {
            return Err(other);
        }
        *running = Some(progress);
        Ok(Turn(Arc::clone(self)))
    }

    /// How the one that runs stands.
    pub(super) fn now(&self) -> Option<Progress> {
        *self.0.lock()
    }
}

impl Turn {
    /// Notes how far it has come.
    pub(super) fn note(&self, change: impl FnOnce(&mut Progress)) {
        if let Some(progress) = self.0.0.lock().as_mut() {
            change(progress);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.0.lock() = None;
    }
}
