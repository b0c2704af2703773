//! Paths of the layout that could not be read.

use std::sync::atomic::Ordering;

use super::Registry;
use crate::store::StoreError;

/// Maximum number of unreadable paths in reports.
const PLACES: usize = 100;

impl Registry {
    /// Records an unreadable path for reports.
    pub(super) fn note_unreadable(&self, key: String, reason: String) {
        let mut places = self.unreadable.lock();
        if places.len() < PLACES && places.iter().all(|(noted, _)| *noted != key) {
            places.push((key, reason));
        }
    }

    /// Records a path that the store can't read. The next start compares it again.
    pub(super) fn note_failure(&self, key: String, error: &StoreError) {
        tracing::error!(%error, "a path of the layout can't be read; its index rows are kept");
        self.incomplete.store(true, Ordering::Relaxed);
        self.note_unreadable(key, error.to_string());
    }
}
