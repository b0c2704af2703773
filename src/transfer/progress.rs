//! The events that a transfer reports while it works.
//!
//! Knows neither terminals nor words. Every blob that is dealt with begins once and ends once.

use std::sync::Arc;

/// Something that happens in a transfer.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// How many bytes will move in all, where that is known before the first.
    Total {
        /// Bytes over the wire.
        bytes: u64,
    },
    /// A blob is about to move.
    Begin {
        /// Tells this blob from the others of the run.
        id: u64,
        /// Its image and the beginning of its digest.
        name: &'a str,
        /// Its length in bytes, when known.
        size: Option<u64>,
    },
    /// Bytes of it went over the wire.
    Moved {
        /// The blob.
        id: u64,
        /// How many; what is sent again counts again.
        bytes: u64,
    },
    /// Nothing more happens to the blob.
    End {
        /// The blob.
        id: u64,
        /// What became of it.
        outcome: Outcome,
    },
    /// Something that is worth knowing: an image that is done.
    Note(&'a str),
    /// Something that was passed over.
    Warning(&'a str),
}

/// The result for one blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its bytes were moved.
    Sent,
    /// The registry took it over from another of its repositories.
    Mounted,
    /// It was there already.
    Exists,
    /// It could not be moved.
    Failed,
}

/// Receives the events of a transfer.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;
