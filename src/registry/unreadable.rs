//! Paths of the layout that could not be read at the start.
//!
//! What they hold is unknown: the next start compares everything since the last complete one, and
//! until then nothing is collected.

use std::fmt::Display;
use std::sync::atomic::Ordering;

use super::{Registry, RegistryError};

/// Maximum number of unreadable paths in reports and in the log.
const PLACES: usize = 100;

impl Registry {
    /// Records an unusable path for reports. Returns whether it is new.
    pub(super) fn note_unreadable(&self, key: String, reason: String) -> bool {
        let mut places = self.unreadable.lock();
        let is_new = places.len() < PLACES && places.iter().all(|(noted, _)| *noted != key);
        if is_new {
            places.push((key, reason));
        }
        is_new
    }

    /// Records a path that the store can't read.
    pub(super) fn note_failure(&self, key: String, error: &(impl Display + ?Sized)) {
        self.incomplete.store(true, Ordering::Relaxed);
        let (path, reason) = (key.clone(), error.to_string());
        if self.note_unreadable(key, reason) {
            tracing::error!(
                path,
                %error,
                "a path of the layout can't be read; its index rows are kept, and nothing is \
                 collected"
            );
        }
    }

    /// Returns an error if a part of the layout could not be read: it may refer to anything.
    pub(super) fn must_have_read_everything(&self) -> Result<(), RegistryError> {
        if !self.incomplete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let place = self.unreadable.lock().first().cloned();
        let (path, reason) = place.unwrap_or_default();
        Err(RegistryError::LayoutUnread { path, reason })
    }
}
