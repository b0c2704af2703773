//! How fast a collection goes: as fast as it can while nobody else writes, and gently beside those
//! who do. Unlinking is what a disk is slow at, and whoever pushes waits for the same disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Batches that go before the next look at who else is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Blobs or manifests that go in one transaction.
    pub(super) batch: usize,
    /// Transactions that are queued at once, to share a commit.
    pub(super) at_once: usize,
    /// For how many times what the batches took nothing is done after them.
    rests: u32,
}

/// What others have done up to the last look.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    seen: u64,
    /// Looks since the last traffic.
    quiet: u32,
}

/// Looks without traffic that make it fast again.
const QUIET: u32 = 3;
/// The longest rest.
const REST: Duration = Duration::from_millis(100);

impl Pace {
    /// With the machine to itself.
    pub(super) const FAST: Self = Self {
        batch: 64,
        at_once: 4,
        rests: 0,
    };
    /// Beside others: half of the time, in small pieces. Slower, and garbage would come faster than
    /// it goes.
    const GENTLE: Self = Self {
        batch: 16,
        at_once: 1,
        rests: 1,
    };

    /// Lets others have their turn.
    pub(super) async fn rest(self, took: Duration) {
        if self.rests > 0 {
            tokio::time::sleep((took * self.rests).min(REST)).await;
        }
    }
}

impl Pacer {
    /// The pace of the next batches, by what has happened since the last; `traffic` counts what
    /// clients were promised.
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
    fn it_is_gentle_while_others_are_at_work() {
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
