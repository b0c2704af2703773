//! The pace of a collection: as fast as possible while the registry is idle, slower while clients
//! use it. Unlinking is slow, and pushes wait for the same disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The amount of deletion between two checks for traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Number of blobs or manifests deleted in one transaction.
    pub(super) batch: usize,
    /// Number of transactions queued at once, to share a commit.
    pub(super) at_once: usize,
    /// Pause after the batches, as a multiple of their duration.
    pause: u32,
}

/// Traffic at the last check.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    seen: u64,
    /// Number of checks since the last traffic.
    quiet: u32,
}

/// Number of checks without traffic before the pace is fast again.
const QUIET: u32 = 3;
/// Maximum pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Pace {
    /// For an idle registry.
    pub(super) const FAST: Self = Self {
        batch: 64,
        at_once: 4,
        pause: 0,
    };
    /// With traffic: half of the time, in small batches. At a slower pace garbage could grow faster
    /// than it is deleted.
    const GENTLE: Self = Self {
        batch: 16,
        at_once: 1,
        pause: 1,
    };

    /// Pauses after batches of this duration.
    pub(super) async fn pause(self, took: Duration) {
        if self.pause > 0 {
            tokio::time::sleep((took * self.pause).min(LONGEST_PAUSE)).await;
        }
    }
}

impl Pacer {
    /// The pace of the next batches, by the traffic since the last call; `traffic` counts requests
    /// that a collection must not slow down.
    pub(super) fn next(&mut self, traffic: &AtomicU64) -> Pace {
        let now = traffic.load(Ordering::Relaxed);
        self.quiet = if now == self.seen {
            self.quiet.saturating_add(1)
        } else {
            0
        };
        self.seen = now;
        if self.quiet < QUIET {
            Pace::GENTLE
        } else {
            Pace::FAST
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_slows_down_beside_traffic() {
        let traffic = AtomicU64::new(7);
        let mut pacer = Pacer::default();
        for _ in 0..QUIET {
            assert_eq!(pacer.next(&traffic), Pace::GENTLE);
        }
        assert_eq!(pacer.next(&traffic), Pace::FAST);
        traffic.fetch_add(1, Ordering::Relaxed);
        for _ in 0..QUIET {
            assert_eq!(pacer.next(&traffic), Pace::GENTLE);
        }
        assert_eq!(pacer.next(&traffic), Pace::FAST);
    }
}
