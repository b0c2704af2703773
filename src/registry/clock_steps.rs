//! What happens to saved times when the clock is set.
//!
//! Within a process, leases and uploads go by the steady clock. A deletion in the trash may end in
//! another process, so that its end is a time of day: it is moved when the clock is set.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{Registry, RegistryError};
use crate::clock::{Clock, Millis};

/// A difference of the two clocks below this is not a step, but one of their speeds.
const STEP: Millis = 60_000;
/// The start of 2015, before the first registry that this one can follow: an earlier clock is wrong,
/// and then any correct time looks like the future.
const PLAUSIBLE: Millis = 1_420_070_400_000;

/// How far the clock has been set since the start.
#[derive(Debug)]
pub(super) struct ClockSteps {
    /// The start, by the steady clock.
    began: Millis,
    /// The time of day minus the steady time.
    ahead: AtomicI64,
}

impl ClockSteps {
    pub(super) fn new(clock: &Clock) -> Self {
        let began = clock.steady();
        Self {
            began,
            ahead: AtomicI64::new(clock.now().saturating_sub(began)),
        }
    }

    /// The difference before the clock was set and how far it was, if it was since the last call.
    fn take(&self, clock: &Clock) -> Option<(Millis, Millis)> {
        let ahead = clock.now().saturating_sub(clock.steady());
        let before = self.ahead.load(Ordering::Relaxed);
        let step = ahead.saturating_sub(before);
        let is_new = step.abs() >= STEP
            && self
                .ahead
                .compare_exchange(before, ahead, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        is_new.then_some((before, step))
    }
}

impl Registry {
    /// Moves the deletions of this process with the clock, if it was set since the last call, so
    /// that they can be restored for as long as was promised.
    pub async fn follow_clock(&self) -> Result<(), RegistryError> {
        if let Some((ahead, step)) = self.clock_steps.take(&self.clock) {
            let from = self.clock_steps.began.saturating_add(ahead);
            let to = self.clock.steady().saturating_add(ahead);
            tracing::warn!(by_milliseconds = step, "the clock was set");
            self.index.move_trash(from, to, step).await?;
        }
        Ok(())
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
