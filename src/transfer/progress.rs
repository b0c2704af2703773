//! The events that a transfer reports.
//!
//! Independent of terminals and text. Every blob begins once and ends once.

use std::sync::Arc;

/// Something that happens in a transfer.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The total bytes to move, if known in advance.
    Total {
        /// Bytes over the wire.
        bytes: u64,
    },
    /// The total bytes to read of an archive, if known in advance.
    ToRead {
        /// Bytes of the archive.
        bytes: u64,
    },
    /// Bytes of the archive were read, or need not be read.
    Read {
        /// Number of bytes; each byte counts once.
        bytes: u64,
    },
    /// A blob begins.
    Begin {
        /// Its number, unique in the run.
        id: u64,
        /// Its image and the beginning of its digest.
        name: &'a str,
        /// Its size in bytes, if known.
        size: Option<u64>,
    },
    /// Bytes of a blob were sent.
    Moved {
        /// The blob.
        id: u64,
        /// Number of bytes; repeated bytes count again.
        bytes: u64,
    },
    /// A blob is finished.
    End {
        /// The blob.
        id: u64,
        /// The outcome.
        outcome: Outcome,
    },
    /// A message about progress: an image is complete.
    Note(&'a str),
    /// A message about something that was skipped.
    Warning(&'a str),
}

/// The result for one blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its bytes were moved.
    Sent,
    /// The registry mounted it from another of its repositories.
    Mounted,
    /// It was there already.
    Exists,
    /// It was interrupted, and begins again as another blob.
    Repeated,
    /// It could not be moved.
    Failed,
}

/// Receives the events of a transfer.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;
