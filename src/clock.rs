//! The clock, as a type that tests can set.

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
