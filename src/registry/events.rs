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

    /// Removes the events that are older than configured.
    pub async fn forget_old_events(&self) -> Result<(), RegistryError> {
        let before = self.clock.now().saturating_sub(self.rules.events);
        while self.index.forget_events(before).await? > 0 {}
        Ok(())
    }
}
