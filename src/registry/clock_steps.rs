//! Follows a clock that is set, as `clock` describes it.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Mutex;

use super::{Registry, RegistryError};
use crate::clock::{Clock, Millis};
use crate::index::ClockStep;

/// A difference of the two clocks below this is not a step, but one of their speeds.
const STEP: Millis = 60_000;
/// A clock that was not set for this long is right, as far as anybody can tell: a network corrects one
/// within minutes. Shorter than the interval of the tasks that ask.
const SETTLED: Millis = 30 * 60_000;
/// The start of 2015, before the first registry that this one can follow: an earlier clock is wrong,
/// and then any correct time looks like the future.
pub(super) const PLAUSIBLE: Millis = 1_420_070_400_000;

/// How far the clock has been set since the start.
#[derive(Debug)]
pub(super) struct ClockSteps {
    /// The start, by the steady clock.
    began: Millis,
    /// The time of day minus the steady time, as the trash has followed it.
    ahead: AtomicI64,
    /// Held while the index follows a step.
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    /// The last step, or the start, by the steady clock.
    step: Millis,
    /// Whether manifests have been corrected since then.
    is_corrected: bool,
    /// The time that the last such correction has written.
    corrected: Option<Millis>,
}

impl ClockSteps {
    pub(super) fn new(clock: &Clock) -> Self {
        let began = clock.steady();
        Self {
            began,
            ahead: AtomicI64::new(clock.now().saturating_sub(began)),
            last: Mutex::new(Last {
                step: began,
                is_corrected: false,
                corrected: None,
            }),
        }
    }

    fn ahead(&self) -> Millis {
        self.ahead.load(Ordering::Relaxed)
    }

    /// The step that the index has not followed yet.
    pub(super) fn pending(&self, clock: &Clock) -> Option<ClockStep> {
        let (now, steady) = (clock.now(), clock.steady());
        let (before, ahead) = (self.ahead(), now.saturating_sub(steady));
        let by = ahead.saturating_sub(before);
        (by.abs() >= STEP).then_some(ClockStep {
            began: self.began.saturating_add(before),
            until: steady.saturating_add(before),
            by,
            ahead,
            corrected: None,
        })
    }
}

impl Registry {
    /// Moves what must move with the clock, if it was set since the last call. A step that can't be
    /// saved is logged and followed by a later call; until then the trash goes by the clock as it was.
    pub async fn follow_clock(&self) {
        if self.clock_steps.pending(&self.clock).is_none() {
            return;
        }
        let registry = self.clone();
        let following = tokio::spawn(async move { registry.follow_step().await });
        // Not ended with its caller: the write is done anyway, and must not be repeated.
        let _ = following.await;
    }

    async fn follow_step(&self) {
        let steps = &self.clock_steps;
        let mut last = steps.last.lock().await;
        let Some(step) = steps.pending(&self.clock) else {
            return;
        };
        let step = ClockStep {
            corrected: last.corrected.filter(|_| step.by > 0),
            ..step
        };
        if let Err(error) = self.index.freeing().follow_step(step).await {
            tracing::error!(%error, "the trash could not follow the clock");
            return;
        }
        tracing::warn!(by_milliseconds = step.by, "the clock was set");
        steps.ahead.store(step.ahead, Ordering::Relaxed);
        *last = Last {
            step: self.clock.steady(),
            is_corrected: false,
            corrected: step.corrected.map(|at| at.saturating_add(step.by)),
        };
    }

    /// The time of day for the trash. It changes by a step only when the deletions have been moved,
    /// so that a deletion is moved if and only if it was made before.
    pub(super) fn trash_time(&self) -> Millis {
        let ahead = self.clock_steps.ahead();
        self.clock.steady().saturating_add(ahead)
    }

    /// Whether the clock may be trusted with what can't be undone: it has not been set for a while.
    pub(super) async fn clock_is_settled(&self) -> bool {
        self.follow_clock().await;
        let steps = &self.clock_steps;
        let settled = self.clock.steady() - steps.last.lock().await.step >= SETTLED;
        settled && self.clock.now() >= PLAUSIBLE && steps.pending(&self.clock).is_none()
    }

    /// Corrects saved times at the start: steady ones begin anew with each process, and what is in
    /// the future was made by a clock that was ahead.
    pub(super) async fn correct_times(&self) -> Result<(), RegistryError> {
        let ahead = self.clock_steps.ahead();
        self.index.continue_steady_times(ahead).await?;
        let terms = self.lease_terms();
        if terms.now >= PLAUSIBLE {
            self.index.correct_future(terms).await?;
        }
        Ok(())
    }

    /// Sets pushes and pulls of manifests in the future to now, once after each time that the clock
    /// has settled.
    pub async fn correct_manifests(&self) -> Result<(), RegistryError> {
        if !self.clock_is_settled().await {
            return Ok(());
        }
        let mut last = self.clock_steps.last.lock().await;
        if !last.is_corrected {
            let now = self.clock.now();
            if self.index.correct_manifests(now).await? {
                last.corrected = Some(now);
            }
            last.is_corrected = true;
        }
        Ok(())
    }
}
