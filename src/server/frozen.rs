//! A read-only root: its index is a copy in another place.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::root::{OWN, locked_error};
use crate::store::RootLock;

/// The directory for a copy in memory.
const MEMORY: &str = "/dev/shm";

/// A read-only root.
pub(super) struct Frozen {
    pub(super) path: PathBuf,
    pub(super) index: PathBuf,
    /// The directory of an index that is removed when the process ends.
    pub(super) temporary: Option<PathBuf>,
    _lock: Option<RootLock>,
}

impl Frozen {
    /// Opens a root with its index in a file, or in memory. The index in the root is copied there
    /// first.
    pub(super) fn open(path: &Path, index: Option<&Path>) -> anyhow::Result<Self> {
        let lock = RootLock::share(path).map_err(|error| locked_error(&error))?;
        let own = path.join(OWN).join("index.db");
        let (index, temporary) = match index {
            Some(file) if file.exists() => (file.to_owned(), None),
            Some(file) => {
                copy(&own, file).with_context(|| format!("regctl.index: {}", file.display()))?;
                (file.to_owned(), None)
            }
            None => {
                let directory = temporary(&own)?;
                (directory.join("index.db"), Some(directory))
            }
        };
        Ok(Self {
            path: path.to_owned(),
            index,
            temporary,
            _lock: lock,
        })
    }

    pub(super) fn description(&self) -> String {
        let path = self.path.display();
        match self.temporary {
            Some(_) => format!("{path}, read-only; the index in memory"),
            None => format!("{path}, read-only; the index in {}", self.index.display()),
        }
    }
}

/// A private directory of this process with a copy of an index.
fn temporary(own: &Path) -> anyhow::Result<PathBuf> {
    let mut last = None;
    for parent in [PathBuf::from(MEMORY), std::env::temp_dir()] {
        let directory = parent.join(format!("regctl-{}", uuid::Uuid::new_v4()));
        let made = DirBuilder::new().mode(0o700).create(&directory);
        match made.and_then(|()| copy(own, &directory.join("index.db"))) {
            Ok(()) => return Ok(directory),
            Err(error) => {
                discard(&directory);
                last = Some(anyhow!("{}: {error}", parent.display()));
            }
        }
    }
    let error = last.unwrap_or_else(|| anyhow!("no directory is usable"));
    Err(error.context(
        "the index can't be kept in memory; hint: name a file that can be written in regctl.index",
    ))
}

/// Removes a directory that could not be used.
#[expect(
    clippy::disallowed_methods,
    reason = "the directory of an unused index"
)]
fn discard(directory: &Path) {
    // It may not exist.
    let _ = fs::remove_dir_all(directory);
}

/// Copies an index, and its log, if there is one.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in ["", "-wal"] {
        let beside = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        match fs::copy(beside(from), beside(to)) {
            Err(error) if error.kind() != ErrorKind::NotFound || !from_is_absent(&beside(from)) => {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(())
}

fn from_is_absent(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}
