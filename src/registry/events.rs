//! Events: their history, and how long they are stored.

use super::{Registry, RegistryError};
use crate::index::{Event, EventFilter};

impl Registry {
    /// A page of the events that match a filter, newest first: at most `limit`, older than the
    /// event `before`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Event>, RegistryError> {
        Ok(self.index.events(filter, before, limit).await?)
    }

    /// Removes the events that are older than configured, unless the clock has just been set: one
    /// that is ahead for a moment must not remove them all.
    pub async fn forget_old_events(&self) -> Result<(), RegistryError> {
        if !self.clock_is_settled().await {
            return Ok(());
        }
        let now = self.clock.now();
        let before = now.saturating_sub(self.rules.events);
        let mut page = Some(0);
        while let Some(last) = page {
            page = self.index.forget_events(last, before, now).await?;
        }
        Ok(())
    }
}
