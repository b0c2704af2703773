//! Which operations may use the last space of a device.
//!
//! The reserve is for deletes, collections and starts. While space is short, content can't be added, so
//! that the next push does not use up the space for a collection.

use std::io;
use std::sync::Arc;

use super::{Registry, RegistryError};
use crate::clock::Millis;
use crate::index::DiskSpace;
use crate::store::Reserve;

/// When space is short, uploads without data for this long are deleted, in milliseconds.
const IDLE: Millis = 60_000;

impl DiskSpace for Reserve {
    fn watch(&self) {
        Reserve::watch(self);
    }

    fn provide(&self) {
        self.release_when_short();
    }

    fn exhausted(&self, frees: bool) {
        if frees {
            self.release();
        } else {
            self.refuse_content();
        }
    }

    fn probe(&self) -> io::Result<()> {
        Reserve::probe(self)
    }
}

impl Registry {
    /// Whether space is short, so that content may not be added.
    pub(super) fn lacks_space(&self) -> bool {
        let reserve = self.reserve.as_ref();
        reserve.is_some_and(|reserve| !reserve.is_intact())
    }

    /// Permits content again and makes the reserve, if there is space.
    pub async fn restore_reserve(&self) -> Result<(), RegistryError> {
        let Some(reserve) = self.reserve.as_ref().filter(|reserve| !reserve.is_intact()) else {
            return Ok(());
        };
        let reserve = Arc::clone(reserve);
        let restored = tokio::task::spawn_blocking(move || reserve.restore()).await;
        if restored.unwrap_or(false) {
            tracing::info!("the device has space again: pushes are accepted");
        }
        Ok(())
    }

    /// Returns an error if changes are forbidden, or if there is no space for more content.
    pub(super) async fn must_accept_content(&self) -> Result<(), RegistryError> {
        self.must_be_writable()?;
        if let Some(reserve) = &self.reserve {
            reserve.watch();
        }
        if self.lacks_space() {
            self.restore_reserve().await?;
            if self.lacks_space() {
                return Err(RegistryError::Full);
            }
        }
        Ok(())
    }

    /// The age at which a collection deletes an upload without new data: when space is short, all
    /// that receive no data now.
    pub(super) fn idle_upload_age(&self) -> Option<Millis> {
        let age = self.rules.uploads?;
        Some(if self.lacks_space() {
            age.min(IDLE)
        } else {
            age
        })
    }
}
