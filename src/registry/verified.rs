//! Blobs whose bytes matched their digest recently, in files that have not changed since. They are
//! not hashed again: that would take more time than sending them.
//!
//! A change of a file changes its time (`Stat::changed`). Bytes that a device alters without that
//! are found by the next read after [`LENGTH`], by a check, and by clients.

use quick_cache::sync::Cache;

use crate::clock::Millis;
use crate::oci::Digest;

/// How long a verification counts, in milliseconds.
const LENGTH: Millis = 10 * 60 * 1000;
/// Maximum number of verifications that are kept.
const LIMIT: usize = 4096;
/// A file that changed less than this before it was opened could change again without a new time,
/// in nanoseconds: clocks of file systems are coarse.
const COARSE: i64 = 2_000_000_000;

/// The verified blobs.
pub(super) struct VerifiedBlobs {
    blobs: Cache<Digest, Verified>,
}

#[derive(Debug, Clone, Copy)]
struct Verified {
    /// When the file last changed.
    changed: i64,
    /// By the steady clock.
    until: Millis,
}

impl VerifiedBlobs {
    pub(super) fn new() -> Self {
        Self {
            blobs: Cache::new(LIMIT),
        }
    }

    /// Whether the bytes of a file that last changed at `changed` were verified recently. `steady`
    /// is the time by the steady clock.
    pub(super) fn contains(&self, digest: &Digest, changed: i64, steady: Millis) -> bool {
        let verified = self.blobs.get(digest);
        verified.is_some_and(|verified| verified.changed == changed && steady < verified.until)
    }

    /// Records that the bytes of a file matched, which was opened at `opened` (time of day) and
    /// `steady`.
    pub(super) fn insert(&self, digest: Digest, changed: i64, opened: Millis, steady: Millis) {
        if opened.saturating_mul(1_000_000).saturating_sub(changed) < COARSE {
            return;
        }
        let until = steady.saturating_add(LENGTH);
        self.blobs.insert(digest, Verified { changed, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hasher;
    use crate::oci::Algorithm;

    #[test]
    fn a_verification_counts_for_a_while_and_for_one_file() {
        let verified = VerifiedBlobs::new();
        let digest = Hasher::digest(Algorithm::Sha256, b"one");
        let other = Hasher::digest(Algorithm::Sha256, b"other");
        let changed = 5_000_000_000;
        // The file has just changed.
        verified.insert(digest, changed, 6_999, 100);
        assert!(!verified.contains(&digest, changed, 100));
        verified.insert(digest, changed, 7_000, 100);
        assert!(verified.contains(&digest, changed, 100));
        assert!(verified.contains(&digest, changed, 100 + LENGTH - 1));
        assert!(!verified.contains(&digest, changed, 100 + LENGTH));
        assert!(!verified.contains(&digest, changed + 1, 100));
        assert!(!verified.contains(&other, changed, 100));
    }
}
