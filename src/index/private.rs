//! The files of the index are readable for their owner only: they contain hashed passwords and the
//! keys that sign tokens.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const MODE: u32 = 0o600;

/// Creates the file of an index if it does not exist, and removes the permissions of group and
/// others from it and from its log, which SQLite creates with the same mode. Errors are ignored:
/// SQLite reports its own when it opens the file.
pub(super) fn protect(file: &Path) {
    let mut create = OpenOptions::new();
    let _ = create.write(true).create_new(true).mode(MODE).open(file);
    for suffix in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(suffix);
        let path = PathBuf::from(path);
        let is_open = |mode: u32| mode & 0o077 != 0;
        let found = fs::symlink_metadata(&path);
        if found.is_ok_and(|found| found.is_file() && is_open(found.permissions().mode())) {
            // Only the owner may do this; another user can serve the root nevertheless.
            let _ = fs::set_permissions(&path, Permissions::from_mode(MODE));
        }
    }
}
