//! Bytes under keys: blobs being written, sealed blobs, and small records.
//!
//! A key is a relative path of plain components, `docker/registry/v2/blobs/sha256/ab/…/data`;
//! `registry::layout` defines their meaning. This module has no notion of repositories or requests.
//! There is one trait, [`Store`], one file for each implementation, and one test suite (`suite`)
//! for all.
//!
//! Durability: [`Appender::seal`] makes bytes durable. Each [`Step`] is atomic for readers, but
//! survives a power cut only after [`Store::sync`]. The caller keeps a journal until then.

mod body;
mod boot;
mod file_appender;
mod fs;
mod lock;
mod memory;
mod mounts;
mod open_files;
mod ownership;
mod placing;
mod reserve;
mod space;
#[cfg(test)]
mod suite;
mod syncing;
mod times;

use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::hash::Hasher;

pub use body::Body;
pub use boot::Boot;
pub use fs::FileStore;
pub use lock::{LockError, RootLock};
pub use memory::{Fault, MemoryStore};
pub use ownership::Ownership;
pub use reserve::Reserve;

/// The future that a store returns.
pub type StoreFuture<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Why a call to a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The device has no space left: no blocks, or no inodes.
    #[error("no space left to write {0}")]
    Full(String),
    /// The quota of this user, or of this directory, is used up.
    #[error("the quota is used up: {0} can't be written")]
    Quota(String),
    /// The file would be larger than the system allows to this process, or the file system to any.
    #[error("{0} would be larger than a file may be here")]
    TooLarge(String),
    /// The device is mounted read-only.
    #[error("the device is mounted read-only: {0} can't be written")]
    ReadOnly(String),
    /// The device fails, and not for lack of space.
    #[error("the device fails: {action} {key}: {source}")]
    Failing {
        /// What was tried.
        action: &'static str,
        /// On what.
        key: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A directory of another user keeps this process from writing.
    #[error("{key} can't be written: {directory} belongs to user {owner}, and this is user {user}")]
    Foreign {
        /// The key.
        key: String,
        /// The directory, with the root.
        directory: String,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// A blob being written is shorter than the offset of its next bytes.
    #[error("{key} has {length} bytes, fewer than the {expected} that were acknowledged")]
    Short {
        /// The key.
        key: String,
        /// Bytes found.
        length: u64,
        /// Bytes expected.
        expected: u64,
    },
    /// The device lost earlier writes, even if it accepts new ones: no byte of the blob being
    /// written can be relied on.
    #[error("the device lost data written to {key}: {source}")]
    DataLost {
        /// The key.
        key: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Another error of the system.
    #[error("{action} {key}: {source}")]
    System {
        /// What was attempted.
        action: &'static str,
        /// The key.
        key: String,
        /// The error of the system.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Classifies an error of the system.
    pub fn new(action: &'static str, key: impl fmt::Display, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound(key.to_string()),
            std::io::ErrorKind::StorageFull => Self::Full(key.to_string()),
            std::io::ErrorKind::QuotaExceeded => Self::Quota(key.to_string()),
            std::io::ErrorKind::FileTooLarge => Self::TooLarge(key.to_string()),
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(key.to_string()),
            _ if is_failing(&source) => Self::Failing {
                action,
                key: key.to_string(),
                source,
            },
            _ => Self::System {
                action,
                key: key.to_string(),
                source,
            },
        }
    }

    /// Whether bytes that were accepted before are lost.
    pub fn is_data_lost(&self) -> bool {
        matches!(self, Self::DataLost { .. })
    }

    /// Whether the error comes from an entry at or above this path, so that other paths are not
    /// affected.
    pub fn is_obstructed(&self) -> bool {
        use std::io::ErrorKind;
        let source = match self {
            Self::Foreign { .. } => return true,
            Self::System { source, .. } => source,
            _ => return false,
        };
        // ELOOP; its kind is not stable yet.
        source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
            || matches!(
                source.kind(),
                ErrorKind::NotADirectory
                    | ErrorKind::IsADirectory
                    | ErrorKind::AlreadyExists
                    | ErrorKind::DirectoryNotEmpty
                    | ErrorKind::PermissionDenied
            )
    }

    /// Whether something could not be moved because it is on another file system, or is one.
    pub fn is_elsewhere(&self) -> bool {
        use std::io::ErrorKind;
        matches!(self, Self::System { source, .. }
            if matches!(source.kind(), ErrorKind::CrossesDevices | ErrorKind::ResourceBusy))
    }

    /// Whether the key does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

/// Whether an error of the system means a failing device.
pub(crate) fn is_failing(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The last component of its key.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
}

/// Metadata of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whether it is a file; otherwise a directory, or something that no registry has written.
    pub file: bool,
    /// Bytes; meaningless for anything but a file.
    pub size: u64,
    /// When the content, or the entries of a directory, last changed: nanoseconds since 1970 by the
    /// clock of the storage. Writers never set it back.
    pub changed: i64,
    /// When the content was written, at the latest when it changed: nanoseconds since 1970. A copy
    /// of the storage keeps it, and anybody may set it, so it says nothing about changes.
    pub written: i64,
    /// Identifies a file or directory among those of its storage. Another value at the same key is
    /// another file.
    pub node: u64,
}

impl Stat {
    /// An empty file of which one time is known.
    pub fn at(changed: i64) -> Self {
        Self {
            file: true,
            size: 0,
            changed,
            written: changed,
            node: 0,
        }
    }
}

/// Appends to a blob and hashes the bytes.
pub trait Appender: Send {
    /// Writes the next bytes. May return before they are written; the next call then returns any
    /// error. At most one write is in progress, so memory stays bounded.
    fn write(&mut self, slices: Vec<Bytes>) -> StoreFuture<'_, ()>;

    /// Waits for the last write. The hashers and the length cover all bytes.
    fn finish(self: Box<Self>) -> StoreFuture<'static, Written>;

    /// Like [`Appender::finish`]; the bytes are then durable.
    fn seal(self: Box<Self>) -> StoreFuture<'static, Written>;
}

/// The result of an [`Appender`].
pub struct Written {
    /// The hashers passed to it, updated with all bytes.
    pub hashers: Vec<Hasher>,
    /// Total bytes under the key.
    pub length: u64,
}

/// A change to one key: atomic and idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Moves a sealed blob to its final key, replacing any blob there (the same content, or a
    /// damaged copy). If only the final key exists, the step was done before.
    Place {
        /// The key of the sealed blob.
        from: String,
        /// The final key.
        to: String,
    },
    /// Writes a small record.
    Put {
        /// Its key.
        key: String,
        /// Its content.
        bytes: Bytes,
    },
    /// Appends to a small record in place. Errors are logged and ignored: correctness does not
    /// depend on the record.
    Note {
        /// Its key.
        key: String,
        /// What to add.
        bytes: Bytes,
    },
    /// Removes a blob or record, if it exists.
    Remove {
        /// Its key.
        key: String,
    },
    /// Removes a record, and then its directory if that is empty.
    Prune {
        /// Its key.
        key: String,
    },
    /// Removes an empty directory, and then its empty parents. Others are kept.
    RemoveEmpty {
        /// Its key.
        key: String,
        /// The ancestor that is never removed.
        below: String,
    },
    /// Removes a directory with all its content, if it exists.
    RemoveTree {
        /// Its key.
        key: String,
    },
}

/// A step that failed; earlier steps were applied.
#[derive(Debug)]
pub struct StepError {
    /// Its position, from 0.
    pub step: usize,
    /// The error.
    pub error: StoreError,
}

impl From<StepError> for StoreError {
    fn from(error: StepError) -> Self {
        error.error
    }
}

/// The space of a device, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// All of it.
    pub total: u64,
    /// The space that this process can still use.
    pub free: u64,
}

/// A store of bytes.
pub trait Store: Send + Sync + 'static {
    /// Appends to a blob at `offset`, creating it when `offset` is 0. Unacknowledged bytes past
    /// `offset` are discarded. The appender reports errors of the key or the offset, so that a
    /// small blob takes one call to the store.
    fn append(&self, key: &str, offset: u64, hashers: Vec<Hasher>) -> Box<dyn Appender>;

    /// Reads the bytes from `start` up to `end` (exclusive), or all of a blob.
    fn read<'a>(&'a self, key: &'a str, range: Option<(u64, u64)>) -> StoreFuture<'a, Body>;

    /// The small records under some keys: `None` if a key does not exist, empty if the record can't
    /// be read.
    fn get<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Bytes>>>;

    /// Applies steps in order until one fails.
    fn apply(&self, steps: Vec<Step>) -> BoxFuture<'_, Result<(), StepError>>;

    /// The entries of some directories, unordered; empty if a directory does not exist.
    fn list<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Vec<Entry>>>;

    /// The metadata of some keys; `None` if a key does not exist.
    fn stat<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Stat>>>;

    /// Makes all earlier steps durable, on every file system of the store; those of a store that
    /// [syncs keys](Store::syncs_keys) only for these keys. After an error, the steps since the last
    /// success may be lost even if a later call succeeds: repeat them.
    fn sync<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, ()>;

    /// Whether part of the store is on a file system that can't be synced as a whole, so that
    /// [`Store::sync`] needs the keys that have changed.
    fn syncs_keys(&self) -> bool {
        false
    }

    /// The boot of the machine that writes to the device.
    fn boot(&self) -> Boot;

    /// The space of the device; `None` for a store without one.
    fn device(&self) -> StoreFuture<'_, Option<Device>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
