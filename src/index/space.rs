//! The free space of the device that the index is on.
//!
//! SQLite reports "disk I/O error" for a used up quota, a read-only mount and a failing disk alike,
//! so a write beside the index determines the cause.

use std::io::{self, ErrorKind};

use super::IndexError;
use super::error::{CAN_NOT_OPEN, INPUT_OUTPUT, READ_ONLY, code, message};

/// Keeps space free for the writes of an index.
pub trait DiskSpace: Send + Sync {
    /// Called before each commit: notes if there is little space, so that no content is added.
    fn watch(&self);

    /// Called before a commit that leads to free space: frees some if there is little. Other writes get
    /// none, because another program could take what they leave.
    fn provide(&self);

    /// Called when a write found no space: frees some for the next if the write `frees` some itself.
    fn exhausted(&self, frees: bool);

    /// Tries a write beside the index. Returns the error of the system, if there is one.
    fn probe(&self) -> io::Result<()>;
}

/// Replaces an error of the database by the error of the device that caused it.
/// Frees space for the next attempt if the write `frees` some.
pub(super) fn explained(
    error: IndexError,
    space: Option<&dyn DiskSpace>,
    frees: bool,
) -> IndexError {
    let Some(space) = space else { return error };
    let error = match error {
        IndexError::Database(error) => {
            match code(&error).map(|code| code & 0xff) {
                Some(READ_ONLY | INPUT_OUTPUT | CAN_NOT_OPEN) => {}
                _ => return IndexError::Database(error),
            }
            match space.probe().map_err(|error| error.kind()) {
                Err(ErrorKind::StorageFull) => IndexError::Full,
                Err(ErrorKind::QuotaExceeded) => IndexError::Quota,
                Err(ErrorKind::ReadOnlyFilesystem) => IndexError::ReadOnly,
                // The permissions, not the device, are the cause.
                Err(ErrorKind::PermissionDenied) => IndexError::Database(error),
                _ if code(&error).is_some_and(|code| code & 0xff == INPUT_OUTPUT) => {
                    IndexError::Failing(message(&error))
                }
                _ => IndexError::Database(error),
            }
        }
        error => error,
    };
    if matches!(error, IndexError::Full | IndexError::Quota) {
        space.exhausted(frees);
    }
    error
}
