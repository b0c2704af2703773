//! The pace of a collection: as fast as possible while the registry is idle, slower while clients
//! use it. Unlinking is slow, and pushes wait for the same disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

/// Traffic at the last check, and how fast garbage is made and deleted.
#[derive(Debug)]
pub(super) struct Pacer {
    begun: Instant,
    /// Time from the beginning of the last collection to that of this one: in which the garbage
    /// was made. `None` for the first collection.
    interval: Option<Duration>,
    found: u64,
    deleted: u64,
    seen: u64,
    /// Number of checks since the last traffic.
    quiet: u32,
}

/// Number of checks without traffic before the pace is fast again.
const QUIET: u32 = 3;
/// Time before the speed of a collection is known.
const FIRST: Duration = Duration::from_secs(1);
/// Maximum pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Pace {
    /// For an idle registry.
    pub(super) const FAST: Self = Self {
        batch: 64,
        at_once: 4,
        pause: 0,
    };
    /// With traffic: a quarter of the time, in small batches, because the sync of a push waits for
    /// the deletions before it.
    const GENTLE: Self = Self {
        batch: 4,
        at_once: 1,
        pause: 3,
    };
    /// With traffic, if garbage could otherwise grow faster than it is deleted: half of the time.
    const STEADY: Self = Self {
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
    /// For a collection that begins now, this long after the last one began.
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self {
            begun: Instant::now(),
            interval,
            found: 0,
            deleted: 0,
            seen: 0,
            quiet: 0,
        }
    }

    /// Counts garbage that was found.
    pub(super) fn found(&mut self, number: u64) {
        self.found += number;
    }

    /// Counts garbage that was deleted.
    pub(super) fn deleted(&mut self, number: u64) {
        self.deleted += number;
    }

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
        if self.quiet >= QUIET {
            Pace::FAST
        } else if self.is_behind(self.begun.elapsed()) {
            Pace::STEADY
        } else {
            Pace::GENTLE
        }
    }

    /// Whether the collection deletes less than twice as much garbage as is made in the same time.
    fn is_behind(&self, elapsed: Duration) -> bool {
        let Some(interval) = self.interval else {
            return false;
        };
        // deleted / elapsed < 2 * found / interval
        let product = |number: u64, time: Duration| u128::from(number) * time.as_millis();
        elapsed > FIRST && product(self.deleted, interval) < 2 * product(self.found, elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_slows_down_beside_traffic() {
        let traffic = AtomicU64::new(7);
        let mut pacer = Pacer::new(None);
        for _ in 0..2 {
            for _ in 0..QUIET {
                assert_eq!(pacer.next(&traffic), Pace::GENTLE);
            }
            assert_eq!(pacer.next(&traffic), Pace::FAST);
            traffic.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_collection_keeps_up_with_garbage() {
        let second = Duration::from_secs(1);
        for (interval, found, deleted, elapsed, behind) in [
            // 100 a second are made, 199 and 200 deleted.
            (Some(10 * second), 1000, 995, 5 * second, true),
            (Some(10 * second), 1000, 1000, 5 * second, false),
            // Its speed is not known yet, or it is the first.
            (Some(10 * second), 1000, 0, second, false),
            (None, u64::MAX, 0, 60 * second, false),
            // Once a day there is time.
            (Some(86_400 * second), 1_000_000, 3000, 60 * second, false),
        ] {
            let mut pacer = Pacer::new(interval);
            pacer.found(found);
            pacer.deleted(deleted);
            assert_eq!(pacer.is_behind(elapsed), behind, "{found} {deleted}");
        }
    }
}
