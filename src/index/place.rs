//! What is at the path of an index before it is opened.

#![expect(clippy::disallowed_methods, reason = "the index is not in the store")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// The file, and those that SQLite keeps beside it.
fn files(file: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm", "-journal"].into_iter().map(|suffix| {
        let mut path = file.as_os_str().to_owned();
        path.push(suffix);
        PathBuf::from(path)
    })
}

/// What occupies the place of a file of the index without being a file: its path, and what it is.
pub fn occupant(file: &Path) -> Option<(PathBuf, &'static str)> {
    files(file).find_map(|path| {
        let what = match fs::metadata(&path) {
            Ok(found) if found.is_file() => return None,
            Ok(found) if found.is_dir() => "a directory",
            Ok(found) if found.file_type().is_fifo() => "a named pipe",
            Ok(found) if found.file_type().is_socket() => "a socket",
            Ok(_) => "a device",
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
                "a link to a file that is missing"
            }
            // SQLite reports any other error.
            Err(_) => return None,
        };
        Some((path, what))
    })
}

/// Whether the file exists and has no bytes. An index has some from the first moment of its use.
pub fn is_empty(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("index.db");
        assert_eq!(occupant(&file), None);
        assert!(!is_empty(&file));
        fs::write(&file, "").unwrap();
        assert_eq!(occupant(&file), None);
        assert!(is_empty(&file));
        let log = directory.path().join("index.db-wal");
        fs::create_dir(&log).unwrap();
        assert_eq!(occupant(&file), Some((log, "a directory")));
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        let link = (file.clone(), "a link to a file that is missing");
        assert_eq!(occupant(&file), Some(link));
    }
}
