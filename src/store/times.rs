//! The times of a file, and what identifies it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

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

/// What identifies a file: file systems give the same numbers to the first files of two disks, but
/// these were not made at the same moment.
pub(super) fn node(metadata: &Metadata) -> u64 {
    let made = metadata.created().ok();
    let made = made.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let made = made.map_or(0, |made| {
        made.as_secs().rotate_left(32) ^ u64::from(made.subsec_nanos())
    });
    metadata.ino() ^ made
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
