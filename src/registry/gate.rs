//! The gate of large manifests: the share of this registry that they have together.
//!
//! A manifest with thousands of descriptors takes tens of milliseconds to parse and to write to the
//! index, whose queued writes share a commit. So a small push would wait for all the large ones
//! beside it. They wait here for each other instead, in order; small manifests do not pass the
//! gate.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Manifests up to this size are small. An image with a hundred layers is.
const SMALL: usize = 16 * 1024;
/// Bytes of large manifests in work at once: two of the most descriptors, or a single one that is
/// larger.
const SHARE: u32 = 2 * 1024 * 1024;

/// The gate of a registry.
pub(super) struct Gate(Semaphore);

impl Gate {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(SHARE as usize))
    }

    /// Waits until work on a manifest of this size may begin. Its part of the share is free again
    /// when the result is dropped.
    pub(super) async fn pass(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        if bytes <= SMALL {
            return None;
        }
        let part = u32::try_from(bytes).unwrap_or(SHARE).min(SHARE);
        // Nothing closes it.
        self.0.acquire_many(part).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::oci::MANIFEST_LIMIT;

    #[test]
    fn large_manifests_share_a_limit_and_small_ones_pass() {
        let gate = Gate::new();
        let largest = gate.pass(MANIFEST_LIMIT).now_or_never().unwrap();
        assert!(largest.is_some());
        assert!(gate.pass(MANIFEST_LIMIT).now_or_never().is_none());
        assert!(gate.pass(SMALL + 1).now_or_never().is_none());
        assert!(gate.pass(SMALL).now_or_never().is_some());
        drop(largest);
        let both = [1_000_000, 1_000_000].map(|bytes| gate.pass(bytes).now_or_never().unwrap());
        assert!(gate.pass(200_000).now_or_never().is_none());
        drop(both);
        assert!(gate.pass(MANIFEST_LIMIT).now_or_never().is_some());
    }
}
