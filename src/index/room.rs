//! The room of the device that the index lies on.
//!
//! SQLite says "disk I/O error" of a used up quota, of a read-only mount and of a dying disk alike,
//! so the device is asked again.

use std::io::{self, ErrorKind};

use super::IndexError;
use super::error::{CAN_NOT_OPEN, INPUT_OUTPUT, READ_ONLY, code, message};

/// What keeps room for the writes of an index.
pub trait Room: Send + Sync {
    /// Called before each commit: provides room if there is little.
    fn provide(&self);

    /// Called when a write found no room: provides some for the next.
    fn exhausted(&self);

    /// Tries a write beside the index: the error of the system, if there is one.
    fn probe(&self) -> io::Result<()>;
}

/// The same error, said by what is wrong with the device.
pub(super) fn explained(error: IndexError, room: Option<&dyn Room>) -> IndexError {
    let Some(room) = room else { return error };
    let error = match error {
        IndexError::Database(error) => {
            match code(&error).map(|code| code & 0xff) {
                Some(READ_ONLY | INPUT_OUTPUT | CAN_NOT_OPEN) => {}
                _ => return IndexError::Database(error),
            }
            match room.probe().map_err(|error| error.kind()) {
                Err(ErrorKind::StorageFull) => IndexError::Full,
                Err(ErrorKind::QuotaExceeded) => IndexError::Quota,
                Err(ErrorKind::ReadOnlyFilesystem) => IndexError::ReadOnly,
                // Its rights, not its device.
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
        room.exhausted();
    }
    error
}
