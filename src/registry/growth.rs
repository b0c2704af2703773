//! The space of the device, and the size of the stored blobs now and on earlier days.

use super::{Registry, RegistryError};
use crate::clock::Millis;
use crate::index::StoredOnDay;
use crate::store::Device;

/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;

impl Registry {
    /// The space of the store's device; `None` for a store in memory.
    pub async fn device(&self) -> Result<Option<Device>, RegistryError> {
        Ok(self.store.device().await?)
    }

    /// Records the size of the stored blobs for today. The last record of a day is kept.
    pub async fn record_stored(&self) -> Result<(), RegistryError> {
        Ok(self.index.record_stored(self.clock.now() / DAY).await?)
    }

    /// The last `days` days with a record of the stored size, earliest first.
    pub async fn stored_by_day(&self, days: usize) -> Result<Vec<StoredOnDay>, RegistryError> {
        let first = self.clock.now() / DAY - i64::try_from(days).unwrap_or(0);
        let mut counted = self.index.stored_by_day(days).await?;
        counted.retain(|counted| counted.day > first);
        Ok(counted)
    }
}
