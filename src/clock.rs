//! The clock, as a type that tests can set, and the rule for times that the clock outlives.
//!
//! There are two times. [`Clock::now`] is the time of day, which may be set at any moment.
//! [`Clock::steady`] only counts: it begins at the time of day with each process, and stands still
//! while the machine sleeps. To a process a sleep looks like a clock that is set forward.
//!
//! What measures a time from its own beginning is steady: timeouts and windows in memory, and of the
//! saved rows the ends of leases and the times of uploads. What tells people when something was is a
//! time of day: events, pushes, pulls, tags, accounts, tokens, schedules. A deletion in the trash
//! shows its times to people and must last as long as was promised, also across processes: it has
//! times of day that move when the clock is set (`registry::clock_steps`).
//!
//! | | leases, uploads | the trash | other times of day |
//! |---|---|---|---|
//! | set forward, or sleep | not affected | what can be restored moves along | not changed |
//! | set back | not affected | deletions of this process move along | not changed |
//! | start of a process | converted by what the clock was set in the last one, but never back | not changed | not changed |
//! | in the future at a start | shortened | as if just deleted | not changed |
//! | set while no process runs | as if so much time had passed, or in the future | likewise | likewise |
//!
//! What can't be undone waits until the clock is settled, which is half an hour without a step: only
//! then old events are removed, and pushes and pulls of manifests in the future, which would protect
//! them until then, are set to the current time. If the clock is set forward after that, it was late,
//! and these move along. A tag in the future keeps its time: retention keeps it and says why.
//!
//! A process that is killed within a minute of a step may not have saved it: the next start takes it
//! for one while no process ran.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// The source of the time. Cheap to clone; clones of a manual clock share their time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Manual>>);

#[derive(Debug)]
struct Manual {
    wall: AtomicI64,
    steady: AtomicI64,
}

/// The start of the steady time of this process, by both clocks.
static BEGAN: LazyLock<(Millis, Instant)> = LazyLock::new(|| (wall(), Instant::now()));

fn wall() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        LazyLock::force(&BEGAN);
        Self(None)
    }

    /// A clock that shows `start` until it is advanced.
    pub fn manual(start: Millis) -> Self {
        Self(Some(Arc::new(Manual {
            wall: AtomicI64::new(start),
            steady: AtomicI64::new(start),
        })))
    }

    /// The current time of day. An administrator may set it forward or back at any moment.
    pub fn now(&self) -> Millis {
        match &self.0 {
            Some(time) => time.wall.load(Ordering::Relaxed),
            None => wall(),
        }
    }

    /// The start time of this process plus the time that has passed since. Nobody can set it;
    /// leases use it.
    pub fn steady(&self) -> Millis {
        if let Some(time) = &self.0 {
            return time.steady.load(Ordering::Relaxed);
        }
        let (wall, began) = *BEGAN;
        let passed = i64::try_from(began.elapsed().as_millis()).unwrap_or(Millis::MAX);
        wall.saturating_add(passed)
    }

    /// Advances a manual clock; does not affect the system's.
    pub fn advance(&self, by: Millis) {
        if let Some(time) = &self.0 {
            time.wall.fetch_add(by, Ordering::Relaxed);
            time.steady.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Sets a manual clock forward or back, like an administrator; does not affect the system's.
    pub fn set_by(&self, by: Millis) {
        if let Some(time) = &self.0 {
            time.wall.fetch_add(by, Ordering::Relaxed);
        }
    }
}
