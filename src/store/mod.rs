//! Bytes: blobs in the making, sealed blobs, and small records, under keys.
//!
//! A key is a relative path of plain components, `docker/registry/v2/blobs/sha256/ab/…/data`; what
//! keys mean is the business of `registry::layout`. This room knows nothing of repositories or
//! requests. One trait, [`Store`]; one file an implementation; one test suite (`suite`) for all.
//!
//! Durability: [`Appender::seal`] makes bytes durable. Everything else (each [`Step`]) is atomic for
//! whoever looks, but lasts through a power cut only after [`Store::sync`]. The caller keeps a
//! journal for the time between.

mod body;
mod file_appender;
mod fs;
mod lock;
mod memory;
mod open_files;
#[cfg(test)]
mod suite;

use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::hash::Hasher;

pub use body::Body;
pub use fs::FileStore;
pub use lock::{LockError, RootLock};
pub use memory::{Fault, MemoryStore};

/// What a store answers, when it does.
pub type StoreFuture<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nothing under the key.
    #[error("{0} is not there")]
    NotFound(String),
    /// The device or the quota has no room left.
    #[error("no room left to write {0}")]
    Full(String),
    /// A blob in the making is shorter than where its next bytes belong.
    #[error("{key} has {length} bytes, fewer than the {expected} that were acknowledged")]
    Short {
        /// The key.
        key: String,
        /// Bytes that are there.
        length: u64,
        /// Bytes that should be.
        expected: u64,
    },
    /// The device did not keep what was written before, even if it takes more now: nothing of a
    /// blob in the making can be relied on.
    #[error("the device did not keep what was written to {key}: {source}")]
    NotKept {
        /// The key.
        key: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system refused; the text says what and on what.
    #[error("{action} {key}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// On what.
        key: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Sorts an error of the system.
    pub fn new(action: &'static str, key: impl fmt::Display, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound(key.to_string()),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full(key.to_string())
            }
            _ => Self::System {
                action,
                key: key.to_string(),
                source,
            },
        }
    }

    /// Whether bytes that were taken before are lost.
    pub fn is_not_kept(&self) -> bool {
        matches!(self, Self::NotKept { .. })
    }

    /// Whether nothing was there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

/// A member of a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The last component of its key.
    pub name: String,
    /// Whether it holds others.
    pub directory: bool,
}

/// What is known of a key without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Bytes; of a directory, nothing that means anything.
    pub size: u64,
    /// When the content, or the membership of a directory, was last changed: nanoseconds since
    /// 1970 by the clock of whatever keeps the bytes. Never set back by who writes.
    pub changed: i64,
}

/// The end of a blob that is being written: hashes bytes as it writes them.
pub trait Appender: Send {
    /// Writes the next bytes. May return before they are written; an error is then returned by the
    /// next call. At most one write is under way, so memory stays bounded.
    fn write(&mut self, slices: Vec<Bytes>) -> StoreFuture<'_, ()>;

    /// Waits for the last write. The hashers and the length cover all bytes.
    fn finish(self: Box<Self>) -> StoreFuture<'static, Written>;

    /// As [`Appender::finish`], and the bytes are durable.
    fn seal(self: Box<Self>) -> StoreFuture<'static, Written>;
}

/// What an [`Appender`] has written.
pub struct Written {
    /// The hashers that it was given, updated with all bytes.
    pub hashers: Vec<Hasher>,
    /// Bytes under the key.
    pub length: u64,
}

/// A change to one key: atomic, and harmless when applied again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Moves a sealed blob to its place, over what is there (the same content, or what is left of
    /// it); when only the place is there, it was done already.
    Place {
        /// Where it is.
        from: String,
        /// Its place.
        to: String,
    },
    /// Writes a small record.
    Put {
        /// Its key.
        key: String,
        /// Its content.
        bytes: Bytes,
    },
    /// Removes a blob or record. Nothing there is no error.
    Remove {
        /// Its key.
        key: String,
    },
    /// Removes a record, and the directory above it when that is empty then.
    Prune {
        /// Its key.
        key: String,
    },
    /// Removes a directory that is empty, and those above it that are empty then. Others stay.
    RemoveEmpty {
        /// Its key.
        key: String,
        /// The directory that stays in any case, above it.
        below: String,
    },
    /// Removes a directory with all that is in it. Nothing there is no error.
    RemoveTree {
        /// Its key.
        key: String,
    },
}

/// A step that failed; those before it were applied.
#[derive(Debug)]
pub struct StepError {
    /// Which step, from 0.
    pub step: usize,
    /// Why not.
    pub error: StoreError,
}

impl From<StepError> for StoreError {
    fn from(error: StepError) -> Self {
        error.error
    }
}

/// A store of bytes.
pub trait Store: Send + Sync + 'static {
    /// A blob in the making that goes on at `offset`, and is created when `offset` is 0. Bytes past
    /// `offset`, which nobody was promised, go. What is wrong with the key or the offset is told by
    /// the appender, so that a small blob takes one trip to the store.
    fn append(&self, key: &str, offset: u64, hashers: Vec<Hasher>) -> Box<dyn Appender>;

    /// Reads bytes `start` to `end` (not included) of a blob, or all of it.
    fn read<'a>(&'a self, key: &'a str, range: Option<(u64, u64)>) -> StoreFuture<'a, Body>;

    /// The small records under some keys; `None` where there is none.
    fn get<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Bytes>>>;

    /// Applies some steps in order, up to the first that fails.
    fn apply(&self, steps: Vec<Step>) -> BoxFuture<'_, Result<(), StepError>>;

    /// The members of some directories, in no order; none where a directory is not there.
    fn list<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Vec<Entry>>>;

    /// What is known of some keys; `None` where nothing is.
    fn stat<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Stat>>>;

    /// Makes everything done so far last through a power cut.
    fn sync(&self) -> StoreFuture<'_, ()>;
}
