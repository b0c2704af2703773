//! When the last scheduled collection ended, across restarts.

use super::super::clock_steps::PLAUSIBLE;
use super::super::{Registry, RegistryError};
use crate::clock::Millis;

/// The setting with the time.
const ENDED: &str = "schedule_ended_at";

impl Registry {
    /// When the last scheduled collection ended. Before the first one, it is the first call; so it
    /// is after one by a clock that was ahead, which would put off all others.
    pub async fn last_schedule(&self) -> Result<Millis, RegistryError> {
        let ended = self.index.setting(ENDED).await?;
        let now = self.clock.now();
        match ended.and_then(|text| text.parse().ok()) {
            Some(ended) if ended <= now || now < PLAUSIBLE => Ok(ended),
            _ => self.note_schedule().await,
        }
    }

    /// Records the end of a scheduled collection. Returns the time.
    pub async fn note_schedule(&self) -> Result<Millis, RegistryError> {
        let now = self.clock.now();
        self.index.set_setting(ENDED, now.to_string()).await?;
        Ok(now)
    }
}
