//! The root: the storage, locked for this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;

use crate::config::StorageDriver;
use crate::store::{FileStore, LockError, MemoryStore, Reserve, RootLock, Store};

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
    /// Bytes in memory, the index in a temporary directory of the process.
    Memory {
        directory: PathBuf,
    },
}

impl Root {
    pub(super) fn open(driver: &StorageDriver) -> anyhow::Result<Self> {
        match driver {
            StorageDriver::Filesystem { root } => {
                let lock = RootLock::take(root).map_err(|error| match error {
                    LockError::Held { .. } => {
                        anyhow!("{error}; hint: stop that process, or choose another --root")
                    }
                    LockError::File { .. } => {
                        anyhow!("{error}; hint: --root names a directory that this user may write")
                    }
                })?;
                Ok(Self::Files {
                    path: root.clone(),
                    _lock: lock,
                })
            }
            StorageDriver::Memory => {
                let name = format!("regctl-{}", uuid::Uuid::new_v4());
                Ok(Self::Memory {
                    directory: std::env::temp_dir().join(name),
                })
            }
        }
    }

    /// A directory that is already locked.
    pub(super) fn locked(path: &Path, lock: RootLock) -> Self {
        Self::Files {
            path: path.to_owned(),
            _lock: lock,
        }
    }

    /// Its directory; `None` in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Files { path, .. } => Some(path),
            Self::Memory { .. } => None,
        }
    }

    pub(super) fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        Ok(match self {
            Self::Files { path, .. } => Arc::new(FileStore::open(path)?),
            Self::Memory { directory } => {
                FileStore::open(&directory.join(OWN))?;
                Arc::new(MemoryStore::new())
            }
        })
    }

    /// What is kept for a full device; nothing in memory.
    pub(super) fn reserve(&self) -> Option<Arc<Reserve>> {
        self.path().map(|path| Arc::new(Reserve::open(path)))
    }

    pub(super) fn index_file(&self) -> PathBuf {
        self.own_directory().join("index.db")
    }

    /// The directory of regctl's own files.
    pub(super) fn own_directory(&self) -> PathBuf {
        let (Self::Files { path, .. } | Self::Memory { directory: path }) = self;
        path.join(OWN)
    }

    pub(super) fn description(&self) -> String {
        match self {
            Self::Files { path, .. } => path.display().to_string(),
            Self::Memory { .. } => "memory, gone with the process".to_owned(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "of the directory, not of what is in it"
    )]
    pub(super) fn remove_if_temporary(&self) {
        if let Self::Memory { directory } = self {
            // If files remain, the system removes them from its temporary directory.
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}
