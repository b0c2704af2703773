//! Small files that are written whole or not at all: keys, certificates, records.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file whole or not at all.
#[expect(clippy::disallowed_methods, reason = "keys are no files of a store")]
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let unnamed = path.with_extension("new");
    let _ = std::fs::remove_file(&unnamed);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&unnamed)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unnamed, path)
}
