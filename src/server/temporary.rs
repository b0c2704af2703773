//! Directories that are removed with the process that made them; those of processes that were
//! killed are removed by the next one.

#![expect(clippy::disallowed_methods, reason = "not part of a store")]

use std::fs::{self, DirBuilder, DirEntry, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The start of the names of these directories.
const PREFIX: &str = "regctl-index-";
/// The file in each that its process has locked.
const IN_USE: &str = "in-use";

/// A private directory that is removed when the value is dropped.
pub(super) struct Temporary {
    path: PathBuf,
    _in_use: File,
}

impl Temporary {
    /// Creates a directory below `parent`, and removes those there of this user's processes that
    /// have ended.
    pub(super) fn below(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let path = parent.join(format!("{PREFIX}{}", uuid::Uuid::new_v4()));
        DirBuilder::new().mode(0o700).create(&path)?;
        match claim(&path) {
            Ok(in_use) => Ok(Self {
                path,
                _in_use: in_use,
            }),
            Err(error) => {
                let _ = fs::remove_dir_all(&path);
                Err(error)
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What can't be removed now is removed by the next process, or by the system.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Creates the locked file of a new directory: it has its name only when it is locked.
fn claim(directory: &Path) -> io::Result<File> {
    let unnamed = directory.join("new");
    let file = File::create_new(&unnamed)?;
    file.try_lock().map_err(io::Error::from)?;
    fs::rename(&unnamed, directory.join(IN_USE))?;
    Ok(file)
}

/// Removes directories whose process has ended.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten().filter(is_abandoned) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

/// Whether a directory is one of this user whose process has ended. One without the file is not:
/// its process may be about to create it.
fn is_abandoned(entry: &DirEntry) -> bool {
    let uid = rustix::process::geteuid().as_raw();
    entry
        .file_name()
        .as_encoded_bytes()
        .starts_with(PREFIX.as_bytes())
        && entry
            .metadata()
            .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == uid)
        && File::open(entry.path().join(IN_USE)).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_ended_processes_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let kept = Temporary::below(parent.path()).unwrap();
        // A process that was killed released its lock.
        let left = parent.path().join(format!("{PREFIX}left"));
        let other = parent.path().join("other");
        for directory in [&left, &other] {
            fs::create_dir(directory).unwrap();
            fs::write(directory.join(IN_USE), "").unwrap();
            fs::write(directory.join("index.db"), "an index").unwrap();
        }
        let new = Temporary::below(parent.path()).unwrap();
        assert!(!left.exists());
        for path in [kept.path(), new.path(), &other] {
            assert!(path.is_dir(), "{}", path.display());
        }
        let path = kept.path().to_owned();
        drop(kept);
        assert!(!path.exists());
    }
}
