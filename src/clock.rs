//! The clock, behind one type so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// The source of the time. Cheap to clone; clones of a manual clock share their time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that shows `start` until it is advanced.
    pub fn manual(start: Millis) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start))))
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        match &self.0 {
            Some(time) => time.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| i64::try_from(since.as_millis()).ok())
                .unwrap_or_default(),
        }
    }

    /// Advances a manual clock; does nothing to the system's.
    pub fn advance(&self, by: Millis) {
        if let Some(time) = &self.0 {
            time.fetch_add(by, Ordering::Relaxed);
        }
    }
}
