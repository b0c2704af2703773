//! The times of a file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Seconds until 2015. No file of a registry is older: an earlier time is that of a copy which set
/// one for all files.
const FIRST: i64 = 1_420_070_400;

/// The time of the last change, in nanoseconds since 1970. A copy or a change of the owner counts as
/// one.
pub(super) fn changed(metadata: &Metadata) -> i64 {
    nanoseconds(metadata.ctime(), metadata.ctime_nsec())
}

/// When the content was written, in nanoseconds since 1970. Copies with `cp -a`, `rsync -a` or `tar`
/// keep it, and so does a change of the owner.
pub(super) fn written(metadata: &Metadata) -> i64 {
    if metadata.mtime() < FIRST {
        return changed(metadata);
    }
    nanoseconds(metadata.mtime(), metadata.mtime_nsec()).min(changed(metadata))
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
