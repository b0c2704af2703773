//! The device and what is stored on it: how much there is now, and how much there was on each day.

use super::{Registry, RegistryError};
use crate::clock::Millis;
use crate::index::StoredOnDay;
use crate::store::Device;

/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;

impl Registry {
    /// The room on the device of the store; `None` for a store in memory.
    pub async fn device(&self) -> Result<Option<Device>, RegistryError> {
        Ok(self.store.device().await?)
    }

    /// Counts the stored bytes for today. The last count of a day is kept.
    pub async fn record_stored(&self) -> Result<(), RegistryError> {
        Ok(self.index.record_stored(self.clock.now() / DAY).await?)
    }

    /// The days on which the stored bytes were counted, the last `days` of them, the earliest
    /// first.
    pub async fn stored_by_day(&self, days: usize) -> Result<Vec<StoredOnDay>, RegistryError> {
        let first = self.clock.now() / DAY - i64::try_from(days).unwrap_or(0);
        let mut counted = self.index.stored_by_day(days).await?;
        counted.retain(|counted| counted.day > first);
        Ok(counted)
    }
}
