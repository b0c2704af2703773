//! A read-only root: its index is a copy in another place.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::opening::occupied;
use super::root::{OWN, locked_error};
use super::temporary::Temporary;
use crate::index;
use crate::store::RootLock;

/// The directory for a copy in memory.
const MEMORY: &str = "/dev/shm";

/// A read-only root.
pub(super) struct Frozen {
    pub(super) path: PathBuf,
    pub(super) index: PathBuf,
    /// The index that was copied from the root to `index`.
    pub(super) original: PathBuf,
    /// The directory of an index that is removed when the process ends.
    temporary: Option<Temporary>,
    _lock: Option<RootLock>,
}

impl Frozen {
    /// Opens a root with its index in a file, or in memory. The index in the root is copied there
    /// first.
    pub(super) fn open(path: &Path, index: Option<&Path>) -> anyhow::Result<Self> {
        let lock = RootLock::share(path).map_err(|error| locked_error(&error))?;
        let own = path.join(OWN).join("index.db");
        let is_copied = index.is_none_or(|file| !file.exists());
        if is_copied && let Some((path, what)) = index::occupant(&own) {
            return Err(occupied(&path, what, true));
        }
        let (index, temporary) = match index {
            Some(file) if file.exists() => (file.to_owned(), None),
            Some(file) => {
                copy(&own, file).with_context(|| format!("regctl.index: {}", file.display()))?;
                (file.to_owned(), None)
            }
            None => {
                let directory = temporary(&own)?;
                (directory.path().join("index.db"), Some(directory))
            }
        };
        Ok(Self {
            path: path.to_owned(),
            index,
            original: own,
            temporary,
            _lock: lock,
        })
    }

    /// Whether the index is lost when the process ends.
    pub(super) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
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
fn temporary(own: &Path) -> anyhow::Result<Temporary> {
    let mut last = None;
    for parent in [PathBuf::from(MEMORY), std::env::temp_dir()] {
        let copied = Temporary::below(&parent).and_then(|directory| {
            copy(own, &directory.path().join("index.db"))?;
            Ok(directory)
        });
        match copied {
            Ok(directory) => return Ok(directory),
            Err(error) => last = Some(anyhow!("{}: {error}", parent.display())),
        }
    }
    let error = last.unwrap_or_else(|| anyhow!("no directory is usable"));
    Err(anyhow!(
        "the index can't be kept in memory: {error}; hint: name a file that can be written in \
         regctl.index"
    ))
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
