//! What happens to saved times when the clock is set.
//!
//! Within a process, leases and uploads go by the steady clock. A deletion in the trash may end in
//! another process, so that its end is a time of day: it is moved when the clock is set.

use tokio::sync::Mutex;

use super::{Registry, RegistryError};
use crate::clock::{Clock, Millis};

/// A difference of the two clocks below this is not a step, but one of their speeds.
const STEP: Millis = 60_000;
/// The start of 2015, before the first registry that this one can follow: an earlier clock is wrong,
/// and then any correct time looks like the future.
pub(super) const PLAUSIBLE: Millis = 1_420_070_400_000;

/// How far the clock has been set since the start.
#[derive(Debug)]
pub(super) struct ClockSteps {
    /// The start, by the steady clock.
    began: Millis,
    /// The time of day minus the steady time, which the deletions of this process go by. Held until
    /// they have been moved, so that nothing judges them by a clock that they do not follow yet.
    ahead: Mutex<Millis>,
}

impl ClockSteps {
    pub(super) fn new(clock: &Clock) -> Self {
        let began = clock.steady();
        Self {
            began,
            ahead: clock.now().saturating_sub(began).into(),
        }
    }
}

impl Registry {
    /// Moves the deletions of this process with the clock, if it was set since the last call, so
    /// that they can be restored for as long as was promised.
    pub async fn follow_clock(&self) -> Result<(), RegistryError> {
        let mut ahead = self.clock_steps.ahead.lock().await;
        let steady = self.clock.steady();
        let step = self
            .clock
            .now()
            .saturating_sub(steady)
            .saturating_sub(*ahead);
        if step.abs() < STEP {
            return Ok(());
        }
        tracing::warn!(by_milliseconds = step, "the clock was set");
        let from = self.clock_steps.began.saturating_add(*ahead);
        let to = steady.saturating_add(*ahead);
        // Before the write: it is done even if the caller leaves meanwhile, and must not be repeated.
        *ahead = ahead.saturating_add(step);
        let moved = self.index.freeing().move_trash(from, to, step).await;
        if moved.is_err() {
            // The next call moves them.
            *ahead = ahead.saturating_sub(step);
        }
        Ok(moved?)
    }

    /// Corrects saved times in the future: the clock was ahead then.
    pub(super) async fn correct_future(&self) -> Result<(), RegistryError> {
        let terms = self.lease_terms();
        if terms.now >= PLAUSIBLE {
            self.index.correct_future(terms).await?;
        }
        Ok(())
    }
}
