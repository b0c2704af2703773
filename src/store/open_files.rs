//! Files of uploads that stay open between requests.
//!
//! Linux reports a device error once for each open file, and to a file opened later only if no
//! other open file has reported it. So an upload is written through one open file, from its first
//! byte to the sync that makes it durable. The number of open files is limited; an evicted file is
//! synced first, and an error then fails the upload when it continues.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

/// Maximum number of open files.
const LIMIT: usize = 64;
/// Maximum number of stored errors of evicted files.
const ERRORS: usize = 4096;

/// Makes the bytes of a file durable: `File::sync_all`, or a replacement in tests.
pub(super) type Sync = fn(&File) -> io::Result<()>;

struct OpenFile {
    path: PathBuf,
    file: File,
    length: u64,
}

#[derive(Default)]
struct State {
    /// The oldest first.
    files: VecDeque<OpenFile>,
    errors: HashMap<PathBuf, io::ErrorKind>,
}

/// The open files of a store.
pub(super) struct OpenFiles {
    state: Mutex<State>,
    sync: Sync,
}

impl OpenFiles {
    pub(super) fn new(sync: Sync) -> Self {
        let state = Mutex::default();
        Self { state, sync }
    }

    /// Makes the bytes of a file durable. Blocks.
    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        (self.sync)(file)
    }

    /// How the bytes of a file are made durable.
    pub(super) fn how(&self) -> Sync {
        self.sync
    }

    /// Keeps a file open until [`OpenFiles::take`] or [`OpenFiles::forget`]. Blocks if another file
    /// is evicted.
    pub(super) fn keep(&self, path: PathBuf, file: File, length: u64) -> io::Result<()> {
        let oldest = {
            let mut state = self.state.lock();
            state.files.push_back(OpenFile { path, file, length });
            let full = state.files.len() > LIMIT;
            full.then(|| state.files.pop_front()).flatten()
        };
        if let Some(OpenFile { path, file, length }) = oldest
            && length > 0
            && let Err(error) = self.sync(&file)
        {
            let mut state = self.state.lock();
            if state.errors.len() >= ERRORS {
                return Err(error);
            }
            state.errors.insert(path, error.kind());
        }
        Ok(())
    }

    /// Removes and returns the open file of an upload, if there is one; or the error of an evicted
    /// file.
    pub(super) fn take(&self, path: &Path) -> io::Result<Option<File>> {
        let mut state = self.state.lock();
        if let Some(kind) = state.errors.get(path) {
            return Err((*kind).into());
        }
        let found = state.files.iter().position(|open| open.path == path);
        let file = found
            .and_then(|at| state.files.remove(at))
            .map(|open| open.file);
        // If another program removed the file, it has no path any more and is not used.
        Ok(file.filter(|file| file.metadata().is_ok_and(|found| found.nlink() > 0)))
    }

    /// Closes the files at and below this path, because they were moved or removed.
    pub(super) fn forget(&self, path: &Path) {
        let mut state = self.state.lock();
        state.files.retain(|open| !open.path.starts_with(path));
        state.errors.retain(|of, _| !of.starts_with(path));
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files to keep open")]
mod tests {
    use super::*;

    fn open(directory: &Path, name: &str) -> (PathBuf, File) {
        let path = directory.join(name);
        let file = File::create(&path).unwrap();
        (path, file)
    }

    fn fails(_: &File) -> io::Result<()> {
        Err(io::Error::other("the device failed"))
    }

    #[test]
    fn an_evicted_file_keeps_its_error() {
        let directory = tempfile::tempdir().unwrap();
        let files = OpenFiles::new(fails);
        for number in 0..=LIMIT {
            let (path, file) = open(directory.path(), &number.to_string());
            files.keep(path, file, 1).unwrap();
        }
        assert!(files.take(&directory.path().join("0")).is_err());
        assert!(files.take(&directory.path().join("1")).unwrap().is_some());
        assert!(files.take(&directory.path().join("1")).unwrap().is_none());
        files.forget(directory.path());
        assert!(files.take(&directory.path().join("0")).unwrap().is_none());
        assert!(files.take(&directory.path().join("2")).unwrap().is_none());
    }

    #[test]
    fn a_removed_file_is_not_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let files = OpenFiles::new(File::sync_all);
        let (path, file) = open(directory.path(), "a");
        files.keep(path.clone(), file, 0).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(files.take(&path).unwrap().is_none());
    }
}
