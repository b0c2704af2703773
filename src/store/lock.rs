//! Only one process uses a root: a lock that the system releases when the process ends for any
//! reason.

#![expect(clippy::disallowed_methods, reason = "the lock is a file of the root")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::ownership::Ownership;
use super::reserve::release_unopened;

/// Why a root could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has the lock.
    #[error("{root} is in use by process {holder}")]
    Held {
        /// The root.
        root: PathBuf,
        /// The id of the process, read from the lock file.
        holder: String,
    },
    /// The root is on a read-only mount.
    #[error("{root} is on a read-only mount")]
    ReadOnly {
        /// The root.
        root: PathBuf,
    },
    /// The lock file can't be written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// A locked root; dropping the value releases the lock.
#[derive(Debug)]
pub struct RootLock {
    _file: File,
}

impl RootLock {
    /// Locks `<root>/regctl/lock`, creating missing directories.
    pub fn take(root: &Path) -> Result<Self, LockError> {
        let directory = root.join("regctl");
        let path = directory.join("lock");
        let wrap = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::ReadOnlyFilesystem => LockError::ReadOnly {
                root: root.to_owned(),
            },
            _ => LockError::File {
                path: path.clone(),
                source,
            },
        };
        let ownership = Ownership::of_root(root);
        let open = || {
            ownership.create_dir_all(&directory)?;
            ownership.open_or_create(&path, OpenOptions::new().read(true).write(true))
        };
        let mut file = match open() {
            // Without a lock file no process uses the root.
            Err(error) if is_short(&error) => {
                release_unopened(root);
                open()
            }
            opened => opened,
        }
        .map_err(wrap)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(held(root, file));
            }
            Err(error) => return Err(wrap(error.into())),
        }
        let named = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        match named {
            // The process id in the file is for people; the lock works without it.
            Err(error) if !is_short(&error) => Err(wrap(error)),
            _ => Ok(Self { _file: file }),
        }
    }
}

/// The error that names the process with the lock.
fn held(root: &Path, mut file: File) -> LockError {
    let mut holder = String::new();
    // A process that has not yet written its id is unknown.
    let _ = file.read_to_string(&mut holder);
    let holder = match holder.trim() {
        "" => "unknown".to_owned(),
        holder => holder.to_owned(),
    };
    LockError::Held {
        root: root.to_owned(),
        holder,
    }
}

fn is_short(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

impl RootLock {
    /// Shares a read-only root with other readers. Without a lock file, or permission to open it,
    /// no other process can be detected.
    pub fn share(root: &Path) -> Result<Option<Self>, LockError> {
        let Ok(file) = File::open(root.join("regctl").join("lock")) else {
            return Ok(None);
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => Err(held(root, file)),
            Err(_) => Ok(None),
            Ok(()) => Ok(Some(Self { _file: file })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_process_with_the_lock() {
        let root = tempfile::tempdir().unwrap();
        let first = RootLock::take(root.path()).unwrap();
        let Err(LockError::Held { holder, .. }) = RootLock::take(root.path()) else {
            panic!("taken twice")
        };
        assert_eq!(holder, std::process::id().to_string());
        drop(first);
        RootLock::take(root.path()).unwrap();
    }
}
