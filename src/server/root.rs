//! The root: the storage, locked for this process.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;

use super::frozen::Frozen;
use super::temporary::Temporary;
use crate::config::StorageDriver;
use crate::store::{FileStore, LockError, MemoryStore, Ownership, Reserve, RootLock, Store};

/// The directory of registry:2's layout below a root.
pub(super) const LAYOUT: &str = "docker/registry/v2";
/// The directory of regctl's own files below a root.
pub(super) const OWN: &str = "regctl";

/// The storage, locked.
pub(super) enum Root {
    Files {
        path: PathBuf,
        _lock: RootLock,
    },
    /// Read-only files, with the index in another place.
    Frozen(Frozen),
    /// Bytes in memory, with the index in a directory that is removed when the process ends.
    Memory {
        directory: Temporary,
    },
}

impl Root {
    /// Opens the storage of the settings. With `read_only` the root may be read-only; its index is
    /// then stored at `index`.
    pub(super) fn open(
        driver: &StorageDriver,
        read_only: bool,
        index: Option<&Path>,
    ) -> anyhow::Result<Self> {
        match driver {
            StorageDriver::Filesystem { root } => {
                let error = match RootLock::take(root) {
                    Ok(lock) => return Ok(Self::locked(root, lock)),
                    Err(error) => error,
                };
                if read_only && is_unwritable(&error) && root.is_dir() {
                    return Ok(Self::Frozen(Frozen::open(root, index)?));
                }
                Err(match error {
                    LockError::Held { .. } => locked_error(&error),
                    LockError::ReadOnly { .. } => anyhow!(
                        "{error}; hint: mount it writable, or serve it read-only with \
                         storage.maintenance.readonly.enabled: true in the configuration"
                    ),
                    LockError::File { .. } => {
                        anyhow!("{error}; hint: --root names a directory that this user may write")
                    }
                })
            }
            StorageDriver::Memory => Ok(Self::Memory {
                directory: Temporary::below(&std::env::temp_dir())?,
            }),
        }
    }

    /// A directory that is already locked.
    pub(super) fn locked(path: &Path, lock: RootLock) -> Self {
        Self::Files {
            path: path.to_owned(),
            _lock: lock,
        }
    }

    /// A root on a read-only mount, with its index in memory.
    pub(super) fn frozen(path: &Path) -> anyhow::Result<Self> {
        Ok(Self::Frozen(Frozen::open(path, None)?))
    }

    /// Its directory, if it is writable; `None` in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Files { path, .. } => Some(path),
            Self::Frozen(_) | Self::Memory { .. } => None,
        }
    }

    pub(super) fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        Ok(match self {
            Self::Files { path, .. } | Self::Frozen(Frozen { path, .. }) => {
                Arc::new(FileStore::open(path)?)
            }
            Self::Memory { directory } => {
                FileStore::open(&directory.path().join(OWN))?;
                Arc::new(MemoryStore::new())
            }
        })
    }

    /// Whether the root is read-only.
    pub(super) fn is_frozen(&self) -> bool {
        matches!(self, Self::Frozen(_))
    }

    /// Renames a damaged index. Returns its new path.
    #[expect(clippy::disallowed_methods, reason = "the index is not in the store")]
    pub(super) fn set_index_aside(&self) -> std::io::Result<PathBuf> {
        let file = self.index_file();
        let aside = PathBuf::from(format!(
            "{}.damaged-{}",
            file.display(),
            uuid::Uuid::new_v4()
        ));
        std::fs::rename(&file, &aside)?;
        for suffix in ["-wal", "-shm"] {
            let beside = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
            match std::fs::rename(beside(&file), beside(&aside)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(aside)
    }

    /// The disk space reserve; `None` in memory.
    pub(super) fn reserve(&self) -> Option<Arc<Reserve>> {
        self.path().map(|path| Arc::new(Reserve::open(path)))
    }

    /// Creates the file of the index if it is missing. SQLite gives the files beside it the same
    /// owner and mode.
    pub(super) fn create_index(&self) {
        if let Self::Files { .. } = self {
            let file = self.index_file();
            // An error is reported when the index is opened.
            let _ = Ownership::at(&file).create_new(&file, 0o600);
        }
    }

    pub(super) fn index_file(&self) -> PathBuf {
        match self {
            Self::Frozen(frozen) => frozen.index.clone(),
            _ => self.own_directory().join("index.db"),
        }
    }

    /// The index file that a person can restore or remove: not a copy that ends with this process.
    pub(super) fn lasting_index(&self) -> PathBuf {
        match self {
            Self::Frozen(frozen) if frozen.is_temporary() => frozen.original.clone(),
            _ => self.index_file(),
        }
    }

    /// Whether this root has had an index that was used: its changes left marks, or a log.
    pub(super) fn had_index(&self) -> bool {
        let log = PathBuf::from(format!("{}-wal", self.index_file().display()));
        let has_bytes = |path: &Path| path.metadata().is_ok_and(|found| found.len() > 0);
        has_bytes(&log) || has_bytes(&self.own_directory().join("journal"))
    }

    /// The directory of regctl's own files.
    pub(super) fn own_directory(&self) -> PathBuf {
        let path = match self {
            Self::Files { path, .. } | Self::Frozen(Frozen { path, .. }) => path,
            Self::Memory { directory } => directory.path(),
        };
        path.join(OWN)
    }

    pub(super) fn description(&self) -> String {
        match self {
            Self::Files { path, .. } => path.display().to_string(),
            Self::Frozen(frozen) => frozen.description(),
            Self::Memory { .. } => "memory, lost when the process ends".to_owned(),
        }
    }

    /// Whether the index is lost when the process ends.
    pub(super) fn forgets(&self) -> bool {
        match self {
            Self::Files { .. } => false,
            Self::Frozen(frozen) => frozen.is_temporary(),
            Self::Memory { .. } => true,
        }
    }
}

/// Whether a root could not be locked because it is read-only.
fn is_unwritable(error: &LockError) -> bool {
    match error {
        LockError::ReadOnly { .. } => true,
        LockError::File { source, .. } => source.kind() == ErrorKind::PermissionDenied,
        LockError::Held { .. } => false,
    }
}

/// The error for a root that another process has locked.
pub(super) fn locked_error(error: &LockError) -> anyhow::Error {
    anyhow!("{error}; hint: stop that one first, or give this one another --root")
}
