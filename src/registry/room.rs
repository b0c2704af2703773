//! Room on the device: who may use what is left when it is nearly full.
//!
//! The reserve is for deletes, collections, reads and starts. While it is released, content can't be
//! added, so that what a collection needs does not go to the next push.

use std::io;
use std::sync::Arc;

use super::{Registry, RegistryError};
use crate::clock::Millis;
use crate::index::Room;
use crate::store::Reserve;

/// Uploads that received nothing for this long go when room is short, in milliseconds.
const IDLE: Millis = 60_000;

impl Room for Reserve {
    fn provide(&self) {
        self.release_when_short();
    }

    fn exhausted(&self) {
        self.release();
    }

    fn probe(&self) -> io::Result<()> {
        Reserve::probe(self)
    }
}

impl Registry {
    /// Whether the reserve is released, so that content may not be added.
    pub(super) fn lacks_room(&self) -> bool {
        let reserve = self.reserve.as_ref();
        reserve.is_some_and(|reserve| !reserve.is_held())
    }

    /// Makes the reserve again, if it is released and there is room.
    pub async fn restore_reserve(&self) -> Result<(), RegistryError> {
        let Some(reserve) = self.reserve.as_ref().filter(|reserve| !reserve.is_held()) else {
            return Ok(());
        };
        let reserve = Arc::clone(reserve);
        let restored = tokio::task::spawn_blocking(move || reserve.restore()).await;
        if restored.unwrap_or(false) {
            tracing::info!("there is room on the device again: pushes are accepted");
        }
        Ok(())
    }

    /// An error if nothing may be changed, or if there is no room for more content.
    pub(super) async fn must_accept_content(&self) -> Result<(), RegistryError> {
        self.must_be_writable()?;
        if self.lacks_room() {
            self.restore_reserve().await?;
            if self.lacks_room() {
                return Err(RegistryError::Full);
            }
        }
        Ok(())
    }

    /// How long uploads must have received nothing to be deleted by a collection: when room is
    /// short, all that nobody is sending now.
    pub(super) fn idle_upload_age(&self) -> Option<Millis> {
        let age = self.rules.uploads?;
        Some(if self.lacks_room() {
            age.min(IDLE)
        } else {
            age
        })
    }
}
