//! Reading the small files of this side: settings, credentials, certificates.
//!
//! The one place of the room that opens files, so that every error names its path.

#![expect(
    clippy::disallowed_methods,
    reason = "the files of docker and podman are not of a store"
)]

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Error;

/// The largest file that is read: none of these is near it.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// The bytes of a file; `None` when there is none.
pub fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = |error: &std::io::Error| Error::Setup {
        what: path.display().to_string(),
        reason: error.to_string(),
        hint: String::new(),
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    Ok(Some(bytes))
}

/// The files of a directory in the order of their names; none when it can't be listed.
pub(super) fn list(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
