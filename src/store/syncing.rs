//! Makes steps durable: by a sync of each file system of a root or, where that is without effect, of
//! each file and directory.

#![expect(clippy::disallowed_methods, reason = "the store accesses files")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::mounts::{self, Links};
use super::open_files::Sync;
use super::space;

/// File systems that pass the sync of a file on to what is below them, but not that of the whole: FUSE
/// and 9p.
const FORWARDING: [u32; 2] = [0x6573_5546, 0x0102_1997];

/// Whether part of a root is on a file system that can't be synced as a whole.
pub(super) fn syncs_paths(root: &Path, links: &Links) -> bool {
    let directories = mounts::file_systems(root, links);
    directories
        .iter()
        .any(|directory| space::kind(directory).is_ok_and(|kind| FORWARDING.contains(&kind)))
}

/// Syncs the file systems of a root.
pub(super) fn sync_file_systems(root: &Path, links: &Links) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for directory in mounts::file_systems(root, links) {
        let synced = File::open(&directory)
            .and_then(|file| rustix::fs::syncfs(&file).map_err(io::Error::from))
            .map_err(|error| StoreError::new("sync", directory.display(), error));
        // The others are synced nevertheless; the first error is reported.
        outcome = outcome.and(synced);
    }
    outcome
}

/// Syncs files, and the directories above them up to the root. Of a removed one the directories that
/// exist are synced.
pub(super) fn sync_paths(root: &Path, paths: &[PathBuf], sync: Sync) -> Result<(), StoreError> {
    if paths.is_empty() {
        return Ok(());
    }
    let mut directories = BTreeSet::new();
    for path in paths {
        if path.is_file() {
            sync_path(path, sync)?;
        }
        let above = path.ancestors();
        directories.extend(above.take_while(|path| path.starts_with(root)));
    }
    // Those below come first: an entry is durable before the entry of its directory is.
    for directory in directories.iter().rev().filter(|path| path.is_dir()) {
        sync_path(directory, sync)?;
    }
    let own = root.join("regctl");
    sync_new_file(if own.is_dir() { &own } else { root }, sync)
        .map_err(|error| StoreError::new("sync", root.display(), error))
}

fn sync_path(path: &Path, sync: Sync) -> Result<(), StoreError> {
    match File::open(path).and_then(|file| sync(&file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        synced => synced.map_err(|error| StoreError::new("sync", path.display(), error)),
    }
}

/// Syncs a new file. Some FUSE programs ignore the sync of a directory, which alone makes a removal
/// durable; below them, that of a new file writes the journal of the file system.
fn sync_new_file(directory: &Path, sync: Sync) -> io::Result<()> {
    let path = directory.join(format!("sync.{}.tmp", uuid::Uuid::new_v4()));
    let synced = File::create_new(&path).and_then(|mut file| {
        file.write_all(b"\n")?;
        sync(&file)
    });
    let removed = fs::remove_file(&path);
    synced.and(removed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use parking_lot::Mutex;

    use super::*;

    static SYNCED: Mutex<Vec<u64>> = Mutex::new(Vec::new());

    fn records(file: &File) -> io::Result<()> {
        SYNCED.lock().push(file.metadata()?.ino());
        Ok(())
    }

    #[test]
    fn files_and_the_directories_above_them_are_synced() {
        let root = tempfile::tempdir().unwrap();
        let path = |key: &str| root.path().join(key);
        for key in ["a/b/link", "a/c/link", "d/link", "e/link"] {
            fs::create_dir_all(path(key).parent().unwrap()).unwrap();
            fs::write(path(key), key).unwrap();
        }
        fs::remove_file(path("d/link")).unwrap();
        fs::remove_dir_all(path("a/c")).unwrap();
        let changed = ["a/b/link", "a/c/link", "d/link"].map(path);
        sync_paths(root.path(), &changed, records).unwrap();
        let node = |key: &str| path(key).metadata().unwrap().ino();
        let synced = std::mem::take(&mut *SYNCED.lock());
        for key in ["a/b/link", "a/b", "a", "d", ""] {
            assert!(synced.contains(&node(key)), "{key}");
        }
        assert!(!synced.contains(&node("e/link")) && !synced.contains(&node("e")));
        let place = |key: &str| synced.iter().position(|synced| *synced == node(key));
        assert!(place("a/b/link") < place("a/b") && place("a/b") < place("a"));
        // The new file is gone, and nothing is synced for nothing.
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3);
        sync_paths(root.path(), &[], records).unwrap();
        assert!(SYNCED.lock().is_empty());
        let fails = |_: &File| Err(io::Error::other("the device failed"));
        assert!(sync_paths(root.path(), &changed, fails).is_err());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3);
    }
}
