//! Atomic writes of small files: keys, certificates, records.

use std::io::{self, Write as _};
use std::path::Path;

use crate::store::Ownership;

/// Writes a file atomically.
#[expect(clippy::disallowed_methods, reason = "keys are not in a store")]
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let unnamed = path.with_extension("new");
    let _ = std::fs::remove_file(&unnamed);
    let mut file = Ownership::at(&unnamed).create_new(&unnamed, mode)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unnamed, path)?;
    // Not every file system can sync a directory; there the name follows by itself.
    if let Some(directory) = path
        .parent()
        .and_then(|parent| std::fs::File::open(parent).ok())
    {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Creates the directory of such files.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    Ownership::at(path).create_dir_all(path)
}
