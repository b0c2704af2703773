//! Moves files and directories, also from one file system of a root to another.

#![expect(clippy::disallowed_methods, reason = "the store accesses files")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::ownership::{FILE, Ownership};

/// Moves what is at `source`, replacing a file at `target`. If only `target` exists, it was moved
/// before. Between two file systems only a file can be moved: anything else is an error of the kind
/// [`io::ErrorKind::CrossesDevices`].
pub(super) fn place(source: &Path, target: &Path, ownership: Ownership) -> io::Result<()> {
    let renamed = match fs::rename(source, target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && source.exists() => {
            ownership.with_parent(target, || fs::rename(source, target))
        }
        result => result,
    };
    match renamed {
        // Part of the root is another file system. A link would be followed, and to open a FIFO is to
        // wait for its other end.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            match fs::symlink_metadata(source) {
                Ok(found) if found.is_file() => copy(source, target, ownership),
                Ok(_) => Err(error),
                Err(absent) if absent.kind() == io::ErrorKind::NotFound && target.exists() => {
                    Ok(())
                }
                Err(error) => Err(error),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && target.exists() => Ok(()),
        result => result,
    }
}

/// Moves a file by copying it.
fn copy(source: &Path, target: &Path, ownership: Ownership) -> io::Result<()> {
    let temporary = PathBuf::from(format!("{}.{}.tmp", target.display(), uuid::Uuid::new_v4()));
    let mut from = File::open(source)?;
    let mut to = ownership.create_new(&temporary, FILE)?;
    to.set_permissions(from.metadata()?.permissions())?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    fs::rename(&temporary, target)?;
    fs::remove_file(source)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn move_to(source: &Path, target: &Path) -> io::Result<()> {
        place(source, target, Ownership::Process)
    }

    #[test]
    fn only_files_are_moved_to_another_file_system() {
        // Two file systems that every Linux system has.
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        let directory = tempfile::tempdir().unwrap();
        let device = |path: &Path| path.metadata().unwrap().dev();
        if device(elsewhere.path()) == device(directory.path()) {
            return;
        }
        let source = |name: &str| elsewhere.path().join(name);
        let target = directory.path().join("new/target");
        fs::write(source("file"), "content").unwrap();
        move_to(&source("file"), &target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"content");
        assert!(!source("file").exists());
        move_to(&source("file"), &target).unwrap();

        fs::create_dir(source("directory")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", source("link")).unwrap();
        let mode = rustix::fs::Mode::from(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, source("pipe"), mode).unwrap();
        for name in ["directory", "link", "pipe"] {
            let error = move_to(&source(name), &directory.path().join(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::CrossesDevices, "{name}");
            assert!(source(name).symlink_metadata().is_ok(), "{name}");
        }
    }
}
